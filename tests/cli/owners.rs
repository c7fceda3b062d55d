//! Owners, holders and appliers of a claim and its volume, and tools that create a claim again: objects as they are found in
//! clusters, and the lines that lead on.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolume};
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::world::{World, phase, says};

/// A claim with this metadata, bound to the volume that was made for it, and retained.
fn retained(metadata: &Value) -> (World, String) {
    let world = World::new().provisioned();
    let name = create(&world, metadata);
    let run = world.run("retain --yes");
    assert_eq!(run.status, 0, "{run}");
    (world, name)
}

fn create(world: &World, metadata: &Value) -> String {
    world.create_claim(|claim| {
        for (key, value) in metadata.as_object().unwrap() {
            claim["metadata"][key] = value.clone();
        }
    });
    world.bound()
}

fn helm(name: &str) -> Value {
    json!({"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": "openstack"})
}

#[test]
fn a_pod_that_has_ended_holds_the_claim_until_it_is_deleted() {
    let (world, _) = retained(&json!({}));
    world.mount("glance-storage-init-x7k2p");
    world.pod_phase("glance-storage-init-x7k2p", "Succeeded");
    let check = world.run("check");
    says(
        &check,
        &[
            "! HeldByPods: pod glance-storage-init-x7k2p (Succeeded) has ended and holds the claim",
            "    kubectl delete pod glance-storage-init-x7k2p -n openstack",
        ],
    );
    world.delete_claim();
    let status = world.run("status");
    says(&status, &["HeldByPods: pod glance-storage-init-x7k2p (Succeeded) has ended"]);
    assert_eq!(world.stable(&status.next[0]), "kubectl delete pod glance-storage-init-x7k2p -n openstack", "{status}");
    world.type_line(&status.next[0]);
    world.await_claim(|claim| claim.is_none());
    let reuse = world.run("reuse --yes --timeout 30s");
    assert_eq!(reuse.status, 0, "{reuse}");
}

#[test]
fn a_finalizer_that_keeps_a_claim_is_named() {
    let (world, _) = retained(&json!({}));
    let snapshot = "snapshot.storage.kubernetes.io/pvc-as-source-protection";
    world.patch_claim(json!({"metadata": {"finalizers": [snapshot]}}));
    world.delete_claim();
    let status = world.run("status");
    says(
        &status,
        &[&format!(
            "HeldByFinalizers: claim openstack/glance-images is not deleted before its finalizers are removed: {snapshot} (a VolumeSnapshot"
        )],
    );
    world.patch_claim(json!({"metadata": {"finalizers": null}}));
    world.await_claim(|claim| claim.is_none());
}

#[test]
fn an_attachment_that_keeps_a_volume_is_named() {
    let (world, volume) = retained(&json!({}));
    let attacher = "external-attacher/csi-trident-netapp-io";
    world.patch_volume(&volume, json!({"metadata": {"finalizers": ["kubernetes.io/pv-protection", attacher]}}));
    world.delete_volume(&volume);
    world.delete_claim();
    world.await_claim(|claim| claim.is_none());
    let status = world.run("status");
    says(&status, &["Terminating: ", attacher, "kubectl get volumeattachments"]);
    world.patch_volume(&volume, json!({"metadata": {"finalizers": null}}));
}

#[test]
fn a_pod_that_still_lists_a_deleted_claim_is_told_before_the_volume_is_handed_on() {
    let (world, _) = retained(&json!({}));
    world.mount("writer");
    world.delete_claim();
    // Somebody strips the finalizer; before the deletion it would be set again.
    world.patch_claim(json!({"metadata": {"finalizers": null}}));
    world.await_claim(|claim| claim.is_none());
    for name in world.volumes_of_target() {
        world.await_volume(&name, |v| v.is_some_and(|v| phase(v) == "Released"));
    }
    let reuse = world.run("reuse --yes");
    says(&reuse, &["StillMounted: pod writer still lists the deleted claim"]);
    world.unmount("writer");
}

#[test]
fn an_owner_deletes_the_claim_and_uninstalling_does_not() {
    let world = World::new().provisioned();
    let owner = world.create_in_namespace::<ConfigMap>(json!({"metadata": {"name": "pg"}}));
    let reference =
        json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "pg", "uid": owner.uid(), "controller": true}]);
    create(&world, &json!({"ownerReferences": reference}));
    world.run("retain --yes");
    let status = world.run("status");
    says(
        &status,
        &[
            "DeletedWithOwner: ConfigMap pg owns the claim: deleted with it",
            "next: delete ConfigMap pg, which owns the claim, then",
        ],
    );
    let document: Value = serde_json::from_str(&world.run("status -o json").stdout).unwrap();
    assert_eq!(document["claim"]["deletedWith"], json!({"kind": "ConfigMap", "name": "pg", "namespace": null}));
}

