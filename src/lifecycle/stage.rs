//! Stages of the procedure, and the one that a situation is at.

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantNames};

use super::facts::{Claim, ClaimPhase, Volume, VolumePhase};
use super::situation::Situation;

/// A stage of the procedure.
#[derive(Clone, Copy, Debug, Display, IntoStaticStr, PartialEq, Eq, Hash, Serialize, VariantNames)]
pub enum Stage {
    /// Bound, and the policy would delete the volume with its claim.
    AtRisk,
    /// Bound with Retain, to a volume made for this claim.
    Retained,
    /// The claim is being deleted, or was just deleted.
    Releasing,
    /// The claim was deleted and the policy is not Retain: the volume may be deleted at any time.
    Doomed,
    /// The volume itself is being deleted, which cannot be undone through the API.
    Terminating,
    /// The claim was deleted and the policy is Retain.
    Released,
    /// The volume is reserved for the next claim of that name.
    Reserved,
    /// The claim is not bound yet.
    Binding,
    /// Bound both ways with Retain, to a volume that was not made for the claim: done.
    Reused,
    /// The claim is bound to another volume while a preserved one is unused.
    Diverted,
    /// The claim has lost its volume.
    Lost,
    /// Neither claim nor volume.
    Absent,
}

impl Stage {
    /// All stages: what cannot be undone, then what may be lost, then what waits, then the rest.
    pub const WORST_FIRST: [Self; Self::VARIANTS.len()] = [
        Self::Terminating,
        Self::Doomed,
        Self::Lost,
        Self::Diverted,
        Self::AtRisk,
        Self::Binding,
        Self::Releasing,
        Self::Released,
        Self::Reserved,
        Self::Retained,
        Self::Reused,
        Self::Absent,
    ];
}

/// The stage of a situation, and the volume that it speaks of.
///
/// Ordered by severity: what is irreversible, then possible data loss, then waiting, then the rest.
pub(super) fn stand<'a>(situation: &Situation<'a>) -> (Stage, Option<&'a Volume>) {
    match situation.claim {
        Some(claim) => with_claim(situation, claim),
        None => without_claim(situation),
    }
}

fn with_claim<'a>(situation: &Situation<'a>, claim: &Claim) -> (Stage, Option<&'a Volume>) {
    let named = claim.volume_name.as_deref().and_then(|name| situation.volume(name));
    // A Lost claim whose volume has its UID again is bound as soon as the volume controller looks at it.
    if claim.phase == ClaimPhase::Lost && !named.is_some_and(|v| v.has_uid_of(claim)) {
        return (Stage::Lost, named);
    }
    if let Some((_, volume)) = situation.bound() {
        return (bound(situation, claim, volume), Some(volume));
    }
    if claim.phase == ClaimPhase::Bound {
        // Claim and volume are read one after the other, so the volume may already show that the claim was
        // deleted.
        return match named {
            Some(v) if v.has_uid_of(claim) && v.terminating => (Stage::Terminating, named),
            Some(v) if v.has_uid_of(claim) => (if v.is_retained() { Stage::Releasing } else { Stage::Doomed }, named),
            _ => (Stage::Lost, named),
        };
    }
    if named.is_some_and(|v| !v.refers_to(situation.target)) {
        return (Stage::Binding, named);
    }
    if let Some(v) = situation.referring(|v| situation.rival(v).is_some()).first() {
        return (Stage::Binding, Some(*v));
    }
    let own = |v: &Volume| named.is_none_or(|n| n.name == v.name);
    let waits_for = situation.referring(own);
    let first = |wanted: &dyn Fn(&Volume) -> bool| waits_for.iter().copied().find(|v| wanted(v));
    let left = |v: &Volume| situation.claim_is_gone(v);
    // A claim with volumeName binds to no other volume, even if that one does not exist.
    let in_vain = claim.volume_name.is_some() && named.is_none();
    if let Some(v) = first(&|v| left(v) && !v.is_retained() && !v.terminating) {
        (Stage::Doomed, Some(v))
    } else if in_vain {
        (if claim.terminating { Stage::Releasing } else { Stage::Binding }, None)
    } else if let Some(v) = first(&|v| v.is_reserved() || v.has_uid_of(claim)) {
        let stage = match (v.terminating, claim.terminating && v.has_uid_of(claim), v.is_retained()) {
            (true, _, _) => Stage::Terminating,
            (false, false, _) => Stage::Binding,
            // Deleted before binding completed: like a bound claim.
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

fn bound(situation: &Situation<'_>, claim: &Claim, volume: &Volume) -> Stage {
    let preserved = situation.is_reused(claim, volume);
    if volume.terminating {
        Stage::Terminating
    } else if !preserved && !situation.preserved().is_empty() {
        Stage::Diverted
    } else if !volume.is_retained() {
        Stage::AtRisk
    } else if claim.terminating {
        Stage::Releasing
    } else if preserved {
        Stage::Reused
    } else {
        Stage::Retained
    }
}

fn without_claim<'a>(situation: &Situation<'a>) -> (Stage, Option<&'a Volume>) {
    let meant = |v: &Volume| situation.named.is_none_or(|name| name == v.name);
    let volumes = situation.referring(meant);
    let first = |wanted: &dyn Fn(&Volume) -> bool| volumes.iter().copied().find(|v| wanted(v));
    let going = |v: &Volume| v.phase != VolumePhase::Available || situation.claim_is_gone(v);
    let stages = [
        (Stage::Doomed, first(&|v| !v.terminating && !v.is_retained() && going(v))),
        (Stage::Reserved, first(&|v| !v.terminating && v.phase == VolumePhase::Available && v.is_reserved())),
        (Stage::Released, first(&|v| !v.terminating && v.is_released())),
        (Stage::Releasing, first(&|v| !v.terminating)),
        (Stage::Terminating, first(&|_| true)),
    ];
    stages.into_iter().find(|(_, volume)| volume.is_some()).unwrap_or((Stage::Absent, None))
}
