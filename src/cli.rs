//! The command line: the list of verbs, dispatch, and the exit status.

use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::flags::{ChangeFlags, NAME_RULE, Shared, TemplateFlag, VolumeArg};
use crate::commands::{check, completion, export, guide, options, pin, retain, reuse, status, unpin, unretain, verify};
use crate::error::Error;
use crate::kubectl::connection::Connection;
use crate::kubectl::output::{Format, Output};
use crate::lifecycle::Target;
use crate::session::consent::{Consent, DryRun};
use crate::session::report::tell_error;
use crate::session::select::Selection;
use crate::session::{Session, connect};
use crate::terminal::{Color, Terminal};
use crate::words::next::{Flag, Typed};

/// Flags that are not typed again in a next step: answers, formats, and secrets. A step always asks.
const NOT_REPEATED: [&str; 11] =
    ["again", "color", "dry_run", "no_headers", "output", "password", "token", "username", "v", "watch", "yes"];

/// The procedure, above the help.
const PROCEDURE: &str = "\
1. kubectl glancepv retain                  # reclaim policy Retain: the volume outlives its claim
2. helm uninstall RELEASE                   # the claim is deleted with its release
3. kubectl glancepv reuse --timeout 10m     # the volume is reserved for the next claim of that name
4. helm install RELEASE CHART               # the new claim is bound to it
5. kubectl glancepv verify --timeout 10m    # checks that; `kubectl glancepv guide` runs all five";

/// The line under every help, as kubectl has it.
const OPTIONS: &str = "Use \"kubectl glancepv options\" for the connection flags, which every command takes.";

/// Keep a PersistentVolume across uninstalling and reinstalling a Helm release
///
/// Steps: retain, uninstall, reuse, install, verify. `status` shows the current step and the next command.
/// Defaults to Glance's claim, glance-images.
#[derive(Parser, Debug)]
#[command(name = "kubectl-glancepv", bin_name = "kubectl glancepv", version, propagate_version = true)]
#[command(max_term_width = 100, arg_required_else_help = true, before_help = PROCEDURE)]
#[command(after_help = OPTIONS)]
pub struct Cli {
    /// The verb
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command
    #[command(flatten)]
    pub shared: Shared,
    /// The connection
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
    Options(options::Options),
    /// Print the version
    Version,
}

impl Cli {
    /// The command line and the flags that next steps repeat; ends the program if it is wrong, or asks for help.
    fn from_args() -> (Self, Typed) {
        let command = Self::command();
        let matches = command.clone().get_matches();
        let flags = matches.subcommand().map_or(&matches, |(_, flags)| flags);
        let is_empty = flags.get_raw("claim").is_some_and(|mut claims| claims.any(std::ffi::OsStr::is_empty));
        // An empty variable counts as none, an empty flag is a mistake.
        if is_empty && flags.value_source("claim") == Some(ValueSource::CommandLine) {
            clap::Error::raw(
                ErrorKind::ValueValidation,
                format!("invalid value '' for '--claim <NAME>': {NAME_RULE}\n"),
            )
            .exit();
        }
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let Some(problem) = cli.wrong_selection(flags) {
            clap::Error::raw(ErrorKind::ArgumentConflict, format!("{problem}\n")).exit();
        }
        if let Some(flag) = cli.ignored(flags) {
            let verb = matches.subcommand_name().unwrap_or_default();
            let message = format!("the argument '{flag}' cannot be used with '{verb}'\n");
            clap::Error::raw(ErrorKind::ArgumentConflict, message).exit();
        }
        (cli, matches.subcommand().map_or_else(Typed::default, |(_, flags)| typed(&command, flags)))
    }

