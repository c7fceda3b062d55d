//! A verb on a situation: the change to make, or why not.
//!
//! The safety rules live here. What reaches the API server is a [`Change`] from one of these
//! functions, or nothing.

use super::change::Change;
use super::facts::{ClaimPhase, Target, Volume, VolumePhase};
use super::stage::Situation;

/// What a verb does to a situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This patch.
    Change(Change),
    /// Nothing: the volume of this name is already as asked.
    Done(String),
}

/// What may be done about a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing that waiting or choosing would bring.
    None,
    /// The situation may become right by itself: the claim goes, or comes.
    Wait,
    /// The user names one of these volumes.
    Choose(Vec<String>),
}

/// Why a verb does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What stands in the way; reads well after `error: `.
    pub message: String,
    /// What to do, where there is something.
    pub hint: Option<String>,
    /// What the plugin itself can do about it.
    pub remedy: Remedy,
}

impl Refusal {
    fn new(message: String) -> Self {
        Self { message, hint: None, remedy: Remedy::None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn wait(mut self) -> Self {
        self.remedy = Remedy::Wait;
        self
    }
}

/// The way back from a diverted claim, as commands to type.
#[must_use]
pub fn way_back(target: &Target, volume: &str) -> String {
    format!(
        "1. uninstall glance   2. {}   3. install glance   4. {}",
        target.command(&format!("reuse {volume}")),
        target.command("verify")
    )
}

/// Reclaim policy → Retain: safe in every phase, so only the volume has to be the right one.
pub fn retain(situation: &Situation) -> Result<Plan, Refusal> {
    let target = &situation.target;
    let claimed = situation.claim.as_ref().and_then(|c| c.volume_name.as_deref());
    let volume = if let Some(name) = situation.named.as_deref().or(claimed) {
        situation.volume(name).ok_or_else(|| missing(name))?
    } else {
        let kept = situation.naming(|v| v.is_retained() && !v.terminating);
        let unsafe_ones = situation.naming(|v| !v.is_retained() && !v.terminating);
        let meant = if unsafe_ones.is_empty() { kept.into_iter().take(1).collect() } else { unsafe_ones };
        one(situation, "retain", &meant)?
    };
    ours(target, volume)?;
    if volume.is_retained() {
        return Ok(Plan::Done(volume.name.clone()));
    }
    Ok(Plan::Change(Change::policy(volume, "Retain")))
}

/// Reclaim policy → Delete, only while claim and volume are bound to each other, by both UIDs: a volume
/// whose claim is gone would be deleted at once.
pub fn unretain(situation: &Situation) -> Result<Plan, Refusal> {
    let target = &situation.target;
    if let Some(named) = &situation.named {
        ours(target, situation.volume(named).ok_or_else(|| missing(named))?)?;
    }
    let bound = situation.bound().map(|(claim, volume)| (claim.terminating || volume.terminating, volume));
    let meant = |name: &str| situation.named.as_deref().is_none_or(|named| named == name);
    match bound {
        Some((false, volume)) if meant(&volume.name) => Ok(match volume.policy.as_str() {
            "Delete" => Plan::Done(volume.name.clone()),
            _ => Plan::Change(Change::policy(volume, "Delete")),
        }),
        _ => {
            let what =
                situation.named.as_ref().map_or("the volume".to_owned(), |name| format!("persistentvolume/{name}"));
            let why = "with policy Delete it could be deleted at once";
            Err(Refusal::new(format!("claim {} and {what} are not bound to each other: {why}", target.key()))
                .hint(target.command("status")))
        }
    }
}

/// `claimRef.uid` and `claimRef.resourceVersion` cleared, once the claim that they mean is gone.
///
/// Clearing them under a living claim turns that claim Lost (seen on 1.20 and 1.36), so this
/// refuses as long as a claim of that UID may live.
pub fn reuse(situation: &Situation) -> Result<Plan, Refusal> {
    let target = &situation.target;
    let volume = preserved(situation, "reuse")?;
    let name = &volume.name;
    if volume.terminating {
        return Err(terminating(target, name));
    }
    claim_gone(situation, volume)?;
    match volume.phase {
        VolumePhase::Released | VolumePhase::Failed if !volume.is_retained() => Err(Refusal::new(format!(
            "persistentvolume/{name} is {:?} with policy {} and may vanish at any moment",
            volume.phase, volume.policy
        ))
        .hint(format!("first, now: {}", target.command(&format!("retain {name}"))))),
        // Cleared already, though it may take the volume controller a moment to say Available.
        VolumePhase::Available | VolumePhase::Released | VolumePhase::Failed if volume.is_reserved() => {
            Ok(Plan::Done(name.clone()))
        }
        VolumePhase::Released | VolumePhase::Failed => Ok(Plan::Change(Change::release(volume, target))),
        phase => Err(Refusal::new(format!(
            "persistentvolume/{name} is still {phase:?}, though claim {} is gone: the volume controller has not \
             released it yet",
            target.key()
        ))
        .hint(format!("`{}` waits for it", target.command("reuse --timeout 1m")))
        .wait()),
    }
}

/// The volume that is to be, or was, or is the target's: the one named; the claim's own, unless others
/// wait; one that is reserved, one that is Released, any other. Several are for the user to choose
/// from.
pub fn preserved<'a>(situation: &'a Situation, verb: &str) -> Result<&'a Volume, Refusal> {
    let volume = match (&situation.named, situation.bound()) {
        (Some(name), _) => situation.volume(name).ok_or_else(|| missing(name))?,
        (None, Some((_, volume))) if situation.preserved().is_empty() => volume,
        _ => {
            let reserved = situation.naming(|v| v.phase == VolumePhase::Available && v.is_reserved());
            let released = situation.naming(|v| v.is_released() && !v.terminating);
            let others = situation.naming(|_| true);
            let meant = [reserved.into_iter().take(1).collect(), released, others];
            let meant = meant.into_iter().find(|m| !m.is_empty()).unwrap_or_default();
            one(situation, verb, &meant)?
        }
    };
    ours(&situation.target, volume)?;
    Ok(volume)
}

