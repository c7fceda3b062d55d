//! The steps of operators, in the right order and in wrong ones.

use expect_test::{Expect, expect};
use serde_json::json;

use crate::world::{World, phase};

/// Compares what the runs printed.
pub fn check(runs: &[crate::world::Run], expected: &Expect) {
    let shown: Vec<String> = runs.iter().map(ToString::to_string).collect();
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn the_procedure() {
    let (world, volume) = World::installed();
    let mut runs = vec![world.run("status"), world.run("retain --yes"), world.run("status")];
    world.uninstall();
    runs.extend([world.run("status"), world.run("reuse --yes"), world.run("status")]);
    world.install(Some(&volume));
    runs.extend([world.run("verify"), world.run("status")]);
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv status
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   AtRisk   Delete   500Gi      [age]   pvc------------------------------------1
            AtRisk: deleting claim openstack/glance-images deletes its volume and data (reclaim policy Delete)
            next:
              kubectl glancepv retain
            [0]

            $ kubectl glancepv retain --yes
            persistentvolume/pvc------------------------------------1 patched
            2| persistentvolume/pvc------------------------------------1
            2|   spec.persistentVolumeReclaimPolicy: Delete → Retain
            2| Retained: deleting claim openstack/glance-images keeps its volume (reclaim policy Retain)
            2| next: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance), then
            2|   kubectl glancepv reuse --timeout 10m
            [0]

            $ kubectl glancepv status
            CLAIM           STAGE      POLICY   CAPACITY   AGE   VOLUME
            glance-images   Retained   Retain   500Gi      [age]   pvc------------------------------------1
            Retained: deleting claim openstack/glance-images keeps its volume (reclaim policy Retain)
            next: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance), then
              kubectl glancepv reuse --timeout 10m
            [0]

            $ kubectl glancepv status
            CLAIM           STAGE      POLICY   CAPACITY   AGE   VOLUME
            glance-images   Released   Retain   500Gi      [age]   pvc------------------------------------1
            Released: its volume is Released with policy Retain; no claim can bind to it yet
            next:
              kubectl glancepv reuse
            [0]

            $ kubectl glancepv reuse --yes
            persistentvolume/pvc------------------------------------1 patched
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: uid-of-claim-----------------------1 → (none)
            2|   spec.claimRef.resourceVersion: [version] → (none)
            2|   stays reserved for claim openstack/glance-images
            2| Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            2| next: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify --timeout 10m
            [0]

            $ kubectl glancepv status
            CLAIM           STAGE      POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reserved   Retain   500Gi      [age]   pvc------------------------------------1
            Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            next: install the release again (burrito: ./scripts/burrito.sh install glance), then
              kubectl glancepv verify --timeout 10m
            [0]

            $ kubectl glancepv verify
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reused   Retain   500Gi      [age]   pvc------------------------------------1
            Reused: bound to a volume that was not made for this claim ([age] old); UIDs match
            [0]

            $ kubectl glancepv status
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reused   Retain   500Gi      [age]   pvc------------------------------------1
            Reused: bound to a volume that was not made for this claim ([age] old); UIDs match
            [0]
        "#]],
    );
}

#[test]
fn reuse_too_early_changes_nothing() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let before = world.volume(&volume);
    let run = world.run("reuse --yes");
    assert_eq!(world.volume(&volume).metadata.resource_version, before.metadata.resource_version);
    assert_eq!(world.bound(), volume, "the claim is still bound");
    check(
        &[run],
        &expect![[r#"
            $ kubectl glancepv reuse --yes
            2| error: persistentvolume/pvc------------------------------------1 is still bound to claim openstack/glance-images
            2| hint: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance)
            2| then: wait until the claim is deleted
            2|   kubectl glancepv reuse --timeout 10m
            [1]
        "#]],
    );
}

