//! `export`: prints a volume as a manifest that creates it again.

use clap::Args;
use serde_json::Value;

use super::flags::VolumeArg;
use crate::cluster::Fresh;
use crate::error::Error;
use crate::kubectl::output::{Format, Output, list};
use crate::lifecycle::{Verb, preserved};
use crate::session::Session;
use crate::words::question::{Notice, notice};

/// The metadata that a copy keeps: an owner would have it collected as garbage, a finalizer would hold it.
const METADATA: [&str; 3] = ["annotations", "labels", "name"];
/// Prefixes of annotations and labels that are not the volume's own: the binder's, `kubectl apply`'s, this program's, and
/// those by which Helm, Argo CD and Flux know their objects and prune them.
const NOT_ITS_OWN: [&str; 10] = [
    "app.kubernetes.io/managed-by",
    "argocd.argoproj.io/",
    "glancepv.io/",
    "helm.sh/",
    "helm.toolkit.fluxcd.io/",
    "kubectl.kubernetes.io/",
    "kustomize.toolkit.fluxcd.io/",
    "meta.helm.sh/",
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
    pub named: VolumeArg,
}

/// Prints the volumes of several claims: documents of YAML, or a `List`. A claim without a volume fails where it was named.
async fn several(session: &Session) -> Result<(), Error> {
    let all = session.survey(Fresh::Consistent).await?.claims;
    let mut failed = session.missing(&all).await;
    let of = all.len() + failed.len();
    let mut manifests = Vec::new();
    for seen in &all {
        let has_own = seen.volumes.iter().any(|read| read.facts.refers_to(&seen.target));
        if !has_own && session.selection.named().contains(&seen.target.name.as_str()) {
            let refusal = preserved(&seen.situation(), Verb::Export).err();
            failed.extend(refusal.map(|refusal| (seen.target.clone(), refusal.into())));
        }
        for read in seen.volumes.iter().filter(|read| read.facts.refers_to(&seen.target)) {
            let policy = &read.facts.policy;
            if policy != "Retain" {
                session.terminal.note(&notice(&Notice::ExportedRetain { volume: &read.facts.name, policy }));
            }
            manifests.push(manifest(&read.row.object));
        }
    }
    if session.output.format == Some(Format::Json) {
        session.terminal.print(&session.output.object(&list(&manifests))?.unwrap_or_default())?;
    } else {
        let texts: Result<Vec<_>, _> = manifests.iter().map(|it| session.output.object(it)).collect();
        let texts: Vec<String> = texts?.into_iter().flatten().collect();
        session.terminal.print(&texts.join("---\n"))?;
    }
    session.some_failed(Verb::Export, failed, Vec::new(), of)
}

/// Runs `export`; the manifest is YAML unless another format is wanted.
pub async fn run(session: &Session, arguments: &Export) -> Result<(), Error> {
    let format = session.output.format.filter(|f| *f == Format::Json).unwrap_or(Format::Yaml);
    let output = Output { format: Some(format), ..session.output };
    let session = &Session { output, ..session.clone() };
    if session.selection.only().is_none() {
        return several(session).await;
    }
    let (seen, name) = session.preserved(arguments.named.volume.as_deref(), Verb::Export).await?;
    let row = seen.row(&name)?;
    let policy = row.object["spec"]["persistentVolumeReclaimPolicy"].as_str().unwrap_or_default();
    if policy != "Retain" {
        session.terminal.note(&notice(&Notice::ExportedRetain { volume: &name, policy }));
    }
    session.terminal.print(&session.output.object(&manifest(&row.object))?.unwrap_or_default())
}

/// The volume with policy Retain, reserved by name for the claim that it was bound to.
fn manifest(volume: &Value) -> Value {
    let mut manifest = volume.clone();
    let mut keep = |path: &[&str], wanted: &dyn Fn(&str) -> bool| {
        let place = path.iter().try_fold(&mut manifest, |at, key| at.get_mut(*key));
        if let Some(map) = place.and_then(Value::as_object_mut) {
            map.retain(|key, _| wanted(key));
        }
    };
    let own = |key: &str| !NOT_ITS_OWN.iter().any(|prefix| key.starts_with(prefix));
    keep(&[], &|key| key != "status");
    keep(&["metadata"], &|key| METADATA.contains(&key));
    keep(&["metadata", "annotations"], &own);
    keep(&["metadata", "labels"], &own);
    keep(&["spec", "claimRef"], &|key| !["resourceVersion", "uid"].contains(&key));
    // Applied later, any other policy would have the provisioner delete a volume that was kept by then.
    manifest["spec"]["persistentVolumeReclaimPolicy"] = Value::from("Retain");
    if let Some(metadata) = manifest["metadata"].as_object_mut() {
        metadata.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    }
    manifest
}