/// Refuses as long as the claim that the volume's claimRef means may live, or the claim of that
/// name has another volume.
fn claim_gone(situation: &Situation, volume: &Volume) -> Result<(), Refusal> {
    let Some(claim) = &situation.claim else { return Ok(()) };
    let (key, name) = (situation.target.key(), &volume.name);
    let waits = format!("`{}` waits for the claim to go", situation.target.command("reuse --timeout 10m"));
    if volume.holds(claim) {
        let refusal = if claim.phase == ClaimPhase::Lost {
            Refusal::new(format!("claim {key} is Lost and still there"))
        } else if claim.terminating {
            Refusal::new(format!("claim {key} is being deleted and still holds persistentvolume/{name}"))
        } else {
            Refusal::new(format!("persistentvolume/{name} is still bound to {key}"))
        };
        return Err(match (claim.terminating, claim.kept_by_helm) {
            (true, _) => refusal.hint(waits),
            (false, true) => refusal.hint(format!(
                "Helm keeps this claim (helm.sh/resource-policy: keep), so the volume stays with it and nothing has \
                 to be reused; to part them, delete claim {key} after uninstalling"
            )),
            (false, false) => refusal.hint(format!("uninstall glance first; {waits}")),
        }
        .wait());
    }
    match claim.phase {
        ClaimPhase::Pending => Ok(()),
        ClaimPhase::Lost => Err(Refusal::new(format!("claim {key} is Lost and still there"))
            .hint(format!("uninstall glance or delete the claim first; {waits}"))
            .wait()),
        ClaimPhase::Bound => Err(Refusal::new(format!(
            "claim {key} is bound to persistentvolume/{}, not to {name}",
            claim.volume_name.as_deref().unwrap_or_default()
        ))
        .hint(format!("the way back to {name}: {}", way_back(&situation.target, name)))
        .wait()),
    }
}

