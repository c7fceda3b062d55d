//! Findings, for people.

use super::next::Typed;
use crate::lifecycle::facts::Target;
use crate::lifecycle::finding::Finding;
use crate::lifecycle::fit::{Field, Misfit};
use crate::lifecycle::next::Verb;

/// What a finding says.
#[must_use]
pub fn message(finding: &Finding, target: &Target, typed: &Typed) -> String {
    let key = target.key();
    match finding {
        Finding::OtherVolumeDoomed { volume, phase, policy } => format!(
            "persistentvolume/{volume} is {phase} with policy {policy} and may vanish at any moment: {}",
            typed.command(target, Verb::Retain, Some(volume), false)
        ),
        Finding::OtherVolumesWait(volumes) => format!("preserved for {key} too: {}", volumes.join(", ")),
        Finding::ClaimTerminating => format!("claim {key} is being deleted"),
        Finding::KeptByHelm => format!(
            "Helm leaves claim {key} behind when the release is uninstalled (helm.sh/resource-policy: keep): \
             it stays bound, and there is nothing to reuse"
        ),
        Finding::VolumeOfAnotherClaim { volume, owner } => {
            format!("persistentvolume/{volume} is for {}", owner.as_deref().unwrap_or("no claim"))
        }
        Finding::StaleClaimRef(volume) => {
            format!("claim {key} waits: persistentvolume/{volume} is still reserved for the claim before it, by UID")
        }
        Finding::PolicyNotRetain { volume, policy } => {
            format!("persistentvolume/{volume} has policy {policy}: once bound it goes with its claim")
        }
        Finding::Misfit { volume, misfit } => misfit_of(volume, misfit),
        Finding::HeldByPods(pods) => format!("mounted by {}: claim {key} goes when they do", pods.join(", ")),
        Finding::Event { message, .. } => message.clone(),
    }
}

fn misfit_of(volume: &str, Misfit { field, wanted, offered }: &Misfit) -> String {
    let what = match field {
        Field::Size => "size",
        Field::Class => "class",
        Field::Modes => "access modes",
        Field::VolumeMode => "volumeMode",
    };
    let named = |text: &str| if text.is_empty() { "no class".to_owned() } else { text.to_owned() };
    format!("{what}: the claim asks for {}, persistentvolume/{volume} is {}", named(wanted), named(offered))
}
