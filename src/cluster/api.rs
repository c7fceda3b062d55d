//! Reading and patching claims and volumes.
//!
//! Objects are asked for as one-row Tables that carry the object: one request brings both what
//! kubectl would print of it, in the columns of that very server, and what the decisions need.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::transport::{self, Log};
use crate::error::{Error, Trouble};
use crate::lifecycle::{Change, Claim, Target, Volume};

/// Said of a Table row without the object that was requested.
pub(super) const NO_OBJECT: &str = "Table row has no object";

const AS_TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// The time after which a silent response is given up. Watches are not bounded by it.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest `Retry-After` that is honored.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The maximum size of one object, and of one list, in bytes: a million volumes are a quarter of that.
const OBJECT: u64 = 16 << 20;
pub(super) const LIST: u64 = 1 << 30;

/// The maximum number of attempts for a request that is answered with `Retry-After`; client-go's limit.
const ATTEMPTS: u32 = 10;

/// The kinds of object that the procedure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Claim,
    Volume,
    Pod,
    Class,
}

impl Kind {
    /// The resource's name in URLs and messages.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Claim => "persistentvolumeclaims",
            Self::Volume => "persistentvolumes",
            Self::Pod => "pods",
            Self::Class => "storageclasses",
        }
    }

    /// The collection's path; without a namespace, that of all namespaces.
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
    pub cells: Vec<Value>,
    pub object: Value,
}

/// An object that was read: its facts beside its row.
#[derive(Clone, Debug)]
pub struct Read<F> {
    pub facts: F,
    /// Shared, since an observation of each claim has it and it is large.
    pub row: Arc<Row>,
}

impl<F> Read<F> {
    /// The facts of a row whose object is a `K`.
    pub fn new<K: DeserializeOwned>(row: Row) -> Result<Self, Error>
    where
        F: From<K>,
    {
        let facts = F::from(K::deserialize(&row.object).map_err(Error::response)?);
        Ok(Self { facts, row: Arc::new(row) })
    }

    pub fn version(&self) -> Option<&str> {
        self.row.object["metadata"]["resourceVersion"].as_str()
    }
}

