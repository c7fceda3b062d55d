//! `guide`: the whole procedure as one conversation that can be resumed.
//!
//! Stateless except for which commands this run has executed; the cluster is read again before each step.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::Args;

use super::retain::{self, Retain};
use super::reuse::{self, Reuse};
use super::verify::{self, Verify};
use crate::cluster::{Observation, PAUSE, Scope};
use crate::error::{Deed, Error, Halt, said};
use crate::kubectl::asked::{TEMPLATES, suggests};
use crate::lifecycle::{Assessment, Next, Remark, Situation, Stage, Step, Verb, Volume, assess};
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

/// Run the whole procedure interactively, from the current stage to the end
///
/// Asks before each step, runs --uninstall and --install if given, otherwise waits for you to run them.
/// Safe to interrupt and re-run. Exits like verify.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Waits while somebody uninstalls and installs elsewhere\n  kubectl glancepv guide -n openstack\n  \n  # All of it, without a question\n  kubectl glancepv guide -n openstack --yes \\\n      --uninstall 'helm uninstall glance -n openstack' \\\n      --install 'helm install glance ./glance -n openstack'"
)]
pub struct Guide {
    /// Pin the volume in this template
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = suggests(TEMPLATES))]
    pub template: Option<PathBuf>,
    /// Shell command that uninstalls the release
    #[arg(long, value_name = "CMD")]
    pub uninstall: Option<String>,
    /// Shell command that installs the release
    #[arg(long, value_name = "CMD")]
    pub install: Option<String>,
    /// Wait up to D for each step run elsewhere [default: 168h]
    #[arg(long, value_name = "D", value_parser = limit, add = suggests("10m"))]
    pub timeout: Option<Limit>,
    /// Uninstall and install once more where the claim was reused before
    #[arg(long)]
    pub again: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Name of the manager used to track field ownership
    #[arg(long, value_name = "NAME", default_value = "kubectl-glancepv", value_parser = manager)]
    field_manager: String,
}

/// Goes on from wherever the target stands until the claim is verified. Ctrl-C ends it, but for a command
/// of the operator's, which gets the same Ctrl-C and is waited for.
pub async fn run(session: &Session, arguments: &Guide) -> Result<(), Error> {
    if let Some(template) = &arguments.template {
        // What cannot be pinned is told before anything has changed.
        Draft::place(&session.target.claim, template)?;
    }
    let mut walk = Walk::new(session, arguments);
    loop {
        let act = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => return Err(Error::Interrupted),
            act = walk.act() => act?,
        };
        match act {
            Act::Again => {}
            Act::Execute(command) => execute(session, command).await?,
            Act::Done => return Ok(()),
        }
    }
}

/// What comes of one look.
enum Act {
    /// Another.
    Again,
    /// This command of the operator's, then another.
    Execute(String),
    /// Nothing any more.
    Done,
}

/// What this run has done, and how far its waiting is.
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other, not the states of one thing")]
struct Walk<'a> {
    session: &'a Session,
    arguments: &'a Guide,
    change: ChangeFlags,
    uninstalled: bool,
    installed: bool,
    /// A yes may take its time: where things stand is read again between it and the uninstallation.
    may_uninstall: bool,
    /// A claim that was reused before is left alone, unless another round is wanted.
    another_round: bool,
    /// Whether the claim was seen to be gone, or on its way.
    begun: bool,
    /// The stage that was told last, and the wait for it to pass.
    at: Option<(Stage, Waiting<'a>)>,
}

impl<'a> Walk<'a> {
    fn new(session: &'a Session, arguments: &'a Guide) -> Self {
        // A conversation that changes nothing would never get on.
        let ask = AskFlags { yes: arguments.yes, dry_run: DryRun::None };
        let change = ChangeFlags { ask, field_manager: arguments.field_manager.clone() };
        let another_round = arguments.again;
        let (uninstalled, installed, may_uninstall, begun, at) = (false, false, false, false, None);
        Self { session, arguments, change, uninstalled, installed, may_uninstall, another_round, begun, at }
    }

