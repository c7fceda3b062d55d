//! `pin`: the `volumeName:` line in the chart's template of the claim.

use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::{Error, FileProblem};
use crate::kubectl::asked::{TEMPLATES, VOLUMES, suggests};
use crate::session::draft::{Draft, edited};
use crate::session::flags::{AskFlags, name};
use crate::template::Pin as Wanted;
use crate::terminal::Terminal;

/// The name that stands for standard input and output.
pub const STANDARD: &str = "-";

/// Add `volumeName: PV` to the claim's chart template
///
/// Changes that one line only. With PV, needs no cluster. Takes effect for a new claim: the spec of an
/// existing one is immutable. Needed only where the new claim would not fit the volume.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Show the edit without making it\n  kubectl glancepv pin -n openstack -f glance/templates/pvc-images.yaml --dry-run=client\n  \n  # As a filter, without a cluster\n  helm template glance ./glance | kubectl glancepv pin PV -f -"
)]
pub struct Pin {
    /// PersistentVolume [default: the one last bound to the claim]
    #[arg(value_name = "PV", value_parser = name, add = suggests(VOLUMES))]
    pub volume: Option<String>,
    /// Template file; `-` reads stdin and writes stdout
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = suggests(TEMPLATES))]
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
