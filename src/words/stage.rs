//! Stages: one sentence each.

use jiff::Timestamp;

use super::age::age;
use crate::lifecycle::{Assessment, Evidence, Origin, Stage, Stays, Volume, VolumePhase};

/// The sentence of a stage; ages are those at `now`.
pub fn summary(found: &Assessment<'_>, now: Timestamp) -> String {
    let situation = &found.situation;
    let key = situation.target.key();
    let claim = situation.claim;
    let aged_claim = claim.map_or_else(|| key.clone(), |c| format!("{key} ({})", age(c.created, now)));
    let name = found.volume.map_or("", |v| v.name.as_str());
    let aged = |v: &Volume| format!("persistentvolume/{} ({})", v.name, age(v.created, now));
    let policy = found.volume.map_or("", |v| v.policy.as_str());
    match found.stage {
        Stage::AtRisk if policy == "Recycle" => format!(
            "reclaim policy Recycle: deleting claim {key} empties persistentvolume/{name} and offers it to other claims"
        ),
        Stage::AtRisk => {
            format!("reclaim policy {policy}: deleting claim {key} deletes persistentvolume/{name} and its data")
        }
        Stage::Retained if claim.is_some_and(|c| c.stays == Some(Stays::Helm)) => {
            format!("reclaim policy Retain; claim {key} is annotated helm.sh/resource-policy")
        }
        Stage::Retained => {
            format!("reclaim policy Retain: deleting claim {key} does not delete persistentvolume/{name}")
        }
        Stage::Releasing => match (claim, found.volume) {
            (Some(c), Some(_)) if c.terminating => {
                format!("claim {key} is being deleted; persistentvolume/{name} has policy Retain")
            }
            (None, Some(_)) => {
                format!("claim {key} is deleted; persistentvolume/{name} (policy Retain) is not Released yet")
            }
            (Some(_), Some(_)) => format!(
                "the previous claim {key} is deleted; persistentvolume/{name} (policy Retain) is not Released yet"
            ),
            (_, None) => format!("claim {key} is being deleted; it is not bound to a volume"),
        },
        Stage::Doomed => format!(
            "the claim of persistentvolume/{name} is gone and its policy is {policy}: it may be deleted at any time"
        ),
        Stage::Terminating => format!("persistentvolume/{name} is being deleted; this cannot be undone"),
        Stage::Released => {
            let phase = found.volume.map_or(VolumePhase::Released, |v| v.phase);
            let phase = match found.volume.and_then(|v| v.since) {
                Some(since) => format!("has been {phase} for {}", age(Some(since), now)),
                None => format!("is {phase}"),
            };
            format!("persistentvolume/{name} {phase} with policy Retain; no claim can bind to it yet")
        }
        Stage::Reserved => format!("persistentvolume/{name} is reserved for the next claim {key}"),
        Stage::Binding => match (found.volume, claim.and_then(|c| c.volume_name.as_ref())) {
            (Some(v), _) if !v.refers_to(situation.target) => {
                format!("claim {aged_claim} names persistentvolume/{name}, which belongs to another claim")
            }
            (Some(v), _) if situation.rival(v).is_some() => {
                format!("claim {aged_claim} is not bound; persistentvolume/{name} is another claim's")
            }
            (Some(_), _) => format!("claim {aged_claim} is not yet bound to persistentvolume/{name}"),
            (None, Some(gone)) => format!("claim {aged_claim} names persistentvolume/{gone}, which does not exist"),
            (None, None) => format!("claim {aged_claim} is Pending and has no volume yet"),
        },
        Stage::Reused => {
            let by_age = found.volume.zip(claim).map(|(v, c)| v.origin(c)) == Some(Origin::Preserved(Evidence::Age));
            format!(
                "claim {aged_claim} is bound to {}; UIDs match, policy Retain{}",
                found.volume.map(aged).unwrap_or_default(),
                if by_age { "; the volume is older than the claim" } else { "" }
            )
        }
        Stage::Diverted => {
            let own = found.volume.map(aged).unwrap_or_default();
            let preserved = found.preserved.iter().map(|v| aged(v)).collect::<Vec<_>>().join(", ");
            format!("claim {key} is bound to {own}; not in use: preserved {preserved}")
        }
        Stage::Lost if found.volume.zip(claim).is_some_and(|(v, c)| c.is_lost_from(v)) => {
            format!("claim {key} has lost persistentvolume/{name}, which can be given back to it")
        }
        Stage::Lost => format!("claim {key} has lost its volume and cannot be bound again; it has to be recreated"),
        Stage::Absent => format!("no claim {key}, and no volume that refers to it"),
    }
}
