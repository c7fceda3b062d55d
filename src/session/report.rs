//! What is printed: where a target stands, for people and for scripts.

use jiff::Timestamp;
use serde::Serialize;

use super::Session;
use crate::cluster::{Observation, Row};
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::lifecycle::{Assessment, Claim, Keep, Situation, Stage, Target, Volume};
use crate::terminal::Tone;
use crate::words::{finding, stage};

/// A documented object of `-o json` and `-o yaml`; only ever added to under this apiVersion.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a, B> {
    api_version: &'static str,
    kind: &'static str,
    target: &'a Target,
    #[serde(flatten)]
    pub body: B,
}

impl<'a, B: Serialize> Document<'a, B> {
    pub fn new(kind: &'static str, target: &'a Target, body: B) -> Self {
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
    /// Where a target stands, for scripts.
    pub fn standing<'a>(&self, situation: &'a Situation<'a>, found: &'a Assessment<'a>) -> Standing<'a> {
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
            claim: situation.claim.map(|claim| ClaimReport { claim, kept_by_helm: claim.keep == Keep::ByManifest }),
            volumes: &situation.volumes,
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
