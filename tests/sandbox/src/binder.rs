//! The volume controller: binds claims and volumes, and says what became of them.
//!
//! The rules are those of `pkg/controller/volume/persistentvolume` in Kubernetes, as far as
//! volumes that come and go here meet them.

use serde_json::{Value, json};

use crate::resources::{CLAIM_PROTECTION, Resource, VOLUME_PROTECTION};
use crate::store::{Key, Store, now};

const COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONERS: [&str; 2] =
    ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];

/// Looks at every claim and volume once; what that changes is looked at in the next round.
pub fn reconcile(store: &mut Store) {
    let keys = |store: &Store, plural| store.list(plural, None).map(|(key, _)| key.clone()).collect::<Vec<Key>>();
    for key in keys(store, "persistentvolumeclaims") {
        claim(store, &key);
    }
    for key in keys(store, "persistentvolumes") {
        volume(store, &key);
    }
}

fn volume_key(name: &Value) -> Key {
    ("persistentvolumes", String::new(), name.as_str().unwrap_or_default().to_owned())
}

fn claim(store: &mut Store, key: &Key) {
    let Some(claim) = store.get(key).cloned() else { return };
    if !claim["metadata"]["deletionTimestamp"].is_null() && !is_mounted(store, key) {
        let mut freed = claim.clone();
        drop_finalizer(&mut freed, CLAIM_PROTECTION);
        store.update(key, freed);
        return;
    }
    if claim["metadata"]["annotations"][COMPLETED].is_null() {
        unbound_claim(store, key, claim);
    } else {
        bound_claim(store, key, claim);
    }
}

/// A claim that was bound before: its volume must still be its own, or the claim is Lost.
fn bound_claim(store: &mut Store, key: &Key, mut claim: Value) {
    let volume = store.get(&volume_key(&claim["spec"]["volumeName"])).cloned();
    let own = volume.as_ref().is_some_and(|v| v["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]);
    match volume {
        Some(volume) if own => bind(store, key, claim, volume),
        Some(volume) if volume["spec"]["claimRef"].is_null() => bind(store, key, claim, volume),
        _ => {
            claim["status"] = json!({"phase": "Lost"});
            store.update(key, claim);
        }
    }
}

fn unbound_claim(store: &mut Store, key: &Key, mut claim: Value) {
    if !claim["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    if !claim["spec"]["volumeName"].is_null() {
        let volume = store.get(&volume_key(&claim["spec"]["volumeName"])).cloned();
        // Reserved for this claim: bound unchecked. Reserved for nobody: only if it fits.
        match volume {
            Some(v) if is_reserved_for(&v, &claim) => bind(store, key, claim, v),
            Some(v) if !v["spec"]["claimRef"].is_null() => {
                let name = &v["metadata"]["name"];
                event(
                    store,
                    key,
                    &claim,
                    "FailedBinding",
                    &format!("volume {name} already bound to a different claim."),
                );
            }
            Some(v) if fits(&v, &claim) => bind(store, key, claim, v),
            _ => {}
        }
        return;
    }
    let mut volumes: Vec<Value> = store.list("persistentvolumes", None).map(|(_, v)| v.clone()).collect();
    volumes.retain(|v| v["metadata"]["deletionTimestamp"].is_null() && big_enough(v, &claim) && modes_fit(v, &claim));
    let reserved = volumes.iter().find(|v| is_reserved_for(v, &claim));
    let free = |v: &&Value| v["spec"]["claimRef"].is_null() && v["status"]["phase"] == "Available" && fits(v, &claim);
    let smallest = volumes.iter().filter(free).min_by_key(|v| bytes(&v["spec"]["capacity"]["storage"]));
    if let Some(volume) = reserved.or(smallest).cloned() {
        bind(store, key, claim, volume);
        return;
    }
    let class =
        ("storageclasses", String::new(), claim["spec"]["storageClassName"].as_str().unwrap_or_default().to_owned());
    let name = class.2.clone();
    let Some(class) = store.get(&class).cloned() else {
        let message = format!("storageclass.storage.k8s.io \"{name}\" not found");
        event(store, key, &claim, "ProvisioningFailed", &message);
        return;
    };
    if class["volumeBindingMode"] == "WaitForFirstConsumer" && !is_mounted(store, key) {
        event(store, key, &claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
        return;
    }
    for annotation in PROVISIONERS {
        claim["metadata"]["annotations"][annotation] = class["provisioner"].clone();
    }
    store.update(key, claim);
}

/// Tells why a claim waits, once for each reason.
fn event(store: &mut Store, key: &Key, claim: &Value, reason: &str, message: &str) {
    let name = format!("{}.{}", key.2, reason.to_lowercase());
    if let Some(resource) = Resource::find("", "events") {
        let event = json!({"metadata": {"name": name}, "reason": reason, "message": message, "type": "Warning",
            "lastTimestamp": now(), "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": key.1,
                "name": key.2, "uid": claim["metadata"]["uid"]}});
        // The name is taken where it was told before.
        let _ = store.create(resource, &key.1, event);
    }
}

fn bind(store: &mut Store, key: &Key, mut claim: Value, mut volume: Value) {
    let reference = &volume["spec"]["claimRef"];
    if reference["uid"] != claim["metadata"]["uid"] {
        let reserved = !reference.is_null();
        volume["spec"]["claimRef"] = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "namespace": key.1, "name": key.2, "uid": claim["metadata"]["uid"],
            "resourceVersion": claim["metadata"]["resourceVersion"]});
        if !reserved || volume["metadata"]["annotations"][BY_CONTROLLER].is_null() {
            volume["metadata"]["annotations"][BY_CONTROLLER] = json!("yes");
        }
    }
    set_phase(&mut volume, "Bound");
    let volume = store.update(&volume_key(&volume["metadata"]["name"]), volume);
    if claim["spec"]["volumeName"].is_null() {
        claim["spec"]["volumeName"] = volume["metadata"]["name"].clone();
        claim["metadata"]["annotations"][BY_CONTROLLER] = json!("yes");
    }
    claim["metadata"]["annotations"][COMPLETED] = json!("yes");
    // Only when it becomes Bound (`updateClaimStatus` of the volume controller): later a resize changes it.
    if claim["status"]["phase"] != "Bound" {
        claim["status"] = json!({"phase": "Bound", "accessModes": volume["spec"]["accessModes"],
            "capacity": volume["spec"]["capacity"]});
    }
    store.update(key, claim);
}

