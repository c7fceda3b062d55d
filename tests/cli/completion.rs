//! Tab completion: kubectl's protocol, and the committed scripts.

use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{expect, expect_file};

use crate::world::{World, copy_plugin, plugin};

fn answer(command: &mut Command, words: &[&str]) -> String {
    let output = command.arg("__complete").args(words).output().expect("the executable");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Completion without a cluster.
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
fn flags_values_and_contexts_complete_without_a_cluster() {
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
        bash
        zsh
        fish
        powershell
        elvish
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
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "nova-instances".into();
        claim["metadata"]["annotations"] =
            serde_json::json!({"meta.helm.sh/release-name": "nova", "meta.helm.sh/release-namespace": namespace});
    });
    // After a comma, and what is left to choose.
    assert_eq!(ask(&["status", "-n", namespace, "--claim", "glance-images,"]), "glance-images,nova-instances\n:4\n");
    assert_eq!(ask(&["status", "-n", namespace, "--claim=no,gl"]), "no,glance-images\n:4\n");
    assert_eq!(ask(&["status", "-n", namespace, "--claim", "nova-instances", "--claim", ""]), "glance-images\n:4\n");
    assert_eq!(ask(&["retain", "-n", namespace, "--release", ""]), "nova\n:4\n");
    assert_eq!(ask(&["retain", "-n", namespace, "--release", "nova,"]), ":4\n");
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
    let found: PathBuf = ["openstack-helm", "glance", "templates", "pvc-images.yaml"].iter().collect();
    let found = format!("{}\n:4\n", found.display());
    assert_eq!(ask(&["pin", "-f", ""]), found);
    assert_eq!(ask(&["reuse", "--filename=open"]), found);
    // The shell's own files, if no template has it or another path is begun.
    assert_eq!(ask(&["pin", "--claim", "other", "-f", ""]), ":0\n");
    assert_eq!(ask(&["guide", "-f", "/etc/"]), ":0\n");
}

#[test]
fn called_by_the_name_that_kubectl_looks_for_it_answers() {
    let home = tempfile::tempdir().unwrap();
    let helper = home.path().join(format!("kubectl_complete-glancepv{}", std::env::consts::EXE_SUFFIX));
    copy_plugin(&helper);
    let answer = Command::new(helper).args(["verify", "--timeout", ""]).env_clear().output().unwrap();
    assert_eq!(String::from_utf8(answer.stdout).unwrap(), "10m\n:4\n");
}
