//! A real control plane that breaks in the middle of a command: processes killed, stopped and started
//! again. It is one of our own, and these tests have it for themselves (tests/cluster/suite.sh outages).

#![allow(clippy::print_stderr, reason = "the counts are the result")]

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::confirmation::{ask, status};
use crate::world::{PATIENCE, Run, World, phase};

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("GLANCEPV_CONTROL_PLANE").expect("tests/cluster/control-plane.sh sets it"))
}

/// Sends a signal to etcd, the apiserver or the manager.
fn signal(name: &str, signal: &str) {
    let pid = std::fs::read_to_string(folder().join(format!("{name}.pid"))).expect("a process id");
    let sent = Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status().expect("kill");
    assert!(sent.success(), "{name} is not running");
    if signal == "KILL" {
        // Its port is free when the last of its threads is gone.
        let process = PathBuf::from(format!("/proc/{}", pid.trim()));
        until("it is gone", || {
            let threads = std::fs::read_dir(process.join("task")).map_or(0, Iterator::count);
            let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
            threads == 0 || (threads == 1 && status.contains("State:\tZ"))
        });
    }
}

fn start(name: &str) {
    assert!(Command::new(folder().join("start")).arg(name).status().expect("start").success());
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Waits until the API server answers, from etcd.
fn ready(world: &World) {
    until("the API server is back", || {
        let pid = std::fs::read_to_string(folder().join("apiserver.pid")).expect("a process id");
        let log = || std::fs::read_to_string(folder().join("apiserver.log")).unwrap_or_default();
        let alive = Command::new("kill").args(["-0", pid.trim()]).status().is_ok_and(|s| s.success());
        assert!(alive, "it has ended: {}", log().lines().rev().take(5).collect::<Vec<_>>().join("\n"));
        raw(world, "/readyz").is_some()
    });
}

/// The API server's answer on a path, if there is one.
fn raw(world: &World, path: &str) -> Option<String> {
    let asked = Command::new("kubectl").args(["get", "--raw", path]).env("KUBECONFIG", world.kubeconfig()).output();
    let answer = asked.ok().filter(|out| out.status.success())?;
    Some(String::from_utf8_lossy(&answer.stdout).into_owned())
}

/// A volume that is bound to the claim, with policy Delete.
fn at_risk() -> (World, String) {
    let world = World::new();
    let volume = world.create_volume(world.reference(None));
    world.install(Some(&volume));
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
    (world, volume)
}

/// A file that is shown when a test fails.
struct Told(PathBuf);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("guide:\n{}", std::fs::read_to_string(&self.0).unwrap_or_default());
        }
    }
}

/// `guide` while the API server is away for longer than it waits between two looks.
#[test]
#[ignore = "stops a control plane: tests/cluster/suite.sh outages"]
fn guide_outlives_forty_seconds_without_an_api_server_at_each_stage() {
    let (world, volume) = at_risk();
    // Its output goes to a file and is shown even if it fails.
    let log = world.home().join("guide");
    let told = std::fs::File::create(&log).unwrap();
    let mut guide = world
        .command("guide --yes --again --timeout 10m")
        .stdout(told.try_clone().unwrap())
        .stderr(told)
        .spawn()
        .unwrap();
    // Shown only where the test fails.
    let _told = Told(log.clone());
    let mut goes_on = |at: &str| {
        let told = std::fs::read_to_string(&log).unwrap();
        assert!(guide.try_wait().unwrap().is_none(), "{at}: {told}");
    };
    world.await_policy("Retain");
    let away = || {
        signal("apiserver", "KILL");
        // The test is about how long that takes.
        std::thread::sleep(Duration::from_secs(40));
        start("apiserver");
        ready(&world);
    };
    // Retained, while somebody is to uninstall.
    away();
    goes_on("Retained");
    world.mount("glance-api-0");
    world.delete_claim();
    // Releasing, while a pod holds the claim.
    away();
    goes_on("Releasing");
    world.unmount("glance-api-0");
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    // Reserved, while somebody is to install.
    away();
    goes_on("Reserved");
    world.install_again();
    let ended = guide.wait().unwrap();
    let told = std::fs::read_to_string(&log).unwrap();
    assert_eq!((ended.code(), world.bound()), (Some(0), volume), "{told}");
    eprintln!("guide, with the API server away for 40 s at each of 3 stages: [0]");
}

fn policy(world: &World, volume: &str) -> String {
    world.volume(volume).spec.and_then(|s| s.persistent_volume_reclaim_policy).unwrap_or_default()
}

fn failed(run: &Run) {
    assert_eq!(run.status, 1, "{run}");
    assert!(!run.stdout.contains("patched") && !run.stderr.is_empty(), "{run}");
}

/// The command has begun to wait when it holds a watch: it is asked for nothing else then.
fn waiting(world: &World, arguments: &str) -> Child {
    let child = world.spawn(arguments);
    until("the command waits", || {
        let metrics = raw(world, "/metrics").unwrap_or_default();
        metrics.lines().any(|line| {
            line.starts_with("apiserver_longrunning_requests{")
                && line.contains("resource=\"persistentvolumeclaims\"")
                && line.contains("scope=\"resource\"")
                && !line.ends_with(" 0")
        })
    });
    child
}

#[test]
#[ignore = "kills a control plane of its own: tests/cluster/suite.sh outages"]
fn the_api_server_is_killed_while_reuse_waits() {
    let (world, volume) = at_risk();
    world.run("retain --yes");
    let command = "reuse --yes --timeout 10m";
    let child = waiting(&world, command);
    signal("apiserver", "KILL");
    start("apiserver");
    ready(&world);
    world.delete_claim();
    let run = world.finish(command, child);
    assert_eq!(run.status, 0, "{run}");
    assert_eq!(phase(&world.volume(&volume)), "Available");
}

