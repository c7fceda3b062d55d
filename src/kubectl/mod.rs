//! What makes this a kubectl plugin: connection flags, tables, ages, output formats.

pub mod age;
pub mod completion;
pub mod connection;
pub mod kubeconfig;
pub mod output;
pub mod table;
