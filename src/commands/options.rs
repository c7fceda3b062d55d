//! `options`: the connection flags, which every command takes.

use clap::{Args, Command};

use crate::error::Error;
use crate::kubectl::connection::Connection;
use crate::terminal::Terminal;

/// Print the connection flags, which every command takes
#[derive(Args, Debug)]
pub struct Options {}

/// Runs `options`.
pub fn run(terminal: Terminal) -> Result<(), Error> {
    let flags = Connection::augment_args(Command::new("options")).max_term_width(100).help_template("{options}\n");
    let mut shown = flags
        .disable_help_flag(true)
        .mut_args(|arg| arg.hide_short_help(false).hide_long_help(false))
        .next_line_help(false);
    terminal.print(&shown.render_help().to_string())
}
