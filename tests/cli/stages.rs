//! Every stage, reached and named.

use serde_json::json;

use crate::world::{World, phase};

fn assert_stage(world: &World, stage: &str) {
    let run = world.run("status");
    assert!(run.contains(&format!("{stage}: ")), "{stage} expected:\n{run}");
    let object = world.run("status -o json");
    let object: serde_json::Value = serde_json::from_str(&object.stdout).expect("JSON");
    assert_eq!(object["stage"], stage);
}

#[test]
fn along_the_procedure() {
    let (world, volume) = World::installed();
    assert_stage(&world, "AtRisk");
    world.run("retain --yes");
    assert_stage(&world, "Retained");
    world.mount("glance-api-0");
    world.delete_claim();
    assert_stage(&world, "Releasing");
    world.unmount("glance-api-0");
    world.await_claim(|c| c.is_none());
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Released"));
    assert_stage(&world, "Released");
    world.run("reuse --yes");
    assert_stage(&world, "Reserved");
    world.install(Some(&volume));
    assert_stage(&world, "Reused");
}

#[test]
fn off_the_procedure() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.patch_volume(
        &volume,
        json!({"metadata": {"annotations": {"pv.kubernetes.io/provisioned-by": "another"}},
        "spec": {"persistentVolumeReclaimPolicy": "Delete"}}),
    );
    assert_stage(&world, "Doomed");
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Retain"}}));
    world.install(None);
    assert_stage(&world, "Diverted");
}

#[test]
fn a_volume_that_is_being_deleted() {
    let (world, volume) = World::installed();
    world.delete_volume(&volume);
    world.await_volume(&volume, |v| v.is_some_and(|v| v.metadata.deletion_timestamp.is_some()));
    assert_stage(&world, "Terminating");
    let run = world.run("retain --yes");
    assert_eq!(run.status, 1, "uninstalling is not safe: {run}");
    assert!(run.contains("is being deleted"), "{run}");
    let policy = world.volume(&volume).spec.and_then(|s| s.persistent_volume_reclaim_policy);
    assert_eq!(policy.as_deref(), Some("Retain"), "what can still be kept, is");
}

#[test]
fn a_claim_that_waits() {
    let world = World::new();
    let theirs =
        world.create_volume(json!({"kind": "PersistentVolumeClaim", "namespace": "elsewhere", "name": "backups"}));
    world.create_claim(|claim| claim["spec"]["volumeName"] = json!(theirs));
    assert_stage(&world, "Binding");
    let run = world.run("status");
    assert!(run.contains("VolumeOfAnotherClaim: ") && run.contains("elsewhere/backups"), "{run}");
    world.delete_claim();
    world.delete_volume(&theirs);
}

#[test]
fn a_claim_without_its_volume() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.patch_volume(&volume, json!({"spec": {"claimRef": {"uid": null, "resourceVersion": null}}}));
    world.await_claim(|c| c.and_then(|c| c.status.as_ref()).and_then(|s| s.phase.as_deref()) == Some("Lost"));
    assert_stage(&world, "Lost");
}

#[test]
fn nothing_at_all() {
    let world = World::new();
    let run = world.run("status -o json");
    assert_eq!(run.status, 1);
    let object: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(object["stage"], "Absent");
}
