//! Observations: a target's claim and the volumes that matter to it, as they were read.

use futures::future::{join, try_join_all};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde::Deserialize;
use serde_json::Value;

use super::api::{Cluster, Kind, Read, Row};
use super::list::{Candidates, Fresh};
use crate::error::{Error, Status};
use crate::lifecycle::{
    Assessment, Claim, ClaimPhase, Event, Holder, Node, Release, Rival, Situation, TakenFrom, Target, Volume, assess,
};

/// The volumes to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The volume that the user named, without the other claims of the release: enough for a plan.
    Named,
    /// The volume that the user named or that the claim is bound to; all volumes only if there is neither.
    Own,
    /// Every volume whose claimRef refers to the target, too.
    All,
}

/// A target as it was read.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The claim that the user means.
    pub target: Target,
    /// The volume that the user named.
    pub named: Option<String>,
    /// The claim, if it exists.
    pub claim: Option<Read<Claim>>,
    /// The volumes, in the order of their names.
    pub volumes: Vec<Read<Volume>>,
    /// True if every volume whose claimRef refers to the target was read.
    pub is_complete: bool,
    /// True if the chart's template is known to set `volumeName`.
    pub pinned: bool,
    /// The claim that the volume is to be taken from, if the user named one, and if it exists.
    pub from: Option<(Target, Option<Read<Claim>>)>,
    /// Living claims of other names that the volumes belong to by UID, if that was asked and may be known.
    pub rivals: Option<Vec<Rival>>,
    /// The names of the other claims that are deleted with the claim's release.
    pub of_release: Vec<String>,
    /// Those of them whose volumes are not Retain, with the policies, as far as a list was read.
    pub siblings: Vec<(String, String)>,
}

impl Observation {
    /// Nothing yet.
    pub(super) fn new(target: &Target, named: Option<&str>) -> Self {
        Self {
            target: target.clone(),
            named: named.map(str::to_owned),
            claim: None,
            volumes: Vec::new(),
            is_complete: false,
            pinned: false,
            from: None,
            rivals: None,
            of_release: Vec::new(),
            siblings: Vec::new(),
        }
    }

    /// The facts, as input of the decisions.
    pub fn situation(&self) -> Situation<'_> {
        Situation {
            target: &self.target,
            claim: self.claim.as_ref().map(|read| &read.facts),
            volumes: self.volumes.iter().map(|read| &read.facts).collect(),
            named: self.named.as_deref(),
            pinned: self.pinned,
            siblings: &self.siblings,
            from: self
                .from
                .as_ref()
                .map(|(target, claim)| TakenFrom { target, claim: claim.as_ref().map(|read| &read.facts) }),
            rivals: self.rivals.as_deref().unwrap_or_default(),
        }
    }

    /// The stage, the findings and the next steps.
    pub fn assess(&self) -> Assessment<'_> {
        assess(&self.situation())
    }

    /// The volume of that name, if it was read.
    pub fn volume(&self, name: &str) -> Option<&Read<Volume>> {
        self.volumes.iter().find(|read| read.facts.name == name)
    }

    /// The volume of that name, which must have been read.
    pub fn known(&self, name: &str) -> Result<&Read<Volume>, Error> {
        self.volume(name)
            .ok_or_else(|| Error::response(format!("persistentvolume/{name} is missing from the response")))
    }

    /// The row of the volume of that name, which must have been read.
    pub fn row(&self, name: &str) -> Result<&Row, Error> {
        Ok(&self.known(name)?.row)
    }

    /// Adds a volume, or replaces the one of the same name.
    pub fn put(&mut self, volume: Read<Volume>) {
        match self.volumes.binary_search_by(|read| read.facts.name.cmp(&volume.facts.name)) {
            Ok(at) => self.volumes[at] = volume,
            Err(at) => self.volumes.insert(at, volume),
        }
    }

    /// True if a cached list is usable: it contains a volume of the target, and no object read so far is newer
    /// than it.
    fn agrees_with(&self, listed: &Candidates) -> bool {
        let found = self.volumes.iter().any(|read| read.facts.refers_to(&self.target));
        let claim = self.claim.iter().map(Read::version);
        let mut versions = claim.chain(self.volumes.iter().map(Read::version));
        found && versions.all(|v| v.and_then(|v| v.parse::<u64>().ok()).is_some_and(|v| Some(v) <= listed.version))
    }
}

