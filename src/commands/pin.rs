//! `pin` and `unpin`: the `volumeName:` line in the chart's template of the claim.

use std::io::{Read, stdin};
use std::path::Path;

use similar::TextDiff;

use crate::cli::{AskFlags, DryRun};
use crate::error::Error;
use crate::file::{Original, failure};
use crate::template::{Edited, Pin, edit};
use crate::terminal::Terminal;

/// The name that stands for standard input and output.
const STANDARD: &str = "-";

/// Edits the template of `claim`; `-` is a filter, which asks nothing.
pub async fn run(
    terminal: Terminal,
    claim: &str,
    template: &Path,
    pin: Pin<'_>,
    flags: &AskFlags,
) -> Result<(), Error> {
    if template == Path::new(STANDARD) {
        let mut text = String::new();
        stdin().read_to_string(&mut text).map_err(|error| failure("standard input", None, error.to_string(), None))?;
        return terminal.print(&edited("standard input", &text, claim, pin)?.text);
    }
    let done = Draft::new(claim, template, pin)?.write(terminal, flags).await?;
    terminal.print(&done)
}

/// An edit that is worked out and not yet written.
pub struct Draft {
    original: Original,
    edited: Edited,
    done: &'static str,
}

impl Draft {
    /// Reads the template and works the edit out.
    pub fn new(claim: &str, template: &Path, pin: Pin<'_>) -> Result<Self, Error> {
        let original = Original::read(template)?;
        let edited = edited(&original.name, &original.text, claim, pin)?;
        Ok(Self { original, edited, done: if pin == Pin::Off { "unpinned" } else { "pinned" } })
    }

    /// Shows the edit, gets a yes to it, and writes it; the line that says so.
    pub async fn write(&self, terminal: Terminal, flags: &AskFlags) -> Result<String, Error> {
        let (name, done) = (&self.original.name, self.done);
        if self.edited.line.is_none() {
            return Ok(format!("{name} {done} (no change)\n"));
        }
        let needed = flags.dry_run == DryRun::None && !flags.yes;
        if needed && !terminal.is_interactive() {
            return Err(Error::NoTerminal(format!("write {name}")));
        }
        terminal.note(self.diff().trim_end());
        if needed && !terminal.confirm("Write it?").await? {
            return Err(Error::Declined(format!("{name} was not written")));
        }
        if flags.dry_run != DryRun::None {
            return Ok(format!("{name} {done} (dry run)\n"));
        }
        self.original.replace(&self.edited.text)?;
        Ok(format!("{name} {done}\n"))
    }

    /// The line where the template would be pinned, counted from 1; an error if it cannot be. Asked
    /// before anything has changed, when the volume may not be known yet.
    pub fn place(claim: &str, template: &Path) -> Result<usize, Error> {
        let draft = Self::new(claim, template, Pin::To("a-volume"))?;
        Ok(draft.edited.line.unwrap_or_default())
    }

    /// Whether the template is not yet as asked.
    pub fn is_change(&self) -> bool {
        self.edited.line.is_some()
    }

    fn diff(&self) -> String {
        let diff = TextDiff::from_lines(&self.original.text, &self.edited.text);
        diff.unified_diff().context_radius(3).header(&self.original.name, &self.original.name).to_string()
    }
}

fn edited(name: &str, text: &str, claim: &str, pin: Pin<'_>) -> Result<Edited, Error> {
    edit(text, claim, pin).map_err(|misfit| failure(name, misfit.line, misfit.message, misfit.hint))
}
