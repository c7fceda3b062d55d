//! `guide`: the whole procedure, with commands and without.

use std::fs;

use serde_json::json;

use crate::world::{World, await_line};

#[test]
fn guide_while_somebody_does_the_rest_elsewhere() {
    let (world, volume) = World::installed();
    world.template();
    let (mut guide, mut lines) = world.follow_lines("guide --yes -f pvc-images.yaml --timeout 60s");
    await_line(&mut lines, "Retained: ");
    world.delete_claim();
    await_line(&mut lines, "Reserved: ");
    assert!(fs::read_to_string(world.home().join("pvc-images.yaml")).unwrap().contains(&volume));
    world.install(Some(&volume));
    await_line(&mut lines, "Reused: ");
    assert_eq!(guide.wait().unwrap().code(), Some(0));
}

#[test]
#[cfg(unix)]
fn guide_runs_the_commands_that_are_given_and_stops_at_a_failure() {
    let (world, volume) = World::installed();
    let failing = world.command_with(&["guide", "--yes", "--uninstall", "echo uninstalling; exit 3"]);
    assert_eq!(failing.status, 1, "{failing}");
    assert!(failing.stdout.contains("uninstalling\n") && failing.contains("failed: exit status: 3"), "{failing}");
    assert_eq!(world.bound(), volume);
    let policy = world.volume(&volume).spec.and_then(|s| s.persistent_volume_reclaim_policy);
    assert_eq!(policy.as_deref(), Some("Retain"), "before anything is uninstalled");
    let refused = world.command_with(&["guide", "--uninstall", "true"]);
    assert!(refused.status == 1 && refused.stderr.contains("without confirmation: no terminal"), "{refused}");
}

#[test]
fn guide_stops_where_helm_keeps_the_claim_and_where_it_is_diverted() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.install(None);
    let run = world.run("guide --yes");
    assert!(run.status == 1 && run.stderr.contains("error: guide cannot continue from stage Diverted"), "{run}");
    let kept = World::new().provisioned();
    kept.create_claim(|claim| claim["metadata"]["annotations"] = json!(World::kept()));
    kept.bound();
    let run = kept.run("guide --yes");
    assert!(
        run.status == 1 && run.contains("error: claim openstack/glance-images may stay bound when it is uninstalled"),
        "{run}"
    );
}
