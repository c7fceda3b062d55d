//! Owners: what deletes a claim, what may create it again, and who applies a volume.
//!
//! Helm decides by the manifest that the release stored, Argo CD and Flux by the living object. `metadata.managedFields`
//! tells who wrote a field. Sources: `filterManifestsToKeep` of Helm; `shouldBeDeleted`, `isPruningDisabled`,
//! `BuildAppInstanceValue` and `ParseInstanceName` of Argo CD 3.5; `SetOwnerLabels` and the exclusions of Flux'
//! kustomize-controller; `originLabels` of its helm-controller; `getPersistentVolumeClaims` of Kubernetes'
//! `StatefulSet` controller.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde::Serialize;

/// The annotation that tells Helm to leave an object behind when its release is uninstalled. Helm
/// deletes no object that has it, whatever its value.
const HELM_POLICY: &str = "helm.sh/resource-policy";
/// The label by which charts name a release, and Argo CD an application.
const INSTANCE: &str = "app.kubernetes.io/instance";
/// The label by which Argo CD names the application, where it was told to.
const ARGO_INSTANCE: &str = "argocd.argoproj.io/instance";
/// Field managers that write a release's manifest: Helm 3 and 4, and Flux.
const FROM_MANIFEST: [&str; 2] = ["helm", "helm-controller"];
/// Prefix of the field managers of commands that somebody types, and of this one.
const BY_HAND: &str = "kubectl";
/// Argo CD's field managers: client-side and server-side apply; replace.
const ARGO: [&str; 2] = ["argocd-controller", "argocd-application-controller"];
/// Field managers that apply their fields again and again.
const APPLIERS: [&str; 5] =
    ["helm", "helm-controller", "kustomize-controller", "argocd-controller", "argocd-application-controller"];
/// Field managers of controllers that create claims for a `StatefulSet`: the name of their binary, which is another on
/// k3s and `MicroK8s`.
const CONTROLLERS: [&str; 3] = ["kube-controller-manager", "k3s", "kubelite"];

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
    /// True if Helm may leave the claim behind.
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
    /// The namespace in which Helm stores it.
    pub namespace: String,
}

/// A GitOps tool that may create a claim again after its deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Driver {
    /// An application of Argo CD, as its CLI takes the name: `NAME` or `NAMESPACE/NAME`.
    ArgoCd(String),
    /// A Flux object of this kind (`helmrelease`, `kustomization`), name and namespace.
    Flux(&'static str, String, String),
}

/// The object that a claim is deleted with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct DeletedWith {
    /// `Release`, `Application`, `Kustomization`, or the kind of an owner.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, where it has another than the claim.
    pub namespace: Option<String>,
    /// True if an `ownerReference` names it: an operator's kind can have the name of a tool's (`Application`).
    #[serde(skip)]
    pub owns: bool,
}

/// Reason why a claim survives the deletion of what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stays {
    /// Annotated for Helm to keep it.
    Helm,
    /// A Helm hook: uninstalling leaves it, the next upgrade deletes it and creates it again.
    Hook,
    /// Made by the controller of a `StatefulSet`, which does not own it.
    StatefulSet,
    /// `argocd.argoproj.io/sync-options: Delete=false`: the application's deletion leaves it, a prune does not.
    ArgoDelete,
    /// `argocd.argoproj.io/sync-options: Prune=false`: a prune leaves it, the application's deletion does not.
    ArgoPrune,
    /// `helm.sh/resource-policy: keep` on the living object: the application's deletion leaves it, a prune does not.
    ArgoKeep,
    /// `kustomize.toolkit.fluxcd.io/prune: disabled`.
    FluxPrune,
}

impl Stays {
    /// True if the claim stays when the release or the application is removed.
    #[must_use]
    pub fn survives_uninstall(self) -> bool {
        self != Self::ArgoPrune
    }
}

/// The tool that applies a volume's object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Applier {
    /// The field manager.
    pub manager: String,
    /// The object of the tool, if the volume tells it.
    pub driver: Option<Driver>,
    /// True if it replaces the object, which clears `claimRef.uid` under a living claim.
    pub replaces: bool,
}

