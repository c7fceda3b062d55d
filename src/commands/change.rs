//! The one way by which a verb changes a volume.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PersistentVolume;

use super::Session;
use super::guidance::Guidance;
use super::wait::{Awaited, Waiting};
use crate::cli::{ChangeFlags, DryRun};
use crate::cluster::api::{Persist, Row};
use crate::cluster::observe::{Observation, Scope};
use crate::error::Error;
use crate::kubectl::age::age;
use crate::kubectl::output::{Format, shown};
use crate::lifecycle::change::Change;
use crate::lifecycle::facts::Volume;
use crate::lifecycle::plan::{Plan, Refusal, Remedy};
use crate::lifecycle::stage::{Assessment, Situation, Stage, assess};

/// How often a patch is tried against a volume that others keep changing.
const ATTEMPTS: u32 = 10;

/// What a verb's file says of its own.
pub struct Verb<'a> {
    /// The decision.
    pub plan: fn(&Situation) -> Result<Plan, Refusal>,
    /// The volume that the user named.
    pub volume: Option<&'a str>,
    /// How far to look for volumes.
    pub scope: Scope,
    /// How long to wait for the situation to be right.
    pub timeout: Option<Duration>,
    /// How the change is made.
    pub flags: &'a ChangeFlags,
}

/// What came of it.
pub struct Changed {
    /// What was read before.
    pub seen: Observation,
    /// The volume as it has become, or would become.
    pub row: Row,
    /// What kubectl would say of it: `patched`, `patched (no change)`, `patched (dry run)`.
    pub outcome: &'static str,
}

impl Changed {
    /// Whether the cluster is now as `row` says.
    #[must_use]
    pub fn is_real(&self) -> bool {
        !self.outcome.ends_with("dry run)")
    }

    /// The name of the volume.
    #[must_use]
    pub fn name(&self) -> String {
        self.row.object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
    }

    /// `persistentvolume/NAME patched`, for people.
    pub fn announce(&self, session: &Session) -> Result<(), Error> {
        if !session.output.is_table() {
            return Ok(());
        }
        session.terminal.print(&format!("persistentvolume/{} {}\n", self.name(), self.outcome))
    }

    /// The volume as it has become, in the format that was asked for.
    pub fn print(&self, session: &Session) -> Result<(), Error> {
        let text = match session.output.object(&shown(&self.row.object)) {
            Some(text) => text?,
            None if session.output.format == Some(Format::Name) => format!("persistentvolume/{}\n", self.name()),
            None => session.output.table(&[&self.row]),
        };
        session.terminal.print(&text)
    }

    /// The volume as it has become.
    pub fn volume(&self) -> Result<Volume, Error> {
        Ok(Volume::from(&self.row.parse::<PersistentVolume>()?))
    }

