//! `guide`: the whole procedure as one conversation that can be resumed.
//!
//! The only state is the set of steps that this run has done; the cluster is read again before each step.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use clap::Args;

use super::flags::{ManagerFlag, TemplateFlag, limit};
use crate::cluster::{Fresh, Observation, PAUSE, Reach, Survey, Watched};
use crate::error::{Action, Error, Halt};
use crate::kubectl::suggest::suggests;
use crate::lifecycle::{Assessment, Claim, Next, Remark, Stage, Step, Target, Verb, Volume, preserved};
use crate::session::Session;
use crate::session::change_all::Changes;
use crate::session::draft::Draft;
use crate::session::planned::Many;
use crate::session::report::screen;
use crate::session::select::Selection;
use crate::session::shell::execute;
use crate::session::wait::{Limit, Wait};
use crate::template::Pin;
use crate::terminal::Stream;
use crate::words::error::within;
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
    pub pinned: TemplateFlag,
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
    if session.selection.only().is_some() {
        return walk(session, arguments).await;
    }
    let survey = session.survey(Fresh::Consistent).await?;
    session.all_found(&survey).await?;
    let session = session.settled(&survey);
    walk(&session, arguments).await.map_err(|error| session.owned(Verb::Guide, error))
}

async fn walk(session: &Session, arguments: &Guide) -> Result<(), Error> {
    let mut walk = Walk::new(session, arguments);
    // One for all steps: a signal between two would be lost.
    let mut signal = pin!(tokio::signal::ctrl_c());
    loop {
        let act = tokio::select! {
            // First: a change of several volumes tells how far it came.
            biased;
            act = walk.act() => act.map_err(|error| of_guide(session, error))?,
            _ = &mut signal => return Err(of_guide(session, Error::Interrupted)),
        };
        match act {
            Act::LookAgain => {}
            Act::Execute(command) => match execute(session, command).await {
                Err(Error::Guide(target, Halt::Command(command, status))) if walk.may_be_uninstalled() => {
                    return Err(Error::Guide(target, Halt::CommandAgain(command, status)));
                }
                outcome => outcome?,
            },
            Act::End => return Ok(()),
        }
    }
}

/// An error of a verb as one of the guide; of several, one after Ctrl-C has the line that goes on, with the claims' names.
fn of_guide(session: &Session, error: Error) -> Error {
    match error {
        Error::OfClaims(_, error) => of_guide(session, *error),
        Error::Interrupted if session.selection.only().is_none() => {
            Error::InterruptedAfter { verb: Verb::Guide, patched: 0, of: 0 }
        }
        Error::InterruptedAfter { patched, of, .. } => Error::InterruptedAfter { verb: Verb::Guide, patched, of },
        error => error,
    }
}

/// The order in which claims at different stages go on; those that are Retained beside others were not deleted.
const ORDER: [Stage; Stage::WORST_FIRST.len()] = [
    Stage::Terminating,
    Stage::Doomed,
    Stage::AtRisk,
    Stage::Lost,
    Stage::Diverted,
    Stage::Releasing,
    Stage::Released,
    Stage::Reserved,
    Stage::Binding,
    Stage::Reused,
    Stage::Retained,
    Stage::Absent,
];

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
    /// Claims were deleted when this run began.
    BeganWithClaimsDeleted,
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
    /// Of several claims: the number of those that were deleted at the last look.
    gone: usize,
    /// True after a change of several that a later attempt may finish; it is told once.
    tries_again: bool,
}

