//! Reports: where a target stands, for people and for scripts.

use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Session;
use crate::cluster::{Observation, Read, Row};
use crate::error::Error;
use crate::escape::line;
use crate::kubectl::output::Format;
use crate::kubectl::table::table;
use crate::lifecycle::{Assessment, Claim, Finding, Keep, Next, Outcome, Stage, Target, Volume};
use crate::terminal::{Stream, Terminal, Tone};
use crate::words::age::age;
use crate::words::error::{hints, message};
use crate::words::next::{Line, Shown, Typed};
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
    next: Vec<Line>,
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
        let own = situation.only_volume();
        let report = |it: &'a Finding| FindingReport {
            reason: it.reason(),
            message: finding::message(it, situation.target, own),
            next: self.typed.lines(situation.target, &it.remedies()),
        };
        Standing {
            stage: found.stage,
            summary: stage::summary(found, Timestamp::now()),
            next: self.typed.lines(situation.target, &found.next),
            findings: found.findings.iter().map(report).collect(),
            volume: found.volume.map(|v| v.name.as_str()),
            claim: situation.claim.map(|claim| ClaimReport { claim, kept_by_helm: claim.keep == Keep::ByManifest }),
            volumes: &situation.volumes,
        }
    }

    /// The answer for people: the row of the claim, or with `-o wide` kubectl's own rows; the stage, the findings and the
    /// next steps. Only names with `-o name`.
    pub fn answer(&self, seen: &Observation, found: &Assessment<'_>) -> String {
        match self.output.format {
            Some(Format::Name) => self.rows(seen),
            Some(Format::Wide) => self.rows(seen) + &self.told(Stream::Out, found),
            _ => self.row(found) + &self.told(Stream::Out, found),
        }
    }

    /// The row of the claim.
    fn row(&self, found: &Assessment<'_>) -> String {
        const COLUMNS: [&str; 6] = ["claim", "stage", "policy", "capacity", "age", "volume"];
        let cells: Vec<Value> = self.cells(found, Some(Timestamp::now())).into_iter().map(Value::from).collect();
        table(&COLUMNS.map(|name| (name, true)), &[&cells], self.output.headers)
    }

    /// The cells of the claim's row: the age is that of the claim, or of its volume once the claim is deleted; without
    /// `now` there is none.
    pub fn cells(&self, found: &Assessment<'_>, now: Option<Timestamp>) -> Vec<String> {
        let (claim, volume) = (found.situation.claim, found.volume);
        let given = |text: Option<String>| text.unwrap_or_else(|| "<none>".to_owned());
        let size = volume.map_or_else(|| claim.and_then(|c| c.wants.size.clone()), |v| v.offers.size.clone());
        let created = claim.map_or_else(|| volume.and_then(|v| v.created), |c| c.created);
        vec![
            found.situation.target.name.clone(),
            found.stage.to_string(),
            given(volume.map(|v| v.policy.clone())),
            given(size),
            given(now.map(|now| age(created, now))),
            given(volume.map(|v| v.name.clone())),
        ]
    }

    /// The stage, the findings and the next steps.
    pub fn told(&self, stream: Stream, found: &Assessment<'_>) -> String {
        let now = Timestamp::now();
        let head = found.stage.to_string();
        let stage = self.terminal.headed(stream, tone(found.stage), &head, &stage::summary(found, now));
        let own = found.situation.only_volume();
        let findings: String = found.findings.iter().map(|it| self.finding(stream, it, own, &found.next)).collect();
        let next = self.typed.shown(&self.target, "next", &found.next, now);
        stage + &findings + &screen(self.terminal, stream, &next)
    }

    /// Tells people the stage, the findings and the next steps, beside the result.
    pub fn tell(&self, found: &Assessment<'_>) {
        let _ = self.terminal.say(Stream::Err, &self.told(Stream::Err, found));
    }

    /// Tells people the steps of the procedure and the one that `stage` is at.
    pub fn tell_steps(&self, stage: Stage) {
        let Some(steps) = stage::steps(stage) else { return };
        let paint = |(step, mark): &(&str, char)| {
            let tone = match mark {
                '✔' => Tone::Good,
                '●' => tone(stage),
                _ => return format!("{step} {mark}"),
            };
            self.terminal.styled(Stream::Err, tone, &format!("{step} {mark}"))
        };
        let line: Vec<_> = steps.iter().map(paint).collect();
        let _ = self.terminal.say(Stream::Err, &format!("{}  {}\n", line.join("  "), self.meant()));
    }

    /// Tells people these findings.
    pub fn tell_each(&self, findings: &[Finding], own: Option<&str>) {
        let text: String = findings.iter().map(|it| self.finding(Stream::Err, it, own, &[])).collect();
        let _ = self.terminal.say(Stream::Err, &text);
    }

    /// A finding and the commands that help, but those among the `next` steps.
    pub fn finding(&self, stream: Stream, it: &Finding, own: Option<&str>, next: &[Next]) -> String {
        let tone = match it.outcome() {
            Outcome::Passed => Tone::Plain,
            Outcome::Note => Tone::Warning,
            Outcome::Failed => Tone::Bad,
        };
        let mut text = self.terminal.headed(stream, tone, it.reason(), &finding::message(it, &self.target, own));
        for remedy in it.remedies().iter().filter(|remedy| next.iter().all(|step| step.step != remedy.step)) {
            let command = self.typed.line(&self.target, remedy).command;
            text += &command.map_or(String::new(), |command| screen(self.terminal, stream, &[Shown::Command(command)]));
        }
        text
    }

    /// The claim and its volumes, oldest first, as tables or as names.
    pub fn rows(&self, seen: &Observation) -> String {
        if self.output.format == Some(Format::Name) {
            let claim = seen.claim.iter().map(|_| format!("persistentvolumeclaim/{}\n", seen.target.name));
            return claim.chain(aged(seen).iter().map(|read| volume_line(&read.facts.name, ""))).collect();
        }
        self.tables(std::slice::from_ref(seen))
    }

    /// The claims and their volumes as kubectl prints them: a table of each.
    pub fn tables(&self, all: &[Observation]) -> String {
        let claims: Vec<&Row> = all.iter().filter_map(|seen| Some(&*seen.claim.as_ref()?.row)).collect();
        let volumes: Vec<&Row> = all.iter().flat_map(aged).map(|read| &*read.row).collect();
        let shown: Vec<_> = [self.table(&claims), self.table(&volumes)].into_iter().filter(|t| !t.is_empty()).collect();
        shown.join("\n")
    }

    /// Prints a document if one is wanted, and returns whether it did.
    pub fn print_document<B: Serialize>(&self, document: &Document<'_, B>) -> Result<bool, Error> {
        let text = self.output.object(document)?;
        text.iter().try_for_each(|text| self.terminal.print(text))?;
        Ok(text.is_some())
    }
}

/// The volumes, oldest first.
fn aged(seen: &Observation) -> Vec<&Read<Volume>> {
    let mut aged: Vec<_> = seen.volumes.iter().collect();
    aged.sort_by_key(|read| read.facts.created);
    aged
}

/// Lines of the screen.
pub fn screen(terminal: Terminal, stream: Stream, shown: &[Shown]) -> String {
    let text = |shown: &Shown| match shown {
        Shown::Words(head, words) => terminal.headed(stream, Tone::Plain, head, words),
        Shown::Command(command) => format!("  {}\n", line(command)),
    };
    shown.iter().map(text).collect()
}

/// Prints an error and its hints.
pub fn tell_error(terminal: Terminal, typed: &Typed, error: &Error) {
    let text = message(error);
    match text.split_once(": ").filter(|(head, _)| head.starts_with("error") || head.starts_with("Error")) {
        Some((head, rest)) => terminal.error(head, rest),
        None => terminal.note(&text),
    }
    let hints = hints(error, typed, Timestamp::now());
    let _ = terminal.say(Stream::Err, &screen(terminal, Stream::Err, &hints));
}

/// The urgency of a stage.
pub fn tone(stage: Stage) -> Tone {
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
