//! The manners of a kubectl plugin: connection flags, tables, output formats, completion.

pub mod completion;
pub mod connection;
pub mod kubeconfig;
pub mod output;
pub mod suggest;
pub mod table;
