//! The whole voice of the program in one file: `voice.txt`, each value beside its sentence.
//!
//! Each list below is plain; `covers` fails if a variant is missing from it.

use std::fmt::Debug;
use std::time::Duration;

use expect_test::expect_file;
use jiff::Timestamp;
use strum::{IntoEnumIterator, VariantNames};

use super::next::{Flag, Line, Shown, Typed};
use super::question::{ANOTHER_ROUND, Notice};
use super::{check, error, finding, question, refusal, stage, wait};
use crate::error::{Action, Error, FileProblem, Halt, Trouble, Unsettled};
use crate::lifecycle::tests::{Seen, claim, situation, volume};
use crate::lifecycle::{
    Applier, Change, Claim, ClaimPhase, DeletedWith, DeletionSign, Driver, Event, Evidence, Fate, Field, Finding,
    Holder, Incomplete, Keep, Misfit as Differs, Next, Reason, Refusal, Release, Remark, Stage, Stays, Step, Target,
    Verb, Volume, VolumePhase, assess,
};
use crate::template::{Misfit, Problem};

fn target() -> Target {
    Target { namespace: "openstack".into(), name: "glance-images".into() }
}

fn other() -> Target {
    Target { name: "images".into(), ..target() }
}

fn owner(kind: &str, name: &str) -> DeletedWith {
    DeletedWith { kind: kind.into(), name: name.into(), namespace: None, owns: true }
}

fn pod(name: &str, phase: &str, job: Option<&str>) -> Holder {
    Holder { name: name.into(), phase: phase.into(), job: job.map(Into::into) }
}

fn applier(driver: Option<Driver>) -> Applier {
    Applier { manager: "argocd-controller".into(), driver, replaces: false }
}

fn elsewhere() -> Target {
    Target { namespace: "elsewhere".into(), ..target() }
}

fn v() -> String {
    "pvc-b0f0".to_owned()
}

fn release() -> Release {
    Release { name: "glance".into(), namespace: "openstack".into() }
}

fn drivers() -> [Driver; 2] {
    [Driver::ArgoCd("images".into()), Driver::Flux("helmrelease", "glance".into(), "flux-system".into())]
}

fn differs(field: Field) -> Differs {
    match field {
        Field::Size => Differs { field, wanted: "600Gi".into(), offered: "500Gi".into(), reserved: true },
        _ => Differs { field, wanted: "the requested".into(), offered: "the offered".into(), reserved: true },
    }
}

/// The name of a value's variant.
fn name<'a, T>(value: &'a T) -> &'static str
where
    &'a T: Into<&'static str>,
{
    value.into()
}

/// Fails if a variant of `T` has no example among `values`.
fn covers<T: VariantNames + Debug>(values: &[T])
where
    for<'a> &'a T: Into<&'static str>,
{
    for variant in T::VARIANTS {
        let found = values.iter().any(|value| name(value) == *variant);
        assert!(found, "{} has no example of {variant}", std::any::type_name::<T>());
    }
}

