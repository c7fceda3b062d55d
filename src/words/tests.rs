//! The whole voice of the program in one file: `voice.txt`, each value beside its sentence.
//!
//! Each list below begins with `None` and goes on from one variant to the next in an exhaustive match, so
//! that a new variant does not compile without its place in it.

use expect_test::expect_file;
use jiff::Timestamp;

use super::next::Typed;
use super::{check, error, finding, question, refusal, stage, wait};
use crate::error::{Answer, Deed, Error, FileProblem, Halt, Trouble, Unsettled};
use crate::lifecycle::check::{Check, Claim as Found, Class, RIGHTS};
use crate::lifecycle::tests::{Seen, claim, situation, volume};
use crate::lifecycle::{
    Begun, Claim, ClaimPhase, Driver, Event, Field, Finding, Keep, Misfit as Differs, Next, Reason, Refusal, Release,
    Remark, Sign, Stage, Step, Target, Verb, Volume, VolumePhase, assess,
};
use crate::template::{Misfit, Problem};

fn target() -> Target {
    Target { namespace: "openstack".into(), claim: "glance-images".into() }
}

fn v() -> String {
    "pvc-b0f0".to_owned()
}

fn release() -> Release {
    Release { name: "glance".into(), namespace: "openstack".into() }
}

fn flux() -> Driver {
    Driver::Flux("helmrelease", "glance".into(), "flux-system".into())
}

fn small() -> Differs {
    Differs { field: Field::Size, wanted: "600Gi".into(), offered: "500Gi".into() }
}

/// All that follow each other, from the first.
fn each<T>(after: impl Fn(Option<&T>) -> Option<T>) -> Vec<T> {
    let mut found = Vec::new();
    while let Some(next) = after(found.last()) {
        found.push(next);
    }
    found
}

