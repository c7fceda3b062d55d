//! Findings: what a user should know besides the stage, for `status` and, with an outcome, for `check`.

use strum::{IntoStaticStr, VariantNames};

use super::facts::{Volume, VolumePhase};
use super::fit::{Field, Misfit, misfits};
use super::next::{Next, Remark, Step, Verb};
use super::owner::{Driver, Keep, Release};
use super::situation::Situation;
use super::stage::Stage;

/// Outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// To be known; it stands in nobody's way.
    Note,
    /// It stands in the way.
    Failed,
}

/// Evidence that a volume's deletion began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeletionSign {
    /// The annotation of a `retain` that came after the claim's deletion.
    RetainedLate,
    /// Phase Failed.
    Failed,
    /// An event `VolumeFailedDelete` of the provisioner, with this message.
    Event(String),
}

/// An event of a claim or a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// One word.
    pub reason: String,
    /// In the words of the component that wrote it.
    pub message: String,
}

/// A finding.
#[derive(Clone, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
#[expect(missing_docs, reason = "words::finding has the sentence of each")]
pub enum Finding {
    OtherVolumeDoomed {
        volume: String,
        phase: VolumePhase,
        policy: String,
    },
    /// Other volumes that are preserved for the claim.
    OtherVolumesWait(Vec<String>),
    ClaimTerminating,
    KeptByHelm {
        keep: Keep,
        release: Option<Release>,
    },
    RecreatedAtOnce(Driver),
    PolicyApplied {
        volume: String,
        manager: String,
    },
    DeletionBegun {
        volume: String,
        sign: DeletionSign,
    },
    VolumeOfAnotherClaim {
        volume: String,
        owner: Option<String>,
    },
    /// The volume is still reserved for the UID of the previous claim.
    StaleClaimRef(String),
    PolicyNotRetain {
        volume: String,
        policy: String,
    },
    Misfit {
        volume: String,
        misfit: Misfit,
    },
    /// Pods that use the claim: it is not deleted before they are.
    HeldByPods(Vec<String>),
    /// An event of the claim.
    Event(Event),
}

impl Finding {
    /// The stable word for scripts.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::KeptByHelm { keep: Keep::ByHand, .. } => "KeepByHand",
            Self::Misfit { misfit, .. } => match misfit.field {
                Field::Size => "SizeTooSmall",
                Field::Class => "ClassDiffers",
                Field::Modes => "ModesDiffer",
                Field::VolumeMode => "VolumeModeDiffers",
                Field::Attributes => "AttributesClassDiffers",
            },
            Self::Event(event) => &event.reason,
            other => other.into(),
        }
    }

    /// The outcome of a check that finds this.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::HeldByPods(_) => Outcome::Passed,
            Self::OtherVolumeDoomed { .. } => Outcome::Failed,
            _ => Outcome::Note,
        }
    }

    /// The step to take, where there is one.
    #[must_use]
    pub fn remedy(&self) -> Option<Next> {
        Some(match self {
            Self::OtherVolumeDoomed { volume, .. } | Self::PolicyNotRetain { volume, .. } => {
                Next::on(Verb::Retain, volume)
            }
            Self::OtherVolumesWait(_) => Next::run(Verb::Status),
            Self::RecreatedAtOnce(driver) => Step::Suspend(driver.clone()).into(),
            Self::KeptByHelm { keep, release: Some(release) } if keep.may_stay() => {
                Next::from(Step::Manifest(release.clone())).because(Remark::KeptInManifest)
            }
            _ => return None,
        })
    }
}

/// The findings of a situation at `stage`, which speaks of `volume`.
pub(super) fn findings(
    s: &Situation<'_>,
    stage: Stage,
    volume: Option<&Volume>,
    preserved: &[&Volume],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for v in s.referring(|v| s.claim_is_gone(v) && !v.is_retained() && !v.terminating) {
        if volume.is_none_or(|own| own.name != v.name) {
            let (volume, policy) = (v.name.clone(), v.policy.clone());
            found.push(Finding::OtherVolumeDoomed { volume, phase: v.phase, policy });
        }
    }
    if !preserved.is_empty() && stage != Stage::Diverted {
        found.push(Finding::OtherVolumesWait(preserved.iter().map(|v| v.name.clone()).collect()));
    }
    if let Some(claim) = s.claim {
        found.extend(claim.terminating.then_some(Finding::ClaimTerminating));
        let kept = || Finding::KeptByHelm { keep: claim.keep, release: claim.release.clone() };
        found.extend((claim.keep != Keep::No).then(kept));
        found.extend(claim.driver.clone().map(Finding::RecreatedAtOnce));
    }
    let Some(volume) = volume else { return found };
    let name = || volume.name.clone();
    let begun = |sign| Finding::DeletionBegun { volume: name(), sign };
    found.extend(volume.retained_late.then(|| begun(DeletionSign::RetainedLate)));
    found.extend((volume.phase == VolumePhase::Failed).then(|| begun(DeletionSign::Failed)));
    let applied = |manager| Finding::PolicyApplied { volume: name(), manager };
    found.extend(volume.policy_applier.clone().map(applied));
    if matches!(stage, Stage::Binding | Stage::Reserved) && volume.refers_to(s.target) && !volume.is_retained() {
        found.push(Finding::PolicyNotRetain { volume: name(), policy: volume.policy.clone() });
    }
    let Some(claim) = s.claim else { return found };
    if !volume.refers_to(s.target) {
        let owner = volume.claim_ref.as_ref().map(|r| r.claim.key());
        found.push(Finding::VolumeOfAnotherClaim { volume: name(), owner });
    } else if stage == Stage::Released && !claim.terminating {
        found.push(Finding::StaleClaimRef(name()));
    }
    // Of a claim that took another volume: the reasons why the preserved ones were passed over.
    let compared = if stage == Stage::Diverted { preserved } else { &[volume] };
    for volume in compared {
        let misfit = |misfit| Finding::Misfit { volume: volume.name.clone(), misfit };
        found.extend(misfits(claim, volume).into_iter().map(misfit));
    }
    found
}
