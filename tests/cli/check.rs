//! `check`: one line a check, and its outcome.

use expect_test::expect;
use serde_json::{Value, json};

use crate::procedure::check;
use crate::world::{Run, World};

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
            ✖ AtRisk: deleting claim openstack/glance-images deletes its volume and data (reclaim policy Delete)
                kubectl glancepv retain
            ✔ HeldByPods: the claim is in use by glance-api-0, glance-api-1; it is deleted once no pod uses it
            ! class: netapp provisions volumes with policy Delete: a new volume will need `retain`, too
            ✔ rights: get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims
            ✔ template: volumeName can be added at line 18
            1 check failed
            [1]

            $ kubectl glancepv check
            ✔ Retained: deleting claim openstack/glance-images keeps its volume (reclaim policy Retain)
            ✔ HeldByPods: the claim is in use by glance-api-0, glance-api-1; it is deleted once no pod uses it
            ! class: netapp provisions volumes with policy Delete: a new volume will need `retain`, too
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
            ✖ Absent: no claim openstack/glance-images, and no volume that refers to it
                kubectl glancepv status
            ✔ rights: get, list, watch, patch persistentvolumes; get, list, watch persistentvolumeclaims
            ✖ template: missing.yaml: no such file or directory
            2 checks failed
            [1]
        "#]],
    );
}
