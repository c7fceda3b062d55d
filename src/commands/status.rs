//! `status`: the rows, the stage, the findings, the next command.

use clap::Args;

use crate::cluster::{Observation, PAUSE, Read, Scope, Watched};
use crate::error::Error;
use crate::lifecycle::{Assessment, Situation, Stage, assess};
use crate::session::Session;
use crate::session::report::Document;
use crate::words::error::within;
use crate::words::question::trying_again;

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

/// Shows where the target stands; with `--watch`, again whenever that has changed.
pub async fn run(session: &Session, arguments: &Status) -> Result<(), Error> {
    let watch = arguments.watch;
    let (mut shown, mut away) = (None, false);
    loop {
        let seen = match session.cluster.observe(&session.target, None, Scope::Cached).await {
            Err(error) if watch && error.is_passing() && shown.is_some() => {
                if !away {
                    session.terminal.note(&trying_again(&within(&error)));
                }
                away = true;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            outcome => outcome?,
        };
        away = false;
        let situation = seen.situation();
        let mut found = assess(&situation);
        match session.explain(&mut found, &situation).await {
            // It is told again once that is known.
            Err(error) if watch && error.is_passing() => {}
            outcome => outcome?,
        }
        // Ages change every second; they are not compared.
        let claim = situation.claim.cloned();
        let now =
            Some((found.findings.clone(), claim, situation.volumes.iter().map(|v| (*v).clone()).collect::<Vec<_>>()));
        if now != shown {
            show(session, &seen, &situation, &found, watch)?;
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

fn show(
    session: &Session,
    seen: &Observation,
    situation: &Situation<'_>,
    found: &Assessment<'_>,
    watch: bool,
) -> Result<(), Error> {
    if session.print_document(&Document::new("Status", &seen.target, session.standing(situation, found)))? {
        return Ok(());
    }
    // Else it is an error, which says so.
    if found.stage == Stage::Absent && !watch {
        return Ok(());
    }
    session.terminal.print(&session.rows(seen))?;
    if session.output.is_table() {
        session.tell(situation, found);
    }
    Ok(())
}
