//! `retain`: the reclaim policy → Retain.

use clap::Args;

use crate::error::Error;
use crate::kubectl::asked::{Asked, asks};
use crate::lifecycle::plan::{retain, terminating};
use crate::session::Session;
use crate::session::change::{Changed, set_policy};
use crate::session::flags::{ChangeFlags, name};

/// Set the volume's reclaim policy to Retain, so that it outlives its claim
///
/// Exits 0 only when the policy is Retain, so `kubectl glancepv retain && UNINSTALL` never
/// uninstalls after a refusal or a declined prompt.
#[derive(Args, Debug)]
pub struct Retain {
    /// The volume; by default the claim's own
    #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
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
