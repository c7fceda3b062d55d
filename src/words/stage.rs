//! Stages: one sentence each.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::age::age;
use crate::lifecycle::{Assessment, Evidence, Origin, Stage, Stays, Volume, VolumePhase};

/// The sentence of a stage; ages are those at `now`. The stage's volume is "its volume": the row has its name.
pub fn summary(found: &Assessment<'_>, now: Timestamp) -> String {
    let situation = &found.situation;
    let key = situation.target.key();
    let claim = situation.claim;
    let aged = |v: &Volume| format!("persistentvolume/{} ({})", v.name, age(v.created, now));
    let name = found.volume.map_or("", |v| v.name.as_str());
    let policy = found.volume.map_or("", |v| v.policy.as_str());
    match found.stage {
        Stage::AtRisk if policy == "Recycle" => {
            format!("deleting claim {key} empties its volume for other claims (reclaim policy Recycle)")
        }
        Stage::AtRisk => format!("deleting claim {key} deletes its volume and data (reclaim policy {policy})"),
        Stage::Retained if claim.is_some_and(|c| c.stays == Some(Stays::Helm)) => {
            format!("claim {key} is annotated helm.sh/resource-policy (reclaim policy Retain)")
        }
        Stage::Retained => format!("deleting claim {key} keeps its volume (reclaim policy Retain)"),
        Stage::Releasing => match (claim, found.volume) {
            (Some(c), Some(_)) if c.terminating => {
                format!("claim {key} is being deleted; its volume has policy Retain")
            }
            (None, Some(_)) => format!("claim {key} is deleted; its volume (policy Retain) is not Released yet"),
            (Some(_), Some(_)) => {
                format!("the previous claim {key} is deleted; its volume is not Released yet")
            }
            (_, None) => format!("claim {key} is being deleted; it is not bound to a volume"),
        },
        Stage::Doomed => format!("the claim was deleted: its volume may be deleted at any time (policy {policy})"),
        Stage::Terminating => format!("the volume of claim {key} is being deleted; this cannot be undone"),
        Stage::Released => {
            let phase = found.volume.map_or(VolumePhase::Released, |v| v.phase);
            let phase = match found.volume.and_then(|v| v.since) {
                Some(since) => format!("has been {phase} for {}", age(Some(since), now)),
                None => format!("is {phase}"),
            };
            format!("its volume {phase} with policy Retain; no claim can bind to it yet")
        }
        Stage::Reserved => {
            let offers = found.volume.map(|v| &v.offers);
            let size = offers.and_then(|it| it.size.as_ref()).map(|size| format!("at most {size}"));
            let modes = offers.map(|it| modes(&it.modes)).filter(|modes| !modes.is_empty());
            let fit: Vec<_> = size.into_iter().chain(modes).collect();
            let fit = if fit.is_empty() { String::new() } else { format!(" that asks for {}", fit.join(", ")) };
            format!("for the next claim {key}{fit}")
        }
        Stage::Binding => match (found.volume, claim.and_then(|c| c.volume_name.as_ref())) {
            (Some(v), _) if !v.refers_to(situation.target) => {
                format!("claim {key} names persistentvolume/{name}, which belongs to another claim")
            }
            (Some(v), _) if situation.rival(v).is_some() => {
                format!("claim {key} is not bound; persistentvolume/{name} is another claim's")
            }
            (Some(_), _) => format!("claim {key} is not bound to its volume yet"),
            (None, Some(gone)) => format!("claim {key} names persistentvolume/{gone}, which does not exist"),
            (None, None) => format!("claim {key} is Pending and has no volume yet"),
        },
        Stage::Reused => {
            let origin = found.volume.zip(claim).map(|(v, c)| v.origin(c));
            let old = found.volume.map(|v| age(v.created, now)).unwrap_or_default();
            match origin {
                Some(Origin::Preserved(Evidence::Age)) => {
                    format!("bound to a volume that is older than this claim ({old}), so not made for it; UIDs match")
                }
                _ => format!("bound to a volume that was not made for this claim ({old} old); UIDs match"),
            }
        }
        Stage::Diverted => {
            let preserved = found.preserved.iter().map(|v| aged(v)).collect::<Vec<_>>().join(", ");
            format!("the claim is bound to another volume; its kept {preserved} is not in use")
        }
        Stage::Lost if found.volume.zip(claim).is_some_and(|(v, c)| c.is_lost_from(v)) => {
            format!("claim {key} has lost its volume, which can be given back to it")
        }
        Stage::Lost => format!("claim {key} has lost its volume and cannot be bound again; recreate it"),
        Stage::Absent => format!("no claim {key}, and no volume that refers to it"),
    }
}

/// So many of so many claims are at the stage, in `place`.
pub fn several(stage: Stage, count: usize, of: usize, place: Option<&str>) -> String {
    let what = consequence(stage);
    match place {
        Some(place) => format!("{count} of {of} claims in {place}{what}"),
        None => format!("{count} of {of}{what}"),
    }
}

/// These claims are at the stage.
pub fn of_claims(stage: Stage, names: &[&str]) -> String {
    format!("{}{}", claims(names), consequence(stage))
}

/// `claim NAME`, or `claims NAME, NAME`.
pub fn claims(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let noun = if names.len() == 1 { "claim" } else { "claims" };
    format!("{noun} {}", names.join(", "))
}

fn consequence(stage: Stage) -> &'static str {
    match stage {
        Stage::Terminating => ": their volumes are being deleted",
        Stage::Doomed => ": their volumes may be deleted at any time",
        Stage::AtRisk => ": deleting them deletes their volumes and data",
        _ => "",
    }
}

/// The steps of the procedure at `stage`, each with its mark; none where the stage is off the procedure.
pub fn steps(stage: Stage) -> Option<Vec<(&'static str, char)>> {
    const STEPS: [&str; 5] = ["retain", "uninstall", "reuse", "install", "verify"];
    let at = match stage {
        Stage::AtRisk | Stage::Doomed => 0,
        Stage::Retained | Stage::Releasing => 1,
        Stage::Released => 2,
        Stage::Reserved => 3,
        Stage::Binding => 4,
        Stage::Reused => 5,
        Stage::Terminating | Stage::Diverted | Stage::Lost | Stage::Absent => return None,
    };
    let mark = |nth: usize| match nth.cmp(&at) {
        Ordering::Less => '✔',
        Ordering::Equal => '●',
        Ordering::Greater => '○',
    };
    Some(STEPS.iter().enumerate().map(|(nth, step)| (*step, mark(nth))).collect())
}

/// Access modes as kubectl's tables have them.
fn modes(modes: &[String]) -> String {
    let short = |mode: &String| match mode.as_str() {
        "ReadWriteOnce" => "RWO".to_owned(),
        "ReadOnlyMany" => "ROX".to_owned(),
        "ReadWriteMany" => "RWX".to_owned(),
        "ReadWriteOncePod" => "RWOP".to_owned(),
        other => other.to_owned(),
    };
    modes.iter().map(short).collect::<Vec<_>>().join(",")
}
