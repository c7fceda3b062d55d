//! `export`: prints a volume as a manifest that creates it again.

use clap::Args;
use serde_json::Value;

use super::flags::VolumeArg;
use crate::error::Error;
use crate::kubectl::output::{Format, Output};
use crate::lifecycle::Verb;
use crate::session::Session;
use crate::words::question::{Notice, notice};

/// Metadata that the API server and the controllers write, and a new object must not have.
const METADATA: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];
/// Annotations of the volume binder and of `kubectl apply`.
const ANNOTATIONS: [&str; 3] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
];

/// Print the volume as a manifest for `kubectl apply`
///
/// Recreates a lost PersistentVolume object. The manifest reserves it for the claim by name, without a
/// UID, and says Retain. It contains no data.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # A copy of the object, in case it is lost\n  kubectl glancepv export -n openstack > glance-images-pv.yaml"
)]
pub struct Export {
    /// The volume
    #[command(flatten)]
    named: VolumeArg,
}

/// Runs `export`; the manifest is YAML unless another format is wanted.
pub async fn run(session: &Session, arguments: &Export) -> Result<(), Error> {
    let (seen, name) = session.preserved(arguments.named.volume.as_deref(), Verb::Export).await?;
    let format = session.output.format.filter(|f| *f == Format::Json).unwrap_or(Format::Yaml);
    let output = Output { format: Some(format), ..session.output };
    let row = seen.row(&name)?;
    let policy = row.object["spec"]["persistentVolumeReclaimPolicy"].as_str().unwrap_or_default();
    if policy != "Retain" {
        session.terminal.note(&notice(&Notice::ExportedRetain { volume: &name, policy }));
    }
    session.terminal.print(&output.object(&manifest(&row.object))?.unwrap_or_default())
}

/// The volume with policy Retain, reserved by name for the claim that it was bound to.
fn manifest(volume: &Value) -> Value {
    let mut manifest = volume.clone();
    let mut take = |path: &[&str], keys: &[&str]| {
        let place = path.iter().try_fold(&mut manifest, |at, key| at.get_mut(*key));
        if let Some(map) = place.and_then(Value::as_object_mut) {
            map.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    take(&[], &["status"]);
    take(&["metadata"], &METADATA);
    take(&["metadata", "annotations"], &ANNOTATIONS);
    take(&["spec", "claimRef"], &["resourceVersion", "uid"]);
    // Applied later, any other policy would have the provisioner delete a volume that was kept by then.
    manifest["spec"]["persistentVolumeReclaimPolicy"] = Value::from("Retain");
    if manifest.pointer("/metadata/annotations").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
        && let Some(metadata) = manifest["metadata"].as_object_mut()
    {
        metadata.remove("annotations");
    }
    manifest
}
