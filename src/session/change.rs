//! The one way by which a verb changes a volume.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PersistentVolume;

use super::flags::{ChangeFlags, DryRun, Limit};
use super::wait::Waiting;
use super::{Session, volume_line};
use crate::cluster::{Observation, Persist, Read, Row, Scope};
use crate::error::{Deed, Error, Trouble, Unsettled};
use crate::kubectl::output::{Format, shown};
use crate::lifecycle::{Change, Finding, Plan, Reason, Refusal, Remedy, Situation, Stage, Volume, assess};
use crate::words::error::within;
use crate::words::question;
use crate::words::wait::Awaited;

/// How often a patch is tried against a volume that others keep changing.
const ATTEMPTS: u32 = 10;

/// How long a volume is tried to be read whose patch's answer was lost.
const READ_BACK: Duration = Duration::from_secs(15);

/// What a verb's file says of its own.
pub struct Intent<'a> {
    pub plan: fn(&Situation<'_>) -> Result<Plan, Refusal>,
    /// The volume that the user named.
    pub volume: Option<&'a str>,
    /// Whether the volume is made ready for another claim, so that doubts about its data matter.
    pub hands_on: bool,
    pub scope: Scope,
    /// How long to wait for the situation to be right.
    pub timeout: Option<Limit>,
    pub flags: &'a ChangeFlags,
}

/// What came of it.
pub struct Changed {
    /// What was read, with the volume as it has become, or would become.
    pub seen: Observation,
    /// The volume's name.
    pub name: String,
    outcome: Outcome,
}

/// How a patch ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Patched,
    NoChange,
    ClientDryRun,
    ServerDryRun,
}

impl Changed {
    /// Whether the cluster is now as it is told.
    pub fn is_real(&self) -> bool {
        matches!(self.outcome, Outcome::Patched | Outcome::NoChange)
    }

    /// The volume as it has become.
    pub fn volume(&self) -> Result<&Read<Volume>, Error> {
        self.seen.known(&self.name)
    }

    /// `persistentvolume/NAME patched`, for people.
    pub fn announce(&self, session: &Session) -> Result<(), Error> {
        if !session.output.is_table() {
            return Ok(());
        }
        let outcome = match self.outcome {
            Outcome::Patched => " patched",
            Outcome::NoChange => " patched (no change)",
            Outcome::ClientDryRun => " patched (dry run)",
            Outcome::ServerDryRun => " patched (server dry run)",
        };
        session.terminal.print(&volume_line(&self.name, outcome))
    }

    /// The volume as it has become, in the format that was asked for.
    pub fn print(&self, session: &Session) -> Result<(), Error> {
        let row = &self.volume()?.row;
        let text = match session.output.object(&shown(&row.object))? {
            Some(text) => text,
            None if session.output.format == Some(Format::Name) => volume_line(&self.name, ""),
            None => session.table(&[row]),
        };
        session.terminal.print(&text)
    }

    /// Where the target stands now, for people; `pinned` where its template names the volume.
    pub fn tell(&self, session: &Session, pinned: bool) {
        if self.is_real() && session.output.is_table() {
            // Only one volume was asked about, and others may be there.
            let situation = Situation { pinned, ..self.seen.situation() };
            session.tell(&situation, &assess(&situation));
        }
    }
}

/// Reads, plans, waits or lets choose where that helps, asks, and sends.
///
/// What the user agrees to is what is sent. When the API server answers that the volume has moved
/// on, everything is read and planned again: the same change of the same values is sent again,
/// anything else is shown and asked again.
pub async fn carry_out(session: &Session, intent: &Intent<'_>) -> Result<Changed, Error> {
    let mut waiting = Waiting::new(session, Awaited::ClaimGone, intent.timeout.clone());
    let mut named = intent.volume.map(str::to_owned);
    let mut agreed: Option<Change> = None;
    let mut attempts = 0;
    loop {
        let seen = waiting.observe(named.as_deref(), intent.scope).await?;
        let change = match (intent.plan)(&seen.situation()) {
            Ok(Plan::Change(change)) => change,
            Ok(Plan::Done(name)) => return Ok(Changed { seen, name, outcome: Outcome::NoChange }),
            Err(_) if assess(&seen.situation()).stage == Stage::Absent && named.is_none() => {
                return Err(session.absent().await);
            }
            Err(refusal) => {
                match (refusal.remedy(), &refusal.reason) {
                    (Remedy::Choose, Reason::Several(names))
                        if session.terminal.is_interactive() && !intent.flags.ask.yes =>
                    {
                        named = Some(choose(session, &seen, names)?);
                    }
                    (Remedy::Wait, _) => waiting.change(&seen, refusal).await?,
                    _ => return Err(refusal.into()),
                }
                continue;
            }
        };
        waiting.over();
        doubts(session, intent, &seen, &change.volume).await?;
        if !agreed.as_ref().is_some_and(|a| a.is_same_decision(&change)) {
            if agreed.is_some() {
                session.terminal.note(&question::changed(&change.volume));
            }
            let (ask, row) = (&intent.flags.ask, seen.row(&change.volume)?);
            let show = || {
                // The row as it is; a dry run asks nothing about it.
                if ask.is_asked() {
                    session.terminal.note(session.table(&[row]).trim_end());
                }
                session.terminal.note(&question::change(&change));
            };
            ask.agree(session.terminal, Deed::Patch(change.volume.clone()), show).await?;
            agreed = Some(change.clone());
        }
        attempts += 1;
        match send(session, intent.flags, &change, &seen).await {
            Err(error) if error.is_conflict() && attempts < ATTEMPTS => {}
            Err(error) => return Err(error),
            Ok((volume, outcome)) => {
                let mut seen = seen;
                seen.put(volume);
                return Ok(Changed { seen, name: change.volume, outcome });
            }
        }
    }
}

