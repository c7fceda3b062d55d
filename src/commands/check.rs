//! `check`: before a maintenance window, whether anything stands in the way.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cluster::{Kind, Observation, Scope};
use crate::error::Error;
use crate::kubectl::asked::{TEMPLATES, suggests};
use crate::lifecycle::check::{Check, Claim, Class, Outcome, RIGHTS};
use crate::lifecycle::recreate;
use crate::session::Session;
use crate::session::draft::Draft;
use crate::session::report::Document;
use crate::terminal::Tone;
use crate::words::check::{hint, message, verdict};
use crate::words::error::{hints, within};

/// Check the preconditions before a maintenance window
///
/// Prints one line per check: API server, rights, claim and volume, policy, Helm, who recreates the
/// claim, storage class, pods, template. Exits 0 if no check failed.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Before a maintenance window\n  kubectl glancepv check -n openstack -f glance/templates/pvc-images.yaml"
)]
pub struct Checks {
    /// Also check that this template can be pinned
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = suggests(TEMPLATES))]
    pub template: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    passed: bool,
    checks: Vec<CheckReport>,
}

#[derive(Serialize)]
struct CheckReport {
    name: &'static str,
    outcome: Outcome,
    message: String,
    hint: Option<String>,
}

/// Goes through all checks; what a user with few rights cannot see is said, and the rest goes on.
pub async fn run(session: &Session, arguments: &Checks) -> Result<(), Error> {
    let (url, context) = (session.cluster.url.clone(), session.cluster.context.clone());
    let mut checks = vec![Check::Kubernetes { version: session.cluster.version().await?, url, context }];
    let seen = session.cluster.observe(&session.target, None, Scope::All).await;
    match &seen {
        Ok(seen) => checks.extend(objects(session, seen).await),
        Err(error) if error.is_forbidden() => checks.push(unknown(session, "claim", true, error)),
        Err(_) => return seen.map(|_| ()),
    }
    checks.push(rights(session).await?);
    if let Some(template) = &arguments.template {
        checks.push(pinnable(session, template));
    }
    let failed = checks.iter().filter(|c| c.outcome() == Outcome::Failed).count();
    print(session, &checks, failed)?;
    if failed == 0 { Ok(()) } else { Err(Error::Failed) }
}

fn print(session: &Session, checks: &[Check], failed: usize) -> Result<(), Error> {
    let target = &session.target;
    let report = |check: &Check| CheckReport {
        name: check.name(),
        outcome: check.outcome(),
        message: message(check, target),
        hint: hint(check, target, &session.typed),
    };
    let report = Report { passed: failed == 0, checks: checks.iter().map(report).collect() };
    let document = Document::new("Check", target, report);
    if session.print_document(&document)? {
        return Ok(());
    }
    let mut text = String::new();
    for check in &document.body.checks {
        let (mark, tone) = match check.outcome {
            Outcome::Passed => ("✔", Tone::Good),
            Outcome::Note => ("!", Tone::Plain),
            Outcome::Failed => ("✖", Tone::Bad),
        };
        text += &session.terminal.marked(tone, mark, &format!("{}: {}", check.name, check.message));
        text.push('\n');
        if let Some(hint) = &check.hint {
            text += &format!("    hint: {hint}\n");
        }
    }
    if let Some(verdict) = verdict(failed) {
        text += &format!("{verdict}\n");
    }
    session.terminal.print(&text)
}

async fn objects(session: &Session, seen: &Observation) -> Vec<Check> {
    let situation = seen.situation();
    let Some(claim) = situation.claim else {
        return vec![Check::Claim(Claim::Missing { volume_left: !situation.volumes.is_empty() })];
    };
    let Some((_, volume)) = situation.bound() else { return vec![Check::Claim(Claim::Unbound(claim.phase))] };
    let (size, modes) = (volume.offers.size.clone(), volume.offers.modes.clone());
    let name = volume.name.clone();
    let mut checks = vec![Check::Claim(Claim::Bound { volume: name.clone(), size, modes })];
    checks.extend(volume.terminating.then(|| Check::Terminating { volume: name, next: recreate(&situation, volume) }));
    checks.push(Check::Policy(volume.policy.clone()));
    checks.extend(volume.policy_applier.clone().map(Check::Applied));
    let preserved: Vec<_> = situation.preserved().iter().map(|v| v.name.clone()).collect();
    checks.extend((!preserved.is_empty()).then_some(Check::Preserved(preserved)));
    checks.push(Check::Helm(claim.release.clone(), claim.keep));
    checks.extend(claim.driver.clone().map(Check::Driver));
    checks.push(class(session, claim.wants.class.clone()).await);
    checks.push(match session.cluster.mounting(&session.target).await {
        Ok(pods) => Check::Pods(pods),
        Err(error) => unknown(session, "pods", false, &error),
    });
    checks
}

async fn class(session: &Session, name: Option<String>) -> Check {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Check::Class(Class::None) };
    match session.cluster.get(Kind::Class, None, &name).await {
        Ok(Some(class)) => {
            let policy = class.object["reclaimPolicy"].as_str().unwrap_or("Delete").to_owned();
            Check::Class(Class::Provisions { name, policy })
        }
        Ok(None) => Check::Class(Class::Missing(name)),
        Err(error) => unknown(session, "class", false, &error),
    }
}

async fn rights(session: &Session) -> Result<Check, Error> {
    let mut missing = Vec::new();
    for right in RIGHTS {
        if !session.cluster.may(right, &session.target.namespace).await? {
            missing.push(right);
        }
    }
    Ok(Check::Rights(missing))
}

fn pinnable(session: &Session, template: &Path) -> Check {
    match Draft::place(&session.target.claim, template) {
        Ok(line) => Check::Template(line),
        Err(error) => unknown(session, "template", true, &error),
    }
}

fn unknown(session: &Session, name: &'static str, needed: bool, error: &Error) -> Check {
    Check::Unknown { name, needed, error: within(error), hint: hints(error, &session.typed).into_iter().next() }
}
