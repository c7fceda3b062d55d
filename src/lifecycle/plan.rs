//! A verb on a situation: the change to make, or the refusal.
//!
//! The safety rules live here. What reaches the API server is a [`Change`] from one of these
//! functions, or nothing.

use super::advice::after_refusal;
use super::change::Change;
use super::facts::{ClaimPhase, Origin, Target, Trident, Volume, VolumePhase};
use super::next::{Next, Verb};
use super::reason::{Fate, Reason};
use super::situation::{From, Situation};
use super::stage::{Stage, stand};

/// Outcome of a verb on a situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Send this patch.
    Change(Change),
    /// Do nothing: the volume of this name is already as asked.
    Done(String),
}

impl Plan {
    /// The name of the volume.
    #[must_use]
    pub fn volume(&self) -> &str {
        match self {
            Self::Change(change) => &change.volume,
            Self::Done(name) => name,
        }
    }
}

/// A verb that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The claim that the user means.
    pub target: Target,
    /// The obstacle.
    pub reason: Reason,
    /// The steps out of it.
    pub next: Vec<Next>,
}

impl Refusal {
    fn new(situation: &Situation<'_>, reason: Reason) -> Self {
        let next = after_refusal(situation, &reason);
        Self { target: situation.target.clone(), reason, next }
    }

    /// Refusal for a volume with a deletionTimestamp, with the steps that create it again.
    pub fn terminating(situation: &Situation<'_>, volume: &Volume) -> Self {
        let held = situation.claim.is_some_and(|claim| volume.has_uid_of(claim));
        let data = match &volume.retained_late {
            Some(_) => Fate::Deleted,
            None if volume.is_retained() && held => Fate::Kept { driver: volume.driver.clone() },
            None => Fate::Unknown,
        };
        Self::new(situation, Reason::VolumeTerminating { volume: volume.name.clone(), data })
    }
}

/// csi-provisioner's finalizer: 5 and newer removes it within seconds of policy Retain, but not while it is inside
/// `DeleteVolume` (`handleProtectionFinalizer` of sig-storage-lib-external-provisioner).
const PROVISIONER: &str = "external-provisioner.volume.kubernetes.io/finalizer";

/// Sets the reclaim policy to Retain: safe in every phase, so only the volume has to be the right one.
pub fn retain(situation: &Situation<'_>) -> Result<Plan, Refusal> {
    let claimed = situation.claim.and_then(|c| c.volume_name.as_deref());
    let volume = if let Some(name) = situation.named.or(claimed) {
        read(situation, name)?
    } else {
        let at_risk = |terminating| situation.referring(|v| !v.is_retained() && v.terminating == terminating);
        // If all are retained already, any will do: nothing is done to it.
        let any = situation.referring(Volume::is_retained).into_iter().take(1).collect();
        let meant = [at_risk(false), at_risk(true), any].into_iter().find(|m| !m.is_empty()).unwrap_or_default();
        only(situation, Verb::Retain, &meant)?
    };
    // One without claimRef is nobody's: to keep it harms none, where the user named it.
    if volume.claim_ref.is_some() || situation.named.is_none() {
        of_target(situation, volume)?;
    }
    if volume.is_retained() {
        return Ok(Plan::Done(volume.name.clone()));
    }
    let late = volume.claim_ref.is_some() && situation.claim_is_gone(volume);
    Ok(Plan::Change(if late { Change::retain_late(volume) } else { Change::policy(volume, "Retain") }))
}

/// Sets the reclaim policy to Delete, only while claim and volume are bound to each other, by both UIDs: a volume
/// whose claim was deleted would be deleted at once.
pub fn unretain(situation: &Situation<'_>) -> Result<Plan, Refusal> {
    if let Some(named) = situation.named {
        of_target(situation, read(situation, named)?)?;
    }
    let bound = situation.bound().filter(|(claim, volume)| !claim.terminating && !volume.terminating);
    match bound {
        Some((_, volume)) if situation.named.is_none_or(|named| named == volume.name) => {
            Ok(match volume.policy.as_str() {
                "Delete" => Plan::Done(volume.name.clone()),
                _ => Plan::Change(Change::policy(volume, "Delete")),
            })
        }
        _ => Err(Refusal::new(situation, Reason::NotBound(situation.named.map(str::to_owned)))),
    }
}

