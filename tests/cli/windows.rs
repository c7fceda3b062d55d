//! Windows' own: `cmd`, the home folder, and programs found by their extensions.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::world::World;

#[test]
fn a_command_of_the_guides_may_have_quotes() {
    let (world, _) = World::installed();
    let run = world.command_with(&["guide", "--yes", "--uninstall", "echo \"it is\" & echo \"gone\"& exit 3"]);
    assert_eq!(run.status, 1, "{run}");
    let printed: Vec<_> = run.stdout.lines().map(str::trim_end).collect();
    assert!(printed.ends_with(&["\"it is\"", "\"gone\""]), "{run}");
    assert!(run.stderr.contains("failed: exit code: 3"), "{run}");
}

#[test]
fn the_home_folder_is_looked_up_as_kubectl_does() {
    let (world, _) = World::installed();
    let folder = |name: &str| {
        let folder = world.home().join(name);
        fs::create_dir_all(folder.join(".kube")).unwrap();
        folder
    };
    let (with, without) = (folder("with"), folder("without"));
    fs::copy(world.kubeconfig(), with.join(".kube").join("config")).unwrap();
    let (with, without) = (with.to_str().unwrap(), without.to_str().unwrap());
    let (drive, path) = with.split_at(2);
    let found = |variables: &[(&str, &str)]| {
        let mut command = world.command("status -o name");
        command.env_remove("HOME").env_remove("KUBECONFIG").envs(variables.iter().copied());
        command.status().unwrap().success()
    };
    assert!(found(&[("HOME", with)]));
    assert!(found(&[("HOME", without), ("HOMEDRIVE", drive), ("HOMEPATH", path)]));
    assert!(found(&[("HOME", without), ("USERPROFILE", with)]));
    assert!(!found(&[("HOME", without), ("HOMEPATH", path)]));
}

#[test]
fn an_exec_plugin_is_found_by_its_extension() {
    let world = World::sandbox();
    let answer = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": "operator-token"}});
    fs::write(world.home().join("login.cmd"), format!("@echo {answer}\r\n")).unwrap();
    let mut config: Value = serde_json::from_slice(&fs::read(world.kubeconfig()).unwrap()).unwrap();
    config["users"][0]["user"] = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1",
        "command": "login", "interactiveMode": "IfAvailable"}});
    let path = world.home().join("with-plugin");
    fs::write(&path, config.to_string()).unwrap();
    let run = |folder: &str| -> bool {
        let mut command: Command = world.command("status");
        command.env("KUBECONFIG", &path).env("PATHEXT", ".EXE;.CMD").env("PATH", world.home().join(folder));
        // Wine under load may answer ERROR_INTERNAL_ERROR to the creation of a process.
        let busy = |outcome: &std::io::Result<_>| {
            outcome.as_ref().is_err_and(|e: &std::io::Error| e.raw_os_error() == Some(1359))
        };
        let output = (0..3).map(|_| command.output()).find(|outcome| !busy(outcome)).expect("a process");
        String::from_utf8(output.unwrap().stderr).unwrap().contains("glance-images")
    };
    assert!(run(""));
    assert!(!run("elsewhere"));
}
