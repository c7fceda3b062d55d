//! `export`: a volume as a manifest that creates it again.

use serde_json::Value;

use super::Session;
use crate::error::Error;
use crate::kubectl::output::{Format, Output};

/// What the API server and the controllers write, and a new object must not bring.
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

/// Prints the manifest, as YAML unless another format is asked for.
pub async fn run(session: &Session, volume: Option<&str>) -> Result<(), Error> {
    let (seen, name) = session.preserved(volume, "export").await?;
    let row = seen.row(&name).ok_or_else(|| Error::Answer(format!("{name} was not read")))?;
    let format = session.output.format.filter(|f| *f == Format::Json).unwrap_or(Format::Yaml);
    let output = Output { format: Some(format), ..session.output };
    output.object(&manifest(&row.object)).map_or(Ok(()), |text| session.terminal.print(&text?))
}

/// The volume, reserved by name for the claim that it was bound to.
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
    if manifest.pointer("/metadata/annotations").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
        && let Some(metadata) = manifest["metadata"].as_object_mut()
    {
        metadata.remove("annotations");
    }
    manifest
}
