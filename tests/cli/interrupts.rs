//! An impatient person at a terminal: what is typed before a question is no answer to it, Ctrl-C while a
//! command of theirs runs, and a connection that has died while they thought.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rexpect::session::PtySession;
use serde_json::{Value, json};

use crate::confirmation::{ask, at_terminal, status};
use crate::world::{World, phase};

/// Types before the program has begun.
fn ahead(world: &World, arguments: &str, typed: &str) -> PtySession {
    let gate = world.home().join("gate");
    assert!(gate.exists() || Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let program = world.command(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", "read -r _ <gate; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(world.home());
    let (mut session, _) = at_terminal(world, command);
    session.send(typed).unwrap();
    session.flush().unwrap();
    std::fs::write(gate, "\n").unwrap();
    session
}

/// The question has come, and what was typed before it is no answer: it waits for one, and gets a no.
fn still_asks(session: &mut PtySession, question: &str) {
    session.exp_string(question).unwrap();
    session.send_line("n").unwrap();
    session.exp_string("error: canceled; ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(session), 1);
}

fn awaited(file: &Path) {
    let begun = Instant::now();
    while !file.exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} does not come", file.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_was_typed_before_a_patch_is_shown_is_no_yes_to_it() {
    let (world, volume) = World::installed();
    for (arguments, prepare) in [("retain", ""), ("unretain", "retain --yes")] {
        if !prepare.is_empty() {
            world.run(prepare);
        }
        let before = world.volume(&volume);
        still_asks(&mut ahead(&world, arguments, "y\ny\n"), "? [y/N]");
        assert_eq!(world.volume(&volume), before, "{arguments}");
    }
    world.uninstall();
    let before = world.volume(&volume);
    still_asks(&mut ahead(&world, "reuse", "y\ny\n"), "? [y/N]");
    assert_eq!(world.volume(&volume), before);
}

#[test]
fn what_was_typed_before_a_file_is_shown_is_no_yes_to_it() {
    let (world, volume) = World::installed();
    world.template();
    let template = world.home().join("pvc-images.yaml");
    let before = std::fs::read(&template).unwrap();
    still_asks(
        &mut ahead(&world, "pin pvc-1 -f pvc-images.yaml", "y\ny\n"),
        " claim glance-images in pvc-images.yaml? [y/N]",
    );
    assert_eq!(std::fs::read(&template).unwrap(), before);
    // Two questions: the yes to the first, and one more on its heels.
    world.run("retain --yes");
    world.uninstall();
    let (mut session, _) = ask(&world, "reuse -f pvc-images.yaml");
    session.exp_string(&format!("Patch persistentvolume/{volume}? [y/N]")).unwrap();
    session.send("y\ny\ny\n").unwrap();
    session.flush().unwrap();
    still_asks(&mut session, " claim glance-images in pvc-images.yaml? [y/N]");
    assert_eq!(std::fs::read(&template).unwrap(), before);
    world.run("pin pvc-1 -f pvc-images.yaml --yes");
    let pinned = std::fs::read(&template).unwrap();
    still_asks(
        &mut ahead(&world, "unpin -f pvc-images.yaml", "y\ny\n"),
        " claim glance-images in pvc-images.yaml? [y/N]",
    );
    assert_eq!(std::fs::read(&template).unwrap(), pinned);
}

#[test]
fn what_was_typed_before_the_menu_chooses_nothing() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.install(None);
    world.run("retain --yes");
    world.uninstall();
    let mut session = ahead(&world, "reuse", "\r\n\r\n");
    session.exp_string("Which volume for claim ").unwrap();
    // The menu is left by Escape.
    session.send("\x1b").unwrap();
    session.flush().unwrap();
    session.exp_string("error: canceled; nothing was changed").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
}

#[test]
fn ctrl_c_at_the_menu_and_while_a_template_is_read() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.install(None);
    world.run("retain --yes");
    world.uninstall();
    let (mut menu, _) = ask(&world, "reuse");
    menu.exp_string("Which volume for claim ").unwrap();
    menu.send_control('c').unwrap();
    menu.exp_eof().unwrap();
    assert_eq!(status(&menu), 130);
    let mut filter = world.command("pin pvc-1 -f -").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = filter.stdin.take().unwrap();
    // More than a pipe holds: it reads.
    input.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    crate::world::interrupt(&filter);
    assert_eq!(filter.wait().unwrap().code(), Some(130));
}

#[test]
fn what_was_typed_while_a_command_of_the_guide_ran_answers_no_question_after_it() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let (started, go) = (world.home().join("started"), world.home().join("go"));
    let script = world.home().join("uninstall");
    std::fs::write(
        &script,
        format!("touch {}; while ! test -e {}; do sleep 0.02; done\n", started.display(), go.display()),
    )
    .unwrap();
    let mut session = ahead(&world, &format!("guide --uninstall sh${{IFS}}{}", script.display()), "y\n");
    session.exp_string("uninstall`? [y/N]").unwrap();
    session.send_line("y").unwrap();
    awaited(&started);
    session.send("y\ny\n").unwrap();
    session.flush().unwrap();
    world.uninstall();
    let before = world.volume(&volume);
    std::fs::write(&go, "").unwrap();
    still_asks(&mut session, &format!("Patch persistentvolume/{volume}? [y/N]"));
    assert_eq!(world.volume(&volume), before);
}

