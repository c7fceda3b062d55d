//! What the decisions rest on: the few fields of a claim and a volume that matter here.

use std::fmt::Display;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use super::owner::{self, Driver, Keep, Release};

/// The class annotation of old manifests; where present it wins over `spec.storageClassName`
/// (`GetPersistentVolumeClass` in Kubernetes' volume helpers).
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// What the binder writes on a claim for which it has chosen the volume.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// What `retain` writes on a volume whose claim was gone by then: the UID of that claim.
pub const RETAINED_LATE: &str = "glancepv.io/retained-after-release";

/// The claim that the user means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The claim's namespace.
    pub namespace: String,
    /// The claim's name.
    pub claim: String,
}

impl Target {
    /// `namespace/name`, as kubectl's CLAIM column has it.
    #[must_use]
    pub fn key(&self) -> String {
        [&self.namespace, "/", &self.claim].concat()
    }
}

/// Where a claim stands: its `status.phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ClaimPhase {
    /// Waits for a volume.
    Pending,
    /// Has its volume.
    Bound,
    /// Had a volume, and that volume is gone or another's.
    Lost,
}

/// Where a volume stands: its `status.phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum VolumePhase {
    /// Not yet looked at by the volume controller.
    Pending,
    /// Free, or reserved for a claim by name.
    Available,
    /// Taken by a claim.
    Bound,
    /// Its claim is gone.
    Released,
    /// Its claim is gone and reclaiming it went wrong.
    Failed,
}

/// A persistent volume claim, as far as the decisions need it; scripts get it, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// `metadata.uid`.
    pub uid: String,
    /// `status.phase`.
    pub phase: ClaimPhase,
    /// Whether it has a deletionTimestamp.
    pub terminating: bool,
    /// `spec.volumeName`; empty strings count as none.
    pub volume_name: Option<String>,
    /// `metadata.creationTimestamp`.
    #[serde(rename = "creationTimestamp")]
    pub created: Option<Timestamp>,
    /// Whether it has named its volume itself, and the binder has not chosen it.
    #[serde(skip)]
    pub pinned: bool,
    /// Whether it is annotated for Helm to keep it.
    #[serde(rename = "resourcePolicy")]
    pub keep: Keep,
    /// The Helm release that it belongs to.
    pub release: Option<Release>,
    /// What creates it again when it is deleted.
    #[serde(skip)]
    pub driver: Option<Driver>,
    /// What it asks for.
    #[serde(rename = "requests")]
    pub wants: Shape,
}

/// What a volume offers or a claim asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// `capacity.storage` or `resources.requests.storage`, as written (`500Gi`).
    #[serde(rename = "storage")]
    pub size: Option<String>,
    /// Access modes, in the order written.
    #[serde(rename = "accessModes")]
    pub modes: Vec<String>,
    /// The class; `None` where a claim leaves it to the default class.
    #[serde(rename = "storageClassName")]
    pub class: Option<String>,
    /// `Filesystem` (the default) or `Block`.
    pub volume_mode: Option<String>,
    /// The volume attributes class (Kubernetes 1.34).
    #[serde(rename = "volumeAttributesClassName")]
    pub attributes: Option<String>,
}

/// The claim that a volume is bound to or reserved for: its `spec.claimRef`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClaimRef {
    /// The claim's namespace.
    pub namespace: String,
    /// The claim's name.
    pub name: String,
    /// The claim's UID; without it the volume is reserved by name alone.
    pub uid: Option<String>,
    /// The claim's resourceVersion when it was bound.
    #[serde(skip)]
    pub resource_version: Option<String>,
}

