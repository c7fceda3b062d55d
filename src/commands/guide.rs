//! `guide`: the whole procedure as one conversation that can be resumed.
//!
//! The only state is the set of steps that this run has done; the cluster is read again before each step.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use clap::Args;

use super::flags::{ManagerFlag, TemplateFlag, limit};
use crate::cluster::{Fresh, Observation, PAUSE, Reach};
use crate::error::{Action, Error, Halt, os_message};
use crate::kubectl::suggest::suggests;
use crate::lifecycle::{Assessment, Next, Remark, Stage, Stays, Step, Verb, Volume, preserved};
use crate::session::Session;
use crate::session::draft::Draft;
use crate::session::report::screen;
use crate::session::wait::{Limit, Wait};
use crate::template::Pin;
use crate::terminal::Stream;
use crate::words::question::{ANOTHER_ROUND, Notice, notice};
use crate::words::wait::Awaited;

/// The time that a policy has to stay Retain before anything is uninstalled.
const STAYS: Duration = Duration::from_secs(3);

/// The default time limit of a step that is done elsewhere.
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
    /// The template to pin
    #[command(flatten)]
    pinned: TemplateFlag,
    /// Shell command that uninstalls the release
    #[arg(long, value_name = "CMD")]
    uninstall: Option<String>,
    /// Shell command that installs the release
    #[arg(long, value_name = "CMD")]
    install: Option<String>,
    /// Wait up to D for each step run elsewhere [default: 168h]
    #[arg(long, value_name = "D", value_parser = limit, add = suggests("10m"))]
    timeout: Option<Limit>,
    /// Uninstall and install once more where the claim was reused before
    #[arg(long)]
    again: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// The field manager
    #[command(flatten)]
    pub manager: ManagerFlag,
}

/// Runs `guide`, from the current stage until the claim is verified. Ctrl-C ends it; a command of the operator's
/// receives the same Ctrl-C, and its end is awaited.
pub async fn run(session: &Session, arguments: &Guide) -> Result<(), Error> {
    if let Some(template) = &arguments.pinned.template {
        // A template that cannot be pinned is an error before anything is changed.
        Draft::place(&session.target.name, template)?;
    }
    let mut walk = Walk::new(session, arguments);
    loop {
        let act = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => return Err(Error::Interrupted),
            act = walk.act() => act?,
        };
        match act {
            Act::LookAgain => {}
            Act::Execute(command) => execute(session, command).await?,
            Act::End => return Ok(()),
        }
    }
}

/// Outcome of one look at the cluster.
enum Act {
    /// Look again.
    LookAgain,
    /// Run this command of the operator's, then look again.
    Execute(String),
    /// End.
    End,
}

/// A step that this run has done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Done {
    /// The user agreed to uninstall: the cluster is read again before the command runs.
    AgreedToUninstall,
    Uninstalled,
    Installed,
    /// The user wants another round for a claim that was reused before.
    AnotherRound,
    /// The claim was seen deleted, or being deleted.
    SawClaimDeleted,
    /// The user was told of all steps.
    SaidWhatIsToCome,
}

/// One run of the guide.
struct Walk<'a> {
    session: &'a Session,
    arguments: &'a Guide,
    done: BTreeSet<Done>,
    /// The stage that was told last, and the wait until it is left.
    at: Option<(Stage, Wait<'a>)>,
}

impl<'a> Walk<'a> {
    fn new(session: &'a Session, arguments: &'a Guide) -> Self {
        let done = arguments.again.then_some(Done::AnotherRound).into_iter().collect();
        Self { session, arguments, done, at: None }
    }

    fn limit(&self) -> Limit {
        let week = || Limit { typed: A_WEEK.to_owned(), time: Duration::from_secs(7 * 24 * 60 * 60) };
        self.arguments.timeout.clone().unwrap_or_else(week)
    }

    /// Does the next step. After the first, an API server that does not answer for a while does not end the guide: the
    /// cluster is read again.
    async fn act(&mut self) -> Result<Act, Error> {
        match self.step().await {
            Err(error) if error.is_passing() && self.at.as_ref().is_some_and(|(_, wait)| wait.has_time()) => {
                tokio::time::sleep(PAUSE).await;
                Ok(Act::LookAgain)
            }
            outcome => outcome,
        }
    }

