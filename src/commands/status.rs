//! `status`: the rows, the stage, the findings, the next command.

use std::time::Instant;

use clap::Args;
use jiff::Timestamp;

use crate::cluster::{Fresh, Observation, PAUSE, Reach, Read, Watched};
use crate::error::Error;
use crate::lifecycle::{Assessment, Claim, Finding, Stage, Volume};
use crate::session::Session;
use crate::session::report::Document;
use crate::terminal::Stream;
use crate::words::error::within;
use crate::words::question::{Notice, notice};
use crate::words::wait::time;

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

/// The last state that was shown by `--watch`.
struct Shown {
    stage: Stage,
    since: Instant,
    facts: (Vec<Finding>, Option<Claim>, Vec<Volume>),
    row: Vec<String>,
}

async fn follow(session: &Session, watch: bool) -> Result<(), Error> {
    let (mut shown, mut away): (Option<Shown>, bool) = (None, false);
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
        let (claim, volumes) = (found.situation.claim.cloned(), &found.situation.volumes);
        let facts = (found.findings.clone(), claim, volumes.iter().map(|v| (*v).clone()).collect::<Vec<_>>());
        // Ages change every second; they are not compared.
        if shown.as_ref().is_none_or(|shown| shown.facts != facts) {
            let row = session.cells(&found, None);
            show(session, &seen, &found, watch, shown.as_ref(), &row)?;
            let since = shown.filter(|shown| shown.stage == found.stage).map_or_else(Instant::now, |shown| shown.since);
            shown = Some(Shown { stage: found.stage, since, facts, row });
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

/// Prints the answer; after the first, the time, the change of the stage, and the row only if it differs.
fn show(
    session: &Session,
    seen: &Observation,
    found: &Assessment<'_>,
    watch: bool,
    before: Option<&Shown>,
    row: &[String],
) -> Result<(), Error> {
    if session.print_document(&Document::new("Status", &seen.target, session.standing(found)))? {
        return Ok(());
    }
    // Without --watch this is an error, which says so.
    if found.stage == Stage::Absent && !watch {
        return Ok(());
    }
    let Some(before) = before.filter(|_| session.output.is_table()) else {
        return session.terminal.print(&session.answer(seen, found));
    };
    let clock = Timestamp::now().strftime("%H:%M:%SZ");
    let change = if before.stage == found.stage {
        format!("{clock} {}\n", found.stage)
    } else {
        format!("{clock} {} → {} after {}\n", before.stage, found.stage, time(before.since.elapsed()))
    };
    let answer = if before.row == row { session.told(Stream::Out, found) } else { session.answer(seen, found) };
    session.terminal.print(&(change + &answer))
}