#[test]
#[ignore = "kills a control plane of its own: tests/cluster/suite.sh outages"]
fn the_api_server_is_killed_while_verify_waits() {
    let (world, volume) = at_risk();
    world.run("retain --yes");
    world.uninstall();
    world.run("reuse --yes");
    world.await_later_than(&volume);
    let command = "verify --timeout 10m";
    let child = waiting(&world, command);
    signal("apiserver", "KILL");
    start("apiserver");
    ready(&world);
    world.install(Some(&volume));
    let run = world.finish(command, child);
    assert_eq!(run.status, 0, "{run}");
}

#[test]
#[ignore = "kills a control plane of its own: tests/cluster/suite.sh outages"]
fn the_api_server_is_killed_between_question_and_answer() {
    let (world, volume) = at_risk();
    let (mut session, _) = ask(&world, "retain");
    session.exp_string("? [y/N]").unwrap();
    signal("apiserver", "KILL");
    session.send_line("y").unwrap();
    session.exp_regex("was refused|is not known").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
    start("apiserver");
    ready(&world);
    assert_eq!(policy(&world, &volume), "Delete");
    let run = world.run("retain --yes");
    assert_eq!((run.status, policy(&world, &volume).as_str()), (0, "Retain"), "{run}");
}

/// Killed at ten moments of the command, the server has taken the patch or has not.
#[test]
#[ignore = "kills a control plane of its own: tests/cluster/suite.sh outages"]
fn the_api_server_is_killed_at_any_moment_of_retain() {
    let (world, volume) = at_risk();
    let (mut done, mut not) = (0, 0);
    for moment in 0..10 {
        world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
        let child = world.spawn("retain --yes");
        // No condition to await: the moment is what is varied.
        std::thread::sleep(Duration::from_millis(2 * moment));
        signal("apiserver", "KILL");
        let run = world.finish("retain --yes", child);
        start("apiserver");
        ready(&world);
        let is_retained = policy(&world, &volume) == "Retain";
        assert!(run.status == 1 || is_retained, "told to be done: {run}");
        assert!(is_retained || !run.stdout.contains("patched"), "{run}");
        if run.status == 0 {
            done += 1;
        } else {
            not += 1;
        }
        let again = world.run("retain --yes");
        assert_eq!((again.status, policy(&world, &volume).as_str()), (0, "Retain"), "{again}");
    }
    eprintln!("retain while the API server was killed: {done} times done, {not} times told to have failed");
}

#[test]
#[ignore = "kills a control plane of its own: tests/cluster/suite.sh outages"]
fn etcd_stands_still() {
    let (world, volume) = at_risk();
    signal("etcd", "STOP");
    let runs: Vec<Run> =
        ["status --request-timeout 3s", "retain --yes --request-timeout 3s"].map(|c| world.run(c)).into();
    signal("etcd", "CONT");
    runs.iter().for_each(failed);
    ready(&world);
    let run = world.run("retain --yes");
    assert_eq!((run.status, policy(&world, &volume).as_str()), (0, "Retain"), "{run}");
}

#[test]
#[ignore = "kills a control plane of its own: tests/cluster/suite.sh outages"]
fn etcd_is_killed() {
    let (world, volume) = at_risk();
    signal("etcd", "KILL");
    let run = world.run("retain --yes --request-timeout 3s");
    start("etcd");
    failed(&run);
    ready(&world);
    let run = world.run("retain --yes");
    assert_eq!((run.status, policy(&world, &volume).as_str()), (0, "Retain"), "{run}");
}

#[test]
#[ignore = "kills a control plane of its own: tests/cluster/suite.sh outages"]
fn the_volume_controller_is_away() {
    let (world, volume) = at_risk();
    world.run("retain --yes");
    world.uninstall();
    signal("manager", "KILL");
    let run = world.run("reuse --yes --timeout 2s");
    assert_eq!(run.status, 1, "{run}");
    assert!(run.stderr.contains(" to be Available (it was patched)") && run.stderr.contains("safe to re-run"), "{run}");
    start("manager");
    let again = world.run("reuse --yes --timeout 10m");
    assert_eq!((again.status, phase(&world.volume(&volume))), (0, "Available"), "{again}");
}

/// The plugin with a clock that is `days` off.
fn off(world: &World, days: &str, arguments: &str) -> Run {
    let plain = world.command(arguments);
    let mut command = Command::new("faketime");
    command.args(["-f", days]).arg(plain.get_program()).args(plain.get_args()).env_clear().env("PATH", "/usr/bin:/bin");
    command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?)))).current_dir(world.home());
    world.outcome(arguments, command.output().expect("faketime"))
}

#[test]
#[ignore = "takes faketime: tests/cluster/suite.sh outages"]
fn the_clock_is_a_day_off() {
    // Certificates of the sandbox are valid for ages: ages are all that is wrong.
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    for days in ["-1d", "+1d"] {
        world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
        for command in ["status", "retain --yes", "status", "unretain --yes", "retain --yes", "check"] {
            let run = off(&world, days, command);
            assert_eq!(run.status, 0, "{days}: {run}");
        }
        assert_eq!(policy(&world, &volume), "Retain");
    }
    world.uninstall();
    assert_eq!(off(&world, "-1d", "reuse --yes").status, 0);
    world.install(Some(&volume));
    let run = off(&world, "-1d", "verify");
    assert_eq!(run.status, 0, "{run}");
    // Those of the control plane are valid for a day.
    let world = World::new();
    for (days, told) in [("-2d", "not valid yet"), ("+2d", "expired")] {
        let run = off(&world, days, "status");
        assert!(run.status == 1 && run.stderr.contains(told), "{days}: {run}");
    }
}
