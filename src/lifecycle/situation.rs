//! Situations: one target as the API server described it, input of the decisions.

use super::facts::{Claim, Evidence, Origin, Target, Volume, VolumePhase};

/// A target, its claim and the volumes that matter to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation<'a> {
    /// The claim that the user means.
    pub target: &'a Target,
    /// The claim, if it exists.
    pub claim: Option<&'a Claim>,
    /// The claim's own volume, and every volume whose claimRef refers to the target; if the user named a volume,
    /// that one and the claim's own.
    pub volumes: Vec<&'a Volume>,
    /// The volume that the user named.
    pub named: Option<&'a str>,
    /// True if the chart's template is known to set `volumeName`.
    pub pinned: bool,
    /// The other claims of the claim's release whose volumes are not Retain: names and policies.
    pub siblings: &'a [(String, String)],
    /// The claim that the volume is to be taken from, if the user named one.
    pub from: Option<From<'a>>,
    /// Living claims of other names whose UID is in the claimRef of one of the volumes.
    pub rivals: &'a [Rival],
}

/// A claim that a volume is to be taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct From<'a> {
    /// The claim, as the user named it.
    pub target: &'a Target,
    /// The claim, if it exists.
    pub claim: Option<&'a Claim>,
}

/// A living claim that a volume belongs to by UID, though its claimRef names another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// The volume, which the claim's `spec.volumeName` names.
    pub volume: String,
    /// The claim.
    pub claim: Target,
}

impl<'a> Situation<'a> {
    /// The volume of that name, if it was read.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<&'a Volume> {
        self.volumes.iter().copied().find(|v| v.name == name)
    }

    /// The name of the target's volume, if it has only one.
    #[must_use]
    pub fn only_volume(&self) -> Option<&'a str> {
        match self.volumes.as_slice() {
            [only] => Some(&only.name),
            _ => None,
        }
    }

    /// The claim and the volume that are bound to each other, by name and by UID.
    #[must_use]
    pub fn bound(&self) -> Option<(&'a Claim, &'a Volume)> {
        let claim = self.claim?;
        let volume = self.volumes.iter().copied().find(|v| v.refers_to(self.target) && claim.is_bound_to(v));
        Some((claim, volume?))
    }

    /// The preserved volumes: policy Retain, Released, Failed or Available, and not the claim's own.
    #[must_use]
    pub fn preserved(&self) -> Vec<&'a Volume> {
        let unused = |v: &Volume| v.is_released() || v.phase == VolumePhase::Available;
        self.referring(|v| v.is_retained() && !v.terminating && unused(v) && !self.is_of_living_claim(v))
    }

    /// The origin of the claim's own volume. Age proves nothing while another preserved volume refers to the claim: two
    /// volumes of a pool are alike.
    #[must_use]
    pub fn is_reused(&self, claim: &Claim, volume: &Volume) -> bool {
        match volume.origin(claim) {
            Origin::MadeForClaim(_) => false,
            Origin::Preserved(Evidence::Age) => self.preserved().is_empty(),
            Origin::Preserved(_) => true,
        }
    }

    /// The living claim of another name that the volume belongs to by UID.
    #[must_use]
    pub fn rival(&self, volume: &Volume) -> Option<&'a Target> {
        self.rivals.iter().find(|rival| rival.volume == volume.name).map(|rival| &rival.claim)
    }

    /// True if claimRef has the UID of the claim that exists now.
    fn is_of_living_claim(&self, volume: &Volume) -> bool {
        self.claim.is_some_and(|c| volume.has_uid_of(c))
    }

    /// True if the claim in claimRef was deleted, even if the volume controller has not said so yet.
    #[must_use]
    pub fn claim_is_gone(&self, volume: &Volume) -> bool {
        volume.is_released() || (!volume.is_reserved() && !self.is_of_living_claim(volume))
    }

    /// The volumes whose claimRef refers to the target and that satisfy `wanted`.
    pub fn referring(&self, wanted: impl Fn(&Volume) -> bool) -> Vec<&'a Volume> {
        self.volumes.iter().copied().filter(|v| v.refers_to(self.target) && wanted(v)).collect()
    }
}