/// Clears `claimRef.uid` and `claimRef.resourceVersion`, once the claim that they belong to is deleted.
///
/// Clearing them under a living claim turns that claim Lost (seen on 1.20 and 1.36), so this refuses as long as a
/// claim of that UID may live.
pub fn reuse(situation: &Situation<'_>) -> Result<Plan, Refusal> {
    if let Some(volume) = situation.named.and_then(|name| situation.volume(name)) {
        match (&volume.claim_ref, situation.from) {
            (None, None) => return reserve(situation, volume),
            // Done before, or on its way: as any volume of the target's.
            (Some(reference), Some(from)) if reference.claim != *situation.target => {
                return take_over(situation, from, volume);
            }
            (None, Some(from)) => return Err(Refusal::new(situation, not_from(volume, from))),
            _ => {}
        }
    }
    let volume = preserved(situation, Verb::Reuse)?;
    let name = volume.name.clone();
    // Before all else: nobody is told to delete a claim whose volume would be deleted with it. The steps after a
    // volume's deletion begin with `retain`, too.
    if volume.terminating {
        return Err(Refusal::terminating(situation, volume));
    }
    if !volume.is_retained() {
        let reason = Reason::NotRetained { volume: name, phase: volume.phase, policy: volume.policy.clone() };
        return Err(Refusal::new(situation, reason));
    }
    if let Some(owner) = situation.rival(volume) {
        let reason = Reason::UidOfLivingClaim { volume: name, owner: owner.clone() };
        return Err(Refusal::new(situation, reason));
    }
    // A Lost claim is given its volume back: with its UID in claimRef, both are bound within a second (seen on 1.20 and
    // 1.37).
    if let Some(claim) = situation.claim.filter(|claim| claim.is_lost_from(volume)) {
        has_its_data(situation, volume)?;
        return Ok(Plan::Change(Change::give_back(volume, claim)));
    }
    claim_gone(situation, volume)?;
    has_its_data(situation, volume)?;
    match volume.phase {
        // Cleared already, though it may take the volume controller a moment to say Available.
        VolumePhase::Available | VolumePhase::Released | VolumePhase::Failed if volume.is_reserved() => {
            Ok(Plan::Done(name))
        }
        VolumePhase::Released | VolumePhase::Failed => Ok(Plan::Change(Change::release(volume))),
        phase => Err(Refusal::new(situation, Reason::NotReleased { volume: name, phase })),
    }
}

/// Reserves a volume that has no claimRef for the target: only an Available one, so that it is nobody's.
fn reserve(situation: &Situation<'_>, volume: &Volume) -> Result<Plan, Refusal> {
    is_kept(situation, volume)?;
    if let Some(owner) = situation.rival(volume) {
        let reason = Reason::OfAnotherClaim { volume: volume.name.clone(), owner: owner.clone() };
        return Err(Refusal::new(situation, reason));
    }
    is_free(situation, volume)?;
    has_its_data(situation, volume)?;
    match volume.phase {
        VolumePhase::Available | VolumePhase::Pending => Ok(Plan::Change(Change::reserve(volume, situation.target))),
        phase => Err(Refusal::new(situation, Reason::NotAvailable { volume: volume.name.clone(), phase })),
    }
}

