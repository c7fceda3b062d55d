//! The state that the server, the controllers and the tests share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::answer::Refusal;
use crate::resources::Resource;
use crate::store::Store;

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// `GET`
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The body, null where there was none.
    pub body: Value,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
}

/// A fault of a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The server answers with this error and does nothing.
    Answer(Refusal),
    /// The server answers with this error and `Retry-After: 1`, and does nothing.
    Later(Refusal),
    /// The connection breaks before the server has done anything.
    Break,
    /// The server never answers.
    Hang,
    /// The server does it, and the connection breaks before the answer is out.
    LoseAnswer,
    /// The server does it, and the connection breaks in the middle of the answer.
    CutAnswer,
    /// The server does it, and the answer comes a byte a second.
    Drip,
    /// The server does it, and after the headers nothing comes.
    Stall,
    /// The server does it, and the answer has no end.
    Endless,
    /// The server does it, and something in between answers with this type and text.
    Garble(&'static str, &'static str),
}

struct Planned {
    method: String,
    path: String,
    left: usize,
    fault: Fault,
}

/// A verb on a resource that a user may not use.
struct Forbidden {
    user: String,
    verb: String,
    plural: String,
}

/// The state of one sandbox.
pub struct State {
    store: Mutex<Store>,
    changes: watch::Sender<u64>,
    epoch: AtomicU64,
    requests: Mutex<Vec<Recorded>>,
    faults: Mutex<Vec<Planned>>,
    forbidden: Mutex<Vec<Forbidden>>,
    /// The objects as the watch cache has them, where that stands still.
    cache: Mutex<Option<Store>>,
    /// True if the volume controller stands still.
    pub paused: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for State {
    fn default() -> Self {
        Self {
            store: Mutex::default(),
            changes: watch::Sender::new(0),
            epoch: AtomicU64::new(0),
            requests: Mutex::default(),
            faults: Mutex::default(),
            forbidden: Mutex::default(),
            cache: Mutex::default(),
            paused: AtomicBool::new(false),
        }
    }
}

impl State {
    /// The objects.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        locked(&self.store)
    }

    /// The objects that lists with `resourceVersion=0` are made from; `None` where the watch cache is up to date.
    pub fn cache(&self) -> MutexGuard<'_, Option<Store>> {
        locked(&self.cache)
    }

    /// Stops the watch cache: from now on it knows nothing that comes.
    pub fn freeze_cache(&self) {
        *self.cache() = Some(self.store().clone());
    }

    /// Tells watches and controllers that something has changed.
    pub fn touched(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    /// Becomes ready whenever something has changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Watches belong to an epoch and end with it.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Ends all watches that are under way.
    pub fn drop_watches(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.touched();
    }

    /// Notes a request; the fault that is planned for it.
    pub fn record(&self, request: Recorded) -> Option<Fault> {
        let mut faults = locked(&self.faults);
        let hit =
            faults.iter_mut().find(|p| p.left > 0 && p.method == request.method && request.path.contains(&p.path));
        let fault = hit.map(|planned| {
            planned.left -= 1;
            planned.fault.clone()
        });
        locked(&self.requests).push(request);
        fault
    }

    /// The requests since the last call.
    pub fn take_requests(&self) -> Vec<Recorded> {
        std::mem::take(&mut locked(&self.requests))
    }

    /// The number of planned faults that have not struck yet.
    pub fn planned(&self) -> usize {
        locked(&self.faults).iter().map(|planned| planned.left).sum()
    }

    /// Forgets what was planned.
    pub fn plan_nothing(&self) {
        locked(&self.faults).clear();
    }

    /// Plans `fault` for the next `times` requests of that method whose path contains `path`.
    pub fn plan(&self, method: &str, path: &str, times: usize, fault: Fault) {
        locked(&self.faults).push(Planned { method: method.to_owned(), path: path.to_owned(), left: times, fault });
    }

    /// Takes a right from a user.
    pub fn forbid(&self, user: &str, verb: &str, plural: &str) {
        let (user, verb, plural) = (user.to_owned(), verb.to_owned(), plural.to_owned());
        locked(&self.forbidden).push(Forbidden { user, verb, plural });
    }

    /// True if the user may.
    pub fn allows(&self, user: &str, verb: &str, resource: &Resource) -> bool {
        !locked(&self.forbidden).iter().any(|f| f.user == user && f.verb == verb && f.plural == resource.plural)
    }

    /// The user who asks: whoever has our client certificate is `admin`, a bearer token is its owner's name;
    /// anything else is nobody.
    pub fn user(&self, certificate: bool, authorization: &str) -> Option<String> {
        match authorization.strip_prefix("Bearer ") {
            Some(token) => token.strip_suffix("-token").map(str::to_owned),
            None => certificate.then(|| "admin".to_owned()),
        }
    }
}
