//! Next steps as lines to type.

use crate::lifecycle::facts::Target;
use crate::lifecycle::next::{Next, Remark, Step, Verb};

/// How long a next step waits for somebody else.
const PATIENCE: &str = "10m";

/// What was typed, and has to be typed again.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// The connection flags, quoted, each with a leading space.
    pub connection: String,
    /// Whether the namespace was.
    pub namespace: bool,
    /// Whether the claim was.
    pub claim: bool,
    /// The chart's template.
    pub template: Option<String>,
    /// `guide`'s own: how to uninstall and to install, and how long to wait.
    pub uninstall: Option<String>,
    /// See `uninstall`.
    pub install: Option<String>,
    /// See `uninstall`.
    pub timeout: Option<String>,
}

impl Typed {
    /// `kubectl glancepv VERB`, with the flags that were typed and `verb` needs again.
    #[must_use]
    pub fn command(&self, target: &Target, verb: Verb, volume: Option<&str>, waits: bool) -> String {
        let mut line = format!("kubectl glancepv {}", name(verb));
        let mut flag = |flag: &str, value: &str| {
            line += &format!(" {flag}{}", shell_words::quote(value));
        };
        if let Some(volume) = volume {
            flag("", volume);
        }
        if waits {
            flag("--timeout ", PATIENCE);
        }
        if matches!(verb, Verb::Pin | Verb::Reuse | Verb::Guide) {
            let placeholder = (verb == Verb::Pin).then_some("TEMPLATE");
            if let Some(template) = self.template.as_deref().or(placeholder) {
                flag("-f ", template);
            }
        }
        if verb == Verb::Guide {
            let own = [("--uninstall ", &self.uninstall), ("--install ", &self.install), ("--timeout ", &self.timeout)];
            for (name, value) in own {
                if let Some(value) = value {
                    flag(name, value);
                }
            }
        }
        if self.namespace {
            flag("-n ", &target.namespace);
        }
        line += &self.connection;
        if self.claim {
            line += &format!(" --claim {}", target.claim);
        }
        if verb == Verb::Export {
            let file = volume.unwrap_or("volume");
            line += &format!(" > {file}.yaml");
        }
        line
    }

    /// A step as a line to type, its remark behind `#`; one that cannot be spelled is a comment.
    #[must_use]
    pub fn line(&self, target: &Target, next: &Next) -> String {
        let command = match &next.step {
            Step::Run { verb, volume, waits } => self.command(target, *verb, volume.as_deref(), *waits),
            Step::Uninstall => {
                format!("# uninstall the release that owns claim {}{}", target.key(), burrito(target, "uninstall"))
            }
            Step::Install => format!("# install the release again{}", burrito(target, "install")),
            Step::Elsewhere(other) => {
                let there = Self { namespace: true, claim: self.claim || other.claim != target.claim, ..self.clone() };
                there.command(other, Verb::Status, None, false)
            }
            Step::Note => String::new(),
        };
        let remark = next.remark.as_ref().map(remark);
        match (command.as_str(), remark) {
            (_, None) => command,
            ("", Some(remark)) => format!("# {remark}"),
            (comment, Some(remark)) if comment.starts_with('#') => format!("{comment}; {remark}"),
            (_, Some(remark)) => format!("{command}  # {remark}"),
        }
    }

    /// Steps as lines to type.
    #[must_use]
    pub fn lines(&self, target: &Target, next: &[Next]) -> Vec<String> {
        next.iter().map(|step| self.line(target, step)).collect()
    }
}

fn name(verb: Verb) -> &'static str {
    match verb {
        Verb::Status => "status",
        Verb::Retain => "retain",
        Verb::Reuse => "reuse",
        Verb::Pin => "pin",
        Verb::Verify => "verify",
        Verb::Guide => "guide",
        Verb::Export => "export",
    }
}

/// Burrito's own command, for its claim.
fn burrito(target: &Target, verb: &str) -> String {
    if target.claim == "glance-images" {
        format!(" (burrito: ./scripts/burrito.sh {verb} glance)")
    } else {
        String::new()
    }
}

fn remark(remark: &Remark) -> String {
    match remark {
        Remark::Now => "now; the driver may already be deleting the data".to_owned(),
        Remark::First => "first".to_owned(),
        Remark::ClaimStays => "the claim stays bound to its volume, so installing again finds the data".to_owned(),
        Remark::OneOfThem => "one of them".to_owned(),
        Remark::NamesVolume => "names the volume in the claim's template".to_owned(),
        Remark::KeepsObject => "and see the storage driver's documentation".to_owned(),
        Remark::OrDeleteClaim => "or delete the claim".to_owned(),
        Remark::UntilDeleted => "waits until the claim is deleted".to_owned(),
        Remark::UntilReleased => "waits until the volume is Released".to_owned(),
        Remark::UntilBound => "waits until the claim is bound".to_owned(),
        Remark::GoingBack { to, from } => {
            format!("going back to {to}: what was written since the claim was bound stays on {from} only")
        }
        Remark::SafeToRepeat => "safe to re-run; continues from the cluster's state".to_owned(),
        Remark::OnceFixed => "once the cause is fixed".to_owned(),
    }
}
