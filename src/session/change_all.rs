//! Changes of several claims' volumes: everything is read and planned, one table shows what is changed, one question is asked,
//! and before each patch the claim and its volume are read and planned again.

use std::cell::Cell;
use std::mem::take;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use super::change::{mounted, send, warnings};
use super::consent::DryRun;
use super::planned::{Many, Planned, Unit, is_awaited};
use super::verbs::SETTLES_WITHIN;
use super::wait::{Limit, Wait};
use super::{Session, allowed};
use crate::cluster::{Fresh, Kind, Observation, Reach, Read, Survey, Watched, not_found};
use crate::error::{Action, Error, Unsettled};
use crate::kubectl::table::table;
use crate::lifecycle::{Change, Finding, Plan, Reason, Refusal, Stage, Target, Volume, VolumePhase, reuse, verify};
use crate::words::question::{Notice, brief, notice};
use crate::words::wait::Awaited;

/// The maximum number of times that changes which differ from what was agreed to are asked about.
const ROUNDS: u32 = 10;

/// The number of claims whose warnings are read at a time.
const AT_A_TIME: usize = 16;

/// The outcome of one change.
enum Outcome {
    Patched(Box<Read<Volume>>),
    Done,
    /// The change is another than the one that was agreed to.
    Differs(Change),
}

/// The outcome of all changes.
#[derive(Default)]
struct Sent {
    changed: Vec<Read<Volume>>,
    not_tried: Vec<Target>,
    /// True if a failure that is everybody's has ended it.
    stopped: bool,
}

/// The volumes of several claims after a verb.
pub struct Changes {
    session: Session,
    many: Many,
    /// The claims as they are now, if they could be read.
    survey: Option<Survey>,
    left: Vec<Target>,
    failed: Vec<(Target, Error)>,
    not_tried: Vec<Target>,
    of: usize,
    /// The outcome of the last look.
    last: Result<(), Error>,
}

impl Changes {
    /// Tells people where the claims stand now.
    #[must_use]
    pub fn tell(self) -> Self {
        self.session.tell_left(self.many, &self.left);
        self.survey.iter().for_each(|survey| self.session.tell_survey(survey));
        self
    }

    /// Tells the failures; an error if there are any.
    pub fn end(self) -> Result<(), Error> {
        let ended = self.session.some_failed(self.many.verb(), self.failed, self.not_tried, self.of);
        ended.and(self.last).map_err(|error| self.session.owned(error))
    }
}

