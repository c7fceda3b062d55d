//! What `check` finds before a maintenance window, as values.

use super::facts::ClaimPhase;
use super::next::Next;
use super::owner::{Driver, Keep, Release};

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// To be known; it stands in nobody's way.
    Note,
    /// It stands in the way.
    Failed,
}

/// One check, and what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    Kubernetes { version: Option<String>, url: String, context: Option<String> },
    Claim(Claim),
    // The volume's reclaim policy.
    Policy(String),
    // The volume is being deleted; what brings it back.
    Terminating { volume: String, next: Vec<Next> },
    // Whether Helm leaves the claim of this release behind.
    Helm(Option<Release>, Keep),
    // What creates the claim again.
    Driver(Driver),
    // Who applies the volume's policy.
    Applied(String),
    // The volumes that are preserved for the claim and that it does not have.
    Preserved(Vec<String>),
    Class(Class),
    // The pods that mount the claim.
    Pods(Vec<String>),
    // The rights that are missing.
    Rights(Vec<&'static Right>),
    // The line at which the template can be pinned, counted from 1.
    Template(usize),
    // A check that could not be made: the error's words and what to do; `needed` if nothing goes without it.
    Unknown { name: &'static str, needed: bool, error: String, hint: Option<String> },
}

/// What was found of the claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    Bound { volume: String, size: Option<String>, modes: Vec<String> },
    // It is there, and not bound to a volume that is bound to it.
    Unbound(ClaimPhase),
    Missing { volume_left: bool },
}

/// What was found of the claim's storage class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    // The claim names none.
    None,
    // The policy of the volumes that it provisions.
    Provisions { name: String, policy: String },
    // There is none of that name.
    Missing(String),
}

/// A right that some command needs, in the claim's namespace only or everywhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Right {
    pub verb: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    pub resource: &'static str,
    pub namespaced: bool,
    pub by: NeededBy,
}

/// What needs a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeededBy {
    AllCommands,
    Search,
    VolumeWaits,
    Changes,
    ClaimWaits,
    // No command; it tells more where it may.
    NamingPods,
    SayingWhy,
    Classes,
}

impl NeededBy {
    /// Whether some command cannot do without.
    pub fn is_needed(self) -> bool {
        !matches!(self, Self::NamingPods | Self::SayingWhy | Self::Classes)
    }
}

const fn volumes(verb: &'static str, by: NeededBy) -> Right {
    Right { verb, group: "", resource: "persistentvolumes", namespaced: false, by }
}

const fn namespaced(verb: &'static str, resource: &'static str, by: NeededBy) -> Right {
    Right { verb, group: "", resource, namespaced: true, by }
}

/// Every right that the plugin uses.
pub const RIGHTS: &[Right] = &[
    volumes("get", NeededBy::AllCommands),
    volumes("list", NeededBy::Search),
    volumes("watch", NeededBy::VolumeWaits),
    volumes("patch", NeededBy::Changes),
    namespaced("get", "persistentvolumeclaims", NeededBy::AllCommands),
    namespaced("list", "persistentvolumeclaims", NeededBy::ClaimWaits),
    namespaced("watch", "persistentvolumeclaims", NeededBy::ClaimWaits),
    namespaced("list", "pods", NeededBy::NamingPods),
    namespaced("list", "events", NeededBy::SayingWhy),
    Right { group: "storage.k8s.io", resource: "storageclasses", ..volumes("get", NeededBy::Classes) },
];

impl Check {
    /// Its name, for people and scripts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kubernetes { .. } => "kubernetes",
            Self::Claim(_) => "claim",
            Self::Policy(_) => "policy",
            Self::Terminating { .. } => "volume",
            Self::Helm(..) => "helm",
            Self::Driver(Driver::ArgoCd(_)) => "argocd",
            Self::Driver(Driver::Flux(..)) => "flux",
            Self::Applied(_) => "applied",
            Self::Preserved(_) => "preserved",
            Self::Class(_) => "class",
            Self::Pods(_) => "pods",
            Self::Rights(_) => "rights",
            Self::Template(_) => "template",
            Self::Unknown { name, .. } => name,
        }
    }

    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        let failed_if = |failed| if failed { Outcome::Failed } else { Outcome::Passed };
        let noted_if = |noted| if noted { Outcome::Note } else { Outcome::Passed };
        match self {
            Self::Kubernetes { .. } | Self::Pods(_) | Self::Template(_) | Self::Class(Class::None) => Outcome::Passed,
            Self::Claim(claim) => failed_if(!matches!(claim, Claim::Bound { .. })),
            Self::Policy(policy) => failed_if(policy != "Retain"),
            Self::Helm(_, keep) => noted_if(*keep != Keep::No),
            Self::Class(Class::Provisions { policy, .. }) => noted_if(policy != "Retain"),
            Self::Driver(_)
            | Self::Applied(_)
            | Self::Preserved(_)
            | Self::Class(Class::Missing(_))
            | Self::Unknown { needed: false, .. } => Outcome::Note,
            Self::Rights(missing) if missing.iter().any(|r| r.by.is_needed()) => Outcome::Failed,
            Self::Rights(missing) => noted_if(!missing.is_empty()),
            Self::Terminating { .. } | Self::Unknown { needed: true, .. } => Outcome::Failed,
        }
    }
}
