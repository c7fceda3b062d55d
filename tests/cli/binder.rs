//! The rules of the volume binder that the model (tests/model) reckons with, held against whatever
//! runs the scenarios: the sandbox's binder and a real kube-controller-manager.

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use serde_json::{Value, json};

use crate::world::{World, phase};

fn reference(world: &World, uid: Option<&str>) -> Value {
    json!({"kind": "PersistentVolumeClaim", "namespace": world.namespace, "name": "glance-images", "uid": uid})
}

fn claim_phase(claim: Option<&PersistentVolumeClaim>) -> Option<&str> {
    claim?.status.as_ref()?.phase.as_deref()
}

fn uid(volume: &PersistentVolume) -> Option<&str> {
    volume.spec.as_ref()?.claim_ref.as_ref()?.uid.as_deref()
}

/// A volume bound to the claim, with Retain, and nobody who provisions.
fn bound() -> (World, String) {
    let world = World::new();
    let volume = world.create_volume(reference(&world, None));
    world.install(Some(&volume));
    (world, volume)
}

fn await_phase(world: &World, volume: &str, wanted: &str) {
    world.await_volume(volume, |v| v.is_some_and(|v| phase(v) == wanted));
}

fn clear(world: &World, volume: &str) {
    world.patch_volume(volume, json!({"spec": {"claimRef": {"uid": null, "resourceVersion": null}}}));
}

/// Asserts that the claim is still Pending once the binder has surely looked: it has bound a claim that
/// came later, to a volume of its own.
fn still_pending(world: &World) {
    let other = json!({"kind": "PersistentVolumeClaim", "namespace": world.namespace, "name": "later"});
    let volume = world.create_volume(other);
    world.create_claim(|claim| {
        claim["metadata"]["name"] = json!("later");
        claim["spec"]["volumeName"] = json!(volume);
    });
    await_phase(world, &volume, "Bound");
    assert_eq!(world.phase_of_claim().as_deref(), Some("Pending"));
}

#[test]
fn a_claim_takes_the_volume_that_is_reserved_for_it_by_name() {
    let world = World::new();
    let volume = world.create_volume(reference(&world, None));
    world.install(None);
    let taken = world.volume(&volume);
    assert_eq!(phase(&taken), "Bound");
    assert!(uid(&taken).is_some(), "its UID is written into the claimRef");
}

#[test]
fn a_deleted_claim_leaves_its_uid_behind_and_no_other_claim_takes_the_volume() {
    let (world, volume) = bound();
    let before = uid(&world.volume(&volume)).map(str::to_owned);
    world.uninstall();
    let left = world.volume(&volume);
    assert_eq!((phase(&left), uid(&left)), ("Released", before.as_deref()));
    for named in [None, Some(volume.as_str())] {
        world.create_claim(|claim| claim["spec"]["volumeName"] = json!(named));
        still_pending(&world);
        world.delete_named("later");
        world.uninstall();
    }
    assert_eq!(uid(&world.volume(&volume)), before.as_deref());
}

#[test]
fn a_claim_is_deleted_once_no_pod_uses_it() {
    let (world, volume) = bound();
    world.mount("glance-api-0");
    world.delete_claim();
    world.await_claim(|c| c.is_some_and(|c| c.metadata.deletion_timestamp.is_some()));
    assert_eq!(phase(&world.volume(&volume)), "Bound");
    world.unmount("glance-api-0");
    world.await_claim(|c| c.is_none());
    await_phase(&world, &volume, "Released");
}

#[test]
fn without_the_uid_of_a_claim_that_is_gone_the_volume_is_available() {
    let (world, volume) = bound();
    world.uninstall();
    clear(&world, &volume);
    await_phase(&world, &volume, "Available");
}

#[test]
fn without_the_uid_of_a_living_claim_the_claim_is_lost_until_it_is_deleted() {
    let (world, volume) = bound();
    clear(&world, &volume);
    world.await_claim(|c| claim_phase(c) == Some("Lost"));
    await_phase(&world, &volume, "Available");
    world.uninstall();
    world.install(Some(&volume));
}

#[test]
fn without_its_claim_ref_a_bound_volume_is_bound_again() {
    let (world, volume) = bound();
    let before = uid(&world.volume(&volume)).map(str::to_owned);
    world.patch_volume(&volume, json!({"spec": {"claimRef": null}}));
    world.await_volume(&volume, |v| v.is_some_and(|v| uid(v) == before.as_deref()));
    assert_eq!(world.phase_of_claim().as_deref(), Some("Bound"));
}

#[test]
fn without_its_claim_ref_a_released_volume_is_anybodys() {
    let (world, volume) = bound();
    world.uninstall();
    world.patch_volume(&volume, json!({"spec": {"claimRef": null}}));
    await_phase(&world, &volume, "Available");
    world.create_claim(|claim| claim["metadata"]["name"] = json!("later"));
    await_phase(&world, &volume, "Bound");
    let taken = world.volume(&volume).spec.and_then(|s| s.claim_ref).and_then(|r| r.name);
    assert_eq!(taken.as_deref(), Some("later"));
}

#[test]
#[cfg(unix)]
fn a_claim_that_names_a_volume_takes_no_other() {
    let world = World::new();
    let volume = world.create_volume(reference(&world, None));
    world.create_claim(|claim| claim["spec"]["volumeName"] = json!("not-there"));
    still_pending(&world);
    assert_eq!(uid(&world.volume(&volume)), None);
    let run = world.run("status");
    assert!(run.contains("names persistentvolume/not-there, which does not exist"), "{run}");
    // Pinned in the template to what is not there, it has to be pinned anew.
    world.template();
    assert_eq!(run.next[2], format!("kubectl glancepv pin {volume} -f TEMPLATE"), "{run}");
    world.follow();
}

#[test]
fn a_volume_that_is_deleted_stays_as_long_as_it_is_bound() {
    let (world, volume) = bound();
    world.delete_volume(&volume);
    assert!(world.volume(&volume).metadata.deletion_timestamp.is_some());
    assert_eq!(phase(&world.volume(&volume)), "Bound");
    world.uninstall();
    world.await_volume(&volume, |v| v.is_none());
}
