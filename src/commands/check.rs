//! `check`: the preconditions of a maintenance window.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use futures::future::{join_all, try_join_all};
use serde::Serialize;

use super::flags::TemplateFlag;
use crate::cluster::{Fresh, Kind, Observation, Pod, Reach, Right};
use crate::error::Error;
use crate::escape::line;
use crate::lifecycle::{Assessment, Next, Outcome, Stage, Step, Verb, is_incomplete};
use crate::session::Session;
use crate::session::draft::Draft;
use crate::session::overview::List;
use crate::session::report::Document;
use crate::terminal::{Stream, Tone};
use crate::words::check::{RIGHTS_HINT, Use, class, kubernetes, rights, template, verdict};
use crate::words::error::{remedies, within};
use crate::words::next::Line;
use crate::words::stage::claims;
use crate::words::{finding, stage};

/// Check the preconditions before a maintenance window
///
/// Prints one line per check: API server, stage of the claim, every finding of `status`, storage class, rights,
/// template. Exits 0 if no check failed.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Before a maintenance window\n  kubectl glancepv check -n openstack -f glance/templates/pvc-images.yaml"
)]
pub struct Checks {
    /// The template to check
    #[command(flatten)]
    pub pinned: TemplateFlag,
}

/// The rights that the plugin uses, and what each is used for.
const RIGHTS: &[(Right, Use)] = &[
    (volumes("get"), Use::AllCommands),
    (volumes("list"), Use::Search),
    (volumes("watch"), Use::VolumeWaits),
    (volumes("patch"), Use::Changes),
    (namespaced("get", "persistentvolumeclaims"), Use::AllCommands),
    (namespaced("list", "persistentvolumeclaims"), Use::ClaimWaits),
    (namespaced("watch", "persistentvolumeclaims"), Use::ClaimWaits),
    (namespaced("list", "pods"), Use::NamingPods),
    (namespaced("list", "events"), Use::ShowingEvents),
    (Right { group: "storage.k8s.io", resource: "storageclasses", ..volumes("get") }, Use::Classes),
    (Right { resource: "nodes", ..volumes("list") }, Use::MatchingNodes),
];

/// The right that is asked about where a volume is NetApp Trident's.
const TRIDENT: (Right, Use) = (
    Right { verb: "list", group: "trident.netapp.io", resource: "tridentvolumes", namespaced: false },
    Use::AskingTrident,
);

const fn volumes(verb: &'static str) -> Right {
    Right { verb, group: "", resource: "persistentvolumes", namespaced: false }
}

const fn namespaced(verb: &'static str, resource: &'static str) -> Right {
    Right { verb, group: "", resource, namespaced: true }
}

#[derive(Serialize)]
struct Report {
    passed: bool,
    checks: Vec<Check>,
}

/// One line.
#[derive(Serialize)]
struct Check {
    name: String,
    outcome: Outcome,
    message: String,
    next: Vec<Line>,
}

impl Report {
    fn new(checks: Vec<Check>) -> Self {
        Self { passed: checks.iter().all(Check::is_passed), checks }
    }
}

impl Check {
    fn is_passed(&self) -> bool {
        self.outcome != Outcome::Failed
    }

    fn new(name: &str, outcome: Outcome, message: String) -> Self {
        Self { name: name.to_owned(), outcome, message, next: Vec::new() }
    }

    /// A check that could not be made.
    fn unknown(session: &Session, name: &str, outcome: Outcome, error: &Error) -> Self {
        Self { next: remedies(error, &session.typed), ..Self::new(name, outcome, within(error)) }
    }
}

/// Several claims: the checks of the cluster, and those of each claim.
#[derive(Serialize)]
struct CheckList<'a> {
    #[serde(flatten)]
    list: List<'a, Document<'a, Report>>,
    #[serde(flatten)]
    cluster: Report,
}

/// Runs `check`; what a user with few rights cannot see is reported, and the rest goes on.
pub async fn run(session: &Session, arguments: &Checks) -> Result<(), Error> {
    let mut checks = vec![server(session).await?];
    if session.selection.only().is_none() {
        return several(session, checks).await;
    }
    let mut seen = Vec::new();
    match session.cluster.observe(&session.target, None, Reach::All, Fresh::Consistent).await {
        Ok(mut read) => {
            checks.extend(objects(session, &mut read).await?);
            seen.push(read);
        }
        Err(error) if error.is_forbidden() => checks.push(Check::unknown(session, "claim", Outcome::Failed, &error)),
        Err(error) => return Err(error),
    }
    checks.push(granted(session, &seen).await);
    checks.extend(arguments.pinned.template.as_deref().map(|template| pinnable(session, template)));
    let report = Report::new(checks);
    let document = Document::new("Check", &session.target, report);
    if !session.print_document(&document)? {
        session.terminal.print(&shown(session, &document.body.checks))?;
    }
    if document.body.passed { Ok(()) } else { Err(Error::Failed) }
}

