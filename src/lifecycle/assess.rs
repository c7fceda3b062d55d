//! A situation, assessed: the stage, the findings, and what to do next.

use super::facts::{Volume, VolumePhase};
use super::finding::{Begun, Event, Finding, findings};
use super::next::{
    Next, Remark, Step, Verb, apply, choice, install, obstacles, on_own, recreate, start_over, uninstall, way_back,
};
use super::situation::Situation;
use super::stage::{Stage, stand};

/// Where the target stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment<'a> {
    pub stage: Stage,
    /// The volume that the stage speaks of.
    pub volume: Option<&'a Volume>,
    /// The other volumes that are preserved for the target.
    pub waiting: Vec<&'a Volume>,
    pub findings: Vec<Finding>,
    /// What to do next, in this order; empty when there is nothing left to do.
    pub next: Vec<Next>,
}

/// Says where the target stands.
#[must_use]
pub fn assess<'a>(situation: &Situation<'a>) -> Assessment<'a> {
    let (stage, volume) = stand(situation);
    let mut waiting = situation.preserved();
    waiting.retain(|v| volume.is_none_or(|own| own.name != v.name));
    let findings = findings(situation, stage, volume, &waiting);
    let next = next(situation, stage, volume, &waiting);
    Assessment { stage, volume, waiting, findings, next }
}

impl Assessment<'_> {
    /// Takes in what the events of the claim say.
    pub fn hear_of_claim(&mut self, events: Vec<Event>) {
        // A volume that is reserved is bound at once; only a new one waits for a pod.
        if self.stage == Stage::Binding
            && self.volume.is_none()
            && events.iter().any(|event| event.reason == "WaitForFirstConsumer")
        {
            self.next.insert(0, Step::UseClaim.into());
        }
        self.findings.extend(events.into_iter().map(Finding::Event));
    }

    /// Takes in what the events of the volume say: whether its deletion was begun.
    pub fn hear_of_volume(&mut self, events: Vec<Event>) {
        let Some(volume) = self.volume else { return };
        let failed = events.into_iter().filter(|event| event.reason == "VolumeFailedDelete");
        self.findings.extend(
            failed
                .map(|event| Finding::DeletionBegun { volume: volume.name.clone(), sign: Begun::Event(event.message) }),
        );
    }
}

fn next(s: &Situation<'_>, stage: Stage, volume: Option<&Volume>, waiting: &[&Volume]) -> Vec<Next> {
    let Some(volume) = volume else { return without_volume(s, stage, waiting) };
    let name = volume.name.as_str();
    match stage {
        Stage::AtRisk if s.claim.is_some_and(|c| c.volume_name.is_some()) => vec![Next::run(Verb::Retain)],
        Stage::AtRisk => vec![on_own(s, Verb::Retain, name)],
        Stage::Retained => retained(s),
        Stage::Releasing => vec![on_own(s, Verb::Reuse, name).waiting()],
        Stage::Doomed => vec![Next::on(Verb::Retain, name).because(Remark::Now)],
        Stage::Terminating if waiting.is_empty() => recreate(s, volume),
        Stage::Terminating => {
            let other = Remark::OtherWay(waiting.iter().map(|v| v.name.clone()).collect());
            let note = Next::from(Step::Note).because(other);
            [recreate(s, volume), vec![note], way_back(s, waiting)].concat()
        }
        Stage::Released => {
            let released = s.naming(|v| v.is_released() && v.is_retained() && !v.terminating);
            if released.len() > 1 { choice(Verb::Reuse, &released) } else { vec![on_own(s, Verb::Reuse, name)] }
        }
        Stage::Reserved => reserved(s, volume),
        Stage::Binding if !volume.names(s.target) => start_over(s, waiting),
        Stage::Binding if !volume.is_retained() => {
            let retain = Next::on(Verb::Retain, name).because(Remark::BeforeBinding);
            vec![retain, Next::run(Verb::Verify).waiting()]
        }
        Stage::Binding if s.claim.is_some_and(|c| c.volume_name.is_none()) && !obstacles(s, volume).is_empty() => {
            start_over(s, &[volume])
        }
        Stage::Binding => vec![Next::run(Verb::Verify).waiting()],
        Stage::Diverted => {
            let to = waiting.iter().map(|v| v.name.clone()).collect();
            let back = Remark::GoingBack { to, from: name.to_owned() };
            [vec![Next::from(Step::Note).because(back)], way_back(s, waiting)].concat()
        }
        Stage::Lost if volume.names(s.target) && volume.terminating => recreate(s, volume),
        Stage::Lost if volume.names(s.target) => {
            let retain = (!volume.is_retained()).then(|| Next::on(Verb::Retain, name).because(Remark::BeforeUninstall));
            retain.into_iter().chain(way_back(s, &[volume])).collect()
        }
        Stage::Lost => start_over(s, waiting),
        Stage::Reused | Stage::Absent => Vec::new(),
    }
}

fn retained(s: &Situation<'_>) -> Vec<Next> {
    let Some(claim) = s.claim.filter(|c| c.keep.may_stay()) else {
        return uninstall(s).into_iter().chain([Next::run(Verb::Reuse).waiting()]).collect();
    };
    let manifest = claim.release.clone().map(|release| Next::from(Step::Manifest(release)));
    let mut steps: Vec<Next> = manifest.map(|step| step.because(Remark::KeptInManifest)).into_iter().collect();
    steps.push(Next::from(Step::Uninstall(claim.release.clone())).because(Remark::ClaimStays));
    steps
}

fn reserved(s: &Situation<'_>, volume: &Volume) -> Vec<Next> {
    let all = s.naming(|v| v.phase == VolumePhase::Available && v.is_reserved() && !v.terminating);
    let at_risk = all.iter().filter(|v| !v.is_retained());
    let mut steps: Vec<Next> =
        at_risk.map(|v| Next::on(Verb::Retain, &v.name).because(Remark::BeforeBinding)).collect();
    if all.len() > 1 && !s.pinned {
        steps.extend(choice(Verb::Pin, &all));
    }
    let [mut install, verify] = install(None);
    if all.len() < 2 && !s.pinned {
        install.remark = Some(Remark::PinOnlyOnMisfit(volume.offers.size.clone()));
    }
    steps.extend([install, verify]);
    steps
}

fn without_volume(s: &Situation<'_>, stage: Stage, waiting: &[&Volume]) -> Vec<Next> {
    let gone = s.claim.and_then(|c| c.volume_name.clone());
    match (stage, gone) {
        (Stage::Binding | Stage::Lost, _) if !waiting.is_empty() => start_over(s, waiting),
        (Stage::Binding, Some(gone)) => {
            vec![Next::from(Step::Apply(gone)).because(Remark::FromExport), Next::run(Verb::Verify).waiting()]
        }
        (Stage::Lost, Some(gone)) => {
            let [export, available] = apply(&gone);
            let apply = [export.because(Remark::FromExport), available];
            uninstall(s).into_iter().chain(apply).chain(install(Some(&gone))).collect()
        }
        (Stage::Binding | Stage::Lost | Stage::Releasing, _) => {
            vec![Next::run(Verb::Status).because(Remark::NothingPreserved)]
        }
        _ => Vec::new(),
    }
}
