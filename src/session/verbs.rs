//! The cores of the verbs: plain values in, for the commands and for `guide`.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::change::{Changed, Intent, carry_out};
use super::draft::Draft;
use super::report::{Document, Standing, volume_line};
use super::wait::{Limit, Wait};
use super::{Session, allowed};
use crate::cluster::{Fresh, Kind, Observation, Reach, Watched, not_found};
use crate::error::{Error, Unsettled};
use crate::kubectl::output::Format;
use crate::lifecycle::{
    Claim, Evidence, Origin, Plan, Refusal, Remedy, Situation, Stage, Target, Volume, VolumePhase, retain, reuse,
    unretain, verify,
};
use crate::words::error::within;
use crate::words::wait::Awaited;

/// The time that the volume controller may take to make a volume Available, unless `--timeout` is given; it takes one
/// or two seconds.
pub(super) const SETTLES_WITHIN: Duration = Duration::from_secs(30);

/// The result of `verify`, for scripts.
#[derive(Serialize)]
pub struct Verification<'a> {
    #[serde(flatten)]
    standing: Standing<'a>,
    verified: bool,
    reason: Option<Why>,
}

impl<'a> Verification<'a> {
    /// The claim's standing, and why it is not verified, if it is not.
    pub(super) fn new(standing: Standing<'a>, refusal: Option<&Error>) -> Self {
        Self { standing, verified: refusal.is_none(), reason: refusal.and_then(why) }
    }
}

/// The reason why a claim is not verified: a stable word and a sentence.
#[derive(Serialize)]
struct Why {
    reason: &'static str,
    message: String,
}

impl Session {
    /// Sets the reclaim policy to Retain. An error if the volume is not safe from an uninstall all the same.
    pub async fn retain(&self, volume: Option<&str>) -> Result<Changed, Error> {
        let changed = self.set_policy(retain, "Retain", volume).await?;
        let volume = &changed.volume()?.facts;
        if changed.is_real() && volume.terminating {
            return Err(Refusal::terminating(&changed.seen.situation(), volume).into());
        }
        Ok(changed)
    }

    /// Sets the reclaim policy to Delete.
    pub async fn unretain(&self, volume: Option<&str>) -> Result<Changed, Error> {
        self.set_policy(unretain, "Delete", volume).await
    }

