//! Changes of several claims' volumes: everything is read and planned, one table shows what is changed, one question is asked,
//! and before each patch the claim and its volume are read and planned again.

use std::collections::BTreeSet;
use std::mem::take;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::Session;
use super::change::{send, warnings};
use super::consent::DryRun;
use super::report::volume_line;
use super::verbs::SETTLES_WITHIN;
use super::wait::Limit;
use crate::cluster::{Fresh, Observation, Reach, Read};
use crate::error::{Action, Error, Unsettled};
use crate::kubectl::output::{Format, without_managed_fields};
use crate::kubectl::table::table;
use crate::lifecycle::{
    Assessment, Change, Finding, Plan, Reason, Refusal, Remedy, Situation, Stage, Target, Verb, Volume, VolumePhase,
    incomplete, retain, reuse, unretain, verify,
};
use crate::terminal::{Progress, Stream, Tone};
use crate::words::error::message;
use crate::words::question::{Notice, brief, notice};
use crate::words::wait::deleted;

/// The maximum number of times that changes which differ from what was agreed to are asked about.
const ROUNDS: u32 = 10;

/// The verbs that change the volumes of several claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    Retain,
    Unretain,
    Reuse,
}

impl Many {
    fn plan(self, situation: &Situation<'_>) -> Result<Plan, Refusal> {
        match self {
            Self::Retain => retain(situation),
            Self::Unretain => unretain(situation),
            Self::Reuse => reuse(situation),
        }
    }

    fn verb(self) -> Verb {
        match self {
            Self::Retain => Verb::Retain,
            Self::Unretain => Verb::Unretain,
            Self::Reuse => Verb::Reuse,
        }
    }

    fn reach(self) -> Reach {
        if self == Self::Reuse { Reach::All } else { Reach::Own }
    }
}

/// The outcome of a look at all claims.
#[derive(Default)]
struct Planned {
    changes: Vec<(Target, Change)>,
    /// Claims and volumes that are as asked already.
    done: Vec<(Target, String)>,
    failed: Vec<(Target, Error)>,
    /// Findings to be told before the question.
    findings: Vec<Finding>,
    /// Claims that were selected and are left as they are.
    left: Vec<Target>,
}

/// The outcome of one change.
enum Outcome {
    Patched(Box<Read<Volume>>),
    Done,
    /// The change is another than the one that was agreed to.
    Differs(Change),
}

impl Session {
    /// Changes the volumes of the selection; `reuse` waits up to `limit` for claims to be deleted.
    ///
    /// One claim's failure does not stop the others; one that is everybody's (connection, credentials) does.
    pub async fn change_all(&self, many: Many, limit: Option<Limit>) -> Result<(), Error> {
        let mut all = self.survey_deleted(many, limit).await?;
        let missing = self.missing(&all).await;
        let of = all.len() + missing.len();
        let mut planned = self.plan_all(many, &all);
        planned.failed.extend(missing);
        let (mut changed, mut not_tried): (Vec<Read<Volume>>, Vec<Target>) = (Vec::new(), Vec::new());
        let mut round = 0;
        while !planned.changes.is_empty() && round < ROUNDS {
            self.agree_to_all(&mut planned, &all, round, many).await?;
            let mut again = Vec::new();
            let mut changes = take(&mut planned.changes).into_iter();
            while let Some((target, change)) = changes.next() {
                match self.change_one(many, &target, &change).await {
                    Ok(Outcome::Patched(volume)) => {
                        self.announce(&volume.facts.name)?;
                        changed.push(*volume);
                    }
                    Ok(Outcome::Done) => {}
                    Ok(Outcome::Differs(change)) => again.push((target, change)),
                    Err(error) => {
                        let stops = is_everybodys(&error);
                        planned.failed.push((target, error));
                        if stops {
                            not_tried.extend(changes.by_ref().map(|(target, _)| target));
                        }
                    }
                }
            }
            planned.changes = again;
            round += 1;
        }
        if many == Many::Reuse && self.consent.dry_run == DryRun::None && not_tried.is_empty() {
            let late = self.settle_all(&mut changed).await?;
            planned.failed.extend(late);
        }
        let had_claim =
            |volume: &Read<Volume>| all.iter().any(|seen| seen.claim.is_some() && volume.facts.refers_to(&seen.target));
        // The next claim exists already: it may have been bound to another volume meanwhile.
        if many == Many::Reuse && self.consent.dry_run == DryRun::None && changed.iter().any(had_claim) {
            all = self.survey(Fresh::Consistent).await?;
            for seen in all.iter().filter(|seen| seen.assess().stage == Stage::Diverted) {
                let refusal = verify(&seen.situation()).err().map_or(Error::Failed, Error::Refused);
                let patched = changed.iter().any(|volume| volume.facts.refers_to(&seen.target));
                planned.failed.extend(patched.then(|| (seen.target.clone(), refusal)));
            }
        }
        for volume in &changed {
            all.iter_mut()
                .filter(|seen| volume.facts.refers_to(&seen.target))
                .for_each(|seen| seen.put(volume.clone()));
        }
        // A script gets every volume that is as asked; a person has seen those in the table.
        for (target, name) in planned.done.iter().filter(|_| !self.output.is_table()) {
            let read = all.iter().find(|seen| seen.target == *target).and_then(|seen| seen.volume(name));
            changed.extend(read.cloned());
            self.announce(name)?;
        }
        self.print_changed(&changed)?;
        self.tell_rest(&all, &planned);
        let nothing = many == Many::Reuse && changed.is_empty() && planned.done.is_empty() && planned.failed.is_empty();
        if nothing {
            return Err(Error::NothingToReuse(self.target.namespace.clone()));
        }
        self.some_failed(many.verb(), planned.failed, not_tried, of)
    }