impl Cluster {
    /// Reads the claim and the volumes within `reach`; requests that do not depend on each other are sent together.
    /// A list from the watch cache is used if it is no older than what was read; each volume is read consistently.
    ///
    /// A volume that the user named and that does not exist is the server's `NotFound` error.
    pub async fn observe(
        &self,
        target: &Target,
        named: Option<&str>,
        reach: Reach,
        fresh: Fresh,
    ) -> Result<Observation, Error> {
        let all = named.is_none() && reach == Reach::All;
        let listed = async { if all { self.candidates(target, fresh).await.map(Some) } else { Ok(None) } };
        // Both are awaited before an error is returned, so that it is always the same one.
        let (seen, listed) = join(Box::pin(self.own(target, named, reach)), listed).await;
        let mut seen = seen?;
        if let Some(listed) = listed? {
            self.read(&mut seen, &listed).await?;
            seen.is_complete = fresh == Fresh::Consistent || seen.agrees_with(&listed);
        }
        let has_own = named.is_some() || seen.claim.as_ref().is_some_and(|c| c.facts.volume_name.is_some());
        if all || !has_own {
            self.complete(&mut seen, Fresh::Consistent).await?;
        }
        // A claim that waits for a volume of another UID: the claim of that UID may live under another name.
        if seen.claim.as_ref().is_some_and(|claim| claim.facts.phase == ClaimPhase::Pending) {
            self.read_rivals(&mut seen).await?;
        }
        Ok(seen)
    }

    /// Reads every other volume whose claimRef refers to the target, unless that was done.
    pub async fn complete(&self, seen: &mut Observation, fresh: Fresh) -> Result<(), Error> {
        if !seen.is_complete {
            let listed = self.candidates(&seen.target, fresh).await?;
            self.read(seen, &listed).await?;
            seen.is_complete = true;
        }
        Ok(())
    }

    /// The claim, the volume that it is bound to, and the volume that the user named.
    async fn own(&self, target: &Target, named: Option<&str>, reach: Reach) -> Result<Observation, Error> {
        let claim = async {
            let claim = self.claim(target).await?;
            let own = claim.as_ref().and_then(|c| c.facts.volume_name.as_deref());
            // If only the named volume is wanted, the one that the claim is bound to is skipped.
            let own = own.filter(|own| named.is_none_or(|named| reach == Reach::All && named != *own));
            let volume = async {
                match own {
                    Some(own) => self.volume(own).await,
                    None => Ok(None),
                }
            };
            let release = claim.as_ref().and_then(|claim| claim.facts.release.as_ref());
            let release = release.filter(|_| reach != Reach::Named);
            let of_release = async {
                match release {
                    Some(release) => self.claims_of(release, target).await,
                    None => Ok(Vec::new()),
                }
            };
            let (volume, of_release) = join(volume, of_release).await;
            let (volume, of_release) = (volume?, of_release?);
            Ok::<_, Error>((claim, volume, of_release))
        };
        let named_volume = async {
            match named {
                Some(name) => match self.volume(name).await? {
                    Some(volume) => Ok(Some(volume)),
                    None => Err(self.no_volume(target, name).await),
                },
                None => Ok(None),
            }
        };
        let (claim, named_volume) = join(claim, named_volume).await;
        let ((claim, volume, of_release), named_volume) = (claim?, named_volume?);
        let mut seen = Observation { claim, of_release, ..Observation::new(target, named) };
        volume.into_iter().chain(named_volume).for_each(|volume| seen.put(volume));
        Ok(seen)
    }

    /// The error for a volume that does not exist; the user may have given a claim's name.
    async fn no_volume(&self, target: &Target, name: &str) -> Error {
        let claim = Target { name: name.to_owned(), ..target.clone() };
        match self.claim(&claim).await {
            Ok(Some(_)) => Error::ClaimNamed(claim),
            _ => not_found(Kind::Volume, name),
        }
    }

    /// The names of the other claims in the target's namespace that are deleted with the release; none if the user may not
    /// list claims.
    async fn claims_of(&self, release: &Release, target: &Target) -> Result<Vec<String>, Error> {
        let path = format!("{}?includeObject=Object", Kind::Claim.path(Some(&target.namespace)));
        let claims = match self.list(&path, &release.name).await {
            Err(error) if error.is_forbidden() => return Ok(Vec::new()),
            listed => listed?.objects()?,
        };
        let mut names = Vec::new();
        for object in claims.iter().filter(|object| object["metadata"]["name"] != *target.name) {
            let claim = Claim::from(PersistentVolumeClaim::deserialize(object).map_err(Error::response)?);
            if claim.release.as_ref() == Some(release) && !claim.survives_uninstall() {
                names.extend(meta(object, "name"));
            }
        }
        Ok(names)
    }

