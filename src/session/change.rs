//! The one way by which a verb changes a volume: read, plan, show, ask, send.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PersistentVolume;

use super::consent::DryRun;
use super::report::volume_line;
use super::wait::{Limit, Wait};
use super::{Session, allowed};
use crate::cluster::{Fresh, Observation, Pod, Reach, Read, Row};
use crate::error::{Action, Error, Unsettled};
use crate::kubectl::output::{Format, without_managed_fields};
use crate::lifecycle::{
    Change, Finding, Holder, Plan, Reason, Refusal, Remedy, Situation, Stage, Target, Volume, assess,
};
use crate::words::error::within;
use crate::words::question::{self, Notice, notice};
use crate::words::wait::Awaited;

/// The maximum number of patches sent to a volume that others keep changing.
pub(super) const ATTEMPTS: u32 = 10;

/// The time limit for reading a volume back after the response to its patch was lost.
const READ_BACK: Duration = Duration::from_secs(15);

/// A verb's part of a change.
pub struct Intent<'a> {
    /// The decision.
    pub plan: fn(&Situation<'_>) -> Result<Plan, Refusal>,
    /// The volume that the user named.
    pub volume: Option<&'a str>,
    /// The claim that the volume is to be taken from.
    pub from: Option<&'a Target>,
    /// True to warn about the data before the volume is handed to another claim.
    pub warn_about_data: bool,
    /// The volumes to read.
    pub reach: Reach,
    /// The time to wait until the change is possible.
    pub limit: Option<Limit>,
}

/// A volume after a verb.
pub struct Changed {
    /// The observation, with the volume as it is now, or would be.
    pub seen: Observation,
    /// The volume's name.
    pub name: String,
    /// False if the volume was already as asked.
    patched: bool,
    dry_run: DryRun,
}

impl Changed {
    /// True if the cluster is now as printed: the patch was not a dry run.
    pub fn is_real(&self) -> bool {
        !self.patched || self.dry_run == DryRun::None
    }

    /// The volume.
    pub fn volume(&self) -> Result<&Read<Volume>, Error> {
        self.seen.known(&self.name)
    }

    /// Prints `persistentvolume/NAME patched`, for people.
    pub fn announce(&self, session: &Session) -> Result<(), Error> {
        if !session.output.is_table() {
            return Ok(());
        }
        let outcome = match self.dry_run {
            _ if !self.patched => " patched (no change)",
            DryRun::None => " patched",
            DryRun::Client => " patched (dry run)",
            DryRun::Server => " patched (server dry run)",
        };
        session.terminal.print(&volume_line(&self.name, outcome))
    }

    /// Prints the volume in the format that was asked for; in a table only with `-o wide`.
    pub fn print(&self, session: &Session) -> Result<(), Error> {
        if session.output.format.is_none() {
            return Ok(());
        }
        let row = &self.volume()?.row;
        let text = match session.output.object(&without_managed_fields(&row.object))? {
            Some(text) => text,
            None if session.output.format == Some(Format::Name) => volume_line(&self.name, ""),
            None => session.table(&[row]),
        };
        session.terminal.print(&text)
    }

    /// Tells people the stage and the next steps, as `status` would: the other volumes are read for that.
    pub async fn tell(mut self, session: &Session) -> Result<(), Error> {
        if self.is_real() && session.output.is_table() {
            allowed(session.cluster.complete(&mut self.seen, Fresh::Cached).await)?;
            // The volume that was named is one of them now, unless it has no claimRef.
            if self.volume()?.facts.claim_ref.is_some() {
                self.seen.named = None;
            }
            session.ask_driver(&mut self.seen).await?;
            session.tell(&self.seen.assess());
        }
        Ok(())
    }
}

/// Reads, plans, waits or lets the user choose where that helps, asks, and sends.
///
/// The change that the user agrees to is the change that is sent. If the API server answers that the volume has
/// changed since, everything is read and planned again: the same change of the same values is sent again, anything
/// else is shown and asked again.
pub async fn carry_out(session: &Session, intent: &Intent<'_>) -> Result<Changed, Error> {
    let dry_run = session.consent.dry_run;
    // A client dry run may read from the watch cache; a patch never does.
    let fresh = if dry_run == DryRun::Client { Fresh::Cached } else { Fresh::Consistent };
    let mut wait = Wait::new(session, Awaited::ClaimGone, intent.limit.clone());
    if let Some(from) = intent.from {
        wait.look_at(from);
    }
    let mut named = intent.volume.map(str::to_owned);
    let mut agreed: Option<Change> = None;
    let (mut attempts, mut held, mut warned) = (0, false, None);
    loop {
        let mut seen = wait.observe(named.as_deref(), intent.reach, fresh).await?;
        if let Some(from) = intent.from {
            let claim = wait.read(async || session.cluster.claim(from).await).await?;
            // The rivals read so far are those of the target's volumes, not of the other claim's.
            (seen.from, seen.rivals) = (Some((from.clone(), claim)), None);
        }
        if intent.warn_about_data {
            session.cluster.read_rivals(&mut seen).await?;
        }
        if let (true, Ok(plan)) = (intent.warn_about_data, (intent.plan)(&seen.situation())) {
            session.cluster.ask_trident(&mut seen, |volume| volume.name == plan.volume()).await?;
        }
        let change = match (intent.plan)(&seen.situation()) {
            Ok(Plan::Change(change)) => change,
            Ok(Plan::Done(name)) => {
                wait.end(true);
                return Ok(Changed { seen, name, patched: false, dry_run });
            }
            Err(_) if named.is_none() && seen.assess().stage == Stage::Absent => return Err(session.absent().await),
            Err(refusal) => {
                match (refusal.reason.remedy(), &refusal.reason) {
                    (Remedy::Choose, Reason::Several { volumes, .. })
                        if session.terminal.is_interactive() && !session.consent.yes =>
                    {
                        named = Some(choose(session, &seen, volumes).await?);
                    }
                    (Remedy::Wait, reason) => {
                        held |= matches!(reason, Reason::ProvisionerHolds(_));
                        wait.for_change(&seen, refusal).await?;
                    }
                    _ => return Err(refusal.into()),
                }
                continue;
            }
        };
        wait.end(true);
        if intent.warn_about_data {
            let mut warnings = warnings(session, &seen, &change.volume).await?;
            let owner = change.taken_from.as_ref().unwrap_or(&session.target);
            if change.taken_from.is_some() || seen.claim.is_none() {
                let end = owner.name.rsplit('-').next().unwrap_or_default();
                let pods = allowed(session.cluster.pods(&owner.namespace, end).await)?;
                warnings.extend(mounted(owner, &change.volume, &pods));
            }
            // The same warning is printed once, however often others change the volume meanwhile.
            if warned.as_ref() != Some(&warnings) {
                session.tell_each(&warnings, Some(&change.volume));
                warned = Some(warnings);
            }
        }
        if std::mem::take(&mut held) {
            session.terminal.note(&notice(&Notice::ProvisionerLetGo(&change.volume)));
        }
        if !agreed.as_ref().is_some_and(|a| a.is_same_decision(&change)) {
            if agreed.is_some() {
                session.terminal.note(&notice(&Notice::Changed(&change.volume)));
            }
            let show = || session.terminal.show_change(&question::change(&change, &session.target));
            session.consent.agree(session.terminal, Action::Patch(change.volume.clone()), show).await?;
            agreed = Some(change.clone());
        }
        attempts += 1;
        match send(session, &change, &seen).await {
            Err(error) if error.is_conflict() && attempts < ATTEMPTS => {}
            Err(error) => return Err(error),
            Ok(volume) => {
                seen.put(volume);
                return Ok(Changed { seen, name: change.volume, patched: true, dry_run });
            }
        }
    }
}

