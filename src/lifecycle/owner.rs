//! The tools that own an object: a Helm release, Argo CD, Flux; and Helm's resource policy.
//!
//! Helm decides by the manifest that the release stored, not by the living object. `metadata.managedFields` tells
//! who wrote the annotation on the living object.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde::Serialize;

/// The annotation that tells Helm to leave an object behind when its release is uninstalled. Helm
/// deletes no object that has it, whatever its value.
const HELM_POLICY: &str = "helm.sh/resource-policy";
/// Field managers that write a release's manifest: Helm 3 and 4, and Flux.
const FROM_MANIFEST: [&str; 2] = ["helm", "helm-controller"];
/// Prefix of the field managers of commands that somebody types.
const BY_HAND: &str = "kubectl";
/// Field managers that apply their fields again and again.
const APPLIERS: [&str; 4] = ["helm", "helm-controller", "kustomize-controller", "argocd-controller"];

/// The annotation `helm.sh/resource-policy` of a claim, and who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Keep {
    /// Not annotated; the stored manifest may be, all the same.
    No,
    /// By a release's manifest: expect Helm to keep it.
    ByManifest,
    /// By hand: Helm ignores it.
    ByHand,
    /// By an unknown field manager.
    Unknown,
}

impl Keep {
    /// True if the claim may still exist after its release is uninstalled.
    #[must_use]
    pub fn may_stay(self) -> bool {
        matches!(self, Self::ByManifest | Self::Unknown)
    }
}

/// A Helm release.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Release {
    /// The release's name.
    pub name: String,
    /// The release's namespace.
    pub namespace: String,
}

/// A GitOps tool that may create a claim again after its deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Driver {
    /// An application of Argo CD.
    ArgoCd(String),
    /// A Flux object of this kind (`helmrelease`, `kustomization`), name and namespace.
    Flux(&'static str, String, String),
}

/// The object's resource policy, from its annotation and managedFields.
pub fn keep(meta: &ObjectMeta) -> Keep {
    if annotation(meta, HELM_POLICY).is_none() {
        return Keep::No;
    }
    let path = ["f:metadata", "f:annotations", "f:helm.sh/resource-policy"];
    let managers: Vec<&str> = owners(meta, &path).filter_map(|entry| entry.manager.as_deref()).collect();
    if managers.iter().any(|m| FROM_MANIFEST.contains(m)) {
        Keep::ByManifest
    } else if !managers.is_empty() && managers.iter().all(|m| m.starts_with(BY_HAND)) {
        Keep::ByHand
    } else {
        Keep::Unknown
    }
}

/// The release that the object belongs to.
pub fn release(meta: &ObjectMeta) -> Option<Release> {
    let name = argument(annotation(meta, "meta.helm.sh/release-name")?)?;
    let namespace = argument(annotation(meta, "meta.helm.sh/release-namespace")?)?;
    Some(Release { name: name.to_owned(), namespace: namespace.to_owned() })
}

/// The GitOps tool that applies the object. `app.kubernetes.io/instance` proves nothing: many charts set it.
pub fn driver(meta: &ObjectMeta) -> Option<Driver> {
    let label = |key: &str| meta.labels.as_ref().and_then(|labels| argument(labels.get(key)?));
    let flux = |kind, prefix: &str| {
        let (name, namespace) = (label(&format!("{prefix}/name"))?, label(&format!("{prefix}/namespace"))?);
        Some(Driver::Flux(kind, name.to_owned(), namespace.to_owned()))
    };
    let tracked = annotation(meta, "argocd.argoproj.io/tracking-id").and_then(|id| argument(id.split(':').next()?));
    let argo = tracked.or_else(|| label("argocd.argoproj.io/instance")).map(|app| Driver::ArgoCd(app.to_owned()));
    argo.or_else(|| flux("helmrelease", "helm.toolkit.fluxcd.io"))
        .or_else(|| flux("kustomization", "kustomize.toolkit.fluxcd.io"))
}

/// The field manager that applies the reclaim policy of a volume, and may set it back.
pub fn policy_applier(meta: &ObjectMeta) -> Option<String> {
    let applies = |entry: &&ManagedFieldsEntry| {
        let manager = entry.manager.as_deref().unwrap_or_default();
        let theirs = entry.operation.as_deref() == Some("Apply") || APPLIERS.contains(&manager);
        theirs && !manager.starts_with(BY_HAND)
    };
    owners(meta, &["f:spec", "f:persistentVolumeReclaimPolicy"]).find(applies)?.manager.clone()
}

/// `name`, if it can be an argument of a command. Anybody can write an annotation: one that begins with a dash
/// would be a flag, and any character that no name of Helm's or Kubernetes' has could mean something to a shell.
fn argument(name: &str) -> Option<&str> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(part_of_name)).then_some(name)
}

fn annotation<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    meta.annotations.as_ref()?.get(key).map(String::as_str)
}

/// The entries of managedFields that own the field.
fn owners<'a>(meta: &'a ObjectMeta, path: &'a [&str]) -> impl Iterator<Item = &'a ManagedFieldsEntry> {
    let owns = |entry: &ManagedFieldsEntry| {
        let root = entry.fields_v1.as_ref().map(|fields| &fields.0);
        path.iter().try_fold(root?, |at, key| at.get(*key)).map(|_| ())
    };
    meta.managed_fields.iter().flatten().filter(move |entry| owns(entry).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_shell_characters_is_rejected() {
        let meta = |name: &str| ObjectMeta {
            annotations: Some(
                [
                    ("meta.helm.sh/release-name", name),
                    ("meta.helm.sh/release-namespace", "openstack"),
                    (
                        "argocd.argoproj.io/tracking-id",
                        &format!("{name}:/PersistentVolumeClaim:openstack/glance-images"),
                    ),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ),
            ..ObjectMeta::default()
        };
        let found = |name: &str| (release(&meta(name)).map(|r| r.name), driver(&meta(name)));
        assert_eq!(found("images"), (Some("images".to_owned()), Some(Driver::ArgoCd("images".to_owned()))));
        for other in ["--all", "-x", "", "x; y", "x$(y)", "x\ny", "x' && y", "x&y", "\u{201c}x"] {
            assert_eq!(found(other), (None, None), "{other}");
        }
    }
}
