//! Surveys: many claims and their volumes, from one list of claims and one of volumes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::future::join;
use futures::stream::{self, StreamExt, TryStreamExt};
use http::Method;
use k8s_openapi::api::core::v1::{
    PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus,
    PersistentVolumeSpec, PersistentVolumeStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::{Cluster, Kind, LIST, Read, Row, json};
use super::list::{Binding, Bindings, Fresh, Reader, Rows};
use super::observe::Observation;
use crate::error::Error;
use crate::lifecycle::{
    Assessment, Claim, Rival, Shape, Target, Volume, VolumePhase, add_sets, member, needs_managed_fields,
};

/// The number of volumes that are read at a time.
const AT_A_TIME: usize = 32;

/// Several claims of a namespace.
pub struct Survey {
    /// Those that were picked.
    pub claims: Vec<Observation>,
    /// The others of their sets.
    pub mates: Vec<Observation>,
}

impl Survey {
    /// The claims that have a volume, their own or one whose claimRef names them.
    pub fn with_volumes(&self) -> Vec<Target> {
        self.claims.iter().filter(|seen| !seen.volumes.is_empty()).map(|seen| seen.target.clone()).collect()
    }

    /// The stage, the findings and the next steps of each claim.
    pub fn assess(&self) -> Vec<Assessment<'_>> {
        let mut found: Vec<Assessment<'_>> = self.claims.iter().map(Observation::assess).collect();
        let mates: Vec<Assessment<'_>> = self.mates.iter().map(Observation::assess).collect();
        add_sets(&mut found, &mates);
        found
    }
}

/// The claims and the volumes of a whole cluster.
pub struct Everything {
    pub claims: Vec<(Target, Claim)>,
    pub volumes: Vec<Volume>,
}

/// A row of a Table with its object.
#[derive(Deserialize)]
struct RowOf<K> {
    object: K,
}

