//! What to do next, as values: a test runs them, `guide` offers them, a person gets them as lines to type.

use super::facts::Target;
use super::situation::Situation;

/// A verb of this plugin that a next step names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `status`
    Status,
    /// `retain`
    Retain,
    /// `reuse`
    Reuse,
    /// `pin -f`
    Pin,
    /// `verify`
    Verify,
    /// `guide`
    Guide,
    /// `export`, into a file of the volume's name
    Export,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A command of this plugin.
    Run {
        /// Which.
        verb: Verb,
        /// The volume to name, where it has to be named.
        volume: Option<String>,
        /// Whether to wait for what comes: `--timeout 10m`.
        waits: bool,
    },
    /// The release that has the claim is uninstalled.
    Uninstall,
    /// The release is installed again.
    Install,
    /// The same claim, in another namespace: `status`.
    Elsewhere(Target),
    /// Only a remark.
    Note,
}

/// Why a step, or when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// At once: the volume may be deleted.
    Now,
    /// Before anything else.
    First,
    /// The claim stays bound to its volume, since Helm keeps it.
    ClaimStays,
    /// Another would do as well: the user chooses.
    OneOfThem,
    /// Names the volume in the template.
    NamesVolume,
    /// An exported volume can be applied again.
    KeepsObject,
    /// Deleting the claim does as well.
    OrDeleteClaim,
    /// This waits until the claim is deleted.
    UntilDeleted,
    /// This waits until the volume is Released.
    UntilReleased,
    /// This waits until the claim is bound.
    UntilBound,
    /// What was written to the newer volume stays there only.
    GoingBack {
        /// The volume that is to be reused.
        to: String,
        /// The volume that the claim has.
        from: String,
    },
    /// It goes on from where the cluster stands.
    SafeToRepeat,
    /// Once its cause is fixed.
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
        Step::Run { verb, volume: None, waits: false }.into()
    }

    /// `VERB VOLUME`.
    #[must_use]
    pub fn on(verb: Verb, volume: &str) -> Self {
        Step::Run { verb, volume: Some(volume.to_owned()), waits: false }.into()
    }

    /// With `--timeout`.
    #[must_use]
    pub fn waiting(mut self) -> Self {
        if let Step::Run { waits, .. } = &mut self.step {
            *waits = true;
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

/// The way back to `volume` from a claim that has none or another.
#[must_use]
pub fn way_back(volume: &str) -> Vec<Next> {
    vec![
        Step::Uninstall.into(),
        Next::on(Verb::Reuse, volume).waiting(),
        Step::Install.into(),
        Next::run(Verb::Verify).waiting(),
    ]
}

/// The steps when a claim has to be made anew before anything else.
#[must_use]
pub fn start_over() -> Vec<Next> {
    vec![Next::from(Step::Uninstall).because(Remark::OrDeleteClaim), Next::run(Verb::Status)]
}

/// A verb on `volume`, named only where the target has others.
#[must_use]
pub fn on_own(situation: &Situation<'_>, verb: Verb, volume: &str) -> Next {
    let alone = situation.naming(|v| v.name != volume).is_empty();
    if alone { Next::run(verb) } else { Next::on(verb, volume) }
}
