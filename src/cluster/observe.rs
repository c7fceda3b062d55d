//! What the API says of the target: its claim and the volumes that matter to it.

use std::pin::pin;

use futures::future::{Either, join, select, try_join_all};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use serde_json::Value;

use super::api::{Cluster, Kind, Row};
use super::list::{Candidates, Source};
use crate::error::Error;
use crate::lifecycle::facts::{Claim, Target, Volume};
use crate::lifecycle::stage::{Situation, Stage, assess};

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
    /// As `All`, for those who only look: the volumes that the API server's watch cache knows of, if
    /// it is not behind anything else that was read. What is told of each was read consistently.
    Cached,
}

/// What was read, as facts to decide on and as rows to print.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The facts.
    pub situation: Situation,
    /// The claim's row, where there is a claim.
    pub claim: Option<Row>,
    /// The volumes' rows, in the order of `situation.volumes`.
    pub volumes: Vec<Row>,
}

impl Observation {
    /// The row of the volume of that name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&Row> {
        let at = self.situation.volumes.iter().position(|v| v.name == name)?;
        self.volumes.get(at)
    }

    /// Adds a volume; they stay in the order of their names.
    fn add(&mut self, row: Row) -> Result<(), Error> {
        let volume = Volume::from(&row.parse::<PersistentVolume>()?);
        let at = self.situation.volumes.partition_point(|v| v.name < volume.name);
        self.situation.volumes.insert(at, volume);
        self.volumes.insert(at, row);
        Ok(())
    }

    fn is_reused(&self) -> bool {
        assess(&self.situation).stage == Stage::Reused
    }

    /// Whether a cached list will do: a volume of the target was found, and nothing that was read
    /// has changed since the list was made. A volume that the list does not have yet came to be the
    /// target's after all that.
    fn agrees_with(&self, listed: &Candidates) -> bool {
        let found = self.situation.volumes.iter().any(|v| v.names(&self.situation.target));
        let mut versions =
            self.claim.iter().chain(&self.volumes).map(|row| row.version().and_then(|v| v.parse::<u64>().ok()));
        found && versions.all(|v| v.is_some() && v <= listed.version)
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
        // Both end before an error is told, so that it is always the same one.
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
            Scope::Own => named.is_none() && seen.situation.claim.as_ref().is_none_or(|c| c.volume_name.is_none()),
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
            let row = self.get(Kind::Claim, Some(&target.namespace), &target.claim).await?;
            let facts = row.as_ref().map(Row::parse::<PersistentVolumeClaim>).transpose()?;
            let facts = facts.as_ref().map(Claim::from);
            let own = facts.as_ref().and_then(|c| c.volume_name.as_deref());
            // Whoever named a volume and looks no further does not ask what the claim has.
            let own = own.filter(|own| named.is_none_or(|named| scope != Scope::Own && named != *own));
            let volume = match own {
                Some(own) => self.get(Kind::Volume, None, own).await?,
                None => None,
            };
            Ok::<_, Error>((row, facts, volume))
        };
        let named_volume = async {
            match named {
                Some(name) => {
                    self.get(Kind::Volume, None, name).await?.ok_or_else(|| not_found(Kind::Volume, name)).map(Some)
                }
                None => Ok(None),
            }
        };
        let (claim, named_volume) = join(claim, named_volume).await;
        let ((claim, facts, volume), named_volume) = (claim?, named_volume?);
        let situation =
            Situation { target: target.clone(), claim: facts, volumes: Vec::new(), named: named.map(str::to_owned) };
        let mut seen = Observation { situation, claim, volumes: Vec::new() };
        volume.into_iter().chain(named_volume).try_for_each(|row| seen.add(row))?;
        Ok(seen)
    }

    /// Reads those of the volumes that were not read yet; one that is gone is no error.
    async fn read(&self, seen: &mut Observation, names: &[String]) -> Result<(), Error> {
        let unread = names.iter().filter(|name| seen.row(name).is_none());
        let rows = try_join_all(unread.map(|name| self.get(Kind::Volume, None, name))).await?;
        rows.into_iter().flatten().try_for_each(|row| seen.add(row))
    }

    /// Lists consistently, and reads what was not read yet.
    async fn read_all(&self, seen: &mut Observation) -> Result<(), Error> {
        let listed = self.candidates(&seen.situation.target, Source::Consistent).await?;
        self.read(seen, &listed.names).await
    }

    /// The volumes whose claimRef names the target, to choose from.
    pub async fn volumes_of(&self, target: &Target) -> Result<Vec<Volume>, Error> {
        let situation = Situation { target: target.clone(), claim: None, volumes: Vec::new(), named: None };
        let mut seen = Observation { situation, claim: None, volumes: Vec::new() };
        let listed = self.candidates(target, Source::Cache).await?;
        self.read(&mut seen, &listed.names).await?;
        if !seen.agrees_with(&listed) {
            self.read_all(&mut seen).await?;
        }
        Ok(seen.situation.volumes)
    }

    /// The namespaces, other than the target's, that have a claim of its name; none where the user
    /// may not look.
    pub async fn elsewhere(&self, target: &Target) -> Vec<String> {
        let path = format!("{}?fieldSelector=metadata.name%3D{}", Kind::Claim.path(None), target.claim);
        let path = format!("{path}&includeObject=Metadata");
        let Ok(list) = self.list::<Value>(&path).await else { return Vec::new() };
        let rows = ["items", "rows"].iter().find_map(|key| list[*key].as_array()).cloned().unwrap_or_default();
        let namespace = |row: &Value| {
            let meta = row["object"]["metadata"]["namespace"].as_str();
            meta.or(row["metadata"]["namespace"].as_str()).map(str::to_owned)
        };
        rows.iter().filter_map(namespace).filter(|n| *n != target.namespace).collect()
    }

    /// The pods that mount the target's claim; none where the user may not look.
    pub async fn holders(&self, target: &Target) -> Vec<String> {
        self.mounting(target).await.unwrap_or_default()
    }

    /// The pods that mount the target's claim.
    pub async fn mounting(&self, target: &Target) -> Result<Vec<String>, Error> {
        let path = Kind::Pod.path(Some(&target.namespace));
        let pods: Value = self.list(&format!("{path}?includeObject=Object")).await?;
        let rows = pods["rows"].as_array().cloned().unwrap_or_default();
        let mounts = |pod: &Value| {
            let volumes = pod["spec"]["volumes"].as_array();
            let over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
            // A pod that no node has yet does not protect its claims.
            !over
                && pod["spec"]["nodeName"].is_string()
                && volumes.is_some_and(|all| {
                    all.iter().any(|v| v["persistentVolumeClaim"]["claimName"] == target.claim.as_str())
                })
        };
        let held = rows.iter().map(|row| &row["object"]).filter(|pod| mounts(pod));
        Ok(held.filter_map(|pod| pod["metadata"]["name"].as_str().map(str::to_owned)).collect())
    }

    /// The events of the claim of that UID, as reason and message, the newest of each reason; none
    /// where the user may not look.
    pub async fn events(&self, target: &Target, uid: &str) -> Vec<(String, String)> {
        let path = format!("/api/v1/namespaces/{}/events?fieldSelector=involvedObject.uid%3D{uid}", target.namespace);
        let Ok(list) = self.list::<Value>(&format!("{path}&includeObject=Object")).await else { return Vec::new() };
        let rows = list["rows"].as_array().cloned().unwrap_or_default();
        let mut events: Vec<&Value> = rows.iter().map(|row| &row["object"]).collect();
        events.sort_by_key(|event| event["lastTimestamp"].as_str().unwrap_or_default());
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let mut newest: Vec<(String, String)> = Vec::new();
        for event in events.iter().rev() {
            let (reason, message) = (text(event, "reason"), text(event, "message"));
            if !reason.is_empty() && !newest.iter().any(|(known, _)| *known == reason) {
                newest.push((reason, message));
            }
        }
        newest
    }
}

/// The error that the server words when an object is not there.
#[must_use]
pub fn not_found(kind: Kind, name: &str) -> Error {
    let mut status = kube::core::Status::failure(&format!("{} \"{name}\" not found", kind.plural()), "NotFound");
    status.code = 404;
    Error::Api(Box::new(status))
}
