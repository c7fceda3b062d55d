//! `retain` of several claims: everything is read and planned, one table shows what is changed, one question is asked, and
//! before each patch the claim and its volume are read and planned again.

use std::mem::take;

use serde_json::Value;

use super::Session;
use super::change::send;
use super::consent::DryRun;
use super::report::volume_line;
use crate::cluster::{Fresh, Observation, Reach, Read};
use crate::error::{Action, Error, Unsettled};
use crate::kubectl::output::{Format, list, without_managed_fields};
use crate::kubectl::table::table;
use crate::lifecycle::{Change, Finding, Plan, Reason, Refusal, Situation, Stage, Target, Verb, Volume, retain};
use crate::terminal::{Stream, Tone};
use crate::words::error::message;
use crate::words::question::{Notice, brief, notice};

/// The maximum number of times that changes which differ from what was agreed to are asked about.
const ROUNDS: u32 = 10;

/// The outcome of a look at all claims.
#[derive(Default)]
struct Planned {
    changes: Vec<(Target, Change)>,
    /// Claims and volumes whose policy is Retain already.
    done: Vec<(Target, String)>,
    /// Claims that were selected and have no volume.
    without: Vec<Target>,
    failed: Vec<(Target, Error)>,
    /// Tools that may set a policy back: told before and after the patches.
    appliers: Vec<Finding>,
}