impl Applier {
    /// True if it applies the object again by itself; Helm does so only in an upgrade.
    #[must_use]
    pub fn acts_by_itself(&self) -> bool {
        self.manager != "helm"
    }
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

/// The Helm release that the object belongs to.
///
/// A Flux `HelmRelease` with a target namespace stores its release in its own namespace, which its labels tell; the
/// annotation has the target's.
pub fn release(meta: &ObjectMeta) -> Option<Release> {
    let name = argument(annotation(meta, "meta.helm.sh/release-name")?)?;
    let namespace = argument(annotation(meta, "meta.helm.sh/release-namespace")?)?;
    let stored = label(meta, "helm.toolkit.fluxcd.io/namespace").unwrap_or(namespace);
    Some(Release { name: name.to_owned(), namespace: stored.to_owned() })
}

/// The GitOps tool that applies the object. A tracking id of another object does not count, nor a label
/// `app.kubernetes.io/instance` that Argo CD does not own: many charts set it.
pub fn driver(meta: &ObjectMeta) -> Option<Driver> {
    let tracked = annotation(meta, "argocd.argoproj.io/tracking-id").and_then(|id| {
        let (app, object) = id.split_once(':')?;
        let name = object.rsplit('/').next()?;
        (Some(name) == meta.name.as_deref()).then_some(app)
    });
    let by_argo = |key: &str| {
        let field = format!("f:{key}");
        let path = ["f:metadata", "f:labels", &field];
        owners(meta, &path).any(|entry| entry.manager.as_deref().is_some_and(|m| ARGO.contains(&m)))
    };
    let named = |key: &str| meta.labels.as_ref()?.get(key).map(String::as_str);
    let common = || named(INSTANCE).filter(|_| by_argo(INSTANCE));
    // A claim made for a StatefulSet has the set's labels, and Argo CD does not apply it.
    let instance = named(ARGO_INSTANCE).or_else(common).filter(|_| !made_by_controller(meta));
    let argo = tracked.or(instance).and_then(application).map(Driver::ArgoCd);
    argo.or_else(|| flux(meta, "helmrelease", "helm.toolkit.fluxcd.io"))
        .or_else(|| flux(meta, "kustomization", "kustomize.toolkit.fluxcd.io"))
}

/// An application of another namespace is `NAMESPACE_NAME` in a tracking id; names have no underscore.
fn application(app: &str) -> Option<String> {
    let app = argument(app)?;
    Some(app.split_once('_').map_or(app.to_owned(), |(namespace, name)| format!("{namespace}/{name}")))
}

fn flux(meta: &ObjectMeta, kind: &'static str, prefix: &str) -> Option<Driver> {
    let (name, namespace) = (label(meta, &format!("{prefix}/name"))?, label(meta, &format!("{prefix}/namespace"))?);
    Some(Driver::Flux(kind, name.to_owned(), namespace.to_owned()))
}

/// The object that the claim is deleted with, as far as it tells: an owner, else the tool that applies it.
pub fn deleted_with(meta: &ObjectMeta) -> Option<DeletedWith> {
    let owned = meta.owner_references.iter().flatten();
    // The controller first; without one any owner will do, since the garbage collector waits for the last.
    let owner = owned.clone().find(|o| o.controller == Some(true)).or_else(|| owned.clone().next());
    if let Some(owner) = owner {
        return Some(DeletedWith { kind: owner.kind.clone(), name: owner.name.clone(), namespace: None, owns: true });
    }
    let of = |kind: &str, name: String, namespace: Option<String>| DeletedWith {
        kind: kind.to_owned(),
        name,
        namespace,
        owns: false,
    };
    let release = || release(meta).map(|release| of("Release", release.name, Some(release.namespace)));
    match driver(meta) {
        Some(Driver::ArgoCd(app)) => Some(of("Application", app, None)),
        Some(Driver::Flux("kustomization", name, namespace)) => Some(of("Kustomization", name, Some(namespace))),
        Some(Driver::Flux(..)) | None => release(),
    }
}

/// True if managedFields are needed to tell what a claim is deleted with; `json` is the claim's.
#[must_use]
pub fn needs_managed_fields(json: &[u8]) -> bool {
    [HELM_POLICY, INSTANCE, ARGO_INSTANCE].iter().any(|key| memchr::memmem::find(json, key.as_bytes()).is_some())
}

/// The reason why the claim survives the deletion of what it belongs to, if there is one.
pub fn stays(meta: &ObjectMeta) -> Option<Stays> {
    if meta.owner_references.as_ref().is_some_and(|owners| !owners.is_empty()) {
        return None;
    }
    let has = |key: &str, wanted: &str| {
        let value = annotation(meta, key).or_else(|| label(meta, key));
        value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    match driver(meta) {
        Some(Driver::ArgoCd(_)) => {
            let options = annotation(meta, "argocd.argoproj.io/sync-options").unwrap_or_default();
            let option = |name: &str| {
                let mut values = options.split(',').filter_map(|option| option.trim().strip_prefix(name));
                values.next().is_some_and(|value| matches!(value, "false" | "confirm"))
            };
            let keeps = annotation(meta, HELM_POLICY).is_some_and(|value| value.split(',').any(|v| v.trim() == "keep"));
            if option("Delete=") {
                Some(Stays::ArgoDelete)
            } else if keeps {
                Some(Stays::ArgoKeep)
            } else {
                option("Prune=").then_some(Stays::ArgoPrune)
            }
        }
        Some(Driver::Flux("kustomization", ..)) => {
            let prefix = "kustomize.toolkit.fluxcd.io";
            let off = has(&format!("{prefix}/prune"), "disabled")
                || has(&format!("{prefix}/reconcile"), "disabled")
                || has(&format!("{prefix}/ssa"), "ignore");
            off.then_some(Stays::FluxPrune)
        }
        Some(Driver::Flux(..)) | None => {
            let made = release(meta).is_none() && made_by_controller(meta);
            if annotation(meta, "helm.sh/hook").is_some() {
                Some(Stays::Hook)
            } else if keep(meta).may_stay() {
                Some(Stays::Helm)
            } else {
                made.then_some(Stays::StatefulSet)
            }
        }
    }
}

/// True if a controller of the control plane wrote the claim's request: the `StatefulSet` controller creates claims and
/// sets no field manager of its own. The volume controller writes other fields under the same name.
fn made_by_controller(meta: &ObjectMeta) -> bool {
    let path = ["f:spec", "f:resources"];
    owners(meta, &path).any(|entry| entry.manager.as_deref().is_some_and(|m| CONTROLLERS.contains(&m)))
}

/// The tool that applies the object of a volume: one that owns any field of its spec.
pub fn applier(meta: &ObjectMeta) -> Option<Applier> {
    let applies = |entry: &&ManagedFieldsEntry| {
        let manager = entry.manager.as_deref().unwrap_or_default();
        let theirs = entry.operation.as_deref() == Some("Apply") || APPLIERS.contains(&manager);
        theirs && !manager.starts_with(BY_HAND)
    };
    let manager = owners(meta, &["f:spec"]).find(applies)?.manager.clone()?;
    let replaces = owners(meta, &["f:spec", "f:claimRef"])
        .any(|entry| entry.manager.as_deref() == Some("argocd-application-controller"));
    Some(Applier { manager, driver: driver(meta), replaces })
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

fn label<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    argument(meta.labels.as_ref()?.get(key)?)
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
    use serde_json::{Value, json};

    use super::*;

    fn meta(object: Value) -> ObjectMeta {
        serde_json::from_value(object).unwrap()
    }

    fn written(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "fieldsV1": fields})
    }