fn reasons() -> Vec<Reason> {
    let (volume, policy) = (v, || "Delete".to_owned());
    vec![
        Reason::NotBound(Some(v())),
        Reason::NotBound(None),
        Reason::NotRetained { volume: v(), phase: VolumePhase::Released, policy: policy() },
        Reason::NotRetained { volume: v(), phase: VolumePhase::Bound, policy: policy() },
        Reason::NotReleased { volume: v(), phase: VolumePhase::Bound },
        Reason::ClaimLost,
        Reason::ClaimTerminating(v()),
        Reason::StillBound(v()),
        Reason::AlreadyReused(v()),
        Reason::BoundToAnother { own: "pvc-77aa".into(), volumes: vec![v()] },
        Reason::NoClaim,
        Reason::Unbound { phase: ClaimPhase::Pending, volume: Some(v()) },
        Reason::Unbound { phase: ClaimPhase::Pending, volume: None },
        Reason::LostNotVerified,
        Reason::MadeForClaim(v(), Evidence::Name),
        Reason::MadeForClaim(v(), Evidence::Age),
        Reason::MadeForClaim(v(), Evidence::Younger),
        Reason::BeingDeleted(Some(v())),
        Reason::BeingDeleted(None),
        Reason::Policy { volume: volume(), policy: policy() },
        Reason::OfAnotherClaim { volume: volume(), owner: elsewhere() },
        Reason::NoClaimRef(v()),
        Reason::NotAvailable { volume: v(), phase: VolumePhase::Bound },
        Reason::NotFrom { volume: v(), from: other(), owner: Some(elsewhere()) },
        Reason::NotFrom { volume: v(), from: other(), owner: None },
        Reason::ReservedForOther { volume: v(), owner: other() },
        Reason::FromLives { volume: v(), owner: other(), terminating: true },
        Reason::FromLives { volume: v(), owner: other(), terminating: false },
        Reason::VolumeTerminating { volume: v(), data: Fate::Kept { driver: Some("csi.trident.netapp.io".into()) } },
        Reason::VolumeTerminating { volume: v(), data: Fate::Kept { driver: None } },
        Reason::VolumeTerminating { volume: v(), data: Fate::Deleted },
        Reason::VolumeTerminating { volume: v(), data: Fate::Unknown },
        Reason::Diverted { own: "pvc-77aa".into(), volumes: vec![v()] },
        Reason::UidOfLivingClaim { volume: v(), owner: other() },
        Reason::ProvisionerHolds(v()),
        Reason::TridentDeletes(v()),
        Reason::TridentMissing(v()),
        Reason::VolumeGone(v()),
        Reason::NoVolume,
        Reason::SetIncomplete(set()),
        Reason::Unused(vec![v()]),
        Reason::Nothing,
        Reason::Several { verb: Verb::Reuse, volumes: vec![v(), "pvc-77aa".into()] },
    ]
}

fn set() -> Incomplete {
    Incomplete { kept: vec!["db-0".into()], others: vec!["db-1".into(), "db-2".into()] }
}

