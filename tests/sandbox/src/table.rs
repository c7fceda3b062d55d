//! Server-side Tables, in the columns of a current server.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::resources::Resource;

type Cell = fn(&Value) -> Value;

/// The part of each object that a Table row carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// Nothing.
    None,
    /// Its metadata.
    Metadata,
    /// All of it.
    Object,
}

const VOLUME: &[(&str, i32, Cell)] = &[
    ("Name", 0, |o| o["metadata"]["name"].clone()),
    ("Capacity", 0, |o| o["spec"]["capacity"]["storage"].clone()),
    ("Access Modes", 0, |o| modes(&o["spec"]["accessModes"])),
    ("Reclaim Policy", 0, |o| o["spec"]["persistentVolumeReclaimPolicy"].clone()),
    ("Status", 0, |o| phase(o)),
    ("Claim", 0, claim_of),
    ("StorageClass", 0, class),
    ("VolumeAttributesClass", 0, |_| json!("<unset>")),
    ("Reason", 0, |o| text(&o["status"]["reason"])),
    ("Age", 0, age),
    ("VolumeMode", 1, |o| o["spec"]["volumeMode"].clone()),
];

const CLAIM: &[(&str, i32, Cell)] = &[
    ("Name", 0, |o| o["metadata"]["name"].clone()),
    ("Status", 0, |o| phase(o)),
    ("Volume", 0, |o| text(&o["spec"]["volumeName"])),
    ("Capacity", 0, |o| held(o, size(&o["status"]["capacity"]["storage"]))),
    ("Access Modes", 0, |o| held(o, modes(&o["status"]["accessModes"]))),
    ("StorageClass", 0, class),
    ("VolumeAttributesClass", 0, |_| json!("<unset>")),
    ("Age", 0, age),
    ("VolumeMode", 1, |o| o["spec"]["volumeMode"].clone()),
];

const OTHER: &[(&str, i32, Cell)] = &[("Name", 0, |o| o["metadata"]["name"].clone()), ("Age", 0, age)];

/// A Table of `objects`; `definitions` tells whether it has its columns, which events after the
/// first have not.
#[must_use]
pub fn table(resource: &Resource, objects: &[&Value], include: Include, definitions: bool, list: &Value) -> Value {
    let columns = match resource.plural {
        "persistentvolumes" => VOLUME,
        "persistentvolumeclaims" => CLAIM,
        _ => OTHER,
    };
    let rows = objects.iter().map(|object| {
        let cells: Vec<Value> = columns.iter().map(|(_, _, cell)| cell(object)).collect();
        match include {
            Include::None => json!({"cells": cells}),
            Include::Object => json!({"cells": cells, "object": object}),
            Include::Metadata => json!({"cells": cells, "object": {
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}}),
        }
    });
    let shown = columns.iter().map(|(name, priority, _)| {
        let format = if *name == "Name" { "name" } else { "" };
        json!({"name": name, "type": "string", "format": format, "description": "", "priority": priority})
    });
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": list,
        "columnDefinitions": if definitions { shown.collect::<Vec<_>>() } else { Vec::new() },
        "rows": rows.collect::<Vec<_>>()})
}

fn text(value: &Value) -> Value {
    if value.is_null() { json!("") } else { value.clone() }
}

/// A quantity that is not set prints as zero.
fn size(value: &Value) -> Value {
    if value.is_null() { json!("0") } else { value.clone() }
}

fn held(claim: &Value, cell: Value) -> Value {
    if claim["spec"]["volumeName"].is_null() { json!("") } else { cell }
}

fn phase(object: &Value) -> Value {
    if object["metadata"]["deletionTimestamp"].is_null() {
        object["status"]["phase"].clone()
    } else {
        json!("Terminating")
    }
}

fn class(object: &Value) -> Value {
    text(&object["spec"]["storageClassName"])
}

fn claim_of(volume: &Value) -> Value {
    let claim = &volume["spec"]["claimRef"];
    match (claim["namespace"].as_str(), claim["name"].as_str()) {
        (Some(namespace), Some(name)) => json!(format!("{namespace}/{name}")),
        _ => json!(""),
    }
}

fn modes(given: &Value) -> Value {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let has = |long: &str| given.as_array().is_some_and(|all| all.iter().any(|m| m == long));
    let short: Vec<_> = SHORT.iter().filter(|(long, _)| has(long)).map(|(_, short)| *short).collect();
    json!(short.join(","))
}

/// Coarser than the real server's, and enough: objects of the sandbox are young.
fn age(object: &Value) -> Value {
    let created = object["metadata"]["creationTimestamp"].as_str().and_then(|t| t.parse::<Timestamp>().ok());
    let Some(created) = created else { return json!("<unknown>") };
    let seconds = Timestamp::now().duration_since(created).as_secs();
    json!(match seconds {
        ..120 => format!("{seconds}s"),
        120..10_800 => format!("{}m", seconds / 60),
        10_800..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    })
}
