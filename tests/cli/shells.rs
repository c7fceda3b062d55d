//! Tab completion in real shells, through real kubectls and by the program's own name.

use std::path::{Path, PathBuf};
use std::process::Command;

use rexpect::session::spawn_command;

use crate::world::{World, plugin};

/// The folders of the kubectls to try, old and new.
fn kubectls() -> Vec<PathBuf> {
    let list = std::env::var_os("GLANCEPV_KUBECTLS").expect("tests/cluster/suite.sh sets it");
    std::env::split_paths(&list).collect()
}

/// Types into an interactive shell that has kubectl's own completion; what the screen then shows.
fn typed(world: &World, shell: &[&str], setup: &str, kubectl: &Path) {
    let folder = world.home().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let helper = folder.join("kubectl_complete-glancepv");
    let _ = std::os::unix::fs::symlink(plugin(), &helper);
    let plugin = std::path::Path::new(plugin()).parent().unwrap();
    let path = [kubectl, &folder, plugin, Path::new("/usr/bin"), Path::new("/bin")];
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).env_clear().env("HOME", world.home()).env("TERM", "dumb").env("PS1", "> ");
    command
        .env("KUBECONFIG", world.kubeconfig())
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("LC_ALL", "C.UTF-8");
    let mut session = spawn_command(command, Some(20_000)).expect(shell[0]);
    session.process_mut().set_kill_timeout(Some(1_000));
    // The session has switched the echo off, and without it bash shows nothing of what it completes.
    session.send_line(&format!("stty echo cols 200; {setup}; echo REA''DY")).unwrap();
    session.exp_string("READY").unwrap();
    for (line, shown) in [
        ("kubectl glancepv ret\t", "kubectl glancepv retain"),
        ("kubectl glancepv status --outp\tjs\t", "json"),
        (&format!("kubectl glancepv retain -n {} pvc\t", world.namespace) as &str, &world.bound() as &str),
        // And by the program's own name.
        ("kubectl-glancepv ret\t", "kubectl-glancepv retain"),
        ("kubectl-glancepv status --outp\tjs\t", "json"),
        (&format!("kubectl-glancepv retain -n {} pvc\t", world.namespace) as &str, &world.bound() as &str),
    ] {
        session.send(line).unwrap();
        session.flush().unwrap();
        session.exp_string(shown).unwrap_or_else(|e| panic!("{} {line:?}: {e}", shell[0]));
        // The line is taken back, and the shell waits for the next.
        session.send_line("\u{15}echo DO''NE").unwrap();
        session.exp_string("DONE").unwrap();
    }
    session.send_line("exit").unwrap();
}

#[test]
#[ignore = "needs bash-completion and several kubectls: tests/cluster/suite.sh"]
fn bash_completes_through_kubectl() {
    let (world, _) = World::installed();
    let setup = "bind 'set enable-bracketed-paste off'; source /usr/share/bash-completion/bash_completion; source <(kubectl completion bash); source <(kubectl-glancepv completion bash)";
    for kubectl in kubectls() {
        typed(&world, &["bash", "--norc", "--noprofile", "-i"], setup, &kubectl);
    }
}

#[test]
#[ignore = "needs zsh and several kubectls: tests/cluster/suite.sh"]
fn zsh_completes_through_kubectl() {
    let (world, _) = World::installed();
    let setup = "autoload -Uz compinit; compinit -u; source <(kubectl completion zsh); source <(kubectl-glancepv completion zsh)";
    for kubectl in kubectls() {
        typed(&world, &["zsh", "-f", "-i"], setup, &kubectl);
    }
}

#[test]
#[ignore = "needs fish: tests/cluster/suite.sh"]
fn fish_completes() {
    let (world, volume) = World::installed();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/kubectl-glancepv.fish");
    let folder = Path::new(plugin()).parent().unwrap().display();
    for (line, wanted) in [
        ("kubectl-glancepv ret".to_owned(), "retain\tSet the volume's reclaim policy to Retain".to_owned()),
        ("kubectl-glancepv status --output=js".to_owned(), "--output=json".to_owned()),
        (format!("kubectl-glancepv retain -n {} pvc", world.namespace), volume),
    ] {
        let command = format!("set PATH {folder} $PATH; source {}; complete -C '{line}'", script.display());
        let output = Command::new("fish")
            .args(["--no-config", "-c", &command])
            .env("KUBECONFIG", world.kubeconfig())
            .output()
            .expect("fish");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && shown.lines().any(|shown| shown.starts_with(&wanted)), "{line}: {output:?}");
    }
}
