//! Next steps as lines to type.

use jiff::Timestamp;
use serde::Serialize;

use super::age::age;
use crate::escape::quote;
use crate::lifecycle::{Driver, Field, Misfit, Next, Remark, Step, Target, Verb};

/// The timeout of a next step, unless another was typed.
const TIMEOUT: &str = "10m";

/// A flag that was typed, and has to be typed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// As it is spelled: `-n`, `--context`.
    pub name: String,
    /// The value, if the flag takes one.
    pub value: Option<String>,
    /// The verbs that take the flag; empty if all do.
    pub verbs: Vec<String>,
}

/// The flags that were typed.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub Vec<Flag>);

/// A next step: the command to type, what is to be known of it, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The command; none if the step cannot be spelled as one.
    pub command: Option<String>,
    /// Words for people.
    pub remark: Option<String>,
}

/// A line of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Words after a head (`next`, `then`, `hint`).
    Words(&'static str, String),
    /// A command, which stands alone: a prompt of zsh knows no comments.
    Command(String),
}

impl Typed {
    /// `kubectl glancepv VERB`, with the flags that were typed and that the verb takes.
    fn command(&self, verb: Verb, volume: Option<&str>, waits: bool, pins: bool) -> String {
        let words: &str = verb.into();
        let taken =
            |flag: &&Flag| flag.verbs.is_empty() || flag.verbs.iter().any(|v| words.split(' ').next() == Some(v));
        let mut flags: Vec<Flag> = Vec::new();
        let own = |name: &str, value: &str| Flag { name: name.into(), value: Some(value.into()), verbs: Vec::new() };
        if waits {
            flags.push(own("--timeout", TIMEOUT));
        }
        if pins || matches!(verb, Verb::Pin | Verb::Unpin) {
            flags.push(own("-f", "TEMPLATE"));
        }
        flags.retain(|flag| !self.0.iter().filter(taken).any(|typed| typed.name == flag.name));
        flags.extend(self.0.iter().filter(taken).cloned());
        let mut line = format!("kubectl glancepv {words}");
        if let Some(volume) = volume {
            line += &format!(" {}", quote(volume));
        }
        for flag in flags {
            line += &format!(" {}", flag.name);
            if let Some(value) = flag.value {
                line += &format!(" {}", quote(&value));
            }
        }
        if verb == Verb::Export {
            line += &format!(" > {}.yaml", volume.unwrap_or("volume"));
        }
        line
    }

    /// The same flags, about these claims, separated by commas.
    pub fn of_claim(&self, claims: &str) -> Self {
        self.selecting("--claim", Some(claims))
    }

    /// The same flags, with this one in place of those that select claims.
    fn selecting(&self, name: &str, value: Option<&str>) -> Self {
        const SELECTING: [&str; 4] = ["--all", "--all-namespaces", "--claim", "--release"];
        let others = self.0.iter().filter(|flag| !SELECTING.contains(&flag.name.as_str())).cloned();
        let flag = Flag { name: name.to_owned(), value: value.map(str::to_owned), verbs: Vec::new() };
        Self(others.chain([flag]).collect())
    }

    /// `status` of every claim of the cluster, after these words.
    pub fn everywhere(&self, words: &str) -> Line {
        let everywhere = self.selecting("--all-namespaces", None).without("-n");
        Line { command: Some(everywhere.command(Verb::Status, None, false, false)), remark: Some(words.to_owned()) }
    }

