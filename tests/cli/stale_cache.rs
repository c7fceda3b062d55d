//! Lists from an API server whose watch cache is behind.

use glancepv_sandbox::state::State;
use serde_json::json;

use crate::world::World;

fn installed() -> (World, String) {
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    (world, volume)
}

fn state(world: &World) -> &State {
    &world.sandbox.as_ref().expect("a sandbox").state
}

fn another(world: &World) -> String {
    world.create_volume(
        json!({"kind": "PersistentVolumeClaim", "namespace": world.namespace, "name": "glance-images", "uid": "gone"}),
    )
}

/// The number of lists of volumes since the last call, from the cache and consistently.
fn lists(world: &World) -> (usize, usize) {
    let requests = world.requests();
    let lists = requests.lines().filter(|line| line.contains("persistentvolumes?includeObject=None"));
    let (cached, consistent): (Vec<_>, Vec<_>) = lists.partition(|line| line.contains("resourceVersion="));
    (cached.len(), consistent.len())
}

#[test]
fn a_volume_that_the_cache_does_not_know_is_found() {
    let world = World::sandbox().provisioned();
    state(&world).freeze_cache();
    let volume = world.install(None);
    world.run("retain --yes");
    world.uninstall();
    world.requests();
    let run = world.run("status");
    assert!(run.stdout.contains(&world.stable(&volume)) && run.contains("Released: "), "{run}");
    assert_eq!(lists(&world), (1, 1));
    for (command, expected) in [("reuse --dry-run=client", (1, 1)), ("reuse --yes", (0, 1))] {
        let run = world.run(command);
        assert_eq!(run.status, 0, "{run}");
        assert!(run.stdout.contains(&world.stable(&volume)), "{run}");
        assert_eq!(lists(&world), expected, "{command}");
    }
    world.install(Some(&volume));
    let run = world.run("verify");
    assert_eq!(run.status, 0, "{run}");
}

#[test]
fn a_volume_that_only_the_cache_has_is_not_told_of() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    state(&world).freeze_cache();
    world.delete_volume(&volume);
    world.requests();
    for command in ["status", "reuse --yes", "reuse --dry-run=client", "verify", "export", "pin -f values.yaml"] {
        std::fs::write(world.home().join("values.yaml"), "").unwrap();
        let run = world.run(command);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{run}");
        assert!(run.stderr.starts_with("Error from server (NotFound): "), "{run}");
        assert!(lists(&world).1 > 0, "{command}: said absent by a cached list alone");
    }
}

/// The cache says that the volume is the target's; it has become another claim's since.
#[test]
fn a_volume_that_is_no_longer_the_targets_is_left_alone() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    state(&world).freeze_cache();
    world.patch_volume(&volume, json!({"spec": {"claimRef": {"name": "other"}}}));
    let before = world.volume(&volume);
    for command in ["reuse --yes", "reuse --dry-run=client", "status"] {
        let run = world.run(command);
        assert_eq!(run.status, 1, "{run}");
        assert!(run.stderr.starts_with("Error from server (NotFound): "), "{run}");
    }
    assert_eq!(world.volume(&volume), before);
}

/// Two volumes wait, and the cache knows one: nothing is done to it as if it were the only one.
#[test]
fn a_second_volume_that_the_cache_does_not_know_is_not_missed() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    state(&world).freeze_cache();
    let second = another(&world);
    world.await_volume(&second, |v| v.is_some_and(|v| crate::world::phase(v) == "Released"));
    let before = (world.volume(&volume), world.volume(&second));
    for command in ["reuse --yes", "reuse --dry-run=server", "export", "verify"] {
        let run = world.run(command);
        assert_eq!(run.status, 1, "{run}");
        if command != "verify" {
            let both = format!("2 volumes refer to claim {}/glance-images", world.stable(&world.namespace));
            assert!(run.stderr.contains(&both), "{run}");
        }
    }
    assert_eq!((world.volume(&volume), world.volume(&second)), before);
}

/// The claim took a new volume; the old one is in the cache and the claim's binding is not.
#[test]
fn a_diverted_claim_is_seen_past_any_cache() {
    let world = World::sandbox().provisioned();
    for at in 0..3 {
        // The cache stops before the first volume, after its release, or after everything.
        if at == 0 {
            state(&world).freeze_cache();
        }
        world.install(None);
        world.run("retain --yes");
        world.uninstall();
        if at == 1 {
            state(&world).freeze_cache();
        }
        world.install(None);
        if at == 2 {
            state(&world).freeze_cache();
        }
        let run = world.run("status");
        assert!(run.contains("Diverted: "), "{run}");
        let run = world.run("verify");
        assert_eq!(run.status, 1, "{run}");
        world.run("retain --yes");
        world.uninstall();
        for volume in world.volumes_of_target() {
            world.delete_volume(&volume);
        }
        *state(&world).cache() = None;
    }
}

#[test]
fn an_up_to_date_cache_spares_the_consistent_list() {
    let (world, _) = installed();
    world.run("retain --yes");
    world.uninstall();
    world.requests();
    assert_eq!(world.run("status").status, 0);
    assert_eq!(lists(&world), (1, 0));
}
