//! `unpin`: the `volumeName:` line taken out of the chart's template of the claim.

use std::path::PathBuf;

use clap::Args;

use crate::session::flags::AskFlags;

/// Take the line away that `pin` added
#[derive(Args, Debug)]
pub struct Unpin {
    /// The template; - filters standard input to standard output
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE")]
    pub template: PathBuf,
    /// How the change is made
    #[command(flatten)]
    pub change: AskFlags,
}