    /// Reads the selection; with a limit, once every claim that `reuse` waits for is deleted, or the limit has passed: the
    /// named ones, and of the selected those that are being deleted.
    async fn survey_deleted(&self, many: Many, limit: Option<Limit>) -> Result<Vec<Observation>, Error> {
        let fresh = if self.consent.dry_run == DryRun::Client { Fresh::Cached } else { Fresh::Consistent };
        let Some(limit) = limit.filter(|limit| many == Many::Reuse && !limit.time.is_zero()) else {
            return self.survey(fresh).await;
        };
        let (begun, named) = (Instant::now(), self.selection.named());
        let mut progress = self.terminal.progress();
        loop {
            let versions = self.cluster.versions(&self.target.namespace).await?;
            let all = self.survey(fresh).await?;
            let meant = |seen: &&Observation| {
                let going = seen.claim.as_ref().is_none_or(|claim| claim.facts.terminating);
                going || named.contains(&seen.target.name.as_str())
            };
            let reason = |seen: &&Observation| reuse(&seen.situation()).err().map(|refusal| refusal.reason);
            let awaited = |seen: &&Observation| reason(seen).is_some_and(|it| it.remedy() == Remedy::Wait);
            let waiting: Vec<&Observation> = all.iter().filter(meant).filter(awaited).collect();
            let deadline = begun + limit.time;
            // Under another policy than Retain nothing is waited for: the volumes would be deleted with their claims.
            let exposed =
                all.iter().filter(meant).any(|seen| matches!(reason(&seen), Some(Reason::NotRetained { .. })));
            if waiting.is_empty() || exposed || Instant::now() >= deadline {
                progress.leave();
                return Ok(all);
            }
            let (gone, first) = (all.len() - waiting.len(), waiting.first().map(|seen| seen.target.key()));
            let changed = self.cluster.any_changed(&self.target.namespace, &versions);
            let mut changed = std::pin::pin!(timeout_at(deadline, changed));
            let mut ticks = tokio::time::interval(Progress::EVERY);
            loop {
                tokio::select! {
                    outcome = &mut changed => {
                        outcome.unwrap_or(Ok(()))?;
                        break;
                    }
                    _ = ticks.tick(), if progress.is_shown() => {
                        progress.tick(&deleted(gone, all.len(), first.as_deref(), begun.elapsed(), &limit.typed));
                    }
                }
            }
        }
    }