    async fn set_policy(
        &self,
        plan: fn(&Situation<'_>) -> Result<Plan, Refusal>,
        policy: &str,
        volume: Option<&str>,
    ) -> Result<Changed, Error> {
        let intent = Intent { plan, volume, from: None, warn_about_data: false, reach: Reach::Own, limit: None };
        let changed = carry_out(self, &intent).await?;
        changed.announce(self)?;
        changed.print(self)?;
        let volume = &changed.volume()?.facts;
        if changed.is_real() && volume.policy != policy {
            let reset = Unsettled::PolicyReset(volume.name.clone(), volume.policy.clone());
            return Err(Error::Unsettled(self.target.clone(), reset));
        }
        Ok(changed)
    }

    /// Reads the volume again; an error if its policy is not Retain any more.
    pub async fn check_policy_stays(&self, name: &str) -> Result<(), Error> {
        let Some(volume) = self.cluster.volume(name).await? else { return Err(not_found(Kind::Volume, name)) };
        if volume.facts.is_retained() {
            return Ok(());
        }
        let reset = Unsettled::PolicyReset(name.to_owned(), volume.facts.policy);
        Err(Error::Unsettled(self.target.clone(), reset))
    }

    /// Reserves the preserved volume for the next claim of the same name and pins it in `template`. Waits up to `limit`
    /// until the claim is deleted, or `from`, whose volume it is then, and up to `settles` until the volume is Available.
    pub async fn reuse(
        &self,
        volume: Option<&str>,
        from: Option<&Target>,
        template: Option<&Path>,
        limit: Option<Limit>,
        settles: Option<Limit>,
    ) -> Result<Changed, Error> {
        // A template that cannot be pinned is an error before anything is changed.
        if let Some(template) = template {
            Draft::place(&self.target.name, template)?;
        }
        let intent = Intent { plan: reuse, volume, from, warn_about_data: true, reach: Reach::All, limit };
        let mut changed = carry_out(self, &intent).await?;
        changed.announce(self)?;
        if changed.is_real() {
            let claimed = changed.seen.claim.is_some();
            let settles = settles.filter(|limit| !limit.time.is_zero());
            let seconds = || Limit { typed: format!("{}s", SETTLES_WITHIN.as_secs()), time: SETTLES_WITHIN };
            self.settle(&mut changed, &settles.unwrap_or_else(seconds)).await?;
            // The next claim exists already: it may have been bound to another volume meanwhile.
            if claimed {
                let seen = self.cluster.observe(&self.target, None, Reach::All, Fresh::Consistent).await?;
                if seen.assess().stage == Stage::Diverted {
                    return Err(verify(&seen.situation()).err().map_or(Error::Failed, Error::Refused));
                }
                changed.seen = Observation { named: changed.seen.named.clone(), ..seen };
            }
        }
        if let Some(template) = template {
            self.pin(&changed.name, template).await?;
            changed.seen.pinned = true;
        }
        changed.print(self)?;
        Ok(changed)
    }

    /// Waits until the volume is Available and reserved, or already bound to the waiting claim.
    async fn settle(&self, changed: &mut Changed, limit: &Limit) -> Result<(), Error> {
        let name = changed.name.clone();
        let late = Unsettled::NotAvailable(name.clone(), limit.typed.clone());
        let late = Error::Unsettled(self.target.clone(), late);
        let mut wait = Wait::started(self, Awaited::VolumeAvailable, limit.clone());
        loop {
            let volume = &changed.volume()?.facts;
            let taken = volume.phase == VolumePhase::Bound && volume.refers_to(&self.target);
            if taken || (volume.phase == VolumePhase::Available && volume.is_reserved()) {
                wait.end(true);
                return Ok(());
            }
            let watched = Watched::Volume(&name, Some(&volume.resource_version));
            if !wait.until(watched).await? {
                return Err(late);
            }
            match wait.read(async || self.cluster.volume(&name).await).await {
                Ok(Some(volume)) => changed.seen.put(volume),
                Ok(None) => return Err(not_found(Kind::Volume, &name)),
                Err(_) if !wait.has_time() => return Err(late),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits up to `limit`, then tells whether the claim is bound to the preserved volume; an error if not.
    pub async fn verify(&self, named: Option<&str>, limit: Option<Limit>) -> Result<(), Error> {
        let mut wait = Wait::new(self, Awaited::ClaimBound, limit);
        loop {
            // The claim's own volume is enough if it is the preserved one; a named volume is compared with it.
            let reach = if named.is_some() { Reach::All } else { Reach::Own };
            let mut seen = wait.observe(named, reach, Fresh::Consistent).await?;
            if named.is_none() && !is_proved(&seen.situation()) {
                wait.complete(&mut seen).await?;
            }
            if let Ok(volume) = verify(&seen.situation()).map(|volume| volume.name.clone()) {
                self.cluster.ask_trident(&mut seen, |it| it.name == volume).await?;
            }
            let mut found = seen.assess();
            if found.stage == Stage::Absent && named.is_none() {
                return Err(self.absent().await);
            }
            let refusal = match verify(&found.situation) {
                Err(refusal) if refusal.reason.remedy() == Remedy::Wait && wait.has_limit() => {
                    match wait.for_change(&seen, refusal).await {
                        Ok(()) => continue,
                        Err(error @ (Error::Refused(_) | Error::TimedOut(..))) => Some(error),
                        Err(error) => return Err(error),
                    }
                }
                Err(refusal) => Some(refusal.into()),
                Ok(_) => None,
            };
            wait.end(refusal.is_none());
            self.explain(&mut found).await?;
            allowed(self.look_for_node(&mut found).await)?;
            let verified = Verification::new(self.standing(&found), refusal.as_ref());
            if !self.print_document(&Document::new("Verification", &seen.target, verified))? {
                // The error says the next steps.
                if refusal.is_some() {
                    found.next.clear();
                }
                let text = match found.volume {
                    Some(volume) if self.output.format == Some(Format::Name) => volume_line(&volume.name, ""),
                    _ => self.answer(&seen, &found),
                };
                self.terminal.print(&text)?;
            }
            return refusal.map_or(Ok(()), Err);
        }
    }
}

/// True if the claim's own volume proves, without the list of all, that the claim is verified: age does not, while another
/// volume may be preserved.
fn is_proved(situation: &Situation<'_>) -> bool {
    let by_age = |(claim, volume): (&Claim, &Volume)| volume.origin(claim) == Origin::Preserved(Evidence::Age);
    verify(situation).is_ok() && !situation.bound().is_some_and(by_age)
}

fn why(error: &Error) -> Option<Why> {
    let (Error::Refused(refusal) | Error::TimedOut(_, refusal)) = error else { return None };
    Some(Why { reason: (&refusal.reason).into(), message: within(error) })
}
