//! Where the target stands in the procedure, and what a user should know about it.

use std::borrow::Cow;

use super::facts::{Claim, ClaimPhase, Target, Volume, VolumePhase};
use super::fit::misfits;

/// A place in the procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Bound, and the policy would delete the volume with its claim.
    AtRisk,
    /// Bound with Retain, to a volume made for this claim.
    Retained,
    /// The claim is going, or just gone.
    Releasing,
    /// The claim is gone and the policy is not Retain: the volume may vanish at any moment.
    Doomed,
    /// The volume itself is being deleted, which cannot be undone.
    Terminating,
    /// The claim is gone and the volume is kept.
    Released,
    /// The volume waits for a new claim of that name.
    Reserved,
    /// The claim waits for its volume.
    Binding,
    /// Bound both ways with Retain, to a volume older than the claim: done.
    Reused,
    /// The claim took another volume while a preserved one waits.
    Diverted,
    /// The claim lost its volume.
    Lost,
    /// Neither claim nor volume.
    Absent,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// Something that a user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// For machines: one word that stays the same.
    pub reason: Cow<'static, str>,
    /// For people.
    pub message: String,
}

impl Finding {
    /// A finding from its two parts.
    #[must_use]
    pub fn new(reason: impl Into<Cow<'static, str>>, message: String) -> Self {
        Self { reason: reason.into(), message }
    }
}

/// What the API server said of the target.
#[derive(Clone, Debug)]
pub struct Situation {
    /// The claim that is meant.
    pub target: Target,
    /// The claim, where it exists.
    pub claim: Option<Claim>,
    /// The volume that the claim names, and every volume whose claimRef names the target; where
    /// the user named a volume, that one and the claim's.
    pub volumes: Vec<Volume>,
    /// The volume that the user named.
    pub named: Option<String>,
}

impl Situation {
    /// The volume of that name, among those that were read.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.volumes.iter().find(|v| v.name == name)
    }

    /// The claim and the volume that are bound to each other, by name and by UID.
    #[must_use]
    pub fn bound(&self) -> Option<(&Claim, &Volume)> {
        let claim = self.claim.as_ref()?;
        Some((claim, self.volumes.iter().find(|v| v.names(&self.target) && claim.is_bound_to(v))?))
    }

    /// The volumes that wait for the target: kept, their claim gone, not the claim's own.
    #[must_use]
    pub fn preserved(&self) -> Vec<&Volume> {
        let held = |v: &Volume| self.claim.as_ref().is_some_and(|c| v.holds(c));
        let waits = |v: &Volume| v.is_released() || v.phase == VolumePhase::Available;
        self.volumes
            .iter()
            .filter(|v| v.names(&self.target) && v.is_retained() && !v.terminating && waits(v) && !held(v))
            .collect()
    }

    /// Whether the claim that the volume's claimRef means is gone, though the volume controller may
    /// not have said so yet.
    #[must_use]
    pub fn is_left(&self, volume: &Volume) -> bool {
        let held = self.claim.as_ref().is_some_and(|c| volume.holds(c));
        volume.is_released() || (!volume.is_reserved() && !held)
    }

    /// The volumes whose claimRef names the target and that `wanted` picks.
    #[must_use]
    pub fn naming(&self, wanted: impl Fn(&Volume) -> bool) -> Vec<&Volume> {
        self.volumes.iter().filter(|v| v.names(&self.target) && wanted(v)).collect()
    }
}

/// Where the target stands.
#[derive(Clone, Debug)]
pub struct Assessment<'a> {
    /// The place in the procedure.
    pub stage: Stage,
    /// The volume that the stage speaks of.
    pub volume: Option<&'a Volume>,
    /// The other volumes that wait for the target.
    pub waiting: Vec<&'a Volume>,
    /// Whether `volume` is the only one whose claimRef names the target, so that it need not be named.
    pub alone: bool,
    /// What a user should know besides.
    pub findings: Vec<Finding>,
    /// Whether the chart's template is known to name the volume.
    pub pinned: bool,
}

/// Says where the target stands.
///
/// The order of the questions is the order of urgency: what cannot be undone first, then what may
/// lose data, then what has to be waited for, then the rest.
#[must_use]
pub fn assess(situation: &Situation) -> Assessment<'_> {
    let (stage, volume) = match &situation.claim {
        Some(claim) => with_claim(situation, claim),
        None => without_claim(situation),
    };
    let mut waiting = situation.preserved();
    let alone = situation.naming(|v| volume.is_none_or(|own| own.name != v.name)).is_empty();
    waiting.retain(|v| volume.is_none_or(|own| own.name != v.name));
    let findings = findings(situation, stage, volume, &waiting);
    Assessment { stage, volume, waiting, alone, findings, pinned: false }
}

