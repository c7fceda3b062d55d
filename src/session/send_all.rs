//! Patches of several volumes, one after the other: before each the claim and its volume are read and planned again.

use std::cell::Cell;
use std::mem::take;

use super::Session;
use super::change::{ATTEMPTS, send};
use super::consent::DryRun;
use super::planned::{Many, Planned, Unit};
use crate::cluster::{Observation, Reach, Read};
use crate::error::{Error, Unsettled};
use crate::lifecycle::{Change, Plan, Refusal, Target, Volume};

/// The maximum number of times that changes which differ from what was agreed to are asked about.
const ROUNDS: u32 = 10;

/// The outcome of one change.
enum Outcome {
    Patched(Box<Read<Volume>>),
    Done,
    /// The change is another than the one that was agreed to.
    Differs(Change),
}

/// The outcome of all changes.
#[derive(Default)]
pub struct Sent {
    pub changed: Vec<Read<Volume>>,
    pub not_tried: Vec<Target>,
    /// True if a failure that is everybody's has ended it.
    pub stopped: bool,
}

impl Session {
    /// Asks, and sends what is agreed to; what differs by then is shown and asked about once more at the end.
    pub(super) async fn send_all(
        &self,
        many: Many,
        planned: &mut Planned,
        of: usize,
        count: &Cell<(usize, usize)>,
    ) -> Result<Sent, Error> {
        let mut sent = Sent::default();
        for round in 0..ROUNDS {
            if planned.changes.is_empty() || sent.stopped {
                break;
            }
            match self.agree_to_all(many, planned, round, of).await {
                Err(error) if round == 0 => return Err(error),
                // The rest was not agreed to.
                Err(_) => break,
                Ok(()) => {}
            }
            count.set((sent.changed.len(), sent.changed.len() + planned.each().count()));
            let mut again = Vec::new();
            let mut units = take(&mut planned.changes).into_iter();
            for unit in units.by_ref() {
                let differs = self.send_unit(many, unit, planned, &mut sent, count).await?;
                again.extend((!differs.is_empty()).then_some(differs));
                if sent.stopped {
                    break;
                }
            }
            planned.changes = units.chain(again).collect();
        }
        sent.not_tried.extend(take(&mut planned.changes).into_iter().flatten().map(|(target, _)| target));
        Ok(sent)
    }

    /// Sends the changes of a unit, one after the other; of a set, once each of them is still what was agreed to. Those that
    /// have to be asked about once more.
    async fn send_unit(
        &self,
        many: Many,
        unit: Unit,
        planned: &mut Planned,
        sent: &mut Sent,
        count: &Cell<(usize, usize)>,
    ) -> Result<Unit, Error> {
        if unit.len() > 1 {
            let mut now = Vec::new();
            for (target, agreed) in &unit {
                match self.look(many, target, agreed).await {
                    Ok((_, Plan::Change(change))) => now.push((target.clone(), change)),
                    Ok((_, Plan::Done(_))) => {}
                    Err(error) => {
                        // Without one member the set is not whole.
                        sent.stopped = is_everybodys(&error);
                        planned.failed.push((target.clone(), error));
                        sent.not_tried.extend(unit.iter().map(|(it, _)| it).filter(|it| *it != target).cloned());
                        return Ok(Unit::new());
                    }
                }
            }
            let same = |(target, change): &(Target, Change)| {
                unit.iter().any(|(other, agreed)| other == target && agreed.is_same_decision(change))
            };
            if !now.iter().all(same) {
                return Ok(now);
            }
        }
        // Once a member of a set differs or fails, the others wait for a person.
        let of_set = unit.len() > 1;
        let mut again = Unit::new();
        let mut changes = unit.into_iter();
        for (target, change) in changes.by_ref() {
            match self.send_one(many, &target, &change).await {
                Ok(Outcome::Patched(volume)) => {
                    self.announce(&volume.facts.name)?;
                    sent.changed.push(*volume);
                    count.set((sent.changed.len(), count.get().1));
                }
                Ok(Outcome::Done) => planned.done.push((target, change.volume)),
                Ok(Outcome::Differs(change)) => {
                    again.push((target, change));
                    if of_set {
                        again.extend(changes);
                        return Ok(again);
                    }
                }
                Err(error) => {
                    sent.stopped = is_everybodys(&error);
                    planned.failed.push((target, error));
                    if sent.stopped || of_set {
                        break;
                    }
                }
            }
        }
        sent.not_tried.extend(changes.map(|(target, _)| target));
        Ok(again)
    }

    /// Reads the claim and the volume again, and plans.
    async fn look(&self, many: Many, target: &Target, agreed: &Change) -> Result<(Observation, Plan), Error> {
        let reach = if many == Many::Reuse { Reach::All } else { Reach::Named };
        let mut seen = self.cluster.observe(target, Some(&agreed.volume), reach, self.freshness()).await?;
        if many == Many::Reuse {
            self.cluster.read_rivals(&mut seen).await?;
            self.cluster.ask_trident(&mut seen, |volume| volume.name == agreed.volume).await?;
        }
        let plan = many.plan(&seen.situation())?;
        Ok((seen, plan))
    }

    /// Reads and plans again, and sends the change if it is the one that was agreed to.
    async fn send_one(&self, many: Many, target: &Target, agreed: &Change) -> Result<Outcome, Error> {
        let mut attempts = 0;
        loop {
            let (seen, plan) = self.look(many, target, agreed).await?;
            let change = match plan {
                Plan::Done(_) => return Ok(Outcome::Done),
                Plan::Change(change) if !change.is_same_decision(agreed) => return Ok(Outcome::Differs(change)),
                Plan::Change(change) => change,
            };
            attempts += 1;
            match send(&self.of(target), &change, &seen).await {
                Err(error) if error.is_conflict() && attempts < ATTEMPTS => {}
                Err(error) => return Err(error),
                Ok(volume) if self.consent.dry_run == DryRun::None => {
                    let policy = change.policy_set().filter(|policy| *policy != volume.facts.policy);
                    if policy.is_some() {
                        let reset = Unsettled::PolicyReset(volume.facts.name, volume.facts.policy);
                        return Err(Error::Unsettled(target.clone(), reset));
                    }
                    if many == Many::Retain && volume.facts.terminating {
                        return Err(Refusal::terminating(&seen.situation(), &volume.facts).into());
                    }
                    return Ok(Outcome::Patched(Box::new(volume)));
                }
                Ok(volume) => return Ok(Outcome::Patched(Box::new(volume))),
            }
        }
    }
}

/// True if the error is not one claim's: the server was not reached, or the credentials are rejected.
fn is_everybodys(error: &Error) -> bool {
    match error {
        Error::Connection { .. } | Error::Terminal(_) | Error::Unsettled(_, Unsettled::Unknown(..)) => true,
        Error::Api(status) => status.code == 401,
        _ => false,
    }
}
