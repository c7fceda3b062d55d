//! The few fields of a claim and a volume that the decisions rest on.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimStatus, PersistentVolumeSpec,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use strum::Display;

use super::node::NodeTerm;
use super::owner::{self, Applier, DeletedWith, Driver, Keep, Release, Stays};
use super::quantity::bytes;

/// The class annotation of old manifests; where present it wins over `spec.storageClassName`
/// (`GetPersistentVolumeClass` in Kubernetes' volume helpers).
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// The binder's annotation on a claim for which it has chosen the volume.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// The annotation that `retain` writes on a volume whose claim was deleted before: that claim's UID.
pub const RETAINED_LATE: &str = "glancepv.io/retained-after-release";

/// A claim by namespace and name: the one that the user means, or the one that a claimRef refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Target {
    /// The claim's namespace.
    pub namespace: String,
    /// The claim's name.
    pub name: String,
}

impl Target {
    /// `namespace/name`, as kubectl's CLAIM column has it.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// `status.phase` of a claim.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, Hash, Serialize)]
pub enum ClaimPhase {
    /// No volume yet.
    Pending,
    /// Bound to its volume.
    Bound,
    /// Its volume was deleted, or bound to another claim.
    Lost,
}

/// `status.phase` of a volume.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, Hash, Serialize)]
pub enum VolumePhase {
    /// Not yet processed by the volume controller.
    Pending,
    /// Free, or reserved for a claim by name.
    Available,
    /// Bound to a claim.
    Bound,
    /// The claim was deleted.
    Released,
    /// The claim was deleted, and reclaiming the volume failed.
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
    /// True if `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// `spec.volumeName`; empty strings count as none.
    pub volume_name: Option<String>,
    /// `metadata.creationTimestamp`.
    #[serde(rename = "creationTimestamp")]
    pub created: Option<Timestamp>,
    /// True if `spec.volumeName` was set by the claim's author and not by the binder.
    #[serde(skip)]
    pub pinned: bool,
    /// The annotation `helm.sh/resource-policy`, and who wrote it.
    #[serde(rename = "resourcePolicy")]
    pub keep: Keep,
    /// The Helm release that it belongs to.
    pub release: Option<Release>,
    /// The object that it is deleted with, as far as it tells.
    pub deleted_with: Option<DeletedWith>,
    /// The reason why it stays after that.
    #[serde(skip)]
    pub stays: Option<Stays>,
    /// The GitOps tool that may create it again after it is deleted.
    #[serde(skip)]
    pub driver: Option<Driver>,
    /// Its finalizers, without the one of its pods.
    #[serde(skip)]
    pub finalizers: Vec<String>,
    /// The kind of the object that it is filled from (`VolumeSnapshot`).
    #[serde(skip)]
    pub data_source: Option<String>,
    /// True while it is being resized.
    #[serde(skip)]
    pub resizing: bool,
    /// Size, class and modes that it requests.
    #[serde(rename = "requests")]
    pub wants: Shape,
}

/// Size, class and modes: those that a volume offers, or that a claim requests.
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

/// `spec.claimRef` of a volume: the claim that it is bound to or reserved for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClaimRef {
    /// The claim, by namespace and name.
    #[serde(flatten)]
    pub claim: Target,
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
    /// `metadata.resourceVersion` as it was shown to the user; each patch sends it as its precondition.
    #[serde(skip)]
    pub resource_version: String,
    /// `status.phase`.
    pub phase: VolumePhase,
    /// `spec.persistentVolumeReclaimPolicy`.
    #[serde(rename = "reclaimPolicy")]
    pub policy: String,
    /// True if `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// `spec.claimRef`.
    pub claim_ref: Option<ClaimRef>,
    /// `metadata.creationTimestamp`.
    #[serde(rename = "creationTimestamp")]
    pub created: Option<Timestamp>,
    /// Start of the current phase, where the server records it (Kubernetes 1.28).
    #[serde(rename = "lastPhaseTransitionTime")]
    pub since: Option<Timestamp>,
    /// The UID of the claim after whose deletion the policy became Retain (`RETAINED_LATE`), if it did; a document says
    /// whether.
    #[serde(rename = "retainedAfterRelease", serialize_with = "is_some")]
    pub retained_late: Option<String>,
    /// The tool that applies the object and may set the policy back.
    #[serde(skip)]
    pub applier: Option<Applier>,
    /// The Helm release that the object belongs to.
    #[serde(skip)]
    pub release: Option<Release>,
    /// Its finalizers, without the one of its claim.
    #[serde(skip)]
    pub finalizers: Vec<String>,
    /// The CSI driver, or the kind of the volume's source.
    #[serde(skip)]
    pub driver: Option<String>,
    /// `spec.csi.volumeHandle`.
    #[serde(skip)]
    pub handle: Option<String>,
    /// The driver's own state of the volume, if it was read.
    #[serde(skip)]
    pub trident: Option<Trident>,
    /// `status.message`.
    #[serde(skip)]
    pub message: Option<String>,
    /// `spec.nodeAffinity.required`: a node has to satisfy one of these terms; any node will do where there are none.
    #[serde(skip)]
    pub nodes: Vec<NodeTerm>,
    /// Size, class and modes that it offers.
    pub offers: Shape,
}

