//! What a stage means.

use jiff::Timestamp;

use super::age::age;
use crate::lifecycle::assess::Assessment;
use crate::lifecycle::facts::Volume;
use crate::lifecycle::situation::Situation;
use crate::lifecycle::stage::Stage;

/// What is, or will be; ages are those at `now`.
#[must_use]
pub fn summary(found: &Assessment<'_>, situation: &Situation<'_>, now: Timestamp) -> String {
    let key = situation.target.key();
    let claim = situation.claim;
    let claim_age = claim.map(|c| age(c.created, now)).unwrap_or_default();
    let name = found.volume.map_or("no volume", |v| v.name.as_str());
    let aged = |v: &Volume| format!("{} ({})", v.name, age(v.created, now));
    let own = found.volume.map(aged).unwrap_or_default();
    match found.stage {
        Stage::AtRisk => format!("deleting claim {key} deletes this volume and every image on it."),
        Stage::Retained if claim.is_some_and(|c| c.kept_by_helm) => {
            "the volume outlives its claim now, and Helm keeps the claim.".to_owned()
        }
        Stage::Retained => "the volume outlives its claim now.".to_owned(),
        Stage::Releasing => format!("claim {key} is going; persistentvolume/{name} stays."),
        Stage::Doomed => {
            format!("claim {key} is gone and persistentvolume/{name} is not kept: it may vanish at any moment.")
        }
        Stage::Terminating => format!("persistentvolume/{name} is being deleted, which cannot be undone."),
        Stage::Released => format!("persistentvolume/{name} is kept; no claim can take it yet."),
        Stage::Reserved => format!("waits for {key}."),
        Stage::Binding => match (found.volume, claim.and_then(|c| c.volume_name.as_ref())) {
            (Some(_), _) => format!("claim {key} ({claim_age}) waits for persistentvolume/{name}."),
            (None, Some(gone)) => {
                format!("claim {key} ({claim_age}) waits for persistentvolume/{gone}, which is not there.")
            }
            (None, None) => format!("claim {key} ({claim_age}) waits for a volume."),
        },
        Stage::Reused => format!("claim {key} ({claim_age}) is bound to {own}, both by UID; policy Retain."),
        Stage::Diverted => {
            let old = found.waiting.first().map(|v| aged(v)).unwrap_or_default();
            format!("the claim is bound to {own}; {old} still holds the older images.")
        }
        Stage::Lost => format!("claim {key} has lost its volume; it will not get one again under this UID."),
        Stage::Absent => format!("neither claim {key} nor a volume for it."),
    }
}
