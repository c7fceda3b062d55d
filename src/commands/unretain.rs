//! `unretain`: the reclaim policy → Delete.

use clap::Args;

use crate::error::Error;
use crate::kubectl::asked::{VOLUMES, suggests};
use crate::lifecycle::unretain;
use crate::session::Session;
use crate::session::change::set_policy;
use crate::session::flags::{ChangeFlags, name};

/// Set the volume's reclaim policy back to Delete
///
/// Refuses unless claim and volume are bound to each other. Exits 0 only if the policy is Delete.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Let the volume be deleted with its claim again\n  kubectl glancepv unretain -n openstack"
)]
pub struct Unretain {
    /// PersistentVolume [default: the one bound to the claim]
    #[arg(value_name = "PV", value_parser = name, add = suggests(VOLUMES))]
    volume: Option<String>,
    /// How the change is made
    #[command(flatten)]
    change: ChangeFlags,
}

/// Sets it, while that is safe.
pub async fn run(session: &Session, arguments: &Unretain) -> Result<(), Error> {
    let changed = set_policy(session, unretain, "Delete", arguments.volume.as_deref(), &arguments.change).await?;
    changed.tell(session, false);
    Ok(())
}
