//! Users with few rights, as RBAC of a real API server has them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{Run, World};

fn kubeconfig() -> PathBuf {
    let folder = std::env::var_os("GLANCEPV_CONTROL_PLANE").expect("tests/cluster/control-plane.sh sets it");
    PathBuf::from(folder).join("kubeconfig-reader")
}

/// The rules of the role that the documentation gives.
fn documented_rules() -> Value {
    let role = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/role.yaml")).unwrap();
    let role: Value = serde_saphyr::from_str(&role).unwrap();
    role["rules"].clone()
}

/// Binds the user `reader` to exactly these rules. Tests of this module take turns.
fn grant(world: &World, rules: &Value) {
    let name = "glancepv-reader";
    let group = "rbac.authorization.k8s.io";
    let binding = json!({"apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "reader"}]});
    let role =
        json!({"apiVersion": format!("{group}/v1"), "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules});
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [role, binding]});
    let path = world.home().join("role.json");
    std::fs::write(&path, objects.to_string()).unwrap();
    let applied =
        Command::new("kubectl").arg("apply").arg("-f").arg(path).env("KUBECONFIG", world.kubeconfig()).output();
    let applied = applied.expect("kubectl");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
}

fn run(world: &World, arguments: &str) -> Run {
    let mut command = world.command(arguments);
    let output = command.args(["-n", &world.namespace]).env("KUBECONFIG", kubeconfig()).output().unwrap();
    world.outcome(arguments, output)
}

/// `check`, once the authorizer has seen the role that was granted: it takes a moment.
fn settled(world: &World, seen: impl Fn(&Run) -> bool) -> Run {
    (0..200).map(|_| run(world, "check")).find(seen).expect("the role")
}

#[test]
#[ignore = "needs a real control plane: tests/cluster/suite.sh"]
fn the_least_rights_suffice_and_each_is_missed() {
    let (world, volume) = World::installed();
    let rules = documented_rules();
    grant(&world, &rules);
    let check = settled(&world, |run| run.stdout.contains("✔ rights: ") && !run.stdout.contains("forbidden"));
    assert!(!check.stdout.contains("! pods: ") && check.stdout.contains("! class: netapp provisions"), "{check}");
    // Any one of them taken away.
    // `check` asks about Trident's where a volume is Trident's (module `trident`), and completion needs no check.
    let asked = |rule: &Value| rule["apiGroups"][0] != "trident.netapp.io" && rule["resources"][0] != "namespaces";
    for (at, rule) in rules.as_array().unwrap().iter().enumerate().filter(|(_, rule)| asked(rule)) {
        for resource in rule["resources"].as_array().unwrap() {
            for verb in rule["verbs"].as_array().unwrap() {
                let mut fewer = rules.clone();
                let mut rest: Vec<Value> = rule["verbs"].as_array().unwrap().clone();
                rest.retain(|v| v != verb);
                let others: Vec<Value> =
                    rule["resources"].as_array().unwrap().iter().filter(|r| *r != resource).cloned().collect();
                fewer[at]["resources"] = json!(others);
                let list = fewer.as_array_mut().unwrap();
                if others.is_empty() {
                    list.remove(at);
                }
                if !rest.is_empty() {
                    list.push(json!({"apiGroups": rule["apiGroups"], "resources": [resource], "verbs": rest}));
                }
                grant(&world, &fewer);
                let missing = format!("missing: {} {} (", verb.as_str().unwrap(), resource.as_str().unwrap());
                let alone = |line: &str| line.contains(&missing) && !line.contains("; ");
                settled(&world, |run| run.stdout.lines().any(alone));
            }
        }
    }
    grant(&world, &rules);
    settled(&world, |run| run.stdout.contains("✔ rights: "));
    let ok = |arguments: &str| {
        let run = run(&world, arguments);
        assert_eq!(run.status, 0, "{run}");
    };
    ok("status");
    ok("retain --yes");
    ok("unretain --yes");
    ok("retain --yes");
    let waiting = world
        .command("reuse --yes --timeout 60s")
        .args(["-n", &world.namespace])
        .env("KUBECONFIG", kubeconfig())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    world.uninstall();
    assert_eq!(waiting.wait_with_output().unwrap().status.code(), Some(0));
    ok("export");
    world.install(Some(&volume));
    ok("verify --timeout 60s");
    ok("guide --yes");
    without_patch(&world, &volume);
}

/// A role that lacks patch on volumes, and optional rights too.
fn without_patch(world: &World, volume: &str) {
    world.run("unretain --yes");
    let read = |resource: &str| json!({"apiGroups": [""], "resources": [resource], "verbs": ["get", "list", "watch"]});
    grant(world, &json!([read("persistentvolumes"), read("persistentvolumeclaims")]));
    let check = settled(world, |run| run.stdout.contains("✖ rights: ") && run.stdout.contains("! pods: "));
    assert_eq!(check.status, 1, "{check}");
    let missing =
        "✖ rights: missing: patch persistentvolumes (for retain, unretain, reuse, guide); list pods (optional: ";
    assert!(check.stdout.contains(missing), "{check}");
    assert!(check.stdout.contains("! pods: Error from server (Forbidden): "), "{check}");
    assert_eq!(run(world, "status").status, 0);
    let retain = run(world, "retain --yes");
    assert!(retain.status == 1 && retain.stderr.contains("cannot patch resource \"persistentvolumes\""), "{retain}");
    assert_eq!(world.volume(volume).spec.and_then(|s| s.persistent_volume_reclaim_policy).as_deref(), Some("Delete"));
}