impl Row {
    /// The cell in the column of that name; servers order columns differently.
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

/// A row of a Table.
#[derive(Debug, Deserialize)]
pub(super) struct TableRow {
    pub cells: Vec<Value>,
    /// The object, if it was requested.
    pub object: Option<Value>,
}

/// A right of a user: a verb on a resource.
#[derive(Debug, PartialEq, Eq)]
pub struct Right {
    /// The verb.
    pub verb: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The resource, in the plural.
    pub resource: &'static str,
    /// True if it is needed in the claim's namespace only.
    pub namespaced: bool,
}

/// A connection to a cluster.
pub struct Cluster {
    pub client: Client,
    /// `host:port` of its API server, for messages.
    pub server: String,
    pub url: String,
    /// The kubeconfig's context, where there is one.
    pub context: Option<String>,
    /// The limit for one response, and how it was typed; `None` for no limit.
    pub timeout: Option<(Duration, String)>,
    /// Receives each warning that the API server attaches to a response.
    pub warn: Log,
}

impl Cluster {
    /// One object; `None` if there is none of that name.
    pub async fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<Row>, Error> {
        check_name(name)?;
        let path = format!("{}/{name}?includeObject=Object", kind.path(namespace));
        match self.call(Method::GET, &path, None).await {
            Ok(bytes) => row(&bytes).map(Some),
            Err(Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub async fn claim(&self, target: &Target) -> Result<Option<Read<Claim>>, Error> {
        let row = self.get(Kind::Claim, Some(&target.namespace), &target.name).await?;
        row.map(Read::new::<PersistentVolumeClaim>).transpose()
    }

    pub async fn volume(&self, name: &str) -> Result<Option<Read<Volume>>, Error> {
        let row = self.get(Kind::Volume, None, name).await?;
        row.map(Read::new::<PersistentVolume>).transpose()
    }

    /// The API server's version (`v1.36.3`), if its response has one.
    pub async fn version(&self) -> Result<Option<String>, Error> {
        let version: Value = json(&self.call(Method::GET, "/version", None).await?)?;
        Ok(version["gitVersion"].as_str().map(str::to_owned))
    }

    /// Sends `change` with its precondition and returns the volume afterwards; with `dry_run`, the server processes
    /// the patch without persisting it.
    pub async fn patch(&self, change: &Change, field_manager: &str, dry_run: bool) -> Result<Read<Volume>, Error> {
        check_name(&change.volume)?;
        let dry_run = if dry_run { "&dryRun=All" } else { "" };
        let path = format!(
            "{}/{}?includeObject=Object&fieldManager={field_manager}{dry_run}",
            Kind::Volume.path(None),
            change.volume
        );
        let answer = self.call(Method::PATCH, &path, Some(change.body().to_string().into_bytes())).await?;
        Read::new::<PersistentVolume>(row(&answer)?)
    }

    /// Asks by a `SelfSubjectAccessReview` whether the user has a right.
    pub async fn may(&self, right: &Right, namespace: &str) -> Result<bool, Error> {
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
        self.exchange(method, path, body, OBJECT, |part| all.extend_from_slice(part)).await?;
        Ok(all)
    }

    /// Sends one request and passes its response on in parts, at most `most` bytes, within the limit for one response.
    pub(super) async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        most: u64,
        each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let exchange = self.send(method, path, body, most, each);
        let Some((limit, typed)) = &self.timeout else { return exchange.await };
        tokio::time::timeout(*limit, exchange)
            .await
            .unwrap_or_else(|_| Err(self.no_response(&format!("{typed} (--request-timeout)"))))
    }

    /// The error for a response that did not come within `limit`: `1m (--timeout)`.
    pub fn no_response(&self, limit: &str) -> Error {
        let trouble = Trouble::Passing(format!("no response within {limit}"));
        Error::Connection { server: self.server.clone(), trouble }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        most: u64,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let silent = |_| self.no_response(&format!("{}s", SILENCE.as_secs()));
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let broken = |e| transport::failure(&self.server, e);
        let mut attempts = 0;
        let response = loop {
            let mut request = Request::builder().method(&method).uri(path).header(header::ACCEPT, AS_TABLE);
            if body.is_some() {
                request = request.header(header::CONTENT_TYPE, kind);
            }
            let request = request.body(Body::from(body.clone().unwrap_or_default()));
            let response = tokio::time::timeout(SILENCE, self.client.send(request.map_err(Error::response)?));
            let response = response.await.map_err(silent)?.map_err(broken)?;
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
        let mut left = most;
        while let Some(part) = tokio::time::timeout(SILENCE, body.try_next()).await.map_err(silent)?.map_err(broken)? {
            left = left
                .checked_sub(part.len() as u64)
                .ok_or_else(|| Error::response(format!("more than {} MiB", most >> 20)))?;
            if status.is_success() { each(&part) } else { refusal.extend_from_slice(&part) }
        }
        if status.is_success() { Ok(()) } else { Err(refused(status, &refusal)) }
    }
}

/// The delay that `Retry-After` (in seconds) asks for on 429 and 5xx, as in client-go, up to a bound.
fn asked_to_wait<B>(response: &http::Response<B>) -> Option<Duration> {
    let busy = response.status() == StatusCode::TOO_MANY_REQUESTS || response.status().is_server_error();
    let seconds = response.headers().get(header::RETRY_AFTER).filter(|_| busy)?;
    let asked = seconds.to_str().ok()?.parse().ok().map(Duration::from_secs)?;
    Some(asked.min(LONGEST_PAUSE))
}

/// The error in the server's own words, else in those of the status line.
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

/// The API server's response as a `T`.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(Error::response)
}

/// The row of a one-row Table.
fn row(bytes: &[u8]) -> Result<Row, Error> {
    let table: Table = json(bytes)?;
    let only = table.rows.into_iter().next().ok_or_else(|| Error::response("Table has no rows"))?;
    let object = only.object.ok_or_else(|| Error::response(NO_OBJECT))?;
    Ok(Row { columns: table.column_definitions, cells: only.cells, object })
}

/// Names are put into URLs, so those from the cluster are validated like user input.
fn check_name(name: &str) -> Result<(), Error> {
    if is_name(name) {
        Ok(())
    } else {
        Err(Error::response(format!("invalid object name \"{}\"", name.escape_debug())))
    }
}

/// True if Kubernetes takes `name` for an object (RFC 1123 subdomain, 253 characters at most).
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
    fn a_server_may_ask_to_wait_up_to_a_bound() {
        let asked = |status: u16, after: &str| {
            let response =
                http::Response::builder().status(status).header(header::RETRY_AFTER, after).body(()).unwrap();
            asked_to_wait(&response).map(|pause| pause.as_secs())
        };
        assert_eq!(
            (asked(429, "2"), asked(503, "86400"), asked(429, "soon"), asked(200, "2")),
            (Some(2), Some(30), None, None)
        );
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