fn findings() -> Vec<Finding> {
    let policy = || "Delete".to_owned();
    let kept = |keep| Finding::KeptByHelm { keep, release: Some(release()) };
    let mut all = vec![
        Finding::OtherVolumeDoomed { volume: v(), phase: VolumePhase::Released, policy: policy() },
        Finding::OtherVolumesWait(vec![v(), "pvc-77aa".into()]),
        Finding::ClaimTerminating,
    ];
    all.extend([Keep::ByManifest, Keep::ByHand, Keep::Unknown].map(kept));
    all.extend(
        [
            Stays::Helm,
            Stays::Hook,
            Stays::StatefulSet,
            Stays::ArgoDelete,
            Stays::ArgoPrune,
            Stays::ArgoKeep,
            Stays::FluxPrune,
        ]
        .map(Finding::StaysBehind),
    );
    let owners = [owner("StatefulSet", "mariadb"), owner("Pod", "mariadb-2"), owner("Cluster", "pg")];
    all.extend(owners.map(Finding::DeletedWithOwner));
    all.extend(drivers().map(Finding::MayBeRecreated));
    let driver = Some(Driver::ArgoCd("team-a/images".into()));
    all.extend([driver, None].map(|driver| Finding::PolicyApplied { volume: v(), applier: applier(driver) }));
    let signs = [
        DeletionSign::RetainedLate { claim: "b0f0".into(), event: None },
        DeletionSign::RetainedLate { claim: String::new(), event: Some("deadline exceeded".into()) },
        DeletionSign::Failed(Some("in the words of the server".into())),
        DeletionSign::Failed(None),
        DeletionSign::Event("deadline exceeded".into()),
    ];
    all.extend(signs.map(|sign| Finding::DeletionBegun { volume: v(), sign }));
    let finalizers = [
        "snapshot.storage.kubernetes.io/pvc-as-source-protection",
        "provisioner.storage.kubernetes.io/cloning-protection",
        "external-provisioner.volume.kubernetes.io/finalizer",
        "external-attacher/csi-trident-netapp-io",
        "foregroundDeletion",
        "argocd.argoproj.io/hook-finalizer",
        "example.com/populate-target-protection",
        "example.com/any",
    ];
    all.extend([
        Finding::VolumeReplaced { volume: v(), manager: "argocd-application-controller".into() },
        Finding::ReleaseOwnsVolume { volume: v(), release: release() },
        Finding::FilledFromDataSource { volume: v(), kind: "VolumeSnapshot".into() },
        Finding::ResizePending,
        Finding::WillBeResized { volume: v(), wanted: "600Gi".into(), offered: "500Gi".into() },
        Finding::NotDeletable { volume: v(), message: "in the words of the server".into() },
        Finding::StillAttached { volume: v(), message: "persistentvolume X is still attached to node n1".into() },
        Finding::HeldByFinalizers { volume: None, finalizers: finalizers.map(Into::into).to_vec() },
        Finding::HeldByFinalizers { volume: Some(v()), finalizers: vec![finalizers[3].into()] },
        Finding::UidOfLivingClaim { volume: v(), owner: other() },
    ]);
    all.extend([
        Finding::VolumeOfAnotherClaim { volume: v(), owner: elsewhere().key() },
        Finding::StaleClaimRef(v()),
        Finding::PolicyNotRetain { volume: v(), policy: policy() },
    ]);
    all.extend(Field::iter().map(|field| Finding::Misfit { volume: v(), misfit: differs(field), bound: false }));
    all.push(Finding::Misfit { volume: v(), misfit: differs(Field::Modes), bound: true });
    let misfit = Differs { reserved: false, ..differs(Field::Class) };
    all.push(Finding::Misfit { volume: v(), misfit, bound: false });
    let (api, hook) =
        (pod("glance-api-0", "Running", None), pod("glance-storage-init-x7k2p", "Succeeded", Some("init")));
    all.extend([vec![api.clone()], vec![hook.clone()], vec![api, hook.clone()]].map(Finding::HeldByPods));
    all.push(Finding::StillMounted { volume: v(), pods: vec![hook] });
    all.push(Finding::NoNodeMatches(v()));
    let claims = |names: &[&str]| names.iter().map(|name| ((*name).into(), policy())).collect();
    all.extend(
        [&["glance-tmp"][..], &["glance-tmp", "glance-cache"]]
            .map(|names| Finding::SiblingsAtRisk { release: release(), claims: claims(names) }),
    );
    all.push(Finding::TridentDeletes(v()));
    all.extend([false, true].map(|reserved| Finding::TridentMissing { volume: v(), reserved }));
    all.push(Finding::TridentOnline(v()));
    all.push(Finding::TridentState { volume: v(), state: "missing_backend".into() });
    all.push(Finding::NoClaimRef(v()));
    all.push(Finding::KeptForOthers(vec![(v(), other()), ("pvc-77aa".into(), elsewhere())]));
    all.push(Finding::SetIncomplete(set()));
    all.push(Finding::Event(Event { reason: "FailedBinding".into(), message: "as the cluster words it".into() }));
    all
}

