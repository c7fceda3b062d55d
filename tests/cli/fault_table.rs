//! Each fault at each request of each command: the error, the volume afterwards, and that repeating the command
//! finishes it.

use std::sync::Mutex;

use expect_test::expect_file;
use glancepv_sandbox::answer::Refusal;
use glancepv_sandbox::state::{Fault, State};
use k8s_openapi::api::core::v1::PersistentVolume;
use kube::ResourceExt;
use serde_json::json;

use crate::world::{Run, World, phase};

/// Long enough for a sandbox that answers, and short enough to be waited for.
const TIMEOUT: &str = "300ms";

/// The request for the volume, whatever its name.
const VOLUME: &str = "VOLUME?includeObject=Object";

/// A fault and how often it strikes.
fn faults() -> Vec<(&'static str, usize, Fault)> {
    let answer = |code, reason, message: &str| Fault::Answer(Refusal::new(code, reason, message));
    let conflict = || answer(409, "Conflict", "the object has been modified");
    vec![
        ("reset before the request was taken", 1, Fault::Break),
        ("answer lost", 1, Fault::LoseAnswer),
        ("answer cut in the middle", 1, Fault::CutAnswer),
        ("no response (--request-timeout)", 1, Fault::Hang),
        ("a byte a second (--request-timeout)", 1, Fault::Drip),
        ("stalls after its headers (--request-timeout)", 1, Fault::Stall),
        ("an answer without end", 1, Fault::Endless),
        ("malformed JSON", 1, Fault::Garble("application/json", "{\"kind\":\"Table\",")),
        ("a log-in page", 1, Fault::Garble("text/html", "<html>Log in</html>")),
        ("an empty answer", 1, Fault::Garble("application/json", "")),
        ("JSON of another kind", 1, Fault::Garble("application/json", "{\"kind\":\"APIVersions\",\"metadata\":{}}")),
        ("401", 1, answer(401, "Unauthorized", "Unauthorized")),
        ("403", 1, answer(403, "Forbidden", "you may not")),
        ("404", 1, answer(404, "NotFound", "no such thing")),
        ("409 once", 1, conflict()),
        ("409 nine times", 9, conflict()),
        ("409 forever", usize::MAX, conflict()),
        ("410", 1, answer(410, "Expired", "too old resource version")),
        ("422", 1, answer(422, "Invalid", "that cannot be")),
        ("429 with Retry-After", 1, Fault::Later(Refusal::new(429, "TooManyRequests", "too many requests"))),
        ("429", 1, answer(429, "TooManyRequests", "too many requests")),
        ("500", 1, answer(500, "InternalError", "etcdserver: request timed out")),
        ("503", 1, answer(503, "ServiceUnavailable", "the server is currently unable to handle the request")),
    ]
}

/// A command, the world before it, and its effect.
struct Case {
    command: &'static str,
    /// Prepares the world and returns the volume.
    begin: fn(&World) -> String,
    done: fn(&PersistentVolume) -> bool,
    /// Takes the effect back, for the next cell.
    undo: fn(&World, &PersistentVolume),
}

fn policy(volume: &PersistentVolume) -> &str {
    volume.spec.as_ref().and_then(|s| s.persistent_volume_reclaim_policy.as_deref()).unwrap_or_default()
}

fn uid(volume: &PersistentVolume) -> Option<&str> {
    volume.spec.as_ref()?.claim_ref.as_ref()?.uid.as_deref()
}

fn retained(world: &World) -> String {
    let volume = world.install(None);
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Retain"}}));
    volume
}

fn released(world: &World) -> String {
    let volume = retained(world);
    world.uninstall();
    volume
}

fn reused(world: &World) -> String {
    let volume = released(world);
    world.patch_volume(&volume, json!({"spec": {"claimRef": {"uid": null, "resourceVersion": null}}}));
    // The volume's name tells that it was made for another claim: it need not be older.
    world.create_claim(|_| {});
    assert_eq!(world.bound(), volume);
    volume
}

/// Puts a field of the spec back to its value in `before`.
fn restore(world: &World, before: &PersistentVolume, field: &str) {
    let value = serde_json::to_value(&before.spec).unwrap()[field].clone();
    world.patch_volume(&before.name_any(), json!({"spec": {field: value}}));
    let phase_before = phase(before).to_owned();
    world.await_volume(&before.name_any(), |v| v.is_some_and(|v| phase(v) == phase_before));
}

fn restore_policy(world: &World, before: &PersistentVolume) {
    restore(world, before, "persistentVolumeReclaimPolicy");
}

const CASES: [Case; 9] = [
    Case { command: "status", begin: retained, done: |_| true, undo: |_, _| {} },
    Case { command: "check", begin: retained, done: |_| true, undo: |_, _| {} },
    Case {
        command: "retain --yes",
        begin: |world| world.install(None),
        done: |v| policy(v) == "Retain",
        undo: restore_policy,
    },
    Case { command: "unretain --yes", begin: retained, done: |v| policy(v) == "Delete", undo: restore_policy },
    Case {
        command: "reuse --yes",
        begin: released,
        done: |v| uid(v).is_none(),
        undo: |world, before| restore(world, before, "claimRef"),
    },
    Case { command: "verify", begin: reused, done: |_| true, undo: |_, _| {} },
    Case {
        command: "retain --all --yes",
        begin: |world| world.install(None),
        done: |v| policy(v) == "Retain",
        undo: restore_policy,
    },
    Case {
        command: "reuse --all --yes",
        begin: released,
        done: |v| uid(v).is_none(),
        undo: |world, before| restore(world, before, "claimRef"),
    },
    Case { command: "export", begin: released, done: |_| true, undo: |_, _| {} },
];

