//! One file a verb: read → assess → plan → confirm → apply → print.

mod change;
mod guidance;
mod retain;
mod reuse;
mod status;
mod verify;
mod wait;

use crate::cli::{Cli, Command, DEFAULT_CLAIM};
use crate::cluster::api::Cluster;
use crate::error::Error;
use crate::kubectl::output::Output;
use crate::lifecycle::facts::Target;
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

/// Runs the command that was typed.
pub async fn run(cli: &Cli, terminal: Terminal) -> Result<(), Error> {
    let (cluster, namespace) = cli.connection.open(warn).await?;
    let shared = &cli.shared;
    let mut flags = cli.connection.typed();
    if shared.claim != DEFAULT_CLAIM {
        flags += &format!(" --claim {}", shared.claim);
    }
    let namespace = shared.namespace.clone().unwrap_or(namespace);
    let target = Target { namespace, claim: shared.claim.clone(), flags, namespace_typed: shared.namespace.is_some() };
    let output = Output { format: shared.output, headers: !shared.no_headers };
    let session = Session { cluster, target, terminal, output };
    match &cli.command {
        Command::Status => status::run(&session).await,
        Command::Retain { volume, change } => retain::run(&session, volume.as_deref(), change).await,
        Command::Reuse { volume, timeout, change } => reuse::run(&session, volume.as_deref(), *timeout, change).await,
        Command::Verify { volume, timeout } => verify::run(&session, volume.as_deref(), *timeout).await,
    }
}

impl Session {
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
