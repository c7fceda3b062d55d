//! `completion`, and the hidden `__complete` that kubectl runs for each TAB.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Command};
use jiff::Timestamp;

use super::flags::{DEFAULT_CLAIM, PATIENCE};
use crate::cluster::{Cluster, Kind};
use crate::error::Error;
use crate::kubectl::completion::{self, Candidate, Request, Script};
use crate::kubectl::suggest::{CLAIMS, NAMESPACES, RELEASES, TEMPLATES, VOLUMES};
use crate::lifecycle::{Target, Volume};
use crate::session::connect;
use crate::template::{Pin, edit};
use crate::terminal::Terminal;
use crate::words::age::age;

/// The limits of a search for templates: time, and number of files and folders.
const SEARCH: Duration = Duration::from_millis(300);
const FILES: usize = 5_000;

/// Print a shell completion script
///
/// kubectl completes the plugin once `kubectl_complete-glancepv` is on PATH: a symbolic link to this
/// program, or the script `kubectl`. Other values: scripts for `kubectl-glancepv`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Completion of `kubectl glancepv` in every shell\n  ln -s \"$(command -v kubectl-glancepv)\" ~/.local/bin/kubectl_complete-glancepv"
)]
pub struct Completion {
    /// Shell, or `kubectl`
    script: Script,
}

/// Runs `completion`.
pub fn run(terminal: Terminal, arguments: &Completion) -> Result<(), Error> {
    terminal.print(arguments.script.text())
}

/// The words to complete, if the program was run for that: as `__complete`, or by the name that kubectl looks for, a
/// link to it.
pub fn words(mut line: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    let program = line.next().map(PathBuf::from).unwrap_or_default();
    let mut words = line.peekable();
    let helper = program.file_stem().is_some_and(|stem| stem == "kubectl_complete-glancepv");
    let completes = helper || words.next_if(|first| first == "__complete").is_some();
    completes.then(|| words.collect())
}

/// Prints the candidates for the last of `words`; those of the cluster only if it can be reached.
pub async fn complete(terminal: Terminal, words: &[OsString], command: Command) -> Result<(), Error> {
    let request = completion::request(command, words);
    let mut found = request.kubeconfig_values();
    if request.placeholder.as_deref() == Some(TEMPLATES) {
        found = templates(&claim(&request));
    } else if found.is_empty() && request.placeholder.is_some() {
        // A shell has no place for an error.
        found = tokio::time::timeout(PATIENCE, from_cluster(&request, terminal))
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or_default();
    }
    terminal.print(&request.response(found))
}

async fn from_cluster(request: &Request, terminal: Terminal) -> Result<Vec<Candidate>, Error> {
    let (cluster, own) = connect(&request.connection, request.namespace.is_some(), terminal).await?;
    let target = Target { namespace: request.namespace.clone().unwrap_or(own), name: claim(request) };
    let bare = |names: Vec<String>| names.into_iter().map(|name| (name, String::new())).collect();
    match request.placeholder.as_deref() {
        Some(NAMESPACES) => cluster.names("/api/v1/namespaces").await.map(bare),
        Some(CLAIMS) => cluster.names(&Kind::Claim.path(Some(&target.namespace))).await.map(bare),
        Some(RELEASES) => cluster.releases(&target.namespace).await.map(bare),
        Some(VOLUMES) => volumes(&cluster, &target, request.verb.as_deref()).await,
        _ => Ok(Vec::new()),
    }
}

/// The claim that the user means.
fn claim(request: &Request) -> String {
    let named = request.claim.clone().or_else(|| std::env::var("GLANCEPV_CLAIM").ok());
    let named = named.filter(|name| !name.is_empty());
    named.unwrap_or(DEFAULT_CLAIM.to_owned())
}

/// The templates below this folder that have the claim, within the limits of a search.
fn templates(claim: &str) -> Vec<Candidate> {
    let (started, mut left) = (Instant::now(), FILES);
    let mut folders = VecDeque::from([PathBuf::new()]);
    let mut found = Vec::new();
    while let Some(folder) = folders.pop_front().filter(|_| started.elapsed() < SEARCH) {
        let here = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.clone() };
        for entry in std::fs::read_dir(here).into_iter().flatten().flatten() {
            let (path, name) = (folder.join(entry.file_name()), entry.file_name().to_string_lossy().into_owned());
            let Ok(kind) = entry.file_type() else { continue };
            if name.starts_with('.') || left == 0 {
                continue;
            }
            left -= 1;
            if kind.is_dir() {
                folders.push_back(path);
            } else if kind.is_file() && [".yaml", ".yml", ".tpl"].iter().any(|end| name.ends_with(end)) {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                if text.contains("PersistentVolumeClaim") && edit(&text, claim, Pin::To("a-volume")).is_ok() {
                    found.push((path.to_string_lossy().into_owned(), String::new()));
                }
            }
        }
    }
    found.sort();
    found
}

/// The target's volumes that the command could act on, with size, policy, phase, age and claim.
async fn volumes(cluster: &Cluster, target: &Target, verb: Option<&str>) -> Result<Vec<Candidate>, Error> {
    let able = |volume: &Volume| match verb {
        Some("retain") => !volume.is_retained(),
        Some("unretain") => volume.is_retained() && !volume.is_released() && !volume.is_reserved(),
        Some("reuse") => volume.is_released() && volume.is_retained() && !volume.terminating,
        _ => true,
    };
    let described = |volume: Volume| {
        let size = volume.offers.size.as_deref().unwrap_or("?");
        let age = age(volume.created, Timestamp::now());
        let help = format!("{size} {} {} {age} {}", volume.policy, volume.phase, target.key());
        (volume.name, help)
    };
    Ok(cluster.volumes_of(target).await?.into_iter().filter(able).map(described).collect())
}
