//! The data of a volume: policies and drivers that delete it anyhow, resizes, attachments, and nodes that can use it.

use k8s_openapi::api::core::v1::Node;
use serde_json::{Value, json};

use crate::world::{Run, World, phase, says};

fn installed() -> (World, String) {
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    (world, volume)
}

/// The claim is deleted under policy Delete, and nobody has deleted its volume yet.
fn doomed() -> (World, String) {
    let world = World::sandbox();
    let volume = world.create_volume(world.reference(None));
    world.install(Some(&volume));
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
    world.uninstall();
    (world, volume)
}

fn reasons(run: &Run) -> Vec<String> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{run}"));
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|finding| finding["reason"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn recycle_empties_the_volume_and_offers_it_again() {
    let (world, volume) = installed();
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Recycle"}}));
    says(&world.run("status"), &["AtRisk: ", "Recycle", "empties", "for other claims"]);
    assert_eq!(world.run("retain --yes").status, 0);
    world.uninstall();
    world.event_of_volume(&volume, "VolumeRecycled", "Volume recycled");
    says(&world.run("status"), &["VolumeRecycled: Volume recycled"]);
}

#[test]
fn a_volume_that_nothing_could_delete_is_told_in_the_servers_words() {
    let (world, volume) = doomed();
    let message = "error getting deleter volume plugin for volume \"x\": no deletable volume plugin matched";
    world.patch_volume_status(&volume, json!({"status": {"phase": "Failed", "message": message}}));
    let status = world.run("status");
    says(&status, &["NotDeletable: Kubernetes could not delete its volume: ", message]);
    assert!(!status.to_string().contains("DeletionBegun"), "{status}");
    // Any other message may be the driver's, which may have begun.
    world.patch_volume_status(&volume, json!({"status": {"message": "rpc error: deadline exceeded"}}));
    says(&world.run("status"), &["DeletionBegun: ", "rpc error: deadline exceeded"]);
}

#[test]
fn a_volume_that_is_still_attached_was_not_deleted() {
    for (reason, message) in [
        ("VolumeFailedDelete", "persistentvolume pvc-1 is still attached to node node-1"),
        ("VolumeDelete", "persistentvolume pvc-1 is still attached to node node-1, waiting for detach"),
    ] {
        let (world, volume) = doomed();
        world.event_of_volume(&volume, reason, message);
        let status = world.run("status");
        says(&status, &["Doomed: ", "StillAttached: the driver has not been called", message]);
        assert!(!status.to_string().contains("the driver tried to delete it"), "{status}");
        assert_eq!(world.run("retain --yes").status, 0);
        says(&world.run("reuse --yes"), &["StillAttached: the driver has not been called"]);
    }
}

#[test]
fn a_resize_under_way_is_told_and_a_bound_claim_is_never_told_that_it_is_not() {
    for resize in [
        json!({"status": {"conditions": [{"type": "FileSystemResizePending", "status": "True"}]}}),
        json!({"status": {"conditions": [{"type": "Resizing", "status": "True"}]}}),
        json!({"spec": {"resources": {"requests": {"storage": "600Gi"}}}}),
    ] {
        let (world, _) = installed();
        if resize["spec"].is_null() {
            world.patch_claim_status(resize);
        } else {
            world.patch_claim(resize);
        }
        for verb in ["status", "check"] {
            says(&world.run(verb), &["ResizePending: a resize of the claim is under way"]);
        }
        let status = world.run("status");
        assert!(!status.to_string().contains("not bound"), "{status}");
    }
    let (world, _) = installed();
    world.patch_claim_status(json!({"status": {"conditions": [{"type": "Resizing", "status": "False"}]}}));
    assert_eq!(reasons(&world.run("status -o json")), [""; 0], "it has ended");
}

#[test]
fn a_pinned_claim_that_asks_for_more_has_its_volume_grown() {
    let mut world = World::sandbox();
    let volume = world.create_volume(world.reference(None));
    world.size = "600Gi";
    world.install(Some(&volume));
    let status = world.run("status");
    says(&status, &["WillBeResized: the claim requests 600Gi", "expect csi-resizer to grow it"]);
    assert!(!status.to_string().contains("SizeTooSmall"), "{status}");
}

#[test]
fn the_mark_of_a_late_retain_is_one_line_that_tells_its_claim_and_its_end() {
    let (world, volume) = doomed();
    let claim = world.volume(&volume).spec.unwrap().claim_ref.unwrap().uid.unwrap();
    assert_eq!(world.run("retain --yes").status, 0);
    world.event_of_volume(&volume, "VolumeFailedDelete", "rpc error: deadline exceeded");
    let status = world.run("status");
    let lines = status.to_string().matches("DeletionBegun: ").count();
    assert_eq!(lines, 1, "{status}");
    let end = format!("kubectl annotate pv {} glancepv.io/retained-after-release-", world.stable(&volume));
    says(&status, &[&world.stable(&claim), "the provisioner says: rpc error: deadline exceeded", &end]);
    assert_eq!(reasons(&world.run("status -o json")), ["DeletionBegun"]);
    world.patch_volume(&volume, json!({"metadata": {"annotations": {"glancepv.io/retained-after-release": null}}}));
    let status = world.run("status");
    assert!(!status.to_string().contains("was retained after"), "{status}");
}

#[test]
fn a_volume_that_is_being_deleted_is_told_of_by_its_driver() {
    let (world, volume) = installed();
    assert_eq!(world.run("retain --yes").status, 0);
    world.delete_volume(&volume);
    says(&world.run("retain --yes"), &["is being deleted", "its policy is Retain: expect driver csi to keep the data"]);
    // Retained after the claim: the driver has answered that it deleted the data.
    world.patch_volume(&volume, json!({"metadata": {"annotations": {"glancepv.io/retained-after-release": "u"}}}));
    for verb in ["retain --yes", "reuse --yes"] {
        let run = world.run(verb);
        says(&run, &["the driver has answered that it deleted the data"]);
        assert!(run.status == 1 && !run.to_string().contains("expect driver"), "{run}");
    }
}

/// A volume that only the node of that name can use, bound to the claim.
fn local(world: &World, node: &str) -> String {
    let name = format!("local-{}", world.class);
    let affinity = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}});
    world.create_volume_from(json!({"metadata": {"name": name}, "spec": {"capacity": {"storage": "500Gi"},
        "accessModes": ["ReadWriteMany"], "storageClassName": world.class, "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": world.reference(None), "nodeAffinity": affinity,
        "csi": {"driver": "local.csi.example.com", "volumeHandle": name}}}));
    world.install(Some(&name));
    name
}

