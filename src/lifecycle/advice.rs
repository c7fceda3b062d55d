//! Every decision about next steps: after a stage, and after a refusal.

use super::facts::{ClaimPhase, Volume, VolumePhase};
use super::fit::{Misfit, misfits};
use super::next::{Next, Remark, Step, Verb};
use super::owner::{Driver, Stays};
use super::reason::Reason;
use super::situation::Situation;
use super::stage::{Stage, stand};

/// The next steps at `stage`, which speaks of `volume`; `preserved` are the other volumes that are kept.
pub(super) fn steps(s: &Situation<'_>, stage: Stage, volume: Option<&Volume>, preserved: &[&Volume]) -> Vec<Next> {
    let Some(volume) = volume else { return without_volume(s, stage, preserved) };
    let name = volume.name.as_str();
    match stage {
        Stage::AtRisk => {
            let claimed = s.claim.is_some_and(|c| c.volume_name.is_some());
            let retain = if claimed { Next::run(Verb::Retain) } else { on_own(s, Verb::Retain, name) };
            applier(volume).chain([retain]).collect()
        }
        Stage::Retained => retained(s, volume),
        Stage::Releasing => vec![on_own(s, Verb::Reuse, name).with_timeout()],
        Stage::Doomed => vec![Next::on(Verb::Retain, name).because(Remark::Now)],
        Stage::Terminating if preserved.is_empty() => recreate(s, volume),
        Stage::Terminating => {
            let other = Remark::OtherWay(preserved.iter().map(|v| v.name.clone()).collect());
            let note = Next::from(Step::Note).because(other);
            [recreate(s, volume), vec![note], way_back(s, preserved)].concat()
        }
        Stage::Released => {
            let released = s.referring(|v| v.is_released() && v.is_retained() && !v.terminating);
            match released.as_slice() {
                [_, _, ..] => released.iter().map(|v| one_of_them(Verb::Reuse, v)).collect(),
                _ => vec![on_own(s, Verb::Reuse, name)],
            }
        }
        Stage::Reserved => reserved(s),
        Stage::Binding if s.rival(volume).is_some() => {
            s.rival(volume).map(|owner| Step::Elsewhere(owner.clone()).into()).into_iter().collect()
        }
        // Its claimRef can be set, and then it is bound whatever its class.
        Stage::Binding if volume.claim_ref.is_none() => {
            let retain = (!volume.is_retained()).then(|| Next::on(Verb::Retain, name).because(Remark::BeforeBinding));
            let verify = Next::run(Verb::Verify).with_timeout();
            retain.into_iter().chain([Next::on(Verb::Reuse, name), verify]).collect()
        }
        Stage::Binding if !volume.refers_to(s.target) => start_over(s, preserved),
        Stage::Binding if !volume.is_retained() => {
            let retain = Next::on(Verb::Retain, name).because(Remark::BeforeBinding);
            vec![retain, Next::run(Verb::Verify).with_timeout()]
        }
        Stage::Binding if s.claim.is_some_and(|c| c.volume_name.is_none()) && !obstacles(s, volume).is_empty() => {
            start_over(s, &[volume])
        }
        // It gets its own volume back, which only the name tells from one that was made for it.
        Stage::Binding if s.claim.is_some_and(|c| c.phase == ClaimPhase::Lost) => {
            vec![Next::on(Verb::Verify, name).with_timeout()]
        }
        Stage::Binding => vec![Next::run(Verb::Verify).with_timeout()],
        Stage::Diverted => {
            let to = preserved.iter().map(|v| v.name.clone()).collect();
            let back = Remark::GoingBack { to, from: name.to_owned() };
            [vec![Next::from(Step::Note).because(back)], way_back(s, preserved)].concat()
        }
        Stage::Lost if volume.refers_to(s.target) && volume.terminating => recreate(s, volume),
        Stage::Lost if volume.refers_to(s.target) => {
            let retain = (!volume.is_retained()).then(|| Next::on(Verb::Retain, name).because(Remark::BeforeUninstall));
            let back = if s.claim.is_some_and(|claim| claim.is_lost_from(volume)) {
                vec![on_own(s, Verb::Reuse, name)]
            } else {
                way_back(s, &[volume])
            };
            retain.into_iter().chain(back).collect()
        }
        Stage::Lost => start_over(s, preserved),
        Stage::Reused | Stage::Absent => Vec::new(),
    }
}