impl<'a> Walk<'a> {
    fn new(session: &'a Session, arguments: &'a Guide) -> Self {
        let done = arguments.again.then_some(Done::AnotherRound).into_iter().collect();
        Self { session, arguments, done, at: None, gone: 0, tries_again: false }
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

    /// Reads the claims; of several, also the versions since which a watch misses no change. The time limit of the stage
    /// may pass meanwhile: then it is the stage that is late, and not the server.
    async fn look(&mut self) -> Result<(Survey, Option<[String; 2]>), Error> {
        let read = self.read().await;
        match &self.at {
            Some((stage, wait)) if wait.is_over() && read.as_ref().is_err_and(Error::is_passing) => {
                Err(self.late(*stage, wait.about()))
            }
            _ => read,
        }
    }

    async fn read(&mut self) -> Result<(Survey, Option<[String; 2]>), Error> {
        let session = self.session;
        if session.selection.only().is_none() {
            let (versions, survey) = match &mut self.at {
                Some((_, wait)) => wait.read(async || session.survey_and_versions().await).await?,
                None => session.survey_and_versions().await?,
            };
            return Ok((survey, Some(versions)));
        }
        let mut seen = match &mut self.at {
            Some((_, wait)) => wait.observe(None, Reach::All, Fresh::Consistent).await?,
            None => session.cluster.observe(&session.target, None, Reach::All, Fresh::Consistent).await?,
        };
        seen.pinned = self.arguments.pinned.template.is_some();
        Ok((Survey { claims: vec![seen], mates: Vec::new() }, None))
    }

    async fn step(&mut self) -> Result<Act, Error> {
        let session = self.session;
        let (survey, versions) = self.look().await?;
        let mut all: Vec<Assessment<'_>> = survey.claims.iter().map(Observation::assess).collect();
        let aside = !all.iter().all(has_nothing);
        let is_set_aside = |found: &Assessment<'_>| aside && has_nothing(found);
        let at = |stage: Stage| all.iter().position(|found| found.stage == stage && !is_set_aside(found));
        let Some(leading) = ORDER.into_iter().find_map(at) else { return Err(session.absent().await) };
        let stage = all[leading].stage;
        let is_bound = |found: &Assessment<'_>| matches!(found.stage, Stage::AtRisk | Stage::Retained | Stage::Reused);
        if !all.iter().all(|found| is_bound(found) || is_set_aside(found)) {
            self.done.insert(Done::SawClaimDeleted);
        }
        if self.at.is_none() && all.iter().any(|found| found.situation.claim.is_none()) {
            self.done.insert(Done::BeganWithClaimsDeleted);
        }
        if self.at.as_ref().is_none_or(|(told, _)| *told != stage) {
            self.arrive(&mut all, leading).await?;
        }
        let look = Look { seen: &survey.claims[leading], found: &all[leading], all: &all, versions };
        match stage {
            Stage::Terminating if look.found.volume.is_some_and(|v| !v.is_retained()) => {
                // Always safe; then the stage is told again, with the steps that create the volume again.
                self.at = None;
                self.retain(&look).await
            }
            Stage::AtRisk | Stage::Doomed => self.retain(&look).await,
            Stage::Released if look.waits_for_named(session) => self.wait(look).await,
            Stage::Released => self.reuse(&look).await,
            Stage::Reused if self.done.contains(&Done::SawClaimDeleted) => self.verify().await,
            Stage::Reused if self.done.contains(&Done::AnotherRound) => self.uninstall(look).await,
            Stage::Reused => self.ask_for_another_round(all.len()).await,
            Stage::Retained if all.iter().all(|found| survives(found) || has_nothing(found)) => {
                Err(self.halt(&look, Halt::Kept))
            }
            Stage::Retained => self.uninstall(look).await,
            // Volumes kept before this round do not replace its uninstallation.
            Stage::Reserved if self.has_to_uninstall(&look) => self.uninstall(look).await,
            Stage::Reserved => self.install(look).await,
            Stage::Releasing | Stage::Binding => self.wait(look).await,
            Stage::Absent => Err(session.absent().await),
            Stage::Terminating | Stage::Diverted | Stage::Lost => Err(self.halt(&look, Halt::Stopped(stage))),
        }
    }

    /// Tells a stage that was reached, and starts the wait until it is left.
    async fn arrive(&mut self, all: &mut [Assessment<'_>], leading: usize) -> Result<(), Error> {
        let (session, arguments) = (self.session, self.arguments);
        let stage = all[leading].stage;
        let awaited = match stage {
            Stage::Reserved | Stage::Binding => Awaited::ClaimBound,
            _ => Awaited::ClaimGone,
        };
        let is_told = !matches!(stage, Stage::Reused | Stage::Absent);
        let several = session.selection.only().is_none();
        if is_told && !several {
            session.explain(&mut all[leading]).await?;
        }
        if let Some((_, wait)) = &mut self.at {
            wait.end(!matches!(stage, Stage::AtRisk | Stage::Retained | Stage::Releasing | Stage::Binding));
        }
        if is_told {
            if self.done.insert(Done::SaidWhatIsToCome) {
                let (uninstall, install) = (arguments.uninstall.as_deref(), arguments.install.as_deref());
                session.terminal.note(&notice(&Notice::ToCome { several, uninstall, install }));
            }
            session.tell_steps(stage);
            // Steps that the guide does itself are not printed.
            let stops = matches!(stage, Stage::Terminating | Stage::Diverted | Stage::Lost);
            let wanted = |next: &Next| stops || is_for_operator(next, arguments);
            let found = &mut all[leading];
            found.next.retain(|next| several || wanted(next));
            if stage == Stage::Terminating && !found.volume.is_some_and(Volume::is_retained) {
                found.next.clear();
            }
            if several {
                let told = session.told_with(Stream::Err, all, wanted);
                session.terminal.say(Stream::Err, &told)?;
            } else {
                session.tell(&all[leading]);
            }
        }
        self.at = Some((stage, Wait::started(session, awaited, self.limit())));
        Ok(())
    }

    async fn retain(&mut self, look: &Look<'_>) -> Result<Act, Error> {
        let session = self.session;
        self.done.remove(&Done::AgreedToUninstall);
        if look.versions.is_some() {
            let changes = session.change_all(Many::Retain, None, None).await?;
            self.changed(changes)?;
        } else {
            session.retain(look.volume()).await?;
        }
        // A tool that applies a volume sets the policy back within a second: nothing is uninstalled before.
        let mut volumes: Vec<&str> = look.all.iter().filter_map(|found| Some(found.volume?.name.as_str())).collect();
        volumes.dedup();
        tokio::time::sleep(STAYS).await;
        for volume in volumes {
            session.check_policy_stays(volume).await?;
        }
        Ok(Act::LookAgain)
    }

    async fn reuse(&mut self, look: &Look<'_>) -> Result<Act, Error> {
        if look.versions.is_none() {
            // Of several preserved volumes the user chooses one.
            let volume = look.volume().filter(|_| look.found.preserved.is_empty());
            let template = self.arguments.pinned.template.as_deref();
            // After an outage the volume controller may need two minutes more.
            self.session.reuse(volume, None, template, None, Some(self.limit())).await?;
            return Ok(Act::LookAgain);
        }
        // An uninstallation deletes one claim after the other: until no other goes.
        let gone = look.all.iter().filter(|found| found.situation.claim.is_none()).count();
        if self.gone != gone {
            self.gone = gone;
            tokio::time::sleep(STAYS).await;
            return Ok(Act::LookAgain);
        }
        let mut session = self.session.clone();
        if let Selection::Claims(names) = &mut session.selection {
            // A claim that stays has nothing to reuse, though it was named.
            names.retain(|name| !look.all.iter().any(|it| survives(it) && it.situation.target.name == *name));
        }
        let changes = session.change_all(Many::Reuse, None, Some(self.limit())).await?;
        self.changed(changes)?;
        Ok(Act::LookAgain)
    }

    /// The failures of a change of several; where a later attempt may succeed, the first of them.
    fn changed(&mut self, mut changes: Changes) -> Result<(), Error> {
        let Some(error) = changes.passing() else {
            self.tries_again = false;
            return changes.end();
        };
        if !std::mem::replace(&mut self.tries_again, true) {
            self.session.terminal.note(&notice(&Notice::TryingAgain(&within(&error))));
        }
        Err(error)
    }

    async fn uninstall(&mut self, look: Look<'_>) -> Result<Act, Error> {
        let mut appliers = look.all.iter().filter_map(|found| Some((found, found.volume?.applier.clone()?)));
        if let Some((found, applier)) =
            appliers.find(|(_, applier)| self.session.consent.yes && applier.acts_by_itself())
        {
            return Err(Error::Guide(found.situation.target.clone(), Halt::Applied(applier)));
        }
        let Some(command) = self.arguments.uninstall.as_ref().filter(|_| !self.done.contains(&Done::Uninstalled))
        else {
            return self.wait(look).await;
        };
        if self.done.contains(&Done::AgreedToUninstall) {
            self.done.insert(Done::Uninstalled);
            return Ok(Act::Execute(command.clone()));
        }
        self.agree(command).await?;
        self.done.insert(Done::AgreedToUninstall);
        Ok(Act::LookAgain)
    }

    /// True if the command that uninstalls, which has failed, may have been run before: claims were deleted when this run began.
    fn may_be_uninstalled(&self) -> bool {
        self.done.contains(&Done::BeganWithClaimsDeleted) && !self.done.contains(&Done::Installed)
    }

    /// True if claims are bound that the command uninstalls, which was not run yet.
    fn has_to_uninstall(&self, look: &Look<'_>) -> bool {
        let lives = |found: &Assessment<'_>| found.stage == Stage::Retained && !survives(found);
        let given = self.arguments.uninstall.is_some() && !self.done.contains(&Done::Uninstalled);
        given && look.versions.is_some() && look.all.iter().any(lives)
    }

    async fn install(&mut self, look: Look<'_>) -> Result<Act, Error> {
        let session = self.session;
        if let (Some(template), Some(_)) = (&self.arguments.pinned.template, look.volume()) {
            // Of several reserved volumes the user names one.
            let volume = &preserved(&look.found.situation, Verb::Pin)?.name;
            let draft = Draft::new(&session.target.name, template, Pin::To(volume))?;
            if draft.is_change() {
                session.terminal.print(&draft.write(session.terminal, session.consent).await?)?;
            }
        }
        let Some(command) = self.arguments.install.as_ref().filter(|_| !self.done.contains(&Done::Installed)) else {
            return self.wait(look).await;
        };
        self.agree(command).await?;
        self.done.insert(Done::Installed);
        Ok(Act::Execute(command.clone()))
    }

    /// Waits until the situation changes, within the time limit of the stage.
    async fn wait(&mut self, look: Look<'_>) -> Result<Act, Error> {
        let Some((stage, wait)) = &mut self.at else { return Ok(Act::LookAgain) };
        let stage = *stage;
        let mut about = look.found.situation.target;
        let changed = match &look.versions {
            Some(versions) => {
                let binds = matches!(stage, Stage::Reserved | Stage::Binding);
                let awaited: Vec<_> =
                    look.all.iter().filter(|it| !has_nothing(it) && (binds || !survives(it))).collect();
                let is_done = |found: &Assessment<'_>| {
                    if binds { found.situation.bound().is_some() } else { found.situation.claim.is_none() }
                };
                let left: Vec<_> = awaited.iter().filter(|found| !is_done(found)).collect();
                about = left.first().map_or(about, |found| found.situation.target);
                wait.count(about, awaited.len() - left.len(), awaited.len());
                wait.until(Watched::Any(&self.session.target.namespace, versions)).await?
            }
            None => wait.until_changed(look.seen).await?,
        };
        if changed { Ok(Act::LookAgain) } else { Err(self.late(stage, about)) }
    }

    /// The error of a stage that was not left within its time limit.
    fn late(&self, stage: Stage, about: &Target) -> Error {
        Error::Guide(about.clone(), Halt::TimedOut(stage, self.limit().typed))
    }

    async fn verify(&mut self) -> Result<Act, Error> {
        self.at = None;
        match self.session.selection.only() {
            Some(_) => self.session.verify(None, None).await?,
            None => self.session.verify_all(None).await?,
        }
        self.session.tell_steps(Stage::Reused);
        Ok(Act::End)
    }

    /// Says that nothing was uninstalled, and asks whether to.
    async fn ask_for_another_round(&mut self, claims: usize) -> Result<Act, Error> {
        let session = self.session;
        session.terminal.note(&notice(&Notice::ReusedBefore(claims)));
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

    fn halt(&self, look: &Look<'_>, halt: Halt) -> Error {
        Error::Guide(look.found.situation.target.clone(), halt)
    }
}

/// One look at the cluster.
struct Look<'a> {
    /// The claim that goes first, as it was read.
    seen: &'a Observation,
    /// Its assessment.
    found: &'a Assessment<'a>,
    /// The assessments of all.
    all: &'a [Assessment<'a>],
    /// Of several claims: the versions of the lists.
    versions: Option<[String; 2]>,
}

impl Look<'_> {
    /// True if a claim that was typed in full is still bound: all of them are to go.
    fn waits_for_named(&self, session: &Session) -> bool {
        let named = session.selection.named();
        let lives = |found: &Assessment<'_>| {
            found.stage == Stage::Retained && !survives(found) && named.contains(&found.situation.target.name.as_str())
        };
        self.versions.is_some() && self.all.iter().any(lives)
    }

    fn volume(&self) -> Option<&str> {
        self.found.volume.map(|v| v.name.as_str())
    }
}

/// True if the claim waits for its first volume, or pod: it has nothing to be kept.
fn has_nothing(found: &Assessment<'_>) -> bool {
    found.stage == Stage::Binding && found.volume.is_none() && found.preserved.is_empty()
}

/// True if the claim stays bound when its release is uninstalled.
fn survives(found: &Assessment<'_>) -> bool {
    found.situation.claim.is_some_and(Claim::survives_uninstall)
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
