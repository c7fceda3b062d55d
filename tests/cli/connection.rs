//! Which cluster, and as whom: kubeconfigs, credentials, namespaces.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::world::{Run, World};

fn world() -> World {
    let world = World::sandbox().provisioned();
    world.install(None);
    world
}

fn kubeconfig(world: &World) -> Value {
    serde_json::from_slice(&std::fs::read(world.kubeconfig()).unwrap()).unwrap()
}

fn write(world: &World, name: &str, config: &Value) -> PathBuf {
    let path = world.home().join(name);
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

fn run_with(world: &World, kubeconfigs: &[&Path], arguments: &str) -> Run {
    let list = std::env::join_paths(kubeconfigs).unwrap();
    let output = world.command(arguments).env("KUBECONFIG", list).output().unwrap();
    world.outcome(arguments, output)
}

#[test]
fn several_files_are_merged_and_missing_ones_passed_over() {
    let world = world();
    let whole = kubeconfig(&world);
    let mut contexts = whole.clone();
    contexts["users"] = json!([]);
    contexts["clusters"] = json!([]);
    let mut rest = whole.clone();
    rest["contexts"] = json!([]);
    rest["current-context"] = json!("never-used");
    let (first, second) = (write(&world, "first", &contexts), write(&world, "second", &rest));
    let run = run_with(&world, &[&first, &world.home().join("missing"), &second], "status -o name");
    assert_eq!(run.status, 0, "{run}");
}

#[test]
fn a_token_and_an_exec_plugin() {
    let world = world();
    let mut config = kubeconfig(&world);
    let plugin = world.home().join("plugin");
    std::fs::write(
        &plugin,
        "#!/bin/sh\necho '{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", \
        \"status\": {\"token\": \"operator-token\"}}'\n",
    )
    .unwrap();
    std::fs::set_permissions(&plugin, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    config["users"] = json!([
        {"name": "with-token", "user": {"token": "operator-token"}},
        {"name": "with-plugin", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1",
            "command": plugin, "interactiveMode": "Never"}}},
        {"name": "with-wrong-token", "user": {"token": "wrong"}},
    ]);
    let path = write(&world, "users", &config);
    for user in ["with-token", "with-plugin"] {
        let run = run_with(&world, &[&path], &format!("status -o name --user {user}"));
        assert_eq!(run.status, 0, "{run}");
    }
    let run = run_with(&world, &[&path], "status --user with-wrong-token");
    assert_eq!((run.status, run.stderr.as_str()), (1, "error: You must be logged in to the server (Unauthorized)\n"));
}

#[test]
fn contexts_clusters_and_users_that_do_not_exist() {
    let world = world();
    for (arguments, expected) in [
        ("status --context nope", "Error in configuration: context was not found for specified context: nope\n"),
        ("status --cluster nope", "error: no server found for cluster \"nope\"\n"),
        ("status --user nope", "error: auth info \"nope\" does not exist\n"),
        ("status --kubeconfig /nope/nope", "error: stat /nope/nope: no such file or directory\n"),
    ] {
        let run = world.run(arguments);
        assert_eq!((run.status, run.stderr.as_str(), run.stdout.as_str()), (1, expected, ""));
    }
}

#[test]
fn the_namespace_is_the_flags_else_the_contexts_else_openstack() {
    let world = world();
    let mut config = kubeconfig(&world);
    let asked = |config: &Value, arguments: &[&str]| {
        let path = write(&world, "namespaces", config);
        world.requests();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kubectl-glancepv"));
        let output = command
            .env_clear()
            .env("KUBECONFIG", path)
            .args(["status", "-o", "name"])
            .args(arguments)
            .output()
            .unwrap();
        let requests = world.requests();
        let line = requests.lines().find(|l| l.contains("/persistentvolumeclaims/")).unwrap_or_default().to_owned();
        (output.status.code(), line.split('/').nth(4).unwrap_or_default().to_owned())
    };
    assert_eq!(asked(&config, &[]), (Some(1), "openstack".to_owned()));
    config["contexts"][0]["context"]["namespace"] = json!("of-the-context");
    assert_eq!(asked(&config, &[]), (Some(1), "of-the-context".to_owned()));
    assert_eq!(asked(&config, &["-n", "of-the-flag"]), (Some(1), "of-the-flag".to_owned()));
}

#[test]
fn what_can_be_typed_again_has_the_flags_that_were_given() {
    let world = world();
    let path = world.kubeconfig().display().to_string();
    let run = world.run(&format!("status --kubeconfig {path} --context sandbox"));
    let next = format!("next: kubectl glancepv retain --kubeconfig {path} --context sandbox\n");
    assert!(run.stderr.ends_with(&next), "{run}");
    let output = world.command("status").env("GLANCEPV_CLAIM", "other").output().unwrap();
    let run = world.outcome("status", output);
    assert!(
        run.stderr.starts_with("Error from server (NotFound): persistentvolumeclaims \"other\" not found\n"),
        "{run}"
    );
}

#[test]
fn wrong_usage_exits_with_2() {
    let world = World::sandbox();
    for arguments in [
        "nope",
        "status extra",
        "retain a b",
        "retain Not_A_Name",
        "reuse --timeout ten",
        "status -o nope",
        "retain --dry-run=maybe",
    ] {
        let run = world.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run}");
        assert!(run.stderr.contains("--help"), "{run}");
    }
    assert_eq!(world.requests().lines().filter(|l| l.contains("includeObject")).count(), 0);
}