#[test]
fn another_round_is_not_begun_by_what_was_typed_before() {
    let (world, volume) = World::installed();
    world.follow();
    let mut session = ahead(&world, "guide", "y\ny\n");
    session.exp_string("once more? [y/N]").unwrap();
    session.send_line("n").unwrap();
    session.exp_eof().unwrap();
    assert_eq!((status(&session), world.bound()), (0, volume));
}

#[test]
fn yes_is_yes_in_full() {
    let (world, volume) = World::installed();
    let (mut session, _) = ask(&world, "retain");
    session.exp_string("? [y/N]").unwrap();
    session.send_line("Yes").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 0);
    let policy = world.volume(&volume).spec.and_then(|s| s.persistent_volume_reclaim_policy);
    assert_eq!(policy.as_deref(), Some("Retain"));
}

#[test]
fn ctrl_c_ends_the_command_of_the_guide_before_the_guide() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    let (started, ended) = (world.home().join("started"), world.home().join("ended"));
    let script = world.home().join("uninstall");
    let text = format!(
        "trap 'sleep 0.3; echo tidied > {}; exit 7' INT\ntouch {}\nwhile :; do sleep 0.05; done\n",
        ended.display(),
        started.display()
    );
    std::fs::write(&script, text).unwrap();
    let (mut session, _) = ask(&world, &format!("guide --yes --uninstall exec${{IFS}}sh${{IFS}}{}", script.display()));
    awaited(&started);
    session.send_control('c').unwrap();
    session.exp_string("error: interrupted; `").unwrap();
    assert!(ended.exists(), "it was waited for");
    session.exp_string("ended with exit status: 7").unwrap();
    session.exp_string("  kubectl glancepv guide --uninstall ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!((status(&session), world.bound()), (130, volume));
}

#[test]
fn a_shell_that_is_missing_is_named() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    let output = world.command("guide --yes --uninstall true").env("PATH", "/nonexistent").output().unwrap();
    let run = world.outcome("guide", output);
    assert!(run.status == 1 && run.stderr.contains("error: cannot run a shell: no such file or directory"), "{run}");
}

#[test]
fn a_timeout_is_told_as_it_was_typed_and_none_is_too_long() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    let run = world.run("reuse --yes --timeout 500ms");
    assert!(run.stderr.contains("error: timed out after 500ms: "), "{run}");
    let mut longest = world.spawn("reuse --yes --timeout 9223372036854775807");
    world.uninstall();
    assert!(longest.wait().unwrap().success());
}

/// Passes bytes on, both ways, until it goes dark: then the connections that it has stay open and say
/// nothing any more, as behind a firewall that has forgotten them. New ones are passed on.
fn forgetful(to: String) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let dark = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&dark);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let old = !shared.load(Ordering::SeqCst);
            let Ok(server) = TcpStream::connect(&to) else { continue };
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                let dark = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let mut bytes = [0; 1 << 14];
                    while let Ok(count @ 1..) = from.read(&mut bytes) {
                        if !(old && dark.load(Ordering::SeqCst)) && to.write_all(&bytes[..count]).is_err() {
                            return;
                        }
                    }
                });
            }
        }
    });
    (port, dark)
}

#[test]
fn a_connection_that_died_at_the_prompt_is_noticed_and_nothing_is_told_that_was_not_done() {
    let (world, volume) = World::installed();
    let mut config: Value = serde_json::from_slice(&std::fs::read(world.kubeconfig()).unwrap()).unwrap();
    let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap().to_owned();
    let (port, dark) = forgetful(server.trim_start_matches("https://").to_owned());
    config["clusters"][0]["cluster"]["server"] = json!(format!("https://127.0.0.1:{port}"));
    let path = world.home().join("forgetful");
    std::fs::write(&path, config.to_string()).unwrap();
    let (mut session, _) = ask(&world, &format!("retain --request-timeout 3s --kubeconfig {}", path.display()));
    session.exp_string("? [y/N]").unwrap();
    dark.store(true, Ordering::SeqCst);
    session.send_line("y").unwrap();
    // A ping goes unanswered, the volume is read back by a new connection, and nothing has hung.
    session.exp_string("was not patched when it was read back: ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(status(&session), 1);
    let policy = world.volume(&volume).spec.and_then(|s| s.persistent_volume_reclaim_policy);
    assert_eq!(policy.as_deref(), Some("Delete"));
    assert_eq!(world.run("retain --yes").status, 0, "safe to re-run");
    assert_eq!(phase(&world.volume(&volume)), "Bound");
}
