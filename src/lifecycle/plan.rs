//! A verb on a situation: the change to make, or why not.
//!
//! The safety rules live here. What reaches the API server is a [`Change`] from one of these
//! functions, or nothing.

use super::assess::assess;
use super::change::Change;
use super::facts::{ClaimPhase, ClaimRef, Origin, Sign, Target, Volume, VolumePhase};
use super::next::{Next, Remark, Step, Verb, choice, install, recreate, uninstall, way_back};
use super::situation::Situation;

/// What a verb does to a situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This patch.
    Change(Change),
    /// Nothing: the volume of this name is already as asked.
    Done(String),
}

/// What stands in the way of a verb; the strings are names of volumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    // Claim and volume are not bound to each other: with policy Delete the volume, named or not, could
    // be deleted at once.
    NotBound(Option<String>),
    NotRetained { volume: String, phase: VolumePhase, policy: String },
    // The claim is gone, and the volume controller has not released the volume yet.
    NotReleased { volume: String, phase: VolumePhase },
    ClaimLost,
    ClaimTerminating(String),
    StillBound(String),
    BoundToAnother { own: String, volumes: Vec<String> },
    NoClaim,
    // The claim is not bound, to the volume that it names if it names one.
    Unbound { phase: ClaimPhase, volume: Option<String> },
    CannotVerifyLost,
    // The claim's volume was made for it, which this tells, and no other is preserved.
    MadeForIt(String, Sign),
    // The claim, or the volume of this name, is being deleted.
    GoingAway(Option<String>),
    Policy { volume: String, policy: String },
    // Safety rule 7.
    OfAnotherClaim { volume: String, owner: Target },
    OfNoClaim(String),
    // The API server takes no deletionTimestamp back.
    VolumeTerminating { volume: String, data_stays: bool },
    VolumeGone(String),
    NoVolume,
    // Neither claim nor volume.
    Nothing,
    Several(Vec<String>),
}

/// What the plugin itself can do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing that waiting or choosing would bring.
    None,
    /// The situation may become right by itself.
    Wait,
    /// The user chooses a volume.
    Choose,
}

/// Why a verb does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The claim that was meant.
    pub target: Target,
    pub reason: Reason,
    pub next: Vec<Next>,
}

impl Refusal {
    fn new(situation: &Situation<'_>, reason: Reason) -> Self {
        Self { target: situation.target.clone(), reason, next: Vec::new() }
    }

    fn next(self, next: impl IntoIterator<Item = Next>) -> Self {
        Self { next: next.into_iter().collect(), ..self }
    }

    pub fn remedy(&self) -> Remedy {
        match self.reason {
            Reason::NotReleased { .. }
            | Reason::ClaimLost
            | Reason::ClaimTerminating(_)
            | Reason::StillBound(_)
            | Reason::BoundToAnother { .. }
            | Reason::NoClaim
            | Reason::Unbound { .. } => Remedy::Wait,
            Reason::Several(_) => Remedy::Choose,
            Reason::NotBound(_)
            | Reason::NotRetained { .. }
            | Reason::CannotVerifyLost
            | Reason::MadeForIt(..)
            | Reason::GoingAway(_)
            | Reason::Policy { .. }
            | Reason::OfAnotherClaim { .. }
            | Reason::OfNoClaim(_)
            | Reason::VolumeTerminating { .. }
            | Reason::VolumeGone(_)
            | Reason::NoVolume
            | Reason::Nothing => Remedy::None,
        }
    }
}

/// Reclaim policy → Retain: safe in every phase, so only the volume has to be the right one.
pub fn retain(situation: &Situation<'_>) -> Result<Plan, Refusal> {
    let claimed = situation.claim.and_then(|c| c.volume_name.as_deref());
    let volume = if let Some(name) = situation.named.or(claimed) {
        situation.volume(name).ok_or_else(|| missing(situation, name))?
    } else {
        let at_risk = |terminating| situation.naming(|v| !v.is_retained() && v.terminating == terminating);
        // Where all are retained already, any will do: nothing is done to it.
        let any = situation.naming(Volume::is_retained).into_iter().take(1).collect();
        let meant = [at_risk(false), at_risk(true), any].into_iter().find(|m| !m.is_empty()).unwrap_or_default();
        one(situation, Verb::Retain, &meant)?
    };
    ours(situation, volume)?;
    if volume.is_retained() {
        return Ok(Plan::Done(volume.name.clone()));
    }
    let late = situation.is_left(volume);
    Ok(Plan::Change(if late { Change::retain_late(volume) } else { Change::policy(volume, "Retain") }))
}

