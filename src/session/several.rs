//! Output of several claims after a change, and of those that failed.

use jiff::Timestamp;
use serde_json::Value;

use super::Session;
use super::consent::DryRun;
use super::planned::Many;
use super::report::{screen, volume_line};
use super::select::Selection;
use crate::cluster::{Observation, Read, Row, Survey};
use crate::error::Error;
use crate::kubectl::output::{Format, list, without_managed_fields};
use crate::lifecycle::{Target, Verb, Volume, member};
use crate::terminal::{Stream, Tone};
use crate::words::error::{hints, message};
use crate::words::next::Shown;
use crate::words::question::{Notice, notice};
use crate::words::stage::claims;

impl Session {
    /// Prints `persistentvolume/NAME patched`.
    pub(super) fn announce(&self, volume: &str) -> Result<(), Error> {
        let outcome = match self.consent.dry_run {
            DryRun::None => " patched",
            DryRun::Client => " patched (dry run)",
            DryRun::Server => " patched (server dry run)",
        };
        match self.output.format {
            None | Some(Format::Wide) => self.terminal.print(&volume_line(volume, outcome)),
            Some(Format::Name) => self.terminal.print(&volume_line(volume, "")),
            Some(Format::Json | Format::Yaml) => Ok(()),
        }
    }

    /// Prints the volumes as they have become, as a `List` or with `-o wide` as rows. A script gets those that were as asked
    /// already, too; a person has seen them in the table.
    pub(super) fn print_volumes(
        &self,
        changed: &[Read<Volume>],
        done: &[(Target, String)],
        all: &[Observation],
    ) -> Result<(), Error> {
        let mut rows: Vec<&Row> = changed.iter().map(|read| &*read.row).collect();
        for (target, name) in done.iter().filter(|_| !self.output.is_table()) {
            let read = all.iter().find(|seen| seen.target == *target).and_then(|seen| seen.volume(name));
            rows.extend(read.map(|read| &*read.row));
            self.announce(name)?;
        }
        if self.output.is_wide() {
            return self.terminal.print(&self.table(&rows));
        }
        let items: Vec<Value> = rows.iter().map(|row| without_managed_fields(&row.object)).collect();
        self.output.object(&list(&items))?.iter().try_for_each(|text| self.terminal.print(text))
    }

    /// Tells people of the claims that were selected and are left as they are.
    pub(super) fn tell_left(&self, many: Many, left: &[Target]) {
        for target in left.iter().filter(|_| self.output.is_table()) {
            let left = if many == Many::Retain { Notice::WithoutVolume(target) } else { Notice::NotDeleted(target) };
            self.terminal.note(&notice(&left));
        }
    }

    /// Tells people where the claims stand now.
    pub(super) fn tell_survey(&self, survey: &Survey) {
        if self.output.is_table() && self.consent.dry_run == DryRun::None {
            let told = self.told_of_several(Stream::Err, &survey.assess());
            let _ = self.terminal.say(Stream::Err, &told);
        }
    }

    /// Tells the failures of several claims; an error if there are any, or some were not tried.
    pub fn some_failed(
        &self,
        verb: Verb,
        failed: Vec<(Target, Error)>,
        not_tried: Vec<Target>,
        of: usize,
    ) -> Result<(), Error> {
        if failed.is_empty() && not_tried.is_empty() {
            return Ok(());
        }
        // Naming claims of a set would take it in part, once one of them can be taken and another not.
        let named = self.selection.named();
        let of_set = |(target, error): &(Target, Error)| {
            let selected = member(&target.name).is_some() && !named.contains(&target.name.as_str());
            selected && matches!(error, Error::Refused(_) | Error::TimedOut(..))
        };
        let repeats = verb == Verb::Reuse && failed.iter().any(of_set);
        let failed = self.tell_failures(failed);
        let mut left = Vec::new();
        for target in not_tried {
            if !failed.contains(&target) && !left.contains(&target) {
                left.push(target);
            }
        }
        let by_name = matches!(self.selection, Selection::Owned { .. });
        let verb = if repeats && by_name { Verb::Status } else { verb };
        Err(Error::SomeFailed { verb, failed, not_tried: left, of, repeats })
    }

    /// Tells each failure with its claim, equal ones once; the claims.
    fn tell_failures(&self, failed: Vec<(Target, Error)>) -> Vec<Target> {
        let mut told: Vec<(String, Vec<Target>, Vec<Shown>)> = Vec::new();
        for (target, error) in failed {
            let text = message(&error);
            // A claim that exists elsewhere has a line of its own; for all others there is one at the end.
            let is_absent = matches!(&error, Error::OfClaims(_, error) if matches!(**error, Error::Absent { .. }));
            let hints = if is_absent { hints(&error, &self.typed, Timestamp::now()) } else { Vec::new() };
            match told.iter_mut().find(|(known, ..)| *known == text) {
                Some((_, targets, _)) => targets.push(target),
                None => told.push((text, vec![target], hints)),
            }
        }
        for (text, targets, hints) in &told {
            let names: Vec<_> =
                targets.iter().map(|target| target.name.as_str()).filter(|name| !name.is_empty()).collect();
            let text = text.strip_prefix("error: ").unwrap_or(text);
            let text = match names.len() {
                0 => text.to_owned(),
                1 => format!("{}: {text}", claims(&names)),
                count => format!("{} ({count}): {text}", claims(&names)),
            };
            self.terminal.headline(Tone::Bad, "error", &text);
            let _ = self.terminal.say(Stream::Err, &screen(self.terminal, Stream::Err, hints));
        }
        let mut targets: Vec<Target> = Vec::new();
        for target in told.into_iter().flat_map(|(_, targets, _)| targets) {
            // A release that owns nothing has no claim's name.
            if target.name.is_empty() || !targets.contains(&target) {
                targets.push(target);
            }
        }
        targets
    }
}