    fn with(kind: &str, name: &str, namespace: Option<&str>) -> DeletedWith {
        DeletedWith { kind: kind.into(), name: name.into(), namespace: namespace.map(Into::into), owns: false }
    }

    #[test]
    fn a_name_with_shell_characters_is_rejected() {
        let found = |name: &str| {
            let meta = meta(json!({"name": "glance-images", "annotations": {
                "meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": "openstack",
                "argocd.argoproj.io/tracking-id": format!("{name}:/PersistentVolumeClaim:openstack/glance-images")}}));
            (release(&meta).map(|r| r.name), driver(&meta))
        };
        assert_eq!(found("images"), (Some("images".to_owned()), Some(Driver::ArgoCd("images".to_owned()))));
        for other in ["--all", "-x", "", "x; y", "x$(y)", "x\ny", "x' && y", "x&y", "\u{201c}x"] {
            assert_eq!(found(other), (None, None), "{other}");
        }
    }

    #[test]
    fn an_application_of_another_namespace_and_tracking_by_label() {
        let id = |id: &str| driver(&meta(json!({"name": "c", "annotations": {"argocd.argoproj.io/tracking-id": id}})));
        let argo = |app: &str| Some(Driver::ArgoCd(app.to_owned()));
        assert_eq!(id("images:/PersistentVolumeClaim:openstack/c"), argo("images"));
        assert_eq!(id("team-a_images:/PersistentVolumeClaim:openstack/c"), argo("team-a/images"));
        assert_eq!(id("images:/PersistentVolumeClaim:openstack/another"), None, "copied from another object");
        let labels = json!({"app.kubernetes.io/instance": "img2"});
        let owned = written(
            "argocd-controller",
            "Update",
            &json!({"f:metadata": {"f:labels": {"f:app.kubernetes.io/instance": {}}}}),
        );
        assert_eq!(driver(&meta(json!({"labels": labels, "managedFields": [owned]}))), argo("img2"));
        assert_eq!(driver(&meta(json!({"labels": labels}))), None, "many charts set it");
    }