/// Whether the claim is bound to the preserved volume: by name, by UID, with Retain, and the volume
/// the one named, else one older than its claim.
pub fn verify(situation: &Situation) -> Result<&Volume, Refusal> {
    let target = &situation.target;
    let key = target.key();
    let Some(claim) = &situation.claim else {
        return Err(Refusal::new(format!("claim {key} is not there yet")).hint("install glance").wait());
    };
    if claim.phase == ClaimPhase::Lost {
        return Err(Refusal::new(format!("claim {key} is Lost")).hint(target.command("status")));
    }
    let Some((_, volume)) = situation.bound() else {
        let waited = claim.volume_name.as_ref().map_or(String::new(), |v| format!(" for persistentvolume/{v}"));
        return Err(Refusal::new(format!("claim {key} is {:?} and waits{waited}", claim.phase))
            .hint(format!("`{}` waits for it", target.command("verify --timeout 10m")))
            .wait());
    };
    let name = &volume.name;
    let preserved = situation.preserved();
    let expected = situation.named.as_deref().or(preserved.first().map(|v| v.name.as_str()));
    let is_preserved = match &situation.named {
        Some(named) => named == name,
        None => volume.is_older_than(claim),
    };
    if !is_preserved {
        let refusal = Refusal::new(match expected {
            Some(expected) if expected != name => {
                format!("claim {key} is bound to persistentvolume/{name}, not to {expected}")
            }
            _ => format!("claim {key} is bound to persistentvolume/{name}, which was made for it: nothing was reused"),
        });
        return Err(match expected {
            Some(expected) if expected != name => {
                refusal.hint(format!("the way back to {expected}: {}", way_back(target, expected)))
            }
            _ => refusal.hint(target.command("status")),
        });
    }
    if claim.terminating || volume.terminating {
        let what = if volume.terminating { format!("persistentvolume/{name}") } else { format!("claim {key}") };
        return Err(Refusal::new(format!("{what} is being deleted")).hint(target.command("status")));
    }
    if !volume.is_retained() {
        return Err(Refusal::new(format!("persistentvolume/{name} has policy {}", volume.policy))
            .hint(target.command("retain")));
    }
    Ok(volume)
}

/// Rule 7: a volume whose claimRef is another claim's is nobody else's business.
fn ours(target: &Target, volume: &Volume) -> Result<(), Refusal> {
    if volume.names(target) {
        return Ok(());
    }
    let (name, key) = (&volume.name, target.key());
    Err(match &volume.claim_ref {
        Some(other) => Refusal::new(format!(
            "persistentvolume/{name} is for claim {}/{}, not for {key}",
            other.namespace, other.name
        ))
        .hint(format!("for that claim: -n {} --claim {}", other.namespace, other.name)),
        None => Refusal::new(format!("persistentvolume/{name} is for no claim, so not for {key} either")),
    })
}

/// Why nothing can be done for a volume that has a deletionTimestamp: the API server takes none back.
#[must_use]
pub fn terminating(target: &Target, name: &str) -> Refusal {
    Refusal::new(format!("persistentvolume/{name} is being deleted, which cannot be undone")).hint(format!(
        "save what describes it ({}) and see its driver's documentation",
        target.command(&format!("export {name}"))
    ))
}

fn missing(name: &str) -> Refusal {
    Refusal::new(format!("persistentvolume/{name} is gone"))
}

fn one<'a>(situation: &Situation, verb: &str, meant: &[&'a Volume]) -> Result<&'a Volume, Refusal> {
    let target = &situation.target;
    match meant {
        [volume] => Ok(volume),
        [] => Err(match &situation.claim {
            Some(_) => Refusal::new(format!("claim {} has no volume yet", target.key())).hint(target.command("status")),
            None => Refusal::new(format!("neither claim {0} nor a volume for it was found", target.key()))
                .hint("is it another namespace or another name? -n NAMESPACE, --claim NAME"),
        }),
        several => {
            let names: Vec<_> = several.iter().map(|v| v.name.clone()).collect();
            let mut refusal =
                Refusal::new(format!("{} volumes are for {}: {}", names.len(), target.key(), names.join(", ")))
                    .hint(format!("name one: {}", target.command(&format!("{verb} PV"))));
            refusal.remedy = Remedy::Choose(names);
            Err(refusal)
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(crate) mod tests;
