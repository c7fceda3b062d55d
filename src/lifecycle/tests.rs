//! Tables of situations, and the safety rules as properties of any situation.

use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;

use super::assess::assess;
use super::facts::{Claim, ClaimPhase, ClaimRef, Evidence, Shape, Target, Volume, VolumePhase};
use super::next::Verb;
use super::owner::Keep;
use super::plan::{Plan, retain, reuse, unretain, verify};
use super::reason::{Reason, Remedy};
use super::situation::{From, Situation};
use super::stage::Stage;

static TARGET: LazyLock<Target> =
    LazyLock::new(|| Target { namespace: "openstack".into(), name: "glance-images".into() });

/// The parts of a situation.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub claim: Option<Claim>,
    pub volumes: Vec<Volume>,
    pub named: Option<String>,
}

impl Seen {
    pub fn situation(&self) -> Situation<'_> {
        Situation {
            target: &TARGET,
            claim: self.claim.as_ref(),
            volumes: self.volumes.iter().collect(),
            named: self.named.as_deref(),
            pinned: false,
            siblings: &[],
            from: None,
            rivals: &[],
        }
    }
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

fn shape() -> Shape {
    Shape {
        size: Some("500Gi".into()),
        modes: vec!["ReadWriteMany".into()],
        class: Some("netapp".into()),
        volume_mode: Some("Filesystem".into()),
        attributes: None,
    }
}

/// A claim made at second 100, bound to `v`.
pub(crate) fn claim(uid: &str) -> Claim {
    Claim {
        uid: uid.into(),
        phase: ClaimPhase::Bound,
        terminating: false,
        volume_name: Some("v".into()),
        created: at(100),
        pinned: false,
        keep: Keep::No,
        release: None,
        deleted_with: None,
        stays: None,
        driver: None,
        finalizers: vec![],
        data_source: None,
        resizing: false,
        wants: shape(),
    }
}

/// A volume made at second 101, bound to the claim of UID `u1`, with policy Delete.
pub(crate) fn volume(name: &str) -> Volume {
    Volume {
        name: name.into(),
        resource_version: "7".into(),
        phase: VolumePhase::Bound,
        policy: "Delete".into(),
        terminating: false,
        claim_ref: Some(ClaimRef { claim: TARGET.clone(), uid: Some("u1".into()), resource_version: Some("6".into()) }),
        created: at(101),
        since: None,
        retained_late: None,
        applier: None,
        release: None,
        finalizers: vec![],
        driver: None,
        handle: None,
        trident: None,
        message: None,
        nodes: Vec::new(),
        offers: shape(),
    }
}

fn retained(name: &str, phase: VolumePhase) -> Volume {
    Volume { policy: "Retain".into(), phase, ..volume(name) }
}

fn reserved(name: &str) -> Volume {
    let mut v = retained(name, VolumePhase::Available);
    if let Some(r) = &mut v.claim_ref {
        (r.uid, r.resource_version) = (None, None);
    }
    v
}

pub(crate) fn situation(claim: Option<Claim>, volumes: &[Volume]) -> Seen {
    Seen { claim, volumes: volumes.to_vec(), named: None }
}

fn pending(uid: &str) -> Claim {
    Claim { phase: ClaimPhase::Pending, volume_name: None, ..claim(uid) }
}