#[test]
fn uninstalling_without_retain_loses_the_volume() {
    let (world, volume) = World::installed();
    world.uninstall();
    world.await_volume(&volume, |v| v.is_none());
    for arguments in ["status", "retain --yes", "reuse --yes", "verify", "verify --timeout 60s"] {
        let run = world.run(arguments);
        // The hint names the namespaces where there is such a claim: on a shared cluster, other tests'.
        let said = "Error from server (NotFound): persistentvolumeclaims \"glance-images\" not found\nhint:";
        assert!(run.status == 1 && run.stdout.is_empty() && run.stderr.starts_with(said), "{run}");
    }
}

#[test]
fn retain_at_the_last_moment() {
    // No provisioner deletes the volume: there is time to see it doomed.
    let world = World::new();
    let claim = world.create_claim(|_| {});
    let reference = json!({"kind": "PersistentVolumeClaim", "namespace": world.namespace, "name": "glance-images",
        "uid": claim.metadata.uid});
    let volume = world.create_volume(reference);
    world.bound();
    world.patch_volume(
        &volume,
        json!({"metadata": {"annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}},
        "spec": {"persistentVolumeReclaimPolicy": "Delete"}}),
    );
    world.uninstall();
    let runs = [world.run("reuse --yes"), world.run("status"), world.run("retain --yes"), world.run("reuse --yes")];
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv reuse --yes
            2| error: persistentvolume/pvc------------------------------------1 has policy Delete and may be deleted at any time: its claim is gone
            2| hint: the driver may already be deleting the data
            2|   kubectl glancepv retain pvc------------------------------------1
            [1]

            $ kubectl glancepv status
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   Doomed   Delete   500Gi      [age]   pvc------------------------------------1
            Doomed: the claim was deleted: its volume may be deleted at any time (policy Delete)
            next: the driver may already be deleting the data
              kubectl glancepv retain pvc------------------------------------1
            [0]

            $ kubectl glancepv retain --yes
            persistentvolume/pvc------------------------------------1 patched
            2| persistentvolume/pvc------------------------------------1
            2|   spec.persistentVolumeReclaimPolicy: Delete → Retain
            2|   metadata.annotations.glancepv.io/retained-after-release: (none) → uid-of-claim-----------------------1
            2| Released: its volume is Released with policy Retain; no claim can bind to it yet
            2| DeletionBegun: its volume was retained after claim uid-of-claim-----------------------1 was deleted: the driver may have deleted the data; check it, then remove the mark
            2|   kubectl annotate pv pvc------------------------------------1 glancepv.io/retained-after-release-
            2| next:
            2|   kubectl glancepv reuse
            [0]

            $ kubectl glancepv reuse --yes
            persistentvolume/pvc------------------------------------1 patched
            2| DeletionBegun: its volume was retained after claim uid-of-claim-----------------------1 was deleted: the driver may have deleted the data; check it, then remove the mark
            2|   kubectl annotate pv pvc------------------------------------1 glancepv.io/retained-after-release-
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: uid-of-claim-----------------------1 → (none)
            2|   stays reserved for claim openstack/glance-images
            2| Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            2| DeletionBegun: its volume was retained after claim uid-of-claim-----------------------1 was deleted: the driver may have deleted the data; check it, then remove the mark
            2|   kubectl annotate pv pvc------------------------------------1 glancepv.io/retained-after-release-
            2| next: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify --timeout 10m
            [0]
        "#]],
    );
}

#[test]
fn what_is_done_may_be_repeated() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let mut runs = vec![world.run("retain")];
    world.uninstall();
    world.run("reuse --yes");
    runs.push(world.run("reuse"));
    world.install(Some(&volume));
    runs.extend([world.run("verify -o name"), world.run("verify -o name"), world.run("retain -o name")]);
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv retain
            persistentvolume/pvc------------------------------------1 patched (no change)
            2| Retained: deleting claim openstack/glance-images keeps its volume (reclaim policy Retain)
            2| next: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance), then
            2|   kubectl glancepv reuse --timeout 10m
            [0]

            $ kubectl glancepv reuse
            persistentvolume/pvc------------------------------------1 patched (no change)
            2| Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            2| next: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify --timeout 10m
            [0]

            $ kubectl glancepv verify -o name
            persistentvolume/pvc------------------------------------1
            [0]

            $ kubectl glancepv verify -o name
            persistentvolume/pvc------------------------------------1
            [0]

            $ kubectl glancepv retain -o name
            persistentvolume/pvc------------------------------------1
            [0]
        "#]],
    );
}

