//! Findings, for people.

use super::next::{Typed, driver};
use crate::lifecycle::{DeletionSign, Field, Finding, Keep, Misfit, Next, Target, Verb};

/// The sentence of a finding.
pub fn message(finding: &Finding, target: &Target, typed: &Typed) -> String {
    let key = target.key();
    match finding {
        Finding::OtherVolumeDoomed { volume, phase, policy } => format!(
            "persistentvolume/{volume} is {phase} with policy {policy} and may be deleted at any time; run: {}",
            typed.line(target, &Next::on(Verb::Retain, volume))
        ),
        Finding::OtherVolumesWait(volumes) => format!("also preserved for claim {key}: {}", volumes.join(", ")),
        Finding::ClaimTerminating => format!("claim {key} is being deleted"),
        Finding::KeptByHelm { keep, .. } => kept(&key, *keep),
        Finding::RecreatedAtOnce(by) => format!(
            "{} recreates claim {key} as soon as it is deleted, before `reuse` can run; suspend it first",
            driver(by)
        ),
        Finding::PolicyApplied { volume, manager } => format!(
            "the policy of persistentvolume/{volume} is applied by {manager}; change it there too, or it may be set back"
        ),
        Finding::DeletionBegun { volume, sign } => format!(
            "{}; check the data on persistentvolume/{volume} before you rely on it",
            match sign {
                DeletionSign::RetainedLate =>
                    "policy Retain was set after the claim was deleted, so the driver may have deleted the data"
                        .to_owned(),
                DeletionSign::Failed => "its phase is Failed: Kubernetes tried to delete or recycle it".to_owned(),
                DeletionSign::Event(message) => format!("the driver tried to delete it: {message}"),
            }
        ),
        Finding::VolumeOfAnotherClaim { volume, owner: Some(owner) } => {
            format!("persistentvolume/{volume} belongs to claim {owner}")
        }
        Finding::VolumeOfAnotherClaim { volume, owner: None } => format!("persistentvolume/{volume} has no claimRef"),
        Finding::StaleClaimRef(volume) => {
            format!("claim {key} cannot bind: claimRef.uid of persistentvolume/{volume} is that of the deleted claim")
        }
        Finding::PolicyNotRetain { volume, policy } => {
            format!("persistentvolume/{volume} has policy {policy}: once bound, it is deleted with its claim")
        }
        Finding::Misfit { volume, misfit } => misfit_of(volume, misfit),
        Finding::HeldByPods(pods) => {
            format!("claim {key} is in use by {}; it is deleted once no pod uses it", pods.join(", "))
        }
        Finding::Event(event) => event.message.clone(),
    }
}

fn kept(key: &str, keep: Keep) -> String {
    match keep {
        Keep::No => format!("claim {key} is not annotated helm.sh/resource-policy"),
        Keep::ByManifest => format!(
            "claim {key} is annotated helm.sh/resource-policy by its chart: expect `helm uninstall` to leave it bound"
        ),
        Keep::ByHand => format!(
            "claim {key} is annotated helm.sh/resource-policy by hand, which Helm ignores: expect `helm uninstall` to delete it"
        ),
        Keep::Unknown => format!(
            "claim {key} is annotated helm.sh/resource-policy; only if its chart set that, `helm uninstall` leaves it bound"
        ),
    }
}

fn misfit_of(volume: &str, misfit: &Misfit) -> String {
    let Misfit { field, wanted, offered } = misfit;
    let what = match field {
        Field::Size => "size",
        Field::Class => "storage class",
        Field::Modes => "access modes",
        Field::VolumeMode => "volumeMode",
        Field::Attributes => "volume attributes class",
    };
    let named = |text: &str| if text.is_empty() { "\"\" (none)".to_owned() } else { text.to_owned() };
    let so =
        if misfit.prevents_binding() { "unpinned, the claim is not bound to it" } else { "does not prevent binding" };
    format!("{what}: the claim requests {}, persistentvolume/{volume} has {} ({so})", named(wanted), named(offered))
}