    /// The plan for each volume of each claim; those that may be deleted at any time come first.
    fn plan_all(&self, many: Many, all: &[Observation]) -> Planned {
        let mut planned = Planned::default();
        let urgent = |seen: &&Observation| matches!(seen.assess().stage, Stage::Doomed | Stage::Terminating);
        let (first, rest): (Vec<_>, Vec<_>) = all.iter().partition(urgent);
        let found: Vec<Assessment<'_>> = all.iter().map(Observation::assess).collect();
        let named = self.selection.named();
        let mut left: BTreeSet<String> = BTreeSet::new();
        if many == Many::Reuse {
            for set in incomplete(&found) {
                let unnamed: Vec<String> =
                    set.kept.iter().filter(|name| !named.contains(&name.as_str())).cloned().collect();
                if let Some(first) = unnamed.first() {
                    let target = Target { name: first.clone(), ..self.target.clone() };
                    planned.failed.push((target, Error::SetIncomplete(set.clone())));
                    left.extend(unnamed);
                }
            }
        }
        for seen in first.into_iter().chain(rest).filter(|seen| !left.contains(&seen.target.name)) {
            let (situation, is_named) = (seen.situation(), named.contains(&seen.target.name.as_str()));
            let applied = |finding: &Finding| matches!(finding, Finding::PolicyApplied { .. });
            if many == Many::Retain {
                planned.findings.extend(seen.assess().findings.into_iter().filter(applied));
            }
            let volumes = if many == Many::Retain { situation.referring(|_| true) } else { Vec::new() };
            let about = volumes.iter().map(|v| Situation { named: Some(&v.name), ..situation.clone() });
            let about: Vec<Situation<'_>> = if volumes.is_empty() { vec![situation.clone()] } else { about.collect() };
            for situation in about {
                let volume = situation.named.and_then(|name| situation.volume(name));
                match many.plan(&situation) {
                    Ok(Plan::Change(change)) => planned.changes.push((seen.target.clone(), change)),
                    // Uninstalling is not safe: its object goes.
                    Ok(Plan::Done(_)) if many == Many::Retain && volume.is_some_and(|v| v.terminating) => {
                        let refusal = volume.map(|volume| Refusal::terminating(&situation, volume).into());
                        planned.failed.extend(refusal.map(|refusal| (seen.target.clone(), refusal)));
                    }
                    Ok(Plan::Done(name)) => planned.done.push((seen.target.clone(), name)),
                    Err(_) if !is_named && is_left(many, seen) => planned.left.push(seen.target.clone()),
                    Err(refusal) => planned.failed.push((seen.target.clone(), refusal.into())),
                }
            }
        }
        planned
    }

    /// Shows the changes and asks once.
    async fn agree_to_all(
        &self,
        planned: &mut Planned,
        all: &[Observation],
        round: u32,
        many: Many,
    ) -> Result<(), Error> {
        if many == Many::Reuse {
            for (target, change) in &planned.changes {
                if let Some(seen) = all.iter().find(|seen| seen.target == *target) {
                    planned.findings.extend(warnings(&self.of(target), seen, &change.volume).await?);
                }
            }
        }
        let (volumes, claims) = (planned.changes.len(), all.len());
        let action = Action::PatchAll { volumes, claims, namespace: self.target.namespace.clone() };
        let show = || {
            if round > 0 {
                self.terminal.note(&notice(&Notice::OthersChanged));
            }
            self.tell_each(&planned.findings, None);
            let row = |target: &Target, volume: &str, change: String| {
                [target.name.clone(), volume.to_owned(), change].map(Value::from).to_vec()
            };
            let changes = planned.changes.iter().map(|(target, it)| row(target, &it.volume, brief(it)));
            let done = planned.done.iter().map(|(target, volume)| row(target, volume, "(no change)".to_owned()));
            let rows: Vec<Vec<Value>> = changes.chain(done.filter(|_| round == 0)).collect();
            let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
            let columns = ["claim", "volume", "change"].map(|name| (name, true));
            self.terminal.show_change(table(&columns, &rows, self.output.headers).trim_end());
        };
        self.consent.agree(self.terminal, action, show).await
    }

    /// Reads and plans again, and sends the change if it is the one that was agreed to.
    async fn change_one(&self, many: Many, target: &Target, agreed: &Change) -> Result<Outcome, Error> {
        let session = self.of(target);
        let fresh = if self.consent.dry_run == DryRun::Client { Fresh::Cached } else { Fresh::Consistent };
        for _ in 0..ROUNDS {
            let mut seen = session.cluster.observe(target, Some(&agreed.volume), many.reach(), fresh).await?;
            if many == Many::Reuse {
                session.cluster.read_rivals(&mut seen).await?;
            }
            let change = match many.plan(&seen.situation())? {
                Plan::Done(_) => return Ok(Outcome::Done),
                Plan::Change(change) if !change.is_same_decision(agreed) => return Ok(Outcome::Differs(change)),
                Plan::Change(change) => change,
            };
            let volume = match send(&session, &change, &seen).await {
                Err(error) if error.is_conflict() => continue,
                outcome => outcome?,
            };
            if self.consent.dry_run == DryRun::None && many == Many::Retain {
                if !volume.facts.is_retained() {
                    let reset = Unsettled::PolicyReset(volume.facts.name, volume.facts.policy);
                    return Err(Error::Unsettled(target.clone(), reset));
                }
                if volume.facts.terminating {
                    return Err(Refusal::terminating(&seen.situation(), &volume.facts).into());
                }
            }
            return Ok(Outcome::Patched(Box::new(volume)));
        }
        Ok(Outcome::Differs(agreed.clone()))
    }

