//! `verify` of several claims: under one deadline, each claim is Reused or Retained, and one at least is Reused.

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::Session;
use super::overview::VerificationList;
use super::wait::Limit;
use crate::cluster::{Fresh, Observation};
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::lifecycle::{Assessment, Refusal, Remedy, Stage, Verb, verify};
use crate::terminal::{Progress, Stream};
use crate::words::age::age;
use crate::words::question::{Notice, notice};
use crate::words::wait::several;

impl Session {
    /// Waits up to `limit`, then tells whether every claim of the selection has its preserved volume, or was never deleted.
    pub async fn verify_all(&self, limit: Option<Limit>) -> Result<(), Error> {
        let limit = limit.filter(|limit| !limit.time.is_zero());
        let begun = Instant::now();
        let mut progress = self.terminal.progress();
        loop {
            let deadline = limit.as_ref().map(|limit| begun + limit.time).filter(|deadline| Instant::now() < *deadline);
            // Whatever changes while the claims are read is seen by the watch.
            let versions = match deadline {
                Some(_) => Some(self.cluster.versions(&self.target.namespace).await?),
                None => None,
            };
            let all = self.survey(Fresh::Consistent).await?;
            let found: Vec<Assessment<'_>> = all.iter().map(Observation::assess).collect();
            let refused = refused(&found);
            let waits = refused.iter().any(|refusal| refusal.reason.remedy() == Remedy::Wait);
            if let (Some(deadline), Some(versions), true) = (deadline, versions, waits) {
                let typed = limit.as_ref().map_or("", |limit| &limit.typed);
                let bound = found.len() - refused.len();
                self.await_change(deadline, &versions, &mut progress, |elapsed| {
                    several(bound, found.len(), elapsed, typed)
                })
                .await?;
                continue;
            }
            progress.leave();
            return self.tell_verified(&all, &found, refused).await;
        }
    }

    /// Waits until a claim or a volume changes, and shows a line meanwhile.
    async fn await_change(
        &self,
        deadline: Instant,
        versions: &[String; 2],
        progress: &mut Progress,
        text: impl Fn(std::time::Duration) -> String,
    ) -> Result<(), Error> {
        let begun = Instant::now();
        let changed = self.cluster.any_changed(&self.target.namespace, versions);
        let mut changed = std::pin::pin!(timeout_at(deadline, changed));
        let mut ticks = tokio::time::interval(Progress::EVERY);
        loop {
            tokio::select! {
                outcome = &mut changed => return outcome.unwrap_or(Ok(())),
                _ = ticks.tick(), if progress.is_shown() => progress.tick(&text(begun.elapsed())),
            }
        }
    }

    async fn tell_verified(
        &self,
        all: &[Observation],
        found: &[Assessment<'_>],
        refused: Vec<Refusal>,
    ) -> Result<(), Error> {
        let missing = self.missing(all).await;
        let verified = refused.is_empty() && missing.is_empty();
        let list =
            VerificationList { verified, list: self.list("VerificationList", found, Some(&self.target.namespace)) };
        let text = match self.output.object(&list)? {
            Some(text) => text,
            None if self.output.format == Some(Format::Name) => {
                let volumes = found.iter().filter_map(|found| found.volume);
                volumes.map(|volume| super::report::volume_line(&volume.name, "")).collect()
            }
            None => {
                self.overview(found, false) + &self.told_of_several(Stream::Out, found, Some(&self.target.namespace))
            }
        };
        self.terminal.print(&text)?;
        let never_deleted = found.iter().filter(|found| found.stage == Stage::Retained && verified);
        for found in never_deleted.filter(|_| self.output.is_table()) {
            let created = found.situation.claim.and_then(|claim| claim.created);
            let age = age(created, Timestamp::now());
            self.terminal.note(&notice(&Notice::NeverDeleted(found.situation.target, &age)));
        }
        let of = found.len() + missing.len();
        let failed =
            refused.into_iter().map(|refusal| (refusal.target.clone(), refusal.into())).chain(missing).collect();
        self.some_failed(Verb::Verify, failed, Vec::new(), of)
    }
}

/// The claims that are neither Reused nor Retained; all if none is Reused.
fn refused(found: &[Assessment<'_>]) -> Vec<Refusal> {
    let reused = found.iter().any(|found| found.stage == Stage::Reused);
    let wanted = found.iter().filter(|found| !(reused && found.stage == Stage::Retained));
    wanted.filter_map(|found| verify(&found.situation).err()).collect()
}