fn steps() -> Vec<Step> {
    let run = |verb, volume: Option<String>, waits, pins| Step::Run { verb, volume, waits, pins };
    let mut all = vec![
        run(Verb::Status, None, false, false),
        run(Verb::Retain, Some(v()), false, false),
        run(Verb::Unretain, None, false, false),
        run(Verb::Reuse, Some(v()), true, true),
        run(Verb::Pin, Some(v()), false, false),
        run(Verb::Unpin, None, false, false),
        run(Verb::Verify, None, true, false),
        run(Verb::Guide, None, false, false),
        run(Verb::GuideAgain, None, false, false),
        run(Verb::Export, Some(v()), false, false),
    ];
    let verbs: Vec<Verb> =
        all.iter().filter_map(|step| if let Step::Run { verb, .. } = step { Some(*verb) } else { None }).collect();
    covers(&verbs);
    all.extend([Step::Uninstall(Some(release())), Step::Uninstall(None), Step::Install, Step::Manifest(release())]);
    all.extend(drivers().map(Step::Suspend));
    all.extend(drivers().map(Step::Resume));
    all.extend([owner("StatefulSet", "mariadb"), owner("Cluster", "pg")].map(Step::DeleteOwner));
    all.extend(["job", "pod"].map(|kind| Step::DeleteHolder { kind, name: "glance-storage-init".into() }));
    all.push(Step::ScaleDown);
    all.push(Step::Reconcile { name: "glance".into(), namespace: "flux-system".into() });
    all.extend([Step::Look("volumesnapshots", true), Step::Look("volumeattachments", false)]);
    all.extend([
        Step::RetainRelease("glance".into()),
        Step::RetainNamespace("openstack".into()),
        Step::RemoveMark(v()),
        Step::ReuseFrom(v(), other()),
        Step::DeleteVolume(v()),
    ]);
    all.extend([
        Step::DeleteClaim,
        Step::AwaitDeleted(v()),
        Step::Apply(v()),
        Step::UseClaim,
        Step::Elsewhere(elsewhere()),
        Step::Note,
    ]);
    all
}

fn remarks() -> Vec<Remark> {
    vec![
        Remark::Now,
        Remark::BeforeRetain,
        Remark::ReleaseOwnsVolume,
        Remark::UntilProvisionerLetsGo,
        Remark::StaysBound,
        Remark::CreatesClaimAgain,
        Remark::KeepsData,
        Remark::BeforeUninstall,
        Remark::BeforeBinding,
        Remark::KeepsNewerData,
        Remark::KeptInManifest,
        Remark::ClaimStays,
        Remark::IfKept,
        Remark::IfDeletedByHand,
        Remark::OnceChecked,
        Remark::OrPinInGit,
        Remark::OrFit(Field::iter().map(differs).collect()),
        Remark::OneOfThem(Timestamp::from_second(200).ok()),
        Remark::OrDeleteClaim,
        Remark::FromExport,
        Remark::UntilDeleted,
        Remark::UntilAvailable,
        Remark::UntilReleased,
        Remark::GoingBack { to: vec![v()], from: "pvc-77aa".into() },
        Remark::OtherWay(vec![v()]),
        Remark::NothingPreserved,
        Remark::AnotherRound,
        Remark::SafeToRepeat,
        Remark::OnceFixed,
        Remark::OnceWhole,
        Remark::KeptForOther(other()),
        Remark::OnceSuspended,
        Remark::IfUninstalled,
    ]
}

/// Every line of `check` that is neither a stage nor a finding.
fn checks() -> Vec<String> {
    let all: Vec<_> = check::Use::iter().map(|by| ("get", "persistentvolumes", by)).collect();
    let mut lines = vec![
        check::kubernetes(Some("v1.37.2"), "https://10.0.0.5:6443", Some("burrito")),
        check::kubernetes(None, "https://10.0.0.5:6443", None),
        check::class(None, None),
        check::class(Some("netapp"), Some("Retain")),
        check::class(Some("netapp"), Some("Delete")),
        check::class(Some("netapp"), None),
        check::rights(&[]),
    ];
    lines.extend(all.iter().map(|missing| check::rights(&[*missing])));
    lines.extend([check::RIGHTS_HINT.to_owned(), check::template(28)]);
    lines.extend([1, 2].into_iter().filter_map(check::verdict));
    lines
}

