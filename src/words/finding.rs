//! Findings, for people.

use super::next::driver;
use crate::lifecycle::{
    ATTACHER, Applier, DeletedWith, DeletionSign, Field, Finding, Holder, Incomplete, Keep, Misfit, SNAPSHOT_SOURCE,
    Stays, Target,
};

/// The sentence of a finding; the volume of the name `own`, the only one, is "its volume".
pub fn message(finding: &Finding, target: &Target, own: Option<&str>) -> String {
    let key = target.key();
    let the = |volume: &String| {
        if own == Some(volume) { "its volume".to_owned() } else { format!("persistentvolume/{volume}") }
    };
    match finding {
        Finding::OtherVolumeDoomed { volume, phase, policy } => {
            format!("{} is {phase} with policy {policy} and may be deleted at any time", the(volume))
        }
        Finding::OtherVolumesWait(volumes) => format!("also preserved for claim {key}: {}", volumes.join(", ")),
        Finding::ClaimTerminating => format!("claim {key} is being deleted"),
        Finding::KeptByHelm { keep, .. } => kept(*keep).to_owned(),
        Finding::StaysBehind(why) => stays(*why).to_owned(),
        Finding::DeletedWithOwner(with) => owned(with),
        Finding::MayBeRecreated(by) => {
            format!("{} may create the claim again; suspend it first", driver(by))
        }
        Finding::PolicyApplied { volume, applier } => applied(&the(volume), applier),
        Finding::VolumeReplaced { volume, manager } => {
            format!("{manager} replaces {}: expect the claim to become Lost", the(volume))
        }
        Finding::ReleaseOwnsVolume { volume, release } => {
            format!("release {} owns {}: uninstalling deletes that object; export it first", release.name, the(volume))
        }
        Finding::FilledFromDataSource { volume, kind } => {
            format!("{} was filled from the {kind} that is the claim's data source", the(volume))
        }
        Finding::ResizePending => {
            "a resize of the claim is under way: let a pod finish it before the claim is deleted".to_owned()
        }
        Finding::WillBeResized { volume, wanted, offered } => {
            format!("the claim requests {wanted}, {} has {offered}: expect csi-resizer to grow it", the(volume))
        }
        Finding::NotDeletable { volume, message } => format!("Kubernetes could not delete {}: {message}", the(volume)),
        Finding::StillAttached { volume, message } => {
            format!("the driver has not been called to delete {}: {message}", the(volume))
        }
        Finding::HeldByFinalizers { volume, finalizers } => {
            let what = volume.as_ref().map_or(format!("claim {key}"), the);
            let all: Vec<_> = finalizers.iter().map(|finalizer| finalizer_of(finalizer)).collect();
            format!("{what} is not deleted before its finalizers are removed: {}", all.join("; "))
        }
        Finding::UidOfLivingClaim { volume, owner } => {
            format!("{} has the UID of claim {}, which exists: it is that claim's", the(volume), owner.key())
        }
        Finding::DeletionBegun { volume, sign } => begun(&the(volume), sign),
        Finding::VolumeOfAnotherClaim { volume, owner } => {
            format!("persistentvolume/{volume} belongs to claim {owner}")
        }
        Finding::NoClaimRef(volume) => {
            format!("persistentvolume/{volume} has no claimRef: any claim can take it until it is reserved")
        }
        Finding::KeptForOthers(kept) => {
            let each = kept.iter().map(|(volume, owner)| format!("persistentvolume/{volume} of claim {}", owner.key()));
            format!("kept here for claims that do not exist: {}", each.collect::<Vec<_>>().join(", "))
        }
        Finding::StaleClaimRef(volume) => {
            format!("the claim cannot bind: claimRef.uid of {} is that of the deleted claim", the(volume))
        }
        Finding::PolicyNotRetain { volume, policy } => {
            format!("{} has policy {policy}: once bound, it is deleted with its claim", the(volume))
        }
        Finding::Misfit { volume, misfit, bound } => misfit_of(&the(volume), misfit, *bound),
        Finding::HeldByPods(all) if all.iter().any(Holder::has_ended) => {
            let ended: Vec<Holder> = all.iter().filter(|pod| pod.has_ended()).cloned().collect();
            let running: Vec<Holder> = all.iter().filter(|pod| !pod.has_ended()).cloned().collect();
            let also = if running.is_empty() { String::new() } else { format!("; also in use by {}", pods(&running)) };
            let (pod, has) =
                if ended.len() == 1 { ("pod", "has ended and holds") } else { ("pods", "have ended and hold") };
            format!("{pod} {} {has} the claim until deleted{also}", pods(&ended))
        }
        Finding::HeldByPods(all) => format!("the claim is in use by {}; it is deleted once no pod uses it", pods(all)),
        Finding::StillMounted { volume, pods: all } => {
            format!("pod {} still lists the deleted claim and may write to {}", pods(all), the(volume))
        }
        Finding::NoNodeMatches(volume) => {
            format!("no node satisfies the nodeAffinity of {}: expect no pod to start with it", the(volume))
        }
        Finding::SiblingsAtRisk { release, claims } => siblings(&release.name, claims),
        Finding::TridentDeletes(volume)
        | Finding::TridentMissing { volume, .. }
        | Finding::TridentOnline(volume)
        | Finding::TridentState { volume, .. } => trident(finding, &the(volume)),
        Finding::SetIncomplete(set) => incomplete(set),
        Finding::Event(event) => event.message.clone(),
    }
}