#[test]
fn dry_runs_change_nothing() {
    let (world, volume) = World::installed();
    let before = world.volume(&volume);
    let mut runs = vec![world.run("retain --dry-run=client"), world.run("retain --dry-run=server")];
    assert_eq!(world.volume(&volume), before);
    world.run("retain --yes");
    world.uninstall();
    let before = world.volume(&volume);
    runs.extend([world.run("reuse --dry-run=client"), world.run("reuse --dry-run=server")]);
    assert_eq!(world.volume(&volume), before);
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv retain --dry-run=client
            persistentvolume/pvc------------------------------------1 patched (dry run)
            2| persistentvolume/pvc------------------------------------1
            2|   spec.persistentVolumeReclaimPolicy: Delete → Retain
            [0]

            $ kubectl glancepv retain --dry-run=server
            persistentvolume/pvc------------------------------------1 patched (server dry run)
            2| persistentvolume/pvc------------------------------------1
            2|   spec.persistentVolumeReclaimPolicy: Delete → Retain
            [0]

            $ kubectl glancepv reuse --dry-run=client
            persistentvolume/pvc------------------------------------1 patched (dry run)
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: uid-of-claim-----------------------1 → (none)
            2|   spec.claimRef.resourceVersion: [version] → (none)
            2|   stays reserved for claim openstack/glance-images
            [0]

            $ kubectl glancepv reuse --dry-run=server
            persistentvolume/pvc------------------------------------1 patched (server dry run)
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: uid-of-claim-----------------------1 → (none)
            2|   spec.claimRef.resourceVersion: [version] → (none)
            2|   stays reserved for claim openstack/glance-images
            [0]
        "#]],
    );
}

#[test]
fn a_claim_that_helm_keeps() {
    let world = World::new().provisioned();
    world.create_claim(|claim| claim["metadata"]["annotations"] = json!(World::kept()));
    world.bound();
    check(
        &[world.run("status"), world.run("retain --yes"), world.run("reuse --yes")],
        &expect![[r#"
            $ kubectl glancepv status
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   AtRisk   Delete   500Gi      [age]   pvc------------------------------------1
            AtRisk: deleting claim openstack/glance-images deletes its volume and data (reclaim policy Delete)
            KeptByHelm: helm.sh/resource-policy is on the claim: if its chart set that, uninstall leaves it
            next:
              kubectl glancepv retain
            [0]

            $ kubectl glancepv retain --yes
            persistentvolume/pvc------------------------------------1 patched
            2| persistentvolume/pvc------------------------------------1
            2|   spec.persistentVolumeReclaimPolicy: Delete → Retain
            2| Retained: claim openstack/glance-images is annotated helm.sh/resource-policy (reclaim policy Retain)
            2| KeptByHelm: helm.sh/resource-policy is on the claim: if its chart set that, uninstall leaves it
            2| next: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance)
            2| then: the claim may stay bound: then install it again under the same release name, and reuse nothing
            [0]

            $ kubectl glancepv reuse --yes
            2| error: persistentvolume/pvc------------------------------------1 is still bound to claim openstack/glance-images
            2| hint: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance)
            2| then: the claim may stay bound: then install it again under the same release name, and reuse nothing
            [1]
        "#]],
    );
}

