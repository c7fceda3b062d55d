//! Beside the real kubectl. These need one on PATH, and a real control plane: they are run by
//! tests/cluster/suite.sh, which puts the control plane's own kubectl there.

use std::process::Command;

use crate::world::World;

fn kubectl(world: &World, arguments: &[&str]) -> String {
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_kubectl-glancepv")).parent().unwrap();
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

/// Lines without their last column, the age.
fn ageless(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.rsplit_once(' ').map_or(line, |(rest, _)| rest)).collect()
}

#[test]
#[ignore = "needs a real control plane and its kubectl: tests/cluster/suite.sh"]
fn kubectl_finds_the_plugin_and_prints_the_same_rows() {
    let (world, volume) = World::installed();
    let ours = kubectl(&world, &["glancepv", "status", "-n", &world.namespace]);
    let (claim, volumes) = ours.split_once("\n\n").expect("two tables");
    assert_eq!(ageless(volumes), ageless(&kubectl(&world, &["get", "pv", &volume])));
    assert_eq!(ageless(claim), ageless(&kubectl(&world, &["get", "pvc", "glance-images", "-n", &world.namespace])));
    let wide = kubectl(&world, &["glancepv", "status", "-n", &world.namespace, "-o", "wide"]);
    let theirs = kubectl(&world, &["get", "pv", &volume, "-o", "wide"]);
    let squeezed =
        |text: &str| text.split_whitespace().filter(|word| !word.ends_with('s')).collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(wide.split_once("\n\n").expect("two tables").1), squeezed(&theirs));
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
