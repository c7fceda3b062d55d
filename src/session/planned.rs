//! Plans for several claims, made before anything is asked or sent.

use crate::cluster::{Observation, Survey};
use crate::error::Error;
use crate::lifecycle::{
    Change, Finding, Plan, Reason, Refusal, Remedy, Situation, Stage, Target, Verb, member, retain, reuse, unretain,
};

/// The verbs that change the volumes of several claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    Retain,
    Unretain,
    Reuse,
}

impl Many {
    pub fn plan(self, situation: &Situation<'_>) -> Result<Plan, Refusal> {
        match self {
            Self::Retain => retain(situation),
            Self::Unretain => unretain(situation),
            Self::Reuse => reuse(situation),
        }
    }

    pub fn verb(self) -> Verb {
        match self {
            Self::Retain => Verb::Retain,
            Self::Unretain => Verb::Unretain,
            Self::Reuse => Verb::Reuse,
        }
    }
}

/// Changes to send together, each with its claim: those of a set, else one.
pub type Unit = Vec<(Target, Change)>;

/// The plans for all claims.
#[derive(Default)]
pub struct Planned {
    /// The changes, in the order in which they are sent.
    pub changes: Vec<Unit>,
    /// Claims and volumes that are as asked already.
    pub done: Vec<(Target, String)>,
    /// Claims that fail.
    pub failed: Vec<(Target, Error)>,
    /// Claims that were selected, and not named, and are left as they are.
    pub left: Vec<Target>,
    /// Findings to be told before the question, each with its claim.
    pub findings: Vec<(Target, Finding)>,
}

impl Planned {
    /// The plan for each volume of each claim. Volumes that may be deleted at any time come first; a claim that was waited for
    /// until the limit, as it was typed, has timed out.
    pub fn new(many: Many, survey: &Survey, named: &[&str], timed_out: Option<&str>) -> Self {
        let mut planned = Self::default();
        let urgent = |seen: &&Observation| matches!(seen.assess().stage, Stage::Doomed | Stage::Terminating);
        let (first, rest): (Vec<_>, Vec<_>) = survey.claims.iter().partition(urgent);
        let incomplete = survey.assess();
        for seen in first.into_iter().chain(rest) {
            let is_named = named.contains(&seen.target.name.as_str());
            if many == Many::Reuse && !is_named {
                let found = incomplete.iter().find(|found| *found.situation.target == seen.target);
                let set = found.and_then(|found| {
                    found.findings.iter().find_map(|it| match it {
                        Finding::SetIncomplete(set) => Some(set.clone()),
                        _ => None,
                    })
                });
                if let Some(set) = set {
                    planned.refuse(&seen.target, Reason::SetIncomplete(set));
                    continue;
                }
            }
            planned.add(many, seen, is_named, timed_out);
        }
        planned
    }

    fn add(&mut self, many: Many, seen: &Observation, is_named: bool, timed_out: Option<&str>) {
        let (target, situation) = (&seen.target, seen.situation());
        if many == Many::Retain {
            let applied = |finding: &Finding| matches!(finding, Finding::PolicyApplied { .. });
            let findings = seen.assess().findings.into_iter().filter(applied);
            self.findings.extend(findings.map(|finding| (target.clone(), finding)));
        }
        let volumes = if many == Many::Retain { situation.referring(|_| true) } else { Vec::new() };
        let about = volumes.iter().map(|volume| Situation { named: Some(&volume.name), ..situation.clone() });
        let about: Vec<Situation<'_>> = if volumes.is_empty() { vec![situation.clone()] } else { about.collect() };
        for situation in about {
            let volume = situation.named.and_then(|name| situation.volume(name));
            match many.plan(&situation) {
                Ok(Plan::Change(change)) => self.push(many, target, change),
                // Uninstalling is not safe: its object goes.
                Ok(Plan::Done(_)) if many == Many::Retain && volume.is_some_and(|v| v.terminating) => {
                    let refusal = volume.map(|volume| Refusal::terminating(&situation, volume).into());
                    self.failed.extend(refusal.map(|refusal| (target.clone(), refusal)));
                }
                Ok(Plan::Done(name)) => self.done.push((target.clone(), name)),
                Err(refusal) if !is_named && is_left(many, &situation, &refusal.reason) => {
                    self.left.push(target.clone());
                }
                Err(refusal) => {
                    let error = match timed_out.filter(|_| is_awaited(seen, is_named)) {
                        Some(limit) => Error::TimedOut(limit.to_owned(), refusal),
                        None => refusal.into(),
                    };
                    self.failed.push((target.clone(), error));
                }
            }
        }
    }

    /// Adds a change; of `reuse`, to those of its set.
    fn push(&mut self, many: Many, target: &Target, change: Change) {
        let stem = |name: &'_ str| member(name).filter(|_| many == Many::Reuse).map(|(stem, _)| stem.to_owned());
        let own = stem(&target.name);
        let same = |unit: &&mut Unit| own.is_some() && unit.first().is_some_and(|(other, _)| stem(&other.name) == own);
        match self.changes.iter_mut().find(same) {
            Some(unit) => unit.push((target.clone(), change)),
            None => self.changes.push(vec![(target.clone(), change)]),
        }
    }

    /// Adds a failure that no command of ours helps with.
    pub fn refuse(&mut self, target: &Target, reason: Reason) {
        let refusal = Refusal { target: target.clone(), reason, next: Vec::new() };
        self.failed.push((target.clone(), refusal.into()));
    }

    /// The changes, one after the other.
    pub fn each(&self) -> impl Iterator<Item = &(Target, Change)> {
        self.changes.iter().flatten()
    }
}

/// True if `reuse` waits for the claim: for a named one whatever it waits for, for a selected one unless it is bound, or
/// waits for another volume.
pub fn is_awaited(seen: &Observation, is_named: bool) -> bool {
    let situation = seen.situation();
    let Err(Refusal { reason, .. }) = reuse(&situation) else { return false };
    let lives = matches!(
        reason,
        Reason::StillBound(_) | Reason::AlreadyReused(_) | Reason::BoundToAnother { .. } | Reason::ClaimLost
    );
    let stays = lives && situation.claim.is_some_and(|claim| !claim.terminating);
    reason.remedy() == Remedy::Wait && (is_named || !stays)
}

/// True if a claim that was selected, and not named, is left as it is: of `retain` one without a volume, of `reuse` one that
/// has its volume, or never had one.
fn is_left(many: Many, situation: &Situation<'_>, reason: &Reason) -> bool {
    let lives = situation.claim.is_some_and(|claim| !claim.terminating);
    match many {
        Many::Retain => matches!(reason, Reason::NoVolume | Reason::Nothing | Reason::VolumeGone(_)),
        Many::Reuse => {
            let is_bound = situation.bound().is_some() && situation.preserved().is_empty();
            let exposed = is_bound && matches!(reason, Reason::NotRetained { .. });
            let has = matches!(reason, Reason::StillBound(_) | Reason::AlreadyReused(_) | Reason::NoVolume);
            lives && (has || exposed)
        }
        Many::Unretain => false,
    }
}