#[test]
fn every_stage_is_reached() {
    use VolumePhase::{Bound, Failed, Released};
    let lost = Claim { phase: ClaimPhase::Lost, ..claim("u1") };
    let going = Claim { terminating: true, ..claim("u1") };
    let young = Volume { created: at(99), ..retained("v", Bound) };
    let dying = Volume { terminating: true, ..volume("v") };
    let table = [
        (Stage::AtRisk, situation(Some(claim("u1")), &[volume("v")])),
        (Stage::AtRisk, situation(Some(going.clone()), &[volume("v")])),
        (Stage::Retained, situation(Some(claim("u1")), &[retained("v", Bound)])),
        (Stage::Releasing, situation(Some(going), &[retained("v", Bound)])),
        (Stage::Releasing, situation(Some(claim("u1")), &[retained("v", Released)])),
        (Stage::Releasing, situation(None, &[retained("v", Bound)])),
        (Stage::Doomed, situation(None, &[volume("v")])),
        (Stage::Doomed, situation(None, &[Volume { phase: Failed, ..volume("v") }])),
        (Stage::Doomed, situation(Some(claim("u1")), &[Volume { phase: Released, ..volume("v") }])),
        (Stage::Terminating, situation(Some(claim("u1")), std::slice::from_ref(&dying))),
        (Stage::Terminating, situation(None, &[dying])),
        (Stage::Released, situation(None, &[retained("v", Released)])),
        (Stage::Released, situation(None, &[retained("v", Failed)])),
        (Stage::Released, situation(Some(pending("u2")), &[retained("v", Released)])),
        (Stage::Reserved, situation(None, &[reserved("v")])),
        (Stage::Binding, situation(Some(pending("u2")), &[reserved("v")])),
        (Stage::Binding, situation(Some(pending("u2")), &[])),
        (Stage::Reused, situation(Some(claim("u1")), &[young])),
        (
            Stage::Diverted,
            situation(
                Some(claim("u1")),
                &[volume("v"), {
                    let mut old = retained("old", Released);
                    old.claim_ref.as_mut().unwrap().uid = Some("u0".into());
                    old
                }],
            ),
        ),
        (Stage::Lost, situation(Some(lost), &[reserved("v")])),
        // The claim before is gone, and the volume controller has not said so yet.
        (Stage::Doomed, situation(Some(pending("u2")), &[volume("v")])),
        (Stage::Doomed, situation(None, &[Volume { phase: VolumePhase::Available, ..volume("v") }])),
        (Stage::Releasing, situation(Some(pending("u2")), &[retained("v", Bound)])),
        // Going before it was bound.
        (Stage::AtRisk, situation(Some(Claim { terminating: true, ..pending("u1") }), &[volume("v")])),
        (Stage::Releasing, situation(Some(Claim { terminating: true, ..pending("u1") }), &[retained("v", Bound)])),
        // The claim names a volume that is not there.
        (
            Stage::Binding,
            situation(Some(Claim { volume_name: Some("gone".into()), ..pending("u2") }), &[reserved("v")]),
        ),
        (Stage::Lost, situation(Some(claim("u1")), &[])),
        (Stage::Absent, situation(None, &[])),
    ];
    for (expected, s) in table {
        assert_eq!(assess(&s.situation()).stage, expected, "{s:#?}");
    }
}

#[test]
fn reuse_refuses_the_wrong_order_and_says_what_to_do() {
    let bound = retained("v", VolumePhase::Bound);
    let lost = Claim { phase: ClaimPhase::Lost, ..claim("u1") };
    let table = [
        (situation(Some(claim("u1")), std::slice::from_ref(&bound)), Reason::StillBound("v".into()), Remedy::Wait),
        (
            situation(None, &[bound]),
            Reason::NotReleased { volume: "v".into(), phase: VolumePhase::Bound },
            Remedy::Wait,
        ),
        (
            situation(None, &[Volume { phase: VolumePhase::Released, ..volume("v") }]),
            Reason::NotRetained { volume: "v".into(), phase: VolumePhase::Released, policy: "Delete".into() },
            Remedy::None,
        ),
        (
            situation(Some(lost.clone()), &[retained("v", VolumePhase::Released)]),
            Reason::StillBound("v".into()),
            Remedy::Wait,
        ),
        (
            situation(Some(Claim { uid: "u2".into(), ..lost }), &[retained("v", VolumePhase::Released)]),
            Reason::ClaimLost,
            Remedy::Wait,
        ),
        (situation(None, &[]), Reason::Nothing, Remedy::None),
    ];
    for (s, reason, remedy) in table {
        let refusal = reuse(&s.situation()).expect_err("a refusal");
        assert_eq!(refusal.reason.remedy(), remedy, "{refusal:?}");
        assert_eq!(refusal.reason, reason);
    }
}

#[test]
fn several_preserved_volumes_are_listed() {
    let s = situation(None, &[retained("a", VolumePhase::Released), retained("b", VolumePhase::Released)]);
    assert_eq!(
        reuse(&s.situation()).unwrap_err().reason,
        Reason::Several { verb: Verb::Reuse, volumes: vec!["a".into(), "b".into()] }
    );
    let named = Seen { named: Some("b".into()), ..s };
    assert!(matches!(reuse(&named.situation()), Ok(Plan::Change(c)) if c.volume == "b"));
}

