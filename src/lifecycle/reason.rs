//! Obstacles to a verb.

use strum::{IntoStaticStr, VariantNames};

use super::facts::{ClaimPhase, Evidence, Target, VolumePhase};
use super::next::Verb;
use super::set::Incomplete;

/// Obstacle to a verb; the strings are names of volumes. A variant's name is the stable word in `-o json`.
#[derive(Clone, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
pub enum Reason {
    /// Claim and volume are not bound to each other: with policy Delete the volume could be deleted at once.
    NotBound(Option<String>),
    NotRetained {
        volume: String,
        phase: VolumePhase,
        policy: String,
    },
    /// The claim was deleted, and the volume controller has not released the volume yet.
    NotReleased {
        volume: String,
        phase: VolumePhase,
    },
    ClaimLost,
    ClaimTerminating(String),
    StillBound(String),
    /// Of `reuse`: the claim has its preserved volume already.
    AlreadyReused(String),
    BoundToAnother {
        own: String,
        volumes: Vec<String>,
    },
    /// Of `verify`: the claim is bound to another volume than the preserved ones, and waiting does not change that.
    Diverted {
        own: String,
        volumes: Vec<String>,
    },
    /// The UID in claimRef is that of a living claim of another name.
    UidOfLivingClaim {
        volume: String,
        owner: Target,
    },
    /// The volume was retained late, and the provisioner has not removed its finalizer: it may be deleting the data.
    ProvisionerHolds(String),
    NoClaim,
    /// The claim is not bound, to the volume in its `volumeName` if it has one.
    Unbound {
        phase: ClaimPhase,
        volume: Option<String>,
    },
    LostNotVerified,
    /// The claim's volume was made for it, and no other is preserved.
    MadeForClaim(String, Evidence),
    /// The claim, or the volume of this name, is being deleted.
    BeingDeleted(Option<String>),
    Policy {
        volume: String,
        policy: String,
    },
    /// Safety rule 7.
    OfAnotherClaim {
        volume: String,
        owner: Target,
    },
    NoClaimRef(String),
    /// The volume has no claimRef, and is in use or was just released.
    NotAvailable {
        volume: String,
        phase: VolumePhase,
    },
    /// Of `reuse --from`: claimRef names another claim, or none.
    NotFrom {
        volume: String,
        from: Target,
        owner: Option<Target>,
    },
    /// Of `reuse --from`: the volume is reserved for the other claim, and not Released.
    ReservedForOther {
        volume: String,
        owner: Target,
    },
    /// Of `reuse --from`: the claim that the volume is to be taken from exists.
    FromLives {
        volume: String,
        owner: Target,
        terminating: bool,
    },
    /// A deletionTimestamp cannot be taken back through the API.
    VolumeTerminating {
        volume: String,
        data: Fate,
    },
    /// NetApp Trident is deleting the volume.
    TridentDeletes(String),
    /// NetApp Trident does not know the volume.
    TridentMissing(String),
    VolumeGone(String),
    NoVolume,
    /// Of several claims: the claim's set is kept only in part.
    SetIncomplete(Incomplete),
    /// Of `verify` of several claims: these volumes are kept for the claim, and unused.
    Unused(Vec<String>),
    /// Neither claim nor volume.
    Nothing,
    /// Volumes of which the user has to name one for the verb.
    Several {
        verb: Verb,
        volumes: Vec<String>,
    },
}

/// Data of a volume whose object is being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Policy Retain while still bound: this driver is expected to keep the data.
    Kept { driver: Option<String> },
    /// Retained late: the object is deleted because the driver answered that it deleted the data.
    Deleted,
    /// Nothing tells.
    Unknown,
}

/// Remedy for a refusal that the plugin itself can try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// None: waiting or choosing does not help.
    None,
    /// Wait: the situation may become right by itself.
    Wait,
    /// Let the user choose a volume.
    Choose,
}

impl Reason {
    /// The remedy that the plugin itself can try.
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Reason::NotReleased { .. }
            | Reason::FromLives { .. }
            | Reason::ProvisionerHolds(_)
            | Reason::ClaimLost
            | Reason::ClaimTerminating(_)
            | Reason::StillBound(_)
            | Reason::AlreadyReused(_)
            | Reason::BoundToAnother { .. }
            | Reason::NoClaim
            | Reason::Unbound { .. } => Remedy::Wait,
            Reason::Several { .. } => Remedy::Choose,
            Reason::NotBound(_)
            | Reason::NotRetained { .. }
            | Reason::LostNotVerified
            | Reason::MadeForClaim(..)
            | Reason::BeingDeleted(_)
            | Reason::Policy { .. }
            | Reason::Diverted { .. }
            | Reason::UidOfLivingClaim { .. }
            | Reason::OfAnotherClaim { .. }
            | Reason::NoClaimRef(_)
            | Reason::NotAvailable { .. }
            | Reason::ReservedForOther { .. }
            | Reason::NotFrom { .. }
            | Reason::VolumeTerminating { .. }
            | Reason::TridentDeletes(_)
            | Reason::TridentMissing(_)
            | Reason::VolumeGone(_)
            | Reason::NoVolume
            | Reason::SetIncomplete(_)
            | Reason::Unused(_)
            | Reason::Nothing => Remedy::None,
        }
    }
}
