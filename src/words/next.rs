//! Next steps as lines to type.

use crate::escape::quote;
use crate::lifecycle::{Driver, Field, Misfit, Next, Remark, Step, Target, Verb};

/// How long a next step waits for somebody else.
const PATIENCE: &str = "10m";

/// What was typed, and has to be typed again.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// The connection flags, quoted, each with a leading space.
    pub connection: String,
    pub namespace: bool,
    pub claim: bool,
    /// The chart's template.
    pub template: Option<String>,
    // `guide`'s own.
    pub uninstall: Option<String>,
    pub install: Option<String>,
    pub timeout: Option<String>,
}

impl Typed {
    /// `kubectl glancepv VERB`, with the flags that were typed and `verb` needs again.
    fn command(&self, target: &Target, verb: Verb, volume: Option<&str>, waits: bool, pins: bool) -> String {
        let mut line = format!("kubectl glancepv {}", name(verb));
        let mut flag = |flag: &str, value: &str| {
            line += &format!(" {flag}{}", quote(value));
        };
        if let Some(volume) = volume {
            flag("", volume);
        }
        if waits {
            flag("--timeout ", PATIENCE);
        }
        if matches!(verb, Verb::Pin | Verb::Unpin | Verb::Reuse | Verb::Guide | Verb::GuideAgain) {
            let placeholder = (pins || matches!(verb, Verb::Pin | Verb::Unpin)).then_some("TEMPLATE");
            if let Some(template) = self.template.as_deref().or(placeholder) {
                flag("-f ", template);
            }
        }
        if matches!(verb, Verb::Guide | Verb::GuideAgain) {
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

    /// A step as a line to type, its remark behind `#`; one that cannot be spelled is a comment. Names in it that
    /// the cluster tells have no character that means something to a shell (`lifecycle::owner`).
    pub fn line(&self, target: &Target, next: &Next) -> String {
        let key = target.key();
        // Burrito's own command, for its claim.
        let burrito =
            |verb| (target.claim == "glance-images").then(|| format!("burrito: ./scripts/burrito.sh {verb} glance"));
        let aside = |verb| burrito(verb).map_or(String::new(), |burrito| format!(" ({burrito})"));
        let command = match &next.step {
            Step::Run { verb, volume, waits, pins } => self.command(target, *verb, volume.as_deref(), *waits, *pins),
            Step::Uninstall(Some(release)) => format!("helm uninstall {} -n {}", release.name, release.namespace),
            Step::Uninstall(None) => format!("# uninstall the release that owns claim {key}{}", aside("uninstall")),
            Step::Install => format!("# install the release again{}", aside("install")),
            Step::Manifest(release) => format!("helm get manifest {} -n {}", release.name, release.namespace),
            Step::Suspend(Driver::ArgoCd(app)) => format!("argocd app set {app} --sync-policy none"),
            Step::Suspend(Driver::Flux(kind, name, namespace)) => format!("flux suspend {kind} {name} -n {namespace}"),
            Step::DeleteClaim => {
                format!("kubectl delete pvc {} -n {} --ignore-not-found", target.claim, target.namespace)
            }
            Step::AwaitDeleted(volume) => {
                format!("kubectl wait --for=delete persistentvolume/{volume} --timeout={PATIENCE}")
            }
            Step::Apply(volume) => format!("kubectl apply -f {volume}.yaml"),
            Step::UseClaim => format!("# start a pod that uses claim {key}: its class waits for the first one"),
            Step::Elsewhere(other) => {
                let there = Self { namespace: true, claim: self.claim || other.claim != target.claim, ..self.clone() };
                there.line(other, &Next::run(Verb::Status))
            }
            Step::Note => String::new(),
        };
        let remark = match (&next.remark, &next.step) {
            (Some(it), _) => Some(remark(it, target)),
            (None, Step::Uninstall(Some(_))) => burrito("uninstall"),
            (None, _) => None,
        };
        match (command.as_str(), remark) {
            (_, None) => command,
            ("", Some(remark)) => format!("# {remark}"),
            (comment, Some(remark)) if comment.starts_with('#') => format!("{comment}; {remark}"),
            (_, Some(remark)) => format!("{command}  # {remark}"),
        }
    }

    /// Steps as lines to type.
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
        Verb::Unpin => "unpin",
        Verb::Verify => "verify",
        Verb::Guide => "guide",
        Verb::GuideAgain => "guide --again",
        Verb::Export => "export",
    }
}

/// What creates a claim again, by name.
pub fn driver(driver: &Driver) -> String {
    match driver {
        Driver::ArgoCd(app) => format!("Argo CD application {app}"),
        Driver::Flux(kind, name, namespace) => format!("Flux {kind} {namespace}/{name}"),
    }
}

fn remark(remark: &Remark, target: &Target) -> String {
    let names =
        |volumes: &[String]| volumes.iter().map(|v| format!("persistentvolume/{v}")).collect::<Vec<_>>().join(" or ");
    match remark {
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
        Remark::OrDeleteClaim => format!("or: kubectl delete pvc {} -n {}", target.claim, target.namespace),
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
        Remark::OnceFixed => "once the cause is fixed".to_owned(),
    }
}

/// What the claim would have to ask for.
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
