//! Which volume is the preserved one, and whose it is: pools of volumes that are alike, data sources, Lost claims, and a UID
//! that is another claim's.

use serde_json::{Value, json};

use crate::world::{World, phase};

/// A volume of a pool, which no provisioner names.
fn pooled(world: &World, name: &str, reference: Option<Value>) -> String {
    let name = format!("{name}-{}", world.class);
    world.create_volume_from(json!({"metadata": {"name": name}, "spec": {"capacity": {"storage": "500Gi"},
        "accessModes": ["ReadWriteMany"], "storageClassName": world.class, "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": reference, "csi": {"driver": "pool.csi.example.com", "volumeHandle": name}}}));
    name
}

#[test]
fn age_is_no_proof_while_another_kept_volume_refers_to_the_claim() {
    let world = World::new();
    let first = pooled(&world, "pool-01", Some(world.reference(None)));
    world.install(Some(&first));
    world.uninstall();
    let second = pooled(&world, "pool-02", None);
    world.await_volume(&second, |v| v.is_some_and(|v| phase(v) == "Available"));
    world.await_later_than(&second);
    // Created again before `reuse`: bound to the other one.
    world.create_claim(|_| {});
    assert_eq!(world.bound(), second);
    let verify = world.run("verify");
    assert_eq!(verify.status, 1, "{verify}");
    let status = world.run("status");
    assert!(status.contains("Diverted: "), "{status}");
    let document: Value = serde_json::from_str(&world.run("verify -o json").stdout).unwrap();
    assert_eq!(document["reason"]["reason"], "Diverted");
    // Waiting does not change it, and the stage after `retain` is the cluster's.
    let begun = std::time::Instant::now();
    assert_eq!(world.run("verify --timeout 60s").status, 1);
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "told at once");
    let retain = world.run("retain --yes");
    assert!(retain.contains("Diverted: "), "{retain}");
    world.uninstall();
    for name in [first, second] {
        world.delete_volume(&name);
    }
}

#[test]
fn a_volume_filled_from_a_data_source_is_not_the_preserved_one() {
    let world = World::new();
    let old = world.create_volume(world.reference(None));
    world.install(Some(&old));
    world.uninstall();
    // A populator hands a helper claim's volume to the claim, which is older.
    world.create_claim(|claim| {
        claim["spec"]["volumeName"] = Value::Null;
        claim["spec"]["resources"]["requests"]["storage"] = json!("600Gi");
        claim["spec"]["dataSource"] =
            json!({"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"});
    });
    world.await_later_than_claim();
    let claim = world.await_claim(|claim| claim.is_some()).unwrap();
    let mut reference = world.reference(claim.metadata.uid.as_deref());
    reference["apiVersion"] = json!("v1");
    let new = world.create_volume(reference);
    world.patch_claim(json!({"metadata": {"annotations": {"pv.kubernetes.io/bound-by-controller": "yes"}},
        "spec": {"volumeName": new}}));
    assert_eq!(world.bound(), new);
    let verify = world.run("verify");
    assert_eq!(verify.status, 1, "{verify}");
    assert!(verify.contains("FilledFromDataSource: "), "{verify}");
    let status = world.run("status");
    assert!(status.contains("Diverted: "), "{status}");
}

#[test]
fn a_uid_of_a_living_claim_of_another_name_is_refused() {
    let world = World::new();
    // Somebody wrote the name of one claim and the UID of another, which names the volume, too.
    let old = world.create_claim(|claim| {
        claim["metadata"]["name"] = json!("old");
        claim["spec"]["volumeName"] = json!(format!("pool-01-{}", claim["spec"]["storageClassName"].as_str().unwrap()));
    });
    let volume = pooled(&world, "pool-01", Some(world.reference(old.metadata.uid.as_deref())));
    world.create_claim(|claim| claim["spec"]["storageClassName"] = json!("none-such"));
    let status = world.run("status");
    assert!(
        status.contains("UidOfLivingClaim: its volume has the UID of claim openstack/old, which exists"),
        "{status}"
    );
    assert!(
        status.next[0].starts_with("kubectl glancepv status -n ") && status.next[0].ends_with(" --claim old"),
        "{status}"
    );
    let before = world.volume(&volume).spec;
    let reuse = world.run("reuse --yes");
    assert_eq!(reuse.status, 1, "{reuse}");
    assert!(reuse.contains("is that of claim openstack/old, which exists"), "{reuse}");
    assert_eq!(world.volume(&volume).spec, before);
}

#[test]
fn a_lost_claim_is_given_its_volume_back() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let before = world.await_claim(|claim| claim.is_some()).unwrap().metadata.uid;
    world.patch_volume(&volume, json!({"spec": {"claimRef": {"uid": null, "resourceVersion": null}}}));
    world.await_claim(|c| c.and_then(|c| c.status.as_ref()).and_then(|s| s.phase.as_deref()) == Some("Lost"));
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    let status = world.run("status");
    assert_eq!(status.next, ["kubectl glancepv reuse"], "{status}");
    let reuse = world.run("reuse --yes");
    assert_eq!(reuse.status, 0, "{reuse}");
    assert_eq!((world.bound(), world.await_claim(|c| c.is_some()).unwrap().metadata.uid), (volume, before));
}

#[test]
fn a_volume_that_was_retained_late_is_not_handed_on_before_the_provisioner_lets_go() {
    let world = World::new();
    let volume = world.create_volume(world.reference(None));
    world.install(Some(&volume));
    let provisioner = "external-provisioner.volume.kubernetes.io/finalizer";
    world.patch_volume(
        &volume,
        json!({"metadata": {"finalizers": ["kubernetes.io/pv-protection", provisioner],
        "annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}},
        "spec": {"persistentVolumeReclaimPolicy": "Delete"}}),
    );
    world.uninstall();
    assert_eq!(world.run("retain --yes").status, 0);
    let reuse = world.run("reuse --yes");
    assert_eq!(reuse.status, 1, "{reuse}");
    assert!(reuse.contains("the provisioner's finalizer is still on it"), "{reuse}");
    let command = "reuse --yes --timeout 60s";
    let waiting = world.spawn(command);
    world.patch_volume(&volume, json!({"metadata": {"finalizers": ["kubernetes.io/pv-protection"]}}));
    let run = world.finish(command, waiting);
    assert_eq!(run.status, 0, "{run}");
}
