//! What makes this a kubectl plugin: connection flags, tables, output formats,
//! completion.

pub mod asked;
pub mod completion;
pub mod connection;
pub mod kubeconfig;
pub mod output;
pub mod table;
