//! Reports: where a target stands, for people and for scripts.

use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;

use super::Session;
use crate::cluster::{Observation, Row};
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::lifecycle::{Assessment, Claim, Finding, Keep, Stage, Target, Volume};
use crate::terminal::Tone;
use crate::words::next::Line;
use crate::words::{finding, stage};

/// A documented object of `-o json` and `-o yaml`; only ever added to under this apiVersion.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a, B> {
    api_version: &'static str,
    kind: &'static str,
    target: TargetReport<'a>,
    #[serde(flatten)]
    pub body: B,
}

#[derive(Serialize)]
struct TargetReport<'a> {
    namespace: &'a str,
    claim: &'a str,
}

impl<'a, B: Serialize> Document<'a, B> {
    pub fn new(kind: &'static str, target: &'a Target, body: B) -> Self {
        let target = TargetReport { namespace: &target.namespace, claim: &target.name };
        Self { api_version: "glancepv.io/v1alpha1", kind, target, body }
    }
}

/// An assessment, for scripts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing<'a> {
    stage: Stage,
    summary: String,
    next: Vec<Line>,
    findings: Vec<FindingReport<'a>>,
    volume: Option<&'a str>,
    claim: Option<ClaimReport<'a>>,
    volumes: &'a [&'a Volume],
}

#[derive(Serialize)]
struct FindingReport<'a> {
    reason: &'a str,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimReport<'a> {
    #[serde(flatten)]
    claim: &'a Claim,
    kept_by_helm: bool,
}

impl Session {
    /// An assessment, for scripts.
    pub fn standing<'a>(&self, found: &'a Assessment<'a>) -> Standing<'a> {
        let situation = &found.situation;
        let message = |f| finding::message(f, situation.target, &self.typed);
        Standing {
            stage: found.stage,
            summary: stage::summary(found, Timestamp::now()),
            next: self.typed.lines(situation.target, &found.next),
            findings: found
                .findings
                .iter()
                .map(|f| FindingReport { reason: f.reason(), message: message(f) })
                .collect(),
            volume: found.volume.map(|v| v.name.as_str()),
            claim: situation.claim.map(|claim| ClaimReport { claim, kept_by_helm: claim.keep == Keep::ByManifest }),
            volumes: &situation.volumes,
        }
    }

    /// Tells people the stage, the findings and the next steps.
    pub fn tell(&self, found: &Assessment<'_>) {
        let summary = stage::summary(found, Timestamp::now());
        self.terminal.headline(tone(found.stage), &found.stage.to_string(), &summary);
        self.tell_findings(found);
        for (nth, line) in self.typed.lines(found.situation.target, &found.next).iter().enumerate() {
            self.terminal.headline(Tone::Plain, if nth == 0 { "next" } else { "then" }, &line.to_string());
        }
    }

    /// Tells people the findings.
    pub fn tell_findings(&self, found: &Assessment<'_>) {
        self.tell_each(&found.findings);
    }

    /// Tells people these findings.
    pub fn tell_each(&self, findings: &[Finding]) {
        for it in findings {
            let message = finding::message(it, &self.target, &self.typed);
            self.terminal.headline(Tone::Plain, it.reason(), &message);
        }
    }

    /// The claim and its volumes, oldest first, as tables or as names.
    pub fn rows(&self, seen: &Observation) -> String {
        let mut aged: Vec<_> = seen.volumes.iter().collect();
        aged.sort_by_key(|read| read.facts.created);
        if self.output.format == Some(Format::Name) {
            let claim = seen.claim.iter().map(|_| format!("persistentvolumeclaim/{}\n", seen.target.name));
            return claim.chain(aged.iter().map(|read| volume_line(&read.facts.name, ""))).collect();
        }
        let claim: Vec<&Row> = seen.claim.iter().map(|read| &read.row).collect();
        let volumes: Vec<&Row> = aged.iter().map(|read| &read.row).collect();
        let shown: Vec<_> = [self.table(&claim), self.table(&volumes)].into_iter().filter(|t| !t.is_empty()).collect();
        shown.join("\n")
    }

    /// Prints a document if one is wanted, and returns whether it did.
    pub fn print_document<B: Serialize>(&self, document: &Document<'_, B>) -> Result<bool, Error> {
        let text = self.output.object(document)?;
        text.iter().try_for_each(|text| self.terminal.print(text))?;
        Ok(text.is_some())
    }
}

/// The urgency of a stage.
fn tone(stage: Stage) -> Tone {
    match stage {
        Stage::Retained | Stage::Reserved | Stage::Reused => Tone::Good,
        Stage::Releasing | Stage::Released | Stage::Binding | Stage::Absent => Tone::Plain,
        Stage::AtRisk | Stage::Doomed | Stage::Terminating | Stage::Diverted | Stage::Lost => Tone::Bad,
    }
}

/// `persistentvolume/NAME`, and the text after it.
pub fn volume_line(name: &str, outcome: impl Display) -> String {
    format!("persistentvolume/{name}{outcome}\n")
}
