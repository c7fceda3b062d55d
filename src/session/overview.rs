//! Several claims at a glance: a row each, in natural order, and what follows from their stages, worst first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Session;
use super::report::{Document, screen, tell_error, tone};
use super::select::{Selection, natural};
use super::verbs::Verification;
use crate::cluster::{Fresh, Observation, Survey};
use crate::error::Error;
use crate::kubectl::table::{part, table};
use crate::lifecycle::{Assessment, Claim, Next, Outcome, Stage, Step, Target, Verb, group, is_incomplete, together};
use crate::terminal::{Stream, Tone};
use crate::words::next::{Line, Shown, shown};
use crate::words::{finding, owner, stage};

/// Several claims, for scripts: each an item, as of one claim.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List<'a, I> {
    api_version: &'static str,
    kind: &'static str,
    namespace: Option<&'a str>,
    selection: String,
    stages: Vec<Count>,
    next: Vec<Line>,
    items: Vec<I>,
}

/// Several claims, verified or not, for scripts.
#[derive(Serialize)]
pub struct VerificationList<'a> {
    #[serde(flatten)]
    pub list: List<'a, Document<'a, Verification<'a>>>,
    pub verified: bool,
}

/// The number of claims at a stage.
#[derive(Serialize)]
struct Count {
    stage: Stage,
    claims: usize,
}

/// The columns of several claims.
pub const COLUMNS: [&str; 8] = ["namespace", "claim", "stage", "policy", "capacity", "age", "deleted with", "volume"];

impl Session {
    /// Reads the claims of the selection, in natural order. An error if no name was typed in full and nothing is selected.
    pub async fn survey(&self, fresh: Fresh) -> Result<Survey, Error> {
        let selects = |name: &str, claim: Option<&_>| self.selection.selects(name, claim);
        let (named, whole) = (self.selection.named(), self.output.format.is_some());
        let mut survey = self.cluster.survey(&self.target.namespace, selects, &named, fresh, whole).await?;
        survey.claims.sort_by(|a, b| natural(&a.target.name, &b.target.name));
        if survey.claims.is_empty() && self.selection.named().is_empty() {
            return Err(self.nothing_selected());
        }
        Ok(survey)
    }

    /// The error for a selection of nothing.
    pub fn nothing_selected(&self) -> Error {
        Error::NothingSelected(self.target.namespace.clone(), selection(&self.selection))
    }

    /// An error of the verb, whose next steps spell the claims of a release out; of `retain` the release tells them still.
    pub fn owned(&self, verb: Verb, error: Error) -> Error {
        match &self.selection {
            Selection::Owned { going, .. } if !going.is_empty() && verb != Verb::Retain => {
                Error::OfClaims(going.join(","), Box::new(error))
            }
            _ => error,
        }
    }

    /// The claim, or the namespace and the selection.
    pub fn meant(&self) -> String {
        match self.selection.only() {
            Some(_) => self.target.key(),
            None => format!("{} {}", self.target.namespace, selection(&self.selection)),
        }
    }

    /// The same run, about the claims that were found: those of a release can be told only while they exist.
    pub fn settled(&self, survey: &Survey) -> Self {
        let Selection::Releases(releases) = &self.selection else { return self.clone() };
        let names = survey.claims.iter().map(|seen| seen.target.name.clone()).collect();
        let going = going(&survey.assess());
        Self { selection: Selection::Owned { releases: releases.clone(), names, going }, ..self.clone() }
    }

    /// The names of the selection that are nowhere, and the patterns and releases that nothing fits, each with its error.
    pub async fn missing(&self, all: &[Observation]) -> Vec<(Target, Error)> {
        let mut missing = Vec::new();
        for part in self.selection.parts() {
            let fits =
                |seen: &Observation| part.selects(&seen.target.name, seen.claim.as_ref().map(|read| &read.facts));
            if !all.iter().any(fits) {
                // The name of a release is no claim's.
                let name = if let Selection::Claims(pattern) = &part { pattern.concat() } else { String::new() };
                let target = Target { name, ..self.target.clone() };
                missing.push((target, Error::NothingSelected(self.target.namespace.clone(), selection(&part))));
            }
        }
        for name in self.selection.named() {
            if all.iter().all(|seen| seen.target.name != name) {
                missing.push(self.nowhere(Target { name: name.to_owned(), ..self.target.clone() }).await);
            }
        }
        missing
    }

    /// A claim of several that is nowhere, and its error, whose remedies are about it alone.
    pub async fn nowhere(&self, target: Target) -> (Target, Error) {
        let error = Box::new(self.of(&target).absent().await);
        let error = Error::OfClaims(target.name.clone(), error);
        (target, error)
    }