    async fn step(&mut self) -> Result<Act, Error> {
        let (session, arguments) = (self.session, self.arguments);
        let template = arguments.pinned.template.as_deref();
        let mut seen = match &mut self.at {
            Some((_, wait)) => wait.observe(None, Reach::All, Fresh::Consistent).await?,
            None => session.cluster.observe(&session.target, None, Reach::All, Fresh::Consistent).await?,
        };
        seen.pinned = template.is_some();
        let mut found = seen.assess();
        let stage = found.stage;
        if !matches!(stage, Stage::AtRisk | Stage::Retained | Stage::Reused) {
            self.done.insert(Done::SawClaimDeleted);
        }
        if self.at.as_ref().is_none_or(|(told, _)| *told != stage) {
            self.arrive(&mut found).await?;
        }
        let name = found.volume.map(|v| v.name.as_str());
        match stage {
            Stage::Terminating if found.volume.is_some_and(|v| !v.is_retained()) => {
                // Always safe; then the stage is told again, with the steps that create the volume again.
                self.at = None;
                self.retain(name).await
            }
            Stage::AtRisk | Stage::Doomed => self.retain(name).await,
            Stage::Released => {
                // Of several preserved volumes the user chooses one.
                let volume = name.filter(|_| found.preserved.is_empty());
                // After an outage the volume controller may need two minutes more.
                session.reuse(volume, template, None, Some(self.limit())).await?;
                Ok(Act::LookAgain)
            }
            Stage::Reused if self.done.contains(&Done::SawClaimDeleted) => self.verify().await,
            Stage::Reused if self.done.contains(&Done::AnotherRound) => self.uninstall(&seen).await,
            Stage::Reused => self.ask_for_another_round().await,
            Stage::Retained
                if seen.claim.as_ref().is_some_and(|c| c.facts.stays.is_some_and(Stays::survives_uninstall)) =>
            {
                Err(self.halt(Halt::Kept))
            }
            Stage::Retained => self.uninstall(&seen).await,
            Stage::Reserved => self.install(&seen, name).await,
            Stage::Releasing | Stage::Binding => self.wait(&seen).await,
            Stage::Absent => Err(session.absent().await),
            Stage::Terminating | Stage::Diverted | Stage::Lost => Err(self.halt(Halt::Stopped(stage))),
        }
    }

    /// Tells a stage that was reached, and starts the wait until it is left.
    async fn arrive(&mut self, found: &mut Assessment<'_>) -> Result<(), Error> {
        let stage = found.stage;
        let awaited = match stage {
            Stage::Reserved | Stage::Binding => Awaited::ClaimBound,
            _ => Awaited::ClaimGone,
        };
        let is_told = !matches!(stage, Stage::Reused | Stage::Absent);
        if is_told {
            self.session.explain(found).await?;
        }
        if let Some((_, wait)) = &mut self.at {
            wait.end(!matches!(stage, Stage::AtRisk | Stage::Retained | Stage::Releasing | Stage::Binding));
        }
        if is_told {
            if self.done.insert(Done::SaidWhatIsToCome) {
                let (uninstall, install) = (self.arguments.uninstall.as_deref(), self.arguments.install.as_deref());
                self.session.terminal.note(&notice(&Notice::ToCome { uninstall, install }));
            }
            self.session.tell_steps(stage);
            // Steps that the guide does itself are not printed.
            let stops = matches!(stage, Stage::Terminating | Stage::Diverted | Stage::Lost);
            found.next.retain(|next| stops || is_for_operator(next, self.arguments));
            if stage == Stage::Terminating && !found.volume.is_some_and(Volume::is_retained) {
                found.next.clear();
            }
            self.session.tell(found);
        }
        self.at = Some((stage, Wait::started(self.session, awaited, self.limit())));
        Ok(())
    }

    async fn retain(&mut self, volume: Option<&str>) -> Result<Act, Error> {
        let changed = self.session.retain(volume).await?;
        self.done.remove(&Done::AgreedToUninstall);
        // A tool that applies the volume sets the policy back within a second: nothing is uninstalled before.
        self.session.await_policy_stays(&changed.name, STAYS).await?;
        Ok(Act::LookAgain)
    }

