//! Beside the real kubectl. These need one on PATH, and a real control plane: they are run by
//! tests/cluster/suite.sh, which puts the control plane's own kubectl there.

use std::process::Command;

use crate::world::{World, plugin};

fn kubectl(world: &World, arguments: &[&str]) -> String {
    let bin = std::path::Path::new(plugin()).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("kubectl")
        .args(arguments)
        .env("KUBECONFIG", world.kubeconfig())
        .env("PATH", path)
        .output()
        .expect("kubectl on PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Lines whose ages are one.
fn ageless(text: &str) -> String {
    let age = regex_lite::Regex::new(r" \d+[smhd]\d*[smhd]? +").unwrap();
    age.replace_all(text, " [age] ").into_owned()
}

#[test]
#[ignore = "needs a real control plane and its kubectl: tests/cluster/suite.sh"]
fn kubectl_finds_the_plugin_and_prints_the_same_rows() {
    let (world, volume) = World::installed();
    let ours = kubectl(&world, &["glancepv", "status", "-n", &world.namespace, "-o", "wide"]);
    let (claim, rest) = ours.split_once("\n\n").expect("two tables");
    let (volumes, _) = rest.split_once("AtRisk: ").expect("the stage");
    assert_eq!(ageless(volumes), ageless(&kubectl(&world, &["get", "pv", &volume, "-o", "wide"])));
    let theirs = kubectl(&world, &["get", "pvc", "glance-images", "-n", &world.namespace, "-o", "wide"]);
    assert_eq!(ageless(&format!("{claim}\n")), ageless(&theirs));
}

#[test]
#[ignore = "needs a real control plane and its kubectl: tests/cluster/suite.sh"]
fn rows_of_several_claims_are_kubectls() {
    let (world, volume) = World::installed();
    world.create_claim(|claim| claim["metadata"]["name"] = "later".into());
    world.await_bound("later");
    let ours = kubectl(&world, &["glancepv", "status", "--all", "-n", &world.namespace, "-o", "wide"]);
    let (claims, rest) = ours.split_once("\n\n").expect("two tables");
    let (volumes, _) = rest.split_once("AtRisk: ").expect("the stage");
    let theirs = kubectl(&world, &["get", "pvc", "-n", &world.namespace, "-o", "wide"]);
    assert_eq!(ageless(&format!("{claims}\n")), ageless(&theirs));
    let later = world.volume_of("later");
    assert_eq!(ageless(volumes), ageless(&kubectl(&world, &["get", "pv", &volume, &later, "-o", "wide"])));
}

#[test]
#[ignore = "needs a real control plane and its kubectl: tests/cluster/suite.sh"]
fn objects_are_formatted_as_kubectl_formats_them() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    for format in ["json", "yaml"] {
        let ours = kubectl(&world, &["glancepv", "retain", "-n", &world.namespace, "-o", format]);
        // Before 1.21 kubectl shows the bookkeeping that it hides since.
        let theirs = kubectl(&world, &["get", "pv", &volume, "-o", format]);
        if !theirs.contains("managedFields") {
            assert_eq!(ours, theirs);
        }
        assert!(ours.contains(&volume));
    }
}

/// Standard error and exit status of a command; kubectl's retries are there once.
fn said(world: &World, program: &str, verb: &[&str], arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(program);
    command.args(verb).args(arguments).env("KUBECONFIG", world.kubeconfig()).current_dir(world.home());
    let output = command.stdin(std::process::Stdio::null()).output().expect(program);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with(['E', 'I', 'W']) || !line.contains("] ") || line.starts_with("Error"));
    (
        output.status.code().unwrap_or(-1),
        lines
            .filter(|l| !["hint:", "  kubectl "].iter().any(|head| l.starts_with(head)))
            .map(|l| format!("{l}\n"))
            .collect(),
    )
}

