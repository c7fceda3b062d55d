//! Findings: what a user should know besides the stage, for `status` and, with an outcome, for `check`.

use strum::{IntoStaticStr, VariantNames};

use super::facts::{Claim, Target, Trident, Volume, VolumePhase};
use super::fit::{Field, Misfit, misfits};
use super::next::{Next, Remark, Step, Verb};
use super::owner::{Applier, DeletedWith, Driver, Keep, Release, Stays};
use super::set::Incomplete;
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
    /// The annotation of a `retain` that came after the deletion of the claim of this UID, and the provisioner's event.
    RetainedLate { claim: String, event: Option<String> },
    /// Phase Failed; `status.message`.
    Failed(Option<String>),
    /// An event `VolumeFailedDelete` of the provisioner, with this message.
    Event(String),
}

/// A pod that keeps a claim from being deleted, or may still write to its volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The pod's name.
    pub name: String,
    /// `status.phase`.
    pub phase: String,
    /// The Job that controls it.
    pub job: Option<String>,
}

impl Holder {
    /// True if the pod has ended: nobody but a person or a controller deletes it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.phase.as_str(), "Succeeded" | "Failed")
    }

    /// The step that deletes it.
    #[must_use]
    pub fn deletion(&self) -> Next {
        match &self.job {
            Some(job) => Step::DeleteHolder { kind: "job", name: job.clone() }.into(),
            None => Step::DeleteHolder { kind: "pod", name: self.name.clone() }.into(),
        }
    }
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
    /// The claim stays for another reason than Helm's policy.
    StaysBehind(Stays),
    /// The claim is deleted with an owner: a `StatefulSet` or an operator's object.
    DeletedWithOwner(DeletedWith),
    /// A GitOps tool may create the claim again after its deletion.
    MayBeRecreated(Driver),
    PolicyApplied {
        volume: String,
        applier: Applier,
    },
    /// A tool replaces the volume's object, which clears `claimRef.uid` under the living claim.
    VolumeReplaced {
        volume: String,
        manager: String,
    },
    /// The release deletes the volume's object, too.
    ReleaseOwnsVolume {
        volume: String,
        release: Release,
    },
    /// The claim is bound to a volume that was filled from its data source.
    FilledFromDataSource {
        volume: String,
        kind: String,
    },
    ResizePending,
    /// The claim requests more than its volume has: csi-resizer grows it.
    WillBeResized {
        volume: String,
        wanted: String,
        offered: String,
    },
    /// Nothing could delete the volume: no plugin does; the server's message.
    NotDeletable {
        volume: String,
        message: String,
    },
    /// The driver has not been called: the volume is still attached; the provisioner's message.
    StillAttached {
        volume: String,
        message: String,
    },
    /// Finalizers that keep the claim, or the volume of this name, from being deleted.
    HeldByFinalizers {
        volume: Option<String>,
        finalizers: Vec<String>,
    },
    UidOfLivingClaim {
        volume: String,
        owner: Target,
    },
    DeletionBegun {
        volume: String,
        sign: DeletionSign,
    },
    VolumeOfAnotherClaim {
        volume: String,
        owner: String,
    },
    /// The volume of this name has no claimRef: any claim can take it.
    NoClaimRef(String),
    /// Volumes that are kept for other claims of the namespace, which do not exist.
    KeptForOthers(Vec<(String, Target)>),
    /// The volume is still reserved for the UID of the previous claim.
    StaleClaimRef(String),
    PolicyNotRetain {
        volume: String,
        policy: String,
    },
    Misfit {
        volume: String,
        misfit: Misfit,
        /// True if the claim is, or will be, bound to the volume all the same.
        bound: bool,
    },
    /// Pods that use the claim: it is not deleted before they are.
    HeldByPods(Vec<Holder>),
    /// Pods that list the claim although it was deleted: they may write to the volume.
    StillMounted {
        volume: String,
        pods: Vec<Holder>,
    },
    /// No node satisfies the nodeAffinity of the volume of this name.
    NoNodeMatches(String),
    /// Other claims of the release, which uninstalling deletes with their volumes: names and policies.
    SiblingsAtRisk {
        release: Release,
        claims: Vec<(String, String)>,
    },
    /// NetApp Trident is deleting the volume of this name, or does not know it.
    TridentDeletes(String),
    TridentMissing {
        volume: String,
        /// True if the volume is reserved: an import into the claim would destroy it.
        reserved: bool,
    },
    /// NetApp Trident has the volume, which was retained late.
    TridentOnline(String),
    /// NetApp Trident's state of the volume is another.
    TridentState {
        volume: String,
        state: String,
    },
    /// The claim's set is kept only in part.
    SetIncomplete(Incomplete),
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
            Self::TridentOnline(_) => Outcome::Passed,
            Self::HeldByPods(pods) if !pods.iter().any(Holder::has_ended) => Outcome::Passed,
            Self::OtherVolumeDoomed { .. }
            | Self::UidOfLivingClaim { .. }
            | Self::SiblingsAtRisk { .. }
            | Self::TridentDeletes(_)
            | Self::TridentMissing { .. }
            | Self::SetIncomplete(_) => Outcome::Failed,
            _ => Outcome::Note,
        }
    }

    /// The steps to take, where there are any.
    #[must_use]
    pub fn remedies(&self) -> Vec<Next> {
        match self {
            Self::OtherVolumeDoomed { volume, .. } | Self::PolicyNotRetain { volume, .. } => {
                vec![Next::on(Verb::Retain, volume)]
            }
            Self::TridentMissing { volume, reserved: true } => vec![Step::DeleteVolume(volume.clone()).into()],
            Self::NoClaimRef(volume) => vec![Next::on(Verb::Reuse, volume)],
            Self::KeptForOthers(kept) => {
                kept.iter().map(|(volume, owner)| Step::ReuseFrom(volume.clone(), owner.clone()).into()).collect()
            }
            Self::MayBeRecreated(driver) => vec![Step::Suspend(driver.clone()).into()],
            Self::PolicyApplied { applier, .. } => {
                applier.driver.iter().map(|driver| Step::Suspend(driver.clone()).into()).collect()
            }
            Self::ReleaseOwnsVolume { volume, .. } => vec![Next::on(Verb::Export, volume)],
            Self::HeldByPods(pods) => deletions(pods),
            Self::SiblingsAtRisk { release, .. } => vec![Step::RetainRelease(release.name.clone()).into()],
            Self::HeldByFinalizers { finalizers, .. } => finalizers
                .iter()
                .filter_map(|finalizer| match finalizer.as_str() {
                    SNAPSHOT_SOURCE => Some(Step::Look("volumesnapshots", true).into()),
                    attacher if attacher.starts_with(ATTACHER) => Some(Step::Look("volumeattachments", false).into()),
                    _ => None,
                })
                .collect(),
            Self::DeletionBegun { volume, sign: DeletionSign::RetainedLate { .. } } => {
                vec![Next::from(Step::RemoveMark(volume.clone())).because(Remark::OnceChecked)]
            }
            Self::KeptByHelm { keep, release: Some(release) } if keep.may_stay() => {
                vec![Next::from(Step::Manifest(release.clone())).because(Remark::KeptInManifest)]
            }
            _ => Vec::new(),
        }
    }
}

