//! `check`: the preconditions of a maintenance window.

use std::path::Path;

use clap::Args;
use futures::future::try_join_all;
use serde::Serialize;

use super::flags::TemplateFlag;
use crate::cluster::{Fresh, Kind, Observation, Reach, Right};
use crate::error::Error;
use crate::escape::line;
use crate::lifecycle::{Assessment, Next, Outcome, Stage, Step, Verb};
use crate::session::Session;
use crate::session::draft::Draft;
use crate::session::report::Document;
use crate::terminal::{Stream, Tone};
use crate::words::check::{RIGHTS_HINT, Use, class, kubernetes, rights, template, verdict};
use crate::words::error::{remedies, within};
use crate::words::next::Line;
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
    pinned: TemplateFlag,
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

impl Check {
    fn new(name: &str, outcome: Outcome, message: String) -> Self {
        Self { name: name.to_owned(), outcome, message, next: Vec::new() }
    }

    /// A check that could not be made.
    fn unknown(session: &Session, name: &str, outcome: Outcome, error: &Error) -> Self {
        Self { next: remedies(error, &session.typed), ..Self::new(name, outcome, within(error)) }
    }
}

/// Runs `check`; what a user with few rights cannot see is reported, and the rest goes on.
pub async fn run(session: &Session, arguments: &Checks) -> Result<(), Error> {
    let cluster = &session.cluster;
    let mut checks = vec![match cluster.version().await {
        Ok(version) => {
            let server = kubernetes(version.as_deref(), &cluster.url, cluster.context.as_deref());
            Check::new("kubernetes", Outcome::Passed, server)
        }
        Err(error @ Error::Api(_)) => Check::unknown(session, "kubernetes", Outcome::Note, &error),
        Err(error) => return Err(error),
    }];
    match cluster.observe(&session.target, None, Reach::All, Fresh::Consistent).await {
        Ok(seen) => checks.extend(objects(session, &seen).await?),
        Err(error) if error.is_forbidden() => checks.push(Check::unknown(session, "claim", Outcome::Failed, &error)),
        Err(error) => return Err(error),
    }
    checks.push(granted(session).await);
    checks.extend(arguments.pinned.template.as_deref().map(|template| pinnable(session, template)));
    let failed = checks.iter().filter(|c| c.outcome == Outcome::Failed).count();
    print(session, checks, failed)?;
    if failed == 0 { Ok(()) } else { Err(Error::Failed) }
}

fn print(session: &Session, checks: Vec<Check>, failed: usize) -> Result<(), Error> {
    let document = Document::new("Check", &session.target, Report { passed: failed == 0, checks });
    if session.print_document(&document)? {
        return Ok(());
    }
    let mut text = String::new();
    for check in &document.body.checks {
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
    if let Some(verdict) = verdict(failed) {
        text += &format!("{verdict}\n");
    }
    session.terminal.print(&text)
}

/// The stage, the findings and the storage class.
async fn objects(session: &Session, seen: &Observation) -> Result<Vec<Check>, Error> {
    let mut found = seen.assess();
    let mut unknown = Vec::new();
    match session.cluster.pods_using(&session.target).await {
        Ok(pods) => found.add_holders(pods),
        Err(error) => unknown.push(Check::unknown(session, "pods", Outcome::Note, &error)),
    }
    if let Err(error) = session.look_for_node(&mut found).await {
        unknown.push(Check::unknown(session, "nodes", Outcome::Note, &error));
    }
    let safe = matches!(found.stage, Stage::Retained | Stage::Reused);
    let lines = |next: &[Next]| session.typed.lines(&session.target, next);
    let mut checks = vec![Check {
        next: if safe { Vec::new() } else { lines(&[way_out(&found)]) },
        ..Check::new(
            &found.stage.to_string(),
            if safe { Outcome::Passed } else { Outcome::Failed },
            stage::summary(&found, jiff::Timestamp::now()),
        )
    }];
    checks.extend(found.findings.iter().map(|it| Check {
        next: lines(&it.remedies()),
        ..Check::new(it.reason(), it.outcome(), finding::message(it, &session.target, found.situation.only_volume()))
    }));
    checks.extend(unknown);
    if let Some(claim) = &seen.claim {
        checks.push(storage_class(session, claim.facts.wants.class.as_deref()).await);
    }
    Ok(checks)
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
async fn granted(session: &Session) -> Check {
    let namespace = &session.target.namespace;
    let reviews = RIGHTS.iter().map(|(right, _)| session.cluster.may(right, namespace));
    let granted = match try_join_all(reviews).await {
        Ok(granted) => granted,
        Err(error) => return Check::unknown(session, "rights", Outcome::Note, &error),
    };
    let denied = RIGHTS.iter().zip(granted).filter(|(_, granted)| !granted);
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