#[test]
fn a_volume_that_no_node_can_use_is_told_by_check_reuse_and_verify() {
    let world = World::sandbox();
    let node = |name: &str| json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}});
    world.create_for_cluster::<Node>(node("node-1"));
    local(&world, "node-2");
    let told = "NoNodeMatches: no node satisfies the nodeAffinity of its volume";
    let check = world.run("check");
    says(&check, &["! ", told]);
    let verify = world.run("verify");
    says(&verify, &["Reused: ", told]);
    assert_eq!(verify.status, 0, "{verify}");
    world.uninstall();
    let reuse = world.run("reuse --yes");
    says(&reuse, &[told]);
    assert_eq!(reuse.status, 0, "{reuse}");
    world.create_for_cluster::<Node>(node("node-2"));
    assert!(!world.run("check").to_string().contains("NoNodeMatches"));
}

#[test]
fn nodes_are_asked_for_only_where_the_volume_needs_one_and_check_says_that_they_may_not_be_listed() {
    let (world, _) = installed();
    world.requests();
    world.run("check");
    assert!(!world.requests().contains("/nodes"), "any node will do");
    let world = World::sandbox();
    local(&world, "node-2");
    world.refuse("GET", "/api/v1/nodes");
    for verb in ["check", "verify"] {
        let run = world.run(verb);
        assert!(!run.to_string().contains("NoNodeMatches"), "{run}");
        assert_eq!(run.contains("! nodes: Error from server (Forbidden)"), verb == "check", "{run}");
    }
}

#[test]
fn of_two_reserved_volumes_a_guide_that_may_not_ask_pins_none() {
    let world = World::new();
    world.template();
    for _ in 0..2 {
        let volume = world.create_volume(world.reference(None));
        world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    }
    let guide = world.run("guide -f pvc-images.yaml --yes --timeout 20s");
    assert_eq!(guide.status, 1, "{guide}");
    says(&guide, &["error: 2 volumes refer to claim openstack/glance-images"]);
    let template = std::fs::read_to_string(world.home().join("pvc-images.yaml")).unwrap();
    assert!(!template.contains("volumeName"), "{template}");
}
