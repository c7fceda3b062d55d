//! Waits: one deadline, whatever is read meanwhile.

use std::time::Duration;

use futures::future::OptionFuture;
use tokio::time::Instant;

use super::Session;
use crate::cluster::{Fresh, Observation, PAUSE, Reach, Read, Watched};
use crate::error::Error;
use crate::lifecycle::{Finding, Holder, Reason, Refusal, Target};
use crate::terminal::Progress;
use crate::words::wait::{Awaited, ended, limited, progress};

/// The interval at which the pods that use a claim are listed while somebody looks at the progress line.
const HOLDERS_EVERY: Duration = Duration::from_secs(5);

/// A time limit, and how it was typed.
#[derive(Clone, Debug)]
pub struct Limit {
    /// As it was typed.
    pub typed: String,
    /// The time.
    pub time: Duration,
}

/// A wait that starts when the situation first needs one and ends at its deadline.
pub struct Wait<'a> {
    session: &'a Session,
    /// The claim that is waited for.
    about: Target,
    /// Of several claims: those that are done, and all.
    counted: Option<(usize, usize)>,
    awaited: Awaited,
    limit: Option<Limit>,
    started: Option<(Instant, Progress)>,
    /// The obstacle that it waits for.
    refusal: Option<Refusal>,
    holders: Vec<Holder>,
    holders_read: Option<Instant>,
    /// The pods that have ended and that a person was told of.
    told_holders: Vec<Holder>,
}

impl<'a> Wait<'a> {
    /// A wait of up to `limit`; without a limit it does not wait at all.
    pub fn new(session: &'a Session, awaited: Awaited, limit: Option<Limit>) -> Self {
        let limit = limit.filter(|limit| !limit.time.is_zero());
        Self {
            session,
            about: session.target.clone(),
            counted: None,
            awaited,
            limit,
            started: None,
            refusal: None,
            holders: Vec::new(),
            holders_read: None,
            told_holders: Vec::new(),
        }
    }

    /// A wait that starts now.
    pub fn started(session: &'a Session, awaited: Awaited, limit: Limit) -> Self {
        let started = Some((Instant::now(), session.terminal.progress()));
        Self { started, ..Self::new(session, awaited, Some(limit)) }
    }

    /// It is this claim that is waited for.
    pub fn look_at(&mut self, about: &Target) {
        self.about = about.clone();
    }

    /// The claim that is waited for.
    pub fn about(&self) -> &Target {
        &self.about
    }

    /// Of several claims: this one is waited for first, and so many of all are done.
    pub fn count(&mut self, about: &Target, done: usize, of: usize) {
        if self.about != *about {
            (self.about, self.holders, self.holders_read) = (about.clone(), Vec::new(), None);
        }
        self.counted = Some((done, of));
    }

    /// Observes the target, as [`Self::read`] does.
    pub async fn observe(&mut self, named: Option<&str>, reach: Reach, fresh: Fresh) -> Result<Observation, Error> {
        let session = self.session;
        self.read(async || session.cluster.observe(&session.target, named, reach, fresh).await).await
    }

    /// Reads the target's other volumes, as [`Self::read`] does.
    pub async fn complete(&mut self, seen: &mut Observation) -> Result<(), Error> {
        let session = self.session;
        let read = seen.clone();
        *seen = self
            .read(async || {
                let mut seen = read.clone();
                session.cluster.complete(&mut seen, Fresh::Consistent).await.map(|()| seen)
            })
            .await?;
        Ok(())
    }

    /// Reads. Once the wait has started, connection errors are retried until the deadline, which also bounds each
    /// request.
    pub async fn read<T>(&mut self, reading: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
        let Some(deadline) = self.deadline() else { return reading().await };
        loop {
            match tokio::time::timeout_at(deadline, reading()).await {
                Ok(Err(error)) if error.is_passing() && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                Ok(outcome) => return outcome,
                Err(_) => return Err(self.timed_out()),
            }
        }
    }

    /// The end of the wait, once it has started.
    fn deadline(&self) -> Option<Instant> {
        Some(self.started.as_ref()?.0 + self.limit.as_ref()?.time)
    }

    /// True if the wait has started and its deadline has not passed.
    pub fn has_time(&self) -> bool {
        self.deadline().is_some_and(|deadline| Instant::now() < deadline)
    }

