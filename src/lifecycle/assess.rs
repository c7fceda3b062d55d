//! A situation, assessed: the stage, the findings, and what to do next.

use super::advice::steps;
use super::facts::Volume;
use super::finding::{DeletionSign, Event, Finding, findings};
use super::next::{Next, Step};
use super::situation::Situation;
use super::stage::{Stage, stand};

/// A situation's stage, findings and next steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment<'a> {
    /// The situation that was assessed.
    pub situation: Situation<'a>,
    /// The stage of the procedure.
    pub stage: Stage,
    /// The volume that the stage speaks of.
    pub volume: Option<&'a Volume>,
    /// The other volumes that are preserved for the target.
    pub preserved: Vec<&'a Volume>,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The next steps, in this order; empty if nothing is left to do.
    pub next: Vec<Next>,
}

/// Assesses a situation.
#[must_use]
pub fn assess<'a>(situation: &Situation<'a>) -> Assessment<'a> {
    let (stage, volume) = stand(situation);
    let mut preserved = situation.preserved();
    preserved.retain(|v| volume.is_none_or(|own| own.name != v.name));
    let findings = findings(situation, stage, volume, &preserved);
    let next = steps(situation, stage, volume, &preserved);
    Assessment { situation: situation.clone(), stage, volume, preserved, findings, next }
}

impl Assessment<'_> {
    /// Adds the events of the claim.
    pub fn add_claim_events(&mut self, events: Vec<Event>) {
        // A reserved volume is bound at once; only a new one waits for the first pod.
        if self.stage == Stage::Binding
            && self.volume.is_none()
            && events.iter().any(|event| event.reason == "WaitForFirstConsumer")
        {
            self.next.insert(0, Step::UseClaim.into());
        }
        self.findings.extend(events.into_iter().map(Finding::Event));
    }

    /// Adds the events of the volume that say that its deletion began.
    pub fn add_volume_events(&mut self, events: Vec<Event>) {
        let Some(volume) = self.volume else { return };
        let failed = events.into_iter().filter(|event| event.reason == "VolumeFailedDelete");
        self.findings.extend(failed.map(|event| Finding::DeletionBegun {
            volume: volume.name.clone(),
            sign: DeletionSign::Event(event.message),
        }));
    }
}
