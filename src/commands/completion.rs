//! `completion` and the hidden `__complete`, which kubectl runs for each TAB.

use std::ffi::OsString;

use clap::{Args, Command};

use crate::cluster::api::{Cluster, Kind};
use crate::error::Error;
use crate::kubectl::asked::Asked;
use crate::kubectl::completion::{self, Candidate, Question, Script};
use crate::lifecycle::facts::{Target, Volume};
use crate::session::connect;
use crate::session::flags::{DEFAULT_CLAIM, PATIENCE};
use crate::terminal::Terminal;

/// Print a script for tab completion
///
/// `kubectl` is for the file `kubectl_complete-glancepv`: put on PATH and made executable, it lets
/// kubectl itself complete `kubectl glancepv` in every shell that it completes in. The others are
/// for the program's own name, `kubectl-glancepv`.
#[derive(Args, Debug)]
pub struct Completion {
    /// The shell, or kubectl
    script: Script,
}

/// Prints a script for the command line that `command` defines.
pub fn run(terminal: Terminal, arguments: &Completion, command: Command) -> Result<(), Error> {
    let mut command = command.bin_name("kubectl-glancepv");
    terminal.print(&String::from_utf8_lossy(&completion::script(arguments.script, &mut command)))
}

/// Answers what may stand for the last of `words`; without a cluster in reach, what is known without.
pub async fn answer(terminal: Terminal, words: &[OsString], command: Command) -> Result<(), Error> {
    let question = completion::question(command, words);
    let mut found = question.kubeconfig_knows();
    if found.is_empty() && question.asked.is_some() {
        // A shell has no place for an error.
        found = tokio::time::timeout(PATIENCE, from_cluster(&question, terminal))
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or_default();
    }
    terminal.print(&question.answer(found))
}

async fn from_cluster(question: &Question, terminal: Terminal) -> Result<Vec<Candidate>, Error> {
    let (cluster, own) = connect(&question.connection, question.namespace.is_some(), terminal).await?;
    let named = question.claim.clone().or_else(|| std::env::var("GLANCEPV_CLAIM").ok());
    let target = Target {
        namespace: question.namespace.clone().unwrap_or(own),
        claim: named.unwrap_or(DEFAULT_CLAIM.to_owned()),
    };
    let bare = |names: Vec<String>| names.into_iter().map(|name| (name, String::new())).collect();
    match question.asked {
        Some(Asked::Namespaces) => cluster.names("/api/v1/namespaces").await.map(bare),
        Some(Asked::Claims) => cluster.names(&Kind::Claim.path(Some(&target.namespace))).await.map(bare),
        Some(Asked::Volumes) => volumes(&cluster, &target, question.verb.as_deref()).await,
        _ => Ok(Vec::new()),
    }
}

/// The target's volumes that the command could act on, with size, status and claim.
async fn volumes(cluster: &Cluster, target: &Target, verb: Option<&str>) -> Result<Vec<Candidate>, Error> {
    let able = |volume: &Volume| match verb {
        Some("retain") => !volume.is_retained(),
        Some("unretain") => volume.is_retained() && !volume.is_released() && !volume.is_reserved(),
        Some("reuse") => volume.is_released() && volume.is_retained() && !volume.terminating,
        _ => true,
    };
    let described = |volume: Volume| {
        let size = volume.offers.size.as_deref().unwrap_or("?");
        let help = format!("{size} {} {} {}", volume.policy, volume.phase, target.key());
        (volume.name, help)
    };
    Ok(cluster.volumes_of(target).await?.into_iter().filter(able).map(described).collect())
}
