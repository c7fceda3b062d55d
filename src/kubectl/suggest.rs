//! Placeholders for values that only the kubeconfig or the cluster knows; no name begins like one.

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

pub const CONTEXTS: &str = "\0contexts";
pub const CLUSTERS: &str = "\0clusters";
pub const USERS: &str = "\0users";
pub const NAMESPACES: &str = "\0namespaces";
pub const CLAIMS: &str = "\0claims";
/// The Helm releases that own claims.
pub const RELEASES: &str = "\0releases";
/// The volumes that the command could act on.
pub const VOLUMES: &str = "\0volumes";
/// The templates that have the claim.
pub const TEMPLATES: &str = "\0templates";

/// Offers a value, or the values that a placeholder stands for.
pub fn suggests(value: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |_: &std::ffi::OsStr| vec![CompletionCandidate::new(value)])
}
