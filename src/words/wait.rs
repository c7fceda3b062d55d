//! Waits: the progress line.

use strum::EnumIter;

use super::finding::pods;
use crate::lifecycle::Holder;

/// The event that a wait ends with.
#[derive(Clone, Copy, Debug, EnumIter, PartialEq, Eq)]
pub enum Awaited {
    /// The claim is deleted and its volume released.
    ClaimGone,
    /// The volume is released; the claim is deleted already.
    VolumeReleased,
    /// The volume, which was patched, is Available.
    VolumeAvailable,
    /// The claim exists and is bound.
    ClaimBound,
}

/// The text after "waiting for", with the pods that use the claim.
pub fn progress(awaited: Awaited, key: &str, holders: &[Holder]) -> String {
    match (awaited, holders) {
        (Awaited::ClaimBound, _) => format!("claim {key} to be bound"),
        (Awaited::VolumeReleased, _) => format!("the volume of claim {key} to be Released"),
        (Awaited::VolumeAvailable, _) => format!("the volume of claim {key} to be Available"),
        (Awaited::ClaimGone, []) => format!("claim {key} to be deleted"),
        (Awaited::ClaimGone, [pod]) => {
            format!("claim {key} to be deleted (in use by pod {})", pods(std::slice::from_ref(pod)))
        }
        (Awaited::ClaimGone, all) => format!("claim {key} to be deleted (in use by pods {})", pods(all)),
    }
}