/// Checks several claims: the server, the rights and each class once; equal checks of claims are one line.
async fn several(session: &Session, mut checks: Vec<Check>) -> Result<(), Error> {
    let mut survey = match session.survey(Fresh::Consistent).await {
        Err(error) if error.is_forbidden() => {
            checks.push(Check::unknown(session, "claims", Outcome::Failed, &error));
            checks.push(granted(session, &[]).await);
            let namespace = Some(session.target.namespace.as_str());
            let list = session.list("CheckList", &[], namespace, Vec::new());
            let list = CheckList { list, cluster: Report { passed: false, checks } };
            let text = session.output.object(&list)?.unwrap_or_else(|| shown(session, &list.cluster.checks));
            session.terminal.print(&text)?;
            return Err(Error::Failed);
        }
        survey => survey?,
    };
    try_join_all(survey.claims.iter_mut().map(|seen| session.cluster.ask_trident(seen, |_| true))).await?;
    let mut found = survey.assess();
    match session.cluster.pods(&session.target.namespace, "").await {
        Ok(pods) => {
            for found in &mut found {
                let uses = pods.iter().filter(|pod| pod.uses(found.situation.target));
                found.add_holders(uses.filter_map(Pod::holder).collect());
            }
        }
        Err(error) => checks.push(Check::unknown(session, "pods", Outcome::Note, &error)),
    }
    if found.iter().any(|found| found.volume.is_some_and(|volume| !volume.nodes.is_empty())) {
        match session.cluster.nodes().await {
            Ok(nodes) => found.iter_mut().for_each(|found| found.add_nodes(&nodes)),
            Err(error) => checks.push(Check::unknown(session, "nodes", Outcome::Note, &error)),
        }
    }
    for (target, error) in session.missing(&survey.claims).await {
        // A release that owns no claim has no name of one.
        let name = if target.name.is_empty() { "selection" } else { &target.name };
        checks.push(Check::unknown(&session.of(&target), name, Outcome::Failed, &error));
    }
    let claims = found.iter().filter_map(|found| found.situation.claim);
    let classes: BTreeSet<&str> = claims.filter_map(|claim| claim.wants.class.as_deref()).collect();
    checks.extend(join_all(classes.into_iter().map(|class| storage_class(session, Some(class)))).await);
    checks.push(granted(session, &survey.claims).await);
    let reports = found.iter().map(|found| Report::new(of_claim(&session.of(found.situation.target), found)));
    let reports: Vec<Report> = reports.collect();
    let passed = checks.iter().all(Check::is_passed) && reports.iter().all(|report| report.passed);
    let targets = found.iter().map(|found| found.situation.target);
    let items: Vec<_> = targets.zip(reports).map(|(target, report)| Document::new("Check", target, report)).collect();
    let list = CheckList {
        list: session.list("CheckList", &found, Some(&session.target.namespace), items),
        cluster: Report { passed, checks },
    };
    let text = session.output.object(&list)?.unwrap_or_else(|| {
        let checks: Vec<Check> = together(session, &found).into_iter().chain(list.cluster.checks).collect();
        shown(session, &checks)
    });
    session.terminal.print(&text)?;
    if passed { Ok(()) } else { Err(Error::Failed) }
}

/// The checks of several claims: a line for each stage, worst first, and for each finding, with the names of its claims.
fn together(session: &Session, found: &[Assessment<'_>]) -> Vec<Check> {
    let mut checks = Vec::new();
    for stage in Stage::WORST_FIRST {
        let at: Vec<&Assessment<'_>> = found.iter().filter(|found| found.stage == stage).collect();
        let Some(first) = at.first() else { continue };
        let names: Vec<&str> = at.iter().map(|found| found.situation.target.name.as_str()).collect();
        let next =
            if is_safe(stage) { Vec::new() } else { vec![session.typed.line(&session.target, &way_out_of_all(first))] };
        let outcome = if is_safe(stage) { Outcome::Passed } else { Outcome::Failed };
        checks.push(Check { next, ..Check::new(&stage.to_string(), outcome, stage::of_claims(stage, &names)) });
    }
    for told in session.findings_of_several(found) {
        let message = format!("{}: {}", claims(&told.claims), told.message);
        checks.push(Check { next: told.next, ..Check::new(&told.reason, told.outcome, message) });
    }
    checks
}

/// The server that was reached.
async fn server(session: &Session) -> Result<Check, Error> {
    let cluster = &session.cluster;
    match cluster.version().await {
        Ok(version) => {
            let server = kubernetes(version.as_deref(), &cluster.url, cluster.context.as_deref());
            Ok(Check::new("kubernetes", Outcome::Passed, server))
        }
        Err(error @ Error::Api(_)) => Ok(Check::unknown(session, "kubernetes", Outcome::Note, &error)),
        Err(error) => Err(error),
    }
}

/// The checks as lines, and the verdict.
fn shown(session: &Session, checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let (mark, tone) = match check.outcome {
            Outcome::Passed => ("✔", Tone::Good),
            Outcome::Note => ("!", Tone::Warning),
            Outcome::Failed => ("✖", Tone::Bad),
        };
        let mark = session.terminal.styled(Stream::Out, tone, mark);
        text += &format!("{mark} {}: {}\n", line(&check.name), line(&check.message));
        for Line { command, remark } in &check.next {
            text += &remark.as_ref().map_or(String::new(), |remark| format!("    hint: {}\n", line(remark)));
            text += &command.as_ref().map_or(String::new(), |command| format!("    {}\n", line(command)));
        }
    }
    let failed = checks.iter().filter(|check| !check.is_passed()).count();
    if let Some(verdict) = verdict(failed) {
        text += &format!("{verdict}\n");
    }
    text
}

