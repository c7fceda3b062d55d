//! Faults between the plugin and the API server.

use glancepv_sandbox::answer::Refusal;
use glancepv_sandbox::state::Fault;

use crate::world::{World, await_line, phase, says};

fn installed() -> (World, String) {
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    (world, volume)
}

fn state(world: &World) -> &glancepv_sandbox::state::State {
    &world.sandbox.as_ref().expect("a sandbox").state
}

#[test]
fn a_wait_survives_watches_that_end_and_expire() {
    let (world, _) = installed();
    world.run("retain --yes");
    world.mount("glance-api-0");
    let waiting = world.spawn("reuse --yes --timeout 60s");
    world.delete_claim();
    world.await_claim(|c| c.is_some_and(|c| c.metadata.deletion_timestamp.is_some()));
    let refused = Fault::Answer(Refusal::new(410, "Expired", "too old resource version: 1 (2)"));
    let watch = format!("{}/persistentvolumeclaims?&watch=true", world.namespace);
    state(&world).plan("GET", &watch, 1, refused);
    state(&world).plan("GET", &watch, 1, Fault::Break);
    for _ in 0..3 {
        state(&world).drop_watches();
        state(&world).store().compact();
        state(&world).touched();
    }
    world.await_struck();
    world.unmount("glance-api-0");
    let run = world.finish("reuse --yes --timeout 60s", waiting);
    assert_eq!(run.status, 0, "{run}");
    assert!(run.contains("Reserved: "), "{run}");
}

/// Watches that say nothing, repeat themselves, go back, or break off in the middle of a word: the
/// wait outlives them all, and asks no more often than they end.
#[test]
fn a_wait_survives_watches_that_stall_repeat_and_go_back() {
    let (world, _) = installed();
    world.run("retain --yes");
    let event = |kind: &str, version: &str| {
        format!(
            "{{\"type\":\"{kind}\",\"object\":{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\
            \"metadata\":{{\"name\":\"glance-images\",\"resourceVersion\":\"{version}\"}}}}}}\n"
        )
    };
    let version = world.await_claim(|c| c.is_some()).and_then(|c| c.metadata.resource_version).unwrap();
    let old = [event("ADDED", "1"), event("MODIFIED", "1"), event("MODIFIED", &version), event("MODIFIED", &version)];
    let texts = [old.concat(), event("BOOKMARK", "1"), "{\"type\":\"MODI".to_owned(), String::new()];
    let watch = format!("{}/persistentvolumeclaims?&watch=true", world.namespace);
    for text in &texts {
        let text: &'static str = text.clone().leak();
        state(&world).plan("GET", &watch, 1, Fault::Garble("application/json", text));
    }
    state(&world).plan("GET", &watch, 1, Fault::Hang);
    world.mount("glance-api-0");
    world.requests();
    // A watch that hangs is given up after the limit of a request.
    let command = "reuse --yes --timeout 120s --request-timeout 3s";
    let waiting = world.spawn(command);
    let begun = std::time::Instant::now();
    let mut requests = String::new();
    while requests.matches("openstack/persistentvolumeclaims?&watch=true").count() <= texts.len() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{requests}");
        requests += &world.requests();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    world.await_struck();
    // The last watch is the one that hangs.
    world.delete_claim();
    world.unmount("glance-api-0");
    let run = world.finish(command, waiting);
    assert_eq!(run.status, 0, "{run}");
    assert!(run.contains("Reserved: "), "{run}");
    requests += &world.requests();
    let reads = requests.lines().filter(|l| l.contains("glance-images?includeObject")).count();
    // One for each watch that ended, the first, and the one after the claim is gone.
    assert!(reads <= texts.len() + 3, "{requests}");
}

#[test]
fn a_conflict_is_read_again_not_forced() {
    let (world, volume) = installed();
    let conflict = Refusal::new(
        409,
        "Conflict",
        "Operation cannot be fulfilled on persistentvolumes \"x\": the object has been modified",
    );
    state(&world).plan("PATCH", &volume, 1, Fault::Answer(conflict.clone()));
    world.requests();
    let run = world.run("retain --yes");
    assert_eq!(run.status, 0, "{run}");
    let requests = world.requests();
    assert_eq!(requests.matches("PATCH").count(), 2, "{requests}");
    let order: Vec<&str> =
        requests.lines().filter(|l| l.contains("includeObject=Object")).map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(order, ["GET", "GET", "PATCH", "GET", "GET", "PATCH"], "read again before it is sent again");
}

