//! Refusals: the obstacle, as it reads after `error: `.

use crate::lifecycle::{Evidence, Fate, Reason, Refusal, VolumePhase};

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
        Reason::AlreadyReused(volume) => {
            format!("nothing to reuse: claim {key} is bound to persistentvolume/{volume}, which was not made for it")
        }
        Reason::StillBound(volume) => format!("persistentvolume/{volume} is still bound to claim {key}"),
        Reason::BoundToAnother { own, volumes } | Reason::Diverted { own, volumes } => {
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
        Reason::MadeForClaim(volume, Evidence::Younger) => format!(
            "claim {key} is bound to persistentvolume/{volume}, which is younger than the claim; it is not a preserved volume"
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
        Reason::NotAvailable { .. }
        | Reason::NotFrom { .. }
        | Reason::ReservedForOther { .. }
        | Reason::FromLives { .. } => taken(&refusal.reason),
        Reason::NoClaimRef(volume) => {
            format!("persistentvolume/{volume} has no claimRef; it is not reserved for claim {key}")
        }
        Reason::VolumeTerminating { volume, data: Fate::Kept { driver } } => {
            let driver = driver.as_ref().map_or("its driver".to_owned(), |driver| format!("driver {driver}"));
            format!(
                "persistentvolume/{volume} is being deleted, which cannot be undone; its policy is Retain: expect {driver} to keep the data"
            )
        }
        Reason::VolumeTerminating { volume, data: Fate::Deleted } => format!(
            "persistentvolume/{volume} is being deleted: it was retained after its claim was deleted, and the driver has answered that it deleted the data"
        ),
        Reason::VolumeTerminating { volume, data: Fate::Unknown } => {
            format!("persistentvolume/{volume} is being deleted; this cannot be undone")
        }
        Reason::UidOfLivingClaim { volume, owner } => format!(
            "claimRef.uid of persistentvolume/{volume} is that of claim {}, which exists: the volume is that claim's",
            owner.key()
        ),
        Reason::ProvisionerHolds(volume) => format!(
            "persistentvolume/{volume} was retained after its claim was deleted, and the provisioner's finalizer is still on it: it may be deleting the data"
        ),
        Reason::TridentDeletes(volume) => format!(
            "NetApp Trident is deleting persistentvolume/{volume} (state deleting): its data is deleted with its last snapshot or share"
        ),
        Reason::TridentMissing(volume) => {
            format!("NetApp Trident does not know persistentvolume/{volume}: no pod can mount it")
        }
        Reason::VolumeGone(volume) => format!("persistentvolume/{volume} not found"),
        Reason::SetIncomplete(set) => super::finding::incomplete(set),
        Reason::Unused(volumes) => {
            let names: Vec<_> = volumes.iter().map(|v| format!("persistentvolume/{v}")).collect();
            format!("{} is kept for claim {key}, and unused", names.join(", "))
        }
        Reason::NoVolume => format!("claim {key} has no volume yet"),
        Reason::Nothing => format!("claim {key} not found, and no volume refers to it"),
        Reason::Several { volumes, .. } => {
            format!("{} volumes refer to claim {key}: {}", volumes.len(), volumes.join(", "))
        }
    }
}

/// Why a volume without claimRef, or of another claim, is not taken.
fn taken(reason: &Reason) -> String {
    match reason {
        Reason::NotAvailable { volume, phase } => {
            format!("persistentvolume/{volume} has no claimRef and is {phase}, not Available")
        }
        Reason::ReservedForOther { volume, owner } => {
            format!("persistentvolume/{volume} is reserved for claim {}, and not Released", owner.key())
        }
        Reason::NotFrom { volume, from, owner: Some(owner) } => {
            format!("persistentvolume/{volume} belongs to claim {}, not {}", owner.key(), from.key())
        }
        Reason::NotFrom { volume, from, owner: None } => {
            format!("persistentvolume/{volume} has no claimRef, so it is not that of claim {}", from.key())
        }
        Reason::FromLives { volume, owner, terminating: true } => {
            format!(
                "claim {} is being deleted; persistentvolume/{volume} is not released until it is gone",
                owner.key()
            )
        }
        Reason::FromLives { volume, owner, terminating: false } => {
            format!("claim {} exists: persistentvolume/{volume} is that claim's", owner.key())
        }
        _ => String::new(),
    }
}

/// Advice where no command is known to help.
pub fn advice(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Nothing => Some("check the namespace (-n) and the claim's name (--claim)"),
        _ => None,
    }
}
