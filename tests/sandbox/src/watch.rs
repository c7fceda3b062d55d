//! Watches: what happens to a resource, told as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use http::{Response, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use serde_json::json;

use crate::answer::Refusal;
use crate::server::{Answer, Call};
use crate::state::State;
use crate::store::Event;

/// Answers with the events of a resource, as they happen.
pub fn watch(state: &Arc<State>, call: Call) -> Result<Answer, Refusal> {
    let (first, from) = {
        let store = state.store();
        if let Some(text) = call.get("resourceVersion").filter(|v| *v != "0") {
            let from = text.parse().map_err(|_| Refusal::new(400, "BadRequest", "invalid resource version"))?;
            if from < store.compacted {
                return Err(Refusal::expired(from, store.compacted));
            }
            (Vec::new(), from)
        } else {
            let all = store.list(call.resource.plural, call.namespace.as_deref());
            let added =
                all.map(|(key, object)| Event { version: 0, kind: "ADDED", key: key.clone(), object: object.clone() });
            (added.collect(), store.version)
        }
    };
    let limit =
        call.get("timeoutSeconds").and_then(|s| s.parse().ok()).map_or(Duration::from_secs(1800), Duration::from_secs);
    let watching = Watching {
        state: Arc::clone(state),
        call,
        from,
        told: false,
        ends: tokio::time::Instant::now() + limit,
        epoch: state.epoch(),
    };
    let first = watching_lines(&first, watching);
    let stream = first.map(|line| Ok::<_, Infallible>(Frame::data(Bytes::from(line))));
    let mut answer = Response::new(BodyExt::boxed(StreamBody::new(stream)));
    answer.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(answer)
}

struct Watching {
    state: Arc<State>,
    call: Call,
    from: u64,
    /// True if a Table's columns were told already.
    told: bool,
    ends: tokio::time::Instant,
    epoch: u64,
}

impl Watching {
    fn line(&mut self, event: &Event) -> Option<String> {
        let mine = event.key.0 == self.call.resource.plural
            && self.call.namespace.as_ref().is_none_or(|n| *n == event.key.1)
            && self.call.selects(&event.object);
        if !mine {
            return None;
        }
        let object = self.call.one(&event.object, !self.told);
        self.told = true;
        Some(format!("{}\n", json!({"type": event.kind, "object": object})))
    }

    /// The lines of what has happened since, once something has; `None` when the watch ends.
    async fn next(&mut self) -> Option<String> {
        let mut changes = self.state.changes();
        loop {
            changes.borrow_and_update();
            if self.epoch != self.state.epoch() {
                return None;
            }
            let (events, compacted, version) = {
                let store = self.state.store();
                (store.since(self.from).to_vec(), store.compacted, store.version)
            };
            if compacted > self.from {
                self.epoch = u64::MAX;
                let status = Refusal::expired(self.from, compacted).status();
                return Some(format!("{}\n", json!({"type": "ERROR", "object": status})));
            }
            self.from = version;
            let lines: String = events.iter().filter_map(|event| self.line(event)).collect();
            if !lines.is_empty() {
                return Some(lines);
            }
            tokio::select! {
                changed = changes.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.ends) => return self.bookmark(),
            }
        }
    }

    /// Before a watch ends by itself, where bookmarks are wanted, the version to go on from.
    fn bookmark(&mut self) -> Option<String> {
        if self.call.get("allowWatchBookmarks") != Some("true") || self.epoch == u64::MAX {
            return None;
        }
        self.epoch = u64::MAX;
        let object = json!({"kind": self.call.resource.kind, "apiVersion": self.call.resource.api_version(),
            "metadata": {"resourceVersion": self.from.to_string()}});
        Some(format!("{}\n", json!({"type": "BOOKMARK", "object": object})))
    }
}

fn watching_lines(first: &[Event], mut watching: Watching) -> impl futures::Stream<Item = String> + use<> {
    let lines: String = first.iter().filter_map(|event| watching.line(event)).collect();
    let first = futures::stream::iter((!lines.is_empty()).then_some(lines));
    first.chain(futures::stream::unfold(watching, |mut watching| async {
        let line = watching.next().await?;
        Some((line, watching))
    }))
}
