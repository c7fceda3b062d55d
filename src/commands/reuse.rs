//! `reuse`: the preserved volume → Available, reserved for the next claim of that name.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cluster::{Kind, Scope, Watched, not_found};
use crate::error::{Error, Unsettled};
use crate::kubectl::asked::{TEMPLATES, VOLUMES, suggests};
use crate::lifecycle::{VolumePhase, reuse};
use crate::session::Session;
use crate::session::change::{Changed, Intent, carry_out};
use crate::session::draft::Draft;
use crate::session::flags::{ChangeFlags, DryRun, Limit, limit, name};
use crate::session::wait::Waiting;
use crate::words::wait::Awaited;

/// How many seconds the volume controller may take to make a volume Available, where `--timeout` does not
/// say; it takes one or two.
const SETTLES_WITHIN: u64 = 30;

/// Make the preserved volume Available to the next claim of the same name
///
/// Clears only claimRef.uid and claimRef.resourceVersion, and only after the claim is deleted. Exits 0 if
/// the volume is Available and reserved.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # While the release is being uninstalled\n  kubectl glancepv reuse -n openstack --timeout 10m\n  \n  # The next claim will ask for more than the volume has: pin it\n  kubectl glancepv reuse -n openstack -f glance/templates/pvc-images.yaml"
)]
pub struct Reuse {
    /// PersistentVolume [default: the one last bound to the claim]
    #[arg(value_name = "PV", value_parser = name, add = suggests(VOLUMES))]
    pub volume: Option<String>,
    /// Then pin the volume in this template (see `pin`)
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = suggests(TEMPLATES))]
    pub template: Option<PathBuf>,
    /// Wait up to D for the claim to be deleted (90s, 10m, 1h30m) [default: do not wait]
    #[arg(long, value_name = "D", value_parser = limit, add = suggests("10m"))]
    pub timeout: Option<Limit>,
    /// How the change is made
    #[command(flatten)]
    pub change: ChangeFlags,
}

/// Clears what ties the volume to the claim that is gone.
pub async fn run(session: &Session, arguments: &Reuse) -> Result<(), Error> {
    let settles = Limit { typed: format!("{SETTLES_WITHIN}s"), time: Duration::from_secs(SETTLES_WITHIN) };
    let settles = arguments.timeout.clone().filter(|limit| !limit.time.is_zero()).unwrap_or(settles);
    let changed = change(session, arguments, &settles).await?;
    changed.tell(session, arguments.template.is_some());
    Ok(())
}

/// The same, without what is next; the volume controller may take as long as `settles`.
pub async fn change(session: &Session, arguments: &Reuse, settles: &Limit) -> Result<Changed, Error> {
    let Reuse { volume, template, timeout, change: flags } = arguments;
    // A template that cannot be pinned is told before anything has changed.
    if let Some(template) = template {
        Draft::place(&session.target.claim, template)?;
    }
    // A client dry run may read from the watch cache; a patch never does.
    let scope = if flags.ask.dry_run == DryRun::Client { Scope::Cached } else { Scope::All };
    let intent =
        Intent { plan: reuse, volume: volume.as_deref(), hands_on: true, scope, timeout: timeout.clone(), flags };
    let mut changed = carry_out(session, &intent).await?;
    changed.announce(session)?;
    if changed.is_real() {
        settle(session, &mut changed, settles).await?;
    }
    if let Some(template) = template {
        session.pin(&changed.name, template, &flags.ask).await?;
    }
    changed.print(session)?;
    Ok(changed)
}

/// Waits until the volume is what was promised: Available, or already taken by the waiting claim.
async fn settle(session: &Session, changed: &mut Changed, limit: &Limit) -> Result<(), Error> {
    let name = changed.name.clone();
    let late = Unsettled::NotAvailable(name.clone(), limit.typed.clone());
    let late = Error::Unsettled(session.target.clone(), late);
    let mut waiting = Waiting::begun(session, Awaited::VolumeAvailable, limit.clone());
    loop {
        let volume = &changed.volume()?.facts;
        let taken = volume.phase == VolumePhase::Bound && volume.names(&session.target);
        if taken || (volume.phase == VolumePhase::Available && volume.is_reserved()) {
            return Ok(());
        }
        let watched = Watched::Volume(&name, Some(&volume.resource_version));
        if !waiting.until(watched).await? {
            return Err(late);
        }
        match waiting.read(async || session.cluster.volume(&name).await).await {
            Ok(Some(volume)) => changed.seen.put(volume),
            Ok(None) => return Err(not_found(Kind::Volume, &name)),
            Err(_) if !waiting.has_time() => return Err(late),
            Err(error) => return Err(error),
        }
    }
}
