//! `unpin`: the `volumeName:` line taken out of the chart's template of the claim.

use std::path::{Path, PathBuf};

use clap::Args;

use super::pin;
use crate::error::Error;
use crate::kubectl::asked::{TEMPLATES, suggests};
use crate::session::Session;
use crate::session::flags::{AskFlags, PATIENCE};
use crate::template::Pin;
use crate::terminal::{Terminal, Tone};
use crate::words::error::within;
use crate::words::question;

/// Remove `volumeName` from the claim's chart template
///
/// While a claim that was made from the pinned template exists, `helm upgrade` of the unpinned chart fails.
/// Warns where there is such a claim.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Before the claim is deleted for good\n  kubectl glancepv unpin -f glance/templates/pvc-images.yaml"
)]
pub struct Unpin {
    /// Template file; `-` reads stdin and writes stdout
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = suggests(TEMPLATES))]
    pub template: PathBuf,
    /// How the change is made
    #[command(flatten)]
    pub change: AskFlags,
}

/// Warns, then edits the template of `claim`. It needs no cluster, though it asks one that is in reach.
pub async fn run(
    terminal: Terminal,
    claim: &str,
    arguments: &Unpin,
    session: impl Future<Output = Result<Session, Error>>,
) -> Result<(), Error> {
    if arguments.template != Path::new(pin::STANDARD) {
        let asked = async {
            let session = session.await?;
            let found = session.cluster.claim(&session.target).await?;
            Ok::<_, Error>(found.is_some_and(|read| read.facts.pinned).then(|| session.target.key()))
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Some(key))) => terminal.headline(Tone::Bad, "warning", &question::unpin_breaks(&key)),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                terminal.headline(Tone::Bad, "warning", &question::unpin_may_break(claim, &within(&error)));
            }
            Err(_) => terminal.headline(Tone::Bad, "warning", &question::unpin_may_break(claim, "no response")),
        }
    }
    pin::run(terminal, claim, &arguments.template, Pin::Off, &arguments.change).await
}