fn problems() -> Vec<Problem> {
    vec![
        Problem::Empty,
        Problem::SecondPin(12),
        Problem::NotReadBack,
        Problem::TemplatedPin("volumeName: {{ .Values.volume.name }}".into()),
        Problem::ConditionalPin,
        Problem::Repeated,
        Problem::OpenAction,
        Problem::NoClaim("glance-images".into()),
        Problem::SecondClaim("glance-images".into(), 3),
        Problem::NoSpec,
        Problem::SecondSpec(7),
        Problem::FlowSpec,
        Problem::EmptySpec,
        Problem::NoPlace,
    ]
}

fn troubles() -> [Trouble; 3] {
    [
        Trouble::Refused,
        Trouble::Passing("in the words of whoever noticed".into()),
        Trouble::Lasting("in the words of whoever noticed".into()),
    ]
}

fn io() -> std::io::Error {
    std::io::Error::other("in the words of the operating system")
}

fn files() -> Vec<FileProblem> {
    let mut all = vec![
        FileProblem::Io(io()),
        FileProblem::Directory,
        FileProblem::NotRegular,
        FileProblem::Encoding(3),
        FileProblem::ReadOnly,
        FileProblem::HardLinks,
        FileProblem::Changed,
    ];
    all.extend(problems().into_iter().map(|problem| FileProblem::Template(Misfit { line: Some(12), problem })));
    all
}

fn actions() -> Vec<Action> {
    let write = |document: &str, pins| Action::Write {
        file: "pvc-images.yaml".into(),
        claim: "glance-images".into(),
        document: document.into(),
        pins,
    };
    let (named, templated) = (write("glance-images", true), write("{{ .Values.name }}", false));
    let all = Action::PatchAll { volumes: 4, claims: 5, namespace: "openstack".into() };
    vec![Action::Patch(v()), all, named, templated, Action::Run("helm uninstall glance".into())]
}

fn unsettled() -> Vec<Unsettled> {
    let lost =
        || Box::new(Error::Connection { server: String::new(), trouble: Trouble::Passing("unexpected EOF".into()) });
    vec![
        Unsettled::NotAvailable(v(), "30s".into()),
        Unsettled::Unknown(v(), lost()),
        Unsettled::NotDone(v(), lost()),
        Unsettled::PolicyReset(v(), "Delete".into()),
    ]
}

fn halts() -> Vec<Halt> {
    let (command, status) = (|| "helm uninstall glance".to_owned(), || "exit status: 1".to_owned());
    vec![
        Halt::Kept,
        Halt::Applied(applier(Some(Driver::ArgoCd("images".into())))),
        Halt::Applied(applier(None)),
        Halt::Stopped(Stage::Diverted),
        Halt::TimedOut(Stage::Retained, "10m".into()),
        Halt::TimedOut(Stage::Reserved, "10m".into()),
        Halt::TimedOut(Stage::Binding, "10m".into()),
        Halt::Command(command(), status()),
        Halt::CommandAgain(command(), status()),
        Halt::NoShell("no such file or directory".into()),
        Halt::Interrupted(command(), status()),
    ]
}