fn state(world: &World) -> &State {
    &world.sandbox.as_ref().expect("a sandbox").state
}

/// The fields of a volume that its data depends on.
fn kept(volume: &PersistentVolume) -> (String, Option<String>, Option<String>, bool) {
    let claim_ref = volume.spec.as_ref().and_then(|s| s.claim_ref.clone()).unwrap_or_default();
    let gone = volume.metadata.deletion_timestamp.is_some();
    (policy(volume).to_owned(), claim_ref.name, claim_ref.uid, gone)
}

/// The requests of an undisturbed run, as method and path up to the query, each once.
fn requests(case: &Case) -> Vec<(String, String)> {
    let world = World::sandbox().provisioned();
    (case.begin)(&world);
    state(&world).take_requests();
    let run = world.run(case.command);
    assert_eq!(run.status, 0, "{run}");
    let ours = |agent: &(String, String)| agent.0 == "accept" && agent.1.contains("as=Table;v=v1;g=meta");
    let mut all: Vec<(String, String)> = Vec::new();
    for request in state(&world).take_requests().iter().filter(|r| r.headers.iter().any(ours)) {
        // Up to the query, and with the part of it that only the plugin's have. Names differ from
        // world to world.
        let path = request.path.rsplit('/').next().unwrap_or_default();
        let path = path.split('&').next().unwrap_or_default();
        let path = world.stable(if path.starts_with("pvc-") { VOLUME } else { path });
        let request = (request.method.clone(), path);
        if !all.contains(&request) {
            all.push(request);
        }
    }
    all
}

/// One cell: the fault strikes, and the command is repeated.
fn cell(world: &World, case: &Case, volume: &str, request: &(String, String), fault: &(&str, usize, Fault)) -> String {
    let before = world.volume(volume);
    let path = if request.1 == VOLUME { format!("{volume}?includeObject") } else { request.1.clone() };
    let path = path.replace("netapp", &world.class);
    state(world).plan(&request.0, &path, fault.1, fault.2.clone());
    let disturbed = format!("{} --request-timeout {TIMEOUT}", case.command);
    let run = world.run(&disturbed);
    state(world).plan_nothing();
    let after = world.volume(volume);
    let where_ = format!("{} at {} {}: {run}", fault.0, request.0, request.1);
    assert!(matches!(run.status, 0 | 1), "{where_}");
    assert!(!run.stderr.contains("panicked"), "{where_}");
    assert!(run.status == 0 || run.contains("rror") || run.contains("Unable") || run.stdout.contains('✖'), "{where_}");
    let (done, untouched) = ((case.done)(&after), kept(&before) == kept(&after));
    assert!(done || untouched, "half done: {where_}");
    // Nothing is told to be done that is not.
    assert!(done || (run.status == 1 && !run.stdout.contains("patched")), "{where_}");
    let again = world.run(case.command);
    assert_eq!(again.status, 0, "repeated after {where_}{again}");
    assert!((case.done)(&world.volume(volume)), "repeated after {where_}{again}");
    (case.undo)(world, &before);
    let left = if untouched { "as before" } else { "done" };
    format!("[{}] {left:<9}  {}", run.status, told(&run))
}

/// The line that says how the run ended; the count of several, hints and the commands below them come after it.
fn told(run: &Run) -> String {
    let last = run
        .stderr
        .lines()
        .rev()
        .find(|line| {
            !["hint", "next", "  kubectl", "error: 1 of 1 claims failed"].iter().any(|start| line.starts_with(start))
        })
        .unwrap_or_default();
    let mut told = if run.status == 0 { String::new() } else { last.to_owned() };
    // An end, a reset and a broken pipe differ only in timing.
    if let Some((before, how)) = told.split_once("Unable to connect to the server: ")
        && !how.starts_with("no response within ")
    {
        told = format!("{before}Unable to connect to the server: [the connection broke]");
    }
    regex_lite::Regex::new(r"\d+\.\d+\.\d+\.\d+:\d+").unwrap().replace_all(&told, "SERVER").into_owned()
}

/// The cells of one request, in a sandbox of their own.
fn row(case: &Case, request: &(String, String)) -> String {
    let world = World::sandbox().provisioned();
    let volume = (case.begin)(&world);
    let mut row = format!("\n{}: {} {}\n", case.command, request.0, request.1);
    for fault in faults() {
        let cell = cell(&world, case, &volume, request, &fault);
        row.push_str(format!("  {:<42} {cell}", fault.0).trim_end());
        row.push('\n');
    }
    row
}

#[test]
fn each_fault_at_each_request_of_each_command() {
    let rows: Vec<_> = CASES.iter().flat_map(|case| requests(case).into_iter().map(move |it| (case, it))).collect();
    let (left, done) = (Mutex::new(rows.iter().enumerate()), Mutex::new(vec![String::new(); rows.len()]));
    std::thread::scope(|scope| {
        // Most cells wait, for a fault or for the next attempt.
        for _ in 0..2 * std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((at, (case, request))) = left.lock().unwrap().next() else { return };
                    let row = row(case, request);
                    done.lock().unwrap()[at] = row;
                }
            });
        }
    });
    let head = "The error that each command prints, and the volume it leaves, when a fault strikes at one of its requests: the\n\
        exit status, the volume, and the last line of standard error. Repeated, each command finished. Written by\n\
        fault_table.rs.\n";
    expect_file!["fault_table.txt"].assert_eq(&(head.to_owned() + &done.into_inner().unwrap().concat()));
}