/// The findings about a volume's data that matter before it is handed to another claim: its deletion began, it is still
/// attached, or no node can use it.
pub(super) async fn warnings(session: &Session, seen: &Observation, volume: &str) -> Result<Vec<Finding>, Error> {
    let target = seen.from.as_ref().map_or(&seen.target, |(target, _)| target);
    let situation = Situation { named: Some(volume), claim: None, target, ..seen.situation() };
    let mut found = assess(&situation);
    session.explain(&mut found).await?;
    allowed(session.look_for_node(&mut found).await)?;
    found.findings.retain(|finding| {
        matches!(
            finding,
            Finding::DeletionBegun { .. }
                | Finding::NotDeletable { .. }
                | Finding::StillAttached { .. }
                | Finding::NoNodeMatches(_)
        )
    });
    Ok(found.findings)
}

/// A finding if pods that run still list the claim, which was deleted.
pub(super) fn mounted(owner: &Target, volume: &str, pods: &[Pod]) -> Option<Finding> {
    let users = pods.iter().filter(|pod| pod.uses(owner));
    let pods: Vec<Holder> = users.filter_map(Pod::holder).filter(|pod| !pod.has_ended()).collect();
    (!pods.is_empty()).then(|| Finding::StillMounted { volume: volume.to_owned(), pods })
}

/// Sends the change and returns the volume afterwards; a client dry run computes it.
pub(super) async fn send(session: &Session, change: &Change, seen: &Observation) -> Result<Read<Volume>, Error> {
    let dry_run = session.consent.dry_run;
    if dry_run == DryRun::Client {
        return computed(change, seen.row(&change.volume)?);
    }
    match session.cluster.patch(change, &session.field_manager, dry_run == DryRun::Server).await {
        // The request may have reached the server even though the response was lost.
        Err(error) if error.may_have_been_applied() && dry_run == DryRun::None => {
            read_back(session, change, error).await
        }
        outcome => outcome,
    }
}

/// Re-reads the volume after a lost response and returns it if the patch was applied.
async fn read_back(session: &Session, change: &Change, error: Error) -> Result<Read<Volume>, Error> {
    let read = tokio::time::timeout(READ_BACK, session.cluster.volume(&change.volume)).await;
    let (name, error) = (change.volume.clone(), Box::new(error));
    let what = match read {
        Ok(Ok(Some(volume))) if change.is_done_in(&volume.row.object) => {
            session.terminal.note(&notice(&Notice::ReadBack { volume: &name, why: &within(&error) }));
            return Ok(volume);
        }
        Ok(Ok(Some(_))) => Unsettled::NotDone(name, error),
        _ => Unsettled::Unknown(name, error),
    };
    Err(Error::Unsettled(session.target.clone(), what))
}

/// The volume after the change, without asking the server.
fn computed(change: &Change, row: &Row) -> Result<Read<Volume>, Error> {
    let mut row = Row { object: change.applied_to(&row.object), ..row.clone() };
    let policy = row.object["spec"]["persistentVolumeReclaimPolicy"].clone();
    if let Some(cell) = row.cell_mut("Reclaim Policy") {
        *cell = policy;
    }
    Read::new::<PersistentVolume>(row)
}

/// Lets the user choose one of the volumes.
async fn choose(session: &Session, seen: &Observation, names: &[String]) -> Result<String, Error> {
    let now = Timestamp::now();
    let volumes = names.iter().filter_map(|name| seen.volume(name));
    let items: Vec<String> = volumes.map(|read| question::choice(&read.facts, now)).collect();
    let chosen = session.terminal.select(&question::which(&session.target), &items).await?;
    chosen.and_then(|at| names.get(at).cloned()).ok_or(Error::NotChosen)
}
