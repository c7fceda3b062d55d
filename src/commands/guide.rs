//! `guide`: the whole procedure as one conversation that can be resumed.
//!
//! Nothing is remembered between steps but which commands this run has run: before each step the
//! cluster is asked where things stand.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::Args;

use super::retain::{self, Retain};
use super::reuse::{self, Reuse};
use super::verify::{self, Verify};
use crate::cluster::observe::Scope;
use crate::error::{Deed, Error, Halt};
use crate::lifecycle::assess::assess;
use crate::lifecycle::facts::Volume;
use crate::lifecycle::next::{Next, Remark, Step, Verb};
use crate::lifecycle::owner::Keep;
use crate::lifecycle::situation::Situation;
use crate::lifecycle::stage::Stage;
use crate::session::Session;
use crate::session::draft::Draft;
use crate::session::flags::{AskFlags, ChangeFlags, DryRun, Limit, limit, manager};
use crate::session::wait::Waiting;
use crate::template::Pin;
use crate::terminal::Tone;
use crate::words::question;
use crate::words::wait::Awaited;

/// As long as an operator may take for a step that is done elsewhere.
const A_WEEK: &str = "168h";

/// Walk through the whole procedure, from wherever it stands to the end
///
/// Finds the stage, offers the next step, runs the commands that are given or waits until
/// somebody has run them elsewhere. It may be interrupted anywhere and goes on from the cluster's
/// state. Exits 0 as verify does.
#[derive(Args, Debug)]
pub struct Guide {
    /// Pin the volume in this template
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE")]
    pub template: Option<PathBuf>,
    /// The command that uninstalls glance, run by the shell
    #[arg(long, value_name = "CMD")]
    pub uninstall: Option<String>,
    /// The command that installs glance, run by the shell
    #[arg(long, value_name = "CMD")]
    pub install: Option<String>,
    /// How long to wait for each step that is done elsewhere; by default, for days
    #[arg(long, value_name = "D", value_parser = limit)]
    pub timeout: Option<Limit>,
    /// Uninstall and install once more where the claim was reused before
    #[arg(long)]
    pub again: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// The name that the API server records as the author of the changes
    #[arg(long, value_name = "NAME", default_value = "kubectl-glancepv", value_parser = manager)]
    field_manager: String,
}