    /// Where the target stands now, for people; `words` may put it differently.
    pub fn tell(self, session: &Session, words: impl FnOnce(&mut Assessment<'_>)) -> Result<(), Error> {
        if !session.output.is_table() {
            return Ok(());
        }
        let become_ = self.volume()?;
        let mut situation = self.seen.situation;
        situation.volumes.retain(|v| v.name != become_.name);
        situation.volumes.push(become_);
        let mut found = assess(&situation);
        words(&mut found);
        Guidance::new(&found, &session.target, situation.claim.as_ref(), Timestamp::now())
            .tell(&session.terminal, &found);
        Ok(())
    }
}

/// Reads, plans, waits or lets choose where that helps, asks, and sends.
///
/// What the user agrees to is what is sent. When the API server answers that the volume has moved
/// on, everything is read and planned again: the same change of the same values is sent again,
/// anything else is shown and asked again.
pub async fn carry_out(session: &Session, verb: &Verb<'_>) -> Result<Changed, Error> {
    let mut waiting = Waiting::new(session, Awaited::ClaimGone, verb.timeout);
    let mut named = verb.volume.map(str::to_owned);
    let mut agreed: Option<Change> = None;
    let mut attempts = 0;
    loop {
        let seen = waiting.observe(named.as_deref(), verb.scope).await?;
        let change = match (verb.plan)(&seen.situation) {
            Ok(Plan::Change(change)) => change,
            Ok(Plan::Done(name)) => {
                let row = seen.row(&name).cloned().ok_or_else(|| Error::Answer(format!("{name} was not read")))?;
                return Ok(Changed { seen, row, outcome: "patched (no change)" });
            }
            Err(_) if assess(&seen.situation).stage == Stage::Absent && named.is_none() => {
                return Err(session.absent().await);
            }
            Err(refusal) => {
                match &refusal.remedy {
                    Remedy::Choose(names) if session.terminal.is_interactive() && !verb.flags.ask.yes => {
                        named = Some(choose(session, &seen, names)?);
                    }
                    Remedy::Wait => waiting.change(&seen, refusal).await?,
                    Remedy::Choose(_) | Remedy::None => return Err(refusal.into()),
                }
                continue;
            }
        };
        waiting.over();
        if !agreed.as_ref().is_some_and(|a| a.is_same_decision(&change)) {
            if agreed.is_some() {
                session.terminal.note("the volume has changed since; what would be done now:");
            }
            agree(session, verb.flags, &change, seen.row(&change.volume)).await?;
            agreed = Some(change.clone());
        }
        attempts += 1;
        match send(session, verb.flags, &change, &seen).await {
            Err(error) if error.is_conflict() && attempts < ATTEMPTS => {}
            Err(error) => return Err(error),
            Ok((row, outcome)) => return Ok(Changed { seen, row, outcome }),
        }
    }
}

/// Shows the change and gets a yes to it, with the row as it is before the question; a dry run needs none.
async fn agree(session: &Session, flags: &ChangeFlags, change: &Change, row: Option<&Row>) -> Result<(), Error> {
    let needed = flags.ask.dry_run == DryRun::None && !flags.ask.yes;
    if needed && !session.terminal.is_interactive() {
        return Err(Error::NoTerminal(format!("patch persistentvolume/{}", change.volume)));
    }
    if let Some(row) = row.filter(|_| needed) {
        session.terminal.note(session.output.table(&[row]).trim_end());
    }
    session.terminal.note(&change.to_string());
    if needed && !session.terminal.confirm("Patch it?").await? {
        return Err(Error::Declined("nothing was changed".to_owned()));
    }
    Ok(())
}

async fn send(
    session: &Session,
    flags: &ChangeFlags,
    change: &Change,
    seen: &Observation,
) -> Result<(Row, &'static str), Error> {
    let (persist, outcome) = match flags.ask.dry_run {
        DryRun::None => (Persist::Yes, "patched"),
        DryRun::Server => (Persist::DryRun, "patched (server dry run)"),
        DryRun::Client => {
            let row = seen.row(&change.volume).ok_or_else(|| Error::Answer("the volume was not read".to_owned()))?;
            return Ok((imagined(change, row), "patched (dry run)"));
        }
    };
    match session.cluster.patch(change, &flags.field_manager, persist).await {
        Ok(row) => Ok((row, outcome)),
        // The request may have arrived, whatever became of its answer.
        Err(error @ (Error::Connection { refused: false, .. } | Error::Answer(_))) => Err(Error::Unsettled {
            message: format!(
                "whether persistentvolume/{} was patched is not known: {}",
                change.volume,
                error.to_string().trim_start_matches("error: ")
            ),
            hint: "it is safe to repeat the command: what is done already is not done again".to_owned(),
        }),
        Err(error) => Err(error),
    }
}

/// The row as the change would leave it, without asking the server.
fn imagined(change: &Change, row: &Row) -> Row {
    let mut row = Row { object: change.applied_to(&row.object), ..row.clone() };
    let policy = row.object["spec"]["persistentVolumeReclaimPolicy"].clone();
    if let Some(cell) = row.cell_mut("Reclaim Policy") {
        *cell = policy;
    }
    row
}

fn choose(session: &Session, seen: &Observation, names: &[String]) -> Result<String, Error> {
    let now = Timestamp::now();
    let items: Vec<String> = names
        .iter()
        .filter_map(|name| seen.situation.volume(name))
        .map(|v| {
            let size = v.offers.size.as_deref().unwrap_or("?");
            format!("{}  {size}  {}  {:?}  {}", v.name, v.policy, v.phase, age(v.created, now))
        })
        .collect();
    let question = format!("Several volumes are for {}; which one?", session.target.key());
    let chosen = session.terminal.select(&question, &items)?;
    chosen.and_then(|at| names.get(at).cloned()).ok_or_else(|| Error::Declined("nothing was changed".to_owned()))
}
