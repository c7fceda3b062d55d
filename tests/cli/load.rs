//! Fifty operators at once on one claim of a real control plane: nothing is lost, and every refusal
//! says why.

#![allow(clippy::print_stderr, reason = "the counts are the result")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::world::World;

const OPERATORS: usize = 50;
const TURNS: usize = 20;

/// The steps of an operator in a turn, each in an order of his own. Whoever uninstalls ends what all
/// others are at, so that is the rarest.
const WORK: [&str; 13] = [
    "retain",
    "unretain",
    "install",
    "annotate",
    "unretain",
    "reuse",
    "retain",
    "install",
    "unretain",
    "annotate",
    "retain",
    "reuse",
    "uninstall",
];

#[test]
#[ignore = "loads a control plane of its own: tests/cluster/suite.sh outages"]
fn fifty_operators_on_one_claim() {
    let world = World::new();
    let volume = world.create_volume(world.reference(None));
    world.install(Some(&volume));
    let told: Mutex<BTreeMap<String, usize>> = Mutex::default();
    let count = |what: &str| *told.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    let (annotated, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            // A claim that was Lost stays so until it is deleted: looking now and then sees it.
            let mut looked = 0;
            while !over.load(Ordering::SeqCst) {
                assert_ne!(world.phase_of_claim().as_deref(), Some("Lost"), "a command of ours lost a living claim");
                looked += 1;
            }
            looked
        });
        let operators: Vec<_> = (0..OPERATORS)
            .map(|operator| {
                let (world, volume, count, annotated) = (&world, &volume, &count, &annotated);
                scope.spawn(move || {
                    for turn in 0..TURNS {
                        match WORK[(operator * 5 + turn * (operator % 12 + 1)) % WORK.len()] {
                            "uninstall" if world.phase_of_claim().as_deref() != Some("Bound") => {
                                count("not bound: not uninstalled");
                            }
                            "uninstall" => {
                                count(if world.delete_claim() { "uninstalled" } else { "nothing to uninstall" });
                            }
                            "install" => {
                                count(if world.try_install(volume) { "installed" } else { "installed already" });
                            }
                            "annotate" => {
                                let key = format!("load.example.com/{operator}-{turn}");
                                world.patch_volume(volume, json!({"metadata": {"annotations": {key: "kept"}}}));
                                annotated.fetch_add(1, Ordering::SeqCst);
                                count("annotated by another writer");
                            }
                            verb => {
                                let wait = if verb == "reuse" { " --timeout 5s" } else { "" };
                                let run = world.run(&format!("{verb} --yes -v 6{wait}"));
                                count(&format!("{verb}: {}", explained(&run)));
                                for _ in run.stderr.lines().filter(|line| line.contains(" 409 Conflict in ")) {
                                    count("conflicts");
                                }
                            }
                        }
                    }
                })
            })
            .collect();
        let ended: Vec<_> = operators.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::SeqCst);
        assert!(ended.iter().all(Result::is_ok), "an operator met with something unexplained");
        assert!(watcher.join().expect("the watcher") > 0);
    });
    for (what, times) in told.lock().unwrap().iter() {
        eprintln!("{times:>5}  {what}");
    }
    let left = world.volume(&volume);
    let claim_ref = left.spec.as_ref().and_then(|s| s.claim_ref.clone()).expect("still for the claim");
    assert_eq!(
        (claim_ref.namespace.as_deref(), claim_ref.name.as_deref()),
        (Some(&*world.namespace), Some("glance-images"))
    );
    assert!(left.metadata.deletion_timestamp.is_none());
    let kept = left.metadata.annotations.unwrap_or_default();
    let kept = kept.keys().filter(|key| key.starts_with("load.example.com/")).count();
    assert_eq!(kept, annotated.load(Ordering::SeqCst), "a change of another writer was lost");

    // And from wherever that has ended, the procedure leads on.
    world.run("retain --yes");
    if world.delete_claim() {
        world.await_claim(|claim| claim.is_none());
    }
    let reuse = world.run("reuse --yes --timeout 60s");
    assert_eq!(reuse.status, 0, "{reuse}");
    world.install(Some(&volume));
    let verify = world.run("verify");
    assert_eq!(verify.status, 0, "{verify}");
}

/// The end of a run, in words that are the same for all that ended so.
fn explained(run: &crate::world::Run) -> String {
    assert!(matches!(run.status, 0 | 1) && !run.stderr.contains("panicked"), "{run}");
    if run.status == 0 {
        let changed = if run.stdout.contains("no change") { "as asked already" } else { "done" };
        return changed.to_owned();
    }
    let line = run.stderr.lines().find(|line| line.starts_with("error: ") || line.starts_with("Error from server"));
    let line = line.unwrap_or_else(|| panic!("no reason given: {run}"));
    regex_lite::Regex::new(r"pvc-\S+").unwrap().replace_all(line, "PV").into_owned()
}
