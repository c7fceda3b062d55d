//! `export`: a manifest that creates the volume again.

use serde_json::Value;

use crate::world::{World, phase};

#[test]
fn an_exported_volume_is_created_again_and_bound() {
    let (world, volume) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    let run = world.command("export -o json").output().unwrap();
    let manifest: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(manifest["status"], Value::Null);
    let mut fields: Vec<&String> = manifest["metadata"].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["annotations", "name"]);
    let mut reference: Vec<&String> = manifest["spec"]["claimRef"].as_object().unwrap().keys().collect();
    reference.sort();
    assert_eq!(reference, ["apiVersion", "kind", "name", "namespace"]);
    world.delete_volume(&volume);
    world.await_volume(&volume, |v| v.is_none());
    world.create_volume_from(manifest);
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Available"));
    assert_eq!(world.install(Some(&volume)), volume);
    assert_eq!(world.run("verify").status, 0);
    let yaml = world.run("export").stdout;
    assert!(yaml.contains("kind: PersistentVolume\n") && !yaml.contains("uid:"), "{yaml}");
}