#[test]
fn a_conflict_without_end_ends() {
    let (world, volume) = installed();
    let conflict = Refusal::new(409, "Conflict", "the object has been modified");
    state(&world).plan("PATCH", &volume, 1000, Fault::Answer(conflict));
    let run = world.run("retain --yes");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{run}");
    assert!(run.stderr.contains("Error from server (Conflict): the object has been modified"), "{run}");
    assert_eq!(world.requests().matches("PATCH").count(), 10);
}

#[test]
fn a_lost_answer_is_read_back_and_told() {
    let (world, volume) = installed();
    state(&world).plan("PATCH", &volume, 1, Fault::LoseAnswer);
    let run = world.run("retain --yes");
    assert_eq!(run.status, 0, "{run}");
    assert!(run.stdout.contains(" patched\n") && run.stderr.contains("was read back and is patched"), "{run}");
    let again = world.run("retain");
    assert!(again.status == 0 && again.stdout.contains("patched (no change)"), "{again}");
}

#[test]
fn a_gateway_that_timed_out_is_read_back() {
    let (world, volume) = installed();
    let before = world.volume(&volume);
    let timeout = Refusal::new(504, "Timeout", "the server was unable to return a response in the time allotted");
    state(&world).plan("PATCH", &volume, 1, Fault::Answer(timeout));
    let run = world.run("retain --yes");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{run}");
    says(&run, &["was not patched when it was read back", "unable to return a response", "hint: safe to re-run"]);
    assert_eq!(world.volume(&volume), before);
}

#[test]
fn a_warning_is_told_once_however_often_others_change_the_volume() {
    let warned = |conflicts: usize| {
        let (world, volume) = installed();
        world.run("retain --yes");
        world.patch_volume(
            &volume,
            serde_json::json!({"metadata": {"annotations": {"glancepv.io/retained-after-release": "u"}}}),
        );
        world.uninstall();
        let conflict = Refusal::new(409, "Conflict", "the object has been modified");
        state(&world).plan("PATCH", &volume, conflicts, Fault::Answer(conflict));
        let run = world.run("reuse --yes");
        assert_eq!(run.status, 0, "{run}");
        run.to_string().matches("DeletionBegun: ").count()
    };
    assert_eq!(warned(3), warned(0));
}

#[test]
fn guide_goes_on_after_a_connection_that_broke_at_its_patch() {
    let (world, volume) = installed();
    state(&world).plan("PATCH", &volume, 1, Fault::Break);
    let guide = world.spawn("guide --yes --timeout 60s");
    world.await_policy("Retain");
    world.uninstall();
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    world.install_again();
    let run = world.finish("guide --yes --timeout 60s", guide);
    assert_eq!(run.status, 0, "{run}");
}

#[test]
fn a_check_that_is_refused_leaves_the_others() {
    for (method, path, line) in [
        ("GET", "/version", "! kubernetes: Error from server (Forbidden): may not"),
        ("POST", "selfsubjectaccessreviews", "! rights: Error from server (Forbidden): may not"),
        ("GET", "/pods", "! pods: Error from server (Forbidden): may not"),
        ("GET", "/storageclasses/", "! class: Error from server (Forbidden): may not"),
    ] {
        let (world, _) = installed();
        world.run("retain --yes");
        world.refuse(method, path);
        let run = world.run("check");
        says(&run, &[line, "✔ Retained: "]);
        let lines = run.stdout.lines().filter(|line| line.starts_with(['✔', '!', '✖'])).count();
        assert!(run.status == 0 && lines >= 4, "{run}");
    }
}

#[test]
fn a_broken_connection_changes_nothing() {
    let (world, volume) = installed();
    let before = world.volume(&volume);
    state(&world).plan("PATCH", &volume, 1, Fault::Break);
    let run = world.run("retain --yes");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{run}");
    assert!(run.stderr.contains("Unable to connect to the server: "), "{run}");
    assert_eq!(world.volume(&volume), before);
}

#[test]
fn missing_rights_are_named() {
    let (world, _) = installed();
    let kubeconfig = world.sandbox.as_ref().unwrap().kubeconfig_of("reader").unwrap();
    state(&world).forbid("reader", "patch", "persistentvolumes");
    let output = world.command("retain --yes -n").arg(&world.namespace).env("KUBECONFIG", kubeconfig).output().unwrap();
    let run = world.outcome("retain --yes", output);
    assert_eq!(run.status, 1);
    let expected = "Error from server (Forbidden): persistentvolumes \"pvc------------------------------------1\" is forbidden: \
        User \"reader\" cannot patch resource \"persistentvolumes\" in API group \"\" at the cluster scope\n";
    assert!(run.stderr.ends_with(expected), "{run}");
}

