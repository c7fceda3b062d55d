//! `status`: the rows, the stage, the findings, the next command.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Instant;

use clap::Args;
use jiff::Timestamp;

use crate::cluster::{Fresh, Observation, PAUSE, Reach, Read, Survey, Watched};
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::kubectl::table::widen;
use crate::lifecycle::{Assessment, Claim, Finding, Rival, Situation, Stage, Target, Verb, Volume, assess, group};
use crate::session::Session;
use crate::session::overview::COLUMNS;
use crate::session::report::Document;
use crate::session::select::natural;
use crate::terminal::Stream;
use crate::words::error::within;
use crate::words::question::{Notice, notice};
use crate::words::wait::time;

/// The number of rows of `status -A` that are printed at a time.
const AT_A_TIME: usize = 1000;

/// Show the claim, its volumes, the current stage and the next command
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # The stage of Glance's volume, and the next command\n  kubectl glancepv status -n openstack\n  \n  # The same for another claim, printed again after each change\n  kubectl glancepv status -n db --claim data-mariadb-0 --watch\n  \n  # Every claim of the cluster: AtRisk marks those whose data is deleted with them\n  kubectl glancepv status -A"
)]
pub struct Status {
    /// Watch, and print again after each change
    #[arg(short, long)]
    watch: bool,
    /// Every claim of the cluster
    #[arg(short = 'A', long, conflicts_with = "watch")]
    all_namespaces: bool,
}

/// Runs `status`; with `--watch`, prints again after each change.
pub async fn run(session: &Session, arguments: &Status) -> Result<(), Error> {
    if arguments.all_namespaces {
        return everywhere(session).await;
    }
    if session.selection.only().is_none() {
        return tokio::select! {
            outcome = follow_several(session, arguments.watch) => outcome,
            () = session.terminal.output_closed(), if arguments.watch => Ok(()),
        };
    }
    tokio::select! {
        outcome = follow(session, arguments.watch) => outcome,
        () = session.terminal.output_closed(), if arguments.watch => Ok(()),
    }
}