/// A claim, the words about it, and the first line that leads on.
#[test]
fn each_owner_has_its_words_and_its_line() {
    let argo = |more: Value| {
        let mut all =
            json!({"argocd.argoproj.io/tracking-id": "team-a_img1:/PersistentVolumeClaim:openstack/glance-images"});
        more.as_object().unwrap().iter().for_each(|(key, value)| all[key] = value.clone());
        json!({"annotations": all})
    };
    let kustomization = |more: Value| {
        let mut all =
            json!({"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
        more.as_object().unwrap().iter().for_each(|(key, value)| all[key] = value.clone());
        json!({"labels": all})
    };
    let with = |annotations: Value, key: &str, value: &str| {
        let mut all = annotations;
        all[key] = json!(value);
        json!({"annotations": all})
    };
    for (metadata, words, line) in [
        (json!({"annotations": helm("glance")}), "Retained: ", "helm uninstall glance -n openstack"),
        (
            with(helm("glance"), "helm.sh/hook", "pre-install"),
            "StaysBehind: a Helm hook: uninstalling leaves the claim",
            "# the claim stays bound",
        ),
        (
            argo(json!({})),
            "MayBeRecreated: Argo CD application team-a/img1 may",
            "argocd app set team-a/img1 --sync-policy none",
        ),
        (
            argo(json!({"argocd.argoproj.io/sync-options": "Delete=false"})),
            "Delete=false: expect the application's deletion to leave it",
            "# the claim stays bound",
        ),
        (
            argo(json!({"argocd.argoproj.io/sync-options": "Prune=false"})),
            "Prune=false: expect a prune to leave it",
            "argocd app set team-a/img1",
        ),
        (
            argo(json!({"helm.sh/resource-policy": "keep"})),
            "expect the application's deletion to leave it, a prune to delete it",
            "# the claim stays bound",
        ),
        (
            kustomization(json!({})),
            "MayBeRecreated: Flux kustomization flux-system/apps may",
            "flux suspend kustomization apps -n flux-system",
        ),
        (
            kustomization(json!({"kustomize.toolkit.fluxcd.io/prune": "disabled"})),
            "is excluded from Flux' pruning",
            "# the claim stays bound",
        ),
        (
            json!({"annotations": {"meta.helm.sh/release-name": "repro-glance", "meta.helm.sh/release-namespace": "repro"},
            "labels": {"helm.toolkit.fluxcd.io/name": "glance", "helm.toolkit.fluxcd.io/namespace": "h8"}}),
            "MayBeRecreated: Flux helmrelease h8/glance may",
            "flux suspend helmrelease glance -n h8",
        ),
    ] {
        let (world, _) = retained(&metadata);
        let status = world.run("status");
        says(&status, &[words]);
        assert!(status.next.iter().any(|next| next.starts_with(line)), "{metadata}: {line}\n{status}");
        if metadata["labels"]["helm.toolkit.fluxcd.io/name"] == "glance" {
            // Stored in the HelmRelease's own namespace; resumed at the end.
            says(
                &status,
                &[
                    "helm uninstall repro-glance -n h8",
                    "  flux resume helmrelease glance -n h8",
                    "  flux reconcile helmrelease glance -n h8 --force",
                ],
            );
        }
        if words.contains("team-a/img1 may") {
            // No release to uninstall.
            says(
                &status,
                &[
                    "  kubectl delete pvc glance-images -n openstack --ignore-not-found",
                    "  argocd app set team-a/img1 --sync-policy automated --auto-prune --self-heal",
                ],
            );
        }
    }
}

#[test]
fn the_releases_other_claims_are_named_before_it_is_uninstalled() {
    let metadata = json!({"annotations": helm("glance")});
    let (world, _) = retained(&metadata);
    let sibling = |name: &str, annotations: Value| {
        let claim = world.create_claim(|claim| {
            claim["metadata"]["name"] = name.into();
            claim["metadata"]["annotations"] = annotations;
        });
        world.await_bound(&claim.name_any());
    };
    sibling("glance-tmp", helm("glance"));
    sibling("glance-cache", helm("glance"));
    sibling("another", helm("another"));
    let mut kept = helm("glance");
    kept["helm.sh/resource-policy"] = json!("keep");
    sibling("kept", kept);
    let status = world.run("status");
    says(&status, &["SiblingsAtRisk: release glance owns claims "]);
    for (name, told) in [("glance-tmp", true), ("glance-cache", true), ("another", false), ("kept", false)] {
        let (_, names) = status.stdout.split_once("SiblingsAtRisk: ").expect("they are told");
        assert_eq!(names.lines().next().unwrap().contains(name), told, "{name}: {status}");
    }
    let (before, _) = status.stdout.split_once("helm uninstall glance").expect("it is printed");
    assert!(before.contains("kubectl glancepv retain --release glance\n"), "{status}");
    let check = world.run("check");
    says(&check, &["✖ SiblingsAtRisk: "]);
    assert_eq!(check.status, 1, "{check}");
    for line in status.next.iter().filter(|line| line.contains("retain --release")) {
        world.type_line(line);
    }
    let status = world.run("status");
    assert!(!status.contains("SiblingsAtRisk"), "{status}");
}

#[test]
fn a_release_that_owns_the_volume_too_is_told_and_the_export_comes_first() {
    let (world, volume) = retained(&json!({"annotations": helm("dump")}));
    world.patch_volume(&volume, json!({"metadata": {"annotations": helm("dump")}}));
    let status = world.run("status");
    says(&status, &["ReleaseOwnsVolume: release dump owns its volume: uninstalling deletes that object"]);
    assert_eq!(status.next[0], format!("kubectl glancepv export {volume} > {volume}.yaml"));
    // The copy belongs to no release.
    let export = world.run("export");
    assert!(!export.stdout.contains("meta.helm.sh"), "{export}");
}

#[test]
fn an_export_has_no_owner_no_tracking_and_no_mark() {
    let (world, volume) = retained(&json!({}));
    world.patch_volume(&volume, json!({"metadata": {
        "labels": {"app": "glance", "app.kubernetes.io/managed-by": "Helm", "kustomize.toolkit.fluxcd.io/name": "apps"},
        "annotations": {"argocd.argoproj.io/tracking-id": "a:/PersistentVolume:/x", "glancepv.io/retained-after-release": "u",
            "pv.kubernetes.io/provisioned-by": "csi"}}}));
    let manifest: Value = serde_json::from_str(&world.run("export -o json").stdout).unwrap();
    assert_eq!(manifest["metadata"]["labels"], json!({"app": "glance"}));
    let kept: Vec<&String> = manifest["metadata"]["annotations"].as_object().unwrap().keys().collect();
    assert!(
        kept.contains(&&"pv.kubernetes.io/provisioned-by".to_owned())
            && !kept.iter().any(|key| key.contains("argocd") || key.contains("glancepv")),
        "{kept:?}"
    );
    let fields: Vec<&String> = manifest["metadata"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["annotations", "labels", "name"]);
}

/// Applies the volume as each of the tools does, with policy Delete, and again whenever it is something else.
#[test]
#[ignore = "needs server-side apply: tests/cluster/suite.sh"]
fn nothing_is_uninstalled_while_a_tool_sets_the_policy_back() {
    for manager in ["kustomize-controller", "helm-controller", "argocd-controller", "my-gitops-loop"] {
        let (world, volume) = World::installed();
        let applied = json!({"spec": {"persistentVolumeReclaimPolicy": "Delete", "capacity": {"storage": "500Gi"}}});
        world.apply_volume(&volume, manager, applied.clone());
        let retain = world.run("retain --yes");
        says(&retain, &[&format!("PolicyApplied: {manager} applies its volume")]);
        world.apply_volume(&volume, manager, applied);
        let uninstall = "touch uninstalled";
        let guide = world.command_with(&["guide", "--yes", "--uninstall", uninstall]);
        assert_eq!(guide.status, 1, "{guide}");
        says(&guide, &[&format!("error: {manager} applies the volume of claim openstack/glance-images")]);
        assert!(!world.home().join("uninstalled").exists(), "{guide}");
        assert_eq!(world.bound(), volume, "nothing is lost");
    }
}

/// Somebody who sets the policy back without leaving a trace in managedFields.
#[test]
fn a_policy_that_does_not_stay_stops_the_guide() {
    let (world, volume) = World::installed();
    let command = "guide --yes --uninstall touch${IFS}uninstalled";
    let guide = world.spawn(command);
    world.await_policy("Retain");
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
    let run = world.finish(command, guide);
    assert_eq!(run.status, 1, "{run}");
    says(&run, &["was patched, but its policy is Delete", "uninstall only under policy Retain"]);
    assert!(!world.home().join("uninstalled").exists(), "{run}");
    let policy = |v: &PersistentVolume| v.spec.as_ref().and_then(|s| s.persistent_volume_reclaim_policy.clone());
    assert_eq!(policy(&world.volume(&volume)).as_deref(), Some("Delete"));
}

/// A set of one member, whose controller makes the claim `data-mariadb-0`; `policy` is its
/// `persistentVolumeClaimRetentionPolicy`.
fn stateful(world: &World, policy: Option<&str>) {
    let labels = json!({"app": "mariadb"});
    world.create_in_namespace::<StatefulSet>(json!({"metadata": {"name": "mariadb"}, "spec": {
        "serviceName": "mariadb", "replicas": 1, "selector": {"matchLabels": labels},
        "persistentVolumeClaimRetentionPolicy": policy.map(|policy| json!({"whenDeleted": policy})),
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "db", "image": "db",
            "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteMany"],
            "storageClassName": world.class, "resources": {"requests": {"storage": "1Gi"}}}}]}}));
    world.await_claim(|claim| claim.is_some());
    world.bound();
}