/// NetApp Trident's state of a volume: that of the object `TridentVolume` of the volume's handle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trident {
    /// There is no such object.
    Missing,
    /// Its `state`.
    State(String),
}

/// Origin of the volume that a claim is bound to, and the evidence for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Provisioned for this claim.
    MadeForClaim(Evidence),
    /// Older than the claim: preserved from an earlier one.
    Preserved(Evidence),
}

/// Evidence for a volume's origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The volume's name.
    Name,
    /// The claim, which names its volume itself.
    Pin,
    /// The ages of claim and volume.
    Age,
    /// The volume's age, against its name: a helper claim's volume that a populator handed to a younger claim's name.
    Younger,
}

impl Volume {
    /// The handle, if NetApp Trident is the driver.
    #[must_use]
    pub fn trident_handle(&self) -> Option<&str> {
        self.handle.as_deref().filter(|_| self.driver.as_deref() == Some("csi.trident.netapp.io"))
    }

    /// True if Trident's state is this one.
    #[must_use]
    pub fn is_in_trident(&self, state: &str) -> bool {
        matches!(&self.trident, Some(Trident::State(known)) if known == state)
    }

    /// True if the reclaim policy is Retain.
    #[must_use]
    pub fn is_retained(&self) -> bool {
        self.policy == "Retain"
    }

    /// True if claimRef refers to the target by namespace and name, whatever the UID.
    #[must_use]
    pub fn refers_to(&self, target: &Target) -> bool {
        self.claim_ref.as_ref().is_some_and(|r| r.claim == *target)
    }

    /// True if claimRef has the UID of this claim.
    #[must_use]
    pub fn has_uid_of(&self, claim: &Claim) -> bool {
        self.claim_ref.as_ref().and_then(|r| r.uid.as_ref()) == Some(&claim.uid)
    }

    /// True if claimRef has no UID: reserved by name alone.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.claim_ref.as_ref().is_some_and(|r| r.uid.is_none())
    }

    /// True if the phase is Released or Failed: the claim was deleted.
    #[must_use]
    pub fn is_released(&self) -> bool {
        matches!(self.phase, VolumePhase::Released | VolumePhase::Failed)
    }

    /// The origin of the volume that `claim` is bound to.
    ///
    /// Provisioners name a volume `pvc-UID` after the claim that they make it for. None is made for a claim that
    /// sets `volumeName` itself. Otherwise age decides: a volume that was made for a claim is younger than the
    /// claim; so is one that is younger than the claim although its name has another UID. Timestamps are whole seconds.
    #[must_use]
    pub fn origin(&self, claim: &Claim) -> Origin {
        let uid = self.name.strip_prefix("pvc-");
        let is_uid = |uid: &str| uid.len() == 36 && uid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if uid == Some(&claim.uid) {
            return Origin::MadeForClaim(Evidence::Name);
        }
        if claim.pinned {
            return Origin::Preserved(Evidence::Pin);
        }
        if uid.is_some_and(is_uid) {
            // A populator's helper claim gave the name; the volume is younger than the claim that it was made for.
            let younger = matches!((self.created, claim.created), (Some(v), Some(c)) if v > c);
            return if younger { Origin::MadeForClaim(Evidence::Younger) } else { Origin::Preserved(Evidence::Name) };
        }
        let older = matches!((self.created, claim.created), (Some(v), Some(c)) if v < c);
        if older { Origin::Preserved(Evidence::Age) } else { Origin::MadeForClaim(Evidence::Age) }
    }
}

impl Claim {
    /// True if the claim stays bound when its release is uninstalled.
    #[must_use]
    pub fn survives_uninstall(&self) -> bool {
        self.stays.is_some_and(Stays::survives_uninstall)
    }

    /// True if this claim is Lost and could have `volume` back: both name each other, and claimRef has no UID.
    #[must_use]
    pub fn is_lost_from(&self, volume: &Volume) -> bool {
        self.phase == ClaimPhase::Lost
            && !self.terminating
            && self.volume_name.as_deref() == Some(&volume.name)
            && volume.phase == VolumePhase::Available
            && volume.is_reserved()
            && !volume.terminating
    }

    /// True if this claim and `volume` are bound to each other, by name and by UID.
    #[must_use]
    pub fn is_bound_to(&self, volume: &Volume) -> bool {
        self.phase == ClaimPhase::Bound
            && volume.phase == VolumePhase::Bound
            && self.volume_name.as_deref() == Some(&volume.name)
            && volume.has_uid_of(self)
    }
}

