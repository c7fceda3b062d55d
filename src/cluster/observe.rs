//! What the API says of the target: its claim and the volumes that matter to it.

use std::pin::pin;

use futures::future::{Either, join, select, try_join_all};
use serde_json::Value;

use super::api::{Cluster, Kind, Read, Row};
use super::list::{Candidates, Source};
use crate::error::{Answer, Error, Status};
use crate::lifecycle::{Claim, Event, Situation, Stage, Target, Volume, assess};

/// How far to look for volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The volume that the user named or the claim names; all volumes only where neither does.
    Own,
    /// Every volume whose claimRef names the target, too.
    All,
    /// As `All`, unless the claim is bound to a volume older than it: that one is the preserved one,
    /// whatever others there are.
    UnlessReused,
    /// As `All`, with names from the watch cache if it is no older than what was read. Each volume is still
    /// read consistently.
    Cached,
}

/// What was read of a target.
#[derive(Clone, Debug)]
pub struct Observation {
    pub target: Target,
    /// The volume that the user named.
    pub named: Option<String>,
    pub claim: Option<Read<Claim>>,
    /// In the order of their names.
    pub volumes: Vec<Read<Volume>>,
}

impl Observation {
    pub fn situation(&self) -> Situation<'_> {
        Situation {
            target: &self.target,
            claim: self.claim.as_ref().map(|read| &read.facts),
            volumes: self.volumes.iter().map(|read| &read.facts).collect(),
            named: self.named.as_deref(),
            pinned: false,
        }
    }

    pub fn volume(&self, name: &str) -> Option<&Read<Volume>> {
        self.volumes.iter().find(|read| read.facts.name == name)
    }

    /// The volume of that name, which must have been read.
    pub fn known(&self, name: &str) -> Result<&Read<Volume>, Error> {
        self.volume(name).ok_or_else(|| Error::Answer(Answer::NoVolume(name.to_owned())))
    }

    pub fn row(&self, name: &str) -> Result<&Row, Error> {
        Ok(&self.known(name)?.row)
    }

    /// Adds a volume, or what has become of one.
    pub fn put(&mut self, volume: Read<Volume>) {
        match self.volumes.binary_search_by(|read| read.facts.name.cmp(&volume.facts.name)) {
            Ok(at) => self.volumes[at] = volume,
            Err(at) => self.volumes.insert(at, volume),
        }
    }

    fn is_reused(&self) -> bool {
        assess(&self.situation()).stage == Stage::Reused
    }

    /// True if a cached list is usable: it contains a volume of the target, and no object read so far is newer
    /// than it.
    fn agrees_with(&self, listed: &Candidates) -> bool {
        let found = self.volumes.iter().any(|read| read.facts.names(&self.target));
        let claim = self.claim.iter().map(Read::version);
        let mut versions = claim.chain(self.volumes.iter().map(Read::version));
        found && versions.all(|v| v.and_then(|v| v.parse::<u64>().ok()).is_some_and(|v| Some(v) <= listed.version))
    }
}

impl Cluster {
    /// Reads the claim and the volumes in `scope`: what does not depend on each other together.
    ///
    /// A volume that the user named and that is not there is the server's `NotFound` error.
    pub async fn observe(&self, target: &Target, named: Option<&str>, scope: Scope) -> Result<Observation, Error> {
        let own = pin!(self.own(target, named, scope));
        let listed = pin!(async {
            match (named, scope) {
                (Some(_), _) | (None, Scope::Own) => Ok(Candidates::default()),
                (None, Scope::Cached) => self.candidates(target, Source::Cache).await,
                (None, Scope::All | Scope::UnlessReused) => self.candidates(target, Source::Consistent).await,
            }
        });
        // Both are awaited before an error is returned, so that it is always the same one.
        let (own, listed) = match select(own, listed).await {
            Either::Left((Ok(own), _)) if scope == Scope::UnlessReused && own.is_reused() => return Ok(own),
            Either::Left((own, listed)) => (own, listed.await),
            Either::Right((listed, own)) => (own.await, listed),
        };
        let (mut seen, listed) = (own?, listed?);
        if scope == Scope::UnlessReused && seen.is_reused() {
            return Ok(seen);
        }
        self.read(&mut seen, &listed.names).await?;
        let anew = match scope {
            Scope::Own => named.is_none() && seen.claim.as_ref().is_none_or(|c| c.facts.volume_name.is_none()),
            Scope::Cached => named.is_none() && !seen.agrees_with(&listed),
            Scope::All | Scope::UnlessReused => false,
        };
        if anew {
            self.read_all(&mut seen).await?;
        }
        Ok(seen)
    }

