//! Reading and patching claims and volumes.
//!
//! Objects are asked for as one-row Tables that carry the object: one request brings both what
//! kubectl would print of it, in the columns of that very server, and what the decisions need.

use std::time::Duration;

use futures::TryStreamExt;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::transport;
use crate::error::Error;
use crate::lifecycle::change::Change;

const AS_TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// How often a request is sent to a server that asks to come again later; client-go gives up as soon.
const ATTEMPTS: u32 = 10;

/// The kinds of object that the procedure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A claim, in a namespace.
    Claim,
    /// A volume.
    Volume,
    /// A pod, in a namespace.
    Pod,
    /// A storage class.
    Class,
}

impl Kind {
    /// The resource's name in URLs and messages.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Claim => "persistentvolumeclaims",
            Self::Volume => "persistentvolumes",
            Self::Pod => "pods",
            Self::Class => "storageclasses",
        }
    }

    /// The collection's path; without a namespace, that of all namespaces.
    #[must_use]
    pub fn path(self, namespace: Option<&str>) -> String {
        match namespace {
            _ if self == Self::Class => "/apis/storage.k8s.io/v1/storageclasses".to_owned(),
            Some(namespace) => format!("/api/v1/namespaces/{namespace}/{}", self.plural()),
            None => format!("/api/v1/{}", self.plural()),
        }
    }
}

/// A column of a server-side table.
#[derive(Clone, Debug, Deserialize)]
pub struct Column {
    /// `Reclaim Policy`; kubectl prints it in upper case.
    pub name: String,
    /// 0 for the default table; more for `-o wide` alone.
    #[serde(default)]
    pub priority: i32,
}

/// An object and the row that kubectl would print of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The columns that this server has for the kind.
    pub columns: Vec<Column>,
    /// A cell for each column.
    pub cells: Vec<Value>,
    /// The object itself, whole.
    pub object: Value,
}

impl Row {
    /// The object as one of Kubernetes' own types.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.object).map_err(|e| Error::Answer(e.to_string()))
    }

    /// The object's resourceVersion.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.object["metadata"]["resourceVersion"].as_str()
    }

    /// The cell under the column of that name, found by name since servers order them differently.
    pub fn cell_mut(&mut self, column: &str) -> Option<&mut Value> {
        let at = self.columns.iter().position(|c| c.name == column)?;
        self.cells.get_mut(at)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    column_definitions: Vec<Column>,
    #[serde(default)]
    rows: Vec<TableRow>,
}

#[derive(Deserialize)]
struct TableRow {
    cells: Vec<Value>,
    object: Option<Value>,
}

/// A right that some command needs.
#[derive(Debug)]
pub struct NeededRight {
    /// `patch`
    pub verb: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// `persistentvolumes`
    pub resource: &'static str,
    /// Whether it is needed in the claim's namespace only.
    pub namespaced: bool,
    /// The commands that need it.
    pub by: &'static str,
    /// Whether those cannot do without.
    pub needed: bool,
}

impl std::fmt::Display for NeededRight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} (for {})", self.verb, self.resource, self.by)
    }
}

const fn right(verb: &'static str, resource: &'static str, namespaced: bool, by: &'static str) -> NeededRight {
    NeededRight { verb, group: "", resource, namespaced, by, needed: true }
}

/// Every right that the plugin uses.
pub const RIGHTS: &[NeededRight] = &[
    right("get", "persistentvolumes", false, "all commands"),
    right("list", "persistentvolumes", false, "status, reuse, verify, guide, export"),
    right("watch", "persistentvolumes", false, "reuse, guide, status --watch"),
    right("patch", "persistentvolumes", false, "retain, unretain, reuse, guide"),
    right("get", "persistentvolumeclaims", true, "all commands"),
    right("list", "persistentvolumeclaims", true, "waiting"),
    right("watch", "persistentvolumeclaims", true, "waiting"),
    NeededRight { needed: false, ..right("list", "pods", true, "naming the pods that hold the claim") },
    NeededRight { needed: false, ..right("list", "events", true, "saying why a claim waits") },
    NeededRight { needed: false, group: "storage.k8s.io", ..right("get", "storageclasses", false, "check") },
];

