//! The resources that the sandbox serves, and what a server does to objects of each.

use serde_json::{Value, json};

/// A resource as discovery tells of it.
#[derive(Debug)]
pub struct Resource {
    /// Empty for the core group.
    pub group: &'static str,
    /// `persistentvolumes`
    pub plural: &'static str,
    /// `PersistentVolume`
    pub kind: &'static str,
    /// `pv`
    pub short: &'static [&'static str],
    /// True if its objects live in namespaces.
    pub namespaced: bool,
}

const fn resource(
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
) -> Resource {
    Resource { group, plural, kind, short, namespaced }
}

/// All of them.
pub const RESOURCES: &[Resource] = &[
    resource("", "configmaps", "ConfigMap", &["cm"], true),
    resource("", "events", "Event", &["ev"], true),
    resource("", "nodes", "Node", &["no"], false),
    resource("", "namespaces", "Namespace", &["ns"], false),
    resource("", "persistentvolumeclaims", "PersistentVolumeClaim", &["pvc"], true),
    resource("", "persistentvolumes", "PersistentVolume", &["pv"], false),
    resource("", "pods", "Pod", &["po"], true),
    resource("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", &["crd"], false),
    resource("trident.netapp.io", "tridentvolumes", "TridentVolume", &["tvol"], true),
    resource("storage.k8s.io", "storageclasses", "StorageClass", &["sc"], false),
];

/// The finalizer that keeps a claim while a pod mounts it.
pub const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";
/// The finalizer that keeps a volume while it is bound.
pub const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";

impl Resource {
    /// The resource of that group and plural name.
    #[must_use]
    pub fn find(group: &str, plural: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|r| r.group == group && r.plural == plural)
    }

    /// `v1` or `storage.k8s.io/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", self.group) }
    }

    /// `persistentvolumes` or `storageclasses.storage.k8s.io`, as messages have it.
    #[must_use]
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The defaults and finalizers that a new object gets.
    pub fn admit(&self, object: &mut Value) {
        object["apiVersion"] = json!(self.api_version());
        object["kind"] = json!(self.kind);
        let default = |field: &mut Value, value: Value| {
            if field.is_null() {
                *field = value;
            }
        };
        match self.plural {
            "persistentvolumes" => {
                default(&mut object["spec"]["persistentVolumeReclaimPolicy"], json!("Retain"));
                default(&mut object["spec"]["volumeMode"], json!("Filesystem"));
                default(&mut object["metadata"]["finalizers"], json!([VOLUME_PROTECTION]));
                default(&mut object["status"], json!({"phase": "Pending"}));
            }
            "persistentvolumeclaims" => {
                default(&mut object["spec"]["volumeMode"], json!("Filesystem"));
                default(&mut object["metadata"]["finalizers"], json!([CLAIM_PROTECTION]));
                object["status"] = json!({"phase": "Pending"});
            }
            "pods" => default(&mut object["status"], json!({"phase": "Running"})),
            "storageclasses" => {
                default(&mut object["reclaimPolicy"], json!("Delete"));
                default(&mut object["volumeBindingMode"], json!("Immediate"));
            }
            "namespaces" => object["status"] = json!({"phase": "Active"}),
            _ => {}
        }
    }

    /// The validation of a change: the field and the message, if it is invalid.
    #[must_use]
    pub fn invalid(&self, old: &Value, new: &Value) -> Option<(&'static str, String)> {
        let uid = &new["metadata"]["uid"];
        if *uid != old["metadata"]["uid"] {
            return Some(("metadata.uid", format!("Invalid value: {uid}: field is immutable")));
        }
        if self.plural == "persistentvolumes" {
            let policy = &new["spec"]["persistentVolumeReclaimPolicy"];
            if !["Retain", "Delete", "Recycle"].contains(&policy.as_str().unwrap_or_default()) {
                return Some((
                    "spec.persistentVolumeReclaimPolicy",
                    format!("Unsupported value: {policy}: supported values: \"Delete\", \"Recycle\", \"Retain\""),
                ));
            }
            for field in ["csi", "hostPath", "nfs"] {
                if old["spec"][field] != new["spec"][field] {
                    return Some((
                        "spec.persistentvolumesource",
                        "Forbidden: spec.persistentvolumesource is immutable after creation".to_owned(),
                    ));
                }
            }
        }
        if self.plural == "persistentvolumeclaims" {
            let fixed = |claim: &Value| {
                let mut spec = claim["spec"].clone();
                spec["resources"] = Value::Null;
                spec
            };
            let unbound = old["spec"]["volumeName"].is_null();
            let (mut before, after) = (fixed(old), fixed(new));
            if unbound && old["status"]["phase"] == "Pending" {
                before["volumeName"] = after["volumeName"].clone();
            }
            if before != after {
                return Some((
                    "spec",
                    "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims".to_owned(),
                ));
            }
        }
        None
    }
}
