//! `kubectl glancepv`: parse, run, exit status.

mod cli;
mod cluster;
mod commands;
mod error;
mod file;
mod kubectl;
mod lifecycle;
#[cfg(test)]
#[path = "../tests/model/mod.rs"]
mod model;
mod template;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::error::Error;
use crate::terminal::{Color, Terminal, Tone};

fn main() -> ExitCode {
    // kubectl's question is no command line of ours: its words may be anything.
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let asked = words.split_first().filter(|(first, _)| *first == "__complete").map(|(_, rest)| rest);
    let cli = if asked.is_some() { None } else { Some(Cli::parse()) };
    let terminal = Terminal::new(cli.as_ref().map_or(Color::Never, |cli| cli.shared.color));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(terminal, &error.into()),
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that a Ctrl-C at a prompt finds the handler in place.
            biased;
            _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
            outcome = async {
                match &cli {
                    Some(cli) => commands::run(cli, terminal).await,
                    None => commands::complete::answer(terminal, asked.unwrap_or_default()).await,
                }
            } => outcome,
        }
    });
    // A resolver or exec plugin that still blocks a thread must not hold the program back.
    runtime.shutdown_background();
    outcome.map_or_else(|error| report(terminal, &error), |()| ExitCode::SUCCESS)
}

fn report(terminal: Terminal, error: &Error) -> ExitCode {
    match error {
        // The terminal has written ^C after whatever stood there.
        Error::Interrupted if terminal.is_interactive() => terminal.note(""),
        // Those two have said all there is to say.
        Error::Interrupted | Error::Failed => {}
        error => terminal.note(&error.to_string()),
    }
    if let Some(hint) = error.hint() {
        terminal.headline(Tone::Plain, "hint", hint);
    }
    error.exit_code()
}