    /// The same flags, but this one.
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|flag| flag.name != name).cloned().collect())
    }

    /// The same flags, with `value` for the flag of that name.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut flags = self.without(name);
        flags.0.push(Flag { name: name.to_owned(), value: Some(value.to_owned()), verbs: Vec::new() });
        flags
    }

    /// A step as a line to type. Names in it that come from the cluster have no character that means something to a
    /// shell (`lifecycle::owner`).
    pub fn line(&self, target: &Target, next: &Next) -> Line {
        // burrito's own command, for its claim.
        let burrito = |verb| match target.name.as_str() {
            "glance-images" => format!(" (burrito: ./scripts/burrito.sh {verb} glance)"),
            _ => String::new(),
        };
        let namespace = &target.namespace;
        let kubectl = |line: String| (Some(Tool::Kubectl), String::new(), Some(format!("kubectl {line}")));
        let words = |words: String| (None, words, None);
        let (tool, words, command) = match &next.step {
            Step::Run { verb, volume, waits, pins } => {
                (None, String::new(), Some(self.command(*verb, volume.as_deref(), *waits, *pins)))
            }
            Step::Uninstall(Some(release)) => {
                let burrito = burrito("uninstall");
                let words = if burrito.is_empty() { burrito } else { format!("uninstall the release{burrito}") };
                (Some(Tool::Helm), words, Some(format!("helm uninstall {} -n {}", release.name, release.namespace)))
            }
            Step::Uninstall(None) => words(format!("uninstall the release of the claim{}", burrito("uninstall"))),
            Step::Install => words(format!("install the release again{}", burrito("install"))),
            Step::Manifest(release) => {
                let line = format!("helm get manifest {} -n {}", release.name, release.namespace);
                (Some(Tool::Helm), String::new(), Some(line))
            }
            Step::Suspend(Driver::ArgoCd(app)) => {
                let words = "with what makes it (app-of-apps, ApplicationSet)";
                (None, words.to_owned(), Some(format!("argocd app set {app} --sync-policy none")))
            }
            Step::Suspend(Driver::Flux(kind, name, of)) => {
                (Some(Tool::Flux), String::new(), Some(format!("flux suspend {kind} {name} -n {of}")))
            }
            Step::Resume(Driver::ArgoCd(app)) => {
                let line = format!("argocd app set {app} --sync-policy automated --auto-prune --self-heal");
                (None, "with the options that it had".to_owned(), Some(line))
            }
            Step::Resume(Driver::Flux(kind, name, of)) => {
                (Some(Tool::Flux), String::new(), Some(format!("flux resume {kind} {name} -n {of}")))
            }
            Step::Reconcile { name, namespace } => {
                let line = format!("flux reconcile helmrelease {name} -n {namespace} --force");
                (Some(Tool::Flux), String::new(), Some(line))
            }
            Step::Look(resource, true) => kubectl(format!("get {resource} -n {namespace}")),
            Step::Look(resource, false) => kubectl(format!("get {resource}")),
            Step::RetainRelease(release) => {
                let there = self.selecting("--release", Some(release));
                (None, String::new(), Some(there.command(Verb::Retain, None, false, false)))
            }
            Step::RetainNamespace(namespace) => {
                let there = self.selecting("--all", None).with("-n", namespace);
                (None, String::new(), Some(there.command(Verb::Retain, None, false, false)))
            }
            Step::RemoveMark(volume) => kubectl(format!("annotate pv {volume} glancepv.io/retained-after-release-")),
            Step::DeleteOwner(with) if with.kind == "StatefulSet" => {
                kubectl(format!("delete statefulset {} -n {namespace}", quote(&with.name)))
            }
            Step::DeleteOwner(with) => words(format!("delete {} {}, which owns the claim", with.kind, with.name)),
            Step::DeleteHolder { kind, name } => kubectl(format!("delete {kind} {} -n {namespace}", quote(name))),
            Step::ScaleDown => words(
                "suspend what drives the StatefulSet, and scale it down until no pod of it uses the claim".to_owned(),
            ),
            Step::DeleteClaim => kubectl(format!("delete pvc {} -n {namespace} --ignore-not-found", target.name)),
            Step::DeleteVolume(volume) => kubectl(format!("delete pv {volume}")),
            Step::AwaitDeleted(volume) => {
                kubectl(format!("wait --for=delete persistentvolume/{volume} --timeout={TIMEOUT}"))
            }
            Step::Apply(volume) => kubectl(format!("apply -f {volume}.yaml")),
            Step::UseClaim => words("start a pod that uses the claim: its class waits for the first one".to_owned()),
            Step::ReuseFrom(volume, owner) => {
                let from = self.with("--from", &owner.key());
                (None, String::new(), Some(from.command(Verb::Reuse, Some(volume), false, false)))
            }
            Step::Elsewhere(other) => {
                let there = self.with("-n", &other.namespace);
                let there = if other.name == target.name { there } else { there.with("--claim", &other.name) };
                (None, String::new(), Some(there.command(Verb::Status, None, false, false)))
            }
            Step::Note => words(String::new()),
        };
        let (flags, lacking) = tool.map(|tool| self.flags_of(tool)).unwrap_or_default();
        let command = command.map(|line| line + &flags);
        let remark = next.remark.as_ref().map(|it| remark(it, target));
        let parts = [remark.unwrap_or_default(), words, lacking].into_iter().filter(|part| !part.is_empty());
        let remark = parts.collect::<Vec<_>>().join("; ");
        Line { command, remark: Some(remark).filter(|remark| !remark.is_empty()) }
    }

    /// Steps as lines of the screen: what is to be known of a command stands before it, behind `head` or `then`.
    pub fn shown(&self, target: &Target, head: &'static str, next: &[Next], now: Timestamp) -> Vec<Shown> {
        let lines: Vec<(Line, Next)> = next.iter().map(|step| (self.line(target, step), step.clone())).collect();
        shown(head, &lines, now)
    }

    /// The connection flags for another tool, with a leading space each, and words about those that it lacks.
    fn flags_of(&self, tool: Tool) -> (String, String) {
        let (mut flags, mut lacking) = (String::new(), Vec::new());
        for flag in &self.0 {
            let Some(names) = CONNECTION.iter().find(|(ours, ..)| *ours == flag.name) else { continue };
            if let Some(name) = tool.flag(*names) {
                flags += &format!(" {name}");
                if let Some(value) = &flag.value {
                    flags += &format!(" {}", quote(value));
                }
            } else if !lacking.contains(&flag.name) {
                lacking.push(flag.name.clone());
            }
        }
        let words = if lacking.is_empty() {
            String::new()
        } else {
            format!("{} has no {}: set it in the kubeconfig", tool.name(), lacking.join(", "))
        };
        (flags, words)
    }

    /// Steps as lines to type.
    pub fn lines(&self, target: &Target, next: &[Next]) -> Vec<Line> {
        next.iter().map(|step| self.line(target, step)).collect()
    }
}

