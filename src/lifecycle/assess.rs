//! A situation, assessed: the stage, the findings, and what to do next.

use super::advice::steps;
use super::facts::{Target, Volume};
use super::finding::{DeletionSign, Event, Finding, Holder, deletions, findings};
use super::next::{Next, Step};
use super::node::Node;
use super::plan::{Plan, reuse};
use super::set::{Incomplete, Part, incomplete};
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

/// Adds a finding to the claims whose volumes wait to be reused while their sets are kept only in part. `mates` are the
/// other claims of the sets.
pub fn add_sets(found: &mut [Assessment<'_>], mates: &[Assessment<'_>]) {
    // This run does not reuse the volume of a claim that is not selected.
    let mate = |it: &Assessment<'_>| if part(it) == Part::Has { Part::Has } else { Part::Lacks };
    let named = |it: &'_ Assessment<'_>| it.situation.target.name.clone();
    let all: Vec<(String, Part)> =
        found.iter().map(|it| (named(it), part(it))).chain(mates.iter().map(|it| (named(it), mate(it)))).collect();
    let all = all.iter().map(|(name, part)| (name.as_str(), *part));
    let sets: Vec<Incomplete> = incomplete(all);
    for claim in found.iter_mut().filter(|it| part(it) == Part::Waits) {
        let name = &claim.situation.target.name;
        let set = sets.iter().find(|set| set.kept.contains(name));
        claim.findings.extend(set.cloned().map(Finding::SetIncomplete));
    }
}

fn part(found: &Assessment<'_>) -> Part {
    match reuse(&found.situation) {
        Ok(Plan::Change(_)) => Part::Waits,
        Ok(Plan::Done(_)) => Part::Has,
        Err(_) if found.stage == Stage::Reused => Part::Has,
        Err(_) => Part::Lacks,
    }
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

    /// Adds the events of the volume that tell about its deletion.
    ///
    /// csi-provisioner up to 6.3 writes Warning `VolumeFailedDelete` for a volume that is still attached, without having
    /// called the driver; 6.4 writes Normal `VolumeDelete`.
    pub fn add_volume_events(&mut self, events: Vec<Event>) {
        let Some(volume) = self.volume else { return };
        let name = || volume.name.clone();
        for Event { reason, message } in events {
            let attached = message.contains("is still attached to node");
            match reason.as_str() {
                "VolumeFailedDelete" | "VolumeDelete" if attached => {
                    self.findings.push(Finding::StillAttached { volume: name(), message });
                }
                // The controller's own message, which the phase tells already.
                "VolumeFailedDelete" if message.contains("no deletable volume plugin matched") => {}
                "VolumeFailedDelete" => {
                    let marked = self.findings.iter_mut().find_map(|it| match it {
                        Finding::DeletionBegun { sign: DeletionSign::RetainedLate { event, .. }, .. } => Some(event),
                        _ => None,
                    });
                    if let Some(event) = marked {
                        *event = Some(message);
                    } else {
                        let sign = DeletionSign::Event(message);
                        self.findings.push(Finding::DeletionBegun { volume: name(), sign });
                    }
                }
                "VolumeRecycled" | "VolumeFailedRecycle" => {
                    self.findings.push(Finding::Event(Event { reason, message }));
                }
                _ => {}
            }
        }
    }

    /// Adds a finding if volumes are kept for other claims, which do not exist.
    pub fn add_kept_for_others(&mut self, kept: Vec<(String, Target)>) {
        if !kept.is_empty() {
            self.findings.push(Finding::KeptForOthers(kept));
        }
    }

    /// Adds a finding if none of the cluster's nodes can use the volume.
    pub fn add_nodes(&mut self, nodes: &[Node]) {
        let Some(volume) = self.volume.filter(|volume| !volume.nodes.is_empty()) else { return };
        if !nodes.iter().any(|node| volume.nodes.iter().any(|term| term.matches(node))) {
            self.findings.push(Finding::NoNodeMatches(volume.name.clone()));
        }
    }

    /// Adds the pods that use the claim; those that have ended are to be deleted before the claim can be.
    pub fn add_holders(&mut self, pods: Vec<Holder>) {
        if pods.is_empty() {
            return;
        }
        if self.stage == Stage::Releasing {
            self.next.splice(0..0, deletions(&pods));
        }
        self.findings.push(Finding::HeldByPods(pods));
    }
}