/// A persistent volume, as far as the decisions need it; scripts get it, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.resourceVersion`: what the user saw, sent back as each patch's precondition.
    #[serde(skip)]
    pub resource_version: String,
    /// `status.phase`.
    pub phase: VolumePhase,
    /// `spec.persistentVolumeReclaimPolicy`.
    #[serde(rename = "reclaimPolicy")]
    pub policy: String,
    /// Whether it has a deletionTimestamp.
    pub terminating: bool,
    /// `spec.claimRef`.
    pub claim_ref: Option<ClaimRef>,
    /// `metadata.creationTimestamp`.
    #[serde(rename = "creationTimestamp")]
    pub created: Option<Timestamp>,
    /// Since when it is in its phase, where the server tells (Kubernetes 1.28).
    #[serde(rename = "lastPhaseTransitionTime")]
    pub since: Option<Timestamp>,
    /// Whether its policy became Retain after its claim was gone (`RETAINED_LATE`).
    #[serde(rename = "retainedAfterRelease")]
    pub retained_late: bool,
    /// Who applies its policy, and will set it back.
    #[serde(skip)]
    pub policy_applier: Option<String>,
    /// What it offers.
    pub offers: Shape,
}

/// Where a volume that a claim is bound to comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    MadeForClaim(Sign),
    Preserved(Sign),
}

/// What tells where a volume comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The volume's name.
    Name,
    /// The claim, which names its volume itself.
    Pin,
    /// The ages of claim and volume.
    Age,
}

impl Origin {
    pub fn is_preserved(self) -> bool {
        matches!(self, Self::Preserved(_))
    }
}

/// A unit enum's name, as serde writes it: the word that scripts read, on a terminal too.
macro_rules! shown_by_name {
    ($($kind:ty),+) => {$(
        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                serde::Serialize::serialize(self, f)
            }
        }
    )+};
}
pub(super) use shown_by_name;

shown_by_name!(ClaimPhase, VolumePhase);

impl Volume {
    /// Whether its policy keeps the data once the claim is gone.
    #[must_use]
    pub fn is_retained(&self) -> bool {
        self.policy == "Retain"
    }

    /// Whether its claimRef names the target, whatever the UID.
    #[must_use]
    pub fn names(&self, target: &Target) -> bool {
        self.claim_ref.as_ref().is_some_and(|r| r.namespace == target.namespace && r.name == target.claim)
    }

    /// Whether its claimRef holds this very claim, by UID.
    #[must_use]
    pub fn holds(&self, claim: &Claim) -> bool {
        self.claim_ref.as_ref().and_then(|r| r.uid.as_ref()) == Some(&claim.uid)
    }

    /// Whether its claimRef names a claim without telling which: reserved by name alone.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.claim_ref.as_ref().is_some_and(|r| r.uid.is_none())
    }

    /// Whether its claim is gone and its data remains: Released, or Failed.
    #[must_use]
    pub fn is_released(&self) -> bool {
        matches!(self.phase, VolumePhase::Released | VolumePhase::Failed)
    }

    /// Whether it was made for the claim, or is a preserved one, and by what that is told.
    ///
    /// Provisioners name a volume `pvc-UID` after the claim that it is made for. A claim that has
    /// named its volume itself had none made. Otherwise age decides: a volume that is made for a
    /// claim is younger than it. Timestamps are whole seconds.
    #[must_use]
    pub fn origin(&self, claim: &Claim) -> Origin {
        let uid = self.name.strip_prefix("pvc-");
        let is_uid = |uid: &str| uid.len() == 36 && uid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if uid == Some(&claim.uid) {
            return Origin::MadeForClaim(Sign::Name);
        }
        if uid.is_some_and(is_uid) {
            return Origin::Preserved(Sign::Name);
        }
        if claim.pinned {
            return Origin::Preserved(Sign::Pin);
        }
        let older = matches!((self.created, claim.created), (Some(v), Some(c)) if v < c);
        if older { Origin::Preserved(Sign::Age) } else { Origin::MadeForClaim(Sign::Age) }
    }
}

impl ClaimRef {
    /// `namespace/name`.
    #[must_use]
    pub fn key(&self) -> String {
        [&self.namespace, "/", &self.name].concat()
    }
}