    /// Waits until the volumes are Available, or already bound to the next claim; the claims of those that are not.
    async fn settle_all(&self, changed: &mut [Read<Volume>]) -> Result<Vec<(Target, Error)>, Error> {
        let deadline = Instant::now() + SETTLES_WITHIN;
        let settled =
            |v: &Volume| v.phase == VolumePhase::Available && v.is_reserved() || v.phase == VolumePhase::Bound;
        loop {
            let versions = self.cluster.versions(&self.target.namespace).await?;
            for volume in changed.iter_mut().filter(|volume| !settled(&volume.facts)) {
                if let Some(read) = self.cluster.volume(&volume.facts.name).await? {
                    *volume = read;
                }
            }
            let late: Vec<&Volume> = changed.iter().map(|read| &read.facts).filter(|volume| !settled(volume)).collect();
            if late.is_empty() || Instant::now() >= deadline {
                let error = |volume: &Volume| {
                    let target = volume.claim_ref.as_ref().map(|reference| reference.claim.clone())?;
                    let limit = format!("{}s", SETTLES_WITHIN.as_secs());
                    let late = Unsettled::NotAvailable(volume.name.clone(), limit);
                    Some((target.clone(), Error::Unsettled(target, late)))
                };
                return Ok(late.into_iter().filter_map(error).collect());
            }
            let changed = self.cluster.any_changed(&self.target.namespace, &versions);
            timeout_at(deadline, changed).await.unwrap_or(Ok(()))?;
        }
    }

    fn announce(&self, volume: &str) -> Result<(), Error> {
        let outcome = match self.consent.dry_run {
            DryRun::None => " patched",
            DryRun::Client => " patched (dry run)",
            DryRun::Server => " patched (server dry run)",
        };
        match self.output.format {
            None | Some(Format::Wide) => self.terminal.print(&volume_line(volume, outcome)),
            Some(Format::Name) => self.terminal.print(&volume_line(volume, "")),
            Some(Format::Json | Format::Yaml) => Ok(()),
        }
    }

    /// Prints the volumes as they have become, as a `List` or with `-o wide` as rows.
    fn print_changed(&self, changed: &[Read<Volume>]) -> Result<(), Error> {
        let rows: Vec<_> = changed.iter().map(|read| &read.row).collect();
        if self.output.is_wide() {
            return self.terminal.print(&self.table(&rows));
        }
        let items: Vec<Value> = rows.iter().map(|row| without_managed_fields(&row.object)).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items});
        self.output.object(&list)?.iter().try_for_each(|text| self.terminal.print(text))
    }

    /// Tells people where the claims stand now.
    fn tell_rest(&self, all: &[Observation], planned: &Planned) {
        if !self.output.is_table() || self.consent.dry_run != DryRun::None {
            return;
        }
        for target in &planned.left {
            self.terminal.note(&notice(&Notice::Left(target)));
        }
        let found: Vec<_> = all.iter().map(Observation::assess).collect();
        let _ =
            self.terminal.say(Stream::Err, &self.told_of_several(Stream::Err, &found, Some(&self.target.namespace)));
    }

    /// Tells the failures of several claims; an error if there are any, or some were not tried.
    pub fn some_failed(
        &self,
        verb: Verb,
        failed: Vec<(Target, Error)>,
        not_tried: Vec<Target>,
        of: usize,
    ) -> Result<(), Error> {
        if failed.is_empty() && not_tried.is_empty() {
            return Ok(());
        }
        let failed = self.tell_failures(failed);
        Err(Error::SomeFailed { verb, failed, not_tried, of })
    }

    /// Tells each failure with its claim, equal ones once; the claims.
    fn tell_failures(&self, failed: Vec<(Target, Error)>) -> Vec<Target> {
        let mut told: Vec<(String, Vec<Target>)> = Vec::new();
        for (target, error) in failed {
            let text = message(&error);
            match told.iter_mut().find(|(known, _)| *known == text) {
                Some((_, targets)) => targets.push(target),
                None => told.push((text, vec![target])),
            }
        }
        for (text, targets) in &told {
            let names: Vec<_> = targets.iter().map(|target| target.name.as_str()).collect();
            let noun = if names.len() == 1 { "claim" } else { "claims" };
            let text = text.strip_prefix("error: ").unwrap_or(text);
            self.terminal.headline(Tone::Bad, "error", &format!("{noun} {}: {text}", names.join(", ")));
        }
        told.into_iter().flat_map(|(_, targets)| targets).collect()
    }
}

/// True if a claim that was selected, and not named, is left as it is: of `retain` one without a volume, of `reuse` one that
/// is bound, or waits for no kept volume.
fn is_left(many: Many, seen: &Observation) -> bool {
    let situation = seen.situation();
    match many {
        Many::Retain => situation.referring(|_| true).is_empty(),
        Many::Reuse => {
            let bound = situation.bound().is_some() && situation.preserved().is_empty();
            let waits =
                situation.claim.is_some_and(|claim| claim.volume_name.is_none()) && situation.preserved().is_empty();
            bound || waits
        }
        Many::Unretain => false,
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
