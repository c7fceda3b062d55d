//! Next steps as values: a test types them, `guide` offers them, a person reads them as lines to type.

use jiff::Timestamp;
use strum::{IntoStaticStr, VariantNames};

use super::facts::Target;
use super::fit::Misfit;
use super::owner::{DeletedWith, Driver, Release};

/// A verb of this plugin that a next step may run.
#[derive(Clone, Copy, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[expect(missing_docs, reason = "commands has each")]
pub enum Verb {
    Status,
    Retain,
    Unretain,
    Reuse,
    Pin,
    Unpin,
    Verify,
    Guide,
    #[strum(serialize = "guide --again")]
    GuideAgain,
    /// Into a file of the volume's name.
    Export,
}

/// One step.
#[derive(Clone, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
pub enum Step {
    /// A command of this plugin.
    Run {
        /// The command.
        verb: Verb,
        /// The volume, where it has to be named.
        volume: Option<String>,
        /// True to pass `--timeout`.
        waits: bool,
        /// True to pass `-f`.
        pins: bool,
    },
    /// Uninstall the release that owns the claim.
    Uninstall(Option<Release>),
    /// Install the release again.
    Install,
    /// Look at the manifest that the release stored.
    Manifest(Release),
    /// Suspend the GitOps tool.
    Suspend(Driver),
    /// Let the GitOps tool go on.
    Resume(Driver),
    /// Have Flux install the release as it is declared, though it is Ready.
    Reconcile {
        /// The `HelmRelease`.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// List objects that keep the claim or its volume from being deleted: a resource, and true if it has namespaces.
    Look(&'static str, bool),
    /// Retain the volumes of all claims of the release of this name.
    RetainRelease(String),
    /// Retain the volumes of all claims of the namespace of this name.
    RetainNamespace(String),
    /// Remove the annotation of a late `retain` from the volume of this name.
    RemoveMark(String),
    /// Delete the object that owns the claim.
    DeleteOwner(DeletedWith),
    /// Delete the pod of this name, or the Job that controls it.
    DeleteHolder {
        /// `job` or `pod`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Scale the `StatefulSet` down, so that it does not create the claim again.
    ScaleDown,
    /// Delete the claim.
    DeleteClaim,
    /// Delete the object of the volume of this name; under policy Retain its data stays.
    DeleteVolume(String),
    /// Wait until the volume of this name is deleted.
    AwaitDeleted(String),
    /// Apply the export of the volume of this name.
    Apply(String),
    /// Start a pod that uses the claim.
    UseClaim,
    /// Reserve the volume of this name, which is kept for another claim.
    ReuseFrom(String, Target),
    /// Run `status` for this claim instead.
    Elsewhere(Target),
    /// Nothing to type: the remark is all.
    Note,
}

/// Reason for a step, or its condition.
#[derive(Clone, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
#[expect(missing_docs, reason = "words::next has the sentence of each")]
pub enum Remark {
    Now,
    /// The tool that applies the volume would set the policy back.
    BeforeRetain,
    /// The release deletes the volume's object, too.
    ReleaseOwnsVolume,
    UntilProvisionerLetsGo,
    StaysBound,
    CreatesClaimAgain,
    KeepsData,
    BeforeUninstall,
    BeforeBinding,
    KeepsNewerData,
    KeptInManifest,
    ClaimStays,
    IfKept,
    IfDeletedByHand,
    OnceChecked,
    OrPinInGit,
    OrFit(Vec<Misfit>),
    /// One of several volumes, by its creation.
    OneOfThem(Option<Timestamp>),
    OrDeleteClaim,
    FromExport,
    UntilDeleted,
    UntilAvailable,
    UntilReleased,
    GoingBack {
        to: Vec<String>,
        from: String,
    },
    OtherWay(Vec<String>),
    NothingPreserved,
    AnotherRound,
    SafeToRepeat,
    OnceFixed,
    /// The volume is kept for this claim, which does not exist.
    KeptForOther(Target),
    /// The claim is of a set that is kept in part.
    OnceWhole,
    /// The tool is suspended: the user confirms the uninstallation.
    OnceSuspended,
    /// After the command that uninstalls has failed, where an earlier run may have run it.
    IfUninstalled,
}

/// A step and its remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The step.
    pub step: Step,
    /// Its reason or condition.
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

    /// Adds `--timeout`.
    #[must_use]
    pub fn with_timeout(mut self) -> Self {
        if let Step::Run { waits, .. } = &mut self.step {
            *waits = true;
        }
        self
    }

    /// Adds `-f`.
    #[must_use]
    pub fn with_template(mut self) -> Self {
        if let Step::Run { pins, .. } = &mut self.step {
            *pins = true;
        }
        self
    }

    /// Adds a remark.
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