/// Shows several claims; with `--watch`, again whenever a row differs. Those of releases are remembered from the first look:
/// once they are deleted nothing tells.
async fn follow_several(session: &Session, watch: bool) -> Result<(), Error> {
    let (mut session, mut away) = (session.clone(), false);
    let mut shown: Option<Vec<Vec<String>>> = None;
    loop {
        // Read before the claims, so that the watch misses no change.
        let versions = async {
            if watch { session.cluster.versions(&session.target.namespace).await } else { Ok(Default::default()) }
        };
        let read = async {
            let versions = versions.await?;
            let mut survey = match session.survey(Fresh::Cached).await {
                // All that was shown is gone.
                Err(Error::NothingSelected(..)) if shown.is_some() => Survey { claims: Vec::new(), mates: Vec::new() },
                survey => survey?,
            };
            session.ask_driver_of_all(&mut survey).await?;
            Ok::<_, Error>((versions, survey))
        };
        let (versions, survey) = match read.await {
            Err(error) if watch && error.is_passing() && shown.is_some() => {
                if !std::mem::replace(&mut away, true) {
                    session.terminal.note(&notice(&Notice::TryingAgain(&within(&error))));
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            outcome => outcome?,
        };
        away = false;
        if watch && shown.is_none() {
            session = session.settled(&survey);
        }
        let found = survey.assess();
        let rows: Vec<_> = found.iter().map(|found| session.cells(found, None)).collect();
        if shown.as_ref() != Some(&rows) {
            if shown.is_some() && session.output.is_table() {
                session.terminal.print(&format!("{}\n", Timestamp::now().strftime("%H:%M:%SZ")))?;
            }
            show_several(&session, &survey, &found)?;
            shown = Some(rows);
        }
        if !watch {
            return session.all_found(&survey).await;
        }
        session.cluster.changed(Watched::Any(&session.target.namespace, &versions)).await?;
    }
}

/// Shows every claim of the cluster, and what volumes without one are kept for. Of a table only a part is held at a time: each
/// claim is assessed once for the widths and the counts, and once for its row.
async fn everywhere(session: &Session) -> Result<(), Error> {
    let whole = !session.output.is_table();
    let everything = session.cluster.everything(whole).await?;
    let (volumes, rivals) = (everything.by_claim(), everything.rivals());
    let mut claims: Vec<_> = everything.claims.iter().map(|(target, claim)| (target, Some(claim))).collect();
    let known: HashSet<&Target> = everything.claims.iter().map(|(target, _)| target).collect();
    claims.extend(volumes.keys().filter(|target| !known.contains(*target)).map(|target| (*target, None)));
    claims.sort_by(|(a, _), (b, _)| a.namespace.cmp(&b.namespace).then_with(|| natural(&a.name, &b.name)));
    if whole {
        let found: Vec<_> = claims.iter().map(|(target, claim)| assessed(&volumes, &rivals, target, *claim)).collect();
        return session.terminal.print(&for_scripts(session, &found, None)?.unwrap_or_default());
    }
    let (now, mut exposed) = (Timestamp::now(), BTreeSet::new());
    let mut widths: Vec<usize> = COLUMNS.iter().map(|name| name.len()).collect();
    let mut counts = Stage::WORST_FIRST.map(|stage| (stage, 0));
    for (target, claim) in &claims {
        let found = assessed(&volumes, &rivals, target, *claim);
        widen(&mut widths, &session.cells_of_several(&found, now));
        counts.iter_mut().filter(|(stage, _)| *stage == found.stage).for_each(|(_, count)| *count += 1);
        if group(&found) == Some(Verb::Retain) {
            exposed.insert(found.situation.target.namespace.clone());
        }
    }
    for (nth, part) in claims.chunks(AT_A_TIME).enumerate() {
        let row = |(target, claim): &(&Target, Option<&Claim>)| {
            session.cells_of_several(&assessed(&volumes, &rivals, target, *claim), now)
        };
        let rows: Vec<_> = part.iter().map(row).collect();
        session.terminal.print(&session.rows_of_cluster(&rows, nth == 0, &widths))?;
    }
    let counts: Vec<(Stage, usize)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    session.terminal.print(&session.told_of_cluster(&counts, &exposed))
}

fn assessed<'a>(
    volumes: &HashMap<&'a Target, Vec<&'a Volume>>,
    rivals: &'a HashMap<&'a Target, Vec<Rival>>,
    target: &'a Target,
    claim: Option<&'a Claim>,
) -> Assessment<'a> {
    let volumes = volumes.get(target).cloned().unwrap_or_default();
    let rivals = rivals.get(target).map_or(&[][..], Vec::as_slice);
    assess(&Situation { target, claim, volumes, named: None, pinned: false, from: None, siblings: &[], rivals })
}

fn show_several(session: &Session, survey: &Survey, found: &[Assessment<'_>]) -> Result<(), Error> {
    let text = match for_scripts(session, found, Some(&session.target.namespace))? {
        Some(text) => text,
        None if found.is_empty() => format!("{}\n", within(&session.nothing_selected())),
        None => session.rows_of_all(survey, found) + &session.told_of_several(Stream::Out, found),
    };
    session.terminal.print(&text)
}

/// The claims in the format that was asked for; none in a table's. Without a namespace they are those of the whole cluster.
fn for_scripts(session: &Session, found: &[Assessment<'_>], namespace: Option<&str>) -> Result<Option<String>, Error> {
    if session.output.format == Some(Format::Name) {
        let line = |found: &Assessment<'_>| format!("persistentvolumeclaim/{}\n", found.situation.target.name);
        return Ok(Some(found.iter().map(line).collect()));
    }
    let items = found.iter().map(|found| {
        let target = found.situation.target;
        Document::new("Status", target, session.of(target).standing(found))
    });
    session.output.object(&session.list("StatusList", found, namespace, items.collect()))
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
        let mut seen = match session.cluster.observe(&session.target, None, Reach::All, Fresh::Cached).await {
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
        match session.ask_driver(&mut seen).await {
            Err(error) if watch && error.is_passing() => {}
            outcome => outcome?,
        }
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
