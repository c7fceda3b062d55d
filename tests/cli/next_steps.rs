//! Advice where a claim, a volume or somebody else is not as usual: what is said, and that it leads on.

use expect_test::expect;
use serde_json::json;

use crate::confirmation::{ask, status as exit_status};
use crate::procedure::check;
use crate::world::{World, phase};

/// Retained, uninstalled and reused: the volume is reserved.
fn reserved() -> (World, String) {
    let (world, volume) = World::installed();
    world.template();
    world.run("retain --yes");
    world.uninstall();
    assert_eq!(world.run("reuse --yes").status, 0);
    (world, volume)
}

#[test]
fn a_claim_that_is_pending_on_a_misfit_is_told_what_to_do() {
    // Nobody provisions: the claim stays Pending where it would be diverted.
    let mut world = World::new();
    world.template();
    let volume = world.create_volume(world.reference(None));
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    world.size = "600Gi";
    world.install_again();
    world.name(&volume, "pvc");
    check(
        &[world.run("verify").without_events()],
        &expect![[r#"
            $ kubectl glancepv verify
            CLAIM           STAGE     POLICY   CAPACITY   AGE   VOLUME
            glance-images   Binding   Retain   500Gi      [age]   pvc------------------------------------1
            Binding: claim openstack/glance-images is not bound to its volume yet
            SizeTooSmall: the claim requests 600Gi, its volume has 500Gi (unpinned, it is not bound to it)
            2| error: claim openstack/glance-images is Pending and has no volume yet
            2| hint: uninstall the release of the claim (burrito: ./scripts/burrito.sh uninstall glance)
            2| or: delete the claim alone
            2|   kubectl delete pvc glance-images -n openstack --ignore-not-found
            2| then: pin it, or install with a size of 500Gi
            2|   kubectl glancepv pin pvc------------------------------------1 -f TEMPLATE
            2| then: install the release again (burrito: ./scripts/burrito.sh install glance), then
            2|   kubectl glancepv verify --timeout 10m
            [1]
        "#]],
    );
    world.follow();
    assert_eq!(world.bound(), volume);
}

#[test]
fn a_claim_of_another_attributes_class_is_not_bound_without_a_pin() {
    let mut world = World::new();
    world.template();
    let volume = world.create_volume(world.reference(None));
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    world.attributes = Some("gold");
    world.install_again();
    // Servers that know no such class drop the field, and bind.
    let known = world
        .await_claim(|claim| claim.is_some())
        .and_then(|claim| claim.spec)
        .is_some_and(|spec| spec.volume_attributes_class_name.is_some());
    let told = "AttributesClassDiffers: the claim requests volume attributes class gold";
    let status = world.run("status");
    assert_eq!(status.contains(told) && status.contains("is not bound to it)"), known, "{status}");
    world.follow();
    assert_eq!(world.bound(), volume);
}

#[test]
fn a_claim_that_fits_needs_no_pin() {
    let (world, volume) = reserved();
    let status = world.run("status");
    assert!(status.next[0].starts_with("# install the release again"), "{status}");
    world.follow();
    assert_eq!(world.bound(), volume);
    let template = std::fs::read_to_string(world.home().join("pvc-images.yaml")).unwrap();
    assert!(!template.contains("volumeName"), "{template}");
}

#[test]
fn a_reserved_volume_that_is_not_retained_is_retained_first() {
    let (world, volume) = reserved();
    world.patch_volume(
        &volume,
        json!({"metadata": {"annotations": {"pv.kubernetes.io/provisioned-by": "another"}},
        "spec": {"persistentVolumeReclaimPolicy": "Delete"}}),
    );
    check(
        &[world.run("status"), world.run("reuse --yes")],
        &expect![[r#"
            $ kubectl glancepv status
            CLAIM           STAGE      POLICY   CAPACITY   AGE   VOLUME
            glance-images   Reserved   Delete   500Gi      [age]   pvc------------------------------------1
            Reserved: for the next claim openstack/glance-images that asks for at most 500Gi, RWX
            PolicyNotRetain: its volume has policy Delete: once bound, it is deleted with its claim
            next: before a claim binds to it
              kubectl glancepv retain pvc------------------------------------1
            then: install the release again (burrito: ./scripts/burrito.sh install glance), then
              kubectl glancepv verify --timeout 10m
            [0]

            $ kubectl glancepv reuse --yes
            2| error: persistentvolume/pvc------------------------------------1 is Available with policy Delete: it would be deleted with its claim
            2| hint: before a claim binds to it
            2|   kubectl glancepv retain pvc------------------------------------1
            [1]
        "#]],
    );
    world.follow();
    assert_eq!(world.bound(), volume);
}

#[test]
fn of_two_reserved_volumes_a_person_chooses() {
    let (world, first) = reserved();
    let second = world.create_volume(world.reference(None));
    world.await_volume(&second, |v| v.is_some_and(|v| phase(v) == "Available"));
    let pin = world.run("pin --yes -f pvc-images.yaml");
    assert_eq!((pin.status, pin.next.len()), (1, 2), "{pin}");
    for volume in [&first, &second] {
        assert!(pin.contains(&world.stable(volume)), "{pin}");
    }
    let status = world.run("status");
    let named = status.next.iter().filter(|line| line.starts_with("kubectl glancepv pin pvc-")).count();
    assert_eq!(named, 2, "{status}");
    world.type_line(&format!("kubectl glancepv pin {second} -f TEMPLATE"));
    world.install_again();
    assert_eq!(world.bound(), second);
}

#[test]
fn nothing_preserved_is_said_and_no_wait_is_offered() {
    let world = World::new();
    world.create_claim(|_| {});
    let status = world.run("status");
    assert!(
        status.next[0].starts_with("kubectl glancepv status") && status.contains("next: no volume is preserved"),
        "{status}"
    );
    assert_eq!(status.next.len(), 1, "{status}");
}

#[test]
fn a_volume_recreated_after_its_claim_is_still_the_preserved_one() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let export = world.command("export -o json").output().unwrap();
    world.uninstall();
    world.delete_volume(&volume);
    world.await_volume(&volume, |v| v.is_none());
    // The claim comes first, pinned; the volume is younger.
    world.create_claim(|claim| claim["spec"]["volumeName"] = json!(volume));
    world.await_later_than_claim();
    let waiting = world.run("status");
    assert!(waiting.next[0] == format!("kubectl apply -f {volume}.yaml"), "{waiting}");
    world.create_volume_from(serde_json::from_slice(&export.stdout).unwrap());
    assert_eq!(world.bound(), volume);
    let verify = world.run("verify");
    assert_eq!(verify.status, 0, "{verify}");
}

#[test]
fn who_drives_the_claim_is_told_and_suspended_first() {
    for (meta, line, check_line) in [
        (
            json!({"annotations": {"argocd.argoproj.io/tracking-id": "images:/PersistentVolumeClaim:openstack/glance-images"}}),
            "argocd app set images --sync-policy none",
            "! MayBeRecreated: Argo CD application images may create the claim again",
        ),
        (
            json!({"labels": {"helm.toolkit.fluxcd.io/name": "glance", "helm.toolkit.fluxcd.io/namespace": "flux-system"},
                "annotations": {"meta.helm.sh/release-name": "glance", "meta.helm.sh/release-namespace": "openstack"}}),
            "flux suspend helmrelease glance -n flux-system",
            "! MayBeRecreated: Flux helmrelease flux-system/glance may create the claim again",
        ),
    ] {
        let world = World::new().provisioned();
        world.create_claim(|claim| {
            for (key, value) in meta.as_object().unwrap() {
                claim["metadata"][key] = value.clone();
            }
        });
        world.bound();
        world.run("retain --yes");
        let status = world.run("status");
        assert!(status.contains("MayBeRecreated: "), "{status}");
        assert_eq!(status.next[0], line, "{status}");
        let check = world.run("check");
        assert!(check.stdout.contains(check_line), "{check}");
    }
}

#[test]
fn what_an_annotation_says_runs_nothing_when_a_line_is_pasted() {
    for (key, value) in [
        ("argocd.argoproj.io/tracking-id", "x; touch owned #:"),
        ("meta.helm.sh/release-name", "x$(touch owned)"),
        ("meta.helm.sh/release-name", "x\ntouch owned"),
        ("meta.helm.sh/release-namespace", "x' && touch owned && '"),
    ] {
        let world = World::new().provisioned();
        world.create_claim(|claim| {
            let annotations = &mut claim["metadata"]["annotations"];
            // Helm keeps it, so that what the release has stored is to be looked at, too.
            *annotations = json!({"helm.sh/resource-policy": "keep", "meta.helm.sh/release-name": "glance",
                "meta.helm.sh/release-namespace": "openstack"});
            annotations[key] = json!(value);
        });
        world.bound();
        let mut lines = world.run("retain --yes").next;
        let check: serde_json::Value = serde_json::from_str(&world.run("check -o json").stdout).unwrap();
        let next = check["checks"].as_array().unwrap().iter().filter_map(|check| check["next"].as_array());
        let hints = next.flatten().filter_map(|line| line["command"].as_str());
        lines.extend(hints.map(str::to_owned));
        for line in &lines {
            let mut shell = std::process::Command::new("sh");
            // Neither helm nor argocd is there: only what a shell makes of the line matters.
            let _ = shell.args(["-c", line]).current_dir(world.home()).env("PATH", "/usr/bin:/bin").output().unwrap();
        }
        assert!(!world.home().join("owned").exists(), "{lines:#?}");
    }
}

#[test]
fn a_hint_about_a_file_can_be_typed() {
    use std::os::unix::fs::PermissionsExt;
    let (world, volume) = World::installed();
    world.template();
    let name = world.home().join("the chart's template.yaml");
    std::fs::rename(world.home().join("pvc-images.yaml"), &name).unwrap();
    std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o444)).unwrap();
    let pinned = |world: &World| {
        let typed = world.command("").args(["pin", &volume, "--yes", "-f"]).arg(&name).output().unwrap();
        (typed.status.code(), String::from_utf8(typed.stderr).unwrap())
    };
    let (status, said) = pinned(&world);
    assert_eq!(status, Some(1), "{said}");
    let (_, hint) = said.split_once("hint:\n").expect("a hint");
    world.type_line(hint.trim());
    assert_eq!(pinned(&world).0, Some(0));
}

#[test]
#[ignore = "needs server-side apply: tests/cluster/suite.sh"]
fn the_field_manager_that_applies_the_policy_is_named() {
    let (world, volume) = World::installed();
    world.apply_volume(&volume, "kustomize-controller", json!({"spec": {"persistentVolumeReclaimPolicy": "Retain"}}));
    let status = world.run("status");
    assert!(status.contains("PolicyApplied: ") && status.contains("kustomize-controller"), "{status}");
}

#[test]
fn unretain_says_what_yes_means_before_it_asks() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let (mut session, _) = ask(&world, "unretain");
    session.exp_string(&format!("will then delete persistentvolume/{volume} and its data")).unwrap();
    session.exp_string("? [y/N]").unwrap();
    session.send_line("n").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(exit_status(&session), 1);
}

