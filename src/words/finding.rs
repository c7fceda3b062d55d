//! Findings, for people.

use super::next::{Typed, driver};
use crate::lifecycle::{
    Applier, DeletedWith, DeletionSign, Field, Finding, Holder, Keep, Misfit, Next, Stays, Target, Verb,
};

/// The sentence of a finding.
pub fn message(finding: &Finding, target: &Target, typed: &Typed) -> String {
    let key = target.key();
    match finding {
        Finding::OtherVolumeDoomed { volume, phase, policy } => format!(
            "persistentvolume/{volume} is {phase} with policy {policy} and may be deleted at any time; run: {}",
            typed.line(target, &Next::on(Verb::Retain, volume))
        ),
        Finding::OtherVolumesWait(volumes) => format!("also preserved for claim {key}: {}", volumes.join(", ")),
        Finding::ClaimTerminating => format!("claim {key} is being deleted"),
        Finding::KeptByHelm { keep, .. } => kept(&key, *keep),
        Finding::StaysBehind(why) => stays(&key, *why),
        Finding::DeletedWithOwner(with) => owned(&key, with),
        Finding::MayBeRecreated(by) => {
            format!("{} applies claim {key} and may create it again once it is deleted; suspend it first", driver(by))
        }
        Finding::PolicyApplied { volume, applier } => applied(volume, applier),
        Finding::VolumeReplaced { volume, manager } => format!(
            "{manager} replaces persistentvolume/{volume}, claimRef included: expect claim {key} to be Lost at the next sync"
        ),
        Finding::ReleaseOwnsVolume { volume, release } => format!(
            "release {} owns persistentvolume/{volume}, too: uninstalling deletes the object; export it first",
            release.name
        ),
        Finding::FilledFromDataSource { volume, kind } => {
            format!("persistentvolume/{volume} was filled from the {kind} that claim {key} names as its data source")
        }
        Finding::ResizePending => {
            format!("a resize of claim {key} is under way: let a pod finish it before the claim is deleted")
        }
        Finding::WillBeResized { volume, wanted, offered } => format!(
            "the claim requests {wanted}, persistentvolume/{volume} has {offered}: expect csi-resizer to grow the volume"
        ),
        Finding::NotDeletable { volume, message } => {
            format!("Kubernetes could not delete persistentvolume/{volume}: {message}")
        }
        Finding::StillAttached { volume, message } => {
            format!("the driver has not been called to delete persistentvolume/{volume}: {message}")
        }
        Finding::HeldByFinalizers { volume, finalizers } => {
            let what = volume.as_ref().map_or(format!("claim {key}"), |volume| format!("persistentvolume/{volume}"));
            let all: Vec<_> = finalizers.iter().map(|finalizer| finalizer_of(finalizer, target, typed)).collect();
            format!("{what} is not deleted before its finalizers are removed: {}", all.join("; "))
        }
        Finding::UidOfLivingClaim { volume, owner } => format!(
            "claimRef.uid of persistentvolume/{volume} is that of claim {}, which exists: the volume is that claim's",
            owner.key()
        ),
        Finding::DeletionBegun { volume, sign } => begun(volume, sign, typed),
        Finding::VolumeOfAnotherClaim { volume, owner: Some(owner) } => {
            format!("persistentvolume/{volume} belongs to claim {owner}")
        }
        Finding::VolumeOfAnotherClaim { volume, owner: None } => format!("persistentvolume/{volume} has no claimRef"),
        Finding::StaleClaimRef(volume) => {
            format!("claim {key} cannot bind: claimRef.uid of persistentvolume/{volume} is that of the deleted claim")
        }
        Finding::PolicyNotRetain { volume, policy } => {
            format!("persistentvolume/{volume} has policy {policy}: once bound, it is deleted with its claim")
        }
        Finding::Misfit { volume, misfit, bound } => misfit_of(volume, misfit, *bound),
        Finding::HeldByPods(all) if all.iter().any(Holder::has_ended) => {
            let ended: Vec<Holder> = all.iter().filter(|pod| pod.has_ended()).cloned().collect();
            let running: Vec<Holder> = all.iter().filter(|pod| !pod.has_ended()).cloned().collect();
            let also = if running.is_empty() { String::new() } else { format!("; also in use by {}", pods(&running)) };
            let (has, holds) = if ended.len() == 1 { ("has", "holds") } else { ("have", "hold") };
            format!("pod {} {has} ended and {holds} claim {key} until deleted{also}", pods(&ended))
        }
        Finding::HeldByPods(all) => {
            format!("claim {key} is in use by {}; it is deleted once no pod uses it", pods(all))
        }
        Finding::StillMounted { volume, pods: all } => format!(
            "claim {key} was deleted, and pod {} still lists it and may write to persistentvolume/{volume}",
            pods(all)
        ),
        Finding::NoNodeMatches(volume) => {
            format!("no node satisfies the nodeAffinity of persistentvolume/{volume}: expect no pod to start with it")
        }
        Finding::Event(event) => event.message.clone(),
    }
}

