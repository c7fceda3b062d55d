//! A situation, assessed: the stage, the findings, and what to do next.

use super::facts::Volume;
use super::finding::{Finding, findings};
use super::next::{Next, Remark, Step, Verb, on_own, start_over, way_back};
use super::situation::Situation;
use super::stage::{Stage, stand};

/// Where the target stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment<'a> {
    /// The place in the procedure.
    pub stage: Stage,
    /// The volume that the stage speaks of.
    pub volume: Option<&'a Volume>,
    /// The other volumes that are preserved for the target.
    pub waiting: Vec<&'a Volume>,
    /// What a user should know besides.
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

fn next(s: &Situation<'_>, stage: Stage, volume: Option<&Volume>, waiting: &[&Volume]) -> Vec<Next> {
    let Some(volume) = volume else { return without_volume(s, stage) };
    let name = volume.name.as_str();
    match stage {
        Stage::AtRisk if s.claim.is_some_and(|c| c.volume_name.is_some()) => vec![Next::run(Verb::Retain)],
        Stage::AtRisk => vec![on_own(s, Verb::Retain, name)],
        Stage::Retained if s.claim.is_some_and(|c| c.kept_by_helm) => {
            vec![Next::from(Step::Uninstall).because(Remark::ClaimStays)]
        }
        Stage::Retained => vec![Step::Uninstall.into(), Next::run(Verb::Reuse).waiting()],
        Stage::Releasing => vec![Next::run(Verb::Reuse).waiting()],
        Stage::Doomed => vec![Next::on(Verb::Retain, name).because(Remark::Now)],
        Stage::Terminating => {
            let export = Next::on(Verb::Export, name).because(Remark::KeepsObject);
            // Another that is kept is the way on.
            std::iter::once(export).chain(waiting.first().map(|v| way_back(&v.name)).into_iter().flatten()).collect()
        }
        Stage::Released => vec![on_own(s, Verb::Reuse, name)],
        Stage::Reserved => {
            let pin = (!s.pinned).then(|| Next::run(Verb::Pin).because(Remark::NamesVolume));
            pin.into_iter().chain([Step::Install.into(), Next::run(Verb::Verify).waiting()]).collect()
        }
        // What a claim names cannot be changed: the next claim has to name another.
        Stage::Binding if !volume.names(s.target) && !s.naming(|v| v.name != name).is_empty() => start_over(),
        Stage::Binding => vec![Next::run(Verb::Verify).waiting()],
        Stage::Diverted => {
            let old = waiting.first().map_or(name, |v| v.name.as_str());
            let back = Remark::GoingBack { to: old.to_owned(), from: name.to_owned() };
            std::iter::once(Next::from(Step::Note).because(back)).chain(way_back(old)).collect()
        }
        Stage::Lost => way_back(name),
        Stage::Reused | Stage::Absent => Vec::new(),
    }
}

fn without_volume(s: &Situation<'_>, stage: Stage) -> Vec<Next> {
    match stage {
        Stage::Releasing => vec![Next::run(Verb::Reuse).waiting()],
        Stage::Binding if s.naming(|_| true).is_empty() => vec![Next::run(Verb::Verify).waiting()],
        Stage::Binding | Stage::Lost => start_over(),
        _ => Vec::new(),
    }
}
