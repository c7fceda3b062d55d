//! Questions, asked through a real pseudo-terminal.

use std::process::{Command, Stdio};

use rexpect::session::{PtySession, spawn_command};
use serde_json::json;

use crate::world::{World, phase};

const CTRL_C: char = 'c';

/// The plugin with a terminal for everything but standard output, which goes to a file.
pub fn ask(world: &World, arguments: &str) -> (PtySession, std::path::PathBuf) {
    at_terminal(world, world.command(arguments))
}

pub fn at_terminal(world: &World, mut command: Command) -> (PtySession, std::path::PathBuf) {
    let stdout = world.home().join("stdout");
    // The pseudo-terminal takes the place of what is not given.
    command.stdin(Stdio::inherit()).stdout(std::fs::File::create(&stdout).expect("a file"));
    let mut session = spawn_command(command, Some(30_000)).expect("a terminal");
    session.process_mut().set_kill_timeout(Some(1_000));
    (session, stdout)
}

pub fn status(session: &PtySession) -> i32 {
    match session.process().wait().expect("an end") {
        rexpect::process::WaitStatus::Exited(_, code) => code,
        other => panic!("{other:?}"),
    }
}

fn policy(world: &World, volume: &str) -> String {
    world.volume(volume).spec.and_then(|s| s.persistent_volume_reclaim_policy).unwrap_or_default()
}

#[test]
fn what_is_shown_is_what_is_sent() {
    let (world, volume) = World::installed();
    let (mut session, _) = ask(&world, "retain");
    session.exp_string(&format!("persistentvolume/{volume}")).unwrap();
    session.exp_string("spec.persistentVolumeReclaimPolicy: Delete ").unwrap();
    session.exp_string("? [y/N]").unwrap();
    assert_eq!(policy(&world, &volume), "Delete", "nothing happens before the answer");
    session.send_line("y").unwrap();
    session.exp_string("Retained: ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 0);
    assert_eq!(policy(&world, &volume), "Retain");
}

#[test]
fn every_other_answer_is_no() {
    let (world, volume) = World::installed();
    let before = world.volume(&volume);
    // No, a bare Return, what is no answer, the end of input.
    for answer in ["n\n", "\n", "perhaps\n", "\x04"] {
        let (mut session, stdout) = ask(&world, "retain");
        session.exp_string("? [y/N]").unwrap();
        session.send(answer).unwrap();
        session.flush().unwrap();
        session.exp_string("error: canceled; nothing was changed").unwrap_or_else(|e| panic!("{answer:?}: {e}"));
        session.exp_eof().unwrap();
        assert_eq!(status(&session), 1, "{answer:?}");
        assert_eq!(std::fs::read_to_string(stdout).unwrap(), "", "{answer:?}");
    }
    assert_eq!(world.volume(&volume), before);
}

#[test]
fn without_a_terminal_nothing_is_asked_and_nothing_is_done() {
    let (world, volume) = World::installed();
    let before = world.volume(&volume);
    let run = world.run("retain");
    assert_eq!(run.status, 1);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("without confirmation: no terminal\nhint: pass --yes"), "{run}");
    assert_eq!(world.volume(&volume), before);
}

#[test]
fn ctrl_c_at_the_prompt() {
    let (world, volume) = World::installed();
    let (mut session, _) = ask(&world, "retain");
    session.exp_string("? [y/N]").unwrap();
    session.send_control(CTRL_C).unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 130);
    assert_eq!(policy(&world, &volume), "Delete");
}

#[test]
fn ctrl_c_while_waiting() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    world.mount("glance-api-0");
    let (mut session, _) = ask(&world, "reuse --timeout 60s");
    session.exp_string("0s of 60s: ").unwrap();
    session.exp_string("is held by pod").unwrap();
    session.send_control(CTRL_C).unwrap();
    session.exp_string("hint: safe to re-run: the same command goes on from there").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 130);
    assert_eq!(phase(&world.volume(&world.bound())), "Bound");
}

/// The pods are listed for the progress line alone.
#[test]
fn a_list_of_pods_that_never_comes_delays_neither_the_change_nor_the_deadline() {
    use glancepv_sandbox::state::Fault;
    let world = World::sandbox().provisioned();
    world.install(None);
    world.run("retain --yes");
    let state = &world.sandbox.as_ref().unwrap().state;
    state.plan("GET", "/pods?", 1000, Fault::Hang);
    let (mut session, _) = ask(&world, "reuse --yes --timeout 2s");
    session.exp_string("error: timed out after 2s").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
    let (mut session, _) = ask(&world, "reuse --yes --timeout 60s");
    session.exp_string("0s of 60s: waiting for claim").unwrap();
    world.delete_claim();
    session.exp_string("is deleted").unwrap();
    state.plan_nothing();
}

