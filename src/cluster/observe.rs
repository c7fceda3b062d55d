//! What the API says of the target: its claim and the volumes that matter to it.

use futures::future::{join3, try_join_all};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use serde::Deserialize;
use serde_json::Value;

use super::api::{Cluster, Kind, Row};
use crate::error::Error;
use crate::lifecycle::facts::{Target, Volume};
use crate::lifecycle::stage::Situation;

/// How far to look for volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The volume that the user named or the claim names; all volumes only where neither does.
    Own,
    /// Every volume whose claimRef names the target, too.
    All,
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
}

impl Cluster {
    /// Reads the claim and the volumes in `scope`: what does not depend on each other together.
    ///
    /// A volume that the user named and that is not there is the server's `NotFound` error.
    pub async fn observe(&self, target: &Target, named: Option<&str>, scope: Scope) -> Result<Observation, Error> {
        let claim = self.get(Kind::Claim, Some(&target.namespace), &target.claim);
        let wanted = async {
            match named {
                Some(name) => Ok(vec![name.to_owned()]),
                None if scope == Scope::All => self.candidates(target).await,
                None => Ok(Vec::new()),
            }
        };
        // A named volume needs no list, so its object can be read at once.
        let named_volume = async {
            match named {
                Some(name) => self.volume(name).await.map(Some),
                None => Ok(None),
            }
        };
        // All end before the first error is told, so that it is always the same one.
        let (claim, wanted, known) = join3(claim, wanted, named_volume).await;
        let (claim, mut names, known) = (claim?, wanted?, known?);
        let facts = claim.as_ref().map(Row::parse::<PersistentVolumeClaim>).transpose()?;
        let facts = facts.as_ref().map(crate::lifecycle::facts::Claim::from);
        match facts.as_ref().and_then(|c| c.volume_name.as_ref()) {
            Some(own) if named.is_none_or(|_| scope == Scope::All) && !names.contains(own) => names.push(own.clone()),
            None if named.is_none() && scope == Scope::Own => names = self.candidates(target).await?,
            _ => {}
        }
        names.sort();
        let read = names.iter().map(|name| async {
            match &known {
                Some(row) if Some(name.as_str()) == named => Ok(Some(row.clone())),
                _ => self.get(Kind::Volume, None, name).await,
            }
        });
        let volumes: Vec<Row> = try_join_all(read).await?.into_iter().flatten().collect();
        Ok(Observation {
            situation: Situation {
                target: target.clone(),
                claim: facts,
                volumes: volumes.iter().map(facts_of).collect::<Result<_, _>>()?,
                named: named.map(str::to_owned),
            },
            claim,
            volumes,
        })
    }

    /// The volumes whose claimRef names the target.
    pub async fn volumes_of(&self, target: &Target) -> Result<Vec<Row>, Error> {
        let names = self.candidates(target).await?;
        let rows = try_join_all(names.iter().map(|name| self.get(Kind::Volume, None, name))).await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn volume(&self, name: &str) -> Result<Row, Error> {
        self.get(Kind::Volume, None, name).await?.ok_or_else(|| not_found(Kind::Volume, name))
    }

    /// The names of the volumes whose claimRef names the target, from a list without objects.
    async fn candidates(&self, target: &Target) -> Result<Vec<String>, Error> {
        let key = target.key();
        let mut names = Vec::new();
        let mut page = String::new();
        loop {
            let path = format!("{}?includeObject=None{page}", Kind::Volume.path(None));
            let list: VolumeList = self.list(&path).await?;
            list.collect_names(&key, &mut names)?;
            match list.metadata.next.filter(|token| !token.is_empty()) {
                Some(token) => page = format!("&continue={token}"),
                None => return Ok(names),
            }
        }
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

fn facts_of(row: &Row) -> Result<Volume, Error> {
    row.parse::<PersistentVolume>().map(|v| Volume::from(&v))
}

/// The error that the server words when an object is not there.
#[must_use]
pub fn not_found(kind: Kind, name: &str) -> Error {
    let mut status = kube::core::Status::failure(&format!("{} \"{name}\" not found", kind.plural()), "NotFound");
    status.code = 404;
    Error::Api(Box::new(status))
}

/// A list of volumes as a Table without objects, or as whole objects where the server knows no Tables.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VolumeList {
    metadata: ListMeta,
    #[serde(default)]
    column_definitions: Vec<super::api::Column>,
    #[serde(default)]
    rows: Option<Vec<Cells>>,
    #[serde(default)]
    items: Vec<PersistentVolume>,
}

#[derive(Deserialize)]
struct ListMeta {
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cells {
    cells: Vec<Value>,
}

impl VolumeList {
    /// Adds the names of the volumes whose claim is `key` (`namespace/name`).
    fn collect_names(&self, key: &str, names: &mut Vec<String>) -> Result<(), Error> {
        let items = self.items.iter().filter(|v| {
            let claim_ref = v.spec.as_ref().and_then(|s| s.claim_ref.as_ref());
            claim_ref.is_some_and(|r| {
                let (namespace, name) = (r.namespace.as_deref(), r.name.as_deref());
                format!("{}/{}", namespace.unwrap_or_default(), name.unwrap_or_default()) == key
            })
        });
        names.extend(items.filter_map(|v| v.metadata.name.clone()));
        let Some(rows) = &self.rows else { return Ok(()) };
        let column = |name: &str| {
            let at = self.column_definitions.iter().position(|c| c.name == name);
            at.ok_or_else(|| Error::Answer(format!("its table of volumes has no column {name:?}")))
        };
        let (name, claim) = (column("Name")?, column("Claim")?);
        for row in rows.iter().filter(|row| row.cells.get(claim).and_then(Value::as_str) == Some(key)) {
            names.extend(row.cells.get(name).and_then(Value::as_str).map(str::to_owned));
        }
        Ok(())
    }
}