/// The next steps after a verb was refused for `reason`.
pub(super) fn after_refusal(s: &Situation<'_>, reason: &Reason) -> Vec<Next> {
    let status = || vec![Next::run(Verb::Status)];
    let read = |names: &[String]| names.iter().filter_map(|name| s.volume(name)).collect::<Vec<_>>();
    match reason {
        Reason::NotBound(_)
        | Reason::LostNotVerified
        | Reason::MadeForClaim(..)
        | Reason::BeingDeleted(_)
        | Reason::SetIncomplete(_)
        | Reason::Unused(_)
        | Reason::NotAvailable { .. }
        | Reason::TridentDeletes(_)
        | Reason::TridentMissing(_)
        | Reason::NoVolume => status(),
        // Its own claim's `retain`.
        Reason::NotRetained { volume, .. } if s.volume(volume).is_some_and(|v| is_anothers(s, v)) => owner(s, volume),
        Reason::NotRetained { volume, phase, .. } => {
            let remark = match phase {
                VolumePhase::Released | VolumePhase::Failed => Remark::Now,
                VolumePhase::Available => Remark::BeforeBinding,
                VolumePhase::Pending | VolumePhase::Bound => Remark::BeforeUninstall,
            };
            vec![Next::on(Verb::Retain, volume).because(remark)]
        }
        Reason::ProvisionerHolds(volume) => {
            vec![Next::on(Verb::Reuse, volume).with_timeout().because(Remark::UntilProvisionerLetsGo)]
        }
        Reason::NotReleased { .. } => vec![again(s).because(Remark::UntilReleased)],
        Reason::ClaimTerminating(_) => vec![reuse_once_deleted(s)],
        Reason::AlreadyReused(_) => {
            let another = Next::from(Step::Note).because(Remark::AnotherRound);
            [vec![another], uninstall(s), vec![reuse_once_deleted(s)]].concat()
        }
        Reason::StillBound(_) if s.claim.is_some_and(|c| c.survives_uninstall() || c.phase == ClaimPhase::Lost) => {
            next_of_stage(s)
        }
        Reason::StillBound(_) | Reason::ClaimLost => [uninstall(s), vec![reuse_once_deleted(s)]].concat(),
        Reason::BoundToAnother { volumes, .. } | Reason::Diverted { volumes, .. } => way_back(s, &read(volumes)),
        Reason::NoClaim | Reason::Unbound { .. } => next_of_stage(s),
        Reason::Policy { .. } => vec![Next::run(Verb::Retain)],
        Reason::OfAnotherClaim { owner, .. }
        | Reason::ReservedForOther { owner, .. }
        | Reason::UidOfLivingClaim { owner, .. } => {
            vec![Step::Elsewhere(owner.clone()).into()]
        }
        Reason::VolumeTerminating { volume, .. } => s.volume(volume).map(|v| recreate(s, v)).unwrap_or_default(),
        // `retain` harms none of them, and their objects go soon: first the policies, then the way back.
        Reason::Several { verb: Verb::Retain, volumes } if read(volumes).iter().all(|v| v.terminating) => {
            let (_, own) = stand(s);
            let others = volumes.iter().filter(|name| own.is_none_or(|own| own.name != **name));
            others.map(|name| Next::on(Verb::Retain, name).because(Remark::Now)).chain(next_of_stage(s)).collect()
        }
        Reason::Several { verb, volumes } => read(volumes).into_iter().map(|v| one_of_them(*verb, v)).collect(),
        Reason::NoClaimRef(volume) => vec![Next::on(Verb::Reuse, volume)],
        Reason::NotFrom { volume, owner: Some(owner), .. } => {
            vec![Step::ReuseFrom(volume.clone(), owner.clone()).into()]
        }
        Reason::FromLives { volume, owner, .. } => {
            let reuse = Step::Run { verb: Verb::Reuse, volume: Some(volume.clone()), waits: true, pins: false };
            vec![Step::Elsewhere(owner.clone()).into(), Next::from(reuse).because(Remark::UntilDeleted)]
        }
        Reason::NotFrom { owner: None, .. } | Reason::VolumeGone(_) | Reason::Nothing => Vec::new(),
    }
}

