//! One file a verb: read → assess → plan → confirm → apply → print.

mod change;
mod check;
pub mod complete;
mod details;
mod export;
pub mod guidance;
mod guide;
mod pin;
mod retain;
mod reuse;
mod status;
mod verify;
mod wait;

use crate::cli::{AskFlags, ChangeFlags, Cli, Command, DEFAULT_CLAIM, DryRun};
use crate::cluster::api::Cluster;
use crate::cluster::observe::{Observation, Scope};
use crate::error::Error;
use crate::kubectl::output::Output;
use crate::lifecycle::facts::Target;
use crate::lifecycle::plan::preserved;
use crate::lifecycle::stage::{Stage, assess};
use crate::template::Pin;
use crate::terminal::Terminal;

/// What every command is given: whom to ask, about what, and how to answer.
pub struct Session {
    /// The cluster.
    pub cluster: Cluster,
    /// The claim that is meant.
    pub target: Target,
    /// The person.
    pub terminal: Terminal,
    /// The format of the result.
    pub output: Output,
}

/// Runs the command that was typed. Only those that ask a cluster look for one.
pub async fn run(cli: &Cli, terminal: Terminal) -> Result<(), Error> {
    let claim = &cli.shared.claim;
    let open = || Session::open(cli, terminal);
    match &cli.command {
        Command::Status { watch } => status::run(&open().await?, *watch).await,
        Command::Check { template } => check::run(&open().await?, template.as_deref()).await,
        Command::Retain { volume, change } => retain::run(&open().await?, volume.as_deref(), change).await,
        Command::Unretain { volume, change } => retain::undo(&open().await?, volume.as_deref(), change).await,
        Command::Reuse { volume, template, timeout, change } => {
            reuse::run(&open().await?, volume.as_deref(), template.as_deref(), *timeout, change).await
        }
        Command::Pin { volume, template, change } => {
            let volume = match volume {
                Some(volume) => volume.clone(),
                None => open().await?.preserved(None, "pin").await?.1,
            };
            pin::run(terminal, claim, template, Pin::To(&volume), change).await
        }
        Command::Unpin { template, change } => pin::run(terminal, claim, template, Pin::Off, change).await,
        Command::Verify { volume, timeout } => verify::run(&open().await?, volume.as_deref(), *timeout).await,
        Command::Guide { template, uninstall, install, timeout, yes, field_manager } => {
            let commands = guide::Commands { uninstall: uninstall.as_deref(), install: install.as_deref() };
            // A conversation that changes nothing would never get on.
            let ask = AskFlags { yes: *yes, dry_run: DryRun::None };
            let flags = ChangeFlags { ask, field_manager: field_manager.clone() };
            guide::run(&open().await?, template.as_deref(), &commands, *timeout, &flags).await
        }
        Command::Export { volume } => export::run(&open().await?, volume.as_deref()).await,
        Command::Completion { script } => complete::script(terminal, *script),
    }
}

impl Session {
    /// Connects, as the flags say; nothing is sent yet.
    async fn open(cli: &Cli, terminal: Terminal) -> Result<Self, Error> {
        let (cluster, namespace) = cli.connection.open(cli.shared.namespace.is_some(), warn, log).await?;
        let shared = &cli.shared;
        let mut flags = cli.connection.typed();
        if shared.claim != DEFAULT_CLAIM {
            flags += &format!(" --claim {}", shared.claim);
        }
        let target = Target {
            namespace: shared.namespace.clone().unwrap_or(namespace),
            claim: shared.claim.clone(),
            flags,
            namespace_typed: shared.namespace.is_some(),
        };
        let output = Output { format: shared.output, headers: !shared.no_headers };
        Ok(Self { cluster, target, terminal, output })
    }

    /// What there is, and the name of the volume that is to be, or was, or is the target's.
    async fn preserved(&self, named: Option<&str>, verb: &str) -> Result<(Observation, String), Error> {
        let seen = self.cluster.observe(&self.target, named, Scope::All).await?;
        if named.is_none() && assess(&seen.situation).stage == Stage::Absent {
            return Err(self.absent().await);
        }
        let name = preserved(&seen.situation, verb)?.name.clone();
        Ok((seen, name))
    }

    /// The error for a target that is not there, neither claim nor volume; it names the namespaces
    /// that have a claim of that name.
    async fn absent(&self) -> Error {
        let target = &self.target;
        let hint = match self.cluster.elsewhere(target).await.as_slice() {
            [] => {
                "there is no volume for it either; is it another namespace or another name? -n NAMESPACE, --claim NAME"
                    .to_owned()
            }
            [other] => {
                let there = Target { namespace: other.clone(), namespace_typed: true, ..target.clone() };
                format!("there is one in namespace {other}: {}", there.command("status"))
            }
            several => format!("there is one in each of the namespaces {}: -n NAMESPACE", several.join(", ")),
        };
        Error::Absent { claim: target.claim.clone(), hint }
    }
}

/// As kubectl prints what an API server warns of.
fn warn(text: &str) {
    Terminal::new(crate::terminal::Color::Auto).headline(crate::terminal::Tone::Plain, "Warning", text);
}

/// A request, in the form of klog's lines.
fn log(text: &str) {
    let now = jiff::Timestamp::now().strftime("%m%d %H:%M:%S%.6f");
    Terminal::new(crate::terminal::Color::Never).note(&format!("I{now} {}] {text}", std::process::id()));
}