    /// The claim, the volume that it names, and the volume that the user named.
    async fn own(&self, target: &Target, named: Option<&str>, scope: Scope) -> Result<Observation, Error> {
        let claim = async {
            let claim = self.claim(target).await?;
            let own = claim.as_ref().and_then(|c| c.facts.volume_name.as_deref());
            // When only the named volume is wanted, the one that the claim refers to is skipped.
            let own = own.filter(|own| named.is_none_or(|named| scope != Scope::Own && named != *own));
            let volume = match own {
                Some(own) => self.volume(own).await?,
                None => None,
            };
            Ok::<_, Error>((claim, volume))
        };
        let named_volume = async {
            match named {
                Some(name) => self.volume(name).await?.ok_or_else(|| not_found(Kind::Volume, name)).map(Some),
                None => Ok(None),
            }
        };
        let (claim, named_volume) = join(claim, named_volume).await;
        let ((claim, volume), named_volume) = (claim?, named_volume?);
        let (target, named) = (target.clone(), named.map(str::to_owned));
        let mut seen = Observation { target, named, claim, volumes: Vec::new() };
        volume.into_iter().chain(named_volume).for_each(|volume| seen.put(volume));
        Ok(seen)
    }

    /// Reads the volumes not read yet, and skips those deleted meanwhile.
    async fn read(&self, seen: &mut Observation, names: &[String]) -> Result<(), Error> {
        let unread = names.iter().filter(|name| seen.volume(name).is_none());
        let volumes = try_join_all(unread.map(|name| self.volume(name))).await?;
        volumes.into_iter().flatten().for_each(|volume| seen.put(volume));
        Ok(())
    }

    /// Lists consistently, and reads what was not read yet.
    async fn read_all(&self, seen: &mut Observation) -> Result<(), Error> {
        let listed = self.candidates(&seen.target, Source::Consistent).await?;
        self.read(seen, &listed.names).await
    }

    /// The volumes whose claimRef names the target, to choose from.
    pub async fn volumes_of(&self, target: &Target) -> Result<Vec<Volume>, Error> {
        let mut seen = Observation { target: target.clone(), named: None, claim: None, volumes: Vec::new() };
        let listed = self.candidates(target, Source::Cache).await?;
        self.read(&mut seen, &listed.names).await?;
        if !seen.agrees_with(&listed) {
            self.read_all(&mut seen).await?;
        }
        Ok(seen.volumes.into_iter().map(|read| read.facts).collect())
    }

    /// The namespaces, other than the target's, that have a claim of its name.
    pub async fn elsewhere(&self, target: &Target) -> Result<Vec<String>, Error> {
        let selector = format!("fieldSelector=metadata.name%3D{}", target.claim);
        let path = format!("{}?{selector}&includeObject=Metadata", Kind::Claim.path(None));
        let claims = self.list(&path, &target.claim).await?.objects()?;
        let namespaces = claims.iter().filter_map(|claim| meta(claim, "namespace"));
        Ok(namespaces.filter(|n| *n != target.namespace).collect())
    }

    /// The names of the objects of a collection.
    pub async fn names(&self, collection: &str) -> Result<Vec<String>, Error> {
        let objects = self.list(&format!("{collection}?includeObject=Metadata"), "").await?.objects()?;
        Ok(objects.iter().filter_map(|object| meta(object, "name")).collect())
    }

    /// The pods that mount the target's claim.
    pub async fn mounting(&self, target: &Target) -> Result<Vec<String>, Error> {
        let path = format!("{}?includeObject=Object", Kind::Pod.path(Some(&target.namespace)));
        let pods = self.list(&path, &target.claim).await?.objects()?;
        let mounts = |pod: &&Value| {
            let volumes = pod["spec"]["volumes"].as_array();
            let over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
            // A pod that no node has yet does not protect its claims.
            !over
                && pod["spec"]["nodeName"].is_string()
                && volumes.is_some_and(|all| {
                    all.iter().any(|v| v["persistentVolumeClaim"]["claimName"] == target.claim.as_str())
                })
        };
        Ok(pods.iter().filter(mounts).filter_map(|pod| meta(pod, "name")).collect())
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

/// A text of an object's metadata.
fn meta(object: &Value, key: &str) -> Option<String> {
    object["metadata"][key].as_str().map(str::to_owned)
}

/// The error that the server words when an object is not there.
pub fn not_found(kind: Kind, name: &str) -> Error {
    let mut status = Status::failure(&format!("{} \"{name}\" not found", kind.plural()), "NotFound");
    status.code = 404;
    Error::Api(Box::new(status))
}
