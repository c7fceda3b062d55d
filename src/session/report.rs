//! What is printed: where a target stands, for people and for scripts.

use jiff::Timestamp;
use serde::Serialize;

use super::Session;
use crate::cluster::api::Row;
use crate::cluster::observe::Observation;
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::lifecycle::assess::Assessment;
use crate::lifecycle::facts::{Claim, ClaimPhase, ClaimRef, Shape, Target, Volume, VolumePhase};
use crate::lifecycle::owner::Keep;
use crate::lifecycle::situation::Situation;
use crate::lifecycle::stage::Stage;
use crate::terminal::Tone;
use crate::words::{finding, stage};

/// A documented object of `-o json` and `-o yaml`; only ever added to under this apiVersion.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a, B> {
    api_version: &'static str,
    kind: &'static str,
    target: TargetReport<'a>,
    /// What it says of it.
    #[serde(flatten)]
    pub body: B,
}

#[derive(Serialize)]
struct TargetReport<'a> {
    namespace: &'a str,
    claim: &'a str,
}

impl<'a, B: Serialize> Document<'a, B> {
    /// A document about `target`.
    pub fn new(kind: &'static str, target: &'a Target, body: B) -> Self {
        let target = TargetReport { namespace: &target.namespace, claim: &target.claim };
        Self { api_version: "glancepv.io/v1alpha1", kind, target, body }
    }
}

/// Where a target stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing<'a> {
    stage: Stage,
    summary: String,
    next: Vec<String>,
    findings: Vec<FindingReport<'a>>,
    volume: Option<&'a str>,
    claim: Option<ClaimReport<'a>>,
    volumes: Vec<VolumeReport<'a>>,
}

#[derive(Serialize)]
struct FindingReport<'a> {
    reason: &'a str,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimReport<'a> {
    uid: &'a str,
    phase: ClaimPhase,
    terminating: bool,
    volume_name: Option<&'a str>,
    creation_timestamp: Option<String>,
    kept_by_helm: bool,
    resource_policy: Keep,
    release: Option<ReleaseReport<'a>>,
    requests: ShapeReport<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VolumeReport<'a> {
    name: &'a str,
    phase: VolumePhase,
    reclaim_policy: &'a str,
    terminating: bool,
    creation_timestamp: Option<String>,
    last_phase_transition_time: Option<String>,
    retained_after_release: bool,
    claim_ref: Option<ClaimRefReport<'a>>,
    offers: ShapeReport<'a>,
}

#[derive(Serialize)]
struct ReleaseReport<'a> {
    name: &'a str,
    namespace: &'a str,
}

#[derive(Serialize)]
struct ClaimRefReport<'a> {
    namespace: &'a str,
    name: &'a str,
    uid: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShapeReport<'a> {
    storage: Option<&'a str>,
    access_modes: &'a [String],
    storage_class_name: Option<&'a str>,
    volume_mode: Option<&'a str>,
    volume_attributes_class_name: Option<&'a str>,
}

impl<'a> From<&'a Claim> for ClaimReport<'a> {
    fn from(claim: &'a Claim) -> Self {
        Self {
            uid: &claim.uid,
            phase: claim.phase,
            terminating: claim.terminating,
            volume_name: claim.volume_name.as_deref(),
            creation_timestamp: claim.created.map(|t| t.to_string()),
            kept_by_helm: claim.keep == Keep::ByManifest,
            resource_policy: claim.keep,
            release: claim.release.as_ref().map(|r| ReleaseReport { name: &r.name, namespace: &r.namespace }),
            requests: (&claim.wants).into(),
        }
    }
}

impl<'a> From<&'a Volume> for VolumeReport<'a> {
    fn from(volume: &'a Volume) -> Self {
        let owner = |r: &'a ClaimRef| ClaimRefReport { namespace: &r.namespace, name: &r.name, uid: r.uid.as_deref() };
        Self {
            name: &volume.name,
            phase: volume.phase,
            reclaim_policy: &volume.policy,
            terminating: volume.terminating,
            creation_timestamp: volume.created.map(|t| t.to_string()),
            last_phase_transition_time: volume.since.map(|t| t.to_string()),
            retained_after_release: volume.retained_late,
            claim_ref: volume.claim_ref.as_ref().map(owner),
            offers: (&volume.offers).into(),
        }
    }
}

