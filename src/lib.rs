//! `kubectl glancepv`, floor by floor; each imports only from those below it (`tests/floors.rs`).
//!
//! ```text
//! main
//! cli
//! commands
//! session
//! words   cluster   kubectl   terminal   file
//! error
//! lifecycle   template   escape
//! ```

mod cli;
mod cluster;
mod commands;
mod error;
mod escape;
mod file;
mod kubectl;
pub mod lifecycle;
mod session;
mod template;
mod terminal;
mod words;

// Entry points of the binary, the tests, the model and the fuzz targets.
pub use cli::{Cli, run};
pub use cluster::list::{List, Reader};
pub use error::os_message;
pub use kubectl::completion::request;
pub use kubectl::kubeconfig::settings;
pub use template::{Pin, edit};