#[test]
#[ignore = "needs a real control plane and its kubectl: tests/cluster/suite.sh"]
fn mistakes_are_worded_as_kubectl_words_them() {
    let (world, volume) = World::installed();
    std::fs::write(world.home().join("empty"), "").unwrap();
    std::fs::write(
        world.home().join("elsewhere"),
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
        clusters: [{name: c, cluster: {server: \"https://127.0.0.1:1\"}}]\nusers: [{name: u, user: {token: t}}]\n\
        contexts: [{name: a, context: {cluster: c, user: u}}, {name: lost, context: {cluster: gone, user: u}}]\n",
    )
    .unwrap();
    let plugin = plugin();
    let (mut table, mut different) = (String::new(), Vec::new());
    let mistakes: &[&[&str]] = &[
        &["--context", "nope"],
        &["--cluster", "nope"],
        &["--user", "nope"],
        &["--kubeconfig", "nope"],
        &["--kubeconfig", "empty"],
        &["--kubeconfig", "elsewhere"],
        &["--kubeconfig", "elsewhere", "--context", "lost"],
        &["--kubeconfig", "elsewhere", "--username", "b", "--password", "c"],
        &["--server", "https://127.0.0.1:1"],
        &["--server", "127.0.0.1:1"],
        &["--server", "ftp://127.0.0.1"],
        &["--server", "https://bad host"],
        &["--request-timeout", "nope"],
        &["--request-timeout", "5x"],
        &["--request-timeout=-1"],
        &["--certificate-authority", "nope"],
        &["--client-key", "nope"],
        &["--insecure-skip-tls-verify", "--certificate-authority", "empty"],
        &["--as-uid", "1"],
        &["--as-group", "g"],
        &["--as", "nobody"],
        &["--as", "nobody", "--as-group", "system:authenticated"],
    ];
    let claim = ["get", "pvc", "glance-images", "-n", &world.namespace];
    let ours = ["status", "-n", &world.namespace];
    // Other words, or no such flag, before 1.24.
    let since = |m: &&&[&str]| {
        !kubectl(&world, &["version"]).contains("v1.20") || !m.iter().any(|f| ["--as-uid", "--as-group"].contains(f))
    };
    // kubectl words these otherwise where no namespace is given.
    for (mistake, words) in [
        ("--context", "Error in configuration: context was not found for specified context: nope\n"),
        ("--cluster", "error: no server found for cluster \"nope\"\n"),
    ] {
        assert_eq!(said(&world, "kubectl", &["get", "pv"], &[mistake, "nope"]), (1, words.to_owned()));
        assert_eq!(said(&world, plugin, &["status"], &[mistake, "nope"]), (1, words.to_owned()));
    }
    for mistake in mistakes.iter().filter(since) {
        let (theirs, own) = (said(&world, "kubectl", &claim, mistake), said(&world, plugin, &ours, mistake));
        table +=
            &format!("{}\n  kubectl [{}] {}  glancepv [{}] {}", mistake.join(" "), theirs.0, theirs.1, own.0, own.1);
        if own != theirs {
            different.push(mistake.join(" "));
        }
    }
    assert_eq!(different, [""; 0], "{table}");
    for (verb, own) in [
        (["get", "pv", "nope"].as_slice(), ["retain", "nope", "--yes"].as_slice()),
        (["get", "pvc", "nope", "-n", &world.namespace].as_slice(), ["status", "--claim", "nope"].as_slice()),
        (
            [
                "patch",
                "pv",
                &volume,
                "-p",
                "{\"spec\": {\"persistentVolumeReclaimPolicy\": \"Retain\"}}",
                "--as",
                "nobody",
            ]
            .as_slice(),
            ["retain", &volume, "--yes", "--as", "nobody"].as_slice(),
        ),
    ] {
        let theirs = said(&world, "kubectl", verb, &[]);
        let own = said(&world, plugin, own, &["-n", &world.namespace]);
        if theirs.1.contains("Forbidden") {
            // kubectl reads the volume first, the plugin the claim.
            assert!(own.1.starts_with("Error from server (Forbidden): ") && own.0 == 1, "{own:?}");
        } else {
            assert_eq!(own, theirs);
        }
    }
}