    #[test]
    fn the_object_that_a_claim_is_deleted_with() {
        let helm = json!({"meta.helm.sh/release-name": "glance", "meta.helm.sh/release-namespace": "openstack"});
        let owner = |kind: &str, name: &str| DeletedWith { owns: true, ..with(kind, name, None) };
        let owned_by = |kind: &str, name: &str, controller: bool| json!([{"apiVersion": "v1", "kind": kind, "name": name, "uid": "u", "controller": controller}]);
        for (object, expected) in [
            (json!({}), None),
            (json!({"annotations": helm}), Some(with("Release", "glance", Some("openstack")))),
            (json!({"ownerReferences": owned_by("Cluster", "pg", true)}), Some(owner("Cluster", "pg"))),
            (
                json!({"ownerReferences": owned_by("KafkaNodePool", "kafka", false)}),
                Some(owner("KafkaNodePool", "kafka")),
            ),
            // A kind of the Open Application Model's.
            (json!({"ownerReferences": owned_by("Application", "shop", true)}), Some(owner("Application", "shop"))),
            (
                json!({"ownerReferences": owned_by("StatefulSet", "mariadb", true), "annotations": helm}),
                Some(owner("StatefulSet", "mariadb")),
            ),
            (
                json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps",
                "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}),
                Some(with("Kustomization", "apps", Some("flux-system"))),
            ),
            // The HelmRelease stores its release in its own namespace.
            (
                json!({"annotations": {"meta.helm.sh/release-name": "repro-glance", "meta.helm.sh/release-namespace": "repro"},
                "labels": {"helm.toolkit.fluxcd.io/name": "glance", "helm.toolkit.fluxcd.io/namespace": "h8"}}),
                Some(with("Release", "repro-glance", Some("h8"))),
            ),
            (
                json!({"name": "c", "annotations": {"argocd.argoproj.io/tracking-id": "a_img:/PersistentVolumeClaim:n/c"}}),
                Some(with("Application", "a/img", None)),
            ),
        ] {
            assert_eq!(deleted_with(&meta(object.clone())), expected, "{object}");
        }
    }

    /// Without managedFields the same is shown, where they are said not to be needed.
    #[test]
    fn managed_fields_are_needed_where_they_decide() {
        let fields = json!({"f:metadata": {"f:labels": {"f:app.kubernetes.io/instance": {}},
            "f:annotations": {"f:helm.sh/resource-policy": {}}}, "f:spec": {"f:resources": {}}});
        let helm = json!({"meta.helm.sh/release-name": "glance", "meta.helm.sh/release-namespace": "openstack"});
        let shown = |object: &Value| {
            let meta = meta(object.clone());
            deleted_with(&meta).filter(|_| !stays(&meta).is_some_and(Stays::survives_uninstall))
        };
        let mut differing = 0;
        for manager in ["helm", "kubectl-edit", "argocd-controller", "kube-controller-manager"] {
            for label in ["app.kubernetes.io/instance", "argocd.argoproj.io/instance", "app"] {
                for (release, policy) in [(false, false), (false, true), (true, false), (true, true)] {
                    let mut annotations = if release { helm.clone() } else { json!({}) };
                    if policy {
                        annotations["helm.sh/resource-policy"] = json!("keep");
                    }
                    let light = json!({"name": "c", "labels": {label: "img"}, "annotations": annotations});
                    let mut whole = light.clone();
                    whole["managedFields"] = json!([written(manager, "Update", &fields)]);
                    if shown(&light) != shown(&whole) {
                        differing += 1;
                        assert!(needs_managed_fields(light.to_string().as_bytes()), "{whole}");
                    }
                }
            }
        }
        assert!(differing > 0, "they decide somewhere");
    }

