//! `completion` and the hidden `__complete`, which kubectl runs for each TAB.

use std::ffi::OsString;

use clap::CommandFactory;
use serde_json::Value;

use crate::cli::{Cli, DEFAULT_CLAIM};
use crate::cluster::api::Cluster;
use crate::error::Error;
use crate::kubectl::completion::{self, Asked, Candidate, PATIENCE, Question, Script};
use crate::lifecycle::facts::{Target, Volume};
use crate::terminal::Terminal;

/// Prints a script.
pub fn script(terminal: Terminal, script: Script) -> Result<(), Error> {
    let mut command = Cli::command().bin_name("kubectl-glancepv");
    terminal.print(&String::from_utf8_lossy(&completion::script(script, &mut command)))
}

/// Answers what may stand for the last of `words`; without a cluster in reach, what is known without.
pub async fn answer(terminal: Terminal, words: &[OsString]) -> Result<(), Error> {
    let question = completion::question(Cli::command(), words);
    let mut found = question.kubeconfig_knows();
    if found.is_empty() && question.asked.is_some() {
        found = tokio::time::timeout(PATIENCE, from_cluster(&question)).await.unwrap_or_default();
    }
    terminal.print(&question.answer(found))
}

async fn from_cluster(question: &Question) -> Vec<Candidate> {
    let typed = question.namespace.is_some();
    let Ok((cluster, own)) = question.connection.open(typed, |_| {}, |_| {}).await else { return Vec::new() };
    let target = Target {
        namespace: question.namespace.clone().unwrap_or(own),
        claim: question
            .claim
            .clone()
            .or_else(|| std::env::var("GLANCEPV_CLAIM").ok())
            .unwrap_or(DEFAULT_CLAIM.to_owned()),
        flags: String::new(),
        namespace_typed: typed,
    };
    match question.asked {
        Some(Asked::Namespaces) => names(&cluster, "/api/v1/namespaces").await,
        Some(Asked::Claims) => {
            names(&cluster, &format!("/api/v1/namespaces/{}/persistentvolumeclaims", target.namespace)).await
        }
        Some(Asked::Volumes) => volumes(&cluster, &target, question.verb.as_deref()).await,
        _ => Vec::new(),
    }
}

async fn names(cluster: &Cluster, path: &str) -> Vec<Candidate> {
    let Ok(list) = cluster.list::<Value>(&format!("{path}?includeObject=Metadata")).await else { return Vec::new() };
    let rows = list["rows"].as_array().cloned().unwrap_or_default();
    rows.iter()
        .filter_map(|row| Some((row["object"]["metadata"]["name"].as_str()?.to_owned(), String::new())))
        .collect()
}

/// The target's volumes that the command could act on, with size, status and claim.
async fn volumes(cluster: &Cluster, target: &Target, verb: Option<&str>) -> Vec<Candidate> {
    let able = |volume: &Volume| match verb {
        Some("retain") => !volume.is_retained(),
        Some("unretain") => volume.is_retained() && !volume.is_released() && !volume.is_reserved(),
        Some("reuse") => volume.is_released() && volume.is_retained() && !volume.terminating,
        _ => true,
    };
    let described = |volume: Volume| {
        let size = volume.offers.size.as_deref().unwrap_or("?");
        let help = format!("{size} {} {:?} {}", volume.policy, volume.phase, target.key());
        (volume.name, help)
    };
    cluster.volumes_of(target).await.unwrap_or_default().into_iter().filter(able).map(described).collect()
}