#[test]
fn what_is_done_is_not_done_again() {
    let kept = situation(Some(claim("u1")), &[retained("v", VolumePhase::Bound)]);
    assert_eq!(retain(&kept.situation()), Ok(Plan::Done("v".into())));
    assert_eq!(reuse(&situation(None, &[reserved("v")]).situation()), Ok(Plan::Done("v".into())));
}

#[test]
fn the_volume_of_another_claim_is_refused_by_name() {
    let mut other = volume("v");
    other.claim_ref.as_mut().unwrap().claim.namespace = "elsewhere".into();
    let s = Seen { named: Some("v".into()), ..situation(Some(claim("u1")), &[other]) };
    let owner = Target { namespace: "elsewhere".into(), ..TARGET.clone() };
    for refusal in [retain(&s.situation()).unwrap_err(), reuse(&s.situation()).unwrap_err()] {
        assert_eq!(refusal.reason, Reason::OfAnotherClaim { volume: "v".into(), owner: owner.clone() });
    }
}

#[test]
fn verify_compares_uids_ages_and_the_policy() {
    let older = |v: Volume| Volume { created: at(99), ..v };
    let good = older(retained("v", VolumePhase::Bound));
    let with_good = situation(Some(claim("u1")), std::slice::from_ref(&good));
    assert_eq!(verify(&with_good.situation()).unwrap().name, "v");
    let v = || "v".to_owned();
    let unbound = Reason::Unbound { phase: ClaimPhase::Bound, volume: Some(v()) };
    let table = [
        (situation(Some(claim("u2")), std::slice::from_ref(&good)), unbound),
        (situation(Some(claim("u1")), &[retained("v", VolumePhase::Bound)]), Reason::MadeForClaim(v(), Evidence::Age)),
        (situation(Some(claim("u1")), &[older(volume("v"))]), Reason::Policy { volume: v(), policy: "Delete".into() }),
        (
            Seen { named: Some("w".into()), ..with_good.clone() },
            Reason::Diverted { own: v(), volumes: vec!["w".into()] },
        ),
        (situation(Some(Claim { terminating: true, ..claim("u1") }), &[good]), Reason::BeingDeleted(None)),
        (situation(None, &[]), Reason::NoClaim),
    ];
    for (s, reason) in table {
        assert_eq!(verify(&s.situation()).unwrap_err().reason, reason);
    }
    let chosen = Seen { named: Some(v()), ..situation(Some(claim("u1")), &[retained("v", VolumePhase::Bound)]) };
    assert_eq!(verify(&chosen.situation()).unwrap().name, "v", "a volume that was named need not be older");
}

prop_compose! {
    fn any_claim()(
        uid in prop::sample::select(vec!["u1", "u2"]),
        phase in prop::sample::select(vec![ClaimPhase::Pending, ClaimPhase::Bound, ClaimPhase::Lost]),
        terminating: bool,
        pinned: bool,
        keep in prop::sample::select(vec![Keep::No, Keep::ByManifest, Keep::ByHand, Keep::Unknown]),
        volume_name in prop::sample::select(vec![None, Some("a"), Some("b"), Some("gone")]),
        created in 98_i64..102,
    ) -> Claim {
        Claim { phase, terminating, pinned, keep, volume_name: volume_name.map(Into::into), created: at(created), ..claim(uid) }
    }
}

prop_compose! {
    fn any_volume(name: &'static str)(
        phase in prop::sample::select(vec![
            VolumePhase::Pending, VolumePhase::Available, VolumePhase::Bound, VolumePhase::Released, VolumePhase::Failed,
        ]),
        policy in prop::sample::select(vec!["Retain", "Delete", "Recycle"]),
        terminating: bool,
        namespace in prop::sample::select(vec!["openstack", "elsewhere"]),
        uid in prop::sample::select(vec![None, Some("u0"), Some("u1"), Some("u2")]),
        referred in prop::bool::weighted(0.9),
        created in 98_i64..102,
    ) -> Volume {
        let claim_ref = referred.then(|| ClaimRef {
            claim: Target { namespace: namespace.into(), ..TARGET.clone() },
            uid: uid.map(Into::into),
            resource_version: uid.map(|_| "6".into()),
        });
        Volume { phase, policy: policy.into(), terminating, claim_ref, created: at(created), ..volume(name) }
    }
}

