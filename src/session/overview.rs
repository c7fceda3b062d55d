//! Several claims at a glance: a row each, in natural order, and what follows from their stages, worst first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Session;
use super::report::{Standing, screen, tone};
use super::select::{Selection, natural};
use crate::cluster::{Fresh, Observation};
use crate::error::Error;
use crate::kubectl::table::table;
use crate::lifecycle::{Assessment, Next, Outcome, Stage, Step, Target, Verb};
use crate::terminal::{Stream, Tone};
use crate::words::next::{Line, Shown, Typed};
use crate::words::{finding, owner, stage};

/// Several claims, for scripts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusList<'a> {
    api_version: &'static str,
    kind: &'static str,
    namespace: Option<&'a str>,
    selection: String,
    stages: Vec<Count>,
    next: Vec<Line>,
    items: Vec<Item<'a>>,
}

/// The number of claims at a stage.
#[derive(Serialize)]
struct Count {
    stage: Stage,
    claims: usize,
}

#[derive(Serialize)]
struct Item<'a> {
    target: &'a Target,
    #[serde(flatten)]
    standing: Standing<'a>,
}

impl Session {
    /// Reads the claims of the selection, in natural order. An error if a name in full is nowhere, or nothing is selected.
    pub async fn survey(&self, fresh: Fresh) -> Result<Vec<Observation>, Error> {
        let selects = |name: &str, claim: Option<&_>| self.selection.selects(name, claim);
        let mut all = self.cluster.survey(&self.target.namespace, selects, fresh).await?;
        all.sort_by(|a, b| natural(&a.target.name, &b.target.name));
        if all.is_empty() && self.selection.named().is_empty() {
            return Err(Error::NothingSelected(self.target.namespace.clone(), selection(&self.selection)));
        }
        Ok(all)
    }

    /// The names of the selection that are nowhere, and the patterns and releases that nothing fits, each with its error.
    pub async fn missing(&self, all: &[Observation]) -> Vec<(Target, Error)> {
        let mut missing = Vec::new();
        for part in self.selection.parts() {
            let fits =
                |seen: &Observation| part.selects(&seen.target.name, seen.claim.as_ref().map(|read| &read.facts));
            if !all.iter().any(fits) {
                let target = Target { name: part.text(), ..self.target.clone() };
                missing.push((target, Error::NothingSelected(self.target.namespace.clone(), selection(&part))));
            }
        }
        for name in self.selection.named() {
            if all.iter().all(|seen| seen.target.name != name) {
                let target = Target { name: name.to_owned(), ..self.target.clone() };
                let error = self.of(&target).absent().await;
                missing.push((target, error));
            }
        }
        missing
    }

    /// The same run, about one of the claims.
    pub fn of(&self, target: &Target) -> Self {
        let typed = self.typed.of_claim(&target.name);
        let own = target.namespace == self.target.namespace;
        let typed = if own { typed } else { typed.with("-n", &target.namespace) };
        let selection = Selection::Claims(vec![target.name.clone()]);
        Self { target: target.clone(), selection, typed, ..self.clone() }
    }

