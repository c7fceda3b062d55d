//! The external provisioner of a storage class, as a client of any API server.
//!
//! It makes a volume for each claim that the volume controller has marked for it, and deletes
//! volumes that are Released with policy Delete, at once, as the CSI provisioner does. The same
//! one serves the sandbox and real control planes, so that both lose data by the same rules.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::api::{Api, DeleteParams, ListParams, PostParams, WatchParams};
use kube::{Client, ResourceExt};
use serde_json::json;

const WANTED: [&str; 2] = ["volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner"];
const MADE_BY: &str = "pv.kubernetes.io/provisioned-by";

/// Serves the classes whose provisioner is `name`, until dropped; volumes get the policy `policy`.
///
/// # Errors
///
/// The API server's, when it cannot be watched any longer.
pub async fn run(client: Client, name: &str, policy: &str) -> kube::Result<()> {
    let claims: Api<PersistentVolumeClaim> = Api::all(client.clone());
    let volumes: Api<PersistentVolume> = Api::all(client);
    loop {
        // The watches begin before the look, so that nothing falls between them.
        let version =
            volumes.list(&ListParams::default().limit(1)).await?.metadata.resource_version.unwrap_or_default();
        let params = WatchParams::default().timeout(30);
        let changed_claims = claims.watch_metadata(&params, &version).await?.map_ok(|_| ());
        let changed_volumes = volumes.watch_metadata(&params, &version).await?.map_ok(|_| ());
        let mut changes = futures::stream::select(changed_claims.boxed(), changed_volumes.boxed());
        loop {
            serve(&claims, &volumes, name, policy).await?;
            // Several events of one change are one look.
            match changes.next().await {
                Some(Ok(())) => {
                    while let Ok(Some(Ok(()))) = tokio::time::timeout(Duration::from_millis(5), changes.next()).await {}
                }
                Some(Err(_)) | None => break,
            }
        }
    }
}

async fn serve(
    claims: &Api<PersistentVolumeClaim>,
    volumes: &Api<PersistentVolume>,
    name: &str,
    policy: &str,
) -> kube::Result<()> {
    for claim in claims.list(&ListParams::default()).await? {
        let wanted = WANTED.iter().any(|key| claim.annotations().get(*key).is_some_and(|by| by == name));
        let unbound =
            claim.spec.as_ref().is_some_and(|spec| spec.volume_name.as_deref().unwrap_or_default().is_empty());
        if wanted && unbound && claim.metadata.deletion_timestamp.is_none() {
            match volumes.create(&PostParams::default(), &volume_for(&claim, name, policy)).await {
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                outcome => drop(outcome?),
            }
        }
    }
    for volume in volumes.list(&ListParams::default()).await? {
        let (spec, status) = (volume.spec.clone().unwrap_or_default(), volume.status.clone().unwrap_or_default());
        let doomed = status.phase.as_deref() == Some("Released")
            && spec.persistent_volume_reclaim_policy.as_deref() == Some("Delete")
            && volume.metadata.deletion_timestamp.is_none()
            && volume.annotations().get(MADE_BY).is_some_and(|by| by == name);
        if doomed {
            match volumes.delete(&volume.name_any(), &DeleteParams::default()).await {
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                outcome => drop(outcome?),
            }
        }
    }
    Ok(())
}

/// The volume that a CSI provisioner makes for a claim.
fn volume_for(claim: &PersistentVolumeClaim, name: &str, policy: &str) -> PersistentVolume {
    let uid = claim.uid().unwrap_or_default();
    let spec = claim.spec.clone().unwrap_or_default();
    let size = spec.resources.and_then(|r| r.requests).and_then(|r| r.get("storage").cloned());
    let volume = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": format!("pvc-{uid}"), "annotations": {MADE_BY: name}},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": spec.access_modes,
            "storageClassName": spec.storage_class_name,
            "volumeMode": spec.volume_mode,
            "persistentVolumeReclaimPolicy": policy,
            "csi": {"driver": name, "volumeHandle": format!("volume-{uid}")},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim.namespace(),
                "name": claim.name_any(), "uid": uid, "resourceVersion": claim.resource_version()},
        },
    });
    serde_json::from_value(volume).unwrap_or_default()
}