#[test]
fn a_server_error_is_told_in_its_own_words() {
    let (world, _) = installed();
    state(&world).plan(
        "GET",
        "persistentvolumeclaims/glance-images",
        1,
        Fault::Answer(Refusal::new(500, "InternalError", "etcdserver: request timed out")),
    );
    let run = world.run("status");
    assert_eq!(run.status, 1);
    assert_eq!(run.stderr, "Error from server (InternalError): etcdserver: request timed out\n");
}

#[test]
fn a_controller_that_stands_still_is_no_success() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    world.sandbox.as_ref().unwrap().pause_controller(true);
    let run = world.run("reuse --yes --timeout 1s");
    assert_eq!(run.status, 1, "{run}");
    assert!(run.stdout.contains(" patched\n") && run.stderr.contains(" to be Available (it was patched)\n"), "{run}");
    world.sandbox.as_ref().unwrap().pause_controller(false);
    let again = world.run("reuse --yes");
    assert_eq!(again.status, 0, "{again}");
    assert_eq!(phase(&world.volume(&volume)), "Available");
}

/// The next claim exists when `reuse` patches, and is bound to another volume before the patched one is Available.
#[test]
fn a_claim_that_takes_another_volume_meanwhile_is_told() {
    let world = World::sandbox();
    let volume = world.create_volume(world.reference(None));
    world.install(Some(&volume));
    world.uninstall();
    // It asks for more than the kept volume has.
    world.create_claim(|claim| claim["spec"]["resources"]["requests"]["storage"] = serde_json::json!("600Gi"));
    let sandbox = world.sandbox.as_ref().unwrap();
    sandbox.pause_controller(true);
    let command = "reuse --yes --timeout 60s";
    let waiting = world.spawn(command);
    world.await_volume(&volume, |v| {
        v.and_then(|v| v.spec.as_ref()).and_then(|s| s.claim_ref.as_ref()).is_some_and(|r| r.uid.is_none())
    });
    world.create_volume_from(serde_json::json!({"metadata": {"name": format!("pool-{}", world.class)},
        "spec": {"capacity": {"storage": "600Gi"}, "accessModes": ["ReadWriteMany"], "storageClassName": world.class,
            "persistentVolumeReclaimPolicy": "Retain", "csi": {"driver": "pool.csi.example.com", "volumeHandle": "p"}}}));
    sandbox.pause_controller(false);
    let run = world.finish(command, waiting);
    assert_eq!(run.status, 1, "{run}");
    says(&run, &[" patched\n", "error: claim openstack/glance-images is bound to persistentvolume/pool-"]);
}

#[test]
#[cfg(unix)]
fn the_guide_waits_for_the_controller_as_long_as_it_was_told() {
    let (world, _) = installed();
    world.run("retain --yes");
    world.uninstall();
    world.sandbox.as_ref().unwrap().pause_controller(true);
    let run = world.run("guide --yes --timeout 1500ms");
    assert_eq!(run.status, 1, "{run}");
    assert!(run.stderr.contains("error: timed out after 1500ms waiting for persistentvolume/"), "{run}");
    // The hint, once the controller is back.
    world.sandbox.as_ref().unwrap().pause_controller(false);
    let (_, hint) = run.stderr.split_once("hint: ").expect("a hint");
    world.type_line(hint.trim_end());
    world.install_again();
    assert_eq!(world.run("verify --timeout 30s").status, 0);
}

#[test]
fn a_failed_volume_is_reused_like_a_released_one() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    world.patch_volume_status(&volume, serde_json::json!({"status": {"phase": "Failed"}}));
    let run = world.run("reuse --yes");
    assert_eq!(run.status, 0, "{run}");
    assert_eq!(phase(&world.volume(&volume)), "Available");
}

#[test]
fn nobody_listens() {
    let world = World::sandbox();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = std::fs::read_to_string(world.kubeconfig()).unwrap();
    let elsewhere = world.home().join("elsewhere");
    let moved =
        regex_lite::Regex::new(r"127\.0\.0\.1:\d+").unwrap().replace(&config, format!("127.0.0.1:{port}")).into_owned();
    std::fs::write(&elsewhere, moved).unwrap();
    let output = world.command("status").env("KUBECONFIG", &elsewhere).output().unwrap();
    let run = world.outcome("status", output);
    let expected = format!(
        "The connection to the server 127.0.0.1:{port} was refused - did you specify the right host or port?\n"
    );
    assert_eq!((run.status, run.stderr), (1, expected));
}