/// Reserves the volume of another claim, which is gone, for the target: with all of the conditions of [`reuse`] on that claim.
fn take_over(situation: &Situation<'_>, from: From<'_>, volume: &Volume) -> Result<Plan, Refusal> {
    let refuse = |reason| Err(Refusal::new(situation, reason));
    let name = volume.name.clone();
    if volume.claim_ref.as_ref().is_none_or(|reference| reference.claim != *from.target) {
        return refuse(not_from(volume, from));
    }
    is_kept(situation, volume)?;
    if let Some(owner) = situation.rival(volume) {
        return refuse(Reason::UidOfLivingClaim { volume: name, owner: owner.clone() });
    }
    if let Some(claim) = from.claim {
        return refuse(Reason::FromLives { volume: name, owner: from.target.clone(), terminating: claim.terminating });
    }
    is_free(situation, volume)?;
    has_its_data(situation, volume)?;
    match volume.phase {
        VolumePhase::Released | VolumePhase::Failed => Ok(Plan::Change(Change::take_over(volume, situation.target))),
        VolumePhase::Available => refuse(Reason::ReservedForOther { volume: name, owner: from.target.clone() }),
        phase => refuse(Reason::NotReleased { volume: name, phase }),
    }
}

fn not_from(volume: &Volume, from: From<'_>) -> Reason {
    let owner = volume.claim_ref.as_ref().map(|reference| reference.claim.clone());
    Reason::NotFrom { volume: volume.name.clone(), from: from.target.clone(), owner }
}

/// Refuses a volume whose data may be being deleted: it was retained late and the provisioner holds it, or its driver says so.
fn has_its_data(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    if volume.retained_late.is_some() && volume.finalizers.iter().any(|f| f == PROVISIONER) {
        return Err(Refusal::new(situation, Reason::ProvisionerHolds(volume.name.clone())));
    }
    known_to_driver(situation, volume)
}

/// Refuses a volume that NetApp Trident is deleting, or does not know (seen with 26.10): a claim is bound to it all the same,
/// and no pod can mount it.
fn known_to_driver(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    let name = volume.name.clone();
    let reason = match volume.trident {
        Some(Trident::Missing) => Reason::TridentMissing(name),
        _ if volume.is_in_trident("deleting") => Reason::TridentDeletes(name),
        _ => return Ok(()),
    };
    Err(Refusal::new(situation, reason))
}

/// Refuses a volume that is being deleted, or would be.
fn is_kept(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    if volume.terminating {
        return Err(Refusal::terminating(situation, volume));
    }
    if !volume.is_retained() {
        let (name, policy) = (volume.name.clone(), volume.policy.clone());
        return Err(Refusal::new(situation, Reason::NotRetained { volume: name, phase: volume.phase, policy }));
    }
    Ok(())
}

/// Refuses while the target's claim has, names or has lost another volume, or is being deleted.
fn is_free(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    let Some(claim) = situation.claim else { return Ok(()) };
    let name = volume.name.clone();
    let another = |own: &String| Reason::BoundToAnother { own: own.clone(), volumes: vec![name.clone()] };
    let reason = match (claim.phase, &claim.volume_name) {
        _ if claim.terminating => Reason::ClaimTerminating(name),
        (ClaimPhase::Lost, _) => Reason::ClaimLost,
        (_, Some(own)) if *own != name => another(own),
        (ClaimPhase::Bound, _) => Reason::StillBound(name),
        (ClaimPhase::Pending, _) => return Ok(()),
    };
    Err(Refusal::new(situation, reason))
}

/// Picks the volume: the named one; the bound one if nothing else is preserved; else one that is reserved, Released,
/// any. Of several the user chooses.
pub fn preserved<'a>(situation: &Situation<'a>, verb: Verb) -> Result<&'a Volume, Refusal> {
    let others = situation.preserved();
    let volume = match (situation.named, situation.bound()) {
        (Some(name), _) => read(situation, name)?,
        (None, Some((_, volume))) if others.is_empty() => volume,
        // Its own or the preserved one: only the user knows which is wanted.
        (None, Some((_, volume))) if verb == Verb::Export => only(situation, verb, &[&[volume], &*others].concat())?,
        _ => {
            let reserved = situation.referring(|v| v.phase == VolumePhase::Available && v.is_reserved());
            let released = situation.referring(|v| v.is_released() && !v.terminating);
            let meant = [[reserved, released].concat(), situation.referring(|_| true)];
            let meant = meant.into_iter().find(|m| !m.is_empty()).unwrap_or_default();
            only(situation, verb, &meant)?
        }
    };
    of_target(situation, volume)?;
    Ok(volume)
}

