//! The sentences of `check` besides the stage and the findings.

use strum::EnumIter;

/// Commands that need a right, or what it is good for.
#[derive(Clone, Copy, Debug, EnumIter, PartialEq, Eq)]
pub enum Use {
    AllCommands,
    Search,
    VolumeWaits,
    Changes,
    ClaimWaits,
    /// No command: it shows more.
    NamingPods,
    ShowingEvents,
    Classes,
    MatchingNodes,
    AskingTrident,
}

impl Use {
    /// True if some command cannot do without.
    pub fn is_needed(self) -> bool {
        !matches!(
            self,
            Self::NamingPods | Self::ShowingEvents | Self::Classes | Self::MatchingNodes | Self::AskingTrident
        )
    }
}

/// The API server that answered.
pub fn kubernetes(version: Option<&str>, url: &str, context: Option<&str>) -> String {
    let context = context.map_or(String::new(), |name| format!(" (context {name})"));
    format!("API server {} at {url}{context}", version.unwrap_or("(unknown version)"))
}

/// The claim's storage class: its name, and the policy of the volumes that it provisions if it exists.
pub fn class(name: Option<&str>, policy: Option<&str>) -> String {
    match (name, policy) {
        (None, _) => "claim has no storageClassName".to_owned(),
        (Some(name), Some("Retain")) => format!("{name} provisions volumes with policy Retain"),
        (Some(name), Some(policy)) => {
            format!("{name} provisions volumes with policy {policy}: a new volume will need `retain`, too")
        }
        (Some(name), None) => {
            format!("storageclass {name} not found: a claim that needs a new volume stays Pending")
        }
    }
}

/// The rights that are missing: verb, resource, use.
pub fn rights(missing: &[(&str, &str, Use)]) -> String {
    if missing.is_empty() {
        return "get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims".to_owned();
    }
    let missing: Vec<_> =
        missing.iter().map(|(verb, resource, by)| format!("{verb} {resource} ({})", used(*by))).collect();
    format!("missing: {}", missing.join("; "))
}

/// The place where the rights are documented.
pub const RIGHTS_HINT: &str = r#"see "Rights" in the README for a ClusterRole"#;

/// The line at which the template can be pinned, counted from 1.
pub fn template(line: usize) -> String {
    format!("volumeName can be added at line {line}")
}

/// The number of failed checks; `None` if none failed.
pub fn verdict(failed: usize) -> Option<String> {
    match failed {
        0 => None,
        1 => Some("1 check failed".to_owned()),
        several => Some(format!("{several} checks failed")),
    }
}

fn used(by: Use) -> &'static str {
    match by {
        Use::AllCommands => "for all commands",
        Use::Search => "for status, reuse, verify, guide, export",
        Use::VolumeWaits => "for reuse, guide, status --watch",
        Use::Changes => "for retain, unretain, reuse, guide",
        Use::ClaimWaits => "for --timeout, guide, status --watch",
        Use::NamingPods => "optional: shows pods that use the claim",
        Use::ShowingEvents => "optional: shows why a claim is Pending",
        Use::Classes => "optional: shows what the class provisions",
        Use::MatchingNodes => "optional: shows whether a node can use the volume",
        Use::AskingTrident => "optional: shows whether Trident has the volume",
    }
}
