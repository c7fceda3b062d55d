//! Every argument and help text; no logic.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cluster::api::is_name;
use crate::kubectl::completion::{Asked, Script, asks};
use crate::kubectl::connection::Connection;
use crate::kubectl::output::Format;
use crate::terminal::Color;

/// Keep Glance's images when Glance is uninstalled, and reuse them when it is installed again
///
/// The procedure: retain, uninstall glance, reuse, install glance, verify. `status` says at any
/// time where you are in it and what to type next.
#[derive(Parser, Debug)]
#[command(name = "kubectl-glancepv", bin_name = "kubectl glancepv", version, propagate_version = true)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command
    #[command(flatten)]
    pub shared: Shared,
    /// How to reach the cluster
    #[command(flatten)]
    pub connection: Connection,
}

/// The verbs.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Show the claim, its volumes, where they stand in the procedure and what to type next
    Status {
        /// Go on, and show it again whenever it has changed
        #[arg(short, long)]
        watch: bool,
    },
    /// Say before a maintenance window whether anything stands in the way
    ///
    /// One line a check: the API server, the rights that later steps need, claim and volume, the
    /// policy, Helm, the storage class, the pods, the template. Exits 0 when nothing stands in the way.
    Check {
        /// See whether this template can be pinned
        #[arg(short = 'f', long = "filename", value_name = "TEMPLATE")]
        template: Option<PathBuf>,
    },
    /// Set the volume's reclaim policy to Retain, so that it outlives its claim
    ///
    /// Exits 0 only when the policy is Retain, so `kubectl glancepv retain && UNINSTALL` never
    /// uninstalls after a refusal or a declined prompt.
    Retain {
        /// The volume; by default the claim's own
        #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
        volume: Option<String>,
        /// How the change is made
        #[command(flatten)]
        change: ChangeFlags,
    },
    /// Set the volume's reclaim policy back to Delete
    ///
    /// Only while claim and volume are bound to each other. Exits 0 when the policy is Delete.
    Unretain {
        /// The volume; by default the claim's own
        #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
        volume: Option<String>,
        /// How the change is made
        #[command(flatten)]
        change: ChangeFlags,
    },
    /// Make the preserved volume available to the next claim of that name
    ///
    /// Clears claimRef.uid and claimRef.resourceVersion, and nothing else, once the claim is gone.
    /// Exits 0 when the volume is Available and reserved for the claim.
    Reuse {
        /// The volume; by default the one that was the claim's
        #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
        volume: Option<String>,
        /// Then pin the volume in this template, as `pin` does
        #[arg(short = 'f', long = "filename", value_name = "TEMPLATE")]
        template: Option<PathBuf>,
        /// Wait this long for the claim to be gone (90s, 10m, 1h30m); without it, not at all
        #[arg(long, value_name = "D", value_parser = duration)]
        timeout: Option<Duration>,
        /// How the change is made
        #[command(flatten)]
        change: ChangeFlags,
    },
    /// Name the volume in the chart's template of the claim
    ///
    /// Adds or replaces the one line `volumeName: PV` in the spec of the claim; no other byte of the
    /// file changes. With PV no cluster is asked. A pin is for the next fresh install: the spec of
    /// a claim that is bound cannot change.
    Pin {
        /// The volume; by default the one that was the claim's
        #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
        volume: Option<String>,
        /// The template; - filters standard input to standard output
        #[arg(short = 'f', long = "filename", value_name = "TEMPLATE")]
        template: PathBuf,
        /// How the change is made
        #[command(flatten)]
        change: AskFlags,
    },
    /// Take the line away that `pin` added
    Unpin {
        /// The template; - filters standard input to standard output
        #[arg(short = 'f', long = "filename", value_name = "TEMPLATE")]
        template: PathBuf,
        /// How the change is made
        #[command(flatten)]
        change: AskFlags,
    },
    /// Say whether the claim is bound to the preserved volume
    ///
    /// Exits 0 when claim and volume are bound to each other by name and by UID, the policy is
    /// Retain, and the volume is PV if named, else one older than its claim.
    Verify {
        /// The volume that must be bound; by default any that is older than the claim
        #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
        volume: Option<String>,
        /// Wait this long for the claim to be bound (90s, 10m, 1h30m); without it, not at all
        #[arg(long, value_name = "D", value_parser = duration)]
        timeout: Option<Duration>,
    },
    /// Walk through the whole procedure, from wherever it stands to the end
    ///
    /// Finds the stage, offers the next step, runs the commands that are given or waits until
    /// somebody has run them elsewhere. It may be interrupted anywhere and goes on from the cluster's
    /// state. Exits 0 as verify does.
    Guide {
        /// Pin the volume in this template
        #[arg(short = 'f', long = "filename", value_name = "TEMPLATE")]
        template: Option<PathBuf>,
        /// The command that uninstalls glance, run by the shell
        #[arg(long, value_name = "CMD")]
        uninstall: Option<String>,
        /// The command that installs glance, run by the shell
        #[arg(long, value_name = "CMD")]
        install: Option<String>,
        /// How long to wait for each step that is done elsewhere; by default, for days
        #[arg(long, value_name = "D", value_parser = duration)]
        timeout: Option<Duration>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// The name that the API server records as the author of the changes
        #[arg(long, value_name = "NAME", default_value = "kubectl-glancepv", value_parser = manager)]
        field_manager: String,
    },
    /// Print the volume as a manifest that `kubectl apply` creates again
    ///
    /// For a cluster that has lost the object. Nothing that ties it to a claim's UID is in it; it is
    /// reserved by name.
    Export {
        /// The volume; by default the one that is, or was, the claim's
        #[arg(value_name = "PV", value_parser = name, add = asks(Asked::Volumes))]
        volume: Option<String>,
    },
    /// Print a script for tab completion
    ///
    /// `kubectl` is for the file `kubectl_complete-glancepv`: put on PATH and made executable, it lets
    /// kubectl itself complete `kubectl glancepv` in every shell that it completes in. The others are
    /// for the program's own name, `kubectl-glancepv`.
    Completion {
        /// The shell, or kubectl
        script: Script,
    },
}