/// An object without managedFields: most of its bytes.
#[derive(Deserialize)]
struct Light<S, T> {
    metadata: LightMeta,
    spec: Option<S>,
    status: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LightMeta {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    annotations: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
}

impl From<LightMeta> for ObjectMeta {
    fn from(meta: LightMeta) -> Self {
        Self {
            name: meta.name,
            namespace: meta.namespace,
            uid: meta.uid,
            resource_version: meta.resource_version,
            creation_timestamp: meta.creation_timestamp,
            deletion_timestamp: meta.deletion_timestamp,
            annotations: meta.annotations,
            labels: meta.labels,
            owner_references: meta.owner_references,
            ..Self::default()
        }
    }
}

impl From<Light<PersistentVolumeClaimSpec, PersistentVolumeClaimStatus>> for PersistentVolumeClaim {
    fn from(claim: Light<PersistentVolumeClaimSpec, PersistentVolumeClaimStatus>) -> Self {
        Self { metadata: claim.metadata.into(), spec: claim.spec, status: claim.status }
    }
}

impl From<Light<PersistentVolumeSpec, PersistentVolumeStatus>> for PersistentVolume {
    fn from(volume: Light<PersistentVolumeSpec, PersistentVolumeStatus>) -> Self {
        Self { metadata: volume.metadata.into(), spec: volume.spec, status: volume.status }
    }
}

impl Cluster {
    /// Reads the claims of a namespace that `pick` takes, and those of the same sets; the names that only a volume's claimRef
    /// has are offered, too. One list of claims, one of volumes, and each volume once.
    ///
    /// A list from the watch cache is used if it is no older than what was read, and if it lacks nothing: a volume of each claim,
    /// and those that are `named`. Unless the `whole` rows are wanted, only facts are kept: rows are many times as large.
    pub async fn survey(
        &self,
        namespace: &str,
        pick: impl Fn(&str, Option<&Claim>) -> bool,
        named: &[&str],
        fresh: Fresh,
        whole: bool,
    ) -> Result<Survey, Error> {
        let (claims, listed) = join(Box::pin(self.claims_in(namespace, whole)), self.bindings(namespace, fresh)).await;
        let (claims, mut listed) = (claims?, listed?);
        let mut cached = fresh == Fresh::Cached;
        let mut known: BTreeMap<String, Option<Read<Volume>>> = BTreeMap::new();
        loop {
            let mut names: BTreeSet<&str> = claims.keys().map(String::as_str).collect();
            names.extend(listed.volumes.iter().map(|binding| binding.claim.as_str()));
            let (picked, others): (BTreeSet<&str>, BTreeSet<&str>) =
                names.into_iter().partition(|name| pick(name, claims.get(*name).map(|claim| &claim.facts)));
            let stems: BTreeSet<&str> = picked.iter().filter_map(|name| Some(member(name)?.0)).collect();
            let in_set = |name: &&str| member(name).is_some_and(|(stem, _)| stems.contains(stem));
            let mates: BTreeSet<&str> = others.into_iter().filter(in_set).collect();
            let meant = |name: &str| picked.contains(name) || mates.contains(name);
            let own = claims.iter().filter(|(name, _)| meant(name)).filter_map(|(_, it)| it.facts.volume_name.clone());
            let referring = listed.volumes.iter().filter(|binding| meant(&binding.claim));
            let wanted: BTreeSet<String> = referring.map(|binding| binding.volume.clone()).chain(own).collect();
            let read = async |name: String| {
                let volume = self.volume(&name).await?.map(|read| light(read, whole));
                Ok::<_, Error>((name, volume))
            };
            let unread = wanted.into_iter().filter(|name| !known.contains_key(name));
            let read: Vec<_> = stream::iter(unread).map(read).buffered(AT_A_TIME).try_collect().await?;
            known.extend(read);
            let volumes: Vec<&Read<Volume>> = known.values().flatten().collect();
            let number = |version: Option<&str>| version.and_then(|version| version.parse::<u64>().ok());
            let mut versions = claims.values().map(Read::version).chain(volumes.iter().map(|read| read.version()));
            let is_old = versions.any(|it| number(it).is_none_or(|it| Some(it) > listed.version));
            let has_volume = |name: &&str| {
                let own = claims.get(*name).and_then(|claim| claim.facts.volume_name.as_ref());
                own.is_some() || listed.volumes.iter().any(|binding| binding.claim == **name)
            };
            let lacks =
                picked.is_empty() || !picked.iter().all(has_volume) || named.iter().any(|name| !picked.contains(name));
            if cached && (is_old || lacks) {
                listed = self.bindings(namespace, Fresh::Consistent).await?;
                // As of now it is consistent, whatever is changed meanwhile.
                cached = false;
                continue;
            }
            let read = Namespace { name: namespace, claims: &claims, volumes: &volumes, bindings: &listed.volumes };
            let observed = |name: &&str| read.observation(name, &|name: &str| picked.contains(name));
            return Ok(Survey {
                claims: picked.iter().map(observed).collect(),
                mates: mates.iter().map(observed).collect(),
            });
        }
    }

    /// The claims of a namespace, by name.
    async fn claims_in(&self, namespace: &str, whole: bool) -> Result<BTreeMap<String, Read<Claim>>, Error> {
        let path = format!("{}?includeObject=Object", Kind::Claim.path(Some(namespace)));
        let named = |row: Result<Row, Error>| {
            let row = row?;
            let name = row.object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            Ok((name, light(Read::new::<PersistentVolumeClaim>(row)?, whole)))
        };
        self.list(&path, "").await?.into_rows().map(named).collect()
    }

    /// The volumes that are kept for other claims of the target's namespace, which do not exist, each with its claim; none of a
    /// set's.
    pub async fn kept_for_missing(&self, target: &Target) -> Result<Vec<(String, Target)>, Error> {
        let namespace = target.namespace.as_str();
        let path = Kind::Claim.path(Some(namespace));
        let (names, listed) = join(self.names(&path), self.bindings(namespace, Fresh::Consistent)).await;
        let (names, listed) = (names?, listed?);
        let missing = |binding: &Binding| {
            binding.kept
                && binding.claim != target.name
                && !names.contains(&binding.claim)
                && member(&binding.claim).is_none()
        };
        let of = |name: String| Target { namespace: namespace.to_owned(), name };
        let kept = listed.volumes.into_iter().filter(missing);
        Ok(kept.map(|binding| (binding.volume, of(binding.claim))).collect())
    }

