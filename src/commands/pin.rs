//! `pin`: adds or replaces `volumeName:` in the chart's template of the claim.

use std::io::stdin;
use std::path::Path;

use clap::Args;

use super::flags::{EditFlags, VolumeArg};
use crate::error::{Error, FileProblem};
use crate::lifecycle::Verb;
use crate::session::Session;
use crate::session::draft::{Draft, edited};
use crate::template::Pin as Wanted;
use crate::terminal::{Terminal, interruptible};

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
    /// The volume
    #[command(flatten)]
    named: VolumeArg,
    /// The edit
    #[command(flatten)]
    pub edit: EditFlags,
}

/// Runs `pin` for `claim`; `session` is awaited only if the volume has to be looked up.
pub async fn run(
    terminal: Terminal,
    claim: &str,
    arguments: &Pin,
    session: impl Future<Output = Result<Session, Error>>,
) -> Result<(), Error> {
    let volume = match &arguments.named.volume {
        Some(volume) => volume.clone(),
        None => session.await?.preserved(None, Verb::Pin).await?.1,
    };
    apply(terminal, claim, Wanted::To(&volume), &arguments.edit).await
}

/// Edits the template of `claim`; `-` is a filter, which asks nothing.
pub async fn apply(terminal: Terminal, claim: &str, wanted: Wanted<'_>, flags: &EditFlags) -> Result<(), Error> {
    if flags.template == Path::new(STANDARD) {
        let name = "standard input";
        let text = interruptible(|| std::io::read_to_string(stdin())).await;
        let text = text.map_err(|error| Error::file(name, FileProblem::Io(error)))?;
        return terminal.print(&edited(name, &text, claim, wanted)?.text);
    }
    let done = Draft::new(claim, &flags.template, wanted)?.write(terminal, (&flags.consent).into()).await?;
    terminal.print(&done)
}