prop_compose! {
    fn any_situation()(
        claim in prop::option::of(any_claim()),
        volumes in (any_volume("a"), any_volume("b")),
        named in prop::sample::select(vec![None, Some("a"), Some("b")]),
    ) -> Seen {
        Seen { named: named.map(Into::into), ..situation(claim, &[volumes.0, volumes.1]) }
    }
}

/// UIDs as Kubernetes makes them: that of the claim, and that of another.
const UIDS: [&str; 2] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];

prop_compose! {
    /// A claim bound to a kept volume of any name and age, and up to two volumes that name the claim, too.
    fn bound_to_any()(
        name in prop::sample::select(vec![format!("pvc-{}", UIDS[0]), format!("pvc-{}", UIDS[1]), "pool-01".to_owned()]),
        pinned: bool,
        source: bool,
        made in 98_i64..103,
        siblings in proptest::collection::vec(any_volume("a"), 0..3),
    ) -> Seen {
        let mut claim = Claim { pinned, volume_name: Some(name.clone()), ..claim(UIDS[0]) };
        claim.data_source = source.then(|| "VolumeSnapshot".to_owned());
        let mut own = Volume { created: at(made), ..retained(&name, VolumePhase::Bound) };
        own.claim_ref.iter_mut().for_each(|r| r.uid = Some(UIDS[0].into()));
        let mut volumes = vec![own];
        for (name, sibling) in ["a", "b"].iter().zip(siblings) {
            volumes.push(Volume { name: (*name).into(), ..sibling });
        }
        situation(Some(claim), &volumes)
    }
}

/// At least two thousand cases; `PROPTEST_CASES` for more.
pub(crate) fn thorough() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(2_000), failure_persistence: None, ..config }
}

