//! `retain`: the reclaim policy → Retain.

use clap::Args;

use crate::error::Error;
use crate::kubectl::asked::{VOLUMES, suggests};
use crate::lifecycle::{retain, terminating};
use crate::session::Session;
use crate::session::change::{Changed, set_policy};
use crate::session::flags::{ChangeFlags, name};

/// Set the volume's reclaim policy to Retain
///
/// Exits 0 only if the policy is Retain, so in `kubectl glancepv retain && helm uninstall ...` a refusal
/// or "no" stops the uninstall.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Keep the volume, then uninstall\n  kubectl glancepv retain -n openstack && helm uninstall glance -n openstack\n  \n  # See what would be patched\n  kubectl glancepv retain -n openstack --dry-run=server"
)]
pub struct Retain {
    /// PersistentVolume [default: the one bound to the claim]
    #[arg(value_name = "PV", value_parser = name, add = suggests(VOLUMES))]
    pub volume: Option<String>,
    /// How the change is made
    #[command(flatten)]
    pub change: ChangeFlags,
}

/// Succeeds only when the volume is safe from the uninstall that may follow.
pub async fn run(session: &Session, arguments: &Retain) -> Result<(), Error> {
    let changed = change(session, arguments).await?;
    changed.tell(session, false);
    Ok(())
}

/// The same, without what is next.
pub async fn change(session: &Session, arguments: &Retain) -> Result<Changed, Error> {
    let changed = set_policy(session, retain, "Retain", arguments.volume.as_deref(), &arguments.change).await?;
    let volume = &changed.volume()?.facts;
    if changed.is_real() && volume.terminating {
        return Err(terminating(&changed.seen.situation(), volume).into());
    }
    Ok(changed)
}
