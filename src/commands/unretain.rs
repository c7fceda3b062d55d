//! `unretain`: sets the reclaim policy back to Delete.

use clap::Args;

use super::flags::{ChangeFlags, VolumeArg};
use crate::error::Error;
use crate::session::Session;
use crate::session::planned::Many;

/// Set the volume's reclaim policy back to Delete
///
/// Refuses unless claim and volume are bound to each other. Exits 0 only if the policy is Delete.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Let the volume be deleted with its claim again\n  kubectl glancepv unretain -n openstack"
)]
pub struct Unretain {
    /// The volume
    #[command(flatten)]
    pub named: VolumeArg,
    /// The change
    #[command(flatten)]
    pub change: ChangeFlags,
}

/// Runs `unretain`.
pub async fn run(session: &Session, arguments: &Unretain) -> Result<(), Error> {
    if session.selection.only().is_none() {
        return session.change_all(Many::Unretain, None, None).await?.tell().end();
    }
    session.unretain(arguments.named.volume.as_deref()).await?.tell(session).await
}
