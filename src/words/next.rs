//! Next steps as lines to type.

use std::fmt;

use serde::Serialize;

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

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.command, &self.remark) {
            (Some(command), Some(remark)) => write!(f, "{command}  # {remark}"),
            (Some(command), None) => f.write_str(command),
            (None, remark) => write!(f, "# {}", remark.as_deref().unwrap_or_default()),
        }
    }
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

    /// The same flags, with `value` for the flag of that name.
    fn with(&self, name: &str, value: &str) -> Self {
        let others = self.0.iter().filter(|flag| flag.name != name).cloned();
        let flag = Flag { name: name.to_owned(), value: Some(value.to_owned()), verbs: Vec::new() };
        Self(others.chain([flag]).collect())
    }

    /// A step as a line to type. Names in it that come from the cluster have no character that means something to a
    /// shell (`lifecycle::owner`).
    pub fn line(&self, target: &Target, next: &Next) -> Line {
        let key = target.key();
        // burrito's own command, for its claim.
        let burrito =
            |verb| (target.name == "glance-images").then(|| format!("burrito: ./scripts/burrito.sh {verb} glance"));
        let aside = |verb| burrito(verb).map_or(String::new(), |burrito| format!(" ({burrito})"));
        let (namespace, none) = (&target.namespace, (None, String::new(), None));
        let (tool, words, command) = match &next.step {
            Step::Run { verb, volume, waits, pins } => {
                (None, String::new(), Some(self.command(*verb, volume.as_deref(), *waits, *pins)))
            }
            Step::Uninstall(Some(release)) => {
                let burrito = next.remark.is_none().then(|| burrito("uninstall")).flatten();
                let line = format!("helm uninstall {} -n {}", release.name, release.namespace);
                (Some(Tool::Helm), burrito.unwrap_or_default(), Some(line))
            }
            Step::Uninstall(None) => {
                (None, format!("uninstall the release that owns claim {key}{}", aside("uninstall")), None)
            }
            Step::Install => (None, format!("install the release again{}", aside("install")), None),
            Step::Manifest(release) => {
                let line = format!("helm get manifest {} -n {}", release.name, release.namespace);
                (Some(Tool::Helm), String::new(), Some(line))
            }
            Step::Suspend(Driver::ArgoCd(app)) => {
                let parent = "if an app-of-apps or an ApplicationSet makes the application, suspend that";
                (None, parent.to_owned(), Some(format!("argocd app set {app} --sync-policy none")))
            }
            Step::Suspend(Driver::Flux(kind, name, of)) => {
                (Some(Tool::Flux), String::new(), Some(format!("flux suspend {kind} {name} -n {of}")))
            }
            Step::Resume(Driver::ArgoCd(app)) => {
                let line = format!("argocd app set {app} --sync-policy automated --auto-prune --self-heal");
                (None, "with the options that it had".to_owned(), Some(line))
            }
            Step::Resume(Driver::Flux(kind, name, of)) => {
                let force = self.on_cluster(Tool::Flux, format!("flux reconcile {kind} {name} -n {of} --force"));
                let force = format!("if the claim was deleted by hand, then: {force}");
                let words = if *kind == "helmrelease" { force } else { String::new() };
                (Some(Tool::Flux), words, Some(format!("flux resume {kind} {name} -n {of}")))
            }
            Step::DeleteOwner(with) if with.kind == "StatefulSet" => (
                Some(Tool::Kubectl),
                String::new(),
                Some(format!("kubectl delete statefulset {} -n {namespace}", quote(&with.name))),
            ),
            Step::DeleteOwner(with) => {
                (None, format!("delete {} {}, which owns claim {key}", with.kind, with.name), None)
            }
            Step::DeleteHolder { kind, name } => (
                Some(Tool::Kubectl),
                String::new(),
                Some(format!("kubectl delete {kind} {} -n {namespace}", quote(name))),
            ),
            Step::ScaleDown => {
                let words = format!(
                    "suspend what drives the StatefulSet, and scale it down until no pod of it uses claim {key}"
                );
                (None, words, None)
            }
            Step::DeleteClaim => {
                let line = format!("kubectl delete pvc {} -n {namespace} --ignore-not-found", target.name);
                (Some(Tool::Kubectl), String::new(), Some(line))
            }
            Step::AwaitDeleted(volume) => {
                let line = format!("kubectl wait --for=delete persistentvolume/{volume} --timeout={TIMEOUT}");
                (Some(Tool::Kubectl), String::new(), Some(line))
            }
            Step::Apply(volume) => {
                (Some(Tool::Kubectl), String::new(), Some(format!("kubectl apply -f {volume}.yaml")))
            }
            Step::UseClaim => {
                (None, format!("start a pod that uses claim {key}: its class waits for the first one"), None)
            }
            Step::Elsewhere(other) => {
                let there = self.with("-n", &other.namespace);
                let there = if other.name == target.name { there } else { there.with("--claim", &other.name) };
                (None, String::new(), Some(there.command(Verb::Status, None, false, false)))
            }
            Step::Note => none,
        };
        let (flags, lacking) = tool.map(|tool| self.flags_of(tool)).unwrap_or_default();
        let command = command.map(|line| line + &flags);
        let remark = next.remark.as_ref().map(|it| remark(it, target, self));
        let parts = [words, remark.unwrap_or_default(), lacking].into_iter().filter(|part| !part.is_empty());
        let remark = parts.collect::<Vec<_>>().join("; ");
        Line { command, remark: Some(remark).filter(|remark| !remark.is_empty()) }
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

    /// A command of another tool, with the connection flags.
    fn on_cluster(&self, tool: Tool, command: String) -> String {
        command + &self.flags_of(tool).0
    }

    /// A command of kubectl's, with the connection flags.
    pub fn kubectl(&self, arguments: &str) -> String {
        self.on_cluster(Tool::Kubectl, format!("kubectl {arguments}"))
    }

    /// Steps as lines to type.
    pub fn lines(&self, target: &Target, next: &[Next]) -> Vec<Line> {
        next.iter().map(|step| self.line(target, step)).collect()
    }
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

fn remark(remark: &Remark, target: &Target, typed: &Typed) -> String {
    let names =
        |volumes: &[String]| volumes.iter().map(|v| format!("persistentvolume/{v}")).collect::<Vec<_>>().join(" or ");
    match remark {
        Remark::BeforeRetain => "or the policy is set back".to_owned(),
        Remark::ReleaseOwnsVolume => "uninstalling deletes the volume's object, too; the data stays".to_owned(),
        Remark::UntilProvisionerLetsGo => "waits until the provisioner has removed its finalizer".to_owned(),
        Remark::StaysBound => "the claim stays bound when it is uninstalled: nothing to reuse".to_owned(),
        Remark::CreatesClaimAgain => "creates the claim again".to_owned(),
        Remark::Now => "now; the driver may already be deleting the data".to_owned(),
        Remark::KeepsData => "now: keeps the data; the object is still deleted".to_owned(),
        Remark::BeforeUninstall => "first: deleting the claim would delete the volume".to_owned(),
        Remark::BeforeBinding => "before a claim binds to it".to_owned(),
        Remark::KeepsNewerData => "or its data is deleted with the claim".to_owned(),
        Remark::KeptInManifest => {
            "resource-policy: keep on the PVC? then uninstall leaves it bound: no reuse".to_owned()
        }
        Remark::ClaimStays => "the claim may stay bound; then nothing has to be reused".to_owned(),
        Remark::IfKept => "if uninstall left it: its chart may keep it".to_owned(),
        Remark::OrPinInGit => "or pin the volume in Git while the claim is bound".to_owned(),
        Remark::PinOnlyOnMisfit(size) => {
            let more = size.as_ref().map_or("more".to_owned(), |size| format!("more than {size}"));
            format!("a pin is needed only if the new claim asks for {more} or other access modes")
        }
        Remark::OrFit(misfits) => {
            let fit: Vec<_> = misfits.iter().map(fitting).collect();
            format!("or install with {}, without a pin", fit.join(" and "))
        }
        Remark::OneOfThem => "one of them".to_owned(),
        Remark::OrDeleteClaim => {
            format!("or: {}", typed.kubectl(&format!("delete pvc {} -n {}", target.name, target.namespace)))
        }
        Remark::FromExport => "the export of the volume, made before it was lost".to_owned(),
        Remark::UntilDeleted => "waits until the claim is deleted".to_owned(),
        Remark::UntilAvailable => "waits until it is Available".to_owned(),
        Remark::UntilReleased => "waits until the volume is Released".to_owned(),
        Remark::GoingBack { to, from } => format!(
            "going back to {}: what was written since the claim was bound stays on persistentvolume/{from} only",
            names(to)
        ),
        Remark::OtherWay(volumes) => format!("or go back to {}:", names(volumes)),
        Remark::NothingPreserved => format!("no volume is preserved for claim {}", target.key()),
        Remark::AnotherRound => "uninstalls and installs once more".to_owned(),
        Remark::SafeToRepeat => "safe to re-run; continues from the cluster's state".to_owned(),
        Remark::OnceSuspended => "once it is suspended; asks before it uninstalls".to_owned(),
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
