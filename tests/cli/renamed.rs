//! A kept volume to a claim that did not have it: one without claimRef, and that of a claim of another name or namespace.

use serde_json::{Value, json};

use crate::world::{Run, World, phase, says};

/// An Available volume without claimRef, of a class that the claim does not ask for.
fn bare(world: &World, policy: &str) -> String {
    let name = format!("bare-{}", world.class);
    world.create_volume_from(json!({"metadata": {"name": name}, "spec": {"capacity": {"storage": "500Gi"},
        "accessModes": ["ReadWriteMany"], "storageClassName": format!("{}-old", world.class),
        "persistentVolumeReclaimPolicy": policy, "csi": {"driver": "pool.csi.example.com", "volumeHandle": name}}}));
    world.await_volume(&name, |v| v.is_some_and(|v| phase(v) == "Available"));
    world.name(&name, "bare");
    name
}

fn reference(world: &World, volume: &str) -> Value {
    serde_json::to_value(world.volume(volume).spec.unwrap().claim_ref).unwrap()
}

fn ok(run: Run) -> Run {
    assert_eq!(run.status, 0, "{run}");
    run
}

fn refused(world: &World, arguments: &str, said: &str) -> Run {
    let run = world.run(arguments);
    assert_eq!(run.status, 1, "{run}");
    says(&run, &[said]);
    run
}

/// A claim of another name whose volume was kept, and that is gone; the volume.
fn old(world: &World) -> String {
    world.create_claim(|claim| claim["metadata"]["name"] = "app-data".into());
    world.await_bound("app-data");
    let volume = world.volume_of("app-data");
    world.name(&volume, "pvc-of-app-data");
    ok(world.run("retain --yes --claim app-data"));
    world.delete_named("app-data");
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Released"));
    volume
}

#[test]
fn a_volume_without_claim_ref_is_reserved_and_then_bound_whatever_its_class() {
    let world = World::new();
    let volume = bare(&world, "Delete");
    let reuse = refused(&world, &format!("reuse {volume} --yes"), "with policy Delete");
    assert_eq!(reuse.next, [format!("kubectl glancepv retain {volume}")], "{reuse}");
    let retain = ok(world.run(&format!("retain {volume} --yes")));
    assert_eq!(retain.next, [format!("kubectl glancepv reuse {volume}")], "{retain}");
    let export = refused(&world, &format!("export {volume}"), "has no claimRef");
    assert_eq!(export.next, [format!("kubectl glancepv reuse {volume}")], "{export}");
    let dry = ok(world.run(&format!("reuse {volume} --dry-run=server")));
    says(
        &dry,
        &[
            "spec.claimRef.namespace: (none) → openstack\n",
            "spec.claimRef.name: (none) → glance-images\n",
            "reserves it for claim openstack/glance-images: it names no claim now",
        ],
    );
    assert_eq!(reference(&world, &volume), Value::Null);
    ok(world.run(&format!("reuse {volume} --dry-run=client")));
    let reuse = ok(world.run(&format!("reuse {volume} --yes")));
    says(&reuse, &["Reserved: for the next claim openstack/glance-images"]);
    assert_eq!(ok(world.run(&format!("reuse {volume}"))).stdout.lines().count(), 1, "done is done");
    world.await_later_than(&volume);
    world.create_claim(|_| {});
    assert_eq!(world.bound(), volume);
    ok(world.run("verify"));
    world.uninstall();
    world.delete_volume(&volume);
}

#[test]
fn a_pending_claim_that_names_a_volume_without_claim_ref_is_led_to_it() {
    let world = World::new();
    let volume = bare(&world, "Retain");
    world.await_later_than(&volume);
    world.create_claim(|claim| claim["spec"]["volumeName"] = volume.as_str().into());
    let status = world.run("status").without_events();
    says(
        &status,
        &[
            "NoClaimRef: persistentvolume/bare",
            "ClassDiffers: the claim requests storage class netapp",
            "it is compared until the volume is reserved",
        ],
    );
    assert!(!status.contains("unpin") && !status.contains("no volume is preserved"), "{status}");
    let status = world.run("status");
    assert_eq!(status.next[0], format!("kubectl glancepv reuse {volume}"), "{status}");
    // Among all claims of the cluster it is judged by the same facts.
    let of = |arguments: &str| {
        let list: Value = serde_json::from_str(&world.run(arguments).stdout).unwrap();
        let own = json!({"namespace": "openstack", "claim": "glance-images"});
        let item = list["items"].as_array().unwrap().iter().find(|item| item["target"] == own).unwrap().clone();
        (item["stage"].clone(), item["volume"].clone(), item["findings"].clone())
    };
    assert_eq!(of("status -A -o json"), of("status --all -o json"));
    world.follow();
    assert_eq!(world.bound(), volume);
    world.uninstall();
    world.delete_volume(&volume);
}