/// Steps and their lines, as lines of the screen.
pub fn shown(head: &'static str, next: &[(Line, Next)], now: Timestamp) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut told: Option<String> = None;
    for (nth, (line, step)) in next.iter().enumerate() {
        let remark = if is_alternative(step) { Some(alternatives(next, now)) } else { line.remark.clone() };
        match (remark, shown.last_mut()) {
            (None, None) => shown.push(Shown::Words(head, String::new())),
            // A step that is done elsewhere comes before the command.
            (None, Some(Shown::Words(_, words))) if !is_note(&next[nth - 1].1) => words.push_str(", then"),
            // The alternative ends here.
            (None, _) if nth > 0 && is_or(&next[nth - 1].1) => shown.push(Shown::Words("then", String::new())),
            (None, _) => {}
            (remark, _) if remark == told => {}
            (Some(words), last) => {
                let head = if last.is_none() {
                    head
                } else if is_or(step) {
                    "or"
                } else {
                    "then"
                };
                shown.push(Shown::Words(head, words.clone()));
                told = Some(words);
            }
        }
        shown.extend(line.command.clone().map(Shown::Command));
    }
    shown
}

/// Another tool that a next step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Kubectl,
    Helm,
    Flux,
}

/// The flags that choose the cluster and the user: ours, which are kubectl's (`kubectl options` of 1.37; 1.27 has no
/// `--as-user-extra` and no `--proxy-url`), Helm's (`helm --help` of 3.22 and 4.3), Flux' (its cli-runtime of 2.9 has no
/// `--proxy-url`).
const CONNECTION: [Names; 15] = [
    ("--kubeconfig", Some("--kubeconfig"), Some("--kubeconfig")),
    ("--context", Some("--kube-context"), Some("--context")),
    ("--cluster", None, Some("--cluster")),
    ("--user", None, Some("--user")),
    ("--server", Some("--kube-apiserver"), Some("--server")),
    ("--as", Some("--kube-as-user"), Some("--as")),
    ("--as-group", Some("--kube-as-group"), Some("--as-group")),
    ("--as-uid", None, Some("--as-uid")),
    ("--as-user-extra", None, Some("--as-user-extra")),
    ("--certificate-authority", Some("--kube-ca-file"), Some("--certificate-authority")),
    ("--client-certificate", None, Some("--client-certificate")),
    ("--client-key", None, Some("--client-key")),
    ("--insecure-skip-tls-verify", Some("--kube-insecure-skip-tls-verify"), Some("--insecure-skip-tls-verify")),
    ("--tls-server-name", Some("--kube-tls-server-name"), Some("--tls-server-name")),
    ("--proxy-url", None, None),
];
/// Names of a flag: ours and kubectl's, Helm's, Flux'.
type Names = (&'static str, Option<&'static str>, Option<&'static str>);

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
            Self::Flux => "flux",
        }
    }

    fn flag(self, (ours, helm, flux): Names) -> Option<&'static str> {
        match self {
            Self::Kubectl => Some(ours),
            Self::Helm => helm,
            Self::Flux => flux,
        }
    }
}

/// The name of a GitOps tool's object.
pub fn driver(driver: &Driver) -> String {
    match driver {
        Driver::ArgoCd(app) => format!("Argo CD application {app}"),
        Driver::Flux(kind, name, namespace) => format!("Flux {kind} {namespace}/{name}"),
    }
}

