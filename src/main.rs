//! `kubectl glancepv`: parse, run, exit status.

use std::process::ExitCode;

use clap::CommandFactory;
use kubectl_glancepv::cli::{Cli, report};
use kubectl_glancepv::commands::completion;
use kubectl_glancepv::error::Error;
use kubectl_glancepv::terminal::{Color, Terminal};
use kubectl_glancepv::words::next::Typed;

fn main() -> ExitCode {
    // The arguments of `__complete` are arbitrary words, so they bypass clap.
    let asked = completion::asked(std::env::args_os());
    let cli = if asked.is_some() { None } else { Some(Cli::typed_in()) };
    let terminal = Terminal::new(cli.as_ref().map_or(Color::Never, |cli| cli.shared.color));
    let typed = cli.as_ref().map_or_else(Typed::default, Cli::typed);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(terminal, &typed, &error.into()),
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that a Ctrl-C at a prompt finds the handler in place. The guide, which runs commands of
            // the operator's, looks after it itself.
            biased;
            _ = tokio::signal::ctrl_c(), if !cli.as_ref().is_some_and(Cli::handles_ctrl_c) => Err(Error::Interrupted),
            outcome = async {
                match &cli {
                    Some(cli) => cli.run(terminal).await,
                    None => completion::answer(terminal, &asked.unwrap_or_default(), Cli::command()).await,
                }
            } => outcome,
        }
    });
    // Blocking threads (DNS, exec plugins) are not waited for on exit.
    runtime.shutdown_background();
    outcome.map_or_else(|error| report(terminal, &typed, &error), |()| ExitCode::SUCCESS)
}
