//! The flags that several verbs share.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cluster::is_name;
use crate::error::{Deed, Error};
use crate::kubectl::asked::{CLAIMS, NAMESPACES, suggests};
use crate::kubectl::output::Format;
use crate::terminal::{Color, Terminal};
use crate::words::question;

/// The name that OpenStack-Helm's chart gives the claim.
pub const DEFAULT_CLAIM: &str = "glance-images";

/// How long a cluster has to answer where the plugin does its work without it, too.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How a change is agreed to.
#[derive(Args, Clone, Debug)]
pub struct AskFlags {
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// Must be "none", "client" or "server"; client only prints the change, server submits it without persisting
    #[arg(long, value_enum, value_name = "none|client|server", default_value = "none", hide_possible_values = true)]
    pub dry_run: DryRun,
}

impl AskFlags {
    /// Whether a person is asked.
    pub fn is_asked(&self) -> bool {
        self.dry_run == DryRun::None && !self.yes
    }

    /// Gets a yes to a deed, where one is needed; `show` tells what it is about.
    pub async fn agree(&self, terminal: Terminal, deed: Deed, show: impl FnOnce()) -> Result<(), Error> {
        if self.is_asked() && !terminal.is_interactive() {
            return Err(Error::NoTerminal(deed));
        }
        show();
        if self.is_asked() && !terminal.confirm(&question::ask(&deed)).await? {
            return Err(Error::Declined(deed));
        }
        Ok(())
    }
}

/// Flags of the commands that change something in the cluster.
#[derive(Args, Clone, Debug)]
pub struct ChangeFlags {
    /// How it is agreed to
    #[command(flatten)]
    pub ask: AskFlags,
    /// Name of the manager used to track field ownership
    #[arg(long, value_name = "NAME", default_value = "kubectl-glancepv", value_parser = manager)]
    pub field_manager: String,
}

/// Who works out what a change would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Make the change
    None,
    /// Only print the change
    Client,
    /// Submit it without persisting
    Server,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
pub struct Shared {
    /// Namespace of the claim [default: the context's, the pod's, or openstack]
    #[arg(short, long, global = true, value_name = "NAME", value_parser = name, add = suggests(NAMESPACES))]
    pub namespace: Option<String>,
    /// Name of the PersistentVolumeClaim
    #[arg(long, global = true, value_name = "NAME", env = "GLANCEPV_CLAIM", default_value = DEFAULT_CLAIM, value_parser = name, add = suggests(CLAIMS))]
    pub claim: String,
    /// Whether the claim's name was typed, and does not come from the environment.
    #[arg(skip)]
    pub claim_typed: bool,
    /// Output format [default: table]
    #[arg(short, long, global = true, value_enum, value_name = "wide|name|json|yaml", hide_possible_values = true)]
    pub output: Option<Format>,
    /// Do not print headers
    #[arg(long, global = true)]
    pub no_headers: bool,
    /// When to use color
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

/// A time, and how it was typed.
#[derive(Clone, Debug)]
pub struct Limit {
    /// As it was typed.
    pub typed: String,
    /// How long that is.
    pub time: Duration,
}

/// A name that Kubernetes takes.
pub fn name(text: &str) -> Result<String, String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err("must consist of lower case alphanumeric characters, '-' or '.', and start and end with an alphanumeric character".to_owned())
}

/// What the API server takes for a field manager: printable, 128 characters at most. Narrowed to
/// those that need no escaping in a URL.
pub fn manager(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !text.is_empty() && text.len() <= 128 && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("must be 1 to 128 letters, digits, '-', '_' or '.'".to_owned())
}

/// A whole number is seconds, as kubectl takes it; else numbers with units.
pub fn limit(text: &str) -> Result<Limit, String> {
    let wrong = || format!("\"{}\" is not a duration: use 90s, 10m or 1h30m", text.escape_debug());
    let parsed = match text.parse::<i64>() {
        Ok(seconds) => jiff::SignedDuration::from_secs(seconds),
        Err(_) => text.parse::<jiff::SignedDuration>().map_err(|_| wrong())?,
    };
    // Longer than anybody waits, and short enough to be added to a time.
    let time = Duration::try_from(parsed).map_err(|_| wrong())?.min(Duration::from_secs(100 * 365 * 24 * 60 * 60));
    Ok(Limit { typed: text.to_owned(), time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let table = [("90s", 90), ("10m", 600), ("1h30m", 5400), ("60", 60), ("0", 0)];
        for (text, seconds) in table {
            let limit = limit(text).unwrap();
            assert_eq!((limit.time, limit.typed.as_str()), (Duration::from_secs(seconds), text));
        }
        assert!(
            limit("9223372036854775807").is_ok_and(|limit| std::time::Instant::now().checked_add(limit.time).is_some())
        );
        for text in ["", "-1", "-5m", "ten", "10 parsecs", "99999999999999999999"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