/// The name of a variant, for the snapshot.
fn name(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn after_reason(last: Option<&Reason>) -> Option<Reason> {
    let volume = v();
    Some(match last {
        None => Reason::NotBound(Some(volume)),
        Some(Reason::NotBound(_)) => {
            Reason::NotRetained { volume, phase: VolumePhase::Released, policy: "Delete".into() }
        }
        Some(Reason::NotRetained { phase: VolumePhase::Released, .. }) => {
            Reason::NotRetained { volume, phase: VolumePhase::Bound, policy: "Delete".into() }
        }
        Some(Reason::NotRetained { .. }) => Reason::NotReleased { volume, phase: VolumePhase::Bound },
        Some(Reason::NotReleased { .. }) => Reason::ClaimLost,
        Some(Reason::ClaimLost) => Reason::ClaimTerminating(volume),
        Some(Reason::ClaimTerminating(_)) => Reason::StillBound(volume),
        Some(Reason::StillBound(_)) => Reason::BoundToAnother { own: "pvc-77aa".into(), volumes: vec![volume] },
        Some(Reason::BoundToAnother { .. }) => Reason::NoClaim,
        Some(Reason::NoClaim) => Reason::Unbound { phase: ClaimPhase::Pending, volume: Some(volume) },
        Some(Reason::Unbound { volume: Some(_), .. }) => Reason::Unbound { phase: ClaimPhase::Pending, volume: None },
        Some(Reason::Unbound { .. }) => Reason::CannotVerifyLost,
        Some(Reason::CannotVerifyLost) => Reason::MadeForIt(volume, Sign::Name),
        Some(Reason::MadeForIt(_, Sign::Name)) => Reason::MadeForIt(volume, Sign::Age),
        Some(Reason::MadeForIt(..)) => Reason::GoingAway(Some(volume)),
        Some(Reason::GoingAway(Some(_))) => Reason::GoingAway(None),
        Some(Reason::GoingAway(None)) => Reason::Policy { volume, policy: "Delete".into() },
        Some(Reason::Policy { .. }) => {
            let owner = Target { namespace: "elsewhere".into(), ..target() };
            Reason::OfAnotherClaim { volume, owner }
        }
        Some(Reason::OfAnotherClaim { .. }) => Reason::OfNoClaim(volume),
        Some(Reason::OfNoClaim(_)) => Reason::VolumeTerminating { volume, data_stays: true },
        Some(Reason::VolumeTerminating { data_stays: true, .. }) => {
            Reason::VolumeTerminating { volume, data_stays: false }
        }
        Some(Reason::VolumeTerminating { .. }) => Reason::VolumeGone(volume),
        Some(Reason::VolumeGone(_)) => Reason::NoVolume,
        Some(Reason::NoVolume) => Reason::Nothing,
        Some(Reason::Nothing) => Reason::Several(vec![volume, "pvc-77aa".into()]),
        Some(Reason::Several(_)) => return None,
    })
}

fn after_finding(last: Option<&Finding>) -> Option<Finding> {
    let (volume, policy) = (v(), "Delete".to_owned());
    let begun = |sign| Finding::DeletionBegun { volume: v(), sign };
    Some(match last {
        None => Finding::OtherVolumeDoomed { volume, phase: VolumePhase::Released, policy },
        Some(Finding::OtherVolumeDoomed { .. }) => Finding::OtherVolumesWait(vec![volume, "pvc-77aa".into()]),
        Some(Finding::OtherVolumesWait(_)) => Finding::ClaimTerminating,
        Some(Finding::ClaimTerminating) => Finding::KeptByHelm(Keep::ByManifest),
        Some(Finding::KeptByHelm(Keep::ByManifest)) => Finding::KeptByHelm(Keep::ByHand),
        Some(Finding::KeptByHelm(Keep::ByHand)) => Finding::KeptByHelm(Keep::Unknown),
        Some(Finding::KeptByHelm(_)) => Finding::Recreated(Driver::ArgoCd("images".into())),
        Some(Finding::Recreated(Driver::ArgoCd(_))) => Finding::Recreated(flux()),
        Some(Finding::Recreated(_)) => Finding::PolicyApplied { volume, manager: "helm".into() },
        Some(Finding::PolicyApplied { .. }) => begun(Begun::RetainedLate),
        Some(Finding::DeletionBegun { sign: Begun::RetainedLate, .. }) => begun(Begun::Failed),
        Some(Finding::DeletionBegun { sign: Begun::Failed, .. }) => begun(Begun::Event("deadline exceeded".into())),
        Some(Finding::DeletionBegun { .. }) => {
            Finding::VolumeOfAnotherClaim { volume, owner: Some("elsewhere/glance-images".into()) }
        }
        Some(Finding::VolumeOfAnotherClaim { owner: Some(_), .. }) => {
            Finding::VolumeOfAnotherClaim { volume, owner: None }
        }
        Some(Finding::VolumeOfAnotherClaim { .. }) => Finding::StaleClaimRef(volume),
        Some(Finding::StaleClaimRef(_)) => Finding::PolicyNotRetain { volume, policy },
        Some(Finding::PolicyNotRetain { .. }) => Finding::Misfit { volume, misfit: small() },
        Some(Finding::Misfit { misfit, .. }) => {
            let field = match misfit.field {
                Field::Size => Field::Modes,
                Field::Modes => Field::VolumeMode,
                Field::VolumeMode => Field::Class,
                Field::Class => Field::Attributes,
                Field::Attributes => return Some(Finding::HeldByPods(vec!["glance-api-0".into()])),
            };
            let (wanted, offered) = ("what it asks for".to_owned(), "what there is".to_owned());
            Finding::Misfit { volume, misfit: Differs { field, wanted, offered } }
        }
        Some(Finding::HeldByPods(_)) => {
            Finding::Event(Event { reason: "FailedBinding".into(), message: "as the cluster words it".into() })
        }
        Some(Finding::Event(_)) => return None,
    })
}

fn after_step(last: Option<&Step>) -> Option<Step> {
    let run = |verb, volume: Option<String>, waits, pins| Step::Run { verb, volume, waits, pins };
    Some(match last {
        None => run(Verb::Status, None, false, false),
        Some(Step::Run { verb, .. }) => match verb {
            Verb::Status => run(Verb::Retain, Some(v()), false, false),
            Verb::Retain => run(Verb::Reuse, Some(v()), true, true),
            Verb::Reuse => run(Verb::Pin, Some(v()), false, false),
            Verb::Pin => run(Verb::Unpin, None, false, false),
            Verb::Unpin => run(Verb::Verify, None, true, false),
            Verb::Verify => run(Verb::Guide, None, false, false),
            Verb::Guide => run(Verb::GuideAgain, None, false, false),
            Verb::GuideAgain => run(Verb::Export, Some(v()), false, false),
            Verb::Export => Step::Uninstall(Some(release())),
        },
        Some(Step::Uninstall(Some(_))) => Step::Uninstall(None),
        Some(Step::Uninstall(None)) => Step::Install,
        Some(Step::Install) => Step::Manifest(release()),
        Some(Step::Manifest(_)) => Step::Suspend(Driver::ArgoCd("images".into())),
        Some(Step::Suspend(Driver::ArgoCd(_))) => Step::Suspend(flux()),
        Some(Step::Suspend(_)) => Step::DeleteClaim,
        Some(Step::DeleteClaim) => Step::AwaitDeleted(v()),
        Some(Step::AwaitDeleted(_)) => Step::Apply(v()),
        Some(Step::Apply(_)) => Step::UseClaim,
        Some(Step::UseClaim) => Step::Elsewhere(Target { namespace: "elsewhere".into(), ..target() }),
        Some(Step::Elsewhere(_)) => Step::Note,
        Some(Step::Note) => return None,
    })
}

fn after_remark(last: Option<&Remark>) -> Option<Remark> {
    Some(match last {
        None => Remark::Now,
        Some(Remark::Now) => Remark::KeepsData,
        Some(Remark::KeepsData) => Remark::BeforeUninstall,
        Some(Remark::BeforeUninstall) => Remark::BeforeBinding,
        Some(Remark::BeforeBinding) => Remark::KeepsNewerData,
        Some(Remark::KeepsNewerData) => Remark::KeptInManifest,
        Some(Remark::KeptInManifest) => Remark::ClaimStays,
        Some(Remark::ClaimStays) => Remark::IfKept,
        Some(Remark::IfKept) => Remark::OrPinInGit,
        Some(Remark::OrPinInGit) => Remark::PinOnlyOnMisfit(Some("500Gi".into())),
        Some(Remark::PinOnlyOnMisfit(_)) => Remark::OrFit(vec![small()]),
        Some(Remark::OrFit(_)) => Remark::OneOfThem,
        Some(Remark::OneOfThem) => Remark::OrDeleteClaim,
        Some(Remark::OrDeleteClaim) => Remark::FromExport,
        Some(Remark::FromExport) => Remark::UntilDeleted,
        Some(Remark::UntilDeleted) => Remark::UntilAvailable,
        Some(Remark::UntilAvailable) => Remark::UntilReleased,
        Some(Remark::UntilReleased) => Remark::GoingBack { to: vec![v()], from: "pvc-77aa".into() },
        Some(Remark::GoingBack { .. }) => Remark::OtherWay(vec![v()]),
        Some(Remark::OtherWay(_)) => Remark::NothingPreserved,
        Some(Remark::NothingPreserved) => Remark::AnotherRound,
        Some(Remark::AnotherRound) => Remark::SafeToRepeat,
        Some(Remark::SafeToRepeat) => Remark::OnceFixed,
        Some(Remark::OnceFixed) => return None,
    })
}

fn after_check(last: Option<&Check>) -> Option<Check> {
    let class = |policy: &str| Check::Class(Class::Provisions { name: "netapp".into(), policy: policy.into() });
    Some(match last {
        None => Check::Kubernetes {
            version: Some("v1.37.2".into()),
            url: "https://10.0.0.5:6443".into(),
            context: Some("burrito".into()),
        },
        Some(Check::Kubernetes { .. }) => {
            Check::Claim(Found::Bound { volume: v(), size: Some("500Gi".into()), modes: vec!["ReadWriteMany".into()] })
        }
        Some(Check::Claim(Found::Bound { .. })) => Check::Claim(Found::Unbound(ClaimPhase::Pending)),
        Some(Check::Claim(Found::Unbound(_))) => Check::Claim(Found::Missing { volume_left: false }),
        Some(Check::Claim(Found::Missing { volume_left: false })) => Check::Claim(Found::Missing { volume_left: true }),
        Some(Check::Claim(Found::Missing { .. })) => {
            Check::Terminating { volume: v(), next: vec![Next::on(Verb::Retain, &v()).because(Remark::KeepsData)] }
        }
        Some(Check::Terminating { .. }) => Check::Policy("Retain".into()),
        Some(Check::Policy(policy)) if policy == "Retain" => Check::Policy("Delete".into()),
        Some(Check::Policy(_)) => Check::Applied("helm".into()),
        Some(Check::Applied(_)) => Check::Preserved(vec!["pvc-77aa".into()]),
        Some(Check::Preserved(_)) => Check::Helm(Some(release()), Keep::No),
        Some(Check::Helm(_, Keep::No)) => Check::Helm(Some(release()), Keep::ByManifest),
        Some(Check::Helm(_, Keep::ByManifest)) => Check::Helm(Some(release()), Keep::ByHand),
        Some(Check::Helm(_, Keep::ByHand)) => Check::Helm(Some(release()), Keep::Unknown),
        Some(Check::Helm(_, Keep::Unknown)) => Check::Driver(Driver::ArgoCd("images".into())),
        Some(Check::Driver(Driver::ArgoCd(_))) => Check::Driver(flux()),
        Some(Check::Driver(_)) => Check::Class(Class::None),
        Some(Check::Class(Class::None)) => class("Retain"),
        Some(Check::Class(Class::Provisions { policy, .. })) if policy == "Retain" => class("Delete"),
        Some(Check::Class(Class::Provisions { .. })) => Check::Class(Class::Missing("netapp".into())),
        Some(Check::Class(Class::Missing(_))) => Check::Pods(vec![]),
        Some(Check::Pods(pods)) if pods.len() < 2 => {
            Check::Pods(["glance-api-0", "glance-api-1"][..=pods.len()].iter().map(|&pod| pod.into()).collect())
        }
        Some(Check::Pods(_)) => Check::Rights(vec![]),
        Some(Check::Rights(missing)) if missing.is_empty() => Check::Rights(RIGHTS.iter().collect()),
        Some(Check::Rights(_)) => Check::Template(28),
        Some(Check::Template(_)) => {
            Check::Unknown { name: "claim", needed: true, error: "in the words of the error".into(), hint: None }
        }
        Some(Check::Unknown { .. }) => return None,
    })
}

fn after_problem(last: Option<&Problem>) -> Option<Problem> {
    Some(match last {
        None => Problem::Empty,
        Some(Problem::Empty) => Problem::SecondPin(12),
        Some(Problem::SecondPin(_)) => Problem::NotReadBack,
        Some(Problem::NotReadBack) => Problem::TemplatedPin("volumeName: {{ .Values.volume.name }}".into()),
        Some(Problem::TemplatedPin(_)) => Problem::OpenAction,
        Some(Problem::OpenAction) => Problem::NoClaim("glance-images".into()),
        Some(Problem::NoClaim(_)) => Problem::SecondClaim("glance-images".into(), 3),
        Some(Problem::SecondClaim(..)) => Problem::NoSpec,
        Some(Problem::NoSpec) => Problem::SecondSpec(7),
        Some(Problem::SecondSpec(_)) => Problem::FlowSpec,
        Some(Problem::FlowSpec) => Problem::EmptySpec,
        Some(Problem::EmptySpec) => Problem::NoPlace,
        Some(Problem::NoPlace) => return None,
    })
}

/// Every error but those of other lists: refusals and templates.
fn errors() -> Vec<Error> {
    let (t, server) = (target, || "10.0.0.5:6443".to_owned());
    let connection = |trouble| Error::Connection { server: server(), trouble };
    let file = |problem| Error::file("pvc-images.yaml", problem);
    let mut all = vec![connection(Trouble::Refused)];
    all.extend(
        [
            Trouble::Silent("10s (--request-timeout)".into()),
            Trouble::NoConnection(std::time::Duration::from_secs(30)),
            Trouble::ExecFailed("exit status: 1".into(), "login expired".into()),
            Trouble::NoExec("no such file or directory".into()),
            Trouble::Credentials("in kube's words".into()),
            Trouble::ProxyScheme("ftp".into()),
            Trouble::Other("in the words of whoever noticed".into()),
        ]
        .map(connection),
    );
    all.push(Error::Setup(Trouble::NoExec("no such file or directory".into())));
    all.extend(
        [
            Answer::Form("expected value at line 1 column 1".into()),
            Answer::Name("..".into()),
            Answer::NoVolume(v()),
            Answer::NoRow,
            Answer::NoObject,
            Answer::NoColumn("Claim"),
            Answer::NoList("Status".into()),
        ]
        .map(Error::Answer),
    );
    for elsewhere in [vec![], vec!["elsewhere".to_owned()], vec!["a".to_owned(), "b".to_owned()]] {
        all.push(Error::Absent { target: t(), elsewhere });
    }
    let still = Refusal { target: t(), reason: Reason::StillBound(v()), next: vec![] };
    all.push(Error::TimedOut("10m".into(), still));
    all.extend(
        [
            FileProblem::Folder,
            FileProblem::NoFile,
            FileProblem::Encoding(3),
            FileProblem::ReadOnly,
            FileProblem::HardLinks,
            FileProblem::Changed,
        ]
        .map(file),
    );
    for deed in deeds() {
        all.extend([Error::Declined(deed.clone()), Error::NoTerminal(deed)]);
    }
    all.extend(
        [
            Unsettled::NotAvailable(v(), "30s".into()),
            Unsettled::Unknown(v(), Box::new(connection(Trouble::Other("unexpected EOF".into())))),
            Unsettled::PolicyReset(v(), "Delete".into()),
        ]
        .map(|what| Error::Unsettled(t(), what)),
    );
    all.extend(
        [
            Halt::Kept,
            Halt::Stopped(Stage::Diverted),
            Halt::TimedOut(Stage::Retained, "10m".into()),
            Halt::Command("helm uninstall glance".into(), "exit status: 1".into()),
        ]
        .map(|halt| Error::Guide(t(), halt)),
    );
    all
}

fn deeds() -> [Deed; 5] {
    let command = "helm uninstall glance".to_owned();
    [Deed::Patch(v()), Deed::Write("pvc-images.yaml".into()), Deed::Run(command), Deed::Choose, Deed::Round]
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
        situation(Some(Claim { keep: Keep::ByManifest, ..claim("u1") }), &[kept(volume("v"))]),
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
fn the_whole_voice() {
    let (t, typed) = (target(), Typed::default());
    let mut voice = String::new();
    let head = |voice: &mut String, title: &str| voice.push_str(&format!("\n# {title}\n\n"));
    head(&mut voice, "Stages, and what is next");
    for seen in stages() {
        let situation = seen.situation();
        let found = assess(&situation);
        voice +=
            &format!("{}: {}\n", found.stage, stage::summary(&found, &situation, Timestamp::from_second(300).unwrap()));
        typed.lines(&t, &found.next).iter().for_each(|line| voice += &format!("    {line}\n"));
    }
    head(&mut voice, "Findings");
    for it in each(after_finding) {
        voice += &format!("{}: {}\n", it.reason(), finding::message(&it, &t, &typed));
    }
    head(&mut voice, "Refusals");
    for reason in each(after_reason) {
        let refusal = Refusal { target: t.clone(), reason, next: vec![] };
        voice += &format!("{}: {}\n", name(&refusal.reason), refusal::message(&refusal));
    }
    head(&mut voice, "Steps");
    for step in each(after_step) {
        voice += &format!("{}: {}\n", name(&step), typed.line(&t, &step.clone().into()));
    }
    head(&mut voice, "Remarks");
    for remark in each(after_remark) {
        let line = typed.line(&t, &Next::run(Verb::Status).because(remark.clone()));
        voice += &format!("{}: {line}\n", name(&remark));
    }
    head(&mut voice, "Checks");
    for it in each(after_check) {
        voice += &format!("{} {}: {}\n", name(&it.outcome()), it.name(), check::message(&it, &t));
        if let Some(hint) = check::hint(&it, &t, &typed) {
            voice += &format!("    hint: {hint}\n");
        }
    }
    head(&mut voice, "Templates");
    for problem in each(after_problem) {
        let it = Error::file("pvc-images.yaml", FileProblem::Template(Misfit { line: Some(12), problem }));
        voice += &format!("{}\n", error::message(&it));
        for hint in error::hints(&it, &typed) {
            voice += &format!("    hint: {hint}\n");
        }
    }
    head(&mut voice, "Other errors");
    for it in errors() {
        voice += &format!("{}\n", error::message(&it));
        for hint in error::hints(&it, &typed) {
            voice += &format!("    hint: {hint}\n");
        }
    }
    head(&mut voice, "Questions and waits");
    for deed in deeds() {
        voice += &format!("{} [y/N]\n", question::ask(&deed));
    }
    voice += &format!("{}\n{}\n", question::which(&t), question::changed(&v()));
    voice += &format!("{}\n{}\n", question::unpin_breaks(&t.key()), question::unpin_may_break(&t.key(), "no response"));
    voice += &format!(
        "{}\n{}\n{}\n",
        question::PIN_STAYS,
        question::REUSED_BEFORE,
        question::exported_retain(&v(), "Delete")
    );
    for awaited in [
        wait::Awaited::ClaimGone,
        wait::Awaited::VolumeReleased,
        wait::Awaited::VolumeAvailable,
        wait::Awaited::ClaimBound,
    ] {
        voice += &format!("waiting for {}\n", wait::progress(awaited, &t.key(), &["glance-api-0".to_owned()]));
    }
    expect_file!["voice.txt"].assert_eq(voice.trim_start());
}
