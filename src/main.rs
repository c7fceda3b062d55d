//! `kubectl glancepv`: parse, run, exit status.

mod cli;
mod cluster;
mod commands;
mod error;
mod file;
mod kubectl;
mod lifecycle;
mod template;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::error::Error;
use crate::terminal::{Terminal, Tone};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(cli.shared.color);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(terminal, &error.into()),
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that a Ctrl-C at a prompt finds the handler in place.
            biased;
            _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
            outcome = commands::run(&cli, terminal) => outcome,
        }
    });
    // A resolver or exec plugin that still blocks a thread must not hold the program back.
    runtime.shutdown_background();
    outcome.map_or_else(|error| report(terminal, &error), |()| ExitCode::SUCCESS)
}

fn report(terminal: Terminal, error: &Error) -> ExitCode {
    // Those two have said all there is to say.
    if !matches!(error, Error::Interrupted | Error::Failed) {
        terminal.note(&error.to_string());
    }
    if let Some(hint) = error.hint() {
        terminal.headline(Tone::Plain, "hint", hint);
    }
    error.exit_code()
}