    /// The Helm releases that own claims of a namespace.
    pub async fn releases(&self, namespace: &str) -> Result<Vec<String>, Error> {
        let claims = self.claims_in(namespace, false).await?;
        let releases = claims.into_values().filter_map(|claim| Some(claim.facts.release?.name));
        Ok(releases.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// The volumes whose claimRef names a claim of the namespace.
    async fn bindings(&self, namespace: &str, fresh: Fresh) -> Result<Bindings, Error> {
        let version = if fresh == Fresh::Cached { "&resourceVersion=0" } else { "" };
        let path = format!("{}?includeObject=None{version}", Kind::Volume.path(None));
        self.list(&path, &format!("\"{namespace}/")).await?.bindings(namespace)
    }

    /// Reads every claim and every volume of the cluster; memory grows with what the decisions need of them, and not with the
    /// lists. Unless the `whole` facts are wanted, those that no stage rests on are let go.
    pub async fn everything(&self, whole: bool) -> Result<Everything, Error> {
        let claims = async {
            let mut found = Vec::new();
            self.each(Kind::Claim, |row| {
                let claim = if whole || needs_managed_fields(row) {
                    object::<PersistentVolumeClaim>(row)?
                } else {
                    object::<Light<PersistentVolumeClaimSpec, PersistentVolumeClaimStatus>>(row)?.into()
                };
                let (namespace, name) = (claim.metadata.namespace.clone(), claim.metadata.name.clone());
                let target = Target { namespace: namespace.unwrap_or_default(), name: name.unwrap_or_default() };
                let mut facts = Claim::from(claim);
                if !whole {
                    facts.finalizers = Vec::new();
                    facts.wants = Shape { size: facts.wants.size, ..Shape::default() };
                }
                found.push((target, facts));
                Ok(())
            })
            .await
            .map(|()| found)
        };
        let volumes = async {
            let mut found = Vec::new();
            self.each(Kind::Volume, |row| {
                // Of a volume managedFields tell who applies it: no stage rests on that.
                let mut facts = Volume::from(if whole {
                    object::<PersistentVolume>(row)?
                } else {
                    object::<Light<PersistentVolumeSpec, PersistentVolumeStatus>>(row)?.into()
                });
                if !whole {
                    (facts.finalizers, facts.nodes) = (Vec::new(), Vec::new());
                    (facts.driver, facts.handle, facts.message) = (None, None, None);
                    facts.offers = Shape { size: facts.offers.size, ..Shape::default() };
                }
                found.push(facts);
                Ok(())
            })
            .await
            .map(|()| found)
        };
        // One after the other: side by side they take an API server of two cores longer (tests/bench).
        let (mut claims, volumes) = (claims.await?, volumes.await?);
        // A claim that was bound meanwhile is not in the list that was read before.
        let known: HashSet<&Target> = claims.iter().map(|(target, _)| target).collect();
        let bound = volumes.iter().filter(|volume: &&Volume| volume.phase == VolumePhase::Bound);
        let owners = bound.filter_map(|volume| volume.claim_ref.as_ref().map(|reference| reference.claim.clone()));
        let unknown: HashSet<Target> = owners.filter(|target| !known.contains(target)).collect();
        let read = async |target: Target| Ok::<_, Error>((self.claim(&target).await?, target));
        let read: Vec<_> = stream::iter(unknown).map(read).buffered(AT_A_TIME).try_collect().await?;
        claims.extend(read.into_iter().filter_map(|(claim, target)| Some((target, claim?.facts))));
        Ok(Everything { claims, volumes })
    }

    /// Lists a kind in all namespaces and calls `take` with each row as it arrives.
    async fn each(&self, kind: Kind, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let path = format!("{}?includeObject=Object&resourceVersion=0", kind.path(None));
        let (mut rows, mut outcome) = (Rows::default(), Ok(()));
        let arrived = |part: &[u8]| {
            rows.feed(part, |row| {
                if outcome.is_ok() {
                    outcome = take(row);
                }
            });
        };
        self.exchange(Method::GET, &path, None, LIST, arrived).await?;
        // The rest of the document tells whether it was a Table.
        Reader::ended(&rows)?;
        outcome
    }
}

/// The object of a row.
fn object<K: DeserializeOwned>(row: &[u8]) -> Result<K, Error> {
    json::<RowOf<K>>(row).map(|row| row.object)
}

impl Everything {
    /// The volumes of each claim: those whose claimRef names it, and the one that it names.
    pub fn by_claim(&self) -> HashMap<&Target, Vec<&Volume>> {
        let mut volumes: HashMap<&Target, Vec<&Volume>> = HashMap::new();
        for volume in &self.volumes {
            if let Some(reference) = &volume.claim_ref {
                volumes.entry(&reference.claim).or_default().push(volume);
            }
        }
        let by_name: HashMap<&str, &Volume> = self.volumes.iter().map(|it| (it.name.as_str(), it)).collect();
        for (target, claim) in &self.claims {
            let own = claim.volume_name.as_deref().and_then(|name| by_name.get(name));
            if let Some(own) = own.filter(|own| !own.refers_to(target)) {
                volumes.entry(target).or_default().push(own);
            }
        }
        volumes
    }

    /// The volumes that belong by UID to a claim of another name than their claimRef has, by that name.
    pub fn rivals(&self) -> HashMap<&Target, Vec<Rival>> {
        let owners: HashMap<(&str, &str), &Target> =
            self.claims.iter().map(|(it, claim)| ((it.namespace.as_str(), claim.uid.as_str()), it)).collect();
        let mut rivals: HashMap<&Target, Vec<Rival>> = HashMap::new();
        for volume in &self.volumes {
            let Some(reference) = &volume.claim_ref else { continue };
            let key = (reference.claim.namespace.as_str(), reference.uid.as_deref().unwrap_or_default());
            if let Some(owner) = owners.get(&key).filter(|owner| **owner != &reference.claim) {
                let rival = Rival { volume: volume.name.clone(), claim: (*owner).clone() };
                rivals.entry(&reference.claim).or_default().push(rival);
            }
        }
        rivals
    }
}

/// Without managedFields: most of an object's bytes, and nothing that is printed. Unless the `whole` row is wanted, its version
/// alone.
fn light<F>(mut read: Read<F>, whole: bool) -> Read<F> {
    if !whole {
        let object = serde_json::json!({"metadata": {"resourceVersion": read.version()}});
        read.row = Arc::new(Row { columns: Vec::new(), cells: Vec::new(), object });
    } else if let Some(metadata) = Arc::make_mut(&mut read.row).object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    read
}

/// A namespace as it was read.
struct Namespace<'a> {
    name: &'a str,
    claims: &'a BTreeMap<String, Read<Claim>>,
    volumes: &'a [&'a Read<Volume>],
    bindings: &'a [Binding],
}

impl Namespace<'_> {
    /// The observation of the claim of that name; the claims of its release that are picked, too, are told by themselves.
    fn observation(&self, name: &str, picked: &impl Fn(&str) -> bool) -> Observation {
        let target = Target { namespace: self.name.to_owned(), name: name.to_owned() };
        let claim = self.claims.get(name).cloned();
        let own = claim.as_ref().and_then(|claim| claim.facts.volume_name.clone());
        let siblings = claim.as_ref().map_or_else(Vec::new, |claim| self.siblings(&claim.facts, picked));
        let mut seen = Observation { claim, siblings, is_complete: true, ..Observation::new(&target, None) };
        for volume in self.volumes {
            if volume.facts.refers_to(&target) || own.as_ref() == Some(&volume.facts.name) {
                seen.put((*volume).clone());
            }
        }
        seen.rivals = Some(seen.volumes.iter().filter_map(|volume| self.rival(&target, &volume.facts)).collect());
        seen
    }

    /// The claims that are deleted with the claim's release, and are not picked: names and policies.
    fn siblings(&self, claim: &Claim, picked: &impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let Some(release) = &claim.release else { return Vec::new() };
        let sibling = |binding: &Binding| {
            let other = &self.claims.get(&binding.claim)?.facts;
            let goes =
                other.release.as_ref() == Some(release) && !other.survives_uninstall() && !picked(&binding.claim);
            goes.then(|| Some((binding.claim.clone(), binding.at_risk.clone()?))).flatten()
        };
        self.bindings.iter().filter_map(sibling).collect()
    }

    /// The living claim of another name that a volume of the target belongs to by UID.
    fn rival(&self, target: &Target, volume: &Volume) -> Option<Rival> {
        let uid = volume.claim_ref.as_ref().filter(|_| volume.refers_to(target))?.uid.as_ref()?;
        let (name, _) = self.claims.iter().find(|(name, claim)| **name != target.name && claim.facts.uid == *uid)?;
        Some(Rival { volume: volume.name.clone(), claim: Target { name: name.clone(), ..target.clone() } })
    }
}
