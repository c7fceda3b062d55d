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
use crate::lifecycle::{Assessment, Finding, Next, Outcome, Stage, Step, Target, Verb};
use crate::terminal::Stream;
use crate::words::next::{Line, Shown, Typed};
use crate::words::{owner, stage};

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

/// Several claims after `verify`, for scripts.
#[derive(Serialize)]
pub struct VerificationList<'a> {
    pub verified: bool,
    #[serde(flatten)]
    pub list: StatusList<'a>,
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

    /// The names of the selection that are nowhere, each as its error.
    pub async fn missing(&self, all: &[Observation]) -> Vec<(Target, Error)> {
        let mut missing = Vec::new();
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
        let item = |found: &'a Assessment<'a>| Item { target: found.situation.target, standing: self.standing(found) };
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
        for found in found {
            let matters =
                |it: &&Finding| it.outcome() == Outcome::Failed || matches!(it, Finding::PolicyApplied { .. });
            let failed: Vec<_> = found.findings.iter().filter(matters).collect();
            let alone = matches!(found.stage, Stage::Terminating | Stage::Diverted | Stage::Lost);
            if !alone && failed.is_empty() {
                continue;
            }
            let session = self.of(found.situation.target);
            if alone {
                let words = format!("claim {}: {}", found.situation.target.key(), stage::summary(found, now));
                text += &self.terminal.headed(stream, tone(found.stage), &found.stage.to_string(), &words);
            }
            text += &failed.iter().map(|it| session.finding(stream, it, None, &[])).collect::<String>();
            if alone {
                let status = session.typed.line(&session.target, &Next::run(Verb::Status)).command;
                let command: Vec<Shown> = status.map(Shown::Command).into_iter().collect();
                text += &screen(self.terminal, stream, &command);
            }
        }
        let next = together(found, namespace.is_none());
        let shown = self.typed_for(found, &next).shown(&self.nobody(), "next", &next, now);
        text + &screen(self.terminal, stream, &shown)
    }

    /// The flags to type for later steps: once the claims of a release are deleted nothing tells which they were.
    fn typed_for(&self, found: &[Assessment<'_>], next: &[Next]) -> Typed {
        let later = |next: &Next| matches!(next.step, Step::Run { verb: Verb::Reuse | Verb::Verify, .. });
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
    if found.iter().any(|found| found.stage == Stage::Released) {
        return vec![Next::run(Verb::Reuse)];
    }
    if found.iter().any(|found| matches!(found.stage, Stage::Reserved | Stage::Binding)) {
        return vec![Step::Install.into(), Next::run(Verb::Verify).with_timeout()];
    }
    let mut steps: Vec<Next> = Vec::new();
    for step in found.iter().filter(|found| found.stage == Stage::Retained).flat_map(|found| &found.next) {
        if matches!(step.step, Step::Uninstall(Some(_))) && !steps.contains(step) {
            steps.push(step.clone());
        }
    }
    if !steps.is_empty() {
        steps.push(Next::run(Verb::Reuse).with_timeout());
    }
    steps
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