fn with_claim<'a>(situation: &'a Situation, claim: &'a Claim) -> (Stage, Option<&'a Volume>) {
    let named = claim.volume_name.as_deref().and_then(|name| situation.volume(name));
    if claim.phase == ClaimPhase::Lost {
        return (Stage::Lost, named);
    }
    if let Some((_, volume)) = situation.bound() {
        return (bound(situation, claim, volume), Some(volume));
    }
    if claim.phase == ClaimPhase::Bound {
        // Read one after the other, the volume may already tell of the claim's end.
        return match named {
            Some(v) if v.holds(claim) && v.terminating => (Stage::Terminating, named),
            Some(v) if v.holds(claim) => (if v.is_retained() { Stage::Releasing } else { Stage::Doomed }, named),
            _ => (Stage::Lost, named),
        };
    }
    if named.is_some_and(|v| !v.names(&situation.target)) {
        return (Stage::Binding, named);
    }
    let own = |v: &Volume| named.is_none_or(|n| n.name == v.name);
    let waits_for = situation.naming(own);
    let first = |wanted: &dyn Fn(&Volume) -> bool| waits_for.iter().copied().find(|v| wanted(v));
    let left = |v: &Volume| situation.is_left(v);
    // A claim that names a volume takes no other, though that one is not there.
    let in_vain = claim.volume_name.is_some() && named.is_none();
    if let Some(v) = first(&|v| left(v) && !v.is_retained() && !v.terminating) {
        (Stage::Doomed, Some(v))
    } else if in_vain {
        (if claim.terminating { Stage::Releasing } else { Stage::Binding }, None)
    } else if let Some(v) = first(&|v| v.is_reserved() || v.holds(claim)) {
        let stage = match (v.terminating, claim.terminating && v.holds(claim), v.is_retained()) {
            (true, _, _) => Stage::Terminating,
            (false, false, _) => Stage::Binding,
            // Going before it was bound: the volume goes the way of a bound one.
            (false, true, true) => Stage::Releasing,
            (false, true, false) => Stage::AtRisk,
        };
        (stage, Some(v))
    } else if let Some(v) = first(&|v| v.is_released() && !v.terminating) {
        (Stage::Released, Some(v))
    } else if let Some(v) = first(&|v| left(v) && !v.terminating) {
        (Stage::Releasing, Some(v))
    } else if let Some(v) = first(&|v| v.terminating) {
        (Stage::Terminating, Some(v))
    } else if claim.terminating {
        (Stage::Releasing, named)
    } else {
        (Stage::Binding, named)
    }
}

fn bound(situation: &Situation, claim: &Claim, volume: &Volume) -> Stage {
    let older = volume.is_older_than(claim);
    if volume.terminating {
        Stage::Terminating
    } else if !older && !situation.preserved().is_empty() {
        Stage::Diverted
    } else if !volume.is_retained() {
        Stage::AtRisk
    } else if claim.terminating {
        Stage::Releasing
    } else if older {
        Stage::Reused
    } else {
        Stage::Retained
    }
}

fn without_claim(situation: &Situation) -> (Stage, Option<&Volume>) {
    let meant = |v: &Volume| situation.named.as_ref().is_none_or(|name| *name == v.name);
    let volumes = situation.naming(meant);
    let first = |wanted: &dyn Fn(&Volume) -> bool| volumes.iter().copied().find(|v| wanted(v));
    let going = |v: &Volume| v.phase != VolumePhase::Available || situation.is_left(v);
    if let Some(v) = first(&|v| !v.terminating && !v.is_retained() && going(v)) {
        (Stage::Doomed, Some(v))
    } else if let Some(v) = first(&|v| !v.terminating && v.phase == VolumePhase::Available && v.is_reserved()) {
        (Stage::Reserved, Some(v))
    } else if let Some(v) = first(&|v| !v.terminating && v.is_released()) {
        (Stage::Released, Some(v))
    } else if let Some(v) = first(&|v| !v.terminating) {
        (Stage::Releasing, Some(v))
    } else if let Some(v) = first(&|v| v.terminating) {
        (Stage::Terminating, Some(v))
    } else {
        (Stage::Absent, None)
    }
}

fn findings(s: &Situation, stage: Stage, volume: Option<&Volume>, waiting: &[&Volume]) -> Vec<Finding> {
    let mut found = Vec::new();
    let key = s.target.key();
    for v in s.naming(|v| s.is_left(v) && !v.is_retained() && !v.terminating) {
        if volume.is_none_or(|own| own.name != v.name) {
            found.push(Finding::new(
                "OtherVolumeDoomed",
                format!(
                    "persistentvolume/{} is {:?} with policy {} and may vanish at any moment: {}",
                    v.name,
                    v.phase,
                    v.policy,
                    s.target.command(&format!("retain {}", v.name)),
                ),
            ));
        }
    }
    if !waiting.is_empty() && stage != Stage::Diverted {
        let names: Vec<_> = waiting.iter().map(|v| v.name.as_str()).collect();
        found.push(Finding::new("OtherVolumesWait", format!("preserved for {key} too: {}", names.join(", "))));
    }
    let Some(claim) = &s.claim else { return found };
    if claim.terminating {
        found.push(Finding::new("ClaimTerminating", format!("claim {key} is being deleted")));
    }
    if claim.kept_by_helm {
        found.push(Finding::new(
            "KeptByHelm",
            format!(
                "Helm leaves claim {key} behind when the release is uninstalled (helm.sh/resource-policy: keep): \
             it stays bound, and there is nothing to reuse"
            ),
        ));
    }
    let Some(volume) = volume else { return found };
    if !volume.names(&s.target) {
        let other = volume.claim_ref.as_ref().map_or("no claim".to_owned(), |r| format!("{}/{}", r.namespace, r.name));
        found.push(Finding::new("VolumeOfAnotherClaim", format!("persistentvolume/{} is for {other}", volume.name)));
    } else if stage == Stage::Released && !claim.terminating {
        found.push(Finding::new(
            "StaleClaimRef",
            format!(
                "claim {key} waits: persistentvolume/{} is still reserved for the claim before it, by UID",
                volume.name
            ),
        ));
    }
    if matches!(stage, Stage::Binding | Stage::Reserved) && !volume.is_retained() {
        found.push(Finding::new(
            "PolicyNotRetain",
            format!("persistentvolume/{} has policy {}: once bound it goes with its claim", volume.name, volume.policy),
        ));
    }
    found.extend(misfits(claim, volume));
    found
}
