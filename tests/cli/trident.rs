//! NetApp Trident's own objects: what the driver knows of a kept volume decides whether it can be used.

use serde_json::{Value, json};

use crate::world::{Run, World, phase, says};

/// A kept volume of Trident's that was bound to the claim, which is gone.
fn released(world: &World) -> String {
    let volume = available(world);
    world.install(Some(&volume));
    world.uninstall();
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Released"));
    volume
}

/// A volume of Trident's that is reserved for the claim.
fn available(world: &World) -> String {
    let name = format!("{}-vol", world.class);
    world.create_volume_from(json!({"metadata": {"name": name}, "spec": {"capacity": {"storage": "500Gi"},
        "accessModes": ["ReadWriteMany"], "storageClassName": world.class, "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": world.reference(None), "csi": {"driver": "csi.trident.netapp.io", "volumeHandle": name}}}));
    world.name(&name, "vol");
    name
}

/// A world in which Trident's API is served, and its objects are in a namespace of their own.
fn with_trident() -> World {
    let world = World::new();
    world.define_trident();
    world
}

fn ok(run: Run) -> Run {
    assert_eq!(run.status, 0, "{run}");
    run
}

fn reason(run: &Run) -> Value {
    let document: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"));
    document["reason"]["reason"].clone()
}

#[test]
fn a_volume_that_trident_is_deleting_or_does_not_know_is_neither_reused_nor_verified() {
    for (state, said, word) in [
        (Some("deleting"), "NetApp Trident is deleting", "TridentDeletes"),
        (None, "NetApp Trident does not know", "TridentMissing"),
    ] {
        let world = with_trident();
        let volume = released(&world);
        if let Some(state) = state {
            world.in_trident(&volume, state);
        }
        let status = ok(world.run("status"));
        says(&status, &[&format!("{word}: {said}")]);
        let reuse = world.run("reuse --yes");
        assert_eq!(reuse.status, 1, "{reuse}");
        says(&reuse, &[said]);
        let reuse = world.run("reuse --all --yes");
        assert_eq!(reuse.status, 1, "{reuse}");
        says(&reuse, &[said]);
        let claim_ref = world.volume(&volume).spec.and_then(|spec| spec.claim_ref);
        assert!(claim_ref.is_some_and(|reference| reference.uid.is_some()), "nothing was changed");
        // Reserved by hand, and bound again: a pod could not mount it.
        world.patch_volume(&volume, json!({"spec": {"claimRef": {"uid": null, "resourceVersion": null}}}));
        world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
        let reserved = world.run("status");
        if state.is_none() {
            says(&reserved, &["`tridentctl import volume` into its claim can destroy it"]);
            assert!(reserved.stdout.contains("\n  kubectl delete pv vol"), "{reserved}");
        }
        world.await_later_than(&volume);
        world.install(Some(&volume));
        assert_eq!(reason(&world.run("verify -o json")), word);
        let verify = world.run("verify --all");
        assert_eq!(verify.status, 1, "{verify}");
        says(&verify, &[said]);
        let check = world.run("check");
        assert_eq!(check.status, 1, "{check}");
        says(&check, &[&format!("✖ {word}: ")]);
        world.uninstall();
        world.delete_volume(&volume);
    }
}

#[test]
fn a_volume_that_trident_has_online_goes_through() {
    let world = with_trident();
    let volume = released(&world);
    world.in_trident(&volume, "online");
    let status = ok(world.run("status"));
    assert!(!status.contains("Trident"), "nothing to be known: {status}");
    // A `retain` that came late: Trident answers whether it was in time.
    world.patch_volume(&volume, json!({"metadata": {"annotations": {"glancepv.io/retained-after-release": "u"}}}));
    says(&ok(world.run("status")), &["TridentOnline: NetApp Trident has its volume online: the policy came in time"]);
    ok(world.run("reuse --yes"));
    world.await_later_than(&volume);
    world.install(Some(&volume));
    ok(world.run("verify"));
    world.set_in_trident(&volume, "missing_backend");
    says(
        &ok(world.run("check")),
        &["! TridentState: NetApp Trident's state of its volume is missing_backend, not online"],
    );
    world.set_in_trident(&volume, "a state that nobody knows");
    ok(world.run("verify"));
    world.uninstall();
    world.delete_volume(&volume);
}

#[test]
fn without_the_api_or_the_right_trident_is_left_out() {
    for forbids in [false, true] {
        let world = World::sandbox();
        if forbids {
            world.define_trident();
            world.sandbox.as_ref().unwrap().state.plan(
                "GET",
                "tridentvolumes",
                1000,
                glancepv_sandbox::state::Fault::Answer(glancepv_sandbox::answer::Refusal::new(
                    403,
                    "Forbidden",
                    "may not",
                )),
            );
        }
        let volume = released(&world);
        assert!(!ok(world.run("status")).contains("Trident"));
        ok(world.run("reuse --yes"));
        world.await_later_than(&volume);
        world.install(Some(&volume));
        ok(world.run("verify"));
    }
}

#[test]
fn trident_is_not_asked_about_a_claim_that_is_bound_to_its_own_volume() {
    let world = World::sandbox();
    world.define_trident();
    // Younger than the claim: made for it.
    world.create_claim(|_| {});
    world.await_later_than_claim();
    let volume = available(&world);
    assert_eq!(world.bound(), volume);
    world.in_trident(&volume, "deleting");
    world.requests();
    says(&ok(world.run("status")), &["Retained: "]);
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
    says(&ok(world.run("status")), &["AtRisk: "]);
    ok(world.run("retain --yes"));
    let requests = world.requests();
    let asked = requests.lines().filter(|line| line.starts_with("GET ") && line.contains("tridentvolumes"));
    assert_eq!(asked.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn retain_of_several_tells_that_trident_is_deleting_one() {
    let world = World::sandbox();
    world.define_trident();
    let volume = released(&world);
    world.in_trident(&volume, "deleting");
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
    let retain = world.run("retain --all --yes");
    says(&retain, &["patched\n", "NetApp Trident is deleting"]);
}