/// Whether a patch is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persist {
    /// Yes.
    Yes,
    /// No: the server goes through all of it and then forgets it (`dryRun=All`).
    DryRun,
}

/// A cluster to talk to.
pub struct Cluster {
    /// kube's client, on this program's transport.
    pub client: Client,
    /// `host:port` of its API server, for messages.
    pub server: String,
    /// The API server's address.
    pub url: String,
    /// The kubeconfig's context, where there is one.
    pub context: Option<String>,
    /// How long one answer may take; `None` for as long as it does.
    pub timeout: Option<Duration>,
    /// Told each warning that the API server attaches to an answer.
    pub warn: fn(&str),
}

impl Cluster {
    /// One object; `None` where there is none of that name.
    pub async fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<Row>, Error> {
        check_name(name)?;
        let path = format!("{}/{name}?includeObject=Object", kind.path(namespace));
        match self.call(Method::GET, &path, None).await {
            Ok(bytes) => row(&bytes).map(Some),
            Err(Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A collection as the server's own list kind, `query` included.
    pub async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        json(&self.call(Method::GET, path, None).await?)
    }

    /// A collection, as it comes: each part of the answer in turn.
    pub async fn stream(&self, path: &str, each: impl FnMut(&[u8])) -> Result<(), Error> {
        self.exchange(Method::GET, path, None, each).await
    }

    /// Sends `change` with its precondition; what the volume has become.
    pub async fn patch(&self, change: &Change, field_manager: &str, persist: Persist) -> Result<Row, Error> {
        check_name(&change.volume)?;
        let dry_run = if persist == Persist::DryRun { "&dryRun=All" } else { "" };
        let path = format!(
            "{}/{}?includeObject=Object&fieldManager={field_manager}{dry_run}",
            Kind::Volume.path(None),
            change.volume
        );
        row(&self.call(Method::PATCH, &path, Some(change.body().to_string().into_bytes())).await?)
    }

    /// Whether the user has a right, by a `SelfSubjectAccessReview`.
    pub async fn may(&self, right: &NeededRight, namespace: &str) -> Result<bool, Error> {
        let namespace = if right.namespaced { namespace } else { "" };
        let review = serde_json::json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"namespace": namespace, "verb": right.verb, "group": right.group,
                "resource": right.resource}}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer: Value = json(&self.call(Method::POST, path, Some(review.to_string().into_bytes())).await?)?;
        Ok(answer["status"]["allowed"] == true)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        self.exchange(method, path, body, |part| all.extend_from_slice(part)).await?;
        Ok(all)
    }

    /// One request, and its answer in parts; within the time that one may take.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let exchange = self.send(method, path, body, each);
        let Some(limit) = self.timeout else { return exchange.await };
        tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(self.silent(&format!("{limit:?} (--request-timeout)"))))
    }

    /// The error for an answer that has not come in time: `1m (--timeout)`.
    #[must_use]
    pub fn silent(&self, limit: &str) -> Error {
        let reason = format!("no answer within {limit}");
        Error::Connection { server: self.server.clone(), refused: false, reason }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let broken = |e| transport::failure(&self.server, e);
        let mut attempts = 0;
        let response = loop {
            let mut request = Request::builder().method(&method).uri(path).header(header::ACCEPT, AS_TABLE);
            if body.is_some() {
                request = request.header(header::CONTENT_TYPE, kind);
            }
            let request = request.body(Body::from(body.clone().unwrap_or_default()));
            let response =
                self.client.send(request.map_err(|e| Error::Answer(e.to_string()))?).await.map_err(broken)?;
            attempts += 1;
            match asked_to_wait(&response).filter(|_| attempts < ATTEMPTS) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => break response,
            }
        };
        let status = response.status();
        for warning in response.headers().get_all(header::WARNING) {
            warning.to_str().ok().and_then(warning_text).iter().for_each(|text| (self.warn)(text));
        }
        let mut body = response.into_body().into_data_stream();
        let mut refusal = Vec::new();
        while let Some(part) = body.try_next().await.map_err(broken)? {
            if status.is_success() { each(&part) } else { refusal.extend_from_slice(&part) }
        }
        if status.is_success() { Ok(()) } else { Err(refused(status, &refusal)) }
    }
}

