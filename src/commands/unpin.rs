//! `unpin`: removes `volumeName:` from the chart's template of the claim.

use std::path::Path;

use clap::Args;

use super::flags::{EditFlags, PATIENCE};
use super::pin;
use crate::error::Error;
use crate::session::Session;
use crate::template::Pin;
use crate::terminal::{Terminal, Tone};
use crate::words::error::within;
use crate::words::question::{Notice, notice};

/// Remove `volumeName` from the claim's chart template
///
/// While a claim that was made from the pinned template exists, `helm upgrade` of the unpinned chart fails.
/// Warns where there is such a claim.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  # Before the claim is deleted for good\n  kubectl glancepv unpin -f glance/templates/pvc-images.yaml"
)]
pub struct Unpin {
    /// The edit
    #[command(flatten)]
    pub edit: EditFlags,
}

/// Runs `unpin` for `claim`: warns, then edits. A cluster is not needed; one that can be reached is asked for the
/// claim.
pub async fn run(
    terminal: Terminal,
    claim: &str,
    arguments: &Unpin,
    session: impl Future<Output = Result<Session, Error>>,
) -> Result<(), Error> {
    if arguments.edit.template != Path::new(pin::STANDARD) {
        let pinned = async {
            let session = session.await?;
            let found = session.cluster.claim(&session.target).await?;
            Ok::<_, Error>(found.is_some_and(|read| read.facts.pinned).then_some(session.target))
        };
        let warn = |warning: &Notice<'_>| terminal.headline(Tone::Warning, "warning", &notice(warning));
        match tokio::time::timeout(PATIENCE, pinned).await {
            Ok(Ok(Some(target))) => warn(&Notice::UnpinBreaks(&target)),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => warn(&Notice::UnpinMayBreak { claim, why: &within(&error) }),
            Err(_) => warn(&Notice::UnpinMayBreak { claim, why: "no response" }),
        }
    }
    pin::apply(terminal, claim, Pin::Off, &arguments.edit).await
}