    fn limit(&self) -> Limit {
        let week = || Limit { typed: A_WEEK.to_owned(), time: Duration::from_secs(7 * 24 * 60 * 60) };
        self.arguments.timeout.clone().unwrap_or_else(week)
    }

    /// The next step. Once on its way, a server that is away for a while does not end it, whatever was asked
    /// of it: where things stand is read again.
    async fn act(&mut self) -> Result<Act, Error> {
        match self.step().await {
            Err(error) if error.is_passing() && self.at.as_ref().is_some_and(|(_, waiting)| waiting.has_time()) => {
                tokio::time::sleep(PAUSE).await;
                Ok(Act::Again)
            }
            outcome => outcome,
        }
    }

    async fn step(&mut self) -> Result<Act, Error> {
        let (session, arguments) = (self.session, self.arguments);
        let seen = match &mut self.at {
            Some((_, waiting)) => waiting.observe(None, Scope::All).await?,
            None => session.cluster.observe(&session.target, None, Scope::All).await?,
        };
        let situation = Situation { pinned: arguments.template.is_some(), ..seen.situation() };
        let mut found = assess(&situation);
        let stage = found.stage;
        self.begun |= !matches!(stage, Stage::AtRisk | Stage::Retained | Stage::Reused);
        if self.at.as_ref().is_none_or(|(told, _)| *told != stage) {
            self.arrive(&situation, &mut found).await?;
        }
        let name = found.volume.map(|v| v.name.clone());
        match stage {
            Stage::Terminating if found.volume.is_some_and(|v| !v.is_retained()) => {
                // Always safe; then the stage is told again, with what brings the volume back.
                self.at = None;
                self.retain(name).await
            }
            Stage::AtRisk | Stage::Doomed => self.retain(name).await,
            Stage::Released => {
                // Named where others are preserved as well only by the person who chooses.
                let volume = name.filter(|_| found.waiting.is_empty());
                let (template, change) = (arguments.template.clone(), self.change.clone());
                let reuse = Reuse { volume, template, timeout: None, change };
                // After an outage the volume controller stays away for up to two minutes more.
                reuse::change(session, &reuse, &self.limit()).await?;
                Ok(Act::Again)
            }
            Stage::Reused if self.begun => self.verified().await,
            Stage::Reused if self.another_round => self.uninstall(&seen).await,
            Stage::Reused => self.another().await,
            Stage::Retained if situation.claim.is_some_and(|c| c.keep.may_stay()) => Err(self.halt(Halt::Kept)),
            Stage::Retained => self.uninstall(&seen).await,
            Stage::Reserved => self.install(&seen, name.as_deref()).await,
            Stage::Releasing | Stage::Binding => self.wait(&seen).await,
            Stage::Absent => Err(session.absent().await),
            Stage::Terminating | Stage::Diverted | Stage::Lost => Err(self.halt(Halt::Stopped(stage))),
        }
    }

    /// Tells a stage when it is reached, and begins the wait for it to pass.
    async fn arrive(&mut self, situation: &Situation<'_>, found: &mut Assessment<'_>) -> Result<(), Error> {
        let stage = found.stage;
        let awaited = match stage {
            Stage::Reserved | Stage::Binding => Awaited::ClaimBound,
            _ => Awaited::ClaimGone,
        };
        if !matches!(stage, Stage::Reused | Stage::Absent) {
            self.session.explain(found, situation).await?;
            // The progress line of the stage before is taken away first.
            self.at = None;
            // What it does itself, nobody has to type.
            let stops = matches!(stage, Stage::Terminating | Stage::Diverted | Stage::Lost);
            found.next.retain(|next| stops || is_theirs(next, self.arguments));
            if stage == Stage::Terminating && !found.volume.is_some_and(Volume::is_retained) {
                found.next.clear();
            }
            self.session.tell(situation, found);
        }
        self.at = Some((stage, Waiting::begun(self.session, awaited, self.limit())));
        Ok(())
    }