fn volume(store: &mut Store, key: &Key) {
    let Some(mut volume) = store.get(key).cloned() else { return };
    let reference = volume["spec"]["claimRef"].clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let phase = if reference["uid"].is_null() {
        "Available"
    } else {
        let claim_key = ("persistentvolumeclaims", text(&reference["namespace"]), text(&reference["name"]));
        match store.get(&claim_key).filter(|claim| claim["metadata"]["uid"] == reference["uid"]) {
            Some(claim) if claim["spec"]["volumeName"] == volume["metadata"]["name"] => "Bound",
            Some(_) => return,
            None if volume["status"]["phase"] == "Failed" => "Failed",
            None => "Released",
        }
    };
    if !volume["metadata"]["deletionTimestamp"].is_null() && phase != "Bound" {
        drop_finalizer(&mut volume, VOLUME_PROTECTION);
    } else {
        set_phase(&mut volume, phase);
    }
    store.update(key, volume);
}

fn set_phase(volume: &mut Value, phase: &str) {
    if volume["status"]["phase"] != phase {
        volume["status"] = json!({"phase": phase, "lastPhaseTransitionTime": now()});
    }
}

fn drop_finalizer(object: &mut Value, name: &str) {
    if let Some(finalizers) = object["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|f| f != name);
    }
}

/// A pod holds its claims once it has a node.
fn is_mounted(store: &Store, claim: &Key) -> bool {
    store.list("pods", Some(&claim.1)).any(|(_, pod)| {
        let volumes = pod["spec"]["volumes"].as_array();
        !pod["spec"]["nodeName"].is_null()
            && volumes
                .is_some_and(|all| all.iter().any(|v| v["persistentVolumeClaim"]["claimName"] == claim.2.as_str()))
    })
}

fn is_reserved_for(volume: &Value, claim: &Value) -> bool {
    let reference = &volume["spec"]["claimRef"];
    !reference.is_null()
        && reference["namespace"] == claim["metadata"]["namespace"]
        && reference["name"] == claim["metadata"]["name"]
        && (reference["uid"].is_null() || reference["uid"] == claim["metadata"]["uid"])
}

fn fits(volume: &Value, claim: &Value) -> bool {
    volume["spec"]["storageClassName"] == claim["spec"]["storageClassName"]
        && big_enough(volume, claim)
        && modes_fit(volume, claim)
}

fn modes_fit(volume: &Value, claim: &Value) -> bool {
    let offered = volume["spec"]["accessModes"].as_array().cloned().unwrap_or_default();
    let wanted = claim["spec"]["accessModes"].as_array().cloned().unwrap_or_default();
    let same = |field: &str| volume["spec"][field] == claim["spec"][field];
    same("volumeMode") && same("volumeAttributesClassName") && wanted.iter().all(|mode| offered.contains(mode))
}

fn big_enough(volume: &Value, claim: &Value) -> bool {
    bytes(&volume["spec"]["capacity"]["storage"]) >= bytes(&claim["spec"]["resources"]["requests"]["storage"])
}

/// The bytes of a whole quantity with a binary suffix, the only ones that the tests use.
fn bytes(quantity: &Value) -> u64 {
    let text = quantity.as_str().unwrap_or_default();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[number.len()..] {
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => 1,
    };
    number.parse::<u64>().unwrap_or(0) * factor
}