    /// The document of several claims, of this kind.
    pub fn list<'a>(
        &'a self,
        kind: &'static str,
        found: &'a [Assessment<'a>],
        namespace: Option<&'a str>,
    ) -> StatusList<'a> {
        let item = |found: &'a Assessment<'a>| {
            let target = found.situation.target;
            Item { target, standing: self.of(target).standing(found) }
        };
        let counts = counts(found).into_iter().map(|(stage, claims)| Count { stage, claims }).collect();
        StatusList {
            api_version: "glancepv.io/v1alpha1",
            kind,
            namespace,
            selection: selection(&self.selection),
            stages: counts,
            next: {
                let next = together(found, namespace.is_none());
                self.typed_for(found, &next).lines(&self.nobody(), &next)
            },
            items: found.iter().map(item).collect(),
        }
    }

    /// A row for each claim; with the namespace first if there are several.
    pub fn overview(&self, found: &[Assessment<'_>], namespaces: bool) -> String {
        let now = Timestamp::now();
        let rows: Vec<Vec<Value>> = found
            .iter()
            .map(|found| {
                let mut cells = self.cells(found, Some(now));
                let claim = found.situation.claim;
                cells.insert(5, claim.map_or_else(|| "<none>".to_owned(), owner::deleted_with));
                cells.insert(0, found.situation.target.namespace.clone());
                cells.into_iter().map(Value::from).collect()
            })
            .collect();
        let shown: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
        let columns = ["namespace", "claim", "stage", "policy", "capacity", "age", "deleted with", "volume"];
        let columns = columns.map(|name| (name, namespaces || name != "namespace"));
        table(&columns, &shown, self.output.headers)
    }

    /// The stages with their counts, the claims that a person has to look at, and the next steps.
    pub fn told_of_several(&self, stream: Stream, found: &[Assessment<'_>], namespace: Option<&str>) -> String {
        let now = Timestamp::now();
        let place = namespace.unwrap_or("all namespaces");
        let mut text = String::new();
        for (nth, (stage, count)) in counts(found).into_iter().enumerate() {
            let words = stage::several(stage, count, found.len(), (nth == 0).then_some(place));
            text += &self.terminal.headed(stream, tone(stage), &stage.to_string(), &words);
        }
        for found in found.iter().filter(|found| is_alone(found.stage)) {
            let session = self.of(found.situation.target);
            let words = format!("claim {}: {}", found.situation.target.key(), stage::summary(found, now));
            text += &self.terminal.headed(stream, tone(found.stage), &found.stage.to_string(), &words);
            // Its own step, where that is one of ours.
            let own =
                found.next.iter().find(|next| matches!(next.step, Step::Run { verb: Verb::Reuse | Verb::Verify, .. }));
            let step = own.cloned().unwrap_or_else(|| Next::run(Verb::Status));
            let command = session.typed.line(&session.target, &step).command;
            text += &screen(self.terminal, stream, &command.map(Shown::Command).into_iter().collect::<Vec<_>>());
        }
        text += &self.findings_of_several(stream, found);
        let next = together(found, namespace.is_none());
        let shown = self.typed_for(found, &next).shown(&self.nobody(), "next", &next, now);
        text + &screen(self.terminal, stream, &shown)
    }

    /// The findings, equal ones once, each with its claims.
    fn findings_of_several(&self, stream: Stream, found: &[Assessment<'_>]) -> String {
        let mut told: Vec<(&str, String, bool, Vec<String>)> = Vec::new();
        for found in found {
            let target = found.situation.target;
            for it in found.findings.iter().filter(|it| it.outcome() != Outcome::Passed) {
                let words = finding::message(it, target, found.situation.only_volume());
                let failed = it.outcome() == Outcome::Failed;
                match told.iter_mut().find(|(reason, known, ..)| *reason == it.reason() && *known == words) {
                    Some((.., claims)) => claims.push(target.key()),
                    None => told.push((it.reason(), words, failed, vec![target.key()])),
                }
            }
        }
        let line = |(reason, words, failed, claims): &(&str, String, bool, Vec<String>)| {
            let noun = if claims.len() == 1 { "claim" } else { "claims" };
            let tone = if *failed { Tone::Bad } else { Tone::Warning };
            self.terminal.headed(stream, tone, reason, &format!("{noun} {}: {words}", claims.join(", ")))
        };
        told.iter().map(line).collect()
    }

    /// The flags to type for later steps: once the claims of a release are deleted nothing tells which they were.
    fn typed_for(&self, found: &[Assessment<'_>], next: &[Next]) -> Typed {
        let later = |next: &Next| matches!(next.step, Step::Run { verb: Verb::Status, .. });
        if !matches!(self.selection, Selection::Releases(_)) || !next.iter().any(later) {
            return self.typed.clone();
        }
        let names: Vec<&str> = found.iter().map(|found| found.situation.target.name.as_str()).collect();
        self.typed.of_claim(&names.join(","))
    }

    /// The target of words that are no claim's own.
    fn nobody(&self) -> Target {
        Target { name: String::new(), ..self.target.clone() }
    }
}

/// The next steps of all: retain what is not kept, else go on together; of the whole cluster only the first, a line for each
/// namespace.
fn together(found: &[Assessment<'_>], everywhere: bool) -> Vec<Next> {
    let at_risk = |found: &&Assessment<'_>| {
        let all = found.situation.referring(|v| !v.is_retained());
        matches!(found.stage, Stage::AtRisk | Stage::Doomed) || !all.is_empty()
    };
    if everywhere {
        let namespaces: BTreeSet<&str> =
            found.iter().filter(at_risk).map(|found| found.situation.target.namespace.as_str()).collect();
        return namespaces.into_iter().map(|it| Step::RetainNamespace(it.to_owned()).into()).collect();
    }
    if found.iter().any(|found| at_risk(&found)) {
        return vec![Next::run(Verb::Retain)];
    }
    if found.iter().any(|found| found.stage == Stage::Retained) {
        return vec![Step::Uninstall(None).into(), Next::run(Verb::Status)];
    }
    Vec::new()
}

/// True if a claim at this stage needs a line of its own.
fn is_alone(stage: Stage) -> bool {
    !matches!(stage, Stage::AtRisk | Stage::Doomed | Stage::Retained | Stage::Reused | Stage::Absent)
}

/// The number of claims at each stage, worst first.
fn counts(found: &[Assessment<'_>]) -> Vec<(Stage, usize)> {
    let count = |stage: Stage| (stage, found.iter().filter(|found| found.stage == stage).count());
    Stage::WORST_FIRST.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
}

/// The selection as it was typed.
fn selection(selection: &Selection) -> String {
    match selection {
        Selection::Claims(names) => format!("--claim {}", names.join(",")),
        Selection::All => "--all".to_owned(),
        Selection::Releases(names) => format!("--release {}", names.join(",")),
    }
}