/// True if claimRef names another claim than the target.
fn is_anothers(s: &Situation<'_>, volume: &Volume) -> bool {
    volume.claim_ref.as_ref().is_some_and(|reference| reference.claim != *s.target)
}

/// `status` of the claim that claimRef names.
fn owner(s: &Situation<'_>, volume: &str) -> Vec<Next> {
    let reference = s.volume(volume).and_then(|v| v.claim_ref.as_ref());
    reference.map(|reference| Step::Elsewhere(reference.claim.clone()).into()).into_iter().collect()
}

fn next_of_stage(s: &Situation<'_>) -> Vec<Next> {
    let (stage, volume) = stand(s);
    let mut preserved = s.preserved();
    preserved.retain(|v| volume.is_none_or(|own| own.name != v.name));
    steps(s, stage, volume, &preserved)
}

fn reuse_once_deleted(s: &Situation<'_>) -> Next {
    again(s).because(Remark::UntilDeleted)
}

/// `reuse --timeout`, of the named volume if it is not the target's yet: nothing else tells which one is meant.
fn again(s: &Situation<'_>) -> Next {
    let volume = s.named.and_then(|name| s.volume(name)).filter(|volume| !volume.refers_to(s.target));
    volume.map_or_else(|| Next::run(Verb::Reuse), |volume| Next::on(Verb::Reuse, &volume.name)).with_timeout()
}

/// Suspend the tool that applies the volume, and would set its policy back.
fn applier(volume: &Volume) -> impl Iterator<Item = Next> + use<> {
    let driver = volume.applier.as_ref().and_then(|applier| applier.driver.clone());
    driver.map(|driver| Next::from(Step::Suspend(driver)).because(Remark::BeforeRetain)).into_iter()
}

fn retained(s: &Situation<'_>, volume: &Volume) -> Vec<Next> {
    let Some(claim) = s.claim.filter(|c| c.survives_uninstall()) else {
        let export =
            volume.release.as_ref().map(|_| Next::on(Verb::Export, &volume.name).because(Remark::ReleaseOwnsVolume));
        let mut steps: Vec<Next> = applier(volume).collect();
        for step in uninstall(s) {
            // The volume's tool may be the claim's, too.
            if !steps.iter().any(|known| known.step == step.step) {
                steps.push(step);
            }
        }
        steps.push(Next::run(Verb::Reuse).with_timeout());
        steps.extend(resume(s));
        return export.into_iter().chain(steps).collect();
    };
    match claim.stays {
        Some(Stays::Helm) => {
            let manifest = claim.release.clone().map(|release| Next::from(Step::Manifest(release)));
            let mut steps: Vec<Next> = manifest.map(|step| step.because(Remark::KeptInManifest)).into_iter().collect();
            steps.push(Step::Uninstall(claim.release.clone()).into());
            steps.push(Next::from(Step::Note).because(Remark::ClaimStays));
            steps
        }
        _ => vec![Next::from(Step::Note).because(Remark::StaysBound)],
    }
}

