//! What the decisions rest on: the few fields of a claim and a volume that matter here.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// The annotation that tells Helm to leave an object behind when its release is uninstalled
/// (Helm documentation, "Tell Helm Not To Uninstall a Resource").
pub const HELM_POLICY: &str = "helm.sh/resource-policy";
/// The class annotation of old manifests; where present it wins over `spec.storageClassName`
/// (`GetPersistentVolumeClass` in Kubernetes' volume helpers).
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The claim that the user means.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A persistent volume claim, as far as the decisions need it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    pub created: Option<Timestamp>,
    /// Whether Helm leaves it behind at uninstall.
    pub kept_by_helm: bool,
    /// What it asks for.
    pub wants: Shape,
}

/// What a volume offers or a claim asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape {
    /// `capacity.storage` or `resources.requests.storage`, as written (`500Gi`).
    pub size: Option<String>,
    /// Access modes, in the order written.
    pub modes: Vec<String>,
    /// The class; `None` where a claim leaves it to the default class.
    pub class: Option<String>,
    /// `Filesystem` (the default) or `Block`.
    pub volume_mode: Option<String>,
}

/// The claim that a volume is bound to or reserved for: its `spec.claimRef`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimRef {
    /// The claim's namespace.
    pub namespace: String,
    /// The claim's name.
    pub name: String,
    /// The claim's UID; without it the volume is reserved by name alone.
    pub uid: Option<String>,
    /// The claim's resourceVersion when it was bound.
    pub resource_version: Option<String>,
}

/// A persistent volume, as far as the decisions need it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Volume {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.resourceVersion`: what the user saw, sent back as each patch's precondition.
    pub resource_version: String,
    /// `status.phase`.
    pub phase: VolumePhase,
    /// `spec.persistentVolumeReclaimPolicy`.
    pub policy: String,
    /// Whether it has a deletionTimestamp.
    pub terminating: bool,
    /// `spec.claimRef`.
    pub claim_ref: Option<ClaimRef>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// What it offers.
    pub offers: Shape,
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

    /// Whether it was there before the claim: what only a reused volume can be, since a volume
    /// made for a claim is younger than it. Timestamps are whole seconds.
    #[must_use]
    pub fn is_older_than(&self, claim: &Claim) -> bool {
        matches!((self.created, claim.created), (Some(v), Some(c)) if v < c)
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

fn given(text: Option<&String>) -> Option<String> {
    text.filter(|t| !t.is_empty()).cloned()
}

fn class(meta: &ObjectMeta, spec: Option<&String>) -> Option<String> {
    let annotated = meta.annotations.as_ref().and_then(|a| a.get(BETA_CLASS));
    annotated.or(spec).cloned()
}

impl From<&PersistentVolumeClaim> for Claim {
    fn from(claim: &PersistentVolumeClaim) -> Self {
        let (meta, spec) = (&claim.metadata, claim.spec.clone().unwrap_or_default());
        let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref());
        let requests = spec.resources.and_then(|r| r.requests).unwrap_or_default();
        Self {
            uid: meta.uid.clone().unwrap_or_default(),
            phase: match phase {
                Some("Bound") => ClaimPhase::Bound,
                Some("Lost") => ClaimPhase::Lost,
                _ => ClaimPhase::Pending,
            },
            terminating: meta.deletion_timestamp.is_some(),
            volume_name: given(spec.volume_name.as_ref()),
            created: meta.creation_timestamp.as_ref().map(|t| t.0),
            kept_by_helm: meta.annotations.as_ref().and_then(|a| a.get(HELM_POLICY)).is_some_and(|p| p == "keep"),
            wants: Shape {
                size: requests.get("storage").map(|q| q.0.clone()),
                modes: spec.access_modes.unwrap_or_default(),
                class: class(meta, spec.storage_class_name.as_ref()),
                volume_mode: spec.volume_mode,
            },
        }
    }
}

impl From<&PersistentVolume> for Volume {
    fn from(volume: &PersistentVolume) -> Self {
        let (meta, spec) = (&volume.metadata, volume.spec.clone().unwrap_or_default());
        let phase = volume.status.as_ref().and_then(|s| s.phase.as_deref());
        let capacity = spec.capacity.unwrap_or_default();
        Self {
            name: meta.name.clone().unwrap_or_default(),
            resource_version: meta.resource_version.clone().unwrap_or_default(),
            phase: match phase {
                Some("Available") => VolumePhase::Available,
                Some("Bound") => VolumePhase::Bound,
                Some("Released") => VolumePhase::Released,
                Some("Failed") => VolumePhase::Failed,
                _ => VolumePhase::Pending,
            },
            policy: spec.persistent_volume_reclaim_policy.unwrap_or_default(),
            terminating: meta.deletion_timestamp.is_some(),
            claim_ref: spec.claim_ref.map(|r| ClaimRef {
                namespace: r.namespace.unwrap_or_default(),
                name: r.name.unwrap_or_default(),
                uid: given(r.uid.as_ref()),
                resource_version: given(r.resource_version.as_ref()),
            }),
            created: meta.creation_timestamp.as_ref().map(|t| t.0),
            offers: Shape {
                size: capacity.get("storage").map(|q| q.0.clone()),
                modes: spec.access_modes.unwrap_or_default(),
                class: class(meta, spec.storage_class_name.as_ref()),
                volume_mode: spec.volume_mode,
            },
        }
    }
}