#[test]
fn export_chooses_nothing_of_its_own_where_two_could_be_meant() {
    let (world, old) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let new = world.install(None);
    let export = world.run("export");
    assert_eq!((export.status, export.next.len()), (1, 2), "{export}");
    assert_eq!(world.run(&format!("export {old}")).status, 0);
    let named = world.run(&format!("export {new}"));
    assert!(named.stdout.contains("persistentVolumeReclaimPolicy: Retain"), "{named}");
    assert!(named.contains("itself has policy Delete"), "{named}");
    // `check` says so, too.
    let check = world.run("check");
    assert!(check.stdout.contains("✖ Diverted: "), "{check}");
}

#[test]
fn guide_on_a_claim_that_was_reused_says_that_nothing_was_uninstalled() {
    let (world, volume) = reserved();
    world.follow();
    let once = world.run("guide --yes");
    assert_eq!(once.status, 0, "{once}");
    assert!(once.contains("nothing was uninstalled"), "{once}");
    assert_eq!(once.next, ["kubectl glancepv guide --again"], "{once}");
    // Another round, by somebody else's hands.
    let guide = world.spawn("guide --again --yes --timeout 60s");
    world.uninstall();
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    world.install_again();
    let run = world.finish("guide --again --yes --timeout 60s", guide);
    assert_eq!((run.status, world.bound()), (0, volume), "{run}");
    let (mut session, _) = ask(&world, "guide");
    session.exp_string("once more? [y/N]").unwrap();
    session.send_line("n").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(exit_status(&session), 0);
}

#[test]
fn what_guide_does_itself_it_does_not_print_to_be_typed() {
    let (world, _) = World::installed();
    world.template();
    let guide = world.spawn("guide --yes -f pvc-images.yaml --timeout 60s");
    world.await_claim(|c| c.is_some());
    world.await_policy("Retain");
    world.uninstall();
    world.await_template();
    world.install_again();
    let run = world.finish("guide", guide);
    assert_eq!(run.status, 0, "{run}");
    assert!(run.next.iter().all(|line| line.starts_with("# ")), "only what others do: {run}");
}
