//! `check`: before a maintenance window, whether anything stands in the way.

use std::path::Path;

use serde_json::{Value, json};

use super::Session;
use super::pin::Draft;
use crate::cluster::api::{Kind, NeededRight, RIGHTS};
use crate::cluster::observe::{Observation, Scope};
use crate::error::Error;
use crate::lifecycle::facts::Claim;
use crate::terminal::Tone;

/// One line of the answer.
struct Check {
    name: &'static str,
    outcome: Outcome,
    message: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// To be known; it stands in nobody's way.
    Note,
    Failed,
}

impl Check {
    fn new(name: &'static str, outcome: Outcome, message: impl Into<String>) -> Self {
        Self { name, outcome, message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Goes through all checks; what a user with few rights cannot see is said, and the rest goes on.
pub async fn run(session: &Session, template: Option<&Path>) -> Result<(), Error> {
    let mut checks = vec![kubernetes(session).await?];
    let seen = session.cluster.observe(&session.target, None, Scope::Own).await;
    match &seen {
        Ok(seen) => checks.extend(objects(session, seen).await),
        Err(error) if error.is_forbidden() => checks.push(Check::new("claim", Outcome::Failed, plain_error(error))),
        Err(_) => return seen.map(|_| ()),
    }
    checks.push(rights(session).await?);
    if let Some(template) = template {
        checks.push(pinnable(session, template));
    }
    let failed = checks.iter().filter(|c| c.outcome == Outcome::Failed).count();
    session.terminal.print(&printed(session, &checks, failed)?)?;
    if failed == 0 { Ok(()) } else { Err(Error::Failed) }
}

fn printed(session: &Session, checks: &[Check], failed: usize) -> Result<String, Error> {
    let word = |outcome| match outcome {
        Outcome::Passed => "passed",
        Outcome::Note => "note",
        Outcome::Failed => "failed",
    };
    let object = json!({
        "apiVersion": "glancepv.io/v1alpha1",
        "kind": "Check",
        "target": {"namespace": session.target.namespace, "claim": session.target.claim},
        "passed": failed == 0,
        "checks": checks.iter().map(|c| json!({
            "name": c.name, "outcome": word(c.outcome), "message": c.message, "hint": c.hint,
        })).collect::<Vec<_>>(),
    });
    if let Some(text) = session.output.object(&object) {
        return text;
    }
    let line = |check: &Check| {
        let (mark, tone) = match check.outcome {
            Outcome::Passed => ("✔", Tone::Good),
            Outcome::Note => ("!", Tone::Plain),
            Outcome::Failed => ("✖", Tone::Bad),
        };
        let hint = check.hint.as_ref().map_or(String::new(), |hint| format!("    hint: {hint}\n"));
        session.terminal.marked(tone, mark, &format!("{}: {}\n{hint}", check.name, check.message))
    };
    let verdict = match failed {
        0 => String::new(),
        1 => "1 check failed\n".to_owned(),
        several => format!("{several} checks failed\n"),
    };
    Ok(checks.iter().map(line).chain([verdict]).collect())
}

async fn kubernetes(session: &Session) -> Result<Check, Error> {
    let version: Value = session.cluster.list("/version").await?;
    let version = version["gitVersion"].as_str().unwrap_or("of unknown version");
    let context = session.cluster.context.as_ref().map_or(String::new(), |name| format!(" (context {name})"));
    let message = format!("API server {version} at {}{context}", session.cluster.url);
    Ok(Check::new("kubernetes", Outcome::Passed, message))
}

async fn objects(session: &Session, seen: &Observation) -> Vec<Check> {
    let (target, key) = (&session.target, session.target.key());
    let Some(claim) = &seen.situation.claim else {
        let hint = target.command("status");
        let what = if seen.situation.volumes.is_empty() { "" } else { "; a volume of it is left" };
        return vec![Check::new("claim", Outcome::Failed, format!("{key} is not there{what}")).hint(hint)];
    };
    let Some((_, volume)) = seen.situation.bound() else {
        let message = format!("{key} is {:?} and not bound to a volume", claim.phase);
        return vec![Check::new("claim", Outcome::Failed, message).hint(target.command("status"))];
    };
    let size = volume.offers.size.as_deref().unwrap_or("unknown size");
    let short = |mode: &String| match mode.as_str() {
        "ReadWriteOnce" => "RWO".to_owned(),
        "ReadOnlyMany" => "ROX".to_owned(),
        "ReadWriteMany" => "RWX".to_owned(),
        "ReadWriteOncePod" => "RWOP".to_owned(),
        other => other.to_owned(),
    };
    let modes = volume.offers.modes.iter().map(short).collect::<Vec<_>>().join(",");
    let bound = format!("{key} is Bound to {} ({size}, {modes})", volume.name);
    let policy = if volume.is_retained() {
        Check::new("policy", Outcome::Passed, "Retain; uninstalling glance keeps the volume")
    } else {
        Check::new("policy", Outcome::Failed, format!("{}; uninstalling glance deletes the volume", volume.policy))
            .hint(target.command("retain"))
    };
    vec![
        Check::new("claim", Outcome::Passed, bound),
        policy,
        helm(claim),
        class(session, claim).await,
        pods(session).await,
    ]
}

fn helm(claim: &Claim) -> Check {
    if claim.kept_by_helm {
        let message =
            "the claim stays when the release is uninstalled (resource-policy: keep): there will be nothing to reuse";
        return Check::new("helm", Outcome::Note, message);
    }
    Check::new("helm", Outcome::Passed, "the claim goes when the release is uninstalled (no resource-policy: keep)")
}

async fn class(session: &Session, claim: &Claim) -> Check {
    let Some(name) = claim.wants.class.as_deref().filter(|name| !name.is_empty()) else {
        return Check::new("class", Outcome::Passed, "the claim names none");
    };
    match session.cluster.get(Kind::Class, None, name).await {
        Ok(Some(class)) if class.object["reclaimPolicy"] == "Retain" => {
            Check::new("class", Outcome::Passed, format!("{name} makes volumes with policy Retain"))
        }
        Ok(Some(class)) => {
            let policy = class.object["reclaimPolicy"].as_str().unwrap_or("Delete");
            let risk = "the next new volume is at risk too";
            Check::new("class", Outcome::Note, format!("{name} makes volumes with policy {policy}: {risk}"))
        }
        Ok(None) => {
            Check::new("class", Outcome::Note, format!("{name} does not exist: an unpinned claim of it would wait"))
        }
        Err(error) => Check::new("class", Outcome::Note, plain_error(&error)),
    }
}

async fn pods(session: &Session) -> Check {
    match session.cluster.mounting(&session.target).await {
        Ok(pods) if pods.is_empty() => Check::new("pods", Outcome::Passed, "none mounts the claim"),
        Ok(pods) if pods.len() == 1 => Check::new("pods", Outcome::Passed, format!("1 mounts the claim ({})", pods[0])),
        Ok(pods) => {
            Check::new("pods", Outcome::Passed, format!("{} mount the claim ({})", pods.len(), pods.join(", ")))
        }
        Err(error) => Check::new("pods", Outcome::Note, plain_error(&error)),
    }
}

async fn rights(session: &Session) -> Result<Check, Error> {
    let mut missing: Vec<&NeededRight> = Vec::new();
    for right in RIGHTS {
        if !session.cluster.may(right, &session.target.namespace).await? {
            missing.push(right);
        }
    }
    let listed =
        |rights: &mut dyn Iterator<Item = &NeededRight>| rights.map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if missing.is_empty() {
        let all = "get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims";
        return Ok(Check::new("rights", Outcome::Passed, all));
    }
    let outcome = if missing.iter().any(|r| r.needed) { Outcome::Failed } else { Outcome::Note };
    let message = format!("missing: {}", listed(&mut missing.into_iter()));
    Ok(Check::new("rights", outcome, message).hint("the README's section Rights lists what each command needs"))
}

fn pinnable(session: &Session, template: &Path) -> Check {
    match Draft::place(&session.target.claim, template) {
        Ok(line) => Check::new("template", Outcome::Passed, format!("can be pinned at line {line}")),
        Err(error) => {
            let check = Check::new("template", Outcome::Failed, plain_error(&error));
            match error.hint() {
                Some(hint) => check.hint(hint),
                None => check,
            }
        }
    }
}

/// An error's words within a sentence.
fn plain_error(error: &Error) -> String {
    let text = error.to_string();
    text.strip_prefix("error: ").map_or(text.clone(), str::to_owned)
}
