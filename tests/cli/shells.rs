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

/// Both ways to call the plugin.
const NAMES: [&str; 2] = ["kubectl glancepv", "kubectl-glancepv"];

/// Types into an interactive shell that was set up so, and looks at what the screen shows.
fn typed(world: &World, shell: &[&str], setup: &str, kubectl: &Path, names: &[&str]) {
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
    let asked = names.iter().flat_map(|name| {
        [
            (format!("{name} ret\t"), format!("{name} retain")),
            (format!("{name} status --outp\tjs\t"), "json".to_owned()),
            (format!("{name} retain -n {} pvc\t", world.namespace), world.bound()),
        ]
    });
    for (line, shown) in asked {
        session.send(&line).unwrap();
        session.flush().unwrap();
        // elvish draws what has changed alone.
        let typed = line.trim_end_matches('\t').rsplit([' ', '\t']).next().unwrap_or_default();
        let rest = shown.rsplit(' ').next().and_then(|word| word.strip_prefix(typed));
        let shown = if shell[0] == "elvish" { format!("\u{1b}[K{} ", rest.unwrap()) } else { shown };
        session.exp_string(&shown).unwrap_or_else(|e| panic!("{} {line:?}: {e}", shell[0]));
        // The line is taken back, and the shell waits for the next.
        session.send_line("\u{15}echo DO''NE").unwrap();
        session.exp_string("DONE").unwrap();
    }
    session.send_line("exit").unwrap();
}

/// The same through each kubectl.
fn typed_through_kubectls(shell: &[&str], setup: &str) {
    let (world, _) = World::installed();
    for kubectl in kubectls() {
        typed(&world, shell, setup, &kubectl, &NAMES);
    }
}

#[test]
#[ignore = "needs bash-completion and several kubectls: tests/cluster/suite.sh"]
fn bash_completes_through_kubectl() {
    typed_through_kubectls(
        &["bash", "--norc", "--noprofile", "-i"],
        "bind 'set enable-bracketed-paste off'; source /usr/share/bash-completion/bash_completion; \
        source <(kubectl completion bash); source <(kubectl-glancepv completion bash)",
    );
}

#[test]
#[ignore = "needs zsh and several kubectls: tests/cluster/suite.sh"]
fn zsh_completes_through_kubectl() {
    typed_through_kubectls(
        &["zsh", "-f", "-i"],
        "autoload -Uz compinit; compinit -u; source <(kubectl completion zsh); source <(kubectl-glancepv completion zsh)",
    );
}

#[test]
#[ignore = "needs fish and several kubectls: tests/cluster/suite.sh"]
fn fish_completes_through_kubectl() {
    typed_through_kubectls(
        &["fish", "--no-config", "-i"],
        "kubectl completion fish | source; kubectl-glancepv completion fish | source",
    );
}

/// kubectl has no completion for elvish.
#[test]
#[ignore = "needs elvish: tests/cluster/suite.sh"]
fn elvish_completes() {
    let (world, _) = World::installed();
    let setup = "eval (kubectl-glancepv completion elvish | slurp)";
    typed(&world, &["elvish", "-norc"], setup, &kubectls()[0], &NAMES[1..]);
}