    async fn retain(&mut self, volume: Option<String>) -> Result<Act, Error> {
        retain::change(self.session, &Retain { volume, change: self.change.clone() }).await?;
        self.may_uninstall = false;
        Ok(Act::Again)
    }

    async fn uninstall(&mut self, seen: &Observation) -> Result<Act, Error> {
        let Some(command) = self.arguments.uninstall.as_ref().filter(|_| !self.uninstalled) else {
            return self.wait(seen).await;
        };
        if self.may_uninstall {
            self.uninstalled = true;
            return Ok(Act::Execute(command.clone()));
        }
        self.agree(command).await?;
        self.may_uninstall = true;
        Ok(Act::Again)
    }

    async fn install(&mut self, seen: &Observation, volume: Option<&str>) -> Result<Act, Error> {
        let session = self.session;
        if let (Some(template), Some(volume)) = (&self.arguments.template, volume) {
            let draft = Draft::new(&session.target.claim, template, Pin::To(volume))?;
            if draft.is_change() {
                session.terminal.print(&draft.write(session.terminal, &self.change.ask).await?)?;
            }
        }
        let Some(command) = self.arguments.install.as_ref().filter(|_| !self.installed) else {
            return self.wait(seen).await;
        };
        self.agree(command).await?;
        self.installed = true;
        Ok(Act::Execute(command.clone()))
    }

    /// Waits until something has changed, as long as the stage has time.
    async fn wait(&mut self, seen: &Observation) -> Result<Act, Error> {
        let Some((stage, waiting)) = &mut self.at else { return Ok(Act::Again) };
        let stage = *stage;
        if waiting.until_changed(seen).await? {
            return Ok(Act::Again);
        }
        Err(self.halt(Halt::TimedOut(stage, self.limit().typed)))
    }

    async fn verified(&self) -> Result<Act, Error> {
        verify::run(self.session, &Verify { volume: None, timeout: None }).await?;
        Ok(Act::Done)
    }

    /// Says that nothing was uninstalled, and asks whether to.
    async fn another(&mut self) -> Result<Act, Error> {
        let (session, asks) = (self.session, self.session.terminal.is_interactive() && !self.arguments.yes);
        session.terminal.note(question::REUSED_BEFORE);
        if asks && session.terminal.confirm(&question::ask(&Deed::Round)).await? {
            self.another_round = true;
            return Ok(Act::Again);
        }
        let again = Next::run(Verb::GuideAgain).because(Remark::AnotherRound);
        session.terminal.headline(Tone::Plain, "hint", &session.typed.line(&session.target, &again));
        self.verified().await
    }

    /// Gets a yes to a command of the operator's.
    async fn agree(&self, command: &str) -> Result<(), Error> {
        self.change.ask.agree(self.session.terminal, Deed::Run(command.to_owned()), || {}).await
    }

    fn halt(&self, halt: Halt) -> Error {
        Error::Guide(self.session.target.clone(), halt)
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

/// The shell that is to read the command.
#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

/// `cmd /S` takes away the outer quotes and leaves the line as it was typed; an argument would be escaped.
#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    std::os::windows::process::CommandExt::raw_arg(shell.args(["/D", "/S", "/C"]), format!("\"{command}\""));
    shell
}

/// Runs a command of the operator's with the terminal, and waits for it whatever is typed meanwhile.
async fn execute(session: &Session, command: String) -> Result<(), Error> {
    let mut shell = shell(&command);
    let mut interrupted = false;
    let mut run = tokio::task::spawn_blocking(move || shell.status());
    let ended = loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => interrupted = true,
            ended = &mut run => break ended.map_err(std::io::Error::other)?,
        }
    };
    let halt = match ended {
        Err(error) => Halt::NoShell(said(&error)),
        Ok(status) if interrupted => Halt::Interrupted(command, status.to_string()),
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => Halt::Command(command, status.to_string()),
    };
    Err(Error::Guide(session.target.clone(), halt))
}