/// Goes on from wherever the target stands until the claim is verified.
pub async fn run(session: &Session, arguments: &Guide) -> Result<(), Error> {
    let template = arguments.template.as_deref();
    // A conversation that changes nothing would never get on.
    let ask = AskFlags { yes: arguments.yes, dry_run: DryRun::None };
    let change = ChangeFlags { ask, field_manager: arguments.field_manager.clone() };
    let (mut uninstalled, mut installed, mut told) = (false, false, None);
    // A yes may take its time: where things stand is read again between it and the uninstallation.
    let mut may_uninstall = false;
    // A claim that was reused before is left alone, unless another round is wanted.
    let (mut another_round, mut begun) = (arguments.again, false);
    if let Some(template) = template {
        // What cannot be pinned is told before anything has changed.
        Draft::place(&session.target.claim, template)?;
    }
    loop {
        let seen = session.cluster.observe(&session.target, None, Scope::All).await?;
        let situation = Situation { pinned: template.is_some(), ..seen.situation() };
        let mut found = assess(&situation);
        if told != Some(found.stage) && !matches!(found.stage, Stage::Reused | Stage::Absent) {
            session.explain(&mut found, &situation).await?;
            // What it does itself, nobody has to type.
            let stops = match found.stage {
                Stage::Terminating => found.volume.is_some_and(Volume::is_retained),
                stage => matches!(stage, Stage::Diverted | Stage::Lost),
            };
            found.next.retain(|next| stops || is_theirs(next, arguments));
            session.tell(&situation, &found);
        }
        told = Some(found.stage);
        let name = found.volume.map(|v| v.name.clone());
        begun |= found.stage != Stage::Reused;
        let stage = match found.stage {
            // As one that was not: uninstalling is what comes next.
            Stage::Reused if !begun && another_round => Stage::Retained,
            Stage::Reused if !begun => {
                session.tell(&situation, &found);
                session.terminal.note(question::REUSED_BEFORE);
                let wanted = session.terminal.is_interactive()
                    && !arguments.yes
                    && session.terminal.confirm(&question::ask(&Deed::Round)).await?;
                if !wanted {
                    let again =
                        session.typed.line(&session.target, &Next::run(Verb::GuideAgain).because(Remark::AnotherRound));
                    session.terminal.headline(Tone::Plain, "hint", &again);
                    return verify::run(session, &Verify { volume: None, timeout: None }).await;
                }
                another_round = true;
                continue;
            }
            stage => stage,
        };
        let awaited = match stage {
            Stage::Terminating if found.volume.is_some_and(|v| !v.is_retained()) => {
                // Always safe; that it cannot go on from here is what this says then.
                return retain::run(session, &Retain { volume: name, change: change.clone() }).await;
            }
            Stage::AtRisk | Stage::Doomed => {
                retain::change(session, &Retain { volume: name, change: change.clone() }).await?;
                may_uninstall = false;
                continue;
            }
            Stage::Released => {
                // Named where others are preserved as well only by the person who chooses.
                let volume = name.filter(|_| found.waiting.is_empty());
                let template = arguments.template.clone();
                reuse::change(session, &Reuse { volume, template, timeout: None, change: change.clone() }).await?;
                continue;
            }
            Stage::Reused => return verify::run(session, &Verify { volume: None, timeout: None }).await,
            Stage::Retained if situation.claim.is_some_and(|c| matches!(c.keep, Keep::ByManifest | Keep::Unknown)) => {
                return Err(halt(session, Halt::Kept));
            }
            Stage::Retained => {
                if let Some(command) = arguments.uninstall.as_ref().filter(|_| !uninstalled) {
                    if may_uninstall {
                        execute(session, command).await?;
                        uninstalled = true;
                    } else {
                        agree(session, Deed::Run(command.clone()), &change).await?;
                        may_uninstall = true;
                    }
                    continue;
                }
                Awaited::ClaimGone
            }
            Stage::Releasing => Awaited::ClaimGone,
            Stage::Reserved => {
                if let (Some(template), Some(name)) = (template, &name) {
                    let draft = Draft::new(&session.target.claim, template, Pin::To(name))?;
                    if draft.is_change() {
                        session.terminal.print(&draft.write(session.terminal, &change.ask).await?)?;
                    }
                }
                if let Some(command) = arguments.install.as_ref().filter(|_| !installed) {
                    agree(session, Deed::Run(command.clone()), &change).await?;
                    execute(session, command).await?;
                    installed = true;
                    continue;
                }
                Awaited::ClaimBound
            }
            Stage::Binding => Awaited::ClaimBound,
            Stage::Absent => return Err(session.absent().await),
            stage @ (Stage::Terminating | Stage::Diverted | Stage::Lost) => {
                return Err(halt(session, Halt::Stopped(stage)));
            }
        };
        let week = || Limit { typed: A_WEEK.to_owned(), time: Duration::from_secs(7 * 24 * 60 * 60) };
        let limit = arguments.timeout.clone().unwrap_or_else(week);
        let timed_out = Halt::TimedOut(stage, limit.typed.clone());
        if !Waiting::new(session, awaited, Some(limit)).until_changed(&seen).await? {
            return Err(halt(session, timed_out));
        }
    }
}

/// Whether a next step is for the operator to do, and not for the guide.
fn is_theirs(next: &Next, arguments: &Guide) -> bool {
    match &next.step {
        Step::Uninstall(_) => arguments.uninstall.is_none(),
        Step::Install => arguments.install.is_none(),
        Step::Run { .. } => false,
        _ => true,
    }
}

fn halt(session: &Session, halt: Halt) -> Error {
    Error::Guide(session.target.clone(), halt)
}

/// Gets a yes to a command of the operator's.
async fn agree(session: &Session, deed: Deed, flags: &ChangeFlags) -> Result<(), Error> {
    if flags.ask.yes {
        return Ok(());
    }
    if !session.terminal.is_interactive() {
        return Err(Error::NoTerminal(deed));
    }
    if session.terminal.confirm(&question::ask(&deed)).await? { Ok(()) } else { Err(Error::Declined(deed)) }
}

/// Runs a command of the operator's with the terminal.
async fn execute(session: &Session, command: &str) -> Result<(), Error> {
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command);
    let status = tokio::task::spawn_blocking(move || shell.status()).await.map_err(std::io::Error::other)??;
    if status.success() {
        return Ok(());
    }
    Err(halt(session, Halt::Command(command.to_owned(), status.to_string())))
}