    async fn uninstall(&mut self, seen: &Observation) -> Result<Act, Error> {
        let applier = seen.assess().volume.and_then(|volume| volume.applier.clone());
        if let Some(applier) = applier.filter(|applier| self.session.consent.yes && applier.acts_by_itself()) {
            return Err(self.halt(Halt::Applied(applier)));
        }
        let Some(command) = self.arguments.uninstall.as_ref().filter(|_| !self.done.contains(&Done::Uninstalled))
        else {
            return self.wait(seen).await;
        };
        if self.done.contains(&Done::AgreedToUninstall) {
            self.done.insert(Done::Uninstalled);
            return Ok(Act::Execute(command.clone()));
        }
        self.agree(command).await?;
        self.done.insert(Done::AgreedToUninstall);
        Ok(Act::LookAgain)
    }

    async fn install(&mut self, seen: &Observation, volume: Option<&str>) -> Result<Act, Error> {
        let session = self.session;
        if let (Some(template), Some(_)) = (&self.arguments.pinned.template, volume) {
            // Of several reserved volumes the user names one.
            let volume = &preserved(&seen.situation(), Verb::Pin)?.name;
            let draft = Draft::new(&session.target.name, template, Pin::To(volume))?;
            if draft.is_change() {
                session.terminal.print(&draft.write(session.terminal, session.consent).await?)?;
            }
        }
        let Some(command) = self.arguments.install.as_ref().filter(|_| !self.done.contains(&Done::Installed)) else {
            return self.wait(seen).await;
        };
        self.agree(command).await?;
        self.done.insert(Done::Installed);
        Ok(Act::Execute(command.clone()))
    }

    /// Waits until the situation changes, within the time limit of the stage.
    async fn wait(&mut self, seen: &Observation) -> Result<Act, Error> {
        let Some((stage, wait)) = &mut self.at else { return Ok(Act::LookAgain) };
        let stage = *stage;
        if wait.until_changed(seen).await? {
            return Ok(Act::LookAgain);
        }
        Err(self.halt(Halt::TimedOut(stage, self.limit().typed)))
    }

    async fn verify(&mut self) -> Result<Act, Error> {
        self.at = None;
        self.session.verify(None, None).await?;
        self.session.tell_steps(Stage::Reused);
        Ok(Act::End)
    }

    /// Says that nothing was uninstalled, and asks whether to.
    async fn ask_for_another_round(&mut self) -> Result<Act, Error> {
        let session = self.session;
        session.terminal.note(&notice(&Notice::ReusedBefore));
        let asks = session.terminal.is_interactive() && !session.consent.yes;
        if asks && session.terminal.confirm(ANOTHER_ROUND).await? {
            self.done.insert(Done::AnotherRound);
            return Ok(Act::LookAgain);
        }
        let again = Next::run(Verb::GuideAgain).because(Remark::AnotherRound);
        let hint = session.typed.shown(&session.target, "hint", &[again], jiff::Timestamp::now());
        session.terminal.say(Stream::Err, &screen(session.terminal, Stream::Err, &hint))?;
        self.verify().await
    }

    /// Asks the user to agree to a command.
    async fn agree(&self, command: &str) -> Result<(), Error> {
        self.session.consent.agree(self.session.terminal, Action::Run(command.to_owned()), || {}).await
    }

    fn halt(&self, halt: Halt) -> Error {
        Error::Guide(self.session.target.clone(), halt)
    }
}

/// True if a next step is for the operator to do, and not for the guide.
fn is_for_operator(next: &Next, arguments: &Guide) -> bool {
    match &next.step {
        Step::Uninstall(_) => arguments.uninstall.is_none(),
        Step::Install => arguments.install.is_none(),
        Step::Run { .. } => false,
        _ => true,
    }
}

/// The shell that reads the command.
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

/// Runs a command of the operator's at the terminal, and waits for its end even after Ctrl-C.
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
        Err(error) => Halt::NoShell(os_message(&error)),
        Ok(status) if interrupted => Halt::Interrupted(command, status.to_string()),
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => Halt::Command(command, status.to_string()),
    };
    Err(Error::Guide(session.target.clone(), halt))
}
