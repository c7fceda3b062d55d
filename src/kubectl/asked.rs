//! Values of arguments that only the kubeconfig or the cluster can tell.

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

/// What has to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Contexts,
    Clusters,
    Users,
    Namespaces,
    Claims,
    /// Those that the command could act on.
    Volumes,
    /// Those that have the claim.
    Templates,
}

/// The candidate that stands for each; no name begins like it.
const MARKS: [(&str, Asked); 7] = [
    ("\0contexts", Asked::Contexts),
    ("\0clusters", Asked::Clusters),
    ("\0users", Asked::Users),
    ("\0namespaces", Asked::Namespaces),
    ("\0claims", Asked::Claims),
    ("\0volumes", Asked::Volumes),
    ("\0templates", Asked::Templates),
];

/// Marks an argument as one whose values are `asked` for.
pub fn asks(asked: Asked) -> ArgValueCompleter {
    let mark = MARKS.iter().find(|(_, known)| *known == asked).map(|(mark, _)| *mark);
    ArgValueCompleter::new(move |_: &std::ffi::OsStr| mark.map(CompletionCandidate::new).into_iter().collect())
}

/// A value that is worth offering.
pub fn suggests(value: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |_: &std::ffi::OsStr| vec![CompletionCandidate::new(value)])
}

/// What a candidate stands for, if it is a mark.
pub fn asked_for(candidate: &str) -> Option<Asked> {
    MARKS.iter().find(|(mark, _)| *mark == candidate).map(|(_, asked)| *asked)
}