/// NetApp Trident's knowledge of the volume.
fn trident(finding: &Finding, volume: &str) -> String {
    match finding {
        Finding::TridentDeletes(_) => format!(
            "NetApp Trident is deleting {volume} (state deleting): its data is deleted with its last snapshot or share. Restore it from a \
             VolumeSnapshot, into another claim"
        ),
        Finding::TridentMissing { reserved: false, .. } => {
            format!("NetApp Trident does not know {volume}: no pod can mount it until Trident has it again")
        }
        Finding::TridentMissing { reserved: true, .. } => format!(
            "NetApp Trident does not know {volume}. `tridentctl import volume` into its claim can destroy it: delete the object \
             first, import, reuse nothing"
        ),
        Finding::TridentOnline(_) => format!("NetApp Trident has {volume} online: the policy came in time"),
        Finding::TridentState { state, .. } => format!("NetApp Trident's state of {volume} is {state}, not online"),
        _ => String::new(),
    }
}

/// The members of a set whose volumes are kept, and those that lack one.
pub fn incomplete(set: &Incomplete) -> String {
    let (kept, others) = (set.kept.join(", "), set.others.join(", "));
    format!("the set is kept in part: {kept} kept; {others} missing, new, being deleted, or not selected")
}

/// Claims with their volumes' policies: those of one policy together.
fn siblings(release: &str, claims: &[(String, String)]) -> String {
    let mut by_policy: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, policy) in claims {
        match by_policy.iter_mut().find(|(known, _)| known == policy) {
            Some((_, names)) => names.push(name),
            None => by_policy.push((policy, vec![name])),
        }
    }
    let all = by_policy.iter().map(|(policy, names)| format!("{}, with policy {policy}", names.join(", ")));
    let noun = if claims.len() == 1 { "claim" } else { "claims" };
    format!("release {release} owns {noun} {} too", all.collect::<Vec<_>>().join("; "))
}