/// Finalizer of a claim from which a `VolumeSnapshot` is being taken (snapshot controller of kubernetes-csi).
pub const SNAPSHOT_SOURCE: &str = "snapshot.storage.kubernetes.io/pvc-as-source-protection";
/// Prefix of the finalizers of kubernetes-csi's external-attacher; a driver's name follows.
pub const ATTACHER: &str = "external-attacher/";

/// The steps that delete the pods that have ended, each once.
pub(super) fn deletions(pods: &[Holder]) -> Vec<Next> {
    let mut steps: Vec<Next> = Vec::new();
    for step in pods.iter().filter(|pod| pod.has_ended()).map(Holder::deletion) {
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
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
        found.extend(of_claim(claim));
    }
    let kept = s.claim.is_some_and(Claim::survives_uninstall);
    if let (Some(release), false) = (s.claim.and_then(|claim| claim.release.clone()), kept)
        && !s.siblings.is_empty()
        && !matches!(stage, Stage::Reused | Stage::Releasing)
    {
        found.push(Finding::SiblingsAtRisk { release, claims: s.siblings.to_vec() });
    }
    let nobodys = s.volumes.iter().filter(|v| v.claim_ref.is_none());
    found.extend(nobodys.map(|v| Finding::NoClaimRef(v.name.clone())));
    let Some(volume) = volume else { return found };
    let name = || volume.name.clone();
    let begun = |sign| Finding::DeletionBegun { volume: name(), sign };
    if let Some(claim) = volume.retained_late.clone() {
        found.push(begun(DeletionSign::RetainedLate { claim, event: None }));
    } else if volume.phase == VolumePhase::Failed {
        // The message of Kubernetes' volume controller where no plugin deletes such volumes (pv_controller.go).
        let message = volume.message.clone();
        found.push(match message.filter(|message| message.contains("no deletable volume plugin matched")) {
            Some(message) => Finding::NotDeletable { volume: name(), message },
            None => begun(DeletionSign::Failed(volume.message.clone())),
        });
    }
    found.extend(trident(volume));
    if let Some(applier) = &volume.applier {
        found.push(Finding::PolicyApplied { volume: name(), applier: applier.clone() });
        if applier.replaces && s.bound().is_some() {
            found.push(Finding::VolumeReplaced { volume: name(), manager: applier.manager.clone() });
        }
    }
    if let Some(release) = volume.release.clone().filter(|_| s.bound().is_some()) {
        found.push(Finding::ReleaseOwnsVolume { volume: name(), release });
    }
    if volume.terminating && !volume.finalizers.is_empty() {
        let finalizers = volume.finalizers.clone();
        found.push(Finding::HeldByFinalizers { volume: Some(name()), finalizers });
    }
    if let Some(owner) = s.rival(volume) {
        found.push(Finding::UidOfLivingClaim { volume: name(), owner: owner.clone() });
        return found;
    }
    if matches!(stage, Stage::Binding | Stage::Reserved) && volume.refers_to(s.target) && !volume.is_retained() {
        found.push(Finding::PolicyNotRetain { volume: name(), policy: volume.policy.clone() });
    }
    let Some(claim) = s.claim else { return found };
    if !volume.refers_to(s.target) {
        let owner = volume.claim_ref.as_ref().map(|r| r.claim.key());
        found.extend(owner.map(|owner| Finding::VolumeOfAnotherClaim { volume: name(), owner }));
    } else if stage == Stage::Released && !claim.terminating {
        found.push(Finding::StaleClaimRef(name()));
    }
    let bound = s.bound().is_some_and(|(_, own)| own.name == volume.name);
    if let (Stage::Diverted, Some(kind)) = (stage, claim.data_source.clone()) {
        found.push(Finding::FilledFromDataSource { volume: name(), kind });
    }
    // Of a claim that took another volume: the reasons why the preserved ones were passed over.
    let compared = if stage == Stage::Diverted { preserved } else { &[volume] };
    // Of a volume without claimRef everything is compared (`checkVolumeSatisfyClaim` in the volume controller).
    let bound = bound || (claim.pinned && volume.claim_ref.is_some());
    for volume in compared {
        for misfit in misfits(claim, volume) {
            found.push(match misfit.field {
                // A claim that is bound, or will be, all the same: csi-resizer compares only the sizes.
                Field::Size if stage != Stage::Diverted && bound => {
                    let Misfit { wanted, offered, .. } = misfit;
                    Finding::WillBeResized { volume: volume.name.clone(), wanted, offered }
                }
                _ => Finding::Misfit { volume: volume.name.clone(), misfit, bound },
            });
        }
    }
    found
}

