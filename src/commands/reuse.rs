//! `reuse`: reserves the preserved volume for the next claim of the same name.

use clap::Args;

use super::flags::{ChangeFlags, TemplateFlag, VolumeArg, claim_key, limit};
use crate::error::Error;
use crate::kubectl::suggest::suggests;
use crate::lifecycle::Target;
use crate::session::Session;
use crate::session::planned::Many;
use crate::session::wait::Limit;

/// Make the preserved volume Available to the next claim of the same name
///
/// Clears only claimRef.uid and claimRef.resourceVersion, and only after the claim is deleted. Exits 0 if
/// the volume is Available and reserved.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # While the release is being uninstalled\n  kubectl glancepv reuse -n openstack --timeout 10m\n  \n  # The next claim will ask for more than the volume has: pin it\n  kubectl glancepv reuse -n openstack -f glance/templates/pvc-images.yaml\n  \n  # The claim has another name or namespace now\n  kubectl glancepv reuse pvc-b0f0 --from openstack/glance-images -n images --claim glance"
)]
pub struct Reuse {
    /// The volume
    #[command(flatten)]
    pub named: VolumeArg,
    /// Claim that PV was kept for, if its name or namespace has changed: PV becomes the volume of --claim
    #[arg(long, value_name = "NS/NAME", value_parser = claim_key, requires = "volume")]
    pub from: Option<Target>,
    /// The template to pin
    #[command(flatten)]
    pub pinned: TemplateFlag,
    /// Wait up to D for the claim to be deleted (90s, 10m, 1h30m) [default: do not wait]
    #[arg(long, value_name = "D", value_parser = limit, add = suggests("10m"))]
    timeout: Option<Limit>,
    /// The change
    #[command(flatten)]
    pub change: ChangeFlags,
}

/// Runs `reuse`.
pub async fn run(session: &Session, arguments: &Reuse) -> Result<(), Error> {
    let Reuse { named, from, pinned, timeout, .. } = arguments;
    if session.selection.only().is_none() {
        return session.change_all(Many::Reuse, timeout.clone(), timeout.clone()).await?.tell().end();
    }
    let (volume, template) = (named.volume.as_deref(), pinned.template.as_deref());
    session.reuse(volume, from.as_ref(), template, timeout.clone(), timeout.clone()).await?.tell(session).await
}