/// The names of pods, with the phase of those that do not run.
pub fn pods(pods: &[Holder]) -> String {
    let name = |pod: &Holder| match pod.phase.as_str() {
        "Running" | "" => pod.name.clone(),
        phase => format!("{} ({phase})", pod.name),
    };
    pods.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn begun(volume: &str, sign: &DeletionSign) -> String {
    match sign {
        DeletionSign::RetainedLate { claim, event } => {
            let of = if claim.is_empty() { "its claim".to_owned() } else { format!("claim {claim}") };
            let event = event.as_ref().map_or(String::new(), |event| format!("; the provisioner says: {event}"));
            format!(
                "{volume} was retained after {of} was deleted: the driver may have deleted the data{event}; check it, then remove the mark"
            )
        }
        DeletionSign::Failed(message) => {
            let message = message.as_ref().map_or(String::new(), |message| format!(": {message}"));
            format!("Kubernetes tried to delete or recycle {volume}; check the data before you rely on it{message}")
        }
        DeletionSign::Event(message) => {
            format!("the driver tried to delete {volume}; check the data before you rely on it: {message}")
        }
    }
}

fn applied(volume: &str, applier: &Applier) -> String {
    let manager = &applier.manager;
    match &applier.driver {
        Some(by) => format!("{manager} ({}) may set the policy back", driver(by)),
        None => format!("{manager} applies {volume} and may set the policy back; suspend it"),
    }
}

fn owned(with: &DeletedWith) -> String {
    let DeletedWith { kind, name, .. } = with;
    match kind.as_str() {
        "StatefulSet" => format!("StatefulSet {name} owns the claim, which is deleted with it"),
        "Pod" => format!("pod {name} owns the claim, which is deleted with it"),
        _ => format!("{kind} {name} owns the claim: deleted with it, and may be created again until then"),
    }
}

fn stays(why: Stays) -> &'static str {
    match why {
        Stays::Helm => "the claim is annotated helm.sh/resource-policy",
        Stays::Hook => "a Helm hook: uninstalling leaves the claim, the next upgrade deletes and creates it",
        Stays::StatefulSet => "a StatefulSet made the claim: uninstalling leaves it, `delete pvc --all` deletes it",
        Stays::ArgoDelete => "Delete=false: expect the application's deletion to leave it, a prune to delete it",
        Stays::ArgoPrune => "Prune=false: expect a prune to leave it, the application's deletion to delete it",
        Stays::ArgoKeep => "kept: expect the application's deletion to leave it, a prune to delete it",
        Stays::FluxPrune => "the claim is excluded from Flux' pruning: expect Flux to leave it",
    }
}

/// A finalizer and what removes it.
fn finalizer_of(finalizer: &str) -> String {
    let why = match finalizer {
        SNAPSHOT_SOURCE => "a VolumeSnapshot of it is not ready or was left behind",
        "provisioner.storage.kubernetes.io/cloning-protection" => "a Pending claim is a clone of it",
        "external-provisioner.volume.kubernetes.io/finalizer" => "the provisioner has not let go of it",
        "foregroundDeletion" => "objects that it owns are deleted first",
        "argocd.argoproj.io/hook-finalizer" => "it is a hook of Argo CD",
        other if other.starts_with(ATTACHER) => "it may be attached to a node",
        other if other.ends_with("/populate-target-protection") => "it is being filled from its data source",
        _ => return finalizer.to_owned(),
    };
    format!("{finalizer} ({why})")
}

fn kept(keep: Keep) -> &'static str {
    match keep {
        Keep::No => "the claim is not annotated helm.sh/resource-policy",
        Keep::ByManifest => "its chart sets helm.sh/resource-policy on the claim: expect uninstall to leave it bound",
        Keep::ByHand => "helm.sh/resource-policy by hand, which Helm ignores: expect uninstall to delete it",
        Keep::Unknown => "helm.sh/resource-policy is on the claim: if its chart set that, uninstall leaves it",
    }
}

fn misfit_of(volume: &str, misfit: &Misfit, bound: bool) -> String {
    let Misfit { field, wanted, offered, .. } = misfit;
    let what = match field {
        Field::Size => "",
        Field::Class => " storage class",
        Field::Modes => " access modes",
        Field::VolumeMode => " volumeMode",
        Field::Attributes => " volume attributes class",
    };
    let named = |text: &str| if text.is_empty() { "\"\" (none)".to_owned() } else { text.to_owned() };
    let so = match misfit.prevents_binding() {
        _ if bound => "it is bound by name",
        _ if !misfit.reserved => "it is compared until the volume is reserved",
        true => "unpinned, it is not bound to it",
        false => "does not prevent binding",
    };
    format!("the claim requests{what} {}, {volume} has {} ({so})", named(wanted), named(offered))
}