    /// An error if a part of the selection is nowhere; all but the last are told.
    pub async fn all_found(&self, survey: &Survey) -> Result<(), Error> {
        let mut missing = self.missing(&survey.claims).await;
        let last = missing.pop();
        for (_, error) in &missing {
            tell_error(self.terminal, &self.typed, error);
        }
        last.map_or(Ok(()), |(_, error)| Err(error))
    }

    /// The same run, about one of the claims.
    pub fn of(&self, target: &Target) -> Self {
        let typed = self.typed.of_claim(&target.name);
        let own = target.namespace == self.target.namespace;
        let typed = if own { typed } else { typed.with("-n", &target.namespace) };
        let selection = Selection::Claims(vec![target.name.clone()]);
        Self { target: target.clone(), selection, typed, ..self.clone() }
    }

    /// A document of this kind with these items, one for each claim. Without a namespace they are those of the whole cluster.
    pub fn list<'a, I>(
        &'a self,
        kind: &'static str,
        found: &[Assessment<'_>],
        namespace: Option<&'a str>,
        items: Vec<I>,
    ) -> List<'a, I> {
        let stages = counts(found).into_iter().map(|(stage, claims)| Count { stage, claims }).collect();
        let next = match namespace {
            Some(_) => self.lines_together(found),
            None => exposed(found).iter().map(|it| self.retain_namespace(it)).collect(),
        };
        let next = next.into_iter().map(|(line, _)| line).collect();
        let selection = namespace.map_or_else(|| "--all-namespaces".to_owned(), |_| selection(&self.selection));
        List { api_version: "glancepv.io/v1alpha1", kind, namespace, selection, stages, next, items }
    }

    /// A row for each claim of the namespace, or with `-o wide` kubectl's own rows.
    pub fn rows_of_all(&self, survey: &Survey, found: &[Assessment<'_>]) -> String {
        if self.output.is_wide() {
            return self.tables(&survey.claims);
        }
        let now = Timestamp::now();
        let rows: Vec<_> = found.iter().map(|found| self.cells_of_several(found, now)).collect();
        let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
        table(&COLUMNS.map(|name| (name, name != "namespace")), &rows, self.output.headers)
    }

    /// The cells of a claim's row, with its namespace and what deletes it.
    pub fn cells_of_several(&self, found: &Assessment<'_>, now: Timestamp) -> Vec<Value> {
        let mut cells = self.cells(found, Some(now));
        let claim = found.situation.claim;
        cells.insert(5, claim.map_or_else(|| "<none>".to_owned(), owner::deleted_with));
        cells.insert(0, found.situation.target.namespace.clone());
        cells.into_iter().map(Value::from).collect()
    }

    /// A part of the rows of the whole cluster, of which the first has the headers.
    pub fn rows_of_cluster(&self, rows: &[Vec<Value>], first: bool, widths: &[usize]) -> String {
        let shown: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
        part(&COLUMNS.map(|name| (name, true)), &shown, first && self.output.headers, widths)
    }

    /// The numbers of claims at the stages, worst first.
    fn counted(&self, stream: Stream, counts: &[(Stage, usize)], place: &str) -> String {
        let of = counts.iter().map(|(_, count)| count).sum();
        let line = |(nth, (stage, count)): (usize, &(Stage, usize))| {
            let words = stage::several(*stage, *count, of, (nth == 0).then_some(place));
            self.terminal.headed(stream, tone(*stage), &stage.to_string(), &words)
        };
        counts.iter().enumerate().map(line).collect()
    }

    /// The whole cluster at a glance: the counts, and a line for each namespace whose volumes are not Retain.
    pub fn told_of_cluster(&self, counts: &[(Stage, usize)], namespaces: &BTreeSet<String>) -> String {
        let next: Vec<(Line, Next)> = namespaces.iter().map(|it| self.retain_namespace(it)).collect();
        self.counted(Stream::Out, counts, "all namespaces")
            + &screen(self.terminal, Stream::Out, &shown("next", &next, Timestamp::now()))
    }

    fn retain_namespace(&self, namespace: &str) -> (Line, Next) {
        let next = Next::from(Step::RetainNamespace(namespace.to_owned()));
        (self.typed.line(&self.target, &next), next)
    }

    /// The stages with their counts, the claims that a person has to look at, and the next steps.
    pub fn told_of_several(&self, stream: Stream, found: &[Assessment<'_>]) -> String {
        self.told_with(stream, found, |_| true)
    }

    /// The same, with those of the next steps that are `wanted`.
    pub fn told_with(&self, stream: Stream, found: &[Assessment<'_>], wanted: impl Fn(&Next) -> bool) -> String {
        let now = Timestamp::now();
        let mut text = self.counted(stream, &counts(found), &self.target.namespace);
        for found in found.iter().filter(|found| group(found).is_none() && !is_settled(found.stage)) {
            let session = self.of(found.situation.target);
            let words = format!("claim {}: {}", found.situation.target.key(), stage::summary(found, now));
            text += &self.terminal.headed(stream, tone(found.stage), &found.stage.to_string(), &words);
            let command = session.typed.line(&session.target, &Next::run(Verb::Status)).command;
            text += &screen(self.terminal, stream, &command.map(Shown::Command).into_iter().collect::<Vec<_>>());
        }
        for told in self.findings_of_several(found).iter().filter(|told| told.outcome != Outcome::Passed) {
            let tone = if told.outcome == Outcome::Failed { Tone::Bad } else { Tone::Warning };
            let words = format!("{}: {}", stage::claims(&told.claims), told.message);
            text += &self.terminal.headed(stream, tone, &told.reason, &words);
            let commands = told.next.iter().filter_map(|line| line.command.clone()).map(Shown::Command);
            text += &screen(self.terminal, stream, &commands.collect::<Vec<_>>());
        }
        let mut next = self.lines_together(found);
        next.retain(|(_, next)| wanted(next));
        text + &screen(self.terminal, stream, &shown("next", &next, now))
    }

    /// The next steps of all as lines.
    fn lines_together(&self, found: &[Assessment<'_>]) -> Vec<(Line, Next)> {
        let nobody = Target { name: String::new(), ..self.target.clone() };
        let (verb, next) = together(found);
        // Once the claims of a release are deleted nothing tells which they were.
        let by_release = matches!(self.selection, Selection::Releases(_) | Selection::Owned { .. });
        let names = if by_release && verb != Verb::Retain { going(found) } else { Vec::new() };
        let typed = if names.is_empty() { self.typed.clone() } else { self.typed.of_claim(&names.join(",")) };
        let line = |(target, next): (Option<&Target>, Next)| {
            let line = match target {
                Some(target) => self.of(target).typed.line(target, &next),
                None => typed.line(&nobody, &next),
            };
            (line, next)
        };
        next.into_iter().map(line).collect()
    }

    /// The findings, equal ones once, each with its claims.
    pub fn findings_of_several(&self, found: &[Assessment<'_>]) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        for found in found {
            let (target, own) = (found.situation.target, found.situation.only_volume());
            for it in &found.findings {
                let message = finding::message(it, target, own);
                let mut next = self.of(target).typed.lines(target, &it.remedies());
                match told.iter_mut().find(|told| told.reason == it.reason() && told.message == message) {
                    Some(told) => {
                        told.claims.push(target.name.clone());
                        // Each has a volume, or a release, of its own.
                        next.retain(|line| !told.next.contains(line));
                        told.next.extend(next);
                    }
                    None => told.push(Told {
                        reason: it.reason().to_owned(),
                        message,
                        outcome: it.outcome(),
                        claims: vec![target.name.clone()],
                        next,
                    }),
                }
            }
        }
        told
    }
}

/// A finding of one claim or several.
pub struct Told {
    pub reason: String,
    pub message: String,
    pub outcome: Outcome,
    pub claims: Vec<String>,
    pub next: Vec<Line>,
}

/// The namespaces that have claims whose volumes are not Retain.
pub fn exposed(found: &[Assessment<'_>]) -> BTreeSet<String> {
    let at_risk = found.iter().filter(|found| group(found) == Some(Verb::Retain));
    at_risk.map(|found| found.situation.target.namespace.clone()).collect()
}

/// True if nobody has to look at a claim at this stage.
fn is_settled(stage: Stage) -> bool {
    matches!(stage, Stage::Retained | Stage::Reused | Stage::Absent)
}

/// The number of claims at each stage, worst first.
fn counts(found: &[Assessment<'_>]) -> Vec<(Stage, usize)> {
    let count = |stage: Stage| (stage, found.iter().filter(|found| found.stage == stage).count());
    Stage::WORST_FIRST.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
}

/// The names of the claims that are deleted with their release and whose volumes can be had again. By name, those that stay
/// would be waited for, those without a volume would not be found, and those of a set that is kept in part would be taken.
fn going(found: &[Assessment<'_>]) -> Vec<String> {
    let name = |found: &Assessment<'_>| found.situation.target.name.clone();
    let goes = |found: &&Assessment<'_>| {
        let stays = found.situation.claim.is_some_and(Claim::survives_uninstall);
        !stays && found.volume.is_some() && !is_incomplete(found)
    };
    found.iter().filter(goes).map(name).collect()
}

/// The selection as it was typed.
pub fn selection(selection: &Selection) -> String {
    match selection {
        Selection::Claims(names) => format!("--claim {}", names.join(",")),
        Selection::All => "--all".to_owned(),
        Selection::Releases(names) | Selection::Owned { releases: names, .. } => {
            format!("--release {}", names.join(","))
        }
    }
}