#[test]
fn a_bound_volume_and_one_that_is_being_deleted_are_not_reserved() {
    let (world, bound) = World::installed();
    ok(world.run("retain --yes"));
    let volume = bare(&world, "Retain");
    refused(&world, &format!("reuse {volume} --yes"), "is bound to persistentvolume/");
    world.uninstall();
    ok(world.run("reuse --yes"));
    let other = json!({"namespace": "elsewhere", "name": "other"});
    world.patch_volume(&volume, json!({"spec": {"claimRef": other}}));
    refused(&world, &format!("reuse {volume} --yes"), "belongs to claim elsewhere/other, not openstack/glance-images");
    let held = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}, "spec": {"claimRef": null}});
    world.patch_volume(&volume, held(json!(["example.com/held"])));
    world.delete_volume(&volume);
    refused(&world, &format!("reuse {volume} --yes"), "is being deleted");
    assert_eq!(reference(&world, &volume), Value::Null);
    world.patch_volume(&volume, held(Value::Null));
    world.await_volume(&volume, |v| v.is_none());
    world.delete_volume(&bound);
}

#[test]
fn the_volume_of_a_claim_that_was_renamed() {
    let world = World::new().provisioned();
    world.create_claim(|claim| claim["metadata"]["name"] = "app-data".into());
    world.await_bound("app-data");
    let volume = world.volume_of("app-data");
    let from = format!("--from {}/app-data", world.namespace);
    let take = format!("reuse {volume} {from} --claim app");
    let early = refused(&world, &format!("{take} --yes"), "with policy Delete");
    assert_eq!(
        world.stable(early.next.last().unwrap()),
        "kubectl glancepv status -n openstack --claim app-data",
        "{early}"
    );
    ok(world.run("retain --yes --claim app-data"));
    let lives = refused(&world, &format!("{take} --yes"), "claim openstack/app-data exists");
    assert!(lives.next.iter().any(|line| line.contains("--timeout 10m") && line.contains(&from)), "{lives}");
    let wait = format!("{take} --yes --timeout 60s");
    let waiting = world.spawn(&wait);
    world.delete_named("app-data");
    let taken = ok(world.finish(&wait, waiting));
    says(
        &taken,
        &[
            "spec.claimRef.name: app-data → app\n",
            "it was the volume of claim openstack/app-data and becomes that of claim openstack/app",
            "Reserved: for the next claim openstack/app that asks",
        ],
    );
    assert_eq!(reference(&world, &volume)["name"], "app");
    assert_eq!(reference(&world, &volume)["uid"], Value::Null);
    let again = ok(world.run(&format!("{take} --yes")));
    says(&again, &["patched (no change)"]);
    world.await_later_than(&volume);
    world.create_claim(|claim| claim["metadata"]["name"] = "app".into());
    world.await_bound("app");
    assert_eq!(world.volume_of("app"), volume);
    ok(world.run("verify --claim app"));
}

#[test]
fn a_volume_is_taken_only_from_the_claim_that_it_names() {
    let world = World::new().provisioned();
    let volume = old(&world);
    let namespace = &world.namespace;
    let wrong = refused(
        &world,
        &format!("reuse {volume} --from {namespace}/other --claim app --yes"),
        "belongs to claim openstack/app-data, not openstack/other",
    );
    assert_eq!(wrong.next.len(), 1, "{wrong}");
    assert_eq!(
        world.stable(&wrong.next[0]),
        world.stable(&format!("kubectl glancepv reuse {volume} --claim app --from {namespace}/app-data")),
        "{wrong}"
    );
    refused(
        &world,
        &format!("reuse {volume} --claim app --yes"),
        "belongs to claim openstack/app-data, not openstack/app",
    );
    // The claim that is to have it has another.
    world.create_claim(|claim| claim["metadata"]["name"] = "app".into());
    world.await_bound("app");
    let bound = refused(
        &world,
        &format!("reuse {volume} --from {namespace}/app-data --claim app --yes"),
        "claim openstack/app is bound to persistentvolume/",
    );
    assert!(!bound.next.is_empty(), "the way back: {bound}");
    assert_eq!(reference(&world, &volume)["name"], "app-data", "nothing was changed");
    for wrong in ["reuse --from a/b", "reuse v --from a", "reuse v --from a/b --all", "retain v --from a/b"] {
        assert_eq!(world.run(wrong).status, 2, "{wrong}");
    }
}

