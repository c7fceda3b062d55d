//! Values of arguments that only the kubeconfig or the cluster can tell: each is a candidate that stands for them,
//! which no name begins like.

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

pub const CONTEXTS: &str = "\0contexts";
pub const CLUSTERS: &str = "\0clusters";
pub const USERS: &str = "\0users";
pub const NAMESPACES: &str = "\0namespaces";
pub const CLAIMS: &str = "\0claims";
/// Those that the command could act on.
pub const VOLUMES: &str = "\0volumes";
/// Those that have the claim.
pub const TEMPLATES: &str = "\0templates";

/// Offers a value, or has those asked for that it stands for.
pub fn suggests(value: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |_: &std::ffi::OsStr| vec![CompletionCandidate::new(value)])
}