/// Every error, but refusals, which have a list of their own.
fn errors() -> Vec<Error> {
    let server = || "10.0.0.5:6443".to_owned();
    let mut status = kube::core::Status::failure("in the words of the server", "Forbidden");
    status.code = 403;
    let mut all = vec![Error::Api(Box::new(status))];
    all.extend(troubles().map(|trouble| Error::Connection { server: server(), trouble }));
    all.push(Error::Response("in the words of whoever noticed".into()));
    all.push(Error::Configuration("error: as kubectl words it".into()));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (elsewhere, here) in [
        (names(&[]), names(&[])),
        (names(&[]), names(&["mysql-data-0", "glance-image", "a", "b", "c", "d"])),
        (names(&["elsewhere"]), names(&[])),
        (names(&["a", "b"]), names(&["glance-image"])),
    ] {
        all.push(Error::Absent { target: target(), elsewhere, here, kept: Vec::new() });
    }
    let kept = vec![(v(), other())];
    all.push(Error::Absent { target: target(), elsewhere: Vec::new(), here: Vec::new(), kept });
    all.push(Error::ClaimNamed(target()));
    all.push(Error::NothingSelected("openstack".into(), "--release glance".into()));
    for repeats in [false, true] {
        let (failed, not_tried) = (vec![other()], vec![target()]);
        all.push(Error::SomeFailed { verb: Verb::Reuse, failed, not_tried, of: 5, repeats });
    }
    all.push(Error::NothingToReuse("openstack".into()));
    all.push(Error::OfClaims("a,b".into(), Box::new(Error::Guide(target(), Halt::Stopped(Stage::Lost)))));
    all.push(Error::InterruptedAfter { verb: Verb::Retain, patched: 2, of: 5 });
    let interrupted = Error::InterruptedAfter { verb: Verb::Reuse, patched: 0, of: 2 };
    all.push(Error::OfClaims("a,b".into(), Box::new(interrupted)));
    let still = || Refusal { target: target(), reason: Reason::StillBound(v()), next: vec![] };
    all.push(Error::Refused(still()));
    all.push(Error::TimedOut("10m".into(), still()));
    all.extend(files().into_iter().map(|problem| Error::file("pvc-images.yaml", problem)));
    all.push(Error::Failed);
    for action in actions() {
        all.extend([Error::Declined(action.clone()), Error::NoTerminal(action)]);
    }
    all.push(Error::NotChosen);
    all.extend(unsettled().into_iter().map(|what| Error::Unsettled(target(), what)));
    all.extend(halts().into_iter().map(|halt| Error::Guide(target(), halt)));
    all.extend([Error::Terminal(io()), Error::Interrupted]);
    all
}

fn notices(target: &Target) -> Vec<Notice<'_>> {
    vec![
        Notice::Changed("pvc-b0f0"),
        Notice::ReadBack { volume: "pvc-b0f0", why: "unexpected EOF" },
        Notice::OthersChanged,
        Notice::WithoutVolume(target),
        Notice::NotDeleted(target),
        Notice::Exposes,
        Notice::NeverDeleted(target, "210d"),
        Notice::TryingAgain("in the words of the error"),
        Notice::PinStays,
        Notice::UnpinBreaks(target),
        Notice::UnpinMayBreak { claim: "glance-images", why: "no response" },
        Notice::ExportedRetain { volume: "pvc-b0f0", policy: "Delete" },
        Notice::ReusedBefore(1),
        Notice::ReusedBefore(3),
        Notice::ToCome { several: true, uninstall: None, install: None },
        Notice::ToCome { several: false, uninstall: Some("helm uninstall glance"), install: None },
        Notice::ProvisionerLetGo("pvc-b0f0"),
    ]
}

fn now() -> Timestamp {
    Timestamp::from_second(300).unwrap()
}

/// Lines of the screen.
fn screen(shown: &[Shown]) -> String {
    let text = |shown: &Shown| match shown {
        Shown::Words(head, words) if words.is_empty() => format!("{head}:\n"),
        Shown::Words(head, words) => format!("{head}: {words}\n"),
        Shown::Command(command) => format!("  {command}\n"),
    };
    shown.iter().map(text).collect()
}