fn reserved(s: &Situation<'_>) -> Vec<Next> {
    let all = s.referring(|v| v.phase == VolumePhase::Available && v.is_reserved() && !v.terminating);
    let at_risk = all.iter().filter(|v| !v.is_retained());
    let mut steps: Vec<Next> =
        at_risk.map(|v| Next::on(Verb::Retain, &v.name).because(Remark::BeforeBinding)).collect();
    if all.len() > 1 && !s.pinned {
        steps.extend(all.iter().map(|v| one_of_them(Verb::Pin, v)));
    }
    steps.extend(install(None));
    steps
}

fn without_volume(s: &Situation<'_>, stage: Stage, preserved: &[&Volume]) -> Vec<Next> {
    let gone = s.claim.and_then(|c| c.volume_name.clone());
    match (stage, gone) {
        (Stage::Binding | Stage::Lost, _) if !preserved.is_empty() => start_over(s, preserved),
        (Stage::Binding, Some(gone)) => {
            vec![Next::from(Step::Apply(gone)).because(Remark::FromExport), Next::run(Verb::Verify).with_timeout()]
        }
        (Stage::Lost, Some(gone)) => {
            let [export, available] = apply(&gone);
            let apply = [export.because(Remark::FromExport), available];
            uninstall(s).into_iter().chain(apply).chain(install(Some(&gone))).collect()
        }
        (Stage::Binding | Stage::Lost | Stage::Releasing, _) => {
            vec![Next::run(Verb::Status).because(Remark::NothingPreserved)]
        }
        _ => Vec::new(),
    }
}

/// The misfits that keep an unpinned claim from being bound to the volume.
fn obstacles(s: &Situation<'_>, volume: &Volume) -> Vec<Misfit> {
    let all = s.claim.map(|claim| misfits(claim, volume)).unwrap_or_default();
    all.into_iter().filter(Misfit::prevents_binding).collect()
}

/// Delete the claim with what it belongs to, so that it stays deleted.
fn uninstall(s: &Situation<'_>) -> Vec<Next> {
    let Some(claim) = s.claim else { return vec![Step::Uninstall(None).into()] };
    let suspend = claim.driver.clone().map(|driver| Next::from(Step::Suspend(driver)).because(Remark::OrPinInGit));
    let owned = claim.deleted_with.clone().filter(|with| with.owns);
    let delete = || Next::from(Step::DeleteClaim);
    let steps: Vec<Next> = match (owned, claim.release.clone(), claim.stays) {
        (Some(owner), ..) => vec![Step::DeleteOwner(owner).into()],
        (None, _, Some(Stays::StatefulSet)) => vec![Next::from(Step::ScaleDown), delete()],
        // Without a release, a GitOps tool applied the claim itself.
        (None, None, _) if claim.driver.is_some() => vec![delete()],
        (None, release, _) => {
            let kept = claim.survives_uninstall().then(|| delete().because(Remark::IfKept));
            [Step::Uninstall(release).into()].into_iter().chain(kept).collect()
        }
    };
    suspend.into_iter().chain(steps).collect()
}

/// Let the GitOps tool create the claim again.
fn resume(s: &Situation<'_>) -> Vec<Next> {
    let Some(driver) = s.claim.and_then(|claim| claim.driver.clone()) else { return Vec::new() };
    let reconcile = match &driver {
        Driver::Flux("helmrelease", name, namespace) => {
            let step = Step::Reconcile { name: name.clone(), namespace: namespace.clone() };
            Some(Next::from(step).because(Remark::IfDeletedByHand))
        }
        _ => None,
    };
    [Next::from(Step::Resume(driver)).because(Remark::CreatesClaimAgain)].into_iter().chain(reconcile).collect()
}

/// Install the release, then wait until the claim is bound to `volume`, or to any preserved one.
fn install(volume: Option<&str>) -> [Next; 2] {
    let verify = volume.map_or_else(|| Next::run(Verb::Verify), |volume| Next::on(Verb::Verify, volume));
    [Step::Install.into(), verify.with_timeout()]
}