/// The names of pods, with the phase of those that do not run.
pub fn pods(pods: &[Holder]) -> String {
    let name = |pod: &Holder| match pod.phase.as_str() {
        "Running" | "" => pod.name.clone(),
        phase => format!("{} ({phase})", pod.name),
    };
    pods.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn begun(volume: &str, sign: &DeletionSign, typed: &Typed) -> String {
    let check = format!("check the data on persistentvolume/{volume} before you rely on it");
    match sign {
        DeletionSign::RetainedLate { claim, event } => {
            let of = if claim.is_empty() { String::new() } else { format!(" (UID {claim})") };
            let event = event.as_ref().map_or(String::new(), |event| format!("; the provisioner says: {event}"));
            let done = typed.kubectl(&format!("annotate pv {volume} glancepv.io/retained-after-release-"));
            format!(
                "policy Retain was set after the claim{of} was deleted, so the driver may have deleted the data{event}; {check}, \
                 then: {done}"
            )
        }
        DeletionSign::Failed(message) => {
            let message = message.as_ref().map_or(String::new(), |message| format!(": {message}"));
            format!("its phase is Failed, Kubernetes tried to delete or recycle it{message}; {check}")
        }
        DeletionSign::Event(message) => format!("the driver tried to delete it: {message}; {check}"),
    }
}

fn applied(volume: &str, applier: &Applier) -> String {
    let by = applier.driver.as_ref().map_or(String::new(), |by| format!(" ({})", driver(by)));
    format!(
        "persistentvolume/{volume} is applied by {}{by}, which may set the policy back; suspend it or change it there first",
        applier.manager
    )
}

fn owned(key: &str, with: &DeletedWith) -> String {
    let DeletedWith { kind, name, .. } = with;
    match kind.as_str() {
        "StatefulSet" => format!("claim {key} is owned by StatefulSet {name} and is deleted with it"),
        "Pod" => format!("claim {key} is owned by pod {name} and is deleted with it"),
        _ => format!(
            "claim {key} is owned by {kind} {name} and is deleted with it; its operator may create the claim again as long as {kind} {name} exists"
        ),
    }
}

fn stays(key: &str, why: Stays) -> String {
    match why {
        Stays::Helm => format!("claim {key} is annotated helm.sh/resource-policy"),
        Stays::Hook => format!(
            "claim {key} is a Helm hook: expect `helm uninstall` to leave it bound, and the next `helm upgrade` to delete it and create it again"
        ),
        Stays::StatefulSet => format!(
            "claim {key} was made by a StatefulSet: uninstalling leaves it bound; `kubectl delete pvc --all` or the namespace's deletion deletes it"
        ),
        Stays::ArgoDelete => format!(
            "claim {key} has the sync option Delete=false: expect the application's deletion to leave it, and a prune to delete it"
        ),
        Stays::ArgoPrune => format!(
            "claim {key} has the sync option Prune=false: expect a prune to leave it, and the application's deletion to delete it"
        ),
        Stays::ArgoKeep => format!(
            "claim {key} is annotated helm.sh/resource-policy: expect the application's deletion to leave it, and a prune to delete it"
        ),
        Stays::FluxPrune => format!("claim {key} is excluded from Flux' pruning: expect Flux to leave it"),
    }
}

/// A finalizer and what removes it.
fn finalizer_of(finalizer: &str, target: &Target, typed: &Typed) -> String {
    let why = match finalizer {
        "snapshot.storage.kubernetes.io/pvc-as-source-protection" => {
            let look = typed.kubectl(&format!("get volumesnapshots -n {}", target.namespace));
            &format!("a VolumeSnapshot of it is not ready or was left behind: {look}")
        }
        "provisioner.storage.kubernetes.io/cloning-protection" => "a Pending claim is a clone of it",
        "external-provisioner.volume.kubernetes.io/finalizer" => "the provisioner has not let go of it",
        "foregroundDeletion" => "objects that it owns are deleted first",
        "argocd.argoproj.io/hook-finalizer" => "it is a hook of Argo CD",
        other if other.starts_with("external-attacher/") => {
            &format!("it may be attached to a node: {}", typed.kubectl("get volumeattachments"))
        }
        other if other.ends_with("/populate-target-protection") => "it is being filled from its data source",
        _ => return finalizer.to_owned(),
    };
    format!("{finalizer} ({why})")
}

fn kept(key: &str, keep: Keep) -> String {
    match keep {
        Keep::No => format!("claim {key} is not annotated helm.sh/resource-policy"),
        Keep::ByManifest => format!(
            "claim {key} is annotated helm.sh/resource-policy by its chart: expect `helm uninstall` to leave it bound"
        ),
        Keep::ByHand => format!(
            "claim {key} is annotated helm.sh/resource-policy by hand, which Helm ignores: expect `helm uninstall` to delete it"
        ),
        Keep::Unknown => format!(
            "claim {key} is annotated helm.sh/resource-policy; only if its chart set that, `helm uninstall` leaves it bound"
        ),
    }
}

fn misfit_of(volume: &str, misfit: &Misfit, bound: bool) -> String {
    let Misfit { field, wanted, offered } = misfit;
    let what = match field {
        Field::Size => "size",
        Field::Class => "storage class",
        Field::Modes => "access modes",
        Field::VolumeMode => "volumeMode",
        Field::Attributes => "volume attributes class",
    };
    let named = |text: &str| if text.is_empty() { "\"\" (none)".to_owned() } else { text.to_owned() };
    let so = match misfit.prevents_binding() {
        _ if bound => "the claim names the volume, so it is bound all the same",
        true => "unpinned, the claim is not bound to it",
        false => "does not prevent binding",
    };
    format!("{what}: the claim requests {}, persistentvolume/{volume} has {} ({so})", named(wanted), named(offered))
}
