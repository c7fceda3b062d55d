//! `kubectl glancepv`: parse, run, exit status.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory;
use kubectl_glancepv::cli::{Cli, Command};
use kubectl_glancepv::commands::completion;
use kubectl_glancepv::error::Error;
use kubectl_glancepv::terminal::{Color, Terminal, Tone};
use kubectl_glancepv::words::error::{hints, message};
use kubectl_glancepv::words::next::Typed;

fn main() -> ExitCode {
    // kubectl's question is no command line of ours: its words may be anything.
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let asked = words.split_first().filter(|(first, _)| *first == "__complete").map(|(_, rest)| rest);
    let cli = if asked.is_some() { None } else { Some(Cli::typed_in()) };
    let terminal = Terminal::new(cli.as_ref().map_or(Color::Never, |cli| cli.shared.color));
    let typed = cli.as_ref().map_or_else(Typed::default, Cli::typed);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(terminal, &typed, &error.into()),
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that a Ctrl-C at a prompt finds the handler in place.
            biased;
            () = interrupted(cli.as_ref()) => Err(Error::Interrupted),
            outcome = async {
                match &cli {
                    Some(cli) => cli.run(terminal).await,
                    None => completion::answer(terminal, asked.unwrap_or_default(), Cli::command()).await,
                }
            } => outcome,
        }
    });
    // A resolver or exec plugin that still blocks a thread must not hold the program back.
    runtime.shutdown_background();
    outcome.map_or_else(|error| report(terminal, &typed, &error), |()| ExitCode::SUCCESS)
}

/// Ctrl-C; the guide, which runs commands of the operator's, looks after it itself.
async fn interrupted(cli: Option<&Cli>) {
    match cli.map(|cli| &cli.command) {
        Some(Command::Guide(_)) => std::future::pending().await,
        _ => drop(tokio::signal::ctrl_c().await),
    }
}

fn report(terminal: Terminal, typed: &Typed, error: &Error) -> ExitCode {
    match error {
        // The terminal has written ^C after whatever stood there.
        Error::Interrupted if terminal.is_interactive() => terminal.note(""),
        // Those two have said all there is to say.
        Error::Interrupted | Error::Failed => {}
        error => terminal.note(&message(error)),
    }
    for hint in hints(error, typed) {
        terminal.headline(Tone::Plain, "hint", &hint);
    }
    error.exit_code()
}