#[test]
fn another_writer_between_question_and_answer() {
    let (world, volume) = World::installed();
    let (mut session, _) = ask(&world, "retain");
    session.exp_string("? [y/N]").unwrap();
    world.patch_volume(&volume, json!({"metadata": {"annotations": {"example.com/note": "theirs"}}}));
    session.send_line("y").unwrap();
    session.exp_string("Retained: ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 0, "the same decision on the same facts is sent again");
    let annotations = world.volume(&volume).metadata.annotations.unwrap_or_default();
    assert_eq!(annotations.get("example.com/note").map(String::as_str), Some("theirs"), "nothing is overwritten");
    assert_eq!(policy(&world, &volume), "Retain");
}

#[test]
fn other_facts_are_asked_again() {
    let (world, volume) = World::installed();
    let (mut session, _) = ask(&world, "retain");
    session.exp_string("Policy: Delete ").unwrap();
    session.exp_string("? [y/N]").unwrap();
    world.patch_volume(&volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Recycle"}}));
    session.send_line("y").unwrap();
    session.exp_string(" has changed; the patch is now:").unwrap();
    session.exp_string("Policy: Recycle ").unwrap();
    session.exp_string("? [y/N]").unwrap();
    session.send_line("n").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
    assert_eq!(policy(&world, &volume), "Recycle");
}

#[test]
fn reuse_does_not_act_on_a_claim_that_came_back() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let (mut session, _) = ask(&world, "reuse");
    session.exp_string("? [y/N]").unwrap();
    // Meanwhile another operator reuses the volume and installs.
    world.run("reuse --yes");
    world.install(Some(&volume));
    session.send_line("y").unwrap();
    session.exp_string("nothing to reuse: ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
    assert_eq!(world.bound(), volume);
}

#[test]
fn a_person_chooses_among_several() {
    let (world, first) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let second = world.install(None);
    world.run("retain --yes");
    world.uninstall();
    let (mut session, _) = ask(&world, "reuse");
    session.exp_string("Which volume for claim ").unwrap();
    session.exp_string("500Gi  Retain  Released").unwrap();
    // The second of the list, which is in order of name.
    session.send("\x1b[B\r").unwrap();
    session.flush().unwrap();
    session.exp_string("? [y/N]").unwrap();
    session.send_line("y").unwrap();
    session.exp_string("Reserved: ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 0);
    let (chosen, other) = if first < second { (second, first) } else { (first, second) };
    assert_eq!(phase(&world.volume(&chosen)), "Available");
    assert_eq!(phase(&world.volume(&other)), "Released");
}

#[test]
fn guide_looks_again_between_the_yes_and_the_uninstallation() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let mark = world.home().join("uninstalled");
    let (mut session, _) = ask(&world, &format!("guide --uninstall touch${{IFS}}{}", mark.display()));
    session.exp_string("`? [y/N]").unwrap();
    // Meanwhile another operator takes the policy back.
    world.run("unretain --yes");
    session.send_line("y").unwrap();
    session.exp_string("AtRisk: ").unwrap();
    session.exp_string("? [y/N]").unwrap();
    session.send_line("n").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
    assert!(!mark.exists(), "nothing is uninstalled while the policy is Delete");
    assert_eq!(policy(&world, &volume), "Delete");
}

#[test]
fn a_declined_file_does_not_deny_what_the_cluster_has_done() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/templates/openstack-helm.yaml");
    let template = world.home().join("pvc-images.yaml");
    std::fs::copy(fixture, &template).unwrap();
    let (mut session, _) = ask(&world, "reuse -f pvc-images.yaml");
    session.exp_string("? [y/N]").unwrap();
    session.send_line("y").unwrap();
    session.exp_string("? [y/N]").unwrap();
    session.send_line("n").unwrap();
    session.exp_string("error: canceled; pvc-images.yaml was not written").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
    assert_eq!(phase(&world.volume(&volume)), "Available");
    assert_eq!(std::fs::read(&template).unwrap(), std::fs::read(fixture).unwrap());
}