impl<'a> From<&'a Shape> for ShapeReport<'a> {
    fn from(shape: &'a Shape) -> Self {
        Self {
            storage: shape.size.as_deref(),
            access_modes: &shape.modes,
            storage_class_name: shape.class.as_deref(),
            volume_mode: shape.volume_mode.as_deref(),
            volume_attributes_class_name: shape.attributes.as_deref(),
        }
    }
}

impl Session {
    /// Where a target stands, for scripts.
    #[must_use]
    pub fn standing<'a>(&self, situation: &Situation<'a>, found: &'a Assessment<'a>) -> Standing<'a> {
        let message = |f| finding::message(f, situation.target, &self.typed);
        Standing {
            stage: found.stage,
            summary: stage::summary(found, situation, Timestamp::now()),
            next: self.typed.lines(situation.target, &found.next),
            findings: found
                .findings
                .iter()
                .map(|f| FindingReport { reason: f.reason(), message: message(f) })
                .collect(),
            volume: found.volume.map(|v| v.name.as_str()),
            claim: situation.claim.map(Into::into),
            volumes: situation.volumes.iter().map(|v| (*v).into()).collect(),
        }
    }

    /// Tells a person the stage, the findings and the next steps.
    pub fn tell(&self, situation: &Situation<'_>, found: &Assessment<'_>) {
        let summary = stage::summary(found, situation, Timestamp::now());
        self.terminal.headline(tone(found.stage), &found.stage.to_string(), &summary);
        self.tell_findings(situation, found);
        for (nth, line) in self.typed.lines(situation.target, &found.next).iter().enumerate() {
            self.terminal.headline(Tone::Plain, if nth == 0 { "next" } else { "then" }, line);
        }
    }

    /// Tells a person the findings.
    pub fn tell_findings(&self, situation: &Situation<'_>, found: &Assessment<'_>) {
        for it in &found.findings {
            self.terminal.headline(Tone::Plain, it.reason(), &finding::message(it, situation.target, &self.typed));
        }
    }

    /// The claim and its volumes, oldest first, as tables or as names.
    #[must_use]
    pub fn rows(&self, seen: &Observation) -> String {
        let mut aged: Vec<_> = seen.volumes.iter().collect();
        aged.sort_by_key(|read| read.facts.created);
        if self.output.format == Some(Format::Name) {
            let claim = seen.claim.iter().map(|_| format!("persistentvolumeclaim/{}\n", seen.target.claim));
            return claim.chain(aged.iter().map(|read| super::volume_line(&read.facts.name, ""))).collect();
        }
        let claim: Vec<&Row> = seen.claim.iter().map(|read| &read.row).collect();
        let volumes: Vec<&Row> = aged.iter().map(|read| &read.row).collect();
        let shown: Vec<_> = [self.table(&claim), self.table(&volumes)].into_iter().filter(|t| !t.is_empty()).collect();
        shown.join("\n")
    }

    /// Prints a document where one is asked for; whether it was.
    pub fn print_document<B: Serialize>(&self, document: &Document<'_, B>) -> Result<bool, Error> {
        let text = self.output.object(document)?;
        text.iter().try_for_each(|text| self.terminal.print(text))?;
        Ok(text.is_some())
    }
}

/// How urgent a stage is.
fn tone(stage: Stage) -> Tone {
    match stage {
        Stage::Retained | Stage::Reserved | Stage::Reused => Tone::Good,
        Stage::Releasing | Stage::Released | Stage::Binding | Stage::Absent => Tone::Plain,
        Stage::AtRisk | Stage::Doomed | Stage::Terminating | Stage::Diverted | Stage::Lost => Tone::Bad,
    }
}
