//! `reuse`: the preserved volume → Available, reserved for the next claim of that name.

use std::path::Path;
use std::time::Duration;

use super::Session;
use super::change::{Changed, Verb, carry_out};
use super::pin::Draft;
use crate::cli::{ChangeFlags, DryRun};
use crate::cluster::api::Kind;
use crate::cluster::observe::{Scope, not_found};
use crate::cluster::watch::Watched;
use crate::error::Error;
use crate::lifecycle::facts::VolumePhase;
use crate::lifecycle::plan::reuse;
use crate::template::Pin;

/// How long the volume controller may take to make a volume Available, where `--timeout` does not
/// say; it takes a second or two.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);

/// Clears what ties the volume to the claim that is gone.
pub async fn run(
    session: &Session,
    volume: Option<&str>,
    template: Option<&Path>,
    timeout: Option<Duration>,
    flags: &ChangeFlags,
) -> Result<(), Error> {
    // A template that cannot be pinned is told before anything has changed.
    if let Some(template) = template {
        Draft::place(&session.target.claim, template)?;
    }
    // What is only shown may come from the watch cache; what is patched, never.
    let scope = if flags.ask.dry_run == DryRun::Client { Scope::Cached } else { Scope::All };
    let verb = Verb { plan: reuse, volume, scope, timeout, flags };
    let mut changed = carry_out(session, &verb).await?;
    changed.announce(session)?;
    if !changed.is_real() {
        if let Some(template) = template {
            pin(session, &changed, template, flags).await?;
        }
        return changed.print(session);
    }
    let limit = timeout.filter(|limit| !limit.is_zero()).unwrap_or(SETTLES_WITHIN);
    settle(session, &mut changed, limit).await?;
    if let Some(template) = template {
        pin(session, &changed, template, flags).await?;
    }
    changed.print(session)?;
    let pinned = template.is_some();
    changed.tell(session, |found| found.pinned = pinned)
}

async fn pin(session: &Session, changed: &Changed, template: &Path, flags: &ChangeFlags) -> Result<(), Error> {
    let draft = Draft::new(&session.target.claim, template, Pin::To(&changed.name()))?;
    let done = draft.write(session.terminal, &flags.ask).await?;
    if session.output.is_table() { session.terminal.print(&done) } else { Ok(()) }
}

/// Waits until the volume is what was promised: Available, or already taken by the waiting claim.
async fn settle(session: &Session, changed: &mut Changed, limit: Duration) -> Result<(), Error> {
    let name = changed.name();
    let reached = async {
        loop {
            let volume = changed.volume()?;
            let taken = volume.phase == VolumePhase::Bound && volume.names(&session.target);
            if taken || (volume.phase == VolumePhase::Available && volume.is_reserved()) {
                return Ok(());
            }
            session.cluster.changed(Watched::Volume(&name, Some(&volume.resource_version))).await?;
            changed.row = match session.cluster.get(Kind::Volume, None, &name).await {
                Ok(Some(row)) => row,
                Ok(None) => return Err(not_found(Kind::Volume, &name)),
                Err(error) if error.is_passing() => continue,
                Err(error) => return Err(error),
            };
        }
    };
    match tokio::time::timeout(limit, reached).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::Unsettled {
            message: format!("persistentvolume/{name} was patched and is not Available after {}s", limit.as_secs()),
            hint: format!(
                "is kube-controller-manager running? it is safe to repeat: {}",
                session.target.command(&format!("reuse {name}"))
            ),
        }),
    }
}