/// NetApp Trident's state of the volume, if it is not as it should be or tells that a `retain` came too late or in time.
fn trident(volume: &Volume) -> Option<Finding> {
    let name = volume.name.clone();
    // Its object may be deleted only where the data stays.
    let reserved = volume.is_reserved() && volume.is_retained();
    match volume.trident.as_ref()? {
        Trident::Missing => Some(Finding::TridentMissing { volume: name, reserved }),
        Trident::State(state) => match state.as_str() {
            "online" => volume.retained_late.is_some().then_some(Finding::TridentOnline(name)),
            // A share of another volume of Trident's.
            "subordinate" => None,
            "deleting" => Some(Finding::TridentDeletes(name)),
            state => Some(Finding::TridentState { volume: name, state: state.to_owned() }),
        },
    }
}

/// The findings of the claim alone.
fn of_claim(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    if claim.terminating {
        found.push(Finding::ClaimTerminating);
        if !claim.finalizers.is_empty() {
            found.push(Finding::HeldByFinalizers { volume: None, finalizers: claim.finalizers.clone() });
        }
    }
    match (claim.stays, &claim.deleted_with) {
        (Some(stays), _) if stays != Stays::Helm => found.push(Finding::StaysBehind(stays)),
        (None, Some(with)) if with.owns => {
            found.push(Finding::DeletedWithOwner(with.clone()));
        }
        _ if claim.keep != Keep::No => {
            found.push(Finding::KeptByHelm { keep: claim.keep, release: claim.release.clone() });
        }
        _ => {}
    }
    found.extend(claim.driver.clone().map(Finding::MayBeRecreated));
    found.extend(claim.resizing.then_some(Finding::ResizePending));
    found
}
