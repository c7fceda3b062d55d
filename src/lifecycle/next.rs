//! What to do next, as values: a test types them, `guide` offers them, a person gets them as lines to type.

use super::facts::{ClaimPhase, Target, Volume};
use super::fit::{Misfit, misfits};
use super::owner::{Driver, Release};
use super::situation::Situation;

/// A verb of this plugin that a next step names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "commands has each")]
pub enum Verb {
    Status,
    Retain,
    Reuse,
    Pin,
    Unpin,
    Verify,
    Guide,
    GuideAgain,
    /// Into a file of the volume's name.
    Export,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "words::next says what to type")]
pub enum Step {
    // A command of this plugin; `volume` where it has to be named, `waits` with `--timeout`, `pins` with `-f`.
    Run { verb: Verb, volume: Option<String>, waits: bool, pins: bool },
    Uninstall(Option<Release>),
    Install,
    // What the release has stored is looked at.
    Manifest(Release),
    Suspend(Driver),
    DeleteClaim,
    AwaitDeleted(String),
    // The export of the volume of this name is applied.
    Apply(String),
    UseClaim,
    // `status` of the same claim in another namespace.
    Elsewhere(Target),
    // Only a remark.
    Note,
}

/// Why a step, or when.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "words::next has each as it is read")]
pub enum Remark {
    Now,
    KeepsData,
    BeforeUninstall,
    BeforeBinding,
    KeepsNewerData,
    KeptInManifest,
    ClaimStays,
    IfKept,
    OrPinInGit,
    // A pin is needed only if the new claim asks for more than this size.
    PinOnlyOnMisfit(Option<String>),
    OrFit(Vec<Misfit>),
    OneOfThem,
    OrDeleteClaim,
    FromExport,
    UntilDeleted,
    UntilAvailable,
    UntilReleased,
    GoingBack { to: Vec<String>, from: String },
    OtherWay(Vec<String>),
    NothingPreserved,
    AnotherRound,
    SafeToRepeat,
    OnceFixed,
}

/// A step and its remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// What to do.
    pub step: Step,
    /// What is to be known of it.
    pub remark: Option<Remark>,
}

impl Next {
    /// `VERB`.
    #[must_use]
    pub fn run(verb: Verb) -> Self {
        Step::Run { verb, volume: None, waits: false, pins: false }.into()
    }

    /// `VERB VOLUME`.
    #[must_use]
    pub fn on(verb: Verb, volume: &str) -> Self {
        Step::Run { verb, volume: Some(volume.to_owned()), waits: false, pins: false }.into()
    }

    /// With `--timeout`.
    #[must_use]
    pub fn waiting(mut self) -> Self {
        if let Step::Run { waits, .. } = &mut self.step {
            *waits = true;
        }
        self
    }

    /// With `-f`.
    #[must_use]
    pub fn pinning(mut self) -> Self {
        if let Step::Run { pins, .. } = &mut self.step {
            *pins = true;
        }
        self
    }

    /// With a remark.
    #[must_use]
    pub fn because(self, remark: Remark) -> Self {
        Self { remark: Some(remark), ..self }
    }
}

impl From<Step> for Next {
    fn from(step: Step) -> Self {
        Self { step, remark: None }
    }
}

/// What keeps an unpinned claim from being bound to the volume.
pub fn obstacles(situation: &Situation<'_>, volume: &Volume) -> Vec<Misfit> {
    let all = situation.claim.map(|claim| misfits(claim, volume)).unwrap_or_default();
    all.into_iter().filter(Misfit::prevents_binding).collect()
}

/// How the claim is deleted with its release, so that it stays so.
pub fn uninstall(situation: &Situation<'_>) -> Vec<Next> {
    let claim = situation.claim;
    let driver = claim.and_then(|c| c.driver.clone());
    let suspend = driver.map(|driver| Next::from(Step::Suspend(driver)).because(Remark::OrPinInGit));
    let release = claim.and_then(|c| c.release.clone());
    let kept = claim.is_some_and(|c| c.keep.may_stay());
    let delete = kept.then(|| Next::from(Step::DeleteClaim).because(Remark::IfKept));
    suspend.into_iter().chain([Step::Uninstall(release).into()]).chain(delete).collect()
}