#[expect(clippy::ref_option, reason = "serde gives the field as it is")]
fn is_some<S: serde::Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(value.is_some())
}

/// The finalizers but `usual`, which holds every object of its kind while it is in use.
fn finalizers(meta: &ObjectMeta, usual: &str) -> Vec<String> {
    meta.finalizers.iter().flatten().filter(|finalizer| *finalizer != usual).cloned().collect()
}

/// True if a resize is under way: a condition says so, or the capacity is below the request
/// (`PersistentVolumeClaimStatus`).
fn is_resizing(status: &PersistentVolumeClaimStatus, requested: Option<&Quantity>) -> bool {
    let running = |type_: &str| matches!(type_, "Resizing" | "FileSystemResizePending");
    let condition = status.conditions.iter().flatten().any(|c| running(&c.type_) && c.status == "True");
    let capacity = status.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
    let (capacity, requested) = (capacity.and_then(|q| bytes(&q.0)), requested.and_then(|q| bytes(&q.0)));
    condition || matches!((capacity, requested), (Some(has), Some(wants)) if has < wants)
}

/// The keys of a volume's spec but `csi` that are not its source.
const NOT_A_SOURCE: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// The CSI driver, else the key of the volume's source (`nfs`, `local`).
fn driver(spec: &PersistentVolumeSpec) -> Option<String> {
    if let Some(csi) = &spec.csi {
        return Some(csi.driver.clone());
    }
    let object = serde_json::to_value(spec).ok()?;
    object.as_object()?.keys().find(|key| !NOT_A_SOURCE.contains(&key.as_str())).cloned()
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.is_empty())
}

fn has(meta: &ObjectMeta, annotation: &str) -> bool {
    meta.annotations.as_ref().is_some_and(|a| a.contains_key(annotation))
}

/// The phase of that name.
fn phase<P: Copy + ToString>(named: Option<&String>, phases: &[P], otherwise: P) -> P {
    phases.iter().copied().find(|phase| named == Some(&phase.to_string())).unwrap_or(otherwise)
}

/// The class that is annotated, else the one of the spec.
fn class(meta: &ObjectMeta, spec: Option<String>) -> Option<String> {
    let annotated = meta.annotations.as_ref().and_then(|a| a.get(BETA_CLASS));
    annotated.cloned().or(spec)
}

impl From<PersistentVolumeClaim> for Claim {
    fn from(claim: PersistentVolumeClaim) -> Self {
        let (meta, spec) = (&claim.metadata, claim.spec.unwrap_or_default());
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
            deleted_with: owner::deleted_with(meta),
            stays: owner::stays(meta),
            driver: owner::driver(meta),
            finalizers: finalizers(meta, "kubernetes.io/pvc-protection"),
            data_source: (spec.data_source.as_ref().map(|source| source.kind.clone()))
                .or_else(|| spec.data_source_ref.as_ref().map(|source| source.kind.clone())),
            resizing: claim.status.as_ref().is_some_and(|status| is_resizing(status, requests.get("storage"))),
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

impl From<PersistentVolume> for Volume {
    fn from(volume: PersistentVolume) -> Self {
        use VolumePhase::{Available, Bound, Failed, Pending, Released};
        let (meta, spec) = (&volume.metadata, volume.spec.unwrap_or_default());
        let status = volume.status.unwrap_or_default();
        let driver = driver(&spec);
        let capacity = spec.capacity.unwrap_or_default();
        Self {
            name: meta.name.clone().unwrap_or_default(),
            resource_version: meta.resource_version.clone().unwrap_or_default(),
            phase: phase(status.phase.as_ref(), &[Available, Bound, Released, Failed], Pending),
            policy: spec.persistent_volume_reclaim_policy.unwrap_or_default(),
            terminating: meta.deletion_timestamp.is_some(),
            claim_ref: spec.claim_ref.map(|r| ClaimRef {
                claim: Target { namespace: r.namespace.unwrap_or_default(), name: r.name.unwrap_or_default() },
                uid: given(r.uid),
                resource_version: given(r.resource_version),
            }),
            created: meta.creation_timestamp.as_ref().map(|t| t.0),
            since: status.last_phase_transition_time.map(|t| t.0),
            retained_late: meta.annotations.as_ref().and_then(|a| a.get(RETAINED_LATE)).cloned(),
            applier: owner::applier(meta),
            release: owner::release(meta),
            finalizers: finalizers(meta, "kubernetes.io/pv-protection"),
            driver,
            handle: spec.csi.map(|csi| csi.volume_handle),
            trident: None,
            message: given(status.message),
            nodes: spec
                .node_affinity
                .and_then(|affinity| affinity.required)
                .map(|required| required.node_selector_terms.iter().map(NodeTerm::from).collect())
                .unwrap_or_default(),
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
