//! `verify`: checks that the claim is bound to the preserved volume.

use clap::Args;

use super::flags::{VolumeArg, limit};
use crate::error::Error;
use crate::kubectl::suggest::suggests;
use crate::session::Session;
use crate::session::wait::Limit;

/// Check that the claim is bound to the preserved volume
///
/// Exits 0 if both refer to each other by name and UID, the policy is Retain, and the volume is PV or, by
/// default, one that was not provisioned for this claim.
#[derive(Args, Debug)]
#[command(
    mut_arg("volume", |arg| arg.help("Expected PersistentVolume [default: any that was not provisioned for the claim]")),
    after_long_help = "Examples:\n  # After the release was installed again\n  kubectl glancepv verify -n openstack --timeout 10m"
)]
pub struct Verify {
    /// The expected volume
    #[command(flatten)]
    pub expected: VolumeArg,
    /// Wait up to D for the claim to be bound (90s, 10m, 1h30m) [default: do not wait]
    #[arg(long, value_name = "D", value_parser = limit, add = suggests("10m"))]
    timeout: Option<Limit>,
}

/// Runs `verify`.
pub async fn run(session: &Session, arguments: &Verify) -> Result<(), Error> {
    if session.selection.only().is_none() {
        return session.verify_all(arguments.timeout.clone()).await;
    }
    session.verify(arguments.expected.volume.as_deref(), arguments.timeout.clone()).await
}