#[test]
fn the_volume_of_a_claim_in_another_namespace() {
    let world = World::new().provisioned();
    let volume = old(&world);
    let moved = World::another(&world);
    let document = ok(moved.run(&format!("reuse {volume} --from {}/app-data --yes -o json", world.namespace)));
    let document: Value = serde_json::from_str(&document.stdout).unwrap();
    assert_eq!(document["spec"]["claimRef"]["name"], "glance-images");
    assert_eq!(reference(&moved, &volume)["namespace"].as_str(), Some(moved.namespace.as_str()));
    moved.await_later_than(&volume);
    moved.create_claim(|claim| claim["spec"]["storageClassName"] = world.class.as_str().into());
    assert_eq!(moved.bound(), volume);
    ok(moved.run("verify"));
}

#[test]
fn a_claim_without_a_volume_is_told_of_those_that_are_kept_for_claims_that_are_gone() {
    let world = World::new().provisioned();
    let volume = old(&world);
    let absent =
        refused(&world, "status --claim app", "a volume is kept for claim openstack/app-data, which does not exist");
    let line = format!("kubectl glancepv reuse {volume} --claim app --from {}/app-data", world.namespace);
    assert_eq!(absent.next.last(), Some(&line), "{absent}");
    // A class that nobody provisions: it waits.
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "app".into();
        claim["spec"]["storageClassName"] = format!("{}-none", world.class).into();
    });
    let status = world.run("status --claim app").without_events();
    says(&status, &["KeptForOthers: kept here for claims that do not exist: persistentvolume/"]);
    let status = world.run("status --claim app");
    assert!(status.next.contains(&line) || status.stdout.contains(&line), "{status}");
    world.type_line(&line);
    world.await_bound("app");
    assert_eq!(world.volume_of("app"), volume);
    // Those of sets are not offered: their members belong together.
    world.create_claim(|claim| claim["metadata"]["name"] = "db-0".into());
    world.await_bound("db-0");
    ok(world.run("retain --yes --claim db-0"));
    let of_set = world.volume_of("db-0");
    world.delete_named("db-0");
    world.await_volume(&of_set, |v| v.is_some_and(|v| phase(v) == "Released"));
    assert!(!world.run("status --claim nobody").contains("db-0"));
}

/// The UID in claimRef is that of a living claim of another name, and the claim that is to have the volume waits. It is not
/// that claim's own volume, whose claimRef the volume controller mends within its sync period.
#[test]
fn the_volume_of_a_living_claim_is_not_taken_whatever_its_claim_ref_says() {
    let world = World::new().provisioned();
    let living = world.create_claim(|_| ()).metadata.uid;
    let mut named = world.reference(living.as_deref());
    named["name"] = "gone".into();
    let volume = world.create_volume(named);
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Released"));
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "app".into();
        claim["spec"]["storageClassName"] = format!("{}-none", world.class).into();
    });
    let before = reference(&world, &volume);
    let take = format!("reuse {volume} --from {}/gone --claim app --yes", world.namespace);
    refused(&world, &take, "is that of claim openstack/glance-images, which exists");
    assert_eq!(reference(&world, &volume), before, "nothing was changed");
}

#[test]
fn a_volume_that_another_claim_waits_for_is_not_reserved() {
    let world = World::new();
    let volume = bare(&world, "Retain");
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "app".into();
        claim["spec"]["volumeName"] = volume.as_str().into();
    });
    let reuse = refused(
        &world,
        &format!("reuse {volume} --yes"),
        "belongs to claim openstack/app, not openstack/glance-images",
    );
    world.type_line(&reuse.next[0]);
    ok(world.run(&format!("reuse {volume} --claim app --yes")));
    world.await_bound("app");
    world.delete_named("app");
    world.delete_volume(&volume);
}