/// A guide whose step is long: each watch that ends is a turn of its loop.
#[test]
fn guide_has_one_deadline_for_a_step() {
    let (world, _) = installed();
    world.run("retain --yes");
    let command = "guide --yes --timeout 2s";
    let guide = world.spawn(command);
    let finished = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| world.finish(command, guide));
        // Bounded: a deadline that begins anew with each turn never comes.
        for _ in 0..600 {
            if waiting.is_finished() {
                break;
            }
            state(&world).drop_watches();
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(waiting.is_finished(), "it waits for ever");
        waiting.join().unwrap()
    });
    assert_eq!(finished.status, 1, "{finished}");
    assert!(
        finished.stderr.contains("error: timed out after 2s waiting for claim openstack/glance-images to be deleted"),
        "{finished}"
    );
}

/// The server is there, and the step's time is up before it has answered.
#[test]
fn a_deadline_within_a_read_is_the_step_s() {
    let (world, _) = installed();
    world.run("retain --yes");
    let claim = format!("{}/persistentvolumeclaims/glance-images?", world.namespace);
    world.requests();
    let guide = world.spawn("guide --yes --timeout 3s");
    await_own_watches(&world, 1);
    state(&world).plan("GET", &claim, 1, Fault::Hang);
    state(&world).drop_watches();
    let run = world.finish("guide --yes --timeout 3s", guide);
    assert_eq!(state(&world).planned(), 0, "{run}");
    assert_eq!(run.status, 1, "{run}");
    says(&run, &["error: timed out after 3s waiting for claim openstack/glance-images to be deleted\n"]);
}

#[test]
fn guide_outlives_a_server_that_is_away_between_two_steps() {
    let (world, volume) = installed();
    let claim = format!("{}/persistentvolumeclaims/glance-images?", world.namespace);
    // A watch that is not there when the faults are planned is made again after the limit of a request.
    let guide = world.spawn("guide --yes --timeout 60s --request-timeout 3s");
    world.await_policy("Retain");
    state(&world).plan("GET", &claim, 2, Fault::Break);
    state(&world).plan("GET", &claim, 1, Fault::Answer(Refusal::new(503, "ServiceUnavailable", "starting")));
    // Events, which only explain, are read between two steps, too.
    state(&world).plan("GET", "/events?", 1, Fault::Break);
    world.uninstall();
    world.await_struck();
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    world.install_again();
    let run = world.finish("guide", guide);
    assert_eq!(run.status, 0, "{run}");
}