    /// The problem with the flags that select claims.
    fn wrong_selection(&self, flags: &ArgMatches) -> Option<String> {
        let given = |id: &&str| {
            flags.try_contains_id(id).unwrap_or(false) && flags.value_source(id) == Some(ValueSource::CommandLine)
        };
        let typed: Vec<&str> = ["claim", "all", "release", "all_namespaces"].into_iter().filter(given).collect();
        let long = |id: &str| format!("'--{}'", id.replace('_', "-"));
        if let [first, second, ..] = typed.as_slice() {
            return Some(format!("the argument {} cannot be used with {}", long(first), long(second)));
        }
        if typed == ["all_namespaces"] && given(&"namespace") {
            return Some("the argument '--all-namespaces' cannot be used with '--namespace'".to_owned());
        }
        if typed == ["all_namespaces"] && self.shared.output == Some(Format::Wide) {
            return Some("the argument '--all-namespaces' cannot be used with '--output wide'".to_owned());
        }
        if self.shared.selection().only().is_some() {
            return None;
        }
        let volume = |it: &VolumeArg| it.volume.is_some().then_some("PV is the volume of one claim");
        let template = |it: &TemplateFlag| it.template.is_some().then_some("TEMPLATE has one claim");
        let exact =
            matches!(self.shared.selection(), Selection::Claims(names) if names.iter().all(|name| !name.contains('*')));
        let takes_one = match &self.command {
            Command::Retain(it) => volume(&it.named),
            Command::Export(it) => volume(&it.named),
            Command::Verify(it) => volume(&it.expected),
            Command::Reuse(it) => volume(&it.named).or_else(|| template(&it.pinned)),
            Command::Unretain(it) if exact => volume(&it.named),
            Command::Unretain(_) => Some("it takes names: it would expose volumes that were Retain before"),
            Command::Check(it) => template(&it.pinned),
            Command::Guide(it) => template(&it.pinned),
            Command::Status(_) | Command::Completion(_) | Command::Options(_) | Command::Version => None,
            Command::Pin(_) | Command::Unpin(_) => Some("it takes one claim"),
        }?;
        Some(format!(
            "several claims are selected ({}): {takes_one}",
            typed.first().map_or_else(|| "GLANCEPV_CLAIM".to_owned(), |id| long(id))
        ))
    }

    /// A flag on the command line that the verb would ignore.
    fn ignored(&self, flags: &ArgMatches) -> Option<String> {
        let needs_no_cluster = matches!(self.command, Command::Completion(_) | Command::Options(_) | Command::Version);
        if needs_no_cluster {
            let mut typed = flags.ids().filter(|id| flags.value_source(id.as_str()) == Some(ValueSource::CommandLine));
            let command = Self::command();
            let global = |id: &clap::Id| command.get_arguments().find(|arg| arg.get_id() == id && *id != "color");
            return typed.find_map(global).and_then(clap::Arg::get_long).map(|long| format!("--{long}"));
        }
        let output = self.shared.output?;
        let wrong = match &self.command {
            Command::Check(_) | Command::Export(_) => matches!(output, Format::Wide | Format::Name),
            command => matches!(command, Command::Pin(_) | Command::Unpin(_)),
        };
        wrong.then(|| "--output".to_owned())
    }

    /// True if the verb handles Ctrl-C itself.
    fn handles_ctrl_c(&self) -> bool {
        let changes = matches!(self.command, Command::Retain(_) | Command::Unretain(_) | Command::Reuse(_));
        matches!(self.command, Command::Guide(_)) || changes && self.shared.selection().only().is_none()
    }

    /// Connects to the cluster; nothing is sent yet.
    async fn session(&self, typed: Typed, terminal: Terminal) -> Result<Session, Error> {
        let Shared { namespace, output, no_headers, .. } = &self.shared;
        let (cluster, own) = connect(&self.connection, namespace.is_some(), terminal).await?;
        let change = |flags: &ChangeFlags| ((&flags.consent).into(), flags.manager.field_manager.clone());
        let asks = Consent { yes: false, dry_run: DryRun::None };
        let (consent, field_manager) = match &self.command {
            Command::Retain(it) => change(&it.change),
            Command::Unretain(it) => change(&it.change),
            Command::Reuse(it) => change(&it.change),
            // A guide that changes nothing would never go on.
            Command::Guide(it) => (Consent { yes: it.yes, ..asks }, it.manager.field_manager.clone()),
            _ => (asks, String::new()),
        };
        let target = Target { namespace: namespace.clone().unwrap_or(own), name: self.shared.first().to_owned() };
        let output = Output { format: *output, headers: !no_headers };
        let (cluster, selection) = (Arc::new(cluster), self.shared.selection());
        Ok(Session { cluster, selection, target, typed, terminal, output, consent, field_manager })
    }