impl Claim {
    /// Whether this claim and `volume` are bound to each other, by name and by UID.
    #[must_use]
    pub fn is_bound_to(&self, volume: &Volume) -> bool {
        self.phase == ClaimPhase::Bound
            && volume.phase == VolumePhase::Bound
            && self.volume_name.as_deref() == Some(&volume.name)
            && volume.holds(self)
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.is_empty())
}

fn has(meta: &ObjectMeta, annotation: &str) -> bool {
    meta.annotations.as_ref().is_some_and(|a| a.contains_key(annotation))
}

/// The phase of that name.
fn phase<P: Copy + Display>(named: Option<&String>, phases: &[P], otherwise: P) -> P {
    phases.iter().copied().find(|phase| named == Some(&phase.to_string())).unwrap_or(otherwise)
}

/// The class that is annotated, else the one of the spec.
fn class(meta: &ObjectMeta, spec: Option<String>) -> Option<String> {
    let annotated = meta.annotations.as_ref().and_then(|a| a.get(BETA_CLASS));
    annotated.cloned().or(spec)
}

impl From<&PersistentVolumeClaim> for Claim {
    fn from(claim: &PersistentVolumeClaim) -> Self {
        let (meta, spec) = (&claim.metadata, claim.spec.clone().unwrap_or_default());
        let named = claim.status.as_ref().and_then(|s| s.phase.as_ref());
        let requests = spec.resources.and_then(|r| r.requests).unwrap_or_default();
        let volume_name = given(spec.volume_name);
        Self {
            uid: meta.uid.clone().unwrap_or_default(),
            phase: phase(named, &[ClaimPhase::Bound, ClaimPhase::Lost], ClaimPhase::Pending),
            terminating: meta.deletion_timestamp.is_some(),
            created: meta.creation_timestamp.as_ref().map(|t| t.0),
            pinned: volume_name.is_some() && !has(meta, BOUND_BY_CONTROLLER),
            volume_name,
            keep: owner::keep(meta),
            release: owner::release(meta),
            driver: owner::driver(meta),
            wants: Shape {
                size: requests.get("storage").map(|q| q.0.clone()),
                modes: spec.access_modes.unwrap_or_default(),
                class: class(meta, spec.storage_class_name),
                volume_mode: spec.volume_mode,
                attributes: spec.volume_attributes_class_name,
            },
        }
    }
}

impl From<&PersistentVolume> for Volume {
    fn from(volume: &PersistentVolume) -> Self {
        use VolumePhase::{Available, Bound, Failed, Pending, Released};
        let (meta, spec) = (&volume.metadata, volume.spec.clone().unwrap_or_default());
        let status = volume.status.clone().unwrap_or_default();
        let capacity = spec.capacity.unwrap_or_default();
        Self {
            name: meta.name.clone().unwrap_or_default(),
            resource_version: meta.resource_version.clone().unwrap_or_default(),
            phase: phase(status.phase.as_ref(), &[Available, Bound, Released, Failed], Pending),
            policy: spec.persistent_volume_reclaim_policy.unwrap_or_default(),
            terminating: meta.deletion_timestamp.is_some(),
            claim_ref: spec.claim_ref.map(|r| ClaimRef {
                namespace: r.namespace.unwrap_or_default(),
                name: r.name.unwrap_or_default(),
                uid: given(r.uid),
                resource_version: given(r.resource_version),
            }),
            created: meta.creation_timestamp.as_ref().map(|t| t.0),
            since: status.last_phase_transition_time.map(|t| t.0),
            retained_late: has(meta, RETAINED_LATE),
            policy_applier: owner::policy_applier(meta),
            offers: Shape {
                size: capacity.get("storage").map(|q| q.0.clone()),
                modes: spec.access_modes.unwrap_or_default(),
                class: class(meta, spec.storage_class_name),
                volume_mode: spec.volume_mode,
                attributes: spec.volume_attributes_class_name,
            },
        }
    }
}
