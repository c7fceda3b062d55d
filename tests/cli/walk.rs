//! The preparation, the whole walk, and the ways back: `check`, `guide`, `export`, `unretain` and
//! `status --watch`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use expect_test::expect;
use serde_json::{Value, json};

use crate::scenarios::check;
use crate::world::{Run, World, phase};

/// Without the line that tells which server it is.
fn without_server(mut run: Run) -> Run {
    assert!(run.stdout.starts_with("✔ kubernetes: API server v1."), "{run}");
    run.stdout = run.stdout.split_once('\n').unwrap().1.to_owned();
    run
}

#[test]
fn check_says_what_stands_in_the_way() {
    let (world, _) = World::installed();
    world.template();
    world.mount("glance-api-0");
    world.mount("glance-api-1");
    let first = world.run("check -f pvc-images.yaml");
    world.run("retain --yes");
    check(
        &[without_server(first), without_server(world.run("check"))],
        &expect![[r#"
            $ kubectl glancepv check -f pvc-images.yaml
            ✔ claim: openstack/glance-images is Bound to pvc------------------------------------1 (500Gi, RWX)
            ✖ policy: Delete: deleting the claim deletes the volume and its data
                hint: kubectl glancepv retain
            ✔ helm: no helm.sh/resource-policy on the claim: expect uninstall to delete it
            ! class: netapp provisions volumes with policy Delete: a new volume will need `retain`, too
            ✔ pods: 2 pods use the claim (glance-api-0, glance-api-1)
            ✔ rights: get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims
            ✔ template: volumeName can be added at line 18
            1 check failed
            [1]

            $ kubectl glancepv check
            ✔ claim: openstack/glance-images is Bound to pvc------------------------------------1 (500Gi, RWX)
            ✔ policy: Retain: deleting the claim does not delete the volume
            ✔ helm: no helm.sh/resource-policy on the claim: expect uninstall to delete it
            ! class: netapp provisions volumes with policy Delete: a new volume will need `retain`, too
            ✔ pods: 2 pods use the claim (glance-api-0, glance-api-1)
            ✔ rights: get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims
            [0]
        "#]],
    );
    let object: Value = serde_json::from_str(&world.run("check -o json").stdout).unwrap();
    assert_eq!((&object["kind"], &object["passed"]), (&json!("Check"), &json!(true)));
}

#[test]
fn check_without_a_claim() {
    let world = World::new();
    check(
        &[without_server(world.run("check -f missing.yaml"))],
        &expect![[r#"
            $ kubectl glancepv check -f missing.yaml
            ✖ claim: openstack/glance-images not found
                hint: kubectl glancepv status
            ✔ rights: get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims
            ✖ template: missing.yaml: no such file or directory
            2 checks failed
            [1]
        "#]],
    );
}

#[test]
fn unretain_only_while_bound_both_ways() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let mut runs = vec![world.run("unretain --yes"), world.run("unretain --yes -o name")];
    world.run("retain --yes");
    world.uninstall();
    runs.extend([world.run("unretain --yes"), world.run(&format!("unretain {volume} --yes"))]);
    let policy = world.volume(&volume).spec.and_then(|s| s.persistent_volume_reclaim_policy);
    assert_eq!(policy.as_deref(), Some("Retain"));
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv unretain --yes
            persistentvolume/pvc------------------------------------1 patched
            NAME                                       CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS   CLAIM                     STORAGECLASS   REASON   AGE
            pvc------------------------------------1   500Gi      RWX            Delete           Bound    openstack/glance-images   netapp                  [age]
            2| persistentvolume/pvc------------------------------------1
            2|   spec.persistentVolumeReclaimPolicy: Retain → Delete
            2|   deleting claim openstack/glance-images will then delete persistentvolume/pvc------------------------------------1 and its data
            2| AtRisk: reclaim policy Delete: deleting claim openstack/glance-images deletes persistentvolume/pvc------------------------------------1 and its data
            2| next: kubectl glancepv retain
            [0]

            $ kubectl glancepv unretain --yes -o name
            persistentvolume/pvc------------------------------------1
            [0]

            $ kubectl glancepv unretain --yes
            2| error: the volume is not bound to claim openstack/glance-images; with policy Delete it could be deleted at once
            2| hint: kubectl glancepv status
            [1]

            $ kubectl glancepv unretain pvc------------------------------------1 --yes
            2| error: persistentvolume/pvc------------------------------------1 is not bound to claim openstack/glance-images; with policy Delete it could be deleted at once
            2| hint: kubectl glancepv status
            [1]
        "#]],
    );
}

#[test]
fn an_exported_volume_is_created_again_and_bound() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let run = world.command("export -o json").output().unwrap();
    let manifest: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(manifest["status"], Value::Null);
    let mut fields: Vec<&String> = manifest["metadata"].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["annotations", "name"]);
    let mut reference: Vec<&String> = manifest["spec"]["claimRef"].as_object().unwrap().keys().collect();
    reference.sort();
    assert_eq!(reference, ["apiVersion", "kind", "name", "namespace"]);
    world.delete_volume(&volume);
    world.await_volume(&volume, |v| v.is_none());
    world.create_volume_from(manifest);
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    assert_eq!(world.install(Some(&volume)), volume);
    assert_eq!(world.run("verify").status, 0);
    let yaml = world.run("export").stdout;
    assert!(yaml.contains("kind: PersistentVolume\n") && !yaml.contains("uid:"), "{yaml}");
}

