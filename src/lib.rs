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

pub mod cli;
pub mod cluster;
pub mod commands;
pub mod error;
pub mod escape;
pub mod file;
pub mod kubectl;
pub mod lifecycle;
pub mod session;
pub mod template;
pub mod terminal;
pub mod words;