/// The release is installed again, and the claim's binding to `volume`, or to any that is preserved, awaited.
pub fn install(volume: Option<&str>) -> [Next; 2] {
    let verify = volume.map_or_else(|| Next::run(Verb::Verify), |volume| Next::on(Verb::Verify, volume));
    [Step::Install.into(), verify.waiting()]
}

/// The way back to one of `volumes` from a claim that has none or another.
///
/// The claim's own volume would be deleted with it, unless it is retained first. Where the claim asked
/// for what the old volume does not offer, it would be passed over again, unless the template is pinned.
pub fn way_back(situation: &Situation<'_>, volumes: &[&Volume]) -> Vec<Next> {
    let newer = situation.bound().map(|(_, volume)| volume).filter(|v| !v.is_retained());
    let newer = newer.map(|v| Next::on(Verb::Retain, &v.name).because(Remark::KeepsNewerData));
    let reuse = volumes.iter().map(|volume| {
        let reuse = Next::on(Verb::Reuse, &volume.name).waiting();
        let reuse = or_fit(situation, volumes, volume, reuse);
        if matches!(reuse.remark, Some(Remark::OrFit(_))) { reuse.pinning() } else { reuse }
    });
    let only = if let [only] = volumes { Some(only.name.as_str()) } else { None };
    newer.into_iter().chain(uninstall(situation)).chain(reuse).chain(install(only)).collect()
}

/// `step` on `volume`, with what would do without a pin; of several volumes, one.
fn or_fit(situation: &Situation<'_>, volumes: &[&Volume], volume: &Volume, step: Next) -> Next {
    match obstacles(situation, volume) {
        _ if volumes.len() > 1 => step.because(Remark::OneOfThem),
        obstacles if obstacles.is_empty() => step,
        obstacles => step.because(Remark::OrFit(obstacles)),
    }
}

/// The steps to a claim that names, or gets, one of `volumes`, from one that cannot be bound.
pub fn start_over(situation: &Situation<'_>, volumes: &[&Volume]) -> Vec<Next> {
    let mut steps = uninstall(situation);
    if let Some(last) = steps.last_mut().filter(|last| last.remark.is_none()) {
        last.remark = Some(Remark::OrDeleteClaim);
    }
    let pin = |volume: &&Volume| or_fit(situation, volumes, volume, Next::on(Verb::Pin, &volume.name));
    steps.extend(volumes.iter().map(pin));
    if volumes.is_empty() {
        steps.extend([Next::run(Verb::Unpin).because(Remark::NothingPreserved), Step::Install.into()]);
        return steps;
    }
    steps.into_iter().chain(install(None)).collect()
}

/// `volume` as `kubectl apply` brings it back, from before its object is gone.
pub fn recreate(situation: &Situation<'_>, volume: &Volume) -> Vec<Next> {
    let name = &volume.name;
    let held = situation.claim.is_some_and(|claim| volume.holds(claim));
    let mut steps = Vec::new();
    if !volume.is_retained() {
        steps.push(Next::on(Verb::Retain, name).because(if held { Remark::KeepsData } else { Remark::Now }));
    }
    steps.push(Next::on(Verb::Export, name));
    if held || situation.claim.is_some_and(|claim| claim.phase == ClaimPhase::Lost) {
        steps.extend(uninstall(situation));
    }
    steps.push(Step::AwaitDeleted(name.clone()).into());
    steps.extend(apply(name));
    steps.extend(install(Some(name)));
    steps
}

/// The export is applied, and the volume is Available: a claim that comes before that gets a new one.
pub fn apply(volume: &str) -> [Next; 2] {
    let available = Next::on(Verb::Reuse, volume).because(Remark::UntilAvailable);
    [Step::Apply(volume.to_owned()).into(), available]
}

/// A verb on `volume`, named only where the target has others.
pub fn on_own(situation: &Situation<'_>, verb: Verb, volume: &str) -> Next {
    let alone = situation.naming(|v| v.name != volume).is_empty();
    if alone { Next::run(verb) } else { Next::on(verb, volume) }
}

/// A verb on each of several volumes, of which the user chooses one.
pub fn choice(verb: Verb, volumes: &[&Volume]) -> Vec<Next> {
    volumes.iter().map(|v| Next::on(verb, &v.name).because(Remark::OneOfThem)).collect()
}