impl Session {
    /// Sets the reclaim policy of every volume of the selection to Retain.
    ///
    /// One claim's failure does not stop the others; one that is everybody's (connection, credentials) does.
    pub async fn retain_all(&self) -> Result<(), Error> {
        let mut all = self.survey(self.freshness()).await?;
        let missing = self.missing(&all).await;
        let of = all.len() + missing.len();
        let mut planned = self.plan_all(&all);
        planned.failed.extend(missing);
        let (mut changed, mut not_tried): (Vec<Read<Volume>>, Vec<Target>) = (Vec::new(), Vec::new());
        let (mut round, mut stopped) = (0, false);
        while !planned.changes.is_empty() && round < ROUNDS {
            match self.agree_to_all(&planned, round, of).await {
                Err(error) if round == 0 => return Err(error),
                // The rest was not agreed to.
                Err(_) => break,
                Ok(()) => {}
            }
            let mut again = Vec::new();
            let mut changes = take(&mut planned.changes).into_iter();
            for (target, change) in changes.by_ref() {
                match self.retain_one(&target, &change).await {
                    Ok(Outcome::Patched(volume)) => {
                        self.announce(&volume.facts.name)?;
                        changed.push(*volume);
                    }
                    Ok(Outcome::Done) => {}
                    Ok(Outcome::Differs(change)) => again.push((target, change)),
                    Err(error) => {
                        stopped = is_everybodys(&error);
                        planned.failed.push((target, error));
                        if stopped {
                            break;
                        }
                    }
                }
            }
            planned.changes = changes.chain(again).collect();
            round += 1;
            if stopped {
                break;
            }
        }
        not_tried.extend(take(&mut planned.changes).into_iter().map(|(target, _)| target));
        if self.consent.dry_run == DryRun::None && !stopped {
            // A claim may have been bound to another volume meanwhile.
            match self.survey(Fresh::Consistent).await {
                Ok(now) => all = now,
                Err(error) => planned.failed.push((self.target.clone(), error)),
            }
            let failed = planned.failed.iter().map(|(target, _)| target);
            let known: Vec<Target> = failed.chain(&not_tried).cloned().collect();
            for seen in all.iter().filter(|seen| !known.contains(&seen.target)) {
                for volume in seen.situation().referring(|volume| !volume.is_retained()) {
                    let reason = Reason::Policy { volume: volume.name.clone(), policy: volume.policy.clone() };
                    let refusal = Refusal { target: seen.target.clone(), reason, next: Vec::new() };
                    planned.failed.push((seen.target.clone(), refusal.into()));
                }
            }
        }
        // A script gets every volume that is as asked; a person has seen those in the table.
        for (target, name) in planned.done.iter().filter(|_| !self.output.is_table()) {
            let read = all.iter().find(|seen| seen.target == *target).and_then(|seen| seen.volume(name));
            changed.extend(read.cloned());
            self.announce(name)?;
        }
        self.print_changed(&changed)?;
        self.tell_rest(&all, &planned);
        self.some_failed(Verb::Retain, planned.failed, not_tried, of)
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

    /// A client dry run may read from the watch cache; a patch never does.
    fn freshness(&self) -> Fresh {
        if self.consent.dry_run == DryRun::Client { Fresh::Cached } else { Fresh::Consistent }
    }

    /// The plan for each volume of each claim; those that may be deleted at any time come first.
    fn plan_all(&self, all: &[Observation]) -> Planned {
        let mut planned = Planned::default();
        let urgent = |seen: &&Observation| matches!(seen.assess().stage, Stage::Doomed | Stage::Terminating);
        let (first, rest): (Vec<_>, Vec<_>) = all.iter().partition(urgent);
        for seen in first.into_iter().chain(rest) {
            let situation = seen.situation();
            let volumes = situation.referring(|_| true);
            let applied = |finding: &Finding| matches!(finding, Finding::PolicyApplied { .. });
            planned.appliers.extend(seen.assess().findings.into_iter().filter(applied));
            if volumes.is_empty() {
                match retain(&situation) {
                    Err(refusal) if self.selection.named().contains(&seen.target.name.as_str()) => {
                        planned.failed.push((seen.target.clone(), refusal.into()));
                    }
                    _ => planned.without.push(seen.target.clone()),
                }
            }
            for volume in volumes {
                let about = Situation { named: Some(&volume.name), ..situation.clone() };
                match retain(&about) {
                    Ok(Plan::Change(change)) => planned.changes.push((seen.target.clone(), change)),
                    // Uninstalling is not safe: its object goes.
                    Ok(Plan::Done(_)) if volume.terminating => {
                        planned.failed.push((seen.target.clone(), Refusal::terminating(&about, volume).into()));
                    }
                    Ok(Plan::Done(name)) => planned.done.push((seen.target.clone(), name)),
                    Err(refusal) => planned.failed.push((seen.target.clone(), refusal.into())),
                }
            }
        }
        planned
    }

    /// Shows the changes and asks once.
    async fn agree_to_all(&self, planned: &Planned, round: u32, claims: usize) -> Result<(), Error> {
        let volumes = planned.changes.len();
        let action = Action::PatchAll { volumes, claims, namespace: self.target.namespace.clone() };
        let show = || {
            if round > 0 {
                self.terminal.note(&notice(&Notice::OthersChanged));
            }
            let row = |target: &Target, volume: &str, change: String| {
                [target.name.clone(), volume.to_owned(), change].map(Value::from).to_vec()
            };
            let changes = planned.changes.iter().map(|(target, it)| row(target, &it.volume, brief(it)));
            let done = planned.done.iter().map(|(target, volume)| row(target, volume, "Retain (no change)".to_owned()));
            let refused = planned.failed.iter().map(|(target, _)| row(target, "", "(refused)".to_owned()));
            let rows: Vec<Vec<Value>> = changes.chain(done.chain(refused).filter(|_| round == 0)).collect();
            let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
            self.tell_each(&planned.appliers, None);
            let columns = ["claim", "volume", "change"].map(|name| (name, true));
            self.terminal.show_change(table(&columns, &rows, self.output.headers).trim_end());
        };
        self.consent.agree(self.terminal, action, show).await
    }

    /// Reads and plans again, and sends the change if it is the one that was agreed to.
    async fn retain_one(&self, target: &Target, agreed: &Change) -> Result<Outcome, Error> {
        let session = self.of(target);
        for _ in 0..ROUNDS {
            let seen = session.cluster.observe(target, Some(&agreed.volume), Reach::Own, self.freshness()).await?;
            let change = match retain(&seen.situation())? {
                Plan::Done(_) => return Ok(Outcome::Done),
                Plan::Change(change) if !change.is_same_decision(agreed) => return Ok(Outcome::Differs(change)),
                Plan::Change(change) => change,
            };
            match send(&session, &change, &seen).await {
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
                Ok(volume) if self.consent.dry_run == DryRun::None && !volume.facts.is_retained() => {
                    let reset = Unsettled::PolicyReset(volume.facts.name, volume.facts.policy);
                    return Err(Error::Unsettled(target.clone(), reset));
                }
                Ok(volume) if self.consent.dry_run == DryRun::None && volume.facts.terminating => {
                    return Err(Refusal::terminating(&seen.situation(), &volume.facts).into());
                }
                Ok(volume) => return Ok(Outcome::Patched(Box::new(volume))),
            }
        }
        Ok(Outcome::Differs(agreed.clone()))
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
        self.output.object(&list(&items))?.iter().try_for_each(|text| self.terminal.print(text))
    }

    /// Tells people where the claims stand now.
    fn tell_rest(&self, all: &[Observation], planned: &Planned) {
        if !self.output.is_table() || self.consent.dry_run != DryRun::None {
            return;
        }
        for target in &planned.without {
            self.terminal.note(&notice(&Notice::Left(target)));
        }
        let found: Vec<_> = all.iter().map(Observation::assess).collect();
        let _ =
            self.terminal.say(Stream::Err, &self.told_of_several(Stream::Err, &found, Some(&self.target.namespace)));
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

/// The outcome of one claim.
enum Outcome {
    Patched(Box<Read<Volume>>),
    Done,
    /// The change is another than the one that was agreed to.
    Differs(Change),
}

/// True if the error is not one claim's: the server was not reached, or the credentials are rejected.
fn is_everybodys(error: &Error) -> bool {
    match error {
        Error::Connection { .. } | Error::Terminal(_) | Error::Unsettled(_, Unsettled::Unknown(..)) => true,
        Error::Api(status) => status.code == 401,
        _ => false,
    }
}
