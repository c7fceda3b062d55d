//! Users with few rights, as RBAC of a real API server has them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::world::World;

fn kubeconfig() -> PathBuf {
    let folder = std::env::var_os("GLANCEPV_CONTROL_PLANE").expect("tests/cluster/control-plane.sh sets it");
    PathBuf::from(folder).join("kubeconfig-operator")
}

/// Binds the user `operator` to exactly these rules.
fn grant(world: &World, rules: serde_json::Value) {
    let name = "glancepv-operator";
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "operator"}]});
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules});
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [role, binding]});
    let path = world.home().join("role.json");
    std::fs::write(&path, objects.to_string()).unwrap();
    let applied = Command::new("kubectl")
        .arg("apply")
        .arg("-f")
        .arg(path)
        .env("KUBECONFIG", world.kubeconfig())
        .output()
        .expect("kubectl");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
}

#[test]
#[ignore = "needs a real control plane: tests/cluster/suite.sh"]
fn a_role_without_patch_on_volumes() {
    let (world, volume) = World::installed();
    grant(
        &world,
        json!([
            {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get", "list", "watch"]},
        ]),
    );
    let run = |arguments: &str| {
        let output = world.command(arguments).env("KUBECONFIG", kubeconfig()).output().unwrap();
        world.outcome(arguments, output)
    };
    // The authorizer takes a moment to see a new role.
    let settled = (0..100).map(|_| run("check")).find(|run| !run.stdout.contains("missing: get "));
    let check = settled.expect("the role");
    assert_eq!(check.status, 1, "{check}");
    assert!(
        check.stdout.contains(
            "✖ rights: missing: patch persistentvolumes (for retain, unretain, reuse, guide); list pods (for "
        ),
        "{check}"
    );
    assert!(check.stdout.contains("! pods: Error from server (Forbidden): "), "{check}");
    assert_eq!(run("status").status, 0);
    let retain = run("retain --yes");
    assert!(retain.status == 1 && retain.stderr.contains("cannot patch resource \"persistentvolumes\""), "{retain}");
    assert_eq!(world.volume(&volume).spec.and_then(|s| s.persistent_volume_reclaim_policy).as_deref(), Some("Delete"));
}