#[test]
fn a_claim_that_waits_says_why() {
    let world = World::new();
    world.create_claim(|claim| claim["spec"]["storageClassName"] = json!("no-such-class"));
    let run = world.eventually("status", "ProvisioningFailed: ");
    assert!(run.stderr.contains("\"no-such-class\" not found"), "{run}");
    world.delete_claim();
    world.await_claim(|c| c.is_none());
    let theirs =
        world.create_volume(json!({"kind": "PersistentVolumeClaim", "namespace": "elsewhere", "name": "backups"}));
    world.create_claim(|claim| claim["spec"]["volumeName"] = json!(theirs));
    let run = world.eventually("status", "FailedBinding: ");
    assert!(run.stderr.contains("already bound to a different claim"), "{run}");
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
    assert!(run.stderr.contains("HeldByPods: claim openstack/glance-images is in use by glance-api-0; "), "{run}");
    world.unmount("glance-api-0");
}

#[test]
fn status_is_shown_again_when_it_has_changed() {
    let (world, _) = World::installed();
    let mut child = world.command("status --watch -o json").stdout(Stdio::piped()).spawn().unwrap();
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

#[test]
fn guide_while_somebody_does_the_rest_elsewhere() {
    let (world, volume) = World::installed();
    world.template();
    let mut guide =
        world.command("guide --yes -f pvc-images.yaml --timeout 60s").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(guide.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut told = |stage: &str| assert!(lines.any(|line| line.starts_with(stage)), "{stage} is never told");
    told("Retained: ");
    world.delete_claim();
    told("Reserved: ");
    assert!(fs::read_to_string(world.home().join("pvc-images.yaml")).unwrap().contains(&volume));
    world.install(Some(&volume));
    told("Reused: ");
    assert_eq!(guide.wait().unwrap().code(), Some(0));
}

#[test]
#[cfg(unix)]
fn guide_runs_the_commands_that_are_given_and_stops_at_a_failure() {
    let (world, volume) = World::installed();
    let failing = world.command_with(&["guide", "--yes", "--uninstall", "echo uninstalling; exit 3"]);
    assert_eq!(failing.status, 1, "{failing}");
    assert!(
        failing.stdout.contains("uninstalling\n") && failing.stderr.contains("failed: exit status: 3"),
        "{failing}"
    );
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
        run.status == 1
            && run.stderr.contains("error: claim openstack/glance-images is annotated helm.sh/resource-policy"),
        "{run}"
    );
}