/// Reclaim policy → Delete, only while claim and volume are bound to each other, by both UIDs: a volume
/// whose claim is gone would be deleted at once.
pub fn unretain(situation: &Situation<'_>) -> Result<Plan, Refusal> {
    if let Some(named) = situation.named {
        ours(situation, situation.volume(named).ok_or_else(|| missing(situation, named))?)?;
    }
    let bound = situation.bound().filter(|(claim, volume)| !claim.terminating && !volume.terminating);
    match bound {
        Some((_, volume)) if situation.named.is_none_or(|named| named == volume.name) => {
            Ok(match volume.policy.as_str() {
                "Delete" => Plan::Done(volume.name.clone()),
                _ => Plan::Change(Change::expose(volume, situation.target)),
            })
        }
        _ => {
            let reason = Reason::NotBound(situation.named.map(str::to_owned));
            Err(Refusal::new(situation, reason).next([Next::run(Verb::Status)]))
        }
    }
}

/// `claimRef.uid` and `claimRef.resourceVersion` cleared, once the claim that they mean is gone.
///
/// Clearing them under a living claim turns that claim Lost (seen on 1.20 and 1.36), so this
/// refuses as long as a claim of that UID may live.
pub fn reuse(situation: &Situation<'_>) -> Result<Plan, Refusal> {
    let volume = preserved(situation, Verb::Reuse)?;
    let name = volume.name.clone();
    // Before all else: nobody is told to delete a claim whose volume would be deleted with it.
    if !volume.is_retained() {
        let remark = match volume.phase {
            VolumePhase::Released | VolumePhase::Failed => Remark::Now,
            VolumePhase::Available => Remark::BeforeBinding,
            VolumePhase::Pending | VolumePhase::Bound => Remark::BeforeUninstall,
        };
        let retain = Next::on(Verb::Retain, &name).because(remark);
        let reason = Reason::NotRetained { volume: name, phase: volume.phase, policy: volume.policy.clone() };
        return Err(Refusal::new(situation, reason).next([retain]));
    }
    if volume.terminating {
        return Err(terminating(situation, volume));
    }
    claim_gone(situation, volume)?;
    match volume.phase {
        // Cleared already, though it may take the volume controller a moment to say Available.
        VolumePhase::Available | VolumePhase::Released | VolumePhase::Failed if volume.is_reserved() => {
            Ok(Plan::Done(name))
        }
        VolumePhase::Released | VolumePhase::Failed => Ok(Plan::Change(Change::release(volume, situation.target))),
        phase => {
            let waits = Next::run(Verb::Reuse).waiting().because(Remark::UntilReleased);
            Err(Refusal::new(situation, Reason::NotReleased { volume: name, phase }).next([waits]))
        }
    }
}

/// Picks the volume: the named one; the bound one if nothing else is preserved; else one that is reserved,
/// Released, any. Several: the user chooses.
pub fn preserved<'a>(situation: &Situation<'a>, verb: Verb) -> Result<&'a Volume, Refusal> {
    let others = situation.preserved();
    let volume = match (situation.named, situation.bound()) {
        (Some(name), _) => situation.volume(name).ok_or_else(|| missing(situation, name))?,
        (None, Some((_, volume))) if others.is_empty() => volume,
        // Its own or the preserved one: only the user knows which is wanted.
        (None, Some((_, volume))) if verb == Verb::Export => one(situation, verb, &[&[volume], &*others].concat())?,
        _ => {
            let reserved = situation.naming(|v| v.phase == VolumePhase::Available && v.is_reserved());
            let released = situation.naming(|v| v.is_released() && !v.terminating);
            let meant = [[reserved, released].concat(), situation.naming(|_| true)];
            let meant = meant.into_iter().find(|m| !m.is_empty()).unwrap_or_default();
            one(situation, verb, &meant)?
        }
    };
    ours(situation, volume)?;
    Ok(volume)
}

