//! `status`: the rows, the stage, the findings, the next command.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Session;
use super::details;
use super::guidance::Guidance;
use crate::cluster::api::Row;
use crate::cluster::observe::{Observation, Scope};
use crate::cluster::watch::{PAUSE, Watched};
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::lifecycle::facts::{Claim, Shape, Volume};
use crate::lifecycle::stage::{Assessment, Stage, assess};

/// Shows where the target stands; with `watch`, again whenever that has changed.
pub async fn run(session: &Session, watch: bool) -> Result<(), Error> {
    let mut shown = String::new();
    loop {
        let seen = match session.cluster.observe(&session.target, None, Scope::Cached).await {
            Err(error) if watch && error.is_passing() && !shown.is_empty() => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            outcome => outcome?,
        };
        let mut found = assess(&seen.situation);
        details::add(session, &mut found, seen.situation.claim.as_ref()).await;
        // Ages are no change.
        let now = format!("{:?}{:?}", found, seen.situation);
        if now != shown {
            show(session, &seen, &found)?;
            shown = now;
        }
        if !watch {
            return if found.stage == Stage::Absent { Err(session.absent().await) } else { Ok(()) };
        }
        let claim = seen.claim.as_ref().and_then(Row::version);
        let claim = session.cluster.changed(Watched::Claim(&session.target, claim));
        match found.volume {
            None => claim.await?,
            Some(volume) => {
                let volume = session.cluster.changed(Watched::Volume(&volume.name, Some(&volume.resource_version)));
                tokio::select! { outcome = claim => outcome?, outcome = volume => outcome? }
            }
        }
    }
}

fn show(session: &Session, seen: &Observation, found: &Assessment<'_>) -> Result<(), Error> {
    let guidance = Guidance::new(found, &session.target, seen.situation.claim.as_ref(), Timestamp::now());
    if let Some(text) = session.output.object(&report("Status", session, seen, found, &guidance)) {
        return session.terminal.print(&text?);
    }
    if found.stage == Stage::Absent {
        return Ok(());
    }
    session.terminal.print(&rows(session, seen))?;
    if session.output.is_table() {
        guidance.tell(&session.terminal, found);
    }
    Ok(())
}

/// The claim and its volumes, as tables or as names.
fn rows(session: &Session, seen: &Observation) -> String {
    let claim: Vec<&Row> = seen.claim.iter().collect();
    let volumes = by_age(seen);
    if session.output.format == Some(Format::Name) {
        let names = volumes.iter().filter_map(|v| v.object["metadata"]["name"].as_str());
        let claim = claim.iter().map(|_| format!("persistentvolumeclaim/{}\n", session.target.claim));
        return claim.chain(names.map(|name| format!("persistentvolume/{name}\n"))).collect();
    }
    let tables = [session.output.table(&claim), session.output.table(&volumes)];
    let shown: Vec<_> = tables.into_iter().filter(|table| !table.is_empty()).collect();
    shown.join("\n")
}

/// The volumes' rows, oldest first.
fn by_age(seen: &Observation) -> Vec<&Row> {
    let mut aged: Vec<_> = seen.situation.volumes.iter().zip(&seen.volumes).collect();
    aged.sort_by_key(|(volume, _)| volume.created);
    aged.into_iter().map(|(_, row)| row).collect()
}

/// What `-o json` and `-o yaml` print of a status or a verification: documented in the README, and
/// only ever added to under this apiVersion.
#[must_use]
pub fn report(kind: &str, session: &Session, seen: &Observation, found: &Assessment<'_>, guidance: &Guidance) -> Value {
    let findings = found.findings.iter().map(|f| json!({"reason": f.reason, "message": f.message}));
    json!({
        "apiVersion": "glancepv.io/v1alpha1",
        "kind": kind,
        "target": {"namespace": session.target.namespace, "claim": session.target.claim},
        "stage": found.stage.to_string(),
        "summary": guidance.summary,
        "next": guidance.next,
        "findings": findings.collect::<Vec<_>>(),
        "volume": found.volume.map(|v| &v.name),
        "claim": seen.situation.claim.as_ref().map(claim),
        "volumes": seen.situation.volumes.iter().map(volume).collect::<Vec<_>>(),
    })
}

fn claim(claim: &Claim) -> Value {
    json!({
        "uid": claim.uid,
        "phase": format!("{:?}", claim.phase),
        "terminating": claim.terminating,
        "volumeName": claim.volume_name,
        "creationTimestamp": claim.created.map(|t| t.to_string()),
        "keptByHelm": claim.kept_by_helm,
        "requests": shape(&claim.wants),
    })
}

fn volume(volume: &Volume) -> Value {
    json!({
        "name": volume.name,
        "phase": format!("{:?}", volume.phase),
        "reclaimPolicy": volume.policy,
        "terminating": volume.terminating,
        "creationTimestamp": volume.created.map(|t| t.to_string()),
        "claimRef": volume.claim_ref.as_ref().map(|r| json!({
            "namespace": r.namespace,
            "name": r.name,
            "uid": r.uid,
        })),
        "offers": shape(&volume.offers),
    })
}

fn shape(shape: &Shape) -> Value {
    json!({
        "storage": shape.size,
        "accessModes": shape.modes,
        "storageClassName": shape.class,
        "volumeMode": shape.volume_mode,
    })
}
