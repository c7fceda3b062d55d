//! `status`: explanations from events and pods, and `--watch`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::world::World;

#[test]
fn a_claim_that_waits_says_why() {
    let world = World::new();
    world.create_claim(|claim| claim["spec"]["storageClassName"] = json!("no-such-class"));
    let run = world.eventually("status", "ProvisioningFailed: ");
    assert!(run.contains("\"no-such-class\" not found"), "{run}");
    world.delete_claim();
    world.await_claim(|c| c.is_none());
    let theirs =
        world.create_volume(json!({"kind": "PersistentVolumeClaim", "namespace": "elsewhere", "name": "backups"}));
    world.create_claim(|claim| claim["spec"]["volumeName"] = json!(theirs));
    let run = world.eventually("status", "FailedBinding: ");
    assert!(run.contains("already bound to a different claim"), "{run}");
    world.delete_claim();
    world.delete_volume(&theirs);
}

#[test]
fn pods_that_hold_a_terminating_claim_are_named() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    world.mount("glance-api-0");
    world.delete_claim();
    let run = world.run("status");
    assert!(run.contains("HeldByPods: the claim is in use by glance-api-0; "), "{run}");
    world.unmount("glance-api-0");
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_ended_ends_a_watch() {
    let (world, _) = World::installed();
    let mut child = world.command("status -w").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("CLAIM "));
    drop(lines);
    assert!(child.wait().unwrap().success());
}

#[test]
fn status_is_shown_again_when_it_has_changed() {
    let (world, _) = World::installed();
    let mut child =
        world.command("status --watch -o json").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut stage = || lines.find_map(|line| line.trim().strip_prefix("\"stage\": ").map(str::to_owned));
    assert_eq!(stage().as_deref(), Some("\"AtRisk\","));
    world.run("retain --yes");
    assert_eq!(stage().as_deref(), Some("\"Retained\","));
    world.delete_claim();
    while stage().expect("another stage") != "\"Released\"," {}
    child.kill().unwrap();
    child.wait().unwrap();
}
