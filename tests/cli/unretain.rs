//! `unretain`: only while claim and volume are bound to each other.

use expect_test::expect;

use crate::procedure::check;
use crate::world::World;

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
            2| persistentvolume/pvc------------------------------------1
            2|   spec.persistentVolumeReclaimPolicy: Retain → Delete
            2|   deleting claim openstack/glance-images will then delete persistentvolume/pvc------------------------------------1 and its data
            2| AtRisk: deleting claim openstack/glance-images deletes its volume and data (reclaim policy Delete)
            2| next:
            2|   kubectl glancepv retain
            [0]

            $ kubectl glancepv unretain --yes -o name
            persistentvolume/pvc------------------------------------1
            [0]

            $ kubectl glancepv unretain --yes
            2| error: the volume is not bound to claim openstack/glance-images; with policy Delete it could be deleted at once
            2| hint:
            2|   kubectl glancepv status
            [1]

            $ kubectl glancepv unretain pvc------------------------------------1 --yes
            2| error: persistentvolume/pvc------------------------------------1 is not bound to claim openstack/glance-images; with policy Delete it could be deleted at once
            2| hint:
            2|   kubectl glancepv status
            [1]
        "#]],
    );
}