    /// Runs the verb. Only verbs that need a cluster connect to one.
    async fn run(&self, typed: &Typed, terminal: Terminal) -> Result<(), Error> {
        let claim = self.shared.first();
        let open = || self.session(typed.clone(), terminal);
        match &self.command {
            Command::Status(it) => status::run(&open().await?, it).await,
            Command::Check(it) => check::run(&open().await?, it).await,
            Command::Retain(it) => retain::run(&open().await?, it).await,
            Command::Unretain(it) => unretain::run(&open().await?, it).await,
            Command::Reuse(it) => reuse::run(&open().await?, it).await,
            Command::Pin(it) => pin::run(terminal, claim, it, open()).await,
            Command::Unpin(it) => unpin::run(terminal, claim, it, open()).await,
            Command::Verify(it) => verify::run(&open().await?, it).await,
            Command::Guide(it) => guide::run(&open().await?, it).await,
            Command::Export(it) => export::run(&open().await?, it).await,
            Command::Completion(it) => completion::run(terminal, it),
            Command::Options(_) => options::run(terminal),
            Command::Version => terminal.print(&Self::command().render_version()),
        }
    }
}

/// The flags on the command line, each with the verbs that take it.
fn typed(command: &clap::Command, matches: &ArgMatches) -> Typed {
    let ids = matches.ids().filter(|id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine));
    let flags = ids.filter(|id| !NOT_REPEATED.contains(&id.as_str())).filter_map(|id| {
        let takes = |command: &clap::Command| command.get_arguments().find(|arg| arg.get_id() == id).cloned();
        let verbs: Vec<&clap::Command> = command.get_subcommands().filter(|verb| takes(verb).is_some()).collect();
        let arg = takes(command).or_else(|| verbs.first().and_then(|verb| takes(verb)))?;
        // The short form where kubectl's users type it.
        let short = arg.get_short().filter(|short| ['n', 'f'].contains(short)).map(|short| format!("-{short}"));
        let name = short.or_else(|| arg.get_long().map(|long| format!("--{long}")))?;
        let verbs: Vec<String> = verbs.into_iter().map(|verb| verb.get_name().to_owned()).collect();
        let one = |value: Option<String>| Flag { name: name.clone(), value, verbs: verbs.clone() };
        if !arg.get_action().takes_values() {
            return Some(vec![one(None)]);
        }
        let values = matches.get_raw(id.as_str())?.map(|value| value.to_string_lossy().into_owned());
        // A proxy's URL may have a password.
        let values = values.filter(|value| id != "proxy_url" || !value.contains('@'));
        Some(values.map(|value| one(Some(value))).collect())
    });
    Typed(flags.flatten().collect())
}

/// Parses the command line and runs it; the exit status is kubectl's for the outcome.
#[must_use]
pub fn run() -> ExitCode {
    // The arguments of `__complete` are arbitrary words, so they bypass clap.
    let words = completion::words(std::env::args_os());
    let parsed = if words.is_some() { None } else { Some(Cli::from_args()) };
    let terminal = Terminal::new(parsed.as_ref().map_or(Color::Never, |(cli, _)| cli.shared.color));
    let fail = |error: &Error| {
        let none = Typed::default();
        report(terminal, parsed.as_ref().map_or(&none, |(_, typed)| typed), error)
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that a Ctrl-C at a prompt finds the handler in place.
            biased;
            _ = tokio::signal::ctrl_c(), if !parsed.as_ref().is_some_and(|(cli, _)| cli.handles_ctrl_c()) => {
                Err(Error::Interrupted)
            }
            outcome = async {
                match &parsed {
                    Some((cli, typed)) => cli.run(typed, terminal).await,
                    None => completion::complete(terminal, words.as_deref().unwrap_or_default(), Cli::command()).await,
                }
            } => outcome,
        }
    });
    // Exit does not wait for blocking threads (DNS, exec plugins).
    runtime.shutdown_background();
    outcome.map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}

/// Prints an error and its hints, and returns kubectl's exit status for it.
fn report(terminal: Terminal, typed: &Typed, error: &Error) -> ExitCode {
    match error {
        // A script knows.
        Error::Interrupted if !terminal.is_interactive() => {}
        // Has been reported already.
        Error::Failed => {}
        error => tell_error(terminal, typed, error),
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