    /// Reads the volumes of a list that were not read yet, and skips those deleted meanwhile.
    async fn read(&self, seen: &mut Observation, listed: &Candidates) -> Result<(), Error> {
        let at_risk = listed.at_risk.iter().filter(|(claim, _)| seen.of_release.contains(claim));
        seen.siblings = at_risk.cloned().collect();
        seen.siblings.sort();
        let unread = listed.names.iter().filter(|name| seen.volume(name).is_none());
        let volumes = try_join_all(unread.map(|name| self.volume(name))).await?;
        volumes.into_iter().flatten().for_each(|volume| seen.put(volume));
        Ok(())
    }

    /// The volumes whose claimRef refers to the target, to choose from.
    pub async fn volumes_of(&self, target: &Target) -> Result<Vec<Volume>, Error> {
        let mut seen = Observation::new(target, None);
        let listed = self.candidates(target, Fresh::Cached).await?;
        self.read(&mut seen, &listed).await?;
        seen.is_complete = seen.agrees_with(&listed);
        self.complete(&mut seen, Fresh::Consistent).await?;
        Ok(seen.volumes.into_iter().map(|read| read.facts).collect())
    }

    /// The namespaces, other than the target's, that have a claim of its name.
    pub async fn elsewhere(&self, target: &Target) -> Result<Vec<String>, Error> {
        let selector = format!("fieldSelector=metadata.name%3D{}", target.name);
        let path = format!("{}?{selector}&includeObject=Metadata", Kind::Claim.path(None));
        let claims = self.list(&path, &target.name).await?.objects()?;
        let namespaces = claims.iter().filter_map(|claim| meta(claim, "namespace"));
        Ok(namespaces.filter(|n| *n != target.namespace).collect())
    }

    /// The names of the objects of a collection.
    pub async fn names(&self, collection: &str) -> Result<Vec<String>, Error> {
        let objects = self.list(&format!("{collection}?includeObject=Metadata"), "").await?.objects()?;
        Ok(objects.iter().filter_map(|object| meta(object, "name")).collect())
    }

    /// The pods that keep the target's claim from being deleted: those with a node that list it, whatever their phase, and
    /// the pod of an ephemeral volume (`podUsesPVCForDeletion` in Kubernetes' PVC protection controller).
    pub async fn pods_using(&self, target: &Target) -> Result<Vec<Holder>, Error> {
        // An ephemeral claim is named `POD-VOLUME`: its pod mentions the end of the name.
        let end = target.name.rsplit('-').next().unwrap_or_default();
        let pods = self.pods(&target.namespace, end).await?;
        Ok(pods.iter().filter(|pod| pod.uses(target)).filter_map(Pod::holder).collect())
    }

    /// The pods of a namespace whose text has `needle`.
    pub async fn pods(&self, namespace: &str, needle: &str) -> Result<Vec<Pod>, Error> {
        let path = format!("{}?includeObject=Object", Kind::Pod.path(Some(namespace)));
        Ok(self.list(&path, needle).await?.objects()?.into_iter().map(Pod).collect())
    }

    /// The nodes of the cluster.
    pub async fn nodes(&self) -> Result<Vec<Node>, Error> {
        let nodes = self.list("/api/v1/nodes?includeObject=Metadata", "").await?.objects()?;
        let labels = |node: &Value| serde_json::from_value(node["metadata"]["labels"].clone()).unwrap_or_default();
        Ok(nodes.iter().filter_map(|node| Some(Node { name: meta(node, "name")?, labels: labels(node) })).collect())
    }

