//! What each check found.

use super::next::Typed;
use crate::lifecycle::check::{Check, Claim, Class, NeededBy, Right};
use crate::lifecycle::facts::Target;
use crate::lifecycle::next::Verb;

/// What was found.
#[must_use]
pub fn message(check: &Check, target: &Target) -> String {
    let key = target.key();
    match check {
        Check::Kubernetes { version, url, context } => {
            let context = context.as_ref().map_or(String::new(), |name| format!(" (context {name})"));
            format!("API server {} at {url}{context}", version.as_deref().unwrap_or("of unknown version"))
        }
        Check::Claim(Claim::Bound { volume, size, modes }) => {
            let size = size.as_deref().unwrap_or("unknown size");
            let modes = modes.iter().map(|mode| short(mode)).collect::<Vec<_>>().join(",");
            format!("{key} is Bound to {volume} ({size}, {modes})")
        }
        Check::Claim(Claim::Unbound(phase)) => format!("{key} is {phase} and not bound to a volume"),
        Check::Claim(Claim::Missing { volume_left: false }) => format!("{key} is not there"),
        Check::Claim(Claim::Missing { volume_left: true }) => format!("{key} is not there; a volume of it is left"),
        Check::Policy(policy) if policy == "Retain" => "Retain; uninstalling glance keeps the volume".to_owned(),
        Check::Policy(policy) => format!("{policy}; uninstalling glance deletes the volume"),
        Check::Helm { kept: true } => {
            "the claim stays when the release is uninstalled (resource-policy: keep): there will be nothing to reuse"
                .to_owned()
        }
        Check::Helm { kept: false } => {
            "the claim goes when the release is uninstalled (no resource-policy: keep)".to_owned()
        }
        Check::Class(Class::None) => "the claim names none".to_owned(),
        Check::Class(Class::Provisions { name, policy }) if policy == "Retain" => {
            format!("{name} makes volumes with policy Retain")
        }
        Check::Class(Class::Provisions { name, policy }) => {
            format!("{name} makes volumes with policy {policy}: the next new volume is at risk too")
        }
        Check::Class(Class::Missing(name)) => format!("{name} does not exist: an unpinned claim of it would wait"),
        Check::Pods(pods) => match pods.as_slice() {
            [] => "none mounts the claim".to_owned(),
            [pod] => format!("1 mounts the claim ({pod})"),
            pods => format!("{} mount the claim ({})", pods.len(), pods.join(", ")),
        },
        Check::Rights(missing) if missing.is_empty() => {
            "get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims".to_owned()
        }
        Check::Rights(missing) => {
            format!("missing: {}", missing.iter().map(|r| right(r)).collect::<Vec<_>>().join("; "))
        }
        Check::Template(line) => format!("can be pinned at line {line}"),
        Check::Unknown { error, .. } => error.clone(),
    }
}

/// What to do about it, where there is something.
#[must_use]
pub fn hint(check: &Check, target: &Target, typed: &Typed) -> Option<String> {
    let command = |verb| Some(typed.command(target, verb, None, false));
    match check {
        Check::Claim(Claim::Bound { .. }) => None,
        Check::Claim(_) => command(Verb::Status),
        Check::Policy(policy) if policy != "Retain" => command(Verb::Retain),
        Check::Rights(missing) if !missing.is_empty() => {
            Some("the README's section Rights lists what each command needs".to_owned())
        }
        Check::Unknown { hint, .. } => hint.clone(),
        Check::Kubernetes { .. }
        | Check::Policy(_)
        | Check::Helm { .. }
        | Check::Class(_)
        | Check::Pods(_)
        | Check::Rights(_)
        | Check::Template(_) => None,
    }
}

/// How many checks failed; nothing where none did.
#[must_use]
pub fn verdict(failed: usize) -> Option<String> {
    match failed {
        0 => None,
        1 => Some("1 check failed".to_owned()),
        several => Some(format!("{several} checks failed")),
    }
}

/// An access mode, as kubectl shortens it.
fn short(mode: &str) -> &str {
    match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
}

fn right(right: &Right) -> String {
    let by = match right.by {
        NeededBy::All => "all commands",
        NeededBy::Search => "status, reuse, verify, guide, export",
        NeededBy::VolumeWaits => "reuse, guide, status --watch",
        NeededBy::Changes => "retain, unretain, reuse, guide",
        NeededBy::ClaimWaits => "waiting",
        NeededBy::NamingPods => "naming the pods that hold the claim",
        NeededBy::SayingWhy => "saying why a claim waits",
        NeededBy::Classes => "check",
    };
    format!("{} {} (for {by})", right.verb, right.resource)
}
