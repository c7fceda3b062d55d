//! Objects, their versions, and what happened to them: etcd and the registry in one.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::resources::Resource;

/// Which object: its resource, its namespace (empty for those of the cluster) and its name.
pub type Key = (&'static str, String, String);

/// Something that happened to an object.
#[derive(Clone, Debug)]
pub struct Event {
    /// The resourceVersion at which it happened.
    pub version: u64,
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub kind: &'static str,
    /// The object.
    pub key: Key,
    /// As it was then.
    pub object: Value,
}

/// All objects at one resourceVersion, and the events that led there.
#[derive(Clone, Default)]
pub struct Store {
    /// The newest resourceVersion.
    pub version: u64,
    /// The oldest version that a watch may still begin from.
    pub compacted: u64,
    objects: BTreeMap<Key, Value>,
    events: Vec<Event>,
}

impl Store {
    /// The object of that key.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// The objects of a resource, in order of namespace and name.
    pub fn list<'a>(
        &'a self,
        plural: &'a str,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        let wanted = move |key: &Key| key.0 == plural && namespace.is_none_or(|n| n == key.1);
        self.objects.iter().filter(move |(key, _)| wanted(key))
    }

    /// The changes of a resource after `version`.
    #[must_use]
    pub fn since(&self, version: u64) -> &[Event] {
        let from = self.events.partition_point(|event| event.version <= version);
        &self.events[from..]
    }

    /// Forgets all events, as etcd's compaction does: older watches end with 410.
    pub fn compact(&mut self) {
        self.compacted = self.version;
        self.events.clear();
    }

    /// Adds an object, with the metadata that a server gives.
    pub fn create(&mut self, resource: &Resource, namespace: &str, mut object: Value) -> Result<Value, Refusal> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let key = (resource.plural, namespace.to_owned(), name.clone());
        if self.objects.contains_key(&key) {
            return Err(Refusal::already_exists(resource, &name));
        }
        let metadata = &mut object["metadata"];
        metadata["uid"] = json!(uid());
        metadata["creationTimestamp"] = json!(now());
        if !namespace.is_empty() {
            metadata["namespace"] = json!(namespace);
        }
        resource.admit(&mut object);
        Ok(self.put("ADDED", key, object))
    }

    /// Replaces an object; one that was waiting only for its finalizers to go is gone then. An
    /// object that would not change keeps its version.
    pub fn update(&mut self, key: &Key, object: Value) -> Value {
        if self.objects.get(key) == Some(&object) {
            return object;
        }
        let metadata = &object["metadata"];
        let finalizers = metadata["finalizers"].as_array().map_or(0, Vec::len);
        if !metadata["deletionTimestamp"].is_null() && finalizers == 0 {
            return self.remove(key).unwrap_or(object);
        }
        self.put("MODIFIED", key.clone(), object)
    }

    /// Deletes an object, or marks it as Terminating while it has finalizers.
    pub fn delete(&mut self, key: &Key) -> Option<Value> {
        let mut object = self.objects.get(key)?.clone();
        let held = object["metadata"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
        if !held {
            return self.remove(key);
        }
        if object["metadata"]["deletionTimestamp"].is_null() {
            object["metadata"]["deletionTimestamp"] = json!(now());
            object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        }
        Some(self.update(key, object))
    }

    fn remove(&mut self, key: &Key) -> Option<Value> {
        let mut object = self.objects.remove(key)?;
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.record("DELETED", key.clone(), object.clone());
        Some(object)
    }

    fn put(&mut self, kind: &'static str, key: Key, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(key.clone(), object.clone());
        self.record(kind, key, object.clone());
        object
    }

    fn record(&mut self, kind: &'static str, key: Key, object: Value) {
        self.events.push(Event { version: self.version, kind, key, object });
    }
}

/// Now, as Kubernetes writes it: whole seconds.
#[must_use]
pub fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// A UID that no other object has.
fn uid() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (a, b) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}
