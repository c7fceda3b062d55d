//! `verify`: is the claim bound to the preserved volume?

use clap::Args;
use serde::Serialize;

use crate::cluster::Scope;
use crate::error::Error;
use crate::kubectl::asked::{VOLUMES, suggests};
use crate::kubectl::output::Format;
use crate::lifecycle::{Remedy, Stage, assess, verify};
use crate::session::flags::{Limit, limit, name};
use crate::session::report::{Document, Standing};
use crate::session::wait::Waiting;
use crate::session::{Session, volume_line};
use crate::words::error::within;
use crate::words::wait::Awaited;

/// Check that the claim is bound to the preserved volume
///
/// Exits 0 if both refer to each other by name and UID, the policy is Retain, and the volume is PV or, by
/// default, one that was not provisioned for this claim.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # After the release was installed again\n  kubectl glancepv verify -n openstack --timeout 10m"
)]
pub struct Verify {
    /// Expected PersistentVolume [default: any that was not provisioned for the claim]
    #[arg(value_name = "PV", value_parser = name, add = suggests(VOLUMES))]
    pub volume: Option<String>,
    /// Wait up to D for the claim to be bound (90s, 10m, 1h30m) [default: do not wait]
    #[arg(long, value_name = "D", value_parser = limit, add = suggests("10m"))]
    pub timeout: Option<Limit>,
}

#[derive(Serialize)]
struct Verification<'a> {
    #[serde(flatten)]
    standing: Standing<'a>,
    verified: bool,
    reason: Option<String>,
}

/// Waits up to `--timeout`, then says.
pub async fn run(session: &Session, arguments: &Verify) -> Result<(), Error> {
    let named = arguments.volume.as_deref();
    let mut waiting = Waiting::new(session, Awaited::ClaimBound, arguments.timeout.clone());
    loop {
        let seen = waiting.observe(named, Scope::UnlessReused).await?;
        let situation = seen.situation();
        let mut found = assess(&situation);
        if found.stage == Stage::Absent && named.is_none() {
            return Err(session.absent().await);
        }
        let refusal = match verify(&situation) {
            Err(refusal) if refusal.remedy() == Remedy::Wait && waiting.may_wait() => {
                match waiting.change(&seen, refusal).await {
                    Ok(()) => continue,
                    Err(error @ (Error::Refused(_) | Error::TimedOut(..))) => Some(error),
                    Err(error) => return Err(error),
                }
            }
            Err(refusal) => Some(refusal.into()),
            Ok(_) => None,
        };
        waiting.over();
        session.explain(&mut found, &situation).await?;
        let standing = session.standing(&situation, &found);
        let verified = Verification { standing, verified: refusal.is_none(), reason: refusal.as_ref().map(within) };
        if !session.print_document(&Document::new("Verification", &seen.target, verified))? {
            let name = found.volume.map(|v| v.name.as_str());
            let text = match name {
                Some(name) if session.output.format == Some(Format::Name) => volume_line(name, ""),
                Some(name) => session.table(&[seen.row(name)?]),
                None => String::new(),
            };
            session.terminal.print(&text)?;
        }
        return match refusal {
            None if session.output.is_table() => {
                session.tell(&situation, &found);
                Ok(())
            }
            None => Ok(()),
            Some(error) => {
                session.tell_findings(&situation, &found);
                Err(error)
            }
        };
    }
}
