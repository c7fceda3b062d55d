//! What the API server said of one target, for the decisions to look at.

use super::facts::{Claim, Target, Volume, VolumePhase};

/// A target, its claim and the volumes that matter to it.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The claim that is meant.
    pub target: &'a Target,
    /// The claim, where it exists.
    pub claim: Option<&'a Claim>,
    /// The volume that the claim names, and every volume whose claimRef names the target; where
    /// the user named a volume, that one and the claim's.
    pub volumes: Vec<&'a Volume>,
    /// The volume that the user named.
    pub named: Option<&'a str>,
    /// Whether the chart's template is known to name the volume.
    pub pinned: bool,
}

impl<'a> Situation<'a> {
    /// The volume of that name, among those that were read.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<&'a Volume> {
        self.volumes.iter().copied().find(|v| v.name == name)
    }

    /// The claim and the volume that are bound to each other, by name and by UID.
    #[must_use]
    pub fn bound(&self) -> Option<(&'a Claim, &'a Volume)> {
        let claim = self.claim?;
        let volume = self.volumes.iter().copied().find(|v| v.names(self.target) && claim.is_bound_to(v));
        Some((claim, volume?))
    }

    /// The preserved volumes: kept, their claim gone, not the claim's own.
    #[must_use]
    pub fn preserved(&self) -> Vec<&'a Volume> {
        let unused = |v: &Volume| v.is_released() || v.phase == VolumePhase::Available;
        self.naming(|v| v.is_retained() && !v.terminating && unused(v) && !self.is_held(v))
    }

    /// Whether the volume's claimRef holds the claim that is there now.
    fn is_held(&self, volume: &Volume) -> bool {
        self.claim.is_some_and(|c| volume.holds(c))
    }

    /// Whether the claim that the volume's claimRef means is gone, though the volume controller may
    /// not have said so yet.
    #[must_use]
    pub fn is_left(&self, volume: &Volume) -> bool {
        volume.is_released() || (!volume.is_reserved() && !self.is_held(volume))
    }

    /// The volumes whose claimRef names the target and that `wanted` picks.
    pub fn naming(&self, wanted: impl Fn(&Volume) -> bool) -> Vec<&'a Volume> {
        self.volumes.iter().copied().filter(|v| v.names(self.target) && wanted(v)).collect()
    }
}