#[test]
fn several_preserved_volumes() {
    let (world, first) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let second = world.install(None);
    assert_ne!(first, second);
    world.run("retain --yes");
    world.uninstall();
    let mut runs = vec![world.run("status -o name")];
    let listing = world.run("reuse --yes");
    assert!(listing.stderr.contains("2 volumes refer to claim openstack/glance-images: pvc"), "{listing}");
    assert_eq!(listing.status, 1);
    assert_eq!(phase(&world.volume(&first)), "Released");
    runs.push(world.run(&format!("reuse {second} --yes")));
    world.install(Some(&second));
    runs.push(world.run(&format!("verify {second} -o name")));
    let other = world.run(&format!("verify {first}"));
    assert!(other.stderr.contains("is bound to") && other.status == 1, "{other}");
    runs[0].stdout = runs[0].stdout.lines().count().to_string() + "\n";
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv status -o name
            2
            [0]

            $ kubectl glancepv reuse pvc------------------------------------2 --yes
            persistentvolume/pvc------------------------------------2 patched
            2| persistentvolume/pvc------------------------------------2
            2|   spec.claimRef.uid: uid-of-claim-----------------------2 → (none)
            2|   spec.claimRef.resourceVersion: [version] → (none)
            2|   stays reserved for claim openstack/glance-images
            2| Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            2| OtherVolumesWait: also preserved for claim openstack/glance-images: pvc------------------------------------1
            2| next: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify --timeout 10m
            [0]

            $ kubectl glancepv verify pvc------------------------------------2 -o name
            persistentvolume/pvc------------------------------------2
            [0]
        "#]],
    );
}

#[test]
fn a_volume_of_another_claim() {
    let (world, _) = World::installed();
    let theirs =
        world.create_volume(json!({"kind": "PersistentVolumeClaim", "namespace": "elsewhere", "name": "backups"}));
    let free = world.create_volume(json!(null));
    let runs = [
        world.run(&format!("retain {theirs} --yes")),
        world.run(&format!("reuse {theirs} --yes")),
        world.run(&format!("reuse {free} --yes")),
        world.run("retain no-such-volume --yes"),
    ];
    world.delete_volume(&theirs);
    world.delete_volume(&free);
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv retain pvc------------------------------------2 --yes
            2| error: persistentvolume/pvc------------------------------------2 belongs to claim elsewhere/backups, not openstack/glance-images
            2| hint:
            2|   kubectl glancepv status -n elsewhere --claim backups
            [1]

            $ kubectl glancepv reuse pvc------------------------------------2 --yes
            2| error: persistentvolume/pvc------------------------------------2 belongs to claim elsewhere/backups, not openstack/glance-images
            2| hint:
            2|   kubectl glancepv status -n elsewhere --claim backups
            [1]

            $ kubectl glancepv reuse pvc------------------------------------3 --yes
            2| error: claim openstack/glance-images is bound to persistentvolume/pvc------------------------------------1, not persistentvolume/pvc------------------------------------3
            2| hint: keep the newer volume, or its data is deleted with the claim
            2|   kubectl glancepv retain pvc------------------------------------1
            2| then: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance), then
            2|   kubectl glancepv reuse pvc------------------------------------3 --timeout 10m
            2| then: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify pvc------------------------------------3 --timeout 10m
            [1]

            $ kubectl glancepv retain no-such-volume --yes
            2| Error from server (NotFound): persistentvolumes "no-such-volume" not found
            [1]
        "#]],
    );
}