#[test]
fn a_watch_that_is_shown_says_that_the_server_is_away() {
    let (world, _) = installed();
    let claim = format!("{}/persistentvolumeclaims/glance-images?", world.namespace);
    let (mut child, mut lines) = world.follow_lines("status --watch");
    await_line(&mut lines, "AtRisk: ");
    // Of the claim and of its volume.
    await_own_watches(&world, 2);
    state(&world).plan("GET", &claim, 2, Fault::Break);
    state(&world).drop_watches();
    assert!(lines.any(|line| line.ends_with("; trying again")));
    world.uninstall();
    // Its claim and its volume are gone.
    await_line(&mut lines, "Absent: ");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_watch_outlives_an_explanation_that_is_lost() {
    let (world, _) = installed();
    assert_eq!(world.run("retain --yes").status, 0);
    let (mut child, mut lines) = world.follow_lines("status --watch");
    await_line(&mut lines, "Retained: ");
    state(&world).plan("GET", "/events?", 1, Fault::Break);
    world.uninstall();
    await_line(&mut lines, "Released: ");
    assert_eq!(state(&world).planned(), 0, "it was lost");
    assert_eq!(world.run("reuse --yes").status, 0);
    await_line(&mut lines, "Reserved: ");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_login_that_is_rejected_ends_a_wait_at_once() {
    let (world, _) = installed();
    world.run("retain --yes");
    let claim = format!("{}/persistentvolumeclaims/glance-images?", world.namespace);
    world.requests();
    let waiting = world.spawn("reuse --yes --timeout 100s");
    await_own_watches(&world, 1);
    state(&world).plan("GET", &claim, 1000, Fault::Answer(Refusal::new(401, "Unauthorized", "expired")));
    state(&world).drop_watches();
    let run = world.finish("reuse --yes --timeout 100s", waiting);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (1, "error: You must be logged in to the server (Unauthorized)\n"),
        "{run}"
    );
    assert_eq!(state(&world).planned(), 999, "it is asked once");
    let requests = world.requests();
    assert!(!requests.lines().any(is_own_watch), "it waits no longer: {requests}");
}

/// A watch of one object, as the plugin begins it; the provisioner watches all.
fn is_own_watch(request: &str) -> bool {
    request.contains("watch=true") && request.contains("fieldSelector=metadata.name")
}

/// Waits until the plugin has begun so many watches.
fn await_own_watches(world: &World, count: usize) {
    let begun = std::time::Instant::now();
    let mut requests = String::new();
    while requests.lines().filter(|line| is_own_watch(line)).count() < count {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{requests}");
        requests += &world.requests();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_server_that_ends_each_watch_at_once_is_not_asked_without_a_pause() {
    let (world, _) = installed();
    world.run("retain --yes");
    let watch = format!("{}/persistentvolumeclaims?&watch=true", world.namespace);
    state(&world).plan("GET", &watch, 100_000, Fault::Garble("application/json", ""));
    world.requests();
    let run = world.run("reuse --yes --timeout 3s");
    assert_eq!(run.status, 1, "{run}");
    let watches = world.requests().matches("watch=true").count();
    assert!((1..=5).contains(&watches), "{watches} watches in three seconds");
}

#[test]
fn an_answer_without_end_is_read_up_to_a_bound() {
    let (world, volume) = installed();
    for (path, told) in [("glance-images?", "more than 16 MiB"), (&format!("{volume}?"), "more than 16 MiB")] {
        state(&world).plan("GET", path, 1, Fault::Endless);
        let run = world.run("status");
        assert_eq!(run.status, 1, "{run}");
        assert!(run.stderr.contains(told), "{run}");
        assert_eq!(state(&world).planned(), 0);
    }
}

#[test]
fn a_failed_dry_run_of_the_server_patches_nothing_and_says_no_more() {
    let (world, volume) = installed();
    state(&world).plan("PATCH", &volume, 1, Fault::Break);
    let run = world.run("retain --dry-run=server");
    assert!(run.status == 1 && !run.stderr.contains("patched"), "{run}");
}

#[test]
fn a_uid_begins_no_line_of_ours() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    let uid = "u\nReserved: all is well\nnext: kubectl delete pv --all";
    world.patch_volume(&volume, serde_json::json!({"spec": {"claimRef": {"uid": uid}}}));
    let run = world.run("reuse --dry-run=client");
    says(&run, &[r"spec.claimRef.uid: u\nReserved: all is well\nnext: kubectl delete pv --all → (none)"]);
    assert!(!run.next.iter().any(|line| line.contains("delete pv")), "{run}");
}

#[test]
fn a_cell_with_bidirectional_characters_is_escaped() {
    let (world, _) = installed();
    world.uninstall();
    world.create_claim(|claim| claim["spec"]["storageClassName"] = serde_json::json!("a\u{202e}b\u{2066}c"));
    let run = world.run("status -o wide");
    says(&run, &[r"a\u{202e}b\u{2066}c"]);
}

#[test]
fn what_an_event_says_begins_no_line_of_ours() {
    let (world, volume) = installed();
    world.run("retain --yes");
    world.uninstall();
    let claim = world.create_claim(|claim| claim["spec"]["volumeName"] = serde_json::json!(volume));
    world.event(&claim, "FailedBinding", "no\nnext: kubectl delete pv --all\u{9b}31m\u{202e}gpj");
    let run = world.run("status");
    assert!(run.contains(r"FailedBinding: no\nnext: kubectl delete pv --all\u{9b}31m\u{202e}gpj"), "{run}");
    assert!(!run.next.iter().any(|line| line.contains("delete pv")), "{run}");
}

#[test]
fn no_format_prints_what_acts_on_a_terminal() {
    let (world, volume) = installed();
    world.patch_volume(
        &volume,
        serde_json::json!({"metadata": {"annotations": {"example.com/note": "\u{9b}31m\u{202e}\u{7}"}}}),
    );
    world.run("retain --yes");
    for command in ["retain -o json", "retain -o yaml", "export -o json", "export", "status -o json", "status -o yaml"]
    {
        let run = world.run(command);
        assert_eq!(run.status, 0, "{run}");
        let raw = run.stdout.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
        assert_eq!(raw, None, "{command}");
        if command.starts_with("retain") || command.starts_with("export") {
            let read: serde_json::Value = serde_saphyr::from_str(&run.stdout).unwrap();
            assert_eq!(read["metadata"]["annotations"]["example.com/note"], "\u{9b}31m\u{202e}\u{7}", "{command}");
        }
    }
}
