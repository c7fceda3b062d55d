//! `status`: the rows, the stage, the findings, the next command.

use clap::Args;

use crate::cluster::{Fresh, Observation, PAUSE, Reach, Read, Watched};
use crate::error::Error;
use crate::lifecycle::{Assessment, Stage};
use crate::session::Session;
use crate::session::report::Document;
use crate::words::error::within;
use crate::words::question::{Notice, notice};

/// Show the claim, its volumes, the current stage and the next command
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Where Glance's volume stands, and what to type next\n  kubectl glancepv status -n openstack\n  \n  # The same for another claim, printed again after each change\n  kubectl glancepv status -n db --claim data-mariadb-0 --watch"
)]
pub struct Status {
    /// Watch, and print again after each change
    #[arg(short, long)]
    watch: bool,
}

/// Runs `status`; with `--watch`, prints again after each change.
pub async fn run(session: &Session, arguments: &Status) -> Result<(), Error> {
    tokio::select! {
        outcome = follow(session, arguments.watch) => outcome,
        () = session.terminal.output_closed(), if arguments.watch => Ok(()),
    }
}

async fn follow(session: &Session, watch: bool) -> Result<(), Error> {
    let (mut shown, mut away) = (None, false);
    loop {
        let seen = match session.cluster.observe(&session.target, None, Reach::All, Fresh::Cached).await {
            Err(error) if watch && error.is_passing() && shown.is_some() => {
                if !away {
                    session.terminal.note(&notice(&Notice::TryingAgain(&within(&error))));
                }
                away = true;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            outcome => outcome?,
        };
        away = false;
        let mut found = seen.assess();
        match session.explain(&mut found).await {
            // Printed again once the explanation can be read.
            Err(error) if watch && error.is_passing() => {}
            outcome => outcome?,
        }
        // Ages change every second; they are not compared.
        let claim = found.situation.claim.cloned();
        let volumes = found.situation.volumes.iter().map(|v| (*v).clone()).collect::<Vec<_>>();
        let now = Some((found.findings.clone(), claim, volumes));
        if now != shown {
            show(session, &seen, &found, watch)?;
            shown = now;
        }
        if !watch {
            return if found.stage == Stage::Absent { Err(session.absent().await) } else { Ok(()) };
        }
        let claim = seen.claim.as_ref().and_then(Read::version);
        let claim = session.cluster.changed(Watched::Claim(&session.target, claim));
        match found.volume {
            None => claim.await?,
            Some(volume) => {
                let volume = session.cluster.changed(Watched::Volume(&volume.name, Some(&volume.resource_version)));
                tokio::select! { outcome = claim => outcome?, outcome = volume => outcome? }
            }
        }
    }
}

fn show(session: &Session, seen: &Observation, found: &Assessment<'_>, watch: bool) -> Result<(), Error> {
    if session.print_document(&Document::new("Status", &seen.target, session.standing(found)))? {
        return Ok(());
    }
    // Without --watch this is an error, which says so.
    if found.stage == Stage::Absent && !watch {
        return Ok(());
    }
    session.terminal.print(&session.rows(seen))?;
    if session.output.is_table() {
        session.tell(found);
    }
    Ok(())
}