impl Session {
    /// Changes the volumes of the selection; `reuse` waits up to `limit` for claims to be deleted.
    ///
    /// One claim's failure does not stop the others; one that is everybody's (connection, credentials) does. Ctrl-C ends it
    /// with the number of volumes that were patched.
    pub async fn change_all(&self, many: Many, limit: Option<Limit>) -> Result<Changes, Error> {
        let patched = Cell::new((0, 0));
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => Err(match patched.get() {
                (0, _) => Error::Interrupted,
                (patched, of) => Error::InterruptedAfter { patched, of },
            }),
            outcome = self.change_each(many, limit, &patched) => outcome,
        }
    }

    async fn change_each(
        &self,
        many: Many,
        limit: Option<Limit>,
        count: &Cell<(usize, usize)>,
    ) -> Result<Changes, Error> {
        let first = self.survey(self.freshness()).await?;
        let missing = self.missing(&first.claims).await;
        let session = &self.settled(&first);
        session.change_settled(many, limit, count, first, missing).await.map_err(|error| session.owned(error))
    }

    async fn change_settled(
        &self,
        many: Many,
        limit: Option<Limit>,
        count: &Cell<(usize, usize)>,
        first: Survey,
        missing: Vec<(Target, Error)>,
    ) -> Result<Changes, Error> {
        let limit = limit.filter(|limit| many == Many::Reuse && !limit.time.is_zero());
        let known: Vec<Target> = first.claims.iter().map(|seen| seen.target.clone()).collect();
        let (mut survey, timed_out) = match limit.clone() {
            Some(limit) => self.survey_once_deleted(first, limit).await?,
            None => (first, None),
        };
        if many == Many::Reuse {
            self.ask_driver_of_all(&mut survey).await?;
        }
        let of = known.len() + missing.len();
        let mut planned = Planned::new(many, &survey, &self.selection.named(), timed_out.as_deref());
        planned.failed.extend(missing);
        planned.failed.extend(self.vanished(&known, &survey).await);
        if many == Many::Reuse {
            let warned = self.warnings_of_all(&planned, &survey).await?;
            planned.findings.extend(warned);
        }
        let mut sent = self.send_all(many, &mut planned, of, count).await?;
        let mut last = Ok(());
        let real = self.consent.dry_run == DryRun::None && !sent.stopped;
        if real {
            if many == Many::Reuse {
                planned.failed.extend(self.settle_all(&mut sent.changed, &planned.done, limit).await);
            }
            // A claim may have been bound to another volume meanwhile.
            match self.survey(Fresh::Consistent).await {
                Ok(now) => {
                    survey = now;
                    self.look_again(many, &mut planned, &sent, &survey);
                }
                Err(error) => last = Err(error),
            }
        }
        self.print_volumes(&sent.changed, &planned.done, &survey.claims)?;
        let nothing = sent.changed.is_empty() && planned.done.is_empty() && planned.failed.is_empty();
        if many == Many::Reuse && nothing {
            self.tell_left(many, &planned.left);
            return Err(Error::NothingToReuse(self.target.namespace.clone()));
        }
        let Planned { failed, left, .. } = planned;
        // Of what was read before the patches nothing is told.
        let survey = (real && last.is_ok()).then_some(survey);
        Ok(Changes { session: self.clone(), many, survey, left, failed, not_tried: sent.not_tried, of, last })
    }

    /// The claims that were there at the first look and are nowhere now, neither by themselves nor by a volume.
    pub(super) async fn vanished(&self, known: &[Target], survey: &Survey) -> Vec<(Target, Error)> {
        let mut gone = Vec::new();
        for target in known.iter().filter(|target| survey.claims.iter().all(|seen| seen.target != **target)) {
            gone.push((target.clone(), self.of(target).absent().await));
        }
        gone
    }

    /// A client dry run may read from the watch cache; a patch never does.
    fn freshness(&self) -> Fresh {
        if self.consent.dry_run == DryRun::Client { Fresh::Cached } else { Fresh::Consistent }
    }

    /// Reads the selection until every claim that is waited for is deleted, or the limit has passed: then also the limit, as it
    /// was typed.
    async fn survey_once_deleted(&self, first: Survey, limit: Limit) -> Result<(Survey, Option<String>), Error> {
        let (named, namespace) = (self.selection.named(), &self.target.namespace);
        let mut wait = Wait::new(self, Awaited::ClaimGone, Some(limit.clone()));
        let (mut survey, mut versions) = (first, None);
        loop {
            let is_named = |seen: &Observation| named.contains(&seen.target.name.as_str());
            let waiting: Vec<&Observation> =
                survey.claims.iter().filter(|seen| is_awaited(seen, is_named(seen))).collect();
            // Under another policy than Retain nothing is waited for: the volume would be deleted with its claim.
            let is_exposed = |seen: &Observation| {
                let lives = seen.claim.as_ref().is_some_and(|claim| !claim.facts.terminating);
                let refusal = reuse(&seen.situation()).err().filter(|_| is_named(seen) || !lives);
                refusal.is_some_and(|it| matches!(it.reason, Reason::NotRetained { .. }))
            };
            let Some(first) = waiting.first().filter(|_| !survey.claims.iter().any(is_exposed)) else {
                wait.end(waiting.is_empty());
                return Ok((survey, None));
            };
            wait.count(&first.target, survey.claims.len() - waiting.len(), survey.claims.len());
            if let Some(versions) = versions.take()
                && !wait.until(Watched::Any(namespace, &versions)).await?
            {
                return Ok((survey, Some(limit.typed)));
            }
            match wait.read(async || self.survey_and_versions().await).await {
                Ok((read, now)) => (versions, survey) = (Some(read), now),
                Err(_) if wait.is_over() => return Ok((survey, Some(limit.typed))),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads the selection; the versions are read before the claims, so that a watch from there misses no change.
    pub async fn survey_and_versions(&self) -> Result<([String; 2], Survey), Error> {
        Ok((self.cluster.versions(&self.target.namespace).await?, self.survey(Fresh::Consistent).await?))
    }

    /// The warnings about the data of the volumes that are to be handed on; the pods are listed once.
    async fn warnings_of_all(&self, planned: &Planned, survey: &Survey) -> Result<Vec<(Target, Finding)>, Error> {
        let pods = allowed(self.cluster.pods(&self.target.namespace, "").await)?;
        let of = async |(target, change): &(Target, Change)| {
            let Some(seen) = survey.claims.iter().find(|seen| seen.target == *target) else { return Ok(Vec::new()) };
            let mut found = warnings(&self.of(target), seen, &change.volume).await?;
            if seen.claim.is_none() {
                found.extend(mounted(target, &change.volume, &pods));
            }
            Ok::<_, Error>(found.into_iter().map(|finding| (target.clone(), finding)).collect())
        };
        let found: Vec<Vec<(Target, Finding)>> =
            stream::iter(planned.each()).map(of).buffered(AT_A_TIME).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Asks, and sends what is agreed to; what differs by then is shown and asked about once more at the end.
    async fn send_all(
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
        let reach = if many == Many::Reuse { Reach::All } else { Reach::Own };
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
        for _ in 0..ROUNDS {
            let (seen, plan) = self.look(many, target, agreed).await?;
            let change = match plan {
                Plan::Done(_) => return Ok(Outcome::Done),
                Plan::Change(change) if !change.is_same_decision(agreed) => return Ok(Outcome::Differs(change)),
                Plan::Change(change) => change,
            };
            match send(&self.of(target), &change, &seen).await {
                Err(error) if error.is_conflict() => {}
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
        Ok(Outcome::Differs(agreed.clone()))
    }

    /// Waits until the volumes are Available, or bound to the next claim already; the claims of those that are not.
    async fn settle_all(
        &self,
        changed: &mut [Read<Volume>],
        done: &[(Target, String)],
        limit: Option<Limit>,
    ) -> Vec<(Target, Error)> {
        let seconds = || Limit { typed: format!("{}s", SETTLES_WITHIN.as_secs()), time: SETTLES_WITHIN };
        let limit = limit.unwrap_or_else(seconds);
        let mut wait = Wait::started(self, Awaited::VolumeAvailable, limit.clone());
        let of_claim = |volume: &Volume| volume.claim_ref.as_ref().map(|reference| reference.claim.clone());
        let mut waiting: Vec<(Target, String)> =
            changed.iter().filter_map(|it| Some((of_claim(&it.facts)?, it.facts.name.clone()))).collect();
        waiting.extend(done.iter().cloned());
        let (of, mut failed) = (waiting.len(), Vec::new());
        loop {
            let read = async || {
                let versions = self.cluster.versions(&self.target.namespace).await?;
                let volume = async |(_, name): &(Target, String)| self.cluster.volume(name).await;
                let volumes: Vec<Option<Read<Volume>>> =
                    stream::iter(&waiting).map(volume).buffered(AT_A_TIME).try_collect().await?;
                Ok((versions, volumes))
            };
            let Ok((versions, volumes)) = wait.read(read).await else { break };
            let settled =
                |v: &Volume| v.phase == VolumePhase::Bound || v.phase == VolumePhase::Available && v.is_reserved();
            let names: Vec<String> = waiting.iter().map(|(_, name)| name.clone()).collect();
            for (name, volume) in names.into_iter().zip(volumes) {
                let Some(volume) = volume else {
                    let is_gone = |(_, it): &(Target, String)| *it == name;
                    failed.extend(
                        waiting
                            .iter()
                            .filter(|it| is_gone(it))
                            .map(|(target, name)| (target.clone(), not_found(Kind::Volume, name))),
                    );
                    waiting.retain(|it| !is_gone(it));
                    continue;
                };
                if settled(&volume.facts) {
                    waiting.retain(|(_, name)| *name != volume.facts.name);
                }
                changed.iter_mut().filter(|it| it.facts.name == volume.facts.name).for_each(|it| *it = volume.clone());
            }
            let Some((first, _)) = waiting.first() else {
                wait.end(failed.is_empty());
                return failed;
            };
            wait.count(first, of - waiting.len(), of);
            if !matches!(wait.until(Watched::Any(&self.target.namespace, &versions)).await, Ok(true)) {
                break;
            }
        }
        let late = |(target, volume): (Target, String)| {
            (target.clone(), Error::Unsettled(target, Unsettled::NotAvailable(volume, limit.typed.clone())))
        };
        failed.into_iter().chain(waiting.into_iter().map(late)).collect()
    }

    /// Adds the claims that are not as asked now, though nothing failed.
    fn look_again(&self, many: Many, planned: &mut Planned, sent: &Sent, survey: &Survey) {
        let known: Vec<Target> =
            planned.failed.iter().map(|(target, _)| target).chain(&sent.not_tried).cloned().collect();
        for seen in survey.claims.iter().filter(|seen| !known.contains(&seen.target)) {
            let situation = seen.situation();
            match many {
                Many::Retain => {
                    for volume in situation.referring(|volume| !volume.is_retained()) {
                        let reason = Reason::Policy { volume: volume.name.clone(), policy: volume.policy.clone() };
                        planned.refuse(&seen.target, reason);
                    }
                }
                // The next claim existed already, and has taken another volume.
                Many::Reuse if seen.assess().stage == Stage::Diverted && !planned.left.contains(&seen.target) => {
                    let refusal = verify(&situation).err().map(|refusal| (seen.target.clone(), refusal.into()));
                    planned.failed.extend(refusal);
                }
                Many::Reuse | Many::Unretain => {}
            }
        }
    }

    /// Shows the changes and asks once.
    async fn agree_to_all(&self, many: Many, planned: &Planned, round: u32, claims: usize) -> Result<(), Error> {
        let volumes = planned.each().count();
        let action = Action::PatchAll { volumes, claims, namespace: self.target.namespace.clone() };
        let show = || {
            if round > 0 {
                self.terminal.note(&notice(&Notice::OthersChanged));
            }
            for (target, finding) in &planned.findings {
                self.of(target).tell_each(std::slice::from_ref(finding), None);
            }
            let row = |target: &Target, volume: &str, change: String| {
                [target.name.clone(), volume.to_owned(), change].map(Value::from).to_vec()
            };
            let changes = planned.each().map(|(target, it)| row(target, &it.volume, brief(it)));
            let done = planned.done.iter().map(|(target, volume)| row(target, volume, "(no change)".to_owned()));
            let refused = planned.failed.iter().filter(|(target, _)| !target.name.is_empty());
            let refused = refused.map(|(target, error)| row(target, "", why(error)));
            let rows: Vec<Vec<Value>> = changes.chain(done.chain(refused).filter(|_| round == 0)).collect();
            let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
            let columns = ["claim", "volume", "change"].map(|name| (name, true));
            self.terminal.show_change(table(&columns, &rows, self.output.headers).trim_end());
            if many == Many::Unretain {
                self.terminal.note(&notice(&Notice::Exposes));
            }
        };
        self.consent.agree(self.terminal, action, show).await
    }
}

/// The reason of a failure, in a cell of a table.
fn why(error: &Error) -> String {
    match error {
        Error::Refused(refusal) | Error::TimedOut(_, refusal) => {
            let reason: &str = (&refusal.reason).into();
            format!("(refused: {reason})")
        }
        _ => "(refused)".to_owned(),
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