/// A situation for each stage.
fn stages() -> Vec<Seen> {
    let kept = |v: Volume| Volume { policy: "Retain".into(), ..v };
    let released = |v: Volume| Volume { phase: VolumePhase::Released, ..v };
    let reserved = |mut v: Volume| {
        v.phase = VolumePhase::Available;
        v.claim_ref.iter_mut().for_each(|r| (r.uid, r.resource_version) = (None, None));
        v
    };
    let going = Claim { terminating: true, ..claim("u1") };
    let pending = Claim { phase: ClaimPhase::Pending, volume_name: None, ..claim("u2") };
    let mut old = released(kept(volume("old")));
    old.claim_ref.iter_mut().for_each(|r| r.uid = Some("u0".into()));
    vec![
        situation(Some(claim("u1")), &[volume("v")]),
        situation(Some(claim("u1")), &[kept(volume("v"))]),
        situation(
            Some(Claim { keep: Keep::ByManifest, stays: Some(Stays::Helm), ..claim("u1") }),
            &[kept(volume("v"))],
        ),
        situation(Some(going), &[kept(volume("v"))]),
        situation(None, &[kept(volume("v"))]),
        situation(Some(pending.clone()), &[kept(volume("v"))]),
        situation(None, &[released(volume("v"))]),
        situation(Some(claim("u1")), &[Volume { terminating: true, ..volume("v") }]),
        situation(None, &[released(kept(volume("v")))]),
        situation(None, &[reserved(kept(volume("v")))]),
        situation(Some(pending.clone()), &[reserved(kept(volume("v")))]),
        situation(Some(Claim { volume_name: Some("gone".into()), ..pending.clone() }), &[]),
        situation(Some(pending), &[]),
        situation(Some(Claim { pinned: true, ..claim("u1") }), &[kept(volume("v"))]),
        situation(Some(claim("u1")), &[volume("v"), old]),
        situation(Some(Claim { phase: ClaimPhase::Lost, ..claim("u1") }), &[reserved(kept(volume("v")))]),
        situation(None, &[]),
    ]
}

#[test]
fn every_variant_has_an_example() {
    let (seen, t) = (stages(), target());
    let stages: Vec<Stage> = seen.iter().map(|seen| assess(&seen.situation()).stage).collect();
    covers(&stages);
    covers(&reasons());
    covers(&findings());
    covers(&steps());
    covers(&remarks());
    covers(&problems());
    covers(&troubles());
    covers(&files());
    covers(&actions());
    covers(&unsettled());
    covers(&halts());
    covers(&errors());
    covers(&notices(&t));
}

