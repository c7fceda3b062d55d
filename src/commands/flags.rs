//! Arguments that several verbs share, and the parsers of their values.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cluster::is_name;
use crate::kubectl::output::Format;
use crate::kubectl::suggest::{CLAIMS, NAMESPACES, RELEASES, TEMPLATES, VOLUMES, suggests};
use crate::lifecycle::Target;
use crate::session::consent::{Consent, DryRun};
use crate::session::select::Selection;
use crate::session::wait::Limit;
use crate::terminal::Color;

/// The claim's name in OpenStack-Helm's chart.
pub const DEFAULT_CLAIM: &str = "glance-images";

/// The time limit for a cluster that the plugin can do without.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The volume to act on.
#[derive(Args, Clone, Debug)]
pub struct VolumeArg {
    /// PersistentVolume [default: the one that is, or was last, bound to the claim]
    #[arg(value_name = "PV", value_parser = volume, add = suggests(VOLUMES))]
    pub volume: Option<String>,
}

/// The claim's template in a chart.
#[derive(Args, Clone, Debug)]
pub struct TemplateFlag {
    /// Template file of the claim, to be pinned (see `pin`)
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = suggests(TEMPLATES))]
    pub template: Option<PathBuf>,
}

/// Flags of the commands that edit a template.
#[derive(Args, Clone, Debug)]
pub struct EditFlags {
    /// Template file; `-` reads stdin and writes stdout
    #[arg(short = 'f', long = "filename", value_name = "TEMPLATE", add = suggests(TEMPLATES))]
    pub template: PathBuf,
    /// Confirmation
    #[command(flatten)]
    pub consent: ConsentFlags,
}

/// Confirmation of a change.
#[derive(Args, Clone, Debug)]
pub struct ConsentFlags {
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Must be "none", "client" or "server"; client only prints the change, server submits it without persisting
    #[arg(long, value_enum, value_name = "none|client|server", default_value = "none", hide_possible_values = true)]
    dry_run: DryRun,
}

impl From<&ConsentFlags> for Consent {
    fn from(flags: &ConsentFlags) -> Self {
        Self { yes: flags.yes, dry_run: flags.dry_run }
    }
}

/// Flags of the commands that change something in the cluster.
#[derive(Args, Clone, Debug)]
pub struct ChangeFlags {
    /// Confirmation
    #[command(flatten)]
    pub consent: ConsentFlags,
    /// The field manager
    #[command(flatten)]
    pub manager: ManagerFlag,
}

/// The field manager of a change.
#[derive(Args, Clone, Debug)]
pub struct ManagerFlag {
    /// Name of the manager used to track field ownership
    #[arg(long, value_name = "NAME", default_value = "kubectl-glancepv", value_parser = manager)]
    pub field_manager: String,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
pub struct Shared {
    /// Namespace of the claim [default: the context's, the pod's, or openstack]
    #[arg(short, long, global = true, value_name = "NAME", value_parser = name, add = suggests(NAMESPACES))]
    pub namespace: Option<String>,
    /// Name of the PersistentVolumeClaim; several separated by commas, `*` stands for any characters
    #[arg(long, global = true, value_name = "NAME", env = "GLANCEPV_CLAIM", default_value = DEFAULT_CLAIM, value_delimiter = ',', value_parser = claim, add = suggests(CLAIMS))]
    pub claim: Vec<String>,
    /// All claims of the namespace
    #[arg(long, global = true)]
    pub all: bool,
    /// Claims of these Helm releases
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',', value_parser = name, add = suggests(RELEASES))]
    pub release: Vec<String>,
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

/// The rule for names, after `invalid value`.
pub const NAME_RULE: &str =
    "must consist of lower case alphanumeric characters, '-' or '.', and start and end with an alphanumeric character";

/// Parses a claim's name, in which `*` stands for any characters; an empty one counts as none.
fn claim(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    name(&text.replace('*', "x")).map(|_| text.to_owned())
}

impl Shared {
    /// The claims that the flags select.
    pub fn selection(&self) -> Selection {
        if self.all {
            Selection::All
        } else if self.release.is_empty() {
            let names: Vec<String> = self.claim.iter().filter(|name| !name.is_empty()).cloned().collect();
            Selection::Claims(if names.is_empty() { vec![DEFAULT_CLAIM.to_owned()] } else { names })
        } else {
            Selection::Releases(self.release.clone())
        }
    }

    /// The name of the claim, or the first that was typed.
    pub fn first(&self) -> &str {
        self.claim.iter().find(|name| !name.is_empty()).map_or(DEFAULT_CLAIM, String::as_str)
    }
}

/// Parses a volume's name, with kubectl's prefix or without.
fn volume(text: &str) -> Result<String, String> {
    let prefixes = ["persistentvolume/", "persistentvolumes/", "pv/"];
    name(prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text))
}

/// Parses a name of a Kubernetes object.
pub fn name(text: &str) -> Result<String, String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err(NAME_RULE.to_owned())
}

/// Parses `NAMESPACE/NAME` of a claim.
pub fn claim_key(text: &str) -> Result<Target, String> {
    let (namespace, claim) = text.split_once('/').ok_or("use NAMESPACE/NAME")?;
    Ok(Target { namespace: name(namespace)?, name: name(claim)? })
}

/// Parses a field manager: the API server takes 128 printable characters at most. Narrowed to those that need no
/// escaping in a URL.
pub fn manager(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !text.is_empty() && text.len() <= 128 && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("must be 1 to 128 letters, digits, '-', '_' or '.'".to_owned())
}

/// Parses a duration: a whole number is seconds, as in kubectl; else numbers with units.
pub fn limit(text: &str) -> Result<Limit, String> {
    let wrong = || format!("\"{}\" is not a duration: use 90s, 10m or 1h30m", text.escape_debug());
    let parsed = match text.parse::<i64>() {
        Ok(seconds) => jiff::SignedDuration::from_secs(seconds),
        Err(_) => text.parse::<jiff::SignedDuration>().map_err(|_| wrong())?,
    };
    // Bounded, so that it can be added to a time.
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
