//! The fault matrix: each fault at each request of each command, what is told, what is left, and that
//! repeating the command finishes it.

use expect_test::expect_file;
use glancepv_sandbox::answer::Refusal;
use glancepv_sandbox::state::{Fault, State};
use k8s_openapi::api::core::v1::PersistentVolume;

use crate::world::{Run, World};

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
        ("no answer (--request-timeout)", 1, Fault::Hang),
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

/// A command, where it begins, and what it is to bring about.
struct Case {
    command: &'static str,
    /// How the world is prepared; the volume that matters.
    begin: fn(&World) -> String,
    done: fn(&PersistentVolume) -> bool,
}

fn policy(volume: &PersistentVolume) -> &str {
    volume.spec.as_ref().and_then(|s| s.persistent_volume_reclaim_policy.as_deref()).unwrap_or_default()
}

fn uid(volume: &PersistentVolume) -> Option<&str> {
    volume.spec.as_ref()?.claim_ref.as_ref()?.uid.as_deref()
}

fn retained(world: &World) -> String {
    let volume = world.install(None);
    world.patch_volume(&volume, serde_json::json!({"spec": {"persistentVolumeReclaimPolicy": "Retain"}}));
    volume
}

fn released(world: &World) -> String {
    let volume = retained(world);
    world.uninstall();
    volume
}

fn reused(world: &World) -> String {
    let volume = released(world);
    world.patch_volume(&volume, serde_json::json!({"spec": {"claimRef": {"uid": null, "resourceVersion": null}}}));
    world.install(Some(&volume));
    volume
}

const CASES: [Case; 7] = [
    Case { command: "status", begin: retained, done: |_| true },
    Case { command: "check", begin: retained, done: |_| true },
    Case { command: "retain --yes", begin: |world| world.install(None), done: |v| policy(v) == "Retain" },
    Case { command: "unretain --yes", begin: retained, done: |v| policy(v) == "Delete" },
    Case { command: "reuse --yes", begin: released, done: |v| uid(v).is_none() },
    Case { command: "verify", begin: reused, done: |_| true },
    Case { command: "export", begin: released, done: |_| true },
];

fn state(world: &World) -> &State {
    &world.sandbox.as_ref().expect("a sandbox").state
}

/// What matters of a volume: what its data depends on.
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
    let disturbed = format!("{} --request-timeout 2s", case.command);
    let run = world.run(&disturbed);
    state(world).plan_nothing();
    let after = world.volume(volume);
    let where_ = format!("{} at {} {}: {run}", fault.0, request.0, request.1);
    assert!(matches!(run.status, 0 | 1), "{where_}");
    assert!(!run.stderr.contains("panicked"), "{where_}");
    assert!(
        run.status == 0 || run.stderr.contains("rror") || run.stderr.contains("Unable") || run.stdout.contains('✖'),
        "{where_}"
    );
    let (done, untouched) = ((case.done)(&after), kept(&before) == kept(&after));
    assert!(done || untouched, "half done: {where_}");
    // Nothing is told to be done that is not.
    assert!(done || (run.status == 1 && !run.stdout.contains("patched")), "{where_}");
    let again = world.run(case.command);
    assert_eq!(again.status, 0, "repeated after {where_}{again}");
    assert!((case.done)(&world.volume(volume)), "repeated after {where_}{again}");
    let left = if untouched { "as before" } else { "done" };
    format!("[{}] {left:<9}  {}", run.status, told(&run))
}

/// The line that tells how it ended.
fn told(run: &Run) -> String {
    let last = run
        .stderr
        .lines()
        .rev()
        .find(|line| !line.starts_with("hint") && !line.starts_with("next"))
        .unwrap_or_default();
    let mut told = if run.status == 0 { String::new() } else { last.to_owned() };
    // Whether it is noticed as an end, a reset or a broken pipe is a matter of moments.
    if let Some((before, how)) = told.split_once("Unable to connect to the server: ")
        && !how.starts_with("no answer")
    {
        told = format!("{before}Unable to connect to the server: [the connection broke]");
    }
    regex_lite::Regex::new(r"\d+\.\d+\.\d+\.\d+:\d+").unwrap().replace_all(&told, "SERVER").into_owned()
}

#[test]
fn each_fault_at_each_request_of_each_command() {
    let tables: Vec<_> = std::thread::scope(|scope| {
        let one = |case: &'static Case| {
            let mut table = String::new();
            for request in requests(case) {
                table.push_str(&format!("\n{}: {} {}\n", case.command, request.0, request.1));
                for fault in faults() {
                    let world = World::sandbox().provisioned();
                    let volume = (case.begin)(&world);
                    let cell = cell(&world, case, &volume, &request, &fault);
                    table.push_str(format!("  {:<36} {cell}", fault.0).trim_end());
                    table.push('\n');
                }
            }
            table
        };
        let running: Vec<_> = CASES.iter().map(|case| scope.spawn(move || one(case))).collect();
        running.into_iter().map(|thread| thread.join().expect("a table")).collect()
    });
    let head = "What each command tells and leaves when a fault strikes at one of its requests: the exit status, the\n\
        volume, and the last line of standard error. Repeated, each command finished. Written by matrix.rs.\n";
    expect_file!["matrix.txt"].assert_eq(&(head.to_owned() + &tables.concat()));
}