    /// True if the wait has started and its deadline has passed.
    pub fn is_over(&self) -> bool {
        self.deadline().is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// True if there is a time limit.
    pub fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    /// Waits for a change of the obstacle.
    ///
    /// # Errors
    ///
    /// The refusal itself, if there is no limit; a timeout, if the limit has passed.
    pub async fn for_change(&mut self, seen: &Observation, refusal: Refusal) -> Result<(), Error> {
        if self.limit.is_none() {
            return Err(refusal.into());
        }
        self.refusal = Some(refusal);
        if self.until_changed(seen).await? { Ok(()) } else { Err(self.timed_out()) }
    }

    /// Waits for a change of the awaited object; false if the limit has passed, or there is none.
    pub async fn until_changed(&mut self, seen: &Observation) -> Result<bool, Error> {
        let (target, claim) = match &seen.from {
            Some((target, claim)) => (target, claim.as_ref().and_then(Read::version)),
            None => (&seen.target, seen.claim.as_ref().and_then(Read::version)),
        };
        let taken = seen.from.as_ref().and(seen.named.as_deref()).and_then(|name| seen.volume(name));
        let volume = taken.map(|read| &read.facts).or(seen.assess().volume);
        let watched = match (self.awaited, volume) {
            (Awaited::ClaimGone, Some(volume)) if claim.is_none() || self.waits_for_provisioner() => {
                Watched::Volume(&volume.name, Some(&volume.resource_version))
            }
            _ => Watched::Claim(target, claim),
        };
        self.until(watched).await
    }

    fn waits_for_provisioner(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| matches!(refusal.reason, Reason::ProvisionerHolds(_)))
    }

    /// Waits for a change of `watched`; false if the limit has passed, or there is none.
    pub async fn until(&mut self, watched: Watched<'_>) -> Result<bool, Error> {
        let session = self.session;
        let awaited = match (self.awaited, &watched) {
            (Awaited::ClaimGone, Watched::Volume(..)) => Awaited::VolumeReleased,
            (awaited, _) => awaited,
        };
        self.started.get_or_insert_with(|| (Instant::now(), session.terminal.progress()));
        let Some(deadline) = self.deadline() else { return Ok(false) };
        let about = self.about.clone();
        let changed = session.cluster.changed(watched);
        tokio::pin!(changed);
        let mut ticks = tokio::time::interval(Progress::EVERY);
        let shown = self.started.as_ref().is_some_and(|(_, progress)| progress.is_shown());
        let shows_holders = shown && awaited == Awaited::ClaimGone;
        // The pods are read beside the watch: neither the progress line nor the deadline waits for them.
        let mut reading = None;
        loop {
            if shows_holders && reading.is_none() && self.holders_read.is_none_or(|at| at.elapsed() > HOLDERS_EVERY) {
                self.holders_read = Some(Instant::now());
                reading = Some(Box::pin(session.cluster.pods_using(&about)));
            }
            tokio::select! {
                outcome = &mut changed => return outcome.map(|()| true),
                () = tokio::time::sleep_until(deadline) => return Ok(false),
                Some(found) = OptionFuture::from(reading.as_mut()) => {
                    self.holders = found.unwrap_or_default();
                    reading = None;
                    self.tell_holders();
                }
                _ = ticks.tick(), if shown => self.show(awaited),
            }
        }
    }

    /// The error at the deadline.
    fn timed_out(&mut self) -> Error {
        let waited = self.limit.as_ref().map(|limit| limit.typed.clone()).unwrap_or_default();
        match self.refusal.take() {
            Some(refusal) => Error::TimedOut(waited, refusal),
            None => self.session.cluster.no_response(&waited),
        }
    }

    fn show(&mut self, awaited: Awaited) {
        let limit = self.limit.as_ref().map_or("", |limit| &limit.typed);
        if let Some((since, shown)) = &mut self.started {
            let text = progress(awaited, &self.about, self.counted, &self.holders);
            shown.tick(&limited(&text, since.elapsed(), limit));
        }
    }

    /// Ends the wait: its line says that what was awaited is done, or stays as it stands.
    pub fn end(&mut self, done: bool) {
        if let Some((since, mut shown)) = self.started.take().filter(|_| done) {
            shown.end(&ended(self.awaited, &self.about, self.counted, since.elapsed()));
        }
    }

    /// Tells once of pods that have ended and hold the claim: nobody else will delete them.
    fn tell_holders(&mut self) {
        let ended: Vec<Holder> = self.holders.iter().filter(|pod| pod.has_ended()).cloned().collect();
        if ended.is_empty() || self.told_holders == ended {
            return;
        }
        if let Some((_, shown)) = &mut self.started {
            shown.leave();
        }
        self.session.of(&self.about).tell_each(&[Finding::HeldByPods(ended.clone())], None);
        self.told_holders = ended;
    }
}
