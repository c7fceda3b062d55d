//! What each check found.

use super::next::{Typed, driver};
use crate::lifecycle::check::{Check, Claim, Class, NeededBy, Right};
use crate::lifecycle::{Keep, Next, Remark, Step, Target, Verb};

/// What was found.
pub fn message(check: &Check, target: &Target) -> String {
    let key = target.key();
    match check {
        Check::Kubernetes { version, url, context } => {
            let context = context.as_ref().map_or(String::new(), |name| format!(" (context {name})"));
            format!("API server {} at {url}{context}", version.as_deref().unwrap_or("(unknown version)"))
        }
        Check::Claim(Claim::Bound { volume, size, modes }) => {
            let size = size.as_deref().unwrap_or("unknown size");
            let modes = modes.iter().map(|mode| short(mode)).collect::<Vec<_>>().join(",");
            format!("{key} is Bound to {volume} ({size}, {modes})")
        }
        Check::Claim(Claim::Unbound(phase)) => {
            format!("{key} is {phase}; claim and volume are not bound to each other")
        }
        Check::Claim(Claim::Missing { volume_left: false }) => format!("{key} not found"),
        Check::Claim(Claim::Missing { volume_left: true }) => format!("{key} not found; a volume still refers to it"),
        Check::Policy(policy) if policy == "Retain" => {
            "Retain: deleting the claim does not delete the volume".to_owned()
        }
        Check::Policy(policy) => format!("{policy}: deleting the claim deletes the volume and its data"),
        Check::Terminating { volume, .. } => format!("{volume} is being deleted; this cannot be undone"),
        Check::Helm(release, keep) => helm(release.as_ref().map(|r| r.name.as_str()), *keep),
        Check::Driver(by) => format!("{} recreates the claim at once", driver(by)),
        Check::Applied(manager) => {
            format!("{manager} applies the volume's policy; change it there, or it may be set back")
        }
        Check::Preserved(volumes) => format!("not in use, but preserved for the claim: {}", volumes.join(", ")),
        Check::Class(Class::None) => "claim has no storageClassName".to_owned(),
        Check::Class(Class::Provisions { name, policy }) if policy == "Retain" => {
            format!("{name} provisions volumes with policy Retain")
        }
        Check::Class(Class::Provisions { name, policy }) => {
            format!("{name} provisions volumes with policy {policy}: a new volume will need `retain`, too")
        }
        Check::Class(Class::Missing(name)) => {
            format!("storageclass {name} not found: a claim that needs a new volume stays Pending")
        }
        Check::Pods(pods) => match pods.as_slice() {
            [] => "no pod uses the claim".to_owned(),
            [pod] => format!("1 pod uses the claim ({pod})"),
            pods => format!("{} pods use the claim ({})", pods.len(), pods.join(", ")),
        },
        Check::Rights(missing) if missing.is_empty() => {
            "get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims".to_owned()
        }
        Check::Rights(missing) => {
            format!("missing: {}", missing.iter().map(|r| right(r)).collect::<Vec<_>>().join("; "))
        }
        Check::Template(line) => format!("volumeName can be added at line {line}"),
        Check::Unknown { error, .. } => error.clone(),
    }
}

/// What to do about it, where there is something.
pub fn hint(check: &Check, target: &Target, typed: &Typed) -> Option<String> {
    let command = |verb| Some(typed.line(target, &Next::run(verb)));
    match check {
        Check::Claim(Claim::Bound { .. }) => None,
        Check::Claim(_) | Check::Preserved(_) => command(Verb::Status),
        Check::Policy(policy) if policy != "Retain" => command(Verb::Retain),
        Check::Rights(missing) if !missing.is_empty() => {
            Some(r#"see "Rights" in the README for a ClusterRole"#.to_owned())
        }
        Check::Unknown { hint, .. } => hint.clone(),
        Check::Terminating { next, .. } => next.first().map(|step| typed.line(target, step)),
        Check::Driver(by) => Some(typed.line(target, &Step::Suspend(by.clone()).into())),
        Check::Helm(Some(release), Keep::ByManifest | Keep::Unknown) => {
            let look = Next::from(Step::Manifest(release.clone())).because(Remark::KeptInManifest);
            Some(typed.line(target, &look))
        }
        Check::Kubernetes { .. }
        | Check::Policy(_)
        | Check::Helm(..)
        | Check::Applied(_)
        | Check::Class(_)
        | Check::Pods(_)
        | Check::Rights(_)
        | Check::Template(_) => None,
    }
}

fn helm(release: Option<&str>, keep: Keep) -> String {
    match (keep, release) {
        (Keep::No, Some(name)) => {
            format!("release {name}; no helm.sh/resource-policy on the claim: expect uninstall to delete it")
        }
        (Keep::No, None) => "no helm.sh/resource-policy on the claim: expect uninstall to delete it".to_owned(),
        (Keep::ByManifest, _) => {
            "the chart annotates the claim resource-policy: expect uninstall to leave it bound, with nothing to reuse"
                .to_owned()
        }
        (Keep::ByHand, _) => {
            "annotated resource-policy by hand, which Helm ignores: expect uninstall to delete the claim".to_owned()
        }
        (Keep::Unknown, _) => {
            "annotated resource-policy; only if the chart set it, uninstall leaves the claim bound".to_owned()
        }
    }
}

/// How many checks failed; nothing where none did.
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
        NeededBy::AllCommands => "all commands",
        NeededBy::Search => "status, reuse, verify, guide, export",
        NeededBy::VolumeWaits => "reuse, guide, status --watch",
        NeededBy::Changes => "retain, unretain, reuse, guide",
        NeededBy::ClaimWaits => "--timeout, guide, status --watch",
        NeededBy::NamingPods => "shows pods that use the claim",
        NeededBy::SayingWhy => "shows why a claim is Pending",
        NeededBy::Classes => "shows what the class provisions",
    };
    let need = if right.by.is_needed() { "for" } else { "optional:" };
    format!("{} {} ({need} {by})", right.verb, right.resource)
}
