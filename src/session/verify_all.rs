//! `verify` of several claims: under one deadline, each claim is Reused or Retained, and one at least is Reused.

use jiff::Timestamp;

use super::Session;
use super::overview::VerificationList;
use super::report::{Document, volume_line};
use super::select::Selection;
use super::verbs::Verification;
use super::wait::{Limit, Wait};
use crate::cluster::{Fresh, Survey, Watched};
use crate::error::Error;
use crate::kubectl::output::Format;
use crate::lifecycle::{Assessment, Reason, Refusal, Remedy, Stage, Target, Verb, verify};
use crate::terminal::Stream;
use crate::words::age::age;
use crate::words::question::{Notice, notice};
use crate::words::wait::Awaited;

impl Session {
    /// Waits up to `limit`, then tells whether every claim of the selection has its preserved volume, or was never deleted.
    pub async fn verify_all(&self, limit: Option<Limit>) -> Result<(), Error> {
        let first = self.survey(Fresh::Consistent).await?;
        let missing = match self.selection {
            Selection::Releases(_) => self.missing(&first.claims).await,
            _ => Vec::new(),
        };
        let session = &self.settled(&first);
        session.verify_settled(limit, first, missing).await.map_err(|error| session.owned(Verb::Verify, error))
    }

    async fn verify_settled(
        &self,
        limit: Option<Limit>,
        first: Survey,
        missing: Vec<(Target, Error)>,
    ) -> Result<(), Error> {
        let namespace = &self.target.namespace;
        let known = first.with_volumes();
        let mut wait = Wait::new(self, Awaited::ClaimBound, limit.clone());
        let (mut survey, mut versions) = (first, None);
        let in_time = loop {
            let found = survey.assess();
            let refused = refused(&found);
            let waits = |refusal: &&Refusal| refusal.reason.remedy() == Remedy::Wait;
            let Some(first) = refused.iter().find(waits).filter(|_| wait.has_limit()) else {
                drop(found);
                self.ask_driver_of_all(&mut survey).await?;
                break true;
            };
            wait.count(&first.target, found.len() - refused.len(), found.len());
            if let Some(versions) = versions.take()
                && !wait.until(Watched::Any(namespace, &versions)).await?
            {
                break false;
            }
            match wait.read(async || self.survey_and_versions().await).await {
                Ok((read, now)) => (versions, survey) = (Some(read), now),
                Err(_) if wait.is_over() => break false,
                Err(error) => return Err(error),
            }
        };
        let refused = refused(&survey.assess());
        if in_time {
            wait.end(refused.is_empty());
        }
        let missing = self.all_missing(missing, &known, &survey).await;
        let timed_out = limit.filter(|_| !in_time).map(|limit| limit.typed);
        self.tell_verified(&survey, refused, missing, timed_out.as_deref())
    }

    /// The names that are nowhere, and the claims that were there at the first look and are not now.
    async fn all_missing(
        &self,
        missing: Vec<(Target, Error)>,
        known: &[Target],
        survey: &Survey,
    ) -> Vec<(Target, Error)> {
        let mut nowhere = missing;
        nowhere.extend(self.missing(&survey.claims).await);
        for (target, error) in self.vanished(known, survey).await {
            if nowhere.iter().all(|(known, _)| *known != target) {
                nowhere.push((target, error));
            }
        }
        nowhere
    }

    /// Tells people and scripts; an error if a claim is refused or missing.
    fn tell_verified(
        &self,
        survey: &Survey,
        refused: Vec<Refusal>,
        missing: Vec<(Target, Error)>,
        timed_out: Option<&str>,
    ) -> Result<(), Error> {
        let found = survey.assess();
        let verified = refused.is_empty() && missing.is_empty();
        let failed = refused.into_iter().map(|refusal| {
            let target = refusal.target.clone();
            match timed_out.filter(|_| refusal.reason.remedy() == Remedy::Wait) {
                Some(limit) => (target, Error::TimedOut(limit.to_owned(), refusal)),
                None => (target, refusal.into()),
            }
        });
        let failed: Vec<(Target, Error)> = failed.collect();
        let items = found.iter().map(|found| {
            let target = found.situation.target;
            let refusal = failed.iter().find(|(refused, _)| refused == target).map(|(_, error)| error);
            Document::new("Verification", target, Verification::new(self.of(target).standing(found), refusal))
        });
        let items = items.collect();
        let list = self.list("VerificationList", &found, Some(&self.target.namespace), items);
        let list = VerificationList { list, verified };
        let text = match self.output.object(&list)? {
            Some(text) => text,
            None if self.output.format == Some(Format::Name) => {
                let volumes = found.iter().filter_map(|found| found.volume);
                volumes.map(|volume| volume_line(&volume.name, "")).collect()
            }
            None => {
                // Those that are Retained are told by their age.
                self.rows_of_all(survey, &found) + &self.told_with(Stream::Out, &found, |_| !verified)
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
        self.some_failed(Verb::Verify, failed.into_iter().chain(missing).collect(), Vec::new(), of)
    }
}

/// The claims that are neither Reused nor Retained, or for which another volume is kept; all if none is Reused.
fn refused(found: &[Assessment<'_>]) -> Vec<Refusal> {
    let reused = found.iter().any(|found| found.stage == Stage::Reused);
    let refusal = |found: &Assessment<'_>| {
        let target = found.situation.target.clone();
        let unused = || found.situation.preserved().iter().map(|v| v.name.clone()).collect::<Vec<_>>();
        match verify(&found.situation) {
            _ if reused && found.stage == Stage::Retained => None,
            Err(refusal) => Some(refusal),
            Ok(_) if unused().is_empty() => None,
            Ok(_) => Some(Refusal { target, reason: Reason::Unused(unused()), next: Vec::new() }),
        }
    };
    found.iter().filter_map(refusal).collect()
}