fn is_alternative(next: &Next) -> bool {
    matches!(next.remark, Some(Remark::OneOfThem(_)))
}

fn is_or(next: &Next) -> bool {
    next.remark == Some(Remark::OrDeleteClaim)
}

fn is_note(next: &Next) -> bool {
    next.step == Step::Note
}

/// Words before the alternatives among `next`, with the ages of their volumes.
fn alternatives(next: &[(Line, Next)], now: Timestamp) -> String {
    let ages = next.iter().filter_map(|(_, next)| match next.remark {
        Some(Remark::OneOfThem(created)) => Some(age(created, now)),
        _ => None,
    });
    format!("one of these, by age {}", ages.collect::<Vec<_>>().join(", "))
}

fn remark(remark: &Remark, target: &Target) -> String {
    let names =
        |volumes: &[String]| volumes.iter().map(|v| format!("persistentvolume/{v}")).collect::<Vec<_>>().join(" or ");
    match remark {
        Remark::BeforeRetain => "first, or the policy is set back".to_owned(),
        Remark::ReleaseOwnsVolume => {
            "uninstalling deletes the volume's object, too: its export creates it again".into()
        }
        Remark::UntilProvisionerLetsGo => "wait until the provisioner has removed its finalizer".to_owned(),
        Remark::StaysBound => "the claim stays bound when it is uninstalled: there is nothing to reuse".to_owned(),
        Remark::CreatesClaimAgain => "resume it, which creates the claim again".to_owned(),
        Remark::Now => "the driver may already be deleting the data".to_owned(),
        Remark::KeepsData => "keep the data, though the object is deleted".to_owned(),
        Remark::BeforeUninstall => "first: deleting the claim would delete the volume".to_owned(),
        Remark::BeforeBinding => "before a claim binds to it".to_owned(),
        Remark::KeepsNewerData => "keep the newer volume, or its data is deleted with the claim".to_owned(),
        Remark::KeptInManifest => {
            "resource-policy: keep on the PVC? then uninstall leaves it bound: no reuse".to_owned()
        }
        Remark::ClaimStays => {
            "the claim may stay bound: then install it again under the same release name, and reuse nothing".to_owned()
        }
        Remark::IfKept => "if uninstalling left the claim: its chart may keep it".to_owned(),
        Remark::IfDeletedByHand => "if the claim was deleted by hand".to_owned(),
        Remark::OnceChecked => "once the data is checked".to_owned(),
        Remark::OrPinInGit => "suspend it, or pin the volume in Git".to_owned(),
        Remark::OrFit(misfits) => {
            let fit: Vec<_> = misfits.iter().map(fitting).collect();
            format!("pin it, or install with {}", fit.join(" and "))
        }
        Remark::OneOfThem(_) => "one of these".to_owned(),
        Remark::OrDeleteClaim => "delete the claim alone".to_owned(),
        Remark::FromExport => "apply the export that was made before the volume was lost".to_owned(),
        Remark::UntilDeleted => "wait until the claim is deleted".to_owned(),
        Remark::UntilAvailable => "wait until the volume is Available".to_owned(),
        Remark::UntilReleased => "wait until the volume is Released".to_owned(),
        Remark::GoingBack { to, from } => {
            format!("going back to {} leaves what was written since on persistentvolume/{from}", names(to))
        }
        Remark::OtherWay(volumes) => format!("or go back to {}", names(volumes)),
        Remark::NothingPreserved => format!("no volume is preserved for claim {}", target.key()),
        Remark::AnotherRound => "to uninstall and install once more".to_owned(),
        Remark::SafeToRepeat => "safe to re-run: it goes on from where the cluster is".to_owned(),
        Remark::OnceSuspended => "once it is suspended".to_owned(),
        Remark::IfUninstalled => "if the release was uninstalled before".to_owned(),
        Remark::KeptForOther(owner) => {
            format!("a volume is kept for claim {}, which does not exist; to use it here", owner.key())
        }
        Remark::OnceWhole => "once the set is whole; naming its claims in --claim takes them all the same".to_owned(),
        Remark::OnceFixed => "once the cause is fixed".to_owned(),
    }
}

/// The request that would fit.
fn fitting(Misfit { field, offered, .. }: &Misfit) -> String {
    match field {
        Field::Size => format!("a size of {offered}"),
        Field::Modes => format!("access modes {offered}"),
        Field::VolumeMode => format!("volumeMode {offered}"),
        Field::Class => format!("storage class {offered}"),
        Field::Attributes if offered.is_empty() => "no volume attributes class".to_owned(),
        Field::Attributes => format!("volume attributes class {offered}"),
    }
}
