//! Changes of several claims' volumes: everything is read and planned, one table shows what is changed, one question is asked,
//! and before each patch the claim and its volume are read and planned again.

use std::cell::Cell;
use std::pin::pin;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use super::change::{mounted, warnings};
use super::consent::DryRun;
use super::planned::{Many, Planned, is_awaited};
use super::send_all::Sent;
use super::verbs::SETTLES_WITHIN;
use super::wait::{Limit, Wait};
use super::{Session, allowed};
use crate::cluster::{Fresh, Kind, Observation, Read, Survey, Watched, not_found};
use crate::error::{Action, Error, Unsettled};
use crate::kubectl::table::table;
use crate::lifecycle::{Change, Finding, Reason, Stage, Target, Volume, VolumePhase, reuse, verify};
use crate::words::question::{Notice, brief, notice};
use crate::words::wait::Awaited;

/// The number of claims whose warnings are read at a time.
const AT_A_TIME: usize = 16;

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

    /// The first failure, if a later attempt may succeed after each of them: the guide looks again.
    pub fn passing(&mut self) -> Option<Error> {
        let passing = self.last.is_ok() && self.failed.iter().all(|(_, error)| error.is_passing());
        (passing && !self.failed.is_empty()).then(|| self.failed.swap_remove(0).1)
    }

    /// Tells the failures; an error if there are any.
    pub fn end(self) -> Result<(), Error> {
        let ended = self.session.some_failed(self.many.verb(), self.failed, self.not_tried, self.of);
        ended.and(self.last).map_err(|error| self.session.owned(self.many.verb(), error))
    }
}

impl Session {
    /// Changes the volumes of the selection; `reuse` waits up to `limit` for claims to be deleted, and up to `settles` until the
    /// volumes are Available.
    ///
    /// One claim's failure does not stop the others; one that is everybody's (connection, credentials) does. Ctrl-C ends it
    /// with the number of volumes that were patched.
    pub async fn change_all(&self, many: Many, limit: Option<Limit>, settles: Option<Limit>) -> Result<Changes, Error> {
        let read = async {
            let first = self.survey(self.freshness()).await?;
            let missing = self.missing(&first.claims).await;
            Ok((first, missing))
        };
        // One for both: a signal between the two would be lost.
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        let (first, missing) = tokio::select! {
            biased;
            _ = &mut interrupted => Err(Error::Interrupted),
            read = read => read,
        }?;
        let (session, count) = (self.settled(&first), Cell::new((0, 0)));
        let outcome = tokio::select! {
            biased;
            _ = &mut interrupted => {
                let (patched, of) = count.get();
                Err(Error::InterruptedAfter { verb: many.verb(), patched, of })
            }
            outcome = session.change_settled(many, [limit, settles], &count, first, missing) => outcome,
        };
        outcome.map_err(|error| session.owned(many.verb(), error))
    }

    async fn change_settled(
        &self,
        many: Many,
        limits: [Option<Limit>; 2],
        count: &Cell<(usize, usize)>,
        first: Survey,
        missing: Vec<(Target, Error)>,
    ) -> Result<Changes, Error> {
        let given = |limit: Option<Limit>| limit.filter(|limit| many == Many::Reuse && !limit.time.is_zero());
        let [limit, settles] = limits.map(given);
        let (of, known) = (first.claims.len() + missing.len(), first.with_volumes());
        let (mut survey, timed_out) = match limit {
            Some(limit) => self.survey_once_deleted(first, limit).await?,
            None => (first, None),
        };
        if many == Many::Reuse {
            self.ask_driver_of_all(&mut survey).await?;
        }
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
                match self.settle_all(&mut sent.changed, &planned.done, settles).await {
                    Ok(late) => planned.failed.extend(late),
                    Err(error) => last = Err(error),
                }
            }
            // A claim may have been bound to another volume meanwhile.
            let now = async {
                let mut now = self.survey(Fresh::Consistent).await?;
                self.ask_driver_of_all(&mut now).await?;
                Ok(now)
            };
            match now.await {
                Ok(now) => {
                    survey = now;
                    self.look_again(many, &mut planned, &sent, &survey);
                }
                Err(error) => last = last.and(Err(error)),
            }
        }
        self.print_volumes(&sent.changed, &planned.done, &survey.claims)?;
        let nothing = sent.changed.is_empty() && planned.done.is_empty() && planned.failed.is_empty();
        if many == Many::Reuse && nothing && sent.not_tried.is_empty() {
            self.tell_left(many, &planned.left);
            return Err(Error::NothingToReuse(self.target.namespace.clone()));
        }
        let Planned { failed, left, .. } = planned;
        // Of what was read before the patches nothing is told.
        let survey = (real && last.is_ok()).then_some(survey);
        Ok(Changes { session: self.clone(), many, survey, left, failed, not_tried: sent.not_tried, of, last })
    }

    /// The claims that had a volume at the first look and are nowhere now, neither by themselves nor by a volume.
    pub(super) async fn vanished(&self, known: &[Target], survey: &Survey) -> Vec<(Target, Error)> {
        let mut gone = Vec::new();
        for target in known.iter().filter(|target| survey.claims.iter().all(|seen| seen.target != **target)) {
            gone.push(self.nowhere(target.clone()).await);
        }
        gone
    }

    /// A client dry run may read from the watch cache; a patch never does.
    pub(super) fn freshness(&self) -> Fresh {
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
            // One that is deleted is waited for, too, until its volume is Released.
            let is_done = |seen: &&Observation| seen.claim.is_none() && !is_awaited(seen, is_named(seen));
            let done = survey.claims.iter().filter(is_done).count();
            wait.count(&first.target, done, done + waiting.len());
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

    /// Waits until the volumes are Available, or bound to the next claim already; the claims of those that are not in time.
    async fn settle_all(
        &self,
        changed: &mut [Read<Volume>],
        done: &[(Target, String)],
        limit: Option<Limit>,
    ) -> Result<Vec<(Target, Error)>, Error> {
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
            let (versions, volumes) = match wait.read(read).await {
                Err(_) if wait.is_over() => break,
                read => read?,
            };
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
                return Ok(failed);
            };
            wait.count(first, of - waiting.len(), of);
            if !wait.until(Watched::Any(&self.target.namespace, &versions)).await? {
                break;
            }
        }
        let late = |(target, volume): (Target, String)| {
            (target.clone(), Error::Unsettled(target, Unsettled::NotAvailable(volume, limit.typed.clone())))
        };
        Ok(failed.into_iter().chain(waiting.into_iter().map(late)).collect())
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
    pub(super) async fn agree_to_all(
        &self,
        many: Many,
        planned: &Planned,
        round: u32,
        claims: usize,
    ) -> Result<(), Error> {
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