/// Makes the policy what `plan` decides, and `policy` is.
pub async fn set_policy(
    session: &Session,
    plan: fn(&Situation<'_>) -> Result<Plan, Refusal>,
    policy: &str,
    volume: Option<&str>,
    flags: &ChangeFlags,
) -> Result<Changed, Error> {
    let changed =
        carry_out(session, &Intent { plan, volume, hands_on: false, scope: Scope::Own, timeout: None, flags }).await?;
    changed.announce(session)?;
    changed.print(session)?;
    let volume = &changed.volume()?.facts;
    if changed.is_real() && volume.policy != policy {
        let reset = Unsettled::PolicyReset(volume.name.clone(), volume.policy.clone());
        return Err(Error::Unsettled(session.target.clone(), reset));
    }
    Ok(changed)
}

/// Tells, before a volume is handed on, whether its deletion was begun.
async fn doubts(session: &Session, intent: &Intent<'_>, seen: &Observation, volume: &str) -> Result<(), Error> {
    if intent.hands_on {
        let situation = Situation { named: Some(volume), claim: None, ..seen.situation() };
        let mut found = assess(&situation);
        session.explain(&mut found, &situation).await?;
        found.findings.retain(|finding| matches!(finding, Finding::DeletionBegun { .. }));
        session.tell_findings(&situation, &found);
    }
    Ok(())
}

async fn send(
    session: &Session,
    flags: &ChangeFlags,
    change: &Change,
    seen: &Observation,
) -> Result<(Read<Volume>, Outcome), Error> {
    let (persist, outcome) = match flags.ask.dry_run {
        DryRun::None => (Persist::Yes, Outcome::Patched),
        DryRun::Server => (Persist::DryRun, Outcome::ServerDryRun),
        DryRun::Client => return Ok((imagined(change, seen.row(&change.volume)?)?, Outcome::ClientDryRun)),
    };
    match session.cluster.patch(change, &flags.field_manager, persist).await {
        Ok(volume) => Ok((volume, outcome)),
        Err(error @ Error::Connection { trouble: Trouble::Refused, .. }) => Err(error),
        // The request may have reached the server even though the response was lost.
        Err(error @ (Error::Connection { .. } | Error::Answer(_))) if persist == Persist::Yes => {
            read_back(session, change, error).await.map(|volume| (volume, outcome))
        }
        Err(error) => Err(error),
    }
}

/// What has become of a volume whose patch's answer was lost for the reason of `error`.
async fn read_back(session: &Session, change: &Change, error: Error) -> Result<Read<Volume>, Error> {
    let read = tokio::time::timeout(READ_BACK, session.cluster.volume(&change.volume)).await;
    let (name, error) = (change.volume.clone(), Box::new(error));
    let what = match read {
        Ok(Ok(Some(volume))) if change.is_done_in(&volume.row.object) => {
            session.terminal.note(&question::read_back(&name, &within(&error)));
            return Ok(volume);
        }
        Ok(Ok(Some(_))) => Unsettled::NotDone(name, error),
        _ => Unsettled::Unknown(name, error),
    };
    Err(Error::Unsettled(session.target.clone(), what))
}

/// The volume as the change would leave it, without asking the server.
fn imagined(change: &Change, row: &Row) -> Result<Read<Volume>, Error> {
    let mut row = Row { object: change.applied_to(&row.object), ..row.clone() };
    let policy = row.object["spec"]["persistentVolumeReclaimPolicy"].clone();
    if let Some(cell) = row.cell_mut("Reclaim Policy") {
        *cell = policy;
    }
    Read::new::<PersistentVolume>(row)
}

fn choose(session: &Session, seen: &Observation, names: &[String]) -> Result<String, Error> {
    let now = Timestamp::now();
    let volumes = names.iter().filter_map(|name| seen.volume(name));
    let items: Vec<String> = volumes.map(|read| question::choice(&read.facts, now)).collect();
    let chosen = session.terminal.select(&question::which(&session.target), &items)?;
    chosen.and_then(|at| names.get(at).cloned()).ok_or(Error::Declined(Deed::Choose))
}
