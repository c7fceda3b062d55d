//! The list of verbs, and what each is given.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{check, completion, export, guide, pin, retain, reuse, status, unpin, unretain, verify};
use crate::error::Error;
use crate::kubectl::connection::Connection;
use crate::lifecycle::Verb;
use crate::session::Session;
use crate::session::flags::Shared;
use crate::template::Pin;
use crate::terminal::{Color, Terminal, Tone};
use crate::words::error::{hints, message};
use crate::words::next::Typed;

/// The whole of it, for who types nothing else.
const PROCEDURE: &str = "\
1. kubectl glancepv retain                  # reclaim policy Retain: the volume outlives its claim
2. helm uninstall RELEASE                   # the claim is deleted with its release
3. kubectl glancepv reuse --timeout 10m     # the volume is reserved for the next claim of that name
4. helm install RELEASE CHART               # the new claim is bound to it
5. kubectl glancepv verify --timeout 10m    # it is; `kubectl glancepv guide` does all five";

/// Keep a PersistentVolume across uninstalling and reinstalling a Helm release
///
/// Steps: retain, uninstall, reuse, install, verify. `status` shows the current step and the next command.
/// Defaults to Glance's claim, glance-images.
#[derive(Parser, Debug)]
#[command(name = "kubectl-glancepv", bin_name = "kubectl glancepv", version, propagate_version = true)]
#[command(disable_help_subcommand = true, max_term_width = 100, arg_required_else_help = true)]
#[command(before_help = PROCEDURE)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command
    #[command(flatten)]
    pub shared: Shared,
    /// How to reach the cluster
    #[command(flatten)]
    pub connection: Connection,
}

/// The verbs.
#[derive(Subcommand, Debug)]
pub enum Command {
    Status(status::Status),
    Check(check::Checks),
    Retain(retain::Retain),
    Unretain(unretain::Unretain),
    Reuse(reuse::Reuse),
    Pin(pin::Pin),
    Unpin(unpin::Unpin),
    Verify(verify::Verify),
    Guide(guide::Guide),
    Export(export::Export),
    Completion(completion::Completion),
}

impl Cli {
    /// What was typed; ends the program where that is wrong, or a request for help.
    fn typed_in() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let flags = matches.subcommand().map_or(&matches, |(_, sub)| sub);
        cli.shared.claim_typed = flags.value_source("claim") == Some(clap::parser::ValueSource::CommandLine);
        cli
    }

    /// What next steps have to repeat.
    fn typed(&self) -> Typed {
        let shown = |path: &std::path::PathBuf| path.to_string_lossy().into_owned();
        let (namespace, claim) = (self.shared.namespace.is_some(), self.shared.claim_typed);
        let typed = Typed { connection: self.connection.typed(), namespace, claim, ..Typed::default() };
        match &self.command {
            Command::Check(check) => Typed { template: check.template.as_ref().map(shown), ..typed },
            Command::Reuse(reuse) => Typed { template: reuse.template.as_ref().map(shown), ..typed },
            Command::Pin(pin) => Typed { template: Some(shown(&pin.template)), ..typed },
            Command::Unpin(unpin) => Typed { template: Some(shown(&unpin.template)), ..typed },
            Command::Guide(guide) => Typed {
                template: guide.template.as_ref().map(shown),
                uninstall: guide.uninstall.clone(),
                install: guide.install.clone(),
                timeout: guide.timeout.as_ref().map(|limit| limit.typed.clone()),
                ..typed
            },
            Command::Status(_)
            | Command::Retain(_)
            | Command::Unretain(_)
            | Command::Verify(_)
            | Command::Export(_)
            | Command::Completion(_) => typed,
        }
    }

    /// Whether the verb looks after Ctrl-C itself.
    fn handles_ctrl_c(&self) -> bool {
        matches!(self.command, Command::Guide(_))
    }

    /// Runs the verb. Only those that ask a cluster look for one.
    async fn run(&self, terminal: Terminal) -> Result<(), Error> {
        let claim = &self.shared.claim;
        let open = || Session::open(&self.shared, &self.connection, self.typed(), terminal);
        match &self.command {
            Command::Status(it) => status::run(&open().await?, it).await,
            Command::Check(it) => check::run(&open().await?, it).await,
            Command::Retain(it) => retain::run(&open().await?, it).await,
            Command::Unretain(it) => unretain::run(&open().await?, it).await,
            Command::Reuse(it) => reuse::run(&open().await?, it).await,
            Command::Pin(it) => {
                let volume = match &it.volume {
                    Some(volume) => volume.clone(),
                    None => open().await?.preserved(None, Verb::Pin).await?.1,
                };
                pin::run(terminal, claim, &it.template, Pin::To(&volume), &it.change).await
            }
            Command::Unpin(it) => unpin::run(terminal, claim, it, open()).await,
            Command::Verify(it) => verify::run(&open().await?, it).await,
            Command::Guide(it) => guide::run(&open().await?, it).await,
            Command::Export(it) => export::run(&open().await?, it).await,
            Command::Completion(it) => completion::run(terminal, it),
        }
    }
}

/// Parses what was typed and does it; the exit status is kubectl's for what came of it.
pub fn run() -> ExitCode {
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

/// Tells an error and what to do about it. The exit status is kubectl's for it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
