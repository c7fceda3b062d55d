//! `verify`: is the claim bound to the preserved volume?

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::Session;
use super::details;
use super::guidance::Guidance;
use super::status::report;
use super::wait::{Awaited, Waiting};
use crate::cluster::observe::Scope;
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::lifecycle::plan::{Remedy, verify};
use crate::lifecycle::stage::{Stage, assess};

/// Waits up to `timeout`, then says.
pub async fn run(session: &Session, volume: Option<&str>, timeout: Option<Duration>) -> Result<(), Error> {
    let mut waiting = Waiting::new(session, Awaited::ClaimBound, timeout);
    loop {
        let seen = waiting.observe(volume, Scope::UnlessReused).await?;
        let mut found = assess(&seen.situation);
        if found.stage == Stage::Absent && volume.is_none() {
            return Err(session.absent().await);
        }
        let verdict = verify(&seen.situation).map(|v| v.name.clone());
        let refusal = match verdict {
            Err(refusal) if refusal.remedy == Remedy::Wait && timeout.is_some_and(|t| !t.is_zero()) => {
                match waiting.change(&seen, refusal).await {
                    Ok(()) => continue,
                    Err(Error::Refused(refusal)) => Some(refusal),
                    Err(error) => return Err(error),
                }
            }
            Err(refusal) => Some(refusal),
            Ok(_) => None,
        };
        waiting.over();
        details::add(session, &mut found, seen.situation.claim.as_ref()).await;
        if refusal.is_none() {
            // A volume that was named need not be older than its claim to be the preserved one.
            found.stage = Stage::Reused;
        }
        let guidance = Guidance::new(&found, &session.target, seen.situation.claim.as_ref(), Timestamp::now());
        let mut object = report("Verification", session, &seen, &found, &guidance);
        object["verified"] = json!(refusal.is_none());
        object["reason"] = json!(refusal.as_ref().map(|r| &r.message));
        let row = found.volume.and_then(|v| seen.row(&v.name));
        let text = match session.output.object(&object) {
            Some(text) => text?,
            None if session.output.format == Some(Format::Name) => {
                found.volume.map_or(String::new(), |v| format!("persistentvolume/{}\n", v.name))
            }
            None => session.output.table(&row.into_iter().collect::<Vec<_>>()),
        };
        session.terminal.print(&text)?;
        let Some(refusal) = refusal else {
            if session.output.is_table() {
                guidance.tell(&session.terminal, &found);
            }
            return Ok(());
        };
        for finding in &found.findings {
            session.terminal.headline(crate::terminal::Tone::Plain, &finding.reason, &finding.message);
        }
        return Err(refusal.into());
    }
}
