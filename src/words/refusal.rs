//! Refusals: the obstacle, as it reads after `error: `.

use crate::lifecycle::{Evidence, Reason, Refusal, VolumePhase};

/// The obstacle.
pub fn message(refusal: &Refusal) -> String {
    let key = refusal.target.key();
    match &refusal.reason {
        Reason::NotBound(named) => {
            let what = named.as_ref().map_or("the volume".to_owned(), |name| format!("persistentvolume/{name}"));
            format!("{what} is not bound to claim {key}; with policy Delete it could be deleted at once")
        }
        Reason::NotRetained { volume, phase: VolumePhase::Released | VolumePhase::Failed, policy } => {
            format!("persistentvolume/{volume} has policy {policy} and may be deleted at any time: its claim is gone")
        }
        Reason::NotRetained { volume, phase, policy } => {
            format!("persistentvolume/{volume} is {phase} with policy {policy}: it would be deleted with its claim")
        }
        Reason::NotReleased { volume, phase } => {
            format!(
                "persistentvolume/{volume} is still {phase}: claim {key} is gone, but the volume is not Released yet"
            )
        }
        Reason::ClaimLost => format!("claim {key} is Lost and still exists"),
        Reason::ClaimTerminating(volume) => {
            format!("claim {key} is being deleted; persistentvolume/{volume} is not released until it is gone")
        }
        Reason::StillBound(volume) => format!("persistentvolume/{volume} is still bound to claim {key}"),
        Reason::BoundToAnother { own, volumes } => {
            let meant: Vec<_> = volumes.iter().map(|v| format!("persistentvolume/{v}")).collect();
            format!("claim {key} is bound to persistentvolume/{own}, not {}", meant.join(" or "))
        }
        Reason::NoClaim => format!("claim {key} not found"),
        Reason::Unbound { phase, volume: Some(volume) } => {
            format!("claim {key} is {phase}; it and persistentvolume/{volume} are not bound to each other yet")
        }
        Reason::Unbound { phase, volume: None } => format!("claim {key} is {phase} and has no volume yet"),
        Reason::LostNotVerified => format!("claim {key} is Lost"),
        Reason::MadeForClaim(volume, Evidence::Name | Evidence::Pin) => format!(
            "claim {key} is bound to persistentvolume/{volume}, which was provisioned for it; no preserved volume is in use"
        ),
        Reason::MadeForClaim(volume, Evidence::Age) => format!(
            "claim {key} is bound to persistentvolume/{volume}, which is not older than the claim; it does not look like a preserved volume"
        ),
        Reason::BeingDeleted(Some(volume)) => format!("persistentvolume/{volume} is being deleted"),
        Reason::BeingDeleted(None) => format!("claim {key} is being deleted"),
        Reason::Policy { volume, policy } => {
            format!("persistentvolume/{volume} has reclaim policy {policy}, not Retain")
        }
        Reason::OfAnotherClaim { volume, owner } => {
            format!("persistentvolume/{volume} belongs to claim {}, not {key}", owner.key())
        }
        Reason::NoClaimRef(volume) => {
            format!("persistentvolume/{volume} has no claimRef; it is not reserved for claim {key}")
        }
        Reason::VolumeTerminating { volume, data_stays: true } => format!(
            "persistentvolume/{volume} is being deleted, which cannot be undone; its policy is Retain, so its data stays"
        ),
        Reason::VolumeTerminating { volume, data_stays: false } => {
            format!("persistentvolume/{volume} is being deleted; this cannot be undone")
        }
        Reason::VolumeGone(volume) => format!("persistentvolume/{volume} not found"),
        Reason::NoVolume => format!("claim {key} has no volume yet"),
        Reason::Nothing => format!("claim {key} not found, and no volume refers to it"),
        Reason::Several { volumes, .. } => {
            format!("{} volumes refer to claim {key}: {}", volumes.len(), volumes.join(", "))
        }
    }
}

/// Advice where no command is known to help.
pub fn advice(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Nothing => Some("check the namespace (-n) and the claim's name (--claim)"),
        _ => None,
    }
}
