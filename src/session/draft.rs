//! Edits of the claim's chart template: computed, shown, confirmed, written.

use std::path::Path;

use similar::TextDiff;

use super::Session;
use super::consent::{Consent, DryRun};
use crate::error::{Action, Error, FileProblem};
use crate::file::Original;
use crate::template::{Edited, Pin, edit};
use crate::terminal::Terminal;
use crate::words::question::{Notice, notice};

/// An edit that is not yet written.
pub struct Draft {
    claim: String,
    original: Original,
    edited: Edited,
    pins: bool,
}

impl Draft {
    /// Reads the template of `claim` and computes the edit.
    pub fn new(claim: &str, template: &Path, pin: Pin<'_>) -> Result<Self, Error> {
        let original = Original::read(template)?;
        let edited = edited(&original.name, &original.text, claim, pin)?;
        Ok(Self { claim: claim.to_owned(), original, edited, pins: pin != Pin::Off })
    }

    /// Shows the edit, asks for confirmation and writes it; returns the line that says so.
    pub async fn write(&self, terminal: Terminal, consent: Consent) -> Result<String, Error> {
        let (name, done) = (&self.original.name, if self.pins { "pinned" } else { "unpinned" });
        if self.edited.line.is_none() {
            return Ok(format!("{name} {done} (no change)\n"));
        }
        let show = || {
            terminal.show_change(self.diff().trim_end());
            if self.pins {
                terminal.note(&notice(&Notice::PinStays));
            }
        };
        let (file, claim, document) = (name.clone(), self.claim.clone(), self.edited.name.clone());
        consent.agree(terminal, Action::Write { file, claim, document, pins: self.pins }, show).await?;
        if consent.dry_run != DryRun::None {
            return Ok(format!("{name} {done} (dry run)\n"));
        }
        self.original.replace(&self.edited.text)?;
        Ok(format!("{name} {done}\n"))
    }

    /// The line at which the template would be pinned, counted from 1; an error if it cannot be. It is checked
    /// before anything is changed, when the volume may not be known yet.
    pub fn place(claim: &str, template: &Path) -> Result<usize, Error> {
        let draft = Self::new(claim, template, Pin::To("a-volume"))?;
        Ok(draft.edited.line.unwrap_or_default())
    }

    /// True if the template is not yet as asked.
    pub fn is_change(&self) -> bool {
        self.edited.line.is_some()
    }

    fn diff(&self) -> String {
        let diff = TextDiff::from_lines(&self.original.text, &self.edited.text);
        diff.unified_diff()
            .context_radius(3)
            .header(&self.original.name, &self.original.name)
            .to_string()
            .replace("\r\n", "\n")
    }
}

/// The text after the edit; `name` is that of the file, for errors.
pub fn edited(name: &str, text: &str, claim: &str, pin: Pin<'_>) -> Result<Edited, Error> {
    edit(text, claim, pin).map_err(|misfit| Error::file(name, FileProblem::Template(misfit)))
}

impl Session {
    /// Pins `volume` in the template, and tells people.
    pub async fn pin(&self, volume: &str, template: &Path) -> Result<(), Error> {
        let draft = Draft::new(&self.target.name, template, Pin::To(volume))?;
        let done = draft.write(self.terminal, self.consent).await?;
        if self.output.is_table() { self.terminal.print(&done) } else { Ok(()) }
    }
}