    /// Reads the claims of other names that the volumes belong to by UID, unless that was done; none if the user may not
    /// list claims. Nothing is sent where no volume has the UID of another claim than the target's.
    pub async fn read_rivals(&self, seen: &mut Observation) -> Result<(), Error> {
        if seen.rivals.is_some() {
            return Ok(());
        }
        let own = seen.claim.as_ref().map(|claim| claim.facts.uid.as_str());
        let from = seen.from.as_ref().map(|(target, _)| target);
        let held = seen.volumes.iter().filter_map(|read| {
            let volume = read.facts.name.as_str();
            let Some(reference) = &read.facts.claim_ref else {
                // Nobody's, unless a claim of another name waits for it.
                return Some((volume, &seen.target, None));
            };
            let uid = reference.uid.as_deref().filter(|uid| Some(*uid) != own)?;
            let meant = reference.claim == seen.target || Some(&reference.claim) == from;
            meant.then_some((volume, &reference.claim, Some(uid)))
        });
        let held: Vec<(&str, &Target, Option<&str>)> = held.collect();
        let owner = async |(volume, target, uid): &(&str, &Target, Option<&str>)| {
            // Only the rows that have it are kept.
            let path = format!("{}?includeObject=Object", Kind::Claim.path(Some(&target.namespace)));
            let claims = match self.list(&path, uid.unwrap_or(volume)).await {
                Err(error) if error.is_forbidden() => return Ok(None),
                listed => listed?.objects()?,
            };
            let owns = |claim: &&Value| {
                let has = match uid {
                    Some(uid) => claim["metadata"]["uid"] == **uid,
                    None => claim["spec"]["volumeName"] == **volume,
                };
                has && claim["metadata"]["name"] != *target.name
            };
            let name = claims.iter().find(owns).and_then(|claim| meta(claim, "name"));
            let claim = name.map(|name| Target { name, namespace: target.namespace.clone() });
            Ok::<_, Error>(claim.map(|claim| Rival { volume: (*volume).to_owned(), claim }))
        };
        let found = try_join_all(held.iter().map(owner)).await?;
        seen.rivals = Some(found.into_iter().flatten().collect());
        Ok(())
    }

    /// The events of the claim of that UID.
    pub async fn events_of_claim(&self, target: &Target, uid: &str) -> Result<Vec<Event>, Error> {
        self.events(&target.namespace, &format!("involvedObject.uid%3D{uid}"), uid).await
    }

    /// The events of the volume of that name: those of what has no namespace are in `default`.
    pub async fn events_of_volume(&self, name: &str) -> Result<Vec<Event>, Error> {
        let selector = format!("involvedObject.kind%3DPersistentVolume,involvedObject.name%3D{name}");
        self.events("default", &selector, name).await
    }

    /// The events of an object, the newest of each reason.
    async fn events(&self, namespace: &str, selector: &str, needle: &str) -> Result<Vec<Event>, Error> {
        let path = format!("/api/v1/namespaces/{namespace}/events?fieldSelector={selector}&includeObject=Object");
        let mut events = self.list(&path, needle).await?.objects()?;
        events.sort_by(|a, b| b["lastTimestamp"].as_str().cmp(&a["lastTimestamp"].as_str()));
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let mut newest: Vec<Event> = Vec::new();
        for event in &events {
            let (reason, message) = (text(event, "reason"), text(event, "message"));
            if !reason.is_empty() && !newest.iter().any(|known| known.reason == reason) {
                newest.push(Event { reason, message });
            }
        }
        Ok(newest)
    }
}

/// A pod.
#[derive(Debug)]
pub struct Pod(Value);

impl Pod {
    /// True if it keeps the target's claim from being deleted.
    pub fn uses(&self, target: &Target) -> bool {
        let Self(pod) = self;
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let lists = |volume: &Value| {
            volume["persistentVolumeClaim"]["claimName"] == target.name.as_str()
                || (volume["ephemeral"].is_object()
                    && volume["name"].as_str().is_some_and(|volume| target.name == format!("{name}-{volume}")))
        };
        pod["spec"]["nodeName"].is_string()
            && pod["spec"]["volumes"].as_array().is_some_and(|all| all.iter().any(lists))
    }

    /// The pod, as one that uses a claim.
    pub fn holder(&self) -> Option<Holder> {
        let Self(pod) = self;
        let owners = pod["metadata"]["ownerReferences"].as_array();
        let job = owners.and_then(|all| all.iter().find(|owner| owner["kind"] == "Job" && owner["controller"] == true));
        Some(Holder {
            name: meta(pod, "name")?,
            phase: pod["status"]["phase"].as_str().unwrap_or_default().to_owned(),
            job: job.and_then(|job| job["name"].as_str()).map(str::to_owned),
        })
    }
}

/// A string field of an object's metadata.
fn meta(object: &Value, key: &str) -> Option<String> {
    object["metadata"][key].as_str().map(str::to_owned)
}

/// The server's error for an object that does not exist.
pub fn not_found(kind: Kind, name: &str) -> Error {
    let mut status = Status::failure(&format!("{} \"{name}\" not found", kind.plural()), "NotFound");
    status.code = 404;
    Error::Api(Box::new(status))
}