/// The stage, the findings and the storage class.
async fn objects(session: &Session, seen: &mut Observation) -> Result<Vec<Check>, Error> {
    session.cluster.ask_trident(seen, |_| true).await?;
    let mut found = seen.assess();
    let mut unknown = Vec::new();
    match session.cluster.pods_using(&session.target).await {
        Ok(pods) => found.add_holders(pods),
        Err(error) => unknown.push(Check::unknown(session, "pods", Outcome::Note, &error)),
    }
    if let Err(error) = session.look_for_node(&mut found).await {
        unknown.push(Check::unknown(session, "nodes", Outcome::Note, &error));
    }
    let mut checks = of_claim(session, &found);
    checks.extend(unknown);
    if let Some(claim) = &seen.claim {
        checks.push(storage_class(session, claim.facts.wants.class.as_deref()).await);
    }
    Ok(checks)
}

/// The stage and the findings.
fn of_claim(session: &Session, found: &Assessment<'_>) -> Vec<Check> {
    let lines = |next: &[Next]| session.typed.lines(&session.target, next);
    let stage = Check::new(
        &found.stage.to_string(),
        if is_safe(found.stage) { Outcome::Passed } else { Outcome::Failed },
        stage::summary(found, jiff::Timestamp::now()),
    );
    let next = if is_safe(found.stage) { Vec::new() } else { lines(&[way_out(found)]) };
    let own = found.situation.only_volume();
    let findings = found.findings.iter().map(|it| Check {
        next: lines(&it.remedies()),
        ..Check::new(it.reason(), it.outcome(), finding::message(it, &session.target, own))
    });
    [Check { next, ..stage }].into_iter().chain(findings).collect()
}

fn is_safe(stage: Stage) -> bool {
    matches!(stage, Stage::Retained | Stage::Reused)
}

/// The same for several claims: `retain` or `reuse` of the selection, else `status`.
fn way_out_of_all(found: &Assessment<'_>) -> Next {
    match way_out(found).step {
        Step::Run { verb: verb @ (Verb::Retain | Verb::Reuse), .. } if !is_incomplete(found) => Next::run(verb),
        _ => Next::run(Verb::Status),
    }
}

/// The first next step, if it is a command of the plugin, else `status`, which prints them all.
fn way_out(found: &Assessment<'_>) -> Next {
    let first = found.next.first().filter(|next| matches!(next.step, Step::Run { .. }));
    first.cloned().unwrap_or_else(|| Next::run(Verb::Status))
}

async fn storage_class(session: &Session, name: Option<&str>) -> Check {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Check::new("class", Outcome::Passed, class(None, None));
    };
    match session.cluster.get(Kind::Class, None, name).await {
        Ok(found) => {
            let policy = found.map(|row| row.object["reclaimPolicy"].as_str().unwrap_or("Delete").to_owned());
            let outcome = if policy.as_deref() == Some("Retain") { Outcome::Passed } else { Outcome::Note };
            Check::new("class", outcome, class(Some(name), policy.as_deref()))
        }
        Err(error) => Check::unknown(session, "class", Outcome::Note, &error),
    }
}

/// The rights, asked together.
async fn granted(session: &Session, seen: &[Observation]) -> Check {
    let namespace = &session.target.namespace;
    let is_tridents = seen.iter().flat_map(|seen| &seen.volumes).any(|read| read.facts.trident_handle().is_some());
    let asked: Vec<&(Right, Use)> = RIGHTS.iter().chain(is_tridents.then_some(&TRIDENT)).collect();
    let reviews = asked.iter().map(|(right, _)| session.cluster.may(right, namespace));
    let granted = match try_join_all(reviews).await {
        Ok(granted) => granted,
        Err(error) => return Check::unknown(session, "rights", Outcome::Note, &error),
    };
    let denied = asked.iter().zip(granted).filter(|(_, granted)| !granted);
    let missing: Vec<_> = denied.map(|((right, by), _)| (right.verb, right.resource, *by)).collect();
    let outcome = match missing.as_slice() {
        [] => Outcome::Passed,
        missing if missing.iter().any(|(_, _, by)| by.is_needed()) => Outcome::Failed,
        _ => Outcome::Note,
    };
    let hint = Line { command: None, remark: Some(RIGHTS_HINT.to_owned()) };
    let next = if missing.is_empty() { Vec::new() } else { vec![hint] };
    Check { next, ..Check::new("rights", outcome, rights(&missing)) }
}

fn pinnable(session: &Session, file: &Path) -> Check {
    match Draft::place(&session.target.name, file) {
        Ok(line) => Check::new("template", Outcome::Passed, template(line)),
        Err(error) => Check::unknown(session, "template", Outcome::Failed, &error),
    }
}