#[test]
fn the_whole_voice() {
    let (t, typed) = (target(), Typed::default());
    let mut voice = String::new();
    let head = |voice: &mut String, title: &str| voice.push_str(&format!("\n# {title}\n\n"));
    head(&mut voice, "Stages, and what is next");
    for seen in stages() {
        let situation = seen.situation();
        let found = assess(&situation);
        voice += &format!("{}: {}\n", found.stage, stage::summary(&found, now()));
        voice += &screen(&typed.shown(&t, "next", &found.next, now()));
    }
    head(&mut voice, "Findings");
    for it in findings() {
        // Of several volumes one is named.
        let own = if matches!(it, Finding::OtherVolumeDoomed { .. }) { None } else { Some("pvc-b0f0") };
        voice += &format!("{}: {}\n", it.reason(), finding::message(&it, &t, own));
        for remedy in it.remedies() {
            voice += &format!("  {}\n", typed.line(&t, &remedy).command.unwrap_or_default());
        }
    }
    head(&mut voice, "Refusals");
    for reason in reasons() {
        let refusal = Refusal { target: t.clone(), reason, next: vec![] };
        voice += &format!("{}: {}\n", name(&refusal.reason), refusal::message(&refusal));
        if let Some(advice) = refusal::advice(&refusal.reason) {
            voice += &format!("    hint: {advice}\n");
        }
    }
    head(&mut voice, "Steps");
    for step in steps() {
        voice += &format!("{}:\n{}", name(&step), screen(&typed.shown(&t, "next", &[step.clone().into()], now())));
    }
    head(&mut voice, "Remarks");
    for remark in remarks() {
        let next = Next::run(Verb::Status).because(remark.clone());
        voice += &format!("{}:\n{}", name(&remark), screen(&typed.shown(&t, "next", &[next], now())));
    }
    head(&mut voice, "Checks");
    for line in checks() {
        voice += &format!("{line}\n");
    }
    head(&mut voice, "Errors");
    for it in errors() {
        voice += &format!("{}\n", error::message(&it));
        voice += &screen(&error::hints(&it, &typed, now()));
    }
    head(&mut voice, "Changes, questions, notices and waits");
    for change in [
        Change::retain_late(&volume("v")),
        Change::release(&volume("v")),
        Change::policy(&volume("v"), "Delete"),
        Change::give_back(&volume("v"), &claim("u1")),
        Change::reserve(&Volume { claim_ref: None, ..volume("v") }, &t),
        Change::take_over(&volume("v"), &other()),
    ] {
        voice += &format!("{}\n", question::change(&change, &t));
    }
    for action in actions() {
        voice += &format!("{} [y/N]\n", question::ask(&action));
    }
    let waiting = Volume { since: Timestamp::from_second(200).ok(), ..volume("v") };
    let choice = question::choice(&waiting, Timestamp::from_second(300).unwrap());
    voice += &format!("{ANOTHER_ROUND} [y/N]\n{}\n    {choice}\n", question::which(&t));
    for it in notices(&t) {
        voice += &format!("{}\n", question::notice(&it));
    }
    let pods: [&[&str]; 3] = [&[], &["glance-api-0"], &["glance-api-0", "glance-api-1"]];
    for awaited in wait::Awaited::iter() {
        for pods in pods.iter().take(if awaited == wait::Awaited::ClaimGone { 3 } else { 1 }) {
            let pods: Vec<Holder> = pods.iter().map(|name| pod(name, "Running", None)).collect();
            let text = wait::progress(awaited, &t, None, &pods);
            voice += &format!("{}\n", wait::limited(&text, Duration::from_secs(130), "10m"));
        }
        let held: &[Holder] = &[pod("nova-compute-0", "Running", None)];
        for pods in [&[], held].into_iter().take(if awaited == wait::Awaited::ClaimGone { 2 } else { 1 }) {
            voice += &format!("{}\n", wait::progress(awaited, &t, Some((5, 8)), pods));
        }
        for counted in [None, Some((5, 8))] {
            voice += &format!("{}\n", wait::ended(awaited, &t, counted, Duration::from_secs(36)));
        }
    }
    expect_file!["voice.txt"].assert_eq(voice.trim_start());
    // Lists of anything, and what others worded, may be longer.
    let longer = [
        "OtherVolumeDoomed: ",
        "KeptForOthers: ",
        "SetIncomplete: ",
        "Trident",
        "HeldBy",
        "ClassDiffers: ",
        "ModesDiffer: ",
        "VolumeModeDiffers: ",
        "AttributesClassDiffers: ",
        "StillMounted: ",
        "StillAttached: ",
        "DeletionBegun: ",
        "next: pin it, or install with ",
    ];
    let (screen, _) = voice.split_once("# Refusals").unwrap();
    for line in screen.lines().filter(|line| !longer.iter().any(|head| line.starts_with(head))) {
        assert!(line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn every_command_reaches_the_cluster_that_was_read() {
    let t = target();
    let context = Flag { name: "--context".into(), value: Some("prod".into()), verbs: Vec::new() };
    let typed = Typed(vec![context]);
    let steps = steps().into_iter().map(Next::from);
    let remarks = remarks().into_iter().map(|remark| Next::run(Verb::Status).because(remark));
    let remedies = findings().into_iter().flat_map(|it| it.remedies());
    let lines = steps.chain(remarks).chain(remedies).flat_map(|next| {
        let Line { command, remark } = typed.line(&t, &next);
        [command, remark]
    });
    let findings = findings().into_iter().map(|it| finding::message(&it, &t, None));
    let mut seen = 0;
    for text in lines.flatten().chain(findings) {
        // A command in backticks is spoken of, and not for typing.
        let typed: String = text.split('`').step_by(2).collect();
        let commands = ["kubectl ", "helm uninstall ", "helm get ", "flux "];
        let commands: usize = commands.iter().map(|tool| typed.matches(tool).count()).sum();
        assert_eq!(typed.matches("context prod").count(), commands, "{text}");
        seen += commands;
    }
    assert!(seen > 0);
}
