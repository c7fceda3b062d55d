//! `retain`: reclaim policy → Retain.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PersistentVolume;

use super::Session;
use super::change::{Verb, carry_out};
use super::guidance::Guidance;
use crate::cli::ChangeFlags;
use crate::cluster::observe::Scope;
use crate::error::Error;
use crate::lifecycle::facts::Volume;
use crate::lifecycle::plan::{retain, terminating};
use crate::lifecycle::stage::{Stage, assess};

/// Sets the policy; succeeds only when the volume is safe from the uninstall that may follow.
pub async fn run(session: &Session, volume: Option<&str>, flags: &ChangeFlags) -> Result<(), Error> {
    let verb = Verb { plan: retain, volume, scope: Scope::Own, timeout: None, flags };
    let changed = carry_out(session, &verb).await?;
    changed.announce(session)?;
    changed.print(session)?;
    if !changed.is_real() {
        return Ok(());
    }
    let become_ = Volume::from(&changed.row.parse::<PersistentVolume>()?);
    if !become_.is_retained() {
        return Err(Error::Unsettled {
            message: format!("persistentvolume/{} has policy {} all the same", become_.name, become_.policy),
            hint: "something in the cluster sets it back, an admission webhook perhaps; do not uninstall glance"
                .to_owned(),
        });
    }
    if become_.terminating {
        return Err(terminating(&become_.name).into());
    }
    if session.output.is_table() {
        let mut situation = changed.seen.situation;
        situation.volumes.retain(|v| v.name != become_.name);
        situation.volumes.push(become_);
        let mut found = assess(&situation);
        // Bound with Retain is what was asked for, whether it was reused before or not.
        if found.stage == Stage::Reused {
            found.stage = Stage::Retained;
        }
        Guidance::new(&found, &session.target, situation.claim.as_ref(), Timestamp::now())
            .tell(&session.terminal, &found);
    }
    Ok(())
}
