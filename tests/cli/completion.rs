//! Tab completion: kubectl's protocol, the committed scripts, and real shells.

use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{expect, expect_file};
use rexpect::session::spawn_command;

use crate::world::{World, plugin};

fn answer(command: &mut Command, words: &[&str]) -> String {
    let output = command.arg("__complete").args(words).output().expect("the executable");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Where no cluster is in reach.
fn alone(words: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(plugin());
    std::fs::write(home.path().join("config"), "apiVersion: v1\nkind: Config\ncurrent-context: burrito\n\
        clusters: [{name: btx, cluster: {server: \"https://127.0.0.1:1\"}}]\nusers: [{name: admin, user: {}}]\n\
        contexts: [{name: burrito, context: {cluster: btx, user: admin}}, {name: lab, context: {cluster: btx, user: admin}}]\n").unwrap();
    answer(command.env_clear().env("KUBECONFIG", home.path().join("config")), words)
}

#[test]
fn the_committed_scripts_are_what_is_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (script, file) in [
        ("bash", "kubectl-glancepv.bash"),
        ("zsh", "_kubectl-glancepv"),
        ("fish", "kubectl-glancepv.fish"),
        ("powershell", "_kubectl-glancepv.ps1"),
        ("elvish", "kubectl-glancepv.elv"),
        ("kubectl", "kubectl_complete-glancepv"),
    ] {
        let output = Command::new(plugin()).args(["completion", script]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        expect_file![folder.join(file)].assert_eq(&String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn what_is_known_without_a_cluster() {
    let mut table = String::new();
    for words in [
        &["re"][..],
        &["retain", ""],
        &["retain", "--dr"],
        &["retain", "--dry-run", ""],
        &["retain", "--dry-run=s"],
        &["status", "-o", ""],
        &["status", "--output=y"],
        &["status", "--color", "a"],
        &["--context", ""],
        &["status", "--context=l"],
        &["status", "--cluster", ""],
        &["status", "--user", ""],
        &["pin", "-f", "chart/"],
        &["reuse", "--filename=ch"],
        &["status", "--kubeconfig", ""],
        &["completion", ""],
        &["status", "-n", ""],
        &["--nonsense", "--output"],
    ] {
        table += &format!("{}\n{}", words.join(" "), alone(words));
    }
    expect![[r#"
        re
        retain	Set the volume's reclaim policy to Retain
        reuse	Make the preserved volume Available to the next claim of the same name
        :4
        retain 
        :4
        retain --dr
        --dry-run	Must be "none", "client" or "server"; client only prints the change, server submits it without persisting
        :4
        retain --dry-run 
        none	Make the change
        client	Only print the change
        server	Submit it without persisting
        :4
        retain --dry-run=s
        server	Submit it without persisting
        :4
        status -o 
        wide	Table with all columns
        name	resource/name
        json	JSON
        yaml	YAML
        :4
        status --output=y
        yaml	YAML
        :4
        status --color a
        auto	On a terminal, unless `NO_COLOR` is set (<https://no-color.org>)
        always	Even in a pipe
        :4
        --context 
        burrito
        lab
        :4
        status --context=l
        lab
        :4
        status --cluster 
        btx
        :4
        status --user 
        admin
        :4
        pin -f chart/
        :0
        reuse --filename=ch
        :0
        status --kubeconfig 
        :0
        completion 
        bash	bash
        zsh	zsh
        fish	fish
        powershell	`PowerShell`
        elvish	elvish
        kubectl	The `kubectl_complete-glancepv` helper
        :4
        status -n 
        :4
        --nonsense --output
        --output	Output format [default: table]
        :4
    "#]]
    .assert_eq(&table);
}

#[test]
fn volumes_claims_and_namespaces_of_the_cluster() {
    let (world, volume) = World::installed();
    let ask = |words: &[&str]| {
        let mut command = Command::new(plugin());
        let answer = answer(command.env_clear().env("KUBECONFIG", world.kubeconfig()), words);
        regex_lite::Regex::new(r" \d+s os-").unwrap().replace_all(&answer, " [age] os-").into_owned()
    };
    let namespace = world.namespace.as_str();
    let bound = format!("{volume}\t500Gi Delete Bound [age] {namespace}/glance-images\n:4\n");
    assert_eq!(ask(&["retain", "-n", namespace, ""]), bound);
    assert_eq!(ask(&["retain", &format!("--namespace={namespace}"), &volume[..6]]), bound);
    assert_eq!(ask(&["retain", "-n", namespace, "other"]), ":4\n");
    // Only what the command could act on.
    assert_eq!(ask(&["reuse", "-n", namespace, ""]), ":4\n");
    assert_eq!(ask(&["unretain", "-n", namespace, ""]), ":4\n");
    assert_eq!(ask(&["status", "-n", namespace, "--claim", ""]), "glance-images\n:4\n");
    assert!(ask(&["status", "-n", ""]).lines().any(|line| line == namespace));
    world.run("retain --yes");
    assert_eq!(ask(&["retain", "-n", namespace, ""]), ":4\n");
    assert_eq!(
        ask(&["unretain", "-n", namespace, ""]),
        format!("{volume}\t500Gi Retain Bound [age] {namespace}/glance-images\n:4\n")
    );
}

#[test]
fn templates_that_have_the_claim_are_offered() {
    let home = tempfile::tempdir().unwrap();
    let chart = home.path().join("openstack-helm/glance/templates");
    std::fs::create_dir_all(&chart).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/openstack-helm.yaml");
    std::fs::copy(&fixture, chart.join("pvc-images.yaml")).unwrap();
    std::fs::write(chart.join("configmap.yaml"), "kind: ConfigMap\n").unwrap();
    let ask = |words: &[&str]| answer(Command::new(plugin()).env_clear().current_dir(home.path()), words);
    let found = "openstack-helm/glance/templates/pvc-images.yaml\n:4\n";
    assert_eq!(ask(&["pin", "-f", ""]), found);
    assert_eq!(ask(&["reuse", "--filename=open"]), found);
    // Where none has it, or another path is begun, the shell's own files.
    assert_eq!(ask(&["pin", "--claim", "other", "-f", ""]), ":0\n");
    assert_eq!(ask(&["guide", "-f", "/etc/"]), ":0\n");
}

#[test]
fn called_by_the_name_that_kubectl_looks_for_it_answers() {
    let home = tempfile::tempdir().unwrap();
    let link = home.path().join("kubectl_complete-glancepv");
    std::os::unix::fs::symlink(plugin(), &link).unwrap();
    let answer = Command::new(link).args(["verify", "--timeout", ""]).env_clear().output().unwrap();
    assert_eq!(String::from_utf8(answer.stdout).unwrap(), "10m\n:4\n");
}

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
