//! `retain`: sets the reclaim policy to Retain.

use clap::Args;

use super::flags::{ChangeFlags, VolumeArg};
use crate::error::Error;
use crate::session::Session;
use crate::session::planned::Many;

/// Set the volume's reclaim policy to Retain
///
/// Exits 0 only if the policy is Retain, so in `kubectl glancepv retain && helm uninstall ...` a refusal
/// or "no" stops the uninstall.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Keep the volume, then uninstall\n  kubectl glancepv retain -n openstack && helm uninstall glance -n openstack\n  \n  # Every claim of the namespace, asked once\n  kubectl glancepv retain -n openstack --all\n  \n  # See what would be patched\n  kubectl glancepv retain -n openstack --dry-run=server"
)]
pub struct Retain {
    /// The volume
    #[command(flatten)]
    pub named: VolumeArg,
    /// The change
    #[command(flatten)]
    pub change: ChangeFlags,
}

/// Runs `retain`.
pub async fn run(session: &Session, arguments: &Retain) -> Result<(), Error> {
    if session.selection.only().is_none() {
        return session.change_all(Many::Retain, None, None).await?.tell().end();
    }
    session.retain(arguments.named.volume.as_deref()).await?.tell(session).await
}