#[test]
fn a_diverted_claim_and_the_way_back() {
    let (world, preserved) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.await_later_than(&preserved);
    let fresh = world.install(None);
    let mut runs = vec![world.run("status"), world.run("verify"), world.run("reuse --yes")];
    // To the letter: uninstall, reuse that volume, install, verify.
    world.uninstall();
    world.await_volume(&fresh, |v| v.is_none());
    runs.push(world.run(&format!("reuse {preserved} --yes")));
    world.install(Some(&preserved));
    runs.push(world.run("verify"));
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv status
            CLAIM           STAGE      POLICY   CAPACITY   AGE   VOLUME
            glance-images   Diverted   Delete   500Gi      [age]   pvc------------------------------------2
            Diverted: the claim is bound to another volume; its kept persistentvolume/pvc------------------------------------1 ([age]) is not in use
            next: going back to persistentvolume/pvc------------------------------------1 leaves what was written since on persistentvolume/pvc------------------------------------2
            then: keep the newer volume, or its data is deleted with the claim
              kubectl glancepv retain pvc------------------------------------2
            then: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance), then
              kubectl glancepv reuse pvc------------------------------------1 --timeout 10m
            then: install the release again (burrito: ./scripts/burrito.sh install glance), then
              kubectl glancepv verify pvc------------------------------------1 --timeout 10m
            [0]

            $ kubectl glancepv verify
            CLAIM           STAGE      POLICY   CAPACITY   AGE   VOLUME
            glance-images   Diverted   Delete   500Gi      [age]   pvc------------------------------------2
            Diverted: the claim is bound to another volume; its kept persistentvolume/pvc------------------------------------1 ([age]) is not in use
            2| error: claim openstack/glance-images is bound to persistentvolume/pvc------------------------------------2, not persistentvolume/pvc------------------------------------1
            2| hint: keep the newer volume, or its data is deleted with the claim
            2|   kubectl glancepv retain pvc------------------------------------2
            2| then: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance), then
            2|   kubectl glancepv reuse pvc------------------------------------1 --timeout 10m
            2| then: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify pvc------------------------------------1 --timeout 10m
            [1]

            $ kubectl glancepv reuse --yes
            2| error: claim openstack/glance-images is bound to persistentvolume/pvc------------------------------------2, not persistentvolume/pvc------------------------------------1
            2| hint: keep the newer volume, or its data is deleted with the claim
            2|   kubectl glancepv retain pvc------------------------------------2
            2| then: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance), then
            2|   kubectl glancepv reuse pvc------------------------------------1 --timeout 10m
            2| then: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify pvc------------------------------------1 --timeout 10m
            [1]

            $ kubectl glancepv reuse pvc------------------------------------1 --yes
            persistentvolume/pvc------------------------------------1 patched
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: uid-of-claim-----------------------1 → (none)
            2|   spec.claimRef.resourceVersion: [version] → (none)
            2|   stays reserved for claim openstack/glance-images
            2| Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            2| next: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify --timeout 10m
            [0]

            $ kubectl glancepv verify
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reused   Retain   500Gi      [age]   pvc------------------------------------1
            Reused: bound to a volume that was not made for this claim ([age] old); UIDs match
            [0]
        "#]],
    );
}

#[test]
fn a_lost_claim_and_the_way_back() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    // The patch that `reuse` refuses, by hand.
    world.patch_volume(&volume, json!({"spec": {"claimRef": {"uid": null, "resourceVersion": null}}}));
    world.await_claim(|c| c.and_then(|c| c.status.as_ref()).and_then(|s| s.phase.as_deref()) == Some("Lost"));
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    let mut runs = vec![world.run("status"), world.run("reuse --yes -o name")];
    assert_eq!(world.bound(), volume);
    runs.push(world.run("verify"));
    world.uninstall();
    runs.push(world.run(&format!("reuse {volume} --yes")));
    world.install(Some(&volume));
    runs.push(world.run("verify"));
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv status
            CLAIM           STAGE   POLICY   CAPACITY   AGE   VOLUME
            glance-images   Lost    Retain   500Gi      [age]   pvc------------------------------------1
            Lost: claim openstack/glance-images has lost its volume, which can be given back to it
            next:
              kubectl glancepv reuse
            [0]

            $ kubectl glancepv reuse --yes -o name
            persistentvolume/pvc------------------------------------1
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: (none) → uid-of-claim-----------------------1
            2|   gives the volume back to claim openstack/glance-images, which is Lost
            [0]

            $ kubectl glancepv verify
            CLAIM           STAGE      POLICY   CAPACITY   AGE   VOLUME
            glance-images   Retained   Retain   500Gi      [age]   pvc------------------------------------1
            Retained: deleting claim openstack/glance-images keeps its volume (reclaim policy Retain)
            2| error: claim openstack/glance-images is bound to persistentvolume/pvc------------------------------------1, which was provisioned for it; no preserved volume is in use
            2| hint:
            2|   kubectl glancepv status
            [1]

            $ kubectl glancepv reuse pvc------------------------------------1 --yes
            persistentvolume/pvc------------------------------------1 patched
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: uid-of-claim-----------------------1 → (none)
            2|   stays reserved for claim openstack/glance-images
            2| Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            2| next: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify --timeout 10m
            [0]

            $ kubectl glancepv verify
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reused   Retain   500Gi      [age]   pvc------------------------------------1
            Reused: bound to a volume that was not made for this claim ([age] old); UIDs match
            [0]
        "#]],
    );
}

