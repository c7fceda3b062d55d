//! Waiting until the situation is right, or the time is up.

use std::time::Duration;

use tokio::time::Instant;

use super::Session;
use super::flags::Limit;
use crate::cluster::{Observation, PAUSE, Read, Scope, Watched};
use crate::error::Error;
use crate::lifecycle::{Refusal, assess};
use crate::terminal::Progress;
use crate::words::wait::{Awaited, progress};

/// How often the list of pods that hold a claim is read anew, while somebody looks at it.
const HOLDERS_EVERY: Duration = Duration::from_secs(5);

/// A wait that begins when the situation first needs one and ends at its deadline.
pub struct Waiting<'a> {
    session: &'a Session,
    awaited: Awaited,
    limit: Option<Limit>,
    begun: Option<(Instant, Progress)>,
    /// Why it waits.
    refusal: Option<Refusal>,
    holders: Vec<String>,
    holders_read: Option<Instant>,
}

impl<'a> Waiting<'a> {
    /// A wait of `limit`; `None` does not wait at all.
    pub fn new(session: &'a Session, awaited: Awaited, limit: Option<Limit>) -> Self {
        let limit = limit.filter(|limit| !limit.time.is_zero());
        Self { session, awaited, limit, begun: None, refusal: None, holders: Vec::new(), holders_read: None }
    }

    /// A wait that has begun already: it keeps its deadline over everything that is read on the way.
    pub fn begun(session: &'a Session, awaited: Awaited, limit: Limit) -> Self {
        let begun = Some((Instant::now(), session.terminal.progress()));
        Self { begun, ..Self::new(session, awaited, Some(limit)) }
    }

    /// Reads the situation, as [`Self::read`] does.
    pub async fn observe(&mut self, named: Option<&str>, scope: Scope) -> Result<Observation, Error> {
        let session = self.session;
        self.read(async || session.cluster.observe(&session.target, named, scope).await).await
    }

    /// Reads. Once the wait has begun, connection errors are retried until the deadline, which also bounds each
    /// request.
    pub async fn read<T>(&mut self, reading: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
        let Some(deadline) = self.deadline() else { return reading().await };
        loop {
            match tokio::time::timeout_at(deadline, reading()).await {
                Ok(Err(error)) if error.is_passing() && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                Ok(outcome) => return outcome,
                Err(_) => return Err(self.in_vain()),
            }
        }
    }

    /// When the wait ends, once it has begun.
    fn deadline(&self) -> Option<Instant> {
        Some(self.begun.as_ref()?.0 + self.limit.as_ref()?.time)
    }

    /// Whether it has begun, and its deadline is still to come.
    pub fn has_time(&self) -> bool {
        self.deadline().is_some_and(|deadline| Instant::now() < deadline)
    }

    /// Whether there is any time to wait.
    pub fn may_wait(&self) -> bool {
        self.limit.is_some()
    }

    /// Waits for a change of what `refusal` speaks of.
    ///
    /// # Errors
    ///
    /// The refusal itself, when the time is up or was never given.
    pub async fn change(&mut self, seen: &Observation, refusal: Refusal) -> Result<(), Error> {
        if self.limit.is_none() {
            return Err(refusal.into());
        }
        self.refusal = Some(refusal);
        if self.until_changed(seen).await? { Ok(()) } else { Err(self.in_vain()) }
    }

    /// Waits for a change of what is awaited; false when the time is up, or was never given.
    pub async fn until_changed(&mut self, seen: &Observation) -> Result<bool, Error> {
        let claim = seen.claim.as_ref().and_then(Read::version);
        let watched = match (self.awaited, assess(&seen.situation()).volume) {
            (Awaited::ClaimGone, Some(volume)) if claim.is_none() => {
                Watched::Volume(&volume.name, Some(&volume.resource_version))
            }
            _ => Watched::Claim(&seen.target, claim),
        };
        self.until(watched).await
    }

    /// The same for a change of `watched`.
    pub async fn until(&mut self, watched: Watched<'_>) -> Result<bool, Error> {
        let session = self.session;
        let awaited = match (self.awaited, &watched) {
            (Awaited::ClaimGone, Watched::Volume(..)) => Awaited::VolumeReleased,
            (awaited, _) => awaited,
        };
        self.begun.get_or_insert_with(|| (Instant::now(), session.terminal.progress()));
        let Some(deadline) = self.deadline() else { return Ok(false) };
        let changed = session.cluster.changed(watched);
        tokio::pin!(changed);
        let mut ticks = tokio::time::interval(Progress::EVERY);
        let looking = self.begun.as_ref().is_some_and(|(_, progress)| progress.is_shown());
        loop {
            tokio::select! {
                outcome = &mut changed => return outcome.map(|()| true),
                () = tokio::time::sleep_until(deadline) => return Ok(false),
                _ = ticks.tick(), if looking => self.show(awaited).await,
            }
        }
    }

    /// The refusal, when the time is up.
    fn in_vain(&mut self) -> Error {
        let waited = self.limit.as_ref().map(|limit| limit.typed.clone()).unwrap_or_default();
        match self.refusal.take() {
            Some(refusal) => Error::TimedOut(waited, refusal),
            None => self.session.cluster.silent(waited),
        }
    }

    async fn show(&mut self, awaited: Awaited) {
        let target = &self.session.target;
        if awaited == Awaited::ClaimGone && self.holders_read.is_none_or(|at| at.elapsed() > HOLDERS_EVERY) {
            // Showing pods is best effort and must not delay the wait.
            let holders = tokio::time::timeout(PAUSE, self.session.cluster.mounting(target));
            self.holders = holders.await.ok().and_then(Result::ok).unwrap_or_default();
            self.holders_read = Some(Instant::now());
        }
        if let Some((_, shown)) = &mut self.begun {
            shown.tick(&progress(awaited, &target.key(), &self.holders));
        }
    }

    /// Ends the wait: the progress line goes, so that a prompt has the terminal to itself.
    pub fn over(&mut self) {
        self.begun = None;
    }
}