/// How a change is agreed to.
#[derive(Args, Clone, Debug)]
pub struct AskFlags {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Show the change without making it: worked out here, or gone through by the server
    #[arg(long, value_enum, value_name = "none|client|server", default_value = "none", hide_possible_values = true)]
    pub dry_run: DryRun,
}

/// Flags of the commands that change something in the cluster.
#[derive(Args, Clone, Debug)]
pub struct ChangeFlags {
    /// How it is agreed to
    #[command(flatten)]
    pub ask: AskFlags,
    /// The name that the API server records as the author of the change
    #[arg(long, value_name = "NAME", default_value = "kubectl-glancepv", value_parser = manager)]
    pub field_manager: String,
}

/// Who works out what a change would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Nobody: the change is made
    None,
    /// The plugin
    Client,
    /// The API server, which then forgets it
    Server,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
pub struct Shared {
    /// The claim's namespace; by default the context's own, the pod's, or else openstack
    #[arg(short, long, global = true, value_name = "NAME", value_parser = name, add = asks(Asked::Namespaces))]
    pub namespace: Option<String>,
    /// The claim's name
    #[arg(long, global = true, value_name = "NAME", env = "GLANCEPV_CLAIM", default_value = DEFAULT_CLAIM, value_parser = name, add = asks(Asked::Claims))]
    pub claim: String,
    /// The output format; by default a table
    #[arg(short, long, global = true, value_enum, value_name = "wide|name|json|yaml", hide_possible_values = true)]
    pub output: Option<Format>,
    /// Tables without their header
    #[arg(long, global = true)]
    pub no_headers: bool,
    /// Colour on standard error
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "auto|always|never",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: Color,
}

/// The name that OpenStack-Helm's chart gives the claim.
pub const DEFAULT_CLAIM: &str = "glance-images";

fn name(text: &str) -> Result<String, String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err("a name is lower-case letters, digits, '-' and '.', and begins and ends with a letter or digit".to_owned())
}

/// What the API server takes for a field manager: printable, 128 characters at most. Narrowed to
/// those that need no escaping in a URL.
fn manager(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !text.is_empty() && text.len() <= 128 && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("a field manager is 1 to 128 letters, digits, '-', '_' and '.'".to_owned())
}

/// A whole number is seconds, as kubectl takes it; else numbers with units.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration: write 90s, 10m or 1h30m");
    let parsed = match text.parse::<i64>() {
        Ok(seconds) => jiff::SignedDuration::from_secs(seconds),
        Err(_) => text.parse::<jiff::SignedDuration>().map_err(|_| wrong())?,
    };
    Duration::try_from(parsed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn durations() {
        let table = [("90s", Some(90)), ("10m", Some(600)), ("1h30m", Some(5400)), ("60", Some(60)), ("0", Some(0))];
        for (text, seconds) in table {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
        for text in ["", "-1", "-5m", "ten", "10 parsecs", "99999999999999999999"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
