//! What a user should know besides the stage.

use super::facts::{Volume, VolumePhase};
use super::fit::{Field, Misfit, misfits};
use super::owner::{Driver, Keep};
use super::situation::Situation;
use super::stage::Stage;

/// What tells that a volume's deletion was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The annotation of a `retain` that came after the claim's deletion.
    RetainedLate,
    Failed,
    /// An event `VolumeFailedDelete` of the provisioner, with this message.
    Event(String),
}

/// An event, as the cluster tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub reason: String,
    pub message: String,
}

/// Something that a user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "words::finding says what each means")]
pub enum Finding {
    OtherVolumeDoomed { volume: String, phase: VolumePhase, policy: String },
    OtherVolumesWait(Vec<String>),
    ClaimTerminating,
    KeptByHelm(Keep),
    Recreated(Driver),
    PolicyApplied { volume: String, manager: String },
    DeletionBegun { volume: String, sign: Begun },
    VolumeOfAnotherClaim { volume: String, owner: Option<String> },
    // The volume is still reserved for the claim before it.
    StaleClaimRef(String),
    PolicyNotRetain { volume: String, policy: String },
    Misfit { volume: String, misfit: Misfit },
    HeldByPods(Vec<String>),
    // What an event of the claim says.
    Event(Event),
}

impl Finding {
    /// For scripts: one word that stays the same.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::OtherVolumeDoomed { .. } => "OtherVolumeDoomed",
            Self::OtherVolumesWait(_) => "OtherVolumesWait",
            Self::ClaimTerminating => "ClaimTerminating",
            Self::KeptByHelm(Keep::ByHand) => "KeepByHand",
            Self::KeptByHelm(_) => "KeptByHelm",
            Self::Recreated(_) => "RecreatedAtOnce",
            Self::PolicyApplied { .. } => "PolicyApplied",
            Self::DeletionBegun { .. } => "DeletionBegun",
            Self::VolumeOfAnotherClaim { .. } => "VolumeOfAnotherClaim",
            Self::StaleClaimRef(_) => "StaleClaimRef",
            Self::PolicyNotRetain { .. } => "PolicyNotRetain",
            Self::Misfit { misfit, .. } => match misfit.field {
                Field::Size => "SizeTooSmall",
                Field::Class => "ClassDiffers",
                Field::Modes => "ModesDiffer",
                Field::VolumeMode => "VolumeModeDiffers",
                Field::Attributes => "AttributesClassDiffers",
            },
            Self::HeldByPods(_) => "HeldByPods",
            Self::Event(event) => &event.reason,
        }
    }
}

/// What is to be known of a situation that was found to be at `stage` with `volume`.
pub(super) fn findings(
    s: &Situation<'_>,
    stage: Stage,
    volume: Option<&Volume>,
    preserved: &[&Volume],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for v in s.naming(|v| s.is_left(v) && !v.is_retained() && !v.terminating) {
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
        found.extend((claim.keep != Keep::No).then_some(Finding::KeptByHelm(claim.keep)));
        found.extend(claim.driver.clone().map(Finding::Recreated));
    }
    let Some(volume) = volume else { return found };
    let name = || volume.name.clone();
    let begun = |sign| Finding::DeletionBegun { volume: name(), sign };
    found.extend(volume.retained_late.then(|| begun(Begun::RetainedLate)));
    found.extend((volume.phase == VolumePhase::Failed).then(|| begun(Begun::Failed)));
    let applied = |manager| Finding::PolicyApplied { volume: name(), manager };
    found.extend(volume.policy_applier.clone().map(applied));
    if matches!(stage, Stage::Binding | Stage::Reserved) && volume.names(s.target) && !volume.is_retained() {
        found.push(Finding::PolicyNotRetain { volume: name(), policy: volume.policy.clone() });
    }
    let Some(claim) = s.claim else { return found };
    if !volume.names(s.target) {
        let owner = volume.claim_ref.as_ref().map(super::facts::ClaimRef::key);
        found.push(Finding::VolumeOfAnotherClaim { volume: name(), owner });
    } else if stage == Stage::Released && !claim.terminating {
        found.push(Finding::StaleClaimRef(name()));
    }
    // Of a claim that took another volume: why the preserved ones were passed over.
    let compared = if stage == Stage::Diverted { preserved } else { &[volume] };
    for volume in compared {
        let misfit = |misfit| Finding::Misfit { volume: volume.name.clone(), misfit };
        found.extend(misfits(claim, volume).into_iter().map(misfit));
    }
    found
}
