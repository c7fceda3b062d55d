//! A real provisioner on real bytes: csi-provisioner of kubernetes-csi, and a driver whose volumes are
//! folders (tests/cluster/csi). What is told is that the bytes are kept; what is compared is their SHA-256.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use k8s_openapi::api::apps::v1::StatefulSet;
use serde_json::json;

use crate::world::{Run, World, phase, says};

const WHY: &str = "tests/cluster/suite.sh starts a provisioner";

/// The driver's folder.
fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("GLANCEPV_CSI_ROOT").expect(WHY))
}

fn folder(volume: &str) -> PathBuf {
    root().join("volumes").join(volume)
}

/// An image in the volume; its SHA-256.
fn upload(volume: &str) -> String {
    let image: Vec<u8> = (0..1_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    fs::write(folder(volume).join("image.qcow2"), image).expect(WHY);
    sum(volume)
}

fn sum(volume: &str) -> String {
    let output = Command::new("sha256sum").arg(folder(volume).join("image.qcow2")).output().expect("sha256sum");
    assert!(output.status.success(), "the bytes of {volume} are lost: {output:?}");
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// Installed, with an image in the volume.
fn installed(mode: &str) -> (World, String, String) {
    let world = World::on_bytes(mode);
    world.template();
    let volume = world.install(None);
    let sum = upload(&volume);
    (world, volume, sum)
}

/// Waits until the provisioner has done with everything that came before: a claim of its own has its
/// volume, and that one is deleted with it.
fn settled() {
    let other = World::on_bytes("Immediate");
    let volume = other.install(None);
    other.uninstall();
    other.await_volume(&volume, |v| v.is_none());
    assert!(!folder(&volume).exists());
}

fn ok(run: Run) -> Run {
    assert_eq!(run.status, 0, "{run}");
    run
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn without_the_plugin_the_bytes_are_lost() {
    for mode in ["Immediate", "WaitForFirstConsumer"] {
        let (world, volume, _) = installed(mode);
        world.uninstall();
        world.await_volume(&volume, |v| v.is_none());
        assert!(!folder(&volume).exists(), "the suite can see a loss");
    }
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn what_status_prints_keeps_the_bytes() {
    for mode in ["Immediate", "WaitForFirstConsumer"] {
        let (world, volume, before) = installed(mode);
        world.follow();
        settled();
        assert_eq!((world.bound(), sum(&volume)), (volume, before), "{mode}");
    }
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn a_second_round_keeps_the_bytes() {
    let (world, volume, before) = installed("Immediate");
    world.follow();
    ok(world.run("unretain --yes"));
    world.follow();
    world.uninstall();
    world.follow();
    settled();
    assert_eq!((world.bound(), sum(&volume)), (volume, before));
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn reuse_under_policy_delete_waits_for_nothing_and_sends_to_retain() {
    let (world, volume, before) = installed("Immediate");
    let run = world.run("reuse --yes --timeout 60s");
    assert_eq!((run.status, run.next.len()), (1, 1), "{run}");
    assert!(!run.contains("timed out"), "{run}");
    assert_eq!(run.next[0], format!("kubectl glancepv retain {volume}"), "{run}");
    world.type_line(&run.next[0]);
    world.follow();
    settled();
    assert_eq!((world.bound(), sum(&volume)), (volume, before));
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn an_export_from_before_retain_applied_later_keeps_the_bytes() {
    let (world, volume, before) = installed("Immediate");
    let shown = world.type_line(&format!("kubectl glancepv export {volume} > {volume}.yaml"));
    assert!(shown.contains("the manifest says Retain"), "{shown}");
    ok(world.run("retain --yes"));
    world.uninstall();
    world.type_line(&format!("kubectl apply -f {volume}.yaml"));
    settled();
    assert_eq!(sum(&volume), before);
    world.follow();
    assert_eq!((world.bound(), sum(&volume)), (volume, before));
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn a_volume_deleted_while_bound_comes_back_with_its_bytes() {
    let (world, volume, before) = installed("Immediate");
    world.delete_volume(&volume);
    let check = world.run("check");
    assert!(check.status == 1 && check.stdout.contains("✖ Terminating: "), "{check}");
    let typed = world.follow();
    settled();
    assert_eq!((world.bound(), sum(&volume)), (volume, before), "{typed:#?}");
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn guide_retains_a_volume_deleted_while_bound() {
    let (world, volume, before) = installed("Immediate");
    world.delete_volume(&volume);
    let run = world.run("guide --yes");
    assert!(run.status == 1 && run.stderr.contains("expect driver folder.csi.example.com to keep the data"), "{run}");
    for line in &run.next {
        world.type_line(line);
    }
    settled();
    assert_eq!((world.bound(), sum(&volume)), (volume, before));
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn a_volume_object_that_was_lost_comes_back_from_its_export() {
    let (world, volume, before) = installed("Immediate");
    ok(world.run("retain --yes"));
    world.type_line(&format!("kubectl glancepv export {volume} > {volume}.yaml"));
    world.delete_volume(&volume);
    // The object disappears at once, as with a restored etcd.
    world.patch_volume(&volume, json!({"metadata": {"finalizers": null}}));
    world.await_volume(&volume, |v| v.is_none());
    world.await_claim(|c| c.and_then(|c| c.status.as_ref()).and_then(|s| s.phase.as_deref()) == Some("Lost"));
    let typed = world.follow();
    settled();
    assert_eq!((world.bound(), sum(&volume)), (volume, before), "{typed:#?}");
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn diverted_by_a_misfit_and_back() {
    let (mut world, volume, before) = installed("Immediate");
    ok(world.run("retain --yes"));
    world.uninstall();
    ok(world.run("reuse --yes"));
    world.size = "600Gi";
    world.install_again();
    let newer = world.bound();
    assert_ne!(newer, volume);
    let newer_sum = upload(&newer);
    let status = world.run("status");
    assert!(status.contains("Diverted: ") && status.contains("SizeTooSmall: "), "{status}");
    let typed = world.follow();
    settled();
    assert_eq!((world.bound(), sum(&volume)), (volume, before), "{typed:#?}");
    assert_eq!(sum(&newer), newer_sum, "the newer volume was retained before it was uninstalled");
}

/// Each of the tools' ways to write a volume: field manager, and true for server-side apply.
const APPLIERS: [(&str, bool); 6] = [
    ("argocd-controller", false),
    ("argocd-controller", true),
    ("argocd-application-controller", false),
    ("kustomize-controller", true),
    ("helm-controller", true),
    ("my-gitops-loop", true),
];

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn a_tool_that_sets_the_policy_back_costs_no_bytes() {
    for (manager, applies) in APPLIERS {
        let (world, volume, before) = installed("Immediate");
        let spec = json!({"spec": {"persistentVolumeReclaimPolicy": "Delete", "mountOptions": ["hard"]}});
        let write = || {
            if applies {
                world.apply_volume(&volume, manager, spec.clone());
            } else {
                world.patch_volume_as(manager, &volume, spec.clone());
            }
        };
        write();
        let retain = world.run("retain --yes");
        says(&retain, &[&format!("PolicyApplied: {manager} applies its volume")]);
        write();
        let uninstall = format!("kubectl delete pvc {} -n {}", world.claim, world.namespace);
        let guide = world.command_with(&["guide", "--yes", "--timeout", "20s", "--uninstall", &uninstall]);
        assert_eq!(guide.status, 1, "{guide}");
        settled();
        assert_eq!((world.bound(), sum(&volume)), (volume.clone(), before), "{manager}: {guide}");
        world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
        world.uninstall();
    }
}

/// Uninstalled under policy Delete, with a driver that takes the bytes and does not answer.
fn too_late() -> (World, String) {
    let (world, volume, _) = installed("Immediate");
    fs::write(root().join("hold"), "").unwrap();
    world.uninstall();
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Released") && !folder(&volume).exists());
    (world, volume)
}

/// One test, since the driver holds back for all.
#[test]
#[ignore = "needs a provisioner, alone: tests/cluster/suite.sh"]
fn a_retain_that_came_too_late_is_told_to_the_end() {
    let (world, volume) = too_late();
    let retained = ok(world.run("retain --yes"));
    let told = " was retained after claim ";
    assert!(retained.stderr.contains(told), "{retained}");
    // The provisioner is inside DeleteVolume, and its finalizer stays.
    let early = world.run("reuse --yes");
    assert!(early.status == 1 && early.stderr.contains("the provisioner"), "{early}");
    let (by_hand, other) = too_late();
    by_hand.eventually_of_volumes("status", "DeletionBegun: the driver tried to delete ");
    by_hand.patch_volume(&other, json!({"spec": {"persistentVolumeReclaimPolicy": "Retain"}}));
    fs::remove_file(root().join("hold")).unwrap();
    for (world, volume, told) in [(world, volume, told), (by_hand, other, "DeletionBegun: the driver tried to delete ")]
    {
        let reuse = ok(world.run("reuse --yes --timeout 60s"));
        let (before, after) = reuse.stderr.split_once("spec.claimRef.uid").expect("the change is shown");
        assert!(before.contains(told) && after.contains("Reserved: "), "{reuse}");
        assert_eq!(world.install(None), volume);
        let verified = ok(world.run("verify"));
        assert!(verified.contains(told), "{verified}");
    }
}

const MEMBERS: [&str; 3] = ["data-mariadb-0", "data-mariadb-1", "data-mariadb-2"];

/// A set of three members, made by the real controller.
fn stateful(world: &World) -> Vec<String> {
    let labels = json!({"app": "mariadb"});
    world.create_in_namespace::<StatefulSet>(json!({"metadata": {"name": "mariadb"}, "spec": {
        "serviceName": "mariadb", "replicas": 3, "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "db", "image": "db",
            "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteMany"],
            "storageClassName": world.class, "resources": {"requests": {"storage": "1Gi"}}}}]}}));
    for name in MEMBERS {
        world.await_bound(name);
    }
    MEMBERS.map(|name| world.volume_of(name)).to_vec()
}

/// burrito's reset: every release is uninstalled, then `kubectl delete pvc --all`.
#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn a_reset_of_a_namespace_keeps_the_bytes_of_each_claim() {
    let (world, images, sum_of_images) = installed("Immediate");
    let volumes = stateful(&world);
    let before: Vec<String> = volumes.iter().map(|volume| upload(volume)).collect();
    ok(world.run("retain --all --yes"));
    world.delete_in_namespace::<StatefulSet>("mariadb");
    let reuse = "reuse --all --yes --timeout 60s";
    world.delete_all_claims();
    ok(world.run(reuse));
    settled();
    assert_eq!(stateful(&world), volumes);
    assert_eq!(world.install(None), images);
    ok(world.run("verify --all --timeout 60s"));
    assert_eq!(volumes.iter().map(|volume| sum(volume)).collect::<Vec<_>>(), before);
    assert_eq!(sum(&images), sum_of_images);
}

#[test]
#[ignore = "needs a provisioner: tests/cluster/suite.sh"]
fn a_namespace_that_is_deleted_and_made_again_has_its_bytes() {
    let (world, images, sum_of_images) = installed("Immediate");
    let volumes = stateful(&world);
    let before: Vec<String> = volumes.iter().map(|volume| upload(volume)).collect();
    ok(world.run("retain --all --yes"));
    world.make_namespace_again();
    ok(world.run("reuse --all --yes --timeout 60s"));
    settled();
    assert_eq!(stateful(&world), volumes);
    assert_eq!(world.install(None), images);
    ok(world.run("verify --all --timeout 60s"));
    assert_eq!(volumes.iter().map(|volume| sum(volume)).collect::<Vec<_>>(), before);
    assert_eq!(sum(&images), sum_of_images);
}
