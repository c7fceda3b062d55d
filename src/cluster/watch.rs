//! Waits for a change of one object, by a watch.

use std::time::Duration;

use futures::StreamExt;
use futures::future::try_join;
use kube::api::{Request, WatchParams};
use kube::core::WatchEvent;
use serde::Deserialize;

use super::api::{Cluster, Kind};
use super::transport;
use crate::error::Error;
use crate::lifecycle::Target;

/// The longest that one watch lasts; then the state is read again, in case an event was lost (a stalled proxy,
/// a delete before the watch began). `--request-timeout` makes it shorter.
const LONGEST: Duration = Duration::from_secs(30);
/// The pause before another request to an API server that did not answer.
pub const PAUSE: Duration = Duration::from_secs(1);

/// The object to watch, and the resourceVersion at which it was read; `None` if it did not exist.
pub enum Watched<'a> {
    Claim(&'a Target, Option<&'a str>),
    Volume(&'a str, Option<&'a str>),
    /// The claims of a namespace and all volumes, since these versions.
    Any(&'a str, &'a [String; 2]),
}

#[derive(Clone, Deserialize)]
struct Touched {
    metadata: Meta,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    resource_version: String,
}

impl Cluster {
    /// Returns when the object may have changed since it was read: on an event, when the watch ends or has expired
    /// (410), and at the latest after half a minute or the limit for one response. The caller reads again.
    ///
    /// A server that cannot be reached is not an error here: the caller tries again. A refused watch is.
    pub async fn changed(&self, watched: Watched<'_>) -> Result<(), Error> {
        match watched {
            Watched::Claim(target, seen) => {
                self.changed_at(Kind::Claim.path(Some(&target.namespace)), Some(&target.name), seen).await
            }
            Watched::Volume(name, seen) => self.changed_at(Kind::Volume.path(None), Some(name), seen).await,
            Watched::Any(namespace, [claims, volumes]) => tokio::select! {
                outcome = self.changed_at(Kind::Claim.path(Some(namespace)), None, Some(claims)) => outcome,
                outcome = self.changed_at(Kind::Volume.path(None), None, Some(volumes)) => outcome,
            },
        }
    }

    async fn changed_at(&self, path: String, name: Option<&str>, seen: Option<&str>) -> Result<(), Error> {
        let begun = tokio::time::Instant::now();
        let longest = self.timeout.as_ref().map_or(LONGEST, |(limit, _)| LONGEST.min(*limit));
        match tokio::time::timeout(longest, self.event(path, name, seen)).await {
            Ok(Err(error)) if !error.is_passing() => Err(error),
            // The watch ended without an event: a server that ends each at once is not asked any faster.
            Ok(Err(_) | Ok(false)) => {
                tokio::time::sleep_until(begun + PAUSE).await;
                Ok(())
            }
            Ok(Ok(true)) | Err(_) => Ok(()),
        }
    }

    /// The versions of the namespace's claims and of all volumes as of now, for [`Watched::Any`].
    pub async fn versions(&self, namespace: &str) -> Result<[String; 2], Error> {
        let (claims, volumes) = (Kind::Claim.path(Some(namespace)), Kind::Volume.path(None));
        try_join(self.version_of(&claims), self.version_of(&volumes)).await.map(<[String; 2]>::from)
    }

    /// Watches until an event; false if the watch ends before.
    async fn event(&self, path: String, name: Option<&str>, seen: Option<&str>) -> Result<bool, Error> {
        let params = WatchParams::default().timeout(u32::try_from(LONGEST.as_secs()).unwrap_or(u32::MAX));
        let params = match name {
            Some(name) => params.fields(&format!("metadata.name={name}")),
            None => params,
        };
        // Without a resourceVersion the watch starts with an ADDED event, so that an object created after our
        // read is not missed.
        let request = Request::new(path).watch_metadata(&params, seen.unwrap_or_default());
        let request = request.map_err(Error::response)?;
        let broken = |e| transport::failure(&self.server, e);
        let mut events = match self.client.request_events::<Touched>(request).await {
            Ok(events) => Box::pin(events),
            Err(kube::Error::Api(status)) if status.code == 410 => return Ok(false),
            Err(error) => return Err(broken(error)),
        };
        while let Some(event) = events.next().await {
            match event.map_err(broken)? {
                WatchEvent::Added(o) | WatchEvent::Modified(o) if is_old(&o.metadata.resource_version, seen) => {}
                WatchEvent::Bookmark(_) => {}
                WatchEvent::Error(status) if status.code != 410 => return Err(Error::Api(status)),
                _ => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// True for an event at or before the version that was read: servers may replay, or lag behind.
fn is_old(version: &str, seen: Option<&str>) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    match (number(version), seen.and_then(number)) {
        (Some(version), Some(seen)) => version <= seen,
        _ => Some(version) == seen,
    }
}
