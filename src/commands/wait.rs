//! Waiting until the situation is right, or the time is up.

use std::time::Duration;

use tokio::time::Instant;

use super::Session;
use crate::cluster::api::Row;
use crate::cluster::observe::{Observation, Scope};
use crate::cluster::watch::{PAUSE, Watched};
use crate::error::Error;
use crate::lifecycle::plan::Refusal;
use crate::lifecycle::stage::assess;
use crate::terminal::Progress;

/// How often the list of pods that hold a claim is read anew, while somebody looks at it.
const HOLDERS_EVERY: Duration = Duration::from_secs(5);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The claim, to be deleted and its volume released.
    ClaimGone,
    /// The claim, to appear and be bound.
    ClaimBound,
}

/// A wait that begins when the situation first needs one and ends at its deadline.
pub struct Waiting<'a> {
    session: &'a Session,
    awaited: Awaited,
    limit: Option<Duration>,
    begun: Option<(Instant, Progress)>,
    /// Why it waits.
    refusal: Option<Refusal>,
    holders: Vec<String>,
    holders_read: Option<Instant>,
}

impl<'a> Waiting<'a> {
    /// A wait of `limit`; `None` does not wait at all.
    #[must_use]
    pub fn new(session: &'a Session, awaited: Awaited, limit: Option<Duration>) -> Self {
        Self { session, awaited, limit, begun: None, refusal: None, holders: Vec::new(), holders_read: None }
    }

    /// Reads the situation. Once the wait has begun, a server that is away for a while is waited
    /// for as well, and one that does not answer no longer than the wait.
    pub async fn observe(&mut self, named: Option<&str>, scope: Scope) -> Result<Observation, Error> {
        let cluster = &self.session.cluster;
        let Some(deadline) = self.deadline() else {
            return cluster.observe(&self.session.target, named, scope).await;
        };
        loop {
            let reading = cluster.observe(&self.session.target, named, scope);
            match tokio::time::timeout_at(deadline, reading).await {
                Ok(Err(error)) if error.is_passing() && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                Ok(outcome) => return outcome,
                Err(_) => return Err(self.in_vain()),
            }
        }
    }

    /// When the wait ends, once it has begun.
    fn deadline(&self) -> Option<Instant> {
        Some(self.begun.as_ref()?.0 + self.limit?)
    }

    /// Waits for a change of what `refusal` speaks of.
    ///
    /// # Errors
    ///
    /// The refusal itself, when the time is up or was never given.
    pub async fn change(&mut self, seen: &Observation, refusal: Refusal) -> Result<(), Error> {
        let Some(limit) = self.limit.filter(|limit| !limit.is_zero()) else { return Err(refusal.into()) };
        let session = self.session;
        let begun = self.begun.get_or_insert_with(|| (Instant::now(), session.terminal.progress())).0;
        let deadline = begun + limit;
        self.refusal = Some(refusal);
        let claim = seen.claim.as_ref().and_then(Row::version);
        let volume = assess(&seen.situation).volume;
        let watched = match (self.awaited, volume) {
            (Awaited::ClaimGone, Some(volume)) if claim.is_none() => {
                Watched::Volume(&volume.name, Some(&volume.resource_version))
            }
            _ => Watched::Claim(&session.target, claim),
        };
        let changed = session.cluster.changed(watched);
        tokio::pin!(changed);
        let mut ticks = tokio::time::interval(Progress::EVERY);
        let looking = self.begun.as_ref().is_some_and(|(_, progress)| progress.is_shown());
        loop {
            tokio::select! {
                outcome = &mut changed => return outcome,
                () = tokio::time::sleep_until(deadline) => return Err(self.in_vain()),
                _ = ticks.tick(), if looking => self.show(claim.is_some()).await,
            }
        }
    }

    /// The refusal, when the time is up.
    fn in_vain(&mut self) -> Error {
        let waited = typed(self.limit.unwrap_or_default());
        match self.refusal.take() {
            Some(refusal) => Refusal { message: format!("{} (waited {waited})", refusal.message), ..refusal }.into(),
            None => self.session.cluster.silent(&waited),
        }
    }

    async fn show(&mut self, claim_there: bool) {
        let key = self.session.target.key();
        let what = match self.awaited {
            Awaited::ClaimBound => format!("claim {key} to be bound"),
            Awaited::ClaimGone if claim_there => {
                if self.holders_read.is_none_or(|at| at.elapsed() > HOLDERS_EVERY) {
                    // Whoever holds it is told besides; the wait goes on without it.
                    let holders = self.session.cluster.holders(&self.session.target);
                    self.holders = tokio::time::timeout(PAUSE, holders).await.unwrap_or_default();
                    self.holders_read = Some(Instant::now());
                }
                match self.holders.as_slice() {
                    [] => format!("claim {key} to go"),
                    [pod] => format!("claim {key} to go, held by pod {pod}"),
                    pods => format!("claim {key} to go, held by pods {}", pods.join(", ")),
                }
            }
            Awaited::ClaimGone => format!("the volume of {key} to be released"),
        };
        if let Some((_, progress)) = &mut self.begun {
            progress.tick(&what);
        }
    }

    /// Ends the wait: the progress line goes, so that a prompt has the terminal to itself.
    pub fn over(&mut self) {
        self.begun = None;
    }
}

/// A duration as it is typed: `1h30m`, `90s`.
fn typed(limit: Duration) -> String {
    let (hours, minutes, seconds) = (limit.as_secs() / 3600, limit.as_secs() / 60 % 60, limit.as_secs() % 60);
    let parts = [(hours, 'h'), (minutes, 'm'), (seconds, 's')];
    parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect()
}