/// How long a server that has not done it asks to wait before it is asked again: `Retry-After`, in seconds, as
/// client-go heeds it.
fn asked_to_wait<B>(response: &http::Response<B>) -> Option<Duration> {
    let busy = response.status() == StatusCode::TOO_MANY_REQUESTS || response.status().is_server_error();
    let seconds = response.headers().get(header::RETRY_AFTER).filter(|_| busy)?;
    seconds.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// The server's own words where it has some, else what the status line says.
fn refused(status: StatusCode, body: &[u8]) -> Error {
    let said = serde_json::from_slice::<kube::core::Status>(body).ok().filter(|s| !s.message.is_empty());
    Error::Api(Box::new(said.unwrap_or_else(|| {
        let text = String::from_utf8_lossy(body);
        let message = if text.trim().is_empty() { "the server gave no reason" } else { text.trim() };
        let mut unnamed = kube::core::Status::failure(message, status.canonical_reason().unwrap_or_default());
        unnamed.code = status.as_u16();
        unnamed
    })))
}

/// The text of `299 - "text"` (RFC 7234, 5.5); quotes inside are escaped.
fn warning_text(header: &str) -> Option<String> {
    let quoted = header.strip_prefix("299 ")?.split_once(' ')?.1.strip_prefix('"')?;
    let mut text = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            other => text.push(other),
        }
    }
}

/// What the API server answered, as `T`.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|e| Error::Answer(e.to_string()))
}

/// A row from a one-row Table; from a plain object, as very old or aggregated servers may answer,
/// the row that kubectl makes of it: NAME and AGE.
fn row(bytes: &[u8]) -> Result<Row, Error> {
    let value: Value = json(bytes)?;
    if value["kind"] != "Table" {
        let column = |name: &str| Column { name: name.to_owned(), priority: 0 };
        let cells = vec![value["metadata"]["name"].clone(), value["metadata"]["creationTimestamp"].clone()];
        return Ok(Row { columns: vec![column("Name"), column("Age")], cells, object: value });
    }
    let table = Table::deserialize(value).map_err(|e| Error::Answer(e.to_string()))?;
    let only = table.rows.into_iter().next();
    let only = only.ok_or_else(|| Error::Answer("a Table without a row".to_owned()))?;
    let object = only.object.ok_or_else(|| Error::Answer("a Table row without its object".to_owned()))?;
    Ok(Row { columns: table.column_definitions, cells: only.cells, object })
}

/// Names go into URLs, and those that the cluster tells are as foreign as those that are typed.
fn check_name(name: &str) -> Result<(), Error> {
    if is_name(name) { Ok(()) } else { Err(Error::Answer(format!("{name:?} is no object's name"))) }
}

/// Whether Kubernetes takes `name` for an object (RFC 1123 subdomain, 253 characters at most).
#[must_use]
pub fn is_name(name: &str) -> bool {
    let label = |part: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !part.is_empty() && part.chars().all(inner) && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "pvc-b0f01f0f", "a.b-c.d0", &"x".repeat(253)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "A", "a/b", "-a", "a-", "a..b", ".a", "a_b", "a b", "..", &"x".repeat(254)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn warnings() {
        let quoted = r#"299 - "say \"no\" and C:\\" "later""#;
        assert_eq!(warning_text(quoted).as_deref(), Some(r#"say "no" and C:\"#));
        for other in ["", "199 - \"misc\"", "299 -", "299 - open", "299 - \"open"] {
            assert_eq!(warning_text(other), None, "{other}");
        }
    }
}