/// Refuses while the claim in claimRef may exist, or a claim of that name is bound elsewhere.
fn claim_gone(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    let Some(claim) = situation.claim else { return Ok(()) };
    let name = volume.name.clone();
    let held = volume.has_uid_of(claim);
    let reason = match claim.phase {
        _ if held && claim.terminating => Reason::ClaimTerminating(name),
        _ if held && claim.is_bound_to(volume) && situation.is_reused(claim, volume) => Reason::AlreadyReused(name),
        _ if held => Reason::StillBound(name),
        ClaimPhase::Lost => Reason::ClaimLost,
        ClaimPhase::Pending => return Ok(()),
        ClaimPhase::Bound => {
            Reason::BoundToAnother { own: claim.volume_name.clone().unwrap_or_default(), volumes: vec![name] }
        }
    };
    Err(Refusal::new(situation, reason))
}

/// Checks that the claim is bound to the preserved volume: by name, by UID, with Retain, and the volume the named
/// one, else one that was not made for this claim.
pub fn verify<'a>(situation: &Situation<'a>) -> Result<&'a Volume, Refusal> {
    let refuse = |reason| Err(Refusal::new(situation, reason));
    let Some(claim) = situation.claim else { return refuse(Reason::NoClaim) };
    if claim.phase == ClaimPhase::Lost && stand(situation).0 == Stage::Lost {
        return refuse(Reason::LostNotVerified);
    }
    let Some((_, volume)) = situation.bound() else {
        return refuse(Reason::Unbound { phase: claim.phase, volume: claim.volume_name.clone() });
    };
    let (name, origin) = (volume.name.clone(), volume.origin(claim));
    let reused = situation.is_reused(claim, volume);
    if !situation.named.map_or(reused, |named| named == name) {
        let others = || situation.preserved().iter().map(|v| v.name.clone()).collect();
        let volumes: Vec<String> = situation.named.map_or_else(others, |named| vec![named.to_owned()]);
        return match origin {
            Origin::MadeForClaim(evidence) if volumes.is_empty() => refuse(Reason::MadeForClaim(name, evidence)),
            _ => refuse(Reason::Diverted { own: name, volumes }),
        };
    }
    if claim.terminating || volume.terminating {
        return refuse(Reason::BeingDeleted(volume.terminating.then_some(name)));
    }
    if !volume.is_retained() {
        return refuse(Reason::Policy { volume: name, policy: volume.policy.clone() });
    }
    known_to_driver(situation, volume)?;
    Ok(volume)
}

/// Safety rule 7: a volume of another claim is never touched.
fn of_target(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    if volume.refers_to(situation.target) {
        return Ok(());
    }
    let name = volume.name.clone();
    Err(Refusal::new(
        situation,
        match &volume.claim_ref {
            Some(other) => Reason::OfAnotherClaim { volume: name, owner: other.claim.clone() },
            None => Reason::NoClaimRef(name),
        },
    ))
}

/// The volume of that name, which must have been read.
fn read<'a>(situation: &Situation<'a>, name: &str) -> Result<&'a Volume, Refusal> {
    situation.volume(name).ok_or_else(|| Refusal::new(situation, Reason::VolumeGone(name.to_owned())))
}

/// The only volume that is meant.
fn only<'a>(situation: &Situation<'_>, verb: Verb, meant: &[&'a Volume]) -> Result<&'a Volume, Refusal> {
    let reason = match meant {
        [volume] => return Ok(volume),
        [] if situation.claim.is_some() => Reason::NoVolume,
        [] => Reason::Nothing,
        several => Reason::Several { verb, volumes: several.iter().map(|v| v.name.clone()).collect() },
    };
    Err(Refusal::new(situation, reason))
}
