//! Which requests each command sends: the speed table of the specification, counted.

use expect_test::{Expect, expect};

use crate::world::World;

fn installed() -> (World, String) {
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    (world, volume)
}

/// The requests of one run, without those of the provisioner, which go on meanwhile.
fn sent(world: &World, arguments: &str, expected: &Expect) {
    world.requests();
    let run = world.run(arguments);
    assert_eq!(run.status, 0, "{run}");
    let ours = |line: &&str| line.contains("includeObject=") || line.starts_with("PATCH");
    let lines: Vec<String> = world.requests().lines().filter(ours).map(str::to_owned).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn status_of_a_bound_claim() {
    let (world, _) = installed();
    sent(
        &world,
        "status",
        &expect![[r#"
            GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
            GET /api/v1/persistentvolumes?includeObject=None&resourceVersion=0
            GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object"#]],
    );
}

/// The namespace's claims are read beside the volume, and no volume of theirs is.
#[test]
fn status_and_retain_of_a_claim_of_a_release() {
    let world = World::sandbox().provisioned();
    let helm =
        serde_json::json!({"meta.helm.sh/release-name": "glance", "meta.helm.sh/release-namespace": "openstack"});
    for name in ["glance-images", "glance-tmp"] {
        world.create_claim(|claim| {
            claim["metadata"]["name"] = name.into();
            claim["metadata"]["annotations"] = helm.clone();
        });
        world.await_bound(name);
    }
    world.bound();
    sent(
        &world,
        "status",
        &expect![[r#"
        GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
        GET /api/v1/persistentvolumes?includeObject=None&resourceVersion=0
        GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
        GET /api/v1/namespaces/openstack/persistentvolumeclaims?includeObject=Object"#]],
    );
    sent(
        &world,
        "retain --yes -o name",
        &expect![[r#"
        GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
        GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
        GET /api/v1/namespaces/openstack/persistentvolumeclaims?includeObject=Object
        PATCH /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object&fieldManager=kubectl-glancepv {"metadata":{"resourceVersion":"[version]"},"spec":{"persistentVolumeReclaimPolicy":"Retain"}}"#]],
    );
}

#[test]
fn retain() {
    let (world, volume) = installed();
    sent(
        &world,
        "retain --yes",
        &expect![[r#"
            GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
            GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
            PATCH /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object&fieldManager=kubectl-glancepv {"metadata":{"resourceVersion":"[version]"},"spec":{"persistentVolumeReclaimPolicy":"Retain"}}
            GET /api/v1/persistentvolumes?includeObject=None&resourceVersion=0"#]],
    );
    sent(
        &world,
        &format!("retain {volume}"),
        &expect![[r#"
            GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
            GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
            GET /api/v1/persistentvolumes?includeObject=None&resourceVersion=0"#]],
    );
}

#[test]
fn reuse() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    sent(
        &world,
        "reuse --dry-run=server",
        &expect![[r#"
            GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
            GET /api/v1/persistentvolumes?includeObject=None
            GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
            GET /api/v1/namespaces/openstack/persistentvolumeclaims?includeObject=Object
            GET /api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DPersistentVolume,involvedObject.name%3Dpvc------------------------------------1&includeObject=Object
            GET /api/v1/namespaces/openstack/pods?includeObject=Object
            PATCH /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object&fieldManager=kubectl-glancepv&dryRun=All {"metadata":{"resourceVersion":"[version]"},"spec":{"claimRef":{"resourceVersion":null,"uid":null}}}"#]],
    );
    sent(
        &world,
        &format!("reuse {volume} --dry-run=client"),
        &expect![[r#"
            GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
            GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
            GET /api/v1/namespaces/openstack/persistentvolumeclaims?includeObject=Object
            GET /api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DPersistentVolume,involvedObject.name%3Dpvc------------------------------------1&includeObject=Object
            GET /api/v1/namespaces/openstack/pods?includeObject=Object"#]],
    );
}

#[test]
fn verify() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    world.run("reuse --yes");
    world.install(Some(&volume));
    sent(
        &world,
        "verify",
        &expect![[r#"
            GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
            GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
            GET /api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DPersistentVolume,involvedObject.name%3Dpvc------------------------------------1&includeObject=Object"#]],
    );
    sent(
        &world,
        &format!("verify {volume}"),
        &expect![[r#"
            GET /api/v1/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object
            GET /api/v1/persistentvolumes/pvc------------------------------------1?includeObject=Object
            GET /api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DPersistentVolume,involvedObject.name%3Dpvc------------------------------------1&includeObject=Object"#]],
    );
}