proptest! {
    #![proptest_config(thorough())]

    #[test]
    fn no_change_breaks_a_safety_rule(seen in any_situation()) {
        let s = seen.situation();
        for (verb, plan) in [("retain", retain(&s)), ("unretain", unretain(&s)), ("reuse", reuse(&s))] {
            let Ok(Plan::Change(change)) = plan else { continue };
            let v = s.volume(&change.volume).expect("a change is about a volume that was seen");
            let body = change.body();
            prop_assert_eq!(&body["metadata"]["resourceVersion"], v.resource_version.as_str(), "rule 4");
            // Nobody's, and named: it is kept, or reserved for the target.
            let nobodys = v.claim_ref.is_none() && s.named == Some(v.name.as_str()) && verb != "unretain";
            prop_assert!(v.refers_to(s.target) || nobodys, "rule 7: {} of {:?}", verb, v);
            let policy = &body["spec"]["persistentVolumeReclaimPolicy"];
            prop_assert!(policy.is_null() || policy == "Retain" || s.bound().is_some_and(|(c, b)| b.name == v.name && b.has_uid_of(c)), "rule 3");
            prop_assert!(body["spec"]["claimRef"].is_null() == (verb != "reuse"));
            if change.gives_back() {
                let lost = s.claim.filter(|c| c.phase == ClaimPhase::Lost && c.volume_name.as_ref() == Some(&v.name));
                prop_assert!(lost.is_some_and(|c| body["spec"]["claimRef"]["uid"] == c.uid.as_str()), "rule 1: {:?}", v);
                prop_assert!(v.phase == VolumePhase::Available && v.is_reserved() && !v.terminating, "rule 1: {:?}", v);
                prop_assert!(v.is_retained(), "rule 1: {:?}", v);
            } else if verb == "reuse" && nobodys {
                let is_open = |c: &Claim| c.phase == ClaimPhase::Pending && !c.terminating && c.volume_name.as_ref().is_none_or(|own| *own == v.name);
                prop_assert!(s.claim.is_none_or(is_open), "rule 1: {:?}", s.claim);
                prop_assert!(!v.is_released() && v.phase != VolumePhase::Bound && !v.terminating && v.is_retained(), "rule 1: {:?}", v);
                prop_assert_eq!(&body["spec"]["claimRef"], &serde_json::json!({"namespace": "openstack", "name": "glance-images"}));
            } else if verb == "reuse" {
                prop_assert!(v.is_released() && !v.terminating && v.is_retained(), "rule 1: {:?}", v);
                prop_assert!(!s.claim.is_some_and(|c| v.has_uid_of(c)), "rule 1: the claim lives");
                let after = change.applied_to(&serde_json::json!({"spec": {"claimRef":
                    {"kind": "PersistentVolumeClaim", "namespace": "openstack", "name": "glance-images",
                     "uid": "u", "resourceVersion": "6"}}}));
                prop_assert_eq!(&after["spec"]["claimRef"], &serde_json::json!(
                    {"kind": "PersistentVolumeClaim", "namespace": "openstack", "name": "glance-images"}), "rule 2");
            }
        }
    }

    #[test]
    fn a_volume_is_taken_only_from_the_claim_that_it_names_and_that_is_gone(seen in any_situation(), lives in any::<bool>()) {
        let other = claim("other");
        for v in &seen.volumes {
            let Some(owner) = v.claim_ref.as_ref().map(|r| &r.claim).filter(|owner| **owner != *TARGET) else { continue };
            let from = |target| Some(From { target, claim: lives.then_some(&other) });
            let s = Situation { named: Some(&v.name), from: from(owner), ..seen.situation() };
            if let Ok(plan) = reuse(&s) {
                let Plan::Change(change) = plan else { panic!("{plan:?}") };
                prop_assert!(!lives && v.is_released() && v.is_retained() && !v.terminating, "rule 1: {:?}", v);
                let before = v.claim_ref.as_ref().expect("a claimRef");
                let mut object = serde_json::json!({"spec": {"claimRef": {"namespace": owner.namespace, "name": owner.name}}});
                let given = [("uid", &before.uid), ("resourceVersion", &before.resource_version)];
                for (key, value) in given.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
                    object["spec"]["claimRef"][key] = value.as_str().into();
                }
                prop_assert_eq!(&change.applied_to(&object)["spec"]["claimRef"], &serde_json::json!(
                    {"namespace": "openstack", "name": "glance-images"}), "rule 2");
            }
            let wrong = Target { name: "wrong".to_owned(), ..owner.clone() };
            let taken = reuse(&Situation { from: from(&wrong), ..s });
            prop_assert!(taken.is_err(), "{:?}", taken);
        }
    }

    #[test]
    fn verified_means_bound_both_ways_with_retain(seen in any_situation()) {
        let s = seen.situation();
        if let Ok(v) = verify(&s) {
            let claim = s.claim.expect("a claim");
            prop_assert!(claim.is_bound_to(v) && v.is_retained() && v.refers_to(s.target));
            prop_assert!(s.named.map_or(s.is_reused(claim, v), |n| n == v.name));
        }
    }

    /// A volume that is taken for the preserved one was not made for the claim: its name, a pin or, where no sibling is kept,
    /// its age says so, and it is never younger than an unpinned claim.
    #[test]
    fn the_origin_of_a_verified_volume_is_proved(seen in bound_to_any()) {
        let s = seen.situation();
        let (claim, own) = s.bound().expect("bound");
        let kept = s.preserved().len();
        let younger = own.created > claim.created;
        match verify(&s) {
            Ok(v) => {
                prop_assert_eq!(&v.name, &own.name);
                prop_assert!(own.name != format!("pvc-{}", claim.uid), "made for the claim");
                prop_assert!(claim.pinned || !younger, "younger than the claim");
                let by_name = own.name.starts_with("pvc-") || claim.pinned;
                prop_assert!(by_name || (own.created < claim.created && kept == 0), "only its age tells");
                prop_assert_eq!(assess(&s).stage, Stage::Reused);
            }
            Err(refusal) => {
                let diverted = matches!(refusal.reason, Reason::Diverted { .. });
                prop_assert_eq!(diverted, kept > 0);
                prop_assert_eq!(assess(&s).stage == Stage::Diverted, kept > 0);
            }
        }
    }

    #[test]
    fn a_stage_speaks_of_a_volume_that_it_fits(seen in any_situation()) {
        let s = seen.situation();
        let found = assess(&s);
        match found.stage {
            Stage::Absent => prop_assert!(found.volume.is_none()),
            Stage::Reused | Stage::Retained => prop_assert!(found.volume.is_some_and(Volume::is_retained)),
            Stage::AtRisk | Stage::Doomed => prop_assert!(found.volume.is_some_and(|v| !v.is_retained())),
            Stage::Released => prop_assert!(reuse(&Situation { named: found.volume.map(|v| v.name.as_str()), ..s.clone() }).is_ok(), "reuse must do what status says is next"),
            _ => {}
        }
    }
}