/// The way back to one of `volumes` from a claim that has none or another.
///
/// The claim's own volume would be deleted with it, unless it is retained first. If the claim requests what the
/// old volume does not offer, it would be passed over again, unless the template is pinned.
fn way_back(s: &Situation<'_>, volumes: &[&Volume]) -> Vec<Next> {
    let newer = s.bound().map(|(_, volume)| volume).filter(|v| !v.is_retained());
    let newer = newer.map(|v| Next::on(Verb::Retain, &v.name).because(Remark::KeepsNewerData));
    let reuse = volumes.iter().map(|volume| {
        let reuse = or_fit(s, volumes, volume, Next::on(Verb::Reuse, &volume.name).with_timeout());
        if matches!(reuse.remark, Some(Remark::OrFit(_))) { reuse.with_template() } else { reuse }
    });
    let only = if let [only] = volumes { Some(only.name.as_str()) } else { None };
    let [install, verify] = install(only);
    let again = resume(s);
    let again = if again.is_empty() { vec![install] } else { again };
    newer.into_iter().chain(uninstall(s)).chain(reuse).chain(again).chain([verify]).collect()
}

/// `step` on `volume`, with the values that would make a pin unnecessary; of several volumes, one.
fn or_fit(s: &Situation<'_>, volumes: &[&Volume], volume: &Volume, step: Next) -> Next {
    match obstacles(s, volume) {
        _ if volumes.len() > 1 => step.because(Remark::OneOfThem(volume.created)),
        obstacles if obstacles.is_empty() => step,
        obstacles => step.because(Remark::OrFit(obstacles)),
    }
}

/// The steps to a claim that names, or gets, one of `volumes`, from one that cannot be bound.
fn start_over(s: &Situation<'_>, volumes: &[&Volume]) -> Vec<Next> {
    let mut steps = uninstall(s);
    if !steps.iter().any(|next| next.step == Step::DeleteClaim) {
        steps.push(Next::from(Step::DeleteClaim).because(Remark::OrDeleteClaim));
    }
    if volumes.is_empty() {
        steps.extend([Next::run(Verb::Unpin).because(Remark::NothingPreserved), Step::Install.into()]);
        return steps;
    }
    steps.extend(volumes.iter().map(|volume| or_fit(s, volumes, volume, Next::on(Verb::Pin, &volume.name))));
    steps.into_iter().chain(install(None)).collect()
}

/// Export `volume` before its object is deleted, and create it again with `kubectl apply`.
fn recreate(s: &Situation<'_>, volume: &Volume) -> Vec<Next> {
    let name = &volume.name;
    let held = s.claim.is_some_and(|claim| volume.has_uid_of(claim));
    let mut steps = Vec::new();
    if !volume.is_retained() {
        steps.push(Next::on(Verb::Retain, name).because(if held { Remark::KeepsData } else { Remark::Now }));
    }
    steps.push(Next::on(Verb::Export, name));
    if held || s.claim.is_some_and(|claim| claim.phase == ClaimPhase::Lost) {
        steps.extend(uninstall(s));
    }
    steps.push(Step::AwaitDeleted(name.clone()).into());
    steps.extend(apply(name));
    steps.extend(install(Some(name)));
    steps
}

/// Apply the export and wait until the volume is Available: a claim created earlier would get a new one.
fn apply(volume: &str) -> [Next; 2] {
    let available = Next::on(Verb::Reuse, volume).because(Remark::UntilAvailable);
    [Step::Apply(volume.to_owned()).into(), available]
}

/// `verb` on `volume`, which is named only if the target has others.
fn on_own(s: &Situation<'_>, verb: Verb, volume: &str) -> Next {
    let alone = s.referring(|v| v.name != volume).is_empty();
    if alone { Next::run(verb) } else { Next::on(verb, volume) }
}

/// `verb` on one of several volumes, of which the user chooses one.
fn one_of_them(verb: Verb, volume: &Volume) -> Next {
    Next::on(verb, &volume.name).because(Remark::OneOfThem(volume.created))
}
