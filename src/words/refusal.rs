//! Why a verb does nothing; reads well after `error: `.

use crate::lifecycle::plan::{Reason, Refusal};

/// What stands in the way.
#[must_use]
pub fn message(refusal: &Refusal) -> String {
    let key = refusal.target.key();
    match &refusal.reason {
        Reason::NotBound(named) => {
            let what = named.as_ref().map_or("the volume".to_owned(), |name| format!("persistentvolume/{name}"));
            format!(
                "claim {key} and {what} are not bound to each other: with policy Delete it could be deleted at once"
            )
        }
        Reason::NotRetained { volume, phase, policy } => {
            format!("persistentvolume/{volume} is {phase} with policy {policy} and may vanish at any moment")
        }
        Reason::NotReleased { volume, phase } => format!(
            "persistentvolume/{volume} is still {phase}, though claim {key} is gone: the volume controller has not \
             released it yet"
        ),
        Reason::ClaimLost => format!("claim {key} is Lost and still there"),
        Reason::ClaimTerminating(volume) => {
            format!("claim {key} is being deleted and still holds persistentvolume/{volume}")
        }
        Reason::StillBound(volume) => format!("persistentvolume/{volume} is still bound to {key}"),
        Reason::BoundToAnother { own, volume } => {
            format!("claim {key} is bound to persistentvolume/{own}, not to {volume}")
        }
        Reason::NoClaim => format!("claim {key} is not there yet"),
        Reason::Unbound { phase, volume } => {
            let waited = volume.as_ref().map_or(String::new(), |v| format!(" for persistentvolume/{v}"));
            format!("claim {key} is {phase} and waits{waited}")
        }
        Reason::CannotVerifyLost => format!("claim {key} is Lost"),
        Reason::MadeForIt(volume) => {
            format!("claim {key} is bound to persistentvolume/{volume}, which was made for it: nothing was reused")
        }
        Reason::GoingAway(Some(volume)) => format!("persistentvolume/{volume} is being deleted"),
        Reason::GoingAway(None) => format!("claim {key} is being deleted"),
        Reason::Policy { volume, policy } => format!("persistentvolume/{volume} has policy {policy}"),
        Reason::OfAnotherClaim { volume, owner } => {
            format!("persistentvolume/{volume} is for claim {}, not for {key}", owner.key())
        }
        Reason::OfNoClaim(volume) => format!("persistentvolume/{volume} is for no claim, so not for {key} either"),
        Reason::VolumeTerminating(volume) => {
            format!("persistentvolume/{volume} is being deleted, which cannot be undone")
        }
        Reason::VolumeGone(volume) => format!("persistentvolume/{volume} is gone"),
        Reason::NoVolume => format!("claim {key} has no volume yet"),
        Reason::Nothing => format!("neither claim {key} nor a volume for it was found"),
        Reason::Several(volumes) => format!("{} volumes are for {key}: {}", volumes.len(), volumes.join(", ")),
    }
}

/// What to look at where no command is known to help.
#[must_use]
pub fn advice(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Nothing => Some("is it another namespace or another name? -n NAMESPACE, --claim NAME"),
        _ => None,
    }
}