#[test]
fn a_pinned_claim_that_does_not_fit_is_bound_and_told() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.run("reuse --yes");
    world.await_later_than(&volume);
    world.create_claim(|claim| {
        claim["spec"]["volumeName"] = json!(volume);
        claim["spec"]["resources"]["requests"]["storage"] = json!("900Gi");
        claim["spec"]["accessModes"] = json!(["ReadWriteOnce"]);
        claim["spec"]["storageClassName"] = json!("other");
    });
    assert_eq!(world.bound(), volume);
    check(
        &[world.run("verify")],
        &expect![[r#"
            $ kubectl glancepv verify
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reused   Retain   500Gi      [age]   pvc------------------------------------1
            Reused: bound to a volume that was not made for this claim ([age] old); UIDs match
            ResizePending: a resize of the claim is under way: let a pod finish it before the claim is deleted
            WillBeResized: the claim requests 900Gi, its volume has 500Gi: expect csi-resizer to grow it
            ClassDiffers: the claim requests storage class other, its volume has netapp (it is bound by name)
            ModesDiffer: the claim requests access modes ReadWriteOnce, its volume has ReadWriteMany (it is bound by name)
            [0]
        "#]],
    );
}

#[test]
fn a_claim_pinned_before_reuse_still_gets_its_volume() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.await_later_than(&volume);
    world.create_claim(|claim| claim["spec"]["volumeName"] = json!(volume));
    // The claim's events are told when they come.
    let early = world.run("verify");
    assert!(early.status == 1 && early.contains("StaleClaimRef: the claim cannot bind: "), "{early}");
    let mut runs = vec![world.run("status -o name")];
    let reuse = world.run("reuse --yes");
    assert_eq!(reuse.status, 0, "{reuse}");
    assert_eq!(world.bound(), volume);
    runs.push(world.run("verify"));
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv status -o name
            persistentvolumeclaim/glance-images
            persistentvolume/pvc------------------------------------1
            [0]

            $ kubectl glancepv verify
            CLAIM           STAGE    POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reused   Retain   500Gi      [age]   pvc------------------------------------1
            Reused: bound to a volume that was not made for this claim ([age] old); UIDs match
            [0]
        "#]],
    );
}

#[test]
fn two_operators_at_once() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let both = [world.spawn("reuse --yes"), world.spawn("reuse --yes")];
    for child in both {
        let run = world.finish("reuse --yes", child);
        assert_eq!(run.status, 0, "{run}");
        assert!(run.stdout.contains(" patched"), "{run}");
    }
    let reference = world.volume(&volume).spec.and_then(|s| s.claim_ref).expect("a claimRef");
    assert_eq!((reference.uid, reference.name.as_deref()), (None, Some("glance-images")));
}

#[test]
fn waiting_for_the_claim_to_go_and_to_come() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.mount("glance-api-0");
    let waiting = world.spawn("reuse --yes --timeout 60s -o name");
    world.delete_claim();
    world.await_claim(|c| c.is_some_and(|c| c.metadata.deletion_timestamp.is_some()));
    let mut runs = vec![world.run("status"), world.run("reuse --yes")];
    world.unmount("glance-api-0");
    runs.push(world.finish("reuse --yes --timeout 60s -o name", waiting));
    let waiting = world.spawn("verify --timeout 60s -o name");
    world.install(Some(&volume));
    runs.push(world.finish("verify --timeout 60s -o name", waiting));
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv status
            CLAIM           STAGE       POLICY   CAPACITY   AGE   VOLUME
            glance-images   Releasing   Retain   500Gi      [age]   pvc------------------------------------1
            Releasing: claim openstack/glance-images is being deleted; its volume has policy Retain
            ClaimTerminating: claim openstack/glance-images is being deleted
            HeldByPods: the claim is in use by glance-api-0; it is deleted once no pod uses it
            next:
              kubectl glancepv reuse --timeout 10m
            [0]

            $ kubectl glancepv reuse --yes
            2| error: claim openstack/glance-images is being deleted; persistentvolume/pvc------------------------------------1 is not released until it is gone
            2| hint: wait until the claim is deleted
            2|   kubectl glancepv reuse --timeout 10m
            [1]

            $ kubectl glancepv reuse --yes --timeout 60s -o name
            persistentvolume/pvc------------------------------------1
            2| persistentvolume/pvc------------------------------------1
            2|   spec.claimRef.uid: uid-of-claim-----------------------1 → (none)
            2|   spec.claimRef.resourceVersion: [version] → (none)
            2|   stays reserved for claim openstack/glance-images
            [0]

            $ kubectl glancepv verify --timeout 60s -o name
            persistentvolume/pvc------------------------------------1
            [0]
        "#]],
    );
}

