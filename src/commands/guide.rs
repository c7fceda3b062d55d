//! `guide`: the whole procedure as one conversation that can be resumed.
//!
//! Nothing is remembered between steps but which commands this run has run: before each step the
//! cluster is asked where things stand.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;

use super::guidance::Guidance;
use super::pin::Draft;
use super::wait::{Awaited, Waiting};
use super::{Session, details, retain, reuse, verify};
use crate::cli::ChangeFlags;
use crate::cluster::observe::Scope;
use crate::error::Error;
use crate::lifecycle::plan::{Refusal, Remedy};
use crate::lifecycle::stage::{Stage, assess};
use crate::template::Pin;

/// As long as an operator may take for a step that is done elsewhere.
const A_WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The commands that uninstall and install Glance; without one, the operator does it elsewhere.
pub struct Commands<'a> {
    /// Uninstalls.
    pub uninstall: Option<&'a str>,
    /// Installs.
    pub install: Option<&'a str>,
}

/// Goes on from wherever the target stands until the claim is verified.
pub async fn run(
    session: &Session,
    template: Option<&Path>,
    commands: &Commands<'_>,
    timeout: Option<Duration>,
    flags: &ChangeFlags,
) -> Result<(), Error> {
    let limit = Some(timeout.unwrap_or(A_WEEK));
    let again = session.target.command("guide");
    let (mut uninstalled, mut installed, mut told) = (false, false, None);
    // A verb that has just run has told where things stand.
    let mut verb_has_told = false;
    // A yes may take its time: where things stand is read again between it and the uninstallation.
    let mut may_uninstall = false;
    if let Some(template) = template {
        // What cannot be pinned is told before anything has changed.
        Draft::place(&session.target.claim, template)?;
    }
    loop {
        let seen = session.cluster.observe(&session.target, None, Scope::All).await?;
        let mut found = assess(&seen.situation);
        found.pinned = template.is_some();
        let claim = seen.situation.claim.as_ref();
        if told != Some(found.stage) {
            details::add(session, &mut found, claim).await;
        }
        let guidance = Guidance::new(&found, &session.target, claim, Timestamp::now());
        if told != Some(found.stage) && !verb_has_told && !matches!(found.stage, Stage::Reused | Stage::Absent) {
            guidance.tell(&session.terminal, &found);
        }
        (told, verb_has_told) = (Some(found.stage), false);
        let name = found.volume.map(|v| v.name.clone());
        let (awaited, what) = match found.stage {
            Stage::AtRisk | Stage::Doomed => {
                retain::run(session, name.as_deref(), flags).await?;
                (verb_has_told, may_uninstall) = (true, false);
                continue;
            }
            Stage::Released => {
                reuse::run(session, several(&found.waiting, name.as_deref()), template, None, flags).await?;
                verb_has_told = true;
                continue;
            }
            Stage::Reused => return verify::run(session, None, None).await,
            Stage::Retained if claim.is_some_and(|c| c.kept_by_helm) => return Err(kept(session)),
            Stage::Retained => {
                if let Some(command) = commands.uninstall.filter(|_| !uninstalled) {
                    if may_uninstall {
                        execute(command, &again).await?;
                        uninstalled = true;
                    } else {
                        agree(session, command, "uninstall glance", flags).await?;
                        may_uninstall = true;
                    }
                    continue;
                }
                (Awaited::ClaimGone, "glance to be uninstalled")
            }
            Stage::Releasing => (Awaited::ClaimGone, "the claim to go"),
            Stage::Reserved => {
                if let (Some(template), Some(name)) = (template, &name) {
                    let draft = Draft::new(&session.target.claim, template, Pin::To(name))?;
                    if draft.is_change() {
                        session.terminal.print(&draft.write(session.terminal, &flags.ask).await?)?;
                    }
                }
                if let Some(command) = commands.install.filter(|_| !installed) {
                    agree(session, command, "install glance", flags).await?;
                    execute(command, &again).await?;
                    installed = true;
                    continue;
                }
                (Awaited::ClaimBound, "glance to be installed")
            }
            Stage::Binding => (Awaited::ClaimBound, "the claim to be bound"),
            Stage::Absent => return Err(session.absent().await),
            Stage::Terminating | Stage::Diverted | Stage::Lost => return Err(stopped(&guidance)),
        };
        let waited = refusal(format!("waited for {what}, in vain"), format!("it is safe to begin again: {again}"));
        Waiting::new(session, awaited, limit).change(&seen, waited).await?;
    }
}

/// The volume to name, where others wait as well.
fn several<'a>(waiting: &[&crate::lifecycle::facts::Volume], name: Option<&'a str>) -> Option<&'a str> {
    name.filter(|_| waiting.is_empty())
}

fn refusal(message: String, hint: impl Into<String>) -> Refusal {
    Refusal { message, hint: Some(hint.into()), remedy: Remedy::None }
}

fn kept(session: &Session) -> Error {
    let key = session.target.key();
    let hint = "uninstall and install glance as you like: the claim stays bound to its volume";
    refusal(format!("Helm keeps claim {key} when glance is uninstalled, so there is nothing to reuse"), hint).into()
}

fn stopped(guidance: &Guidance) -> Error {
    refusal(format!("the procedure cannot go on: {}", guidance.summary), guidance.next.join(" ")).into()
}

/// Gets a yes to a command of the operator's.
async fn agree(session: &Session, command: &str, what: &str, flags: &ChangeFlags) -> Result<(), Error> {
    if flags.ask.yes {
        return Ok(());
    }
    if !session.terminal.is_interactive() {
        return Err(Error::NoTerminal(format!("run `{command}`")));
    }
    if session.terminal.confirm(&format!("Run `{command}` to {what}?")).await? {
        Ok(())
    } else {
        Err(Error::Declined(format!("`{command}` was not run")))
    }
}

/// Runs a command of the operator's with the terminal.
async fn execute(command: &str, again: &str) -> Result<(), Error> {
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command);
    let status = tokio::task::spawn_blocking(move || shell.status()).await.map_err(std::io::Error::other)??;
    if status.success() {
        return Ok(());
    }
    let hint = format!("nothing goes on after it; when it is mended, begin again: {again}");
    Err(refusal(format!("`{command}` failed: {status}"), hint).into())
}