    #[test]
    fn the_reason_why_a_claim_stays() {
        let helm = |more: Value| {
            let mut all = json!({"meta.helm.sh/release-name": "glance", "meta.helm.sh/release-namespace": "openstack"});
            more.as_object().unwrap().iter().for_each(|(k, v)| all[k] = v.clone());
            all
        };
        let argo = |more: Value| {
            let mut all = json!({"argocd.argoproj.io/tracking-id": "a:/PersistentVolumeClaim:n/c"});
            more.as_object().unwrap().iter().for_each(|(k, v)| all[k] = v.clone());
            json!({"name": "c", "annotations": all})
        };
        let requested = json!({"f:spec": {"f:resources": {"f:requests": {}}}});
        let bound = json!({"f:spec": {"f:volumeName": {}}});
        let sync = "argocd.argoproj.io/sync-options";
        let flux = |more: Value| {
            let mut all =
                json!({"kustomize.toolkit.fluxcd.io/name": "a", "kustomize.toolkit.fluxcd.io/namespace": "f"});
            more.as_object().unwrap().iter().for_each(|(k, v)| all[k] = v.clone());
            json!({"labels": all})
        };
        for (object, expected) in [
            (json!({}), None),
            (json!({"annotations": helm(json!({}))}), None),
            (json!({"annotations": helm(json!({"helm.sh/resource-policy": "keep"}))}), Some(Stays::Helm)),
            (json!({"annotations": helm(json!({"helm.sh/hook": "pre-install"}))}), Some(Stays::Hook)),
            (
                json!({"managedFields": [written("kube-controller-manager", "Update", &requested)]}),
                Some(Stays::StatefulSet),
            ),
            (json!({"managedFields": [written("k3s", "Update", &requested)]}), Some(Stays::StatefulSet)),
            (json!({"managedFields": [written("kube-controller-manager", "Update", &bound)]}), None),
            (
                json!({"managedFields": [written("kube-controller-manager", "Update", &requested)],
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "m", "uid": "u"}]}),
                None,
            ),
            (argo(json!({})), None),
            (argo(json!({sync: "ServerSideApply=true, Delete=false"})), Some(Stays::ArgoDelete)),
            (argo(json!({sync: "Prune=false"})), Some(Stays::ArgoPrune)),
            (argo(json!({"helm.sh/resource-policy": "keep"})), Some(Stays::ArgoKeep)),
            (flux(json!({})), None),
            (flux(json!({"kustomize.toolkit.fluxcd.io/prune": "Disabled"})), Some(Stays::FluxPrune)),
        ] {
            assert_eq!(stays(&meta(object.clone())), expected, "{object}");
        }
    }

    #[test]
    fn who_applies_a_volume_is_told_by_any_field_of_its_spec() {
        let spec = json!({"f:spec": {"f:capacity": {}}});
        let by = |manager: &str, operation: &str| {
            applier(&meta(json!({"managedFields": [written(manager, operation, &spec)]}))).map(|a| a.manager)
        };
        for (manager, operation) in [
            ("argocd-controller", "Update"),
            ("argocd-controller", "Apply"),
            ("argocd-application-controller", "Update"),
            ("kustomize-controller", "Apply"),
            ("helm-controller", "Apply"),
            ("helm", "Update"),
            ("my-operator", "Apply"),
        ] {
            assert_eq!(by(manager, operation).as_deref(), Some(manager));
        }
        for (manager, operation) in
            [("kubectl", "Apply"), ("kubectl-glancepv", "Update"), ("csi-provisioner", "Update")]
        {
            assert_eq!(by(manager, operation), None, "{manager}");
        }
    }
}
