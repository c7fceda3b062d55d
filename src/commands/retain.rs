//! `retain` and `unretain`: the reclaim policy.

use super::Session;
use super::change::{Changed, Verb, carry_out};
use crate::cli::ChangeFlags;
use crate::cluster::observe::Scope;
use crate::error::Error;
use crate::lifecycle::plan::{Plan, Refusal, retain, terminating, unretain};
use crate::lifecycle::stage::{Situation, Stage};

/// Reclaim policy → Retain; succeeds only when the volume is safe from the uninstall that may follow.
pub async fn run(session: &Session, volume: Option<&str>, flags: &ChangeFlags) -> Result<(), Error> {
    let changed = set(session, retain, "Retain", volume, flags).await?;
    if !changed.is_real() {
        return Ok(());
    }
    if changed.volume()?.terminating {
        return Err(terminating(&session.target, &changed.name()).into());
    }
    changed.tell(session, |found| {
        // Bound with Retain is what was asked for, whether it was reused before or not.
        if found.stage == Stage::Reused {
            found.stage = Stage::Retained;
        }
    })
}

/// Reclaim policy → Delete.
pub async fn undo(session: &Session, volume: Option<&str>, flags: &ChangeFlags) -> Result<(), Error> {
    let changed = set(session, unretain, "Delete", volume, flags).await?;
    if changed.is_real() { changed.tell(session, |_| {}) } else { Ok(()) }
}

async fn set(
    session: &Session,
    plan: fn(&Situation) -> Result<Plan, Refusal>,
    policy: &str,
    volume: Option<&str>,
    flags: &ChangeFlags,
) -> Result<Changed, Error> {
    let changed = carry_out(session, &Verb { plan, volume, scope: Scope::Own, timeout: None, flags }).await?;
    changed.announce(session)?;
    changed.print(session)?;
    let become_ = changed.volume()?;
    if changed.is_real() && become_.policy != policy {
        return Err(Error::Unsettled {
            message: format!("persistentvolume/{} has policy {} all the same", become_.name, become_.policy),
            hint: "something in the cluster sets it back, an admission webhook perhaps; do not uninstall glance"
                .to_owned(),
        });
    }
    Ok(changed)
}
