//! Real shells: tab completion, through real kubectls and by the program's own name, and printed commands that are
//! pasted.

use std::path::{Path, PathBuf};
use std::process::Command;

use rexpect::session::spawn_command;

use crate::world::{World, executable, plugin};

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

/// A world whose context has a name that a shell would take apart, and the lines that it prints at some stages.
fn printed() -> (World, Vec<String>) {
    let world = World::sandbox();
    let context = "it's $HOME; prod #1 *";
    let mut config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.operator()).unwrap()).expect("a kubeconfig in JSON");
    let mut named = config["contexts"][0].clone();
    named["name"] = context.into();
    config["contexts"].as_array_mut().unwrap().push(named);
    std::fs::write(world.operator(), config.to_string()).unwrap();
    let annotations =
        serde_json::json!({"meta.helm.sh/release-name": "glance", "meta.helm.sh/release-namespace": "openstack"});
    let flux = serde_json::json!({"helm.toolkit.fluxcd.io/name": "glance", "helm.toolkit.fluxcd.io/namespace": "flux"});
    let volume = world.create_volume(world.reference(None));
    world.create_claim(|claim| {
        claim["spec"]["volumeName"] = volume.clone().into();
        claim["metadata"]["annotations"] = annotations;
        claim["metadata"]["labels"] = flux;
    });
    world.bound();
    let mut lines = Vec::new();
    let mut look = || lines.extend(world.command_with(&["status", "--context", context]).next);
    look();
    world.patch_volume(&volume, serde_json::json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}));
    look();
    world.mount("glance-storage-init-x7k2p");
    world.pod_phase("glance-storage-init-x7k2p", "Succeeded");
    world.delete_claim();
    look();
    world.delete_volume(&volume);
    look();
    lines.retain(|line| !line.starts_with('#'));
    assert!(lines.len() > 8, "{lines:#?}");
    (world, lines)
}

/// Pastes lines at the prompt of a shell whose tools write down their arguments; these.
fn pasted(world: &World, shell: &[&str], lines: &[String]) -> Vec<Vec<String>> {
    let (folder, log) = (world.home().join("stubs"), world.home().join("log"));
    std::fs::create_dir_all(&folder).unwrap();
    let _ = std::fs::remove_file(&log);
    for tool in ["kubectl", "helm", "flux", "argocd"] {
        let script = format!("printf '%s\\037' \"${{0##*/}}\" \"$@\" >> {0}; printf '\\n' >> {0}", log.display());
        executable(&folder.join(tool), &script);
    }
    let mut command = Command::new(shell[0]);
    let path = [folder.as_path(), Path::new("/usr/bin"), Path::new("/bin")];
    command.args(&shell[1..]).env_clear().env("HOME", world.home()).env("TERM", "dumb").current_dir(world.home());
    command.env("PATH", std::env::join_paths(path).unwrap()).env("LC_ALL", "C.UTF-8");
    let mut session = spawn_command(command, Some(20_000)).expect(shell[0]);
    session.process_mut().set_kill_timeout(Some(1_000));
    // As one block, each line indented as it stands on the screen.
    let block: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    session.send(&block).unwrap();
    session.send_line("  exit").unwrap();
    session.exp_eof().unwrap_or_else(|error| panic!("{shell:?}: {error}"));
    let log = std::fs::read_to_string(&log).unwrap_or_default();
    log.lines().map(|line| line.trim_end_matches('\u{1f}').split('\u{1f}').map(str::to_owned).collect()).collect()
}

#[test]
#[ignore = "needs zsh and fish: tests/cluster/suite.sh"]
fn a_printed_block_pastes_into_each_shell_as_the_commands_that_it_shows() {
    let (world, lines) = printed();
    let expected: Vec<Vec<String>> = lines
        .iter()
        .map(|line| shell_words::split(line.split_once(" > ").map_or(line, |(command, _)| command)).unwrap())
        .collect();
    for shell in [
        &["bash", "--norc", "--noprofile", "-i"][..],
        // Without INTERACTIVE_COMMENTS, as it starts.
        &["zsh", "-f", "-i"],
        &["fish", "--no-config", "-i"],
        &["sh", "-i"],
    ] {
        assert_eq!(pasted(&world, shell, &lines), expected, "{shell:?}");
    }
}