/// Refuses while the claim in claimRef may exist, or a claim of that name is bound elsewhere.
fn claim_gone(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    let Some(claim) = situation.claim else { return Ok(()) };
    let name = volume.name.clone();
    let waits = || Next::run(Verb::Reuse).waiting().because(Remark::UntilDeleted);
    let held = volume.holds(claim);
    let reason = match claim.phase {
        ClaimPhase::Lost => Reason::ClaimLost,
        _ if held && claim.terminating => Reason::ClaimTerminating(name),
        _ if held => Reason::StillBound(name),
        ClaimPhase::Pending => return Ok(()),
        ClaimPhase::Bound => {
            let reason =
                Reason::BoundToAnother { own: claim.volume_name.clone().unwrap_or_default(), volumes: vec![name] };
            return Err(Refusal::new(situation, reason).next(way_back(situation, &[volume])));
        }
    };
    let next = match (held, claim.terminating) {
        (true, true) => vec![waits()],
        (true, false) if claim.keep.may_stay() => assess(situation).next,
        _ => [uninstall(situation), vec![waits()]].concat(),
    };
    Err(Refusal::new(situation, reason).next(next))
}

/// Whether the claim is bound to the preserved volume: by name, by UID, with Retain, and the volume
/// the one named, else one that was not made for this claim.
pub fn verify<'a>(situation: &Situation<'a>) -> Result<&'a Volume, Refusal> {
    let refuse = |reason, next: Vec<Next>| Err(Refusal::new(situation, reason).next(next));
    let status = || vec![Next::run(Verb::Status)];
    let Some(claim) = situation.claim else {
        let next = install(situation.named).into_iter().collect();
        return refuse(Reason::NoClaim, next);
    };
    if claim.phase == ClaimPhase::Lost {
        return refuse(Reason::CannotVerifyLost, status());
    }
    let Some((_, volume)) = situation.bound() else {
        let reason = Reason::Unbound { phase: claim.phase, volume: claim.volume_name.clone() };
        return refuse(reason, assess(situation).next);
    };
    let (name, origin) = (volume.name.clone(), volume.origin(claim));
    if !situation.named.map_or(origin.is_preserved(), |named| named == name) {
        let expected = match situation.named {
            Some(named) => situation.volume(named).into_iter().collect(),
            None => situation.preserved(),
        };
        return match origin {
            Origin::MadeForClaim(sign) if expected.is_empty() => refuse(Reason::MadeForIt(name, sign), status()),
            _ => {
                let names = || expected.iter().map(|v| v.name.clone()).collect();
                let volumes = situation.named.map_or_else(names, |named| vec![named.to_owned()]);
                refuse(Reason::BoundToAnother { own: name, volumes }, way_back(situation, &expected))
            }
        };
    }
    if claim.terminating || volume.terminating {
        return refuse(Reason::GoingAway(volume.terminating.then_some(name)), status());
    }
    if !volume.is_retained() {
        let reason = Reason::Policy { volume: name, policy: volume.policy.clone() };
        return refuse(reason, vec![Next::run(Verb::Retain)]);
    }
    Ok(volume)
}

/// Safety rule 7: a volume that belongs to another claim is never touched.
fn ours(situation: &Situation<'_>, volume: &Volume) -> Result<(), Refusal> {
    if volume.names(situation.target) {
        return Ok(());
    }
    let volume_name = volume.name.clone();
    let owner = |r: &ClaimRef| Target { namespace: r.namespace.clone(), claim: r.name.clone() };
    Err(match &volume.claim_ref {
        Some(other) => {
            let reason = Reason::OfAnotherClaim { volume: volume_name, owner: owner(other) };
            Refusal::new(situation, reason).next([Step::Elsewhere(owner(other)).into()])
        }
        None => Refusal::new(situation, Reason::OfNoClaim(volume_name)),
    })
}

/// Why nothing can be done for a volume that has a deletionTimestamp, and how it is brought back.
pub fn terminating(situation: &Situation<'_>, volume: &Volume) -> Refusal {
    let data_stays = volume.is_retained() && situation.claim.is_some_and(|claim| volume.holds(claim));
    let reason = Reason::VolumeTerminating { volume: volume.name.clone(), data_stays };
    Refusal::new(situation, reason).next(recreate(situation, volume))
}

fn missing(situation: &Situation<'_>, name: &str) -> Refusal {
    Refusal::new(situation, Reason::VolumeGone(name.to_owned()))
}

fn one<'a>(situation: &Situation<'_>, verb: Verb, meant: &[&'a Volume]) -> Result<&'a Volume, Refusal> {
    match meant {
        [volume] => Ok(volume),
        [] if situation.claim.is_some() => {
            Err(Refusal::new(situation, Reason::NoVolume).next([Next::run(Verb::Status)]))
        }
        [] => Err(Refusal::new(situation, Reason::Nothing)),
        several => {
            let names = several.iter().map(|v| v.name.clone()).collect();
            Err(Refusal::new(situation, Reason::Several(names)).next(choice(verb, several)))
        }
    }
}