#[test]
#[ignore = "needs the StatefulSet controller: tests/cluster/suite.sh"]
fn a_claim_of_a_real_stateful_set_says_what_deletes_it() {
    let mut world = World::new().provisioned();
    world.claim = "data-mariadb-0";
    stateful(&world, None);
    let run = world.run("retain --yes --claim data-mariadb-0");
    says(&run, &["StaysBehind: a StatefulSet made the claim: uninstalling leaves it"]);
    assert_eq!(run.next, ["# the claim stays bound when it is uninstalled: there is nothing to reuse"], "{run}");
    world.delete_in_namespace::<StatefulSet>("mariadb");
    assert_eq!(world.phase_of_claim().as_deref(), Some("Bound"), "it stays");
}

#[test]
#[ignore = "needs the StatefulSet controller: tests/cluster/suite.sh"]
fn a_claim_of_a_real_stateful_set_that_deletes_it_says_so() {
    let mut world = World::new().provisioned();
    world.claim = "data-mariadb-0";
    stateful(&world, Some("Delete"));
    let owned =
        world.await_claim(|claim| claim.is_some()).is_some_and(|claim| claim.metadata.owner_references.is_some());
    let run = world.run("retain --yes --claim data-mariadb-0");
    if !owned {
        // Servers before 1.23 know no retention policy.
        says(&run, &["StaysBehind: "]);
        return;
    }
    says(&run, &["DeletedWithOwner: StatefulSet mariadb owns the claim, which is deleted with it"]);
    assert_eq!(world.stable(&run.next[0]), "kubectl delete statefulset mariadb -n openstack", "{run}");
    world.type_line(&run.next[0]);
    let reuse = world.run("reuse --yes --timeout 60s --claim data-mariadb-0");
    assert_eq!(reuse.status, 0, "{reuse}");
}

#[test]
#[ignore = "needs the Job controller: tests/cluster/suite.sh"]
fn a_finished_job_of_a_hook_holds_the_claim_until_it_is_deleted() {
    let (world, _) = retained(&json!({}));
    world.create_in_namespace::<Job>(
        json!({"metadata": {"name": "glance-storage-init"}, "spec": {"template": {"spec": {
        "restartPolicy": "Never", "containers": [{"name": "init", "image": "init"}],
        "volumes": [{"name": "images", "persistentVolumeClaim": {"claimName": "glance-images"}}]}}}}),
    );
    let pod = world.await_pod_of("glance-storage-init");
    world.schedule(&pod);
    world.pod_phase(&pod, "Succeeded");
    world.delete_claim();
    let status = world.run("status");
    says(&status, &[&format!("HeldByPods: pod {pod} (Succeeded) has ended and holds the claim")]);
    assert_eq!(world.stable(&status.next[0]), "kubectl delete job glance-storage-init -n openstack", "{status}");
    world.type_line(&status.next[0]);
    let reuse = world.run("reuse --yes --timeout 60s");
    assert_eq!(reuse.status, 0, "{reuse}");
}