#[test]
fn a_wait_ends_when_its_time_is_up() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    let second = std::time::Duration::from_secs(1);
    let begun = std::time::Instant::now();
    let mut runs = vec![world.run("reuse --timeout 1s")];
    assert!(begun.elapsed() >= second, "it waited");
    // Nobody provisions: the claim stays Pending.
    let pending = World::new();
    pending.create_claim(|_| {});
    let begun = std::time::Instant::now();
    runs.push(pending.run("verify --timeout 1s").without_events());
    assert!(begun.elapsed() >= second, "it waited");
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv reuse --timeout 1s
            2| error: timed out after 1s: persistentvolume/pvc------------------------------------1 is still bound to claim openstack/glance-images
            2| hint: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance)
            2| then: wait until the claim is deleted
            2|   kubectl glancepv reuse --timeout 1s
            [1]

            $ kubectl glancepv verify --timeout 1s
            CLAIM           STAGE     POLICY   CAPACITY   AGE   VOLUME
            glance-images   Binding   <none>   500Gi      [age]   <none>
            Binding: claim openstack/glance-images is Pending and has no volume yet
            2| error: timed out after 1s: claim openstack/glance-images is Pending and has no volume yet
            2| hint: no volume is preserved for claim openstack/glance-images
            2|   kubectl glancepv status
            [1]
        "#]],
    );
}

#[test]
fn machine_readable_output() {
    let (world, volume) = World::installed();
    let json = |run: &crate::world::Run| serde_json::from_str::<serde_json::Value>(&run.stdout).expect("JSON");
    let status = json(&world.run("status -o json"));
    assert_eq!((&status["apiVersion"], &status["kind"]), (&json!("glancepv.io/v1alpha1"), &json!("Status")));
    assert_eq!((&status["stage"], &status["claim"]["phase"]), (&json!("AtRisk"), &json!("Bound")));
    let retained = json(&world.run("retain --yes -o json"));
    assert_eq!(retained["kind"], "PersistentVolume");
    assert_eq!(retained["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    assert_eq!(retained["metadata"]["managedFields"], json!(null));
    let managers = world.volume(&volume).metadata.managed_fields.unwrap_or_default();
    assert!(managers.iter().any(|m| m.manager.as_deref() == Some("kubectl-glancepv")), "{managers:?}");
    let verdict = world.run("verify -o json");
    assert_eq!((verdict.status, &json(&verdict)["verified"]), (1, &json!(false)));
    let yaml = world.run("status -o yaml");
    assert!(yaml.stdout.contains("kind: Status\n") && yaml.stdout.contains("\nstage: Retained\n"), "{yaml}");
    assert_eq!(yaml.stderr, "");
    let rows = world.run("status --no-headers");
    assert!(!rows.stdout.contains("NAME") && rows.stdout.contains("Retain"), "{rows}");
}

#[test]
fn a_claim_in_another_namespace_is_named() {
    let (world, _) = World::installed();
    // On a shared cluster other tests have claims of that name, too.
    let run = world.run("status -n default");
    assert_eq!(run.status, 1);
    assert!(
        run.stderr
            .starts_with("Error from server (NotFound): persistentvolumeclaims \"glance-images\" not found\nhint:"),
        "{run}"
    );
    assert!(run.stderr.contains("openstack"), "{run}");
}
