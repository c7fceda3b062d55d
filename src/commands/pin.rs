//! `pin`: the `volumeName:` line in the chart's template of the claim.

use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::{Error, FileProblem};
use crate::kubectl::asked::{Asked, asks};
use crate::session::draft::{Draft, edited};
use crate::session::flags::{AskFlags, name};
use crate::template::Pin as Wanted;
use crate::terminal::Terminal;

/// The name that stands for standard input and output.
pub const STANDARD: &str = "-";

/// Name the volume in the chart's template of the claim
///
/// Adds or replaces the one line `volumeName: PV` in the spec of the claim; no other byte of the
/// file changes. With PV no cluster is asked. A pin is for the next fresh install: the spec of
/// a claim that is bound cannot change.
#[derive(Args, Debug)]
pub struct Pin {
    /// The volume; by default the one that was the claim's
    #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
    pub volume: Option<String>,
    /// The template; - filters standard input to standard output
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = asks(Asked::Templates))]
    pub template: PathBuf,
    /// How the change is made
    #[command(flatten)]
    pub change: AskFlags,
}

/// Edits the template of `claim`; `-` is a filter, which asks nothing.
pub async fn run(
    terminal: Terminal,
    claim: &str,
    template: &Path,
    pin: Wanted<'_>,
    flags: &AskFlags,
) -> Result<(), Error> {
    if template == Path::new(STANDARD) {
        let mut text = String::new();
        let name = "standard input";
        stdin().read_to_string(&mut text).map_err(|error| Error::file(name, FileProblem::Io(error)))?;
        return terminal.print(&edited(name, &text, claim, pin)?.text);
    }
    let done = Draft::new(claim, template, pin)?.write(terminal, flags).await?;
    terminal.print(&done)
}
