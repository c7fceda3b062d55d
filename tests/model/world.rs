//! The world around the decisions: what operators, Glance, the volume binder, the provisioner and
//! other writers do to one claim and its volumes, each write a step of its own.
//!
//! The binder's rules are those that `tests/cli/binder.rs` holds against a real control plane.

use std::sync::LazyLock;

use jiff::Timestamp;

use kubectl_glancepv::lifecycle::{
    Claim, ClaimPhase, ClaimRef, Keep, Shape, Situation, Stays, TakenFrom, Target, Volume, VolumePhase,
};

/// The maximum number of volumes at a time: the one with the images, and one that diverts.
pub const VOLUMES: usize = 2;

/// Whom a claimRef names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    Nobody,
    SomebodyElse,
    /// The target, by name alone or as the claim of that UID.
    Target(Option<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct V {
    pub name: u8,
    /// The resourceVersion.
    pub version: u8,
    pub phase: VolumePhase,
    pub retained: bool,
    pub terminating: bool,
    pub owner: Owner,
    pub made: u8,
    pub bytes: Bytes,
    /// True if it carries the annotation of a `retain` that came late.
    pub late: bool,
}

/// The fate of a volume's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bytes {
    There,
    /// The provisioner was told to delete them, and takes its time.
    Told,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct C {
    /// When it was made, which no other claim shares: its UID as well.
    pub uid: u8,
    pub phase: ClaimPhase,
    pub terminating: bool,
    pub volume: Option<u8>,
    /// True if its template named its volume.
    pub pinned: bool,
    /// True if it asks for more than the volume with the images has.
    pub large: bool,
    /// The origin of its `keep` annotation, if it has one.
    pub keep: Keep,
}

/// Everything but the commands that are under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub claim: Option<C>,
    pub volumes: [Option<V>; VOLUMES],
    /// True if a pod holds the claim.
    pub mounted: bool,
    /// The volume that the chart's template names.
    pub template: Option<u8>,
    /// True if the chart asks for more than the volume with the images has.
    pub large: bool,
    /// True if the chart has Helm keep the claim.
    pub keeps: bool,
    /// The volume that `export` printed at some time: its name and the fate of its data.
    pub export: Option<(u8, Bytes)>,
    /// True if the claim of another name, which somebody else's volumes are bound to, lives.
    pub other_lives: bool,
}

/// A step of somebody who is not the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `helm install`: the claim as the template has it.
    Install,
    /// `helm uninstall`, or whoever deletes the claim.
    DeleteClaim,
    Mount,
    Unmount,
    /// The template names this volume, or none.
    Pin(Option<u8>),
    /// The protection controller lets the claim go.
    ClaimGoes,
    /// The binder writes the claim's UID into the volume's claimRef.
    Bind(u8),
    /// The binder says in the claim which volume it has.
    ClaimBound(u8),
    /// The binder finds that a bound claim's volume is not its own.
    ClaimLost,
    /// The binder writes the volume's phase.
    Phase(u8, VolumePhase),
    /// The provisioner makes a volume for the claim.
    Provision,
    /// The provisioner tells the driver to delete the volume's data.
    Tell(u8),
    /// The driver deletes the data.
    BytesGo(u8),
    /// The provisioner deletes a volume whose data is gone, or somebody deletes one by hand.
    Delete(u8),
    /// The chart asks for more, or no longer does.
    Resize,
    /// The chart has Helm keep the claim, or no longer does.
    KeepInChart,
    /// Somebody annotates the living claim by hand.
    KeepByHand,
    /// `export` at any moment, by name.
    Export(u8),
    /// The export is applied.
    Apply,
    /// The protection controller lets the volume go.
    VolumeGoes(u8),
    /// Somebody writes something that does not matter here.
    Annotate(u8),
    /// Somebody patches the reclaim policy by hand.
    Policy(u8),
    /// Somebody clears `claimRef.uid` by hand, in whatever order.
    ClearUid(u8),
    /// Somebody clears claimRef altogether, by hand.
    ClearRef(u8),
    /// A claim of somebody else takes a volume that is free for all.
    Taken(u8),
    /// Somebody else's claim is deleted for good.
    OtherGoes,
}

impl World {
    /// Glance is installed and bound to the volume that was provisioned for it, with policy Delete.
    pub fn installed() -> Self {
        let claim = C {
            uid: 0,
            phase: ClaimPhase::Bound,
            terminating: false,
            volume: Some(0),
            pinned: false,
            large: false,
            keep: Keep::No,
        };
        let volume = V {
            name: 0,
            version: 0,
            phase: VolumePhase::Bound,
            retained: false,
            terminating: false,
            owner: Owner::Target(Some(0)),
            made: 1,
            bytes: Bytes::There,
            late: false,
        };
        Self {
            claim: Some(claim),
            volumes: [Some(volume), None],
            mounted: false,
            template: None,
            large: false,
            keeps: false,
            export: None,
            other_lives: true,
        }
    }

    /// A chart has renamed its claim: the volume is bound to the one of the old name, with policy Retain.
    pub fn renamed() -> Self {
        let installed = Self::installed();
        let volume = V { owner: Owner::SomebodyElse, retained: true, ..installed.volumes[0].expect("a volume") };
        Self { claim: None, volumes: [Some(volume), None], ..installed }
    }

    pub fn each(&self) -> impl Iterator<Item = V> + '_ {
        self.volumes.iter().flatten().copied()
    }

    pub fn volume(&self, name: u8) -> Option<V> {
        self.each().find(|v| v.name == name)
    }

    /// True if the claim that the volume's claimRef means is there.
    pub fn is_claimed(&self, v: &V) -> bool {
        self.claim.is_some_and(|c| v.owner == Owner::Target(Some(c.uid)))
    }

    /// True if the provisioner may delete the volume now or as soon as the binder has looked.
    pub fn is_deletable(&self, v: &V) -> bool {
        let of_other = v.owner == Owner::SomebodyElse && self.other_lives;
        !of_other && !v.retained && !self.is_claimed(v) && v.phase != VolumePhase::Available
    }

    /// A change of the volume gives it a new version.
    pub fn change(&mut self, name: u8, how: impl FnOnce(&mut V)) {
        if let Some(v) = self.volumes.iter_mut().flatten().find(|v| v.name == name) {
            how(v);
            v.version += 1;
        }
    }

    /// The next steps that the binder, the provisioner and the protection controllers may take.
    pub fn controllers(&self, steps: &mut Vec<Step>) {
        if let Some(c) = self.claim {
            if c.terminating && !self.mounted {
                steps.push(Step::ClaimGoes);
            }
            self.binder(c, steps);
            if c.phase == ClaimPhase::Pending && c.volume.is_none() && !c.terminating && self.volumes.contains(&None) {
                steps.push(Step::Provision);
            }
        }
        for v in self.each() {
            let phase = match v.owner {
                Owner::Nobody | Owner::Target(None) => VolumePhase::Available,
                Owner::SomebodyElse if self.other_lives => VolumePhase::Bound,
                Owner::SomebodyElse => VolumePhase::Released,
                Owner::Target(Some(_)) => match self.claim.filter(|_| self.is_claimed(&v)) {
                    Some(c) if c.volume == Some(v.name) => VolumePhase::Bound,
                    Some(_) => v.phase,
                    None if v.phase == VolumePhase::Failed => VolumePhase::Failed,
                    None => VolumePhase::Released,
                },
            };
            if v.terminating && phase != VolumePhase::Bound {
                steps.push(Step::VolumeGoes(v.name));
            } else if phase != v.phase {
                steps.push(Step::Phase(v.name, phase));
            }
            let unkept = v.phase == VolumePhase::Released && !v.retained;
            match v.bytes {
                Bytes::There if unkept => steps.push(Step::Tell(v.name)),
                // Whatever the policy has become by then.
                Bytes::Told => steps.extend([Step::BytesGo(v.name), Step::Phase(v.name, VolumePhase::Failed)]),
                Bytes::Gone if unkept && !v.terminating => steps.push(Step::Delete(v.name)),
                _ => {}
            }
        }
    }

    fn binder(&self, c: C, steps: &mut Vec<Step>) {
        let reserved = |v: &V| v.owner == Owner::Target(None) || v.owner == Owner::Target(Some(c.uid));
        if c.phase == ClaimPhase::Bound {
            let own = c.volume.and_then(|name| self.volume(name));
            match own {
                Some(v) if v.owner == Owner::Nobody => steps.push(Step::Bind(v.name)),
                Some(v) if v.owner == Owner::Target(Some(c.uid)) => {}
                _ => steps.push(Step::ClaimLost),
            }
        } else if c.phase == ClaimPhase::Lost {
            // With its UID in claimRef again, the claim is bound again (seen on 1.20 and 1.37).
            let own = c.volume.and_then(|name| self.volume(name));
            if let Some(v) = own.filter(|v| v.owner == Owner::Target(Some(c.uid))) {
                steps.push(Step::ClaimBound(v.name));
            }
        } else if c.phase == ClaimPhase::Pending && !c.terminating {
            // The volume that the claim names; else one that is reserved for it, else a free one.
            let named = c.volume.and_then(|name| self.volume(name)).filter(|v| reserved(v) || v.owner == Owner::Nobody);
            let found = if c.volume.is_some() {
                named
            } else if c.large {
                // Volumes that are made for it are large enough; the one with the images is not.
                self.each().filter(|v| !v.terminating && v.name != 0).find(|v| reserved(v))
            } else {
                let free = |v: &V| v.owner == Owner::Nobody && v.phase == VolumePhase::Available;
                self.each().filter(|v| !v.terminating).find(|v| reserved(v)).or_else(|| self.each().find(free))
            };
            match found {
                Some(v) if v.owner == Owner::Target(Some(c.uid)) => steps.push(Step::ClaimBound(v.name)),
                Some(v) => steps.push(Step::Bind(v.name)),
                None => {}
            }
        }
    }

    /// The next steps that people and others may take.
    pub fn people(&self, steps: &mut Vec<Step>) {
        match self.claim {
            None => steps.push(Step::Install),
            Some(c) => {
                if !c.terminating {
                    steps.push(Step::DeleteClaim);
                }
                if c.keep == Keep::No {
                    steps.push(Step::KeepByHand);
                }
                if c.phase == ClaimPhase::Bound && !c.terminating && !self.mounted {
                    steps.push(Step::Mount);
                }
            }
        }
        if self.mounted {
            steps.push(Step::Unmount);
        }
        steps.extend([Step::Resize, Step::KeepInChart]);
        if self.export.is_some() {
            steps.push(Step::Apply);
        }
        let names = self.each().map(|v| Some(v.name)).chain([None]);
        steps.extend(names.filter(|name| *name != self.template).map(Step::Pin));
        for v in self.each() {
            steps.extend([Step::Annotate(v.name), Step::Policy(v.name)]);
            if !v.terminating {
                steps.push(Step::Delete(v.name));
            }
            if v.name == 0 {
                steps.push(Step::Export(v.name));
            }
            match v.owner {
                Owner::Target(Some(_)) => steps.push(Step::ClearUid(v.name)),
                Owner::Target(None) => steps.push(Step::ClearRef(v.name)),
                Owner::Nobody if self.other_lives => steps.push(Step::Taken(v.name)),
                Owner::SomebodyElse if self.other_lives => steps.push(Step::OtherGoes),
                Owner::Nobody | Owner::SomebodyElse => {}
            }
        }
    }

    /// The world after a step. `clock` and `name` are unused ones.
    pub fn take(&mut self, step: Step, clock: u8, name: u8) {
        match step {
            Step::Install => {
                let (phase, volume) = (ClaimPhase::Pending, self.template);
                let (large, keep) = (self.large, if self.keeps { Keep::ByManifest } else { Keep::No });
                let pinned = volume.is_some();
                self.claim = Some(C { uid: clock, phase, terminating: false, volume, pinned, large, keep });
            }
            Step::DeleteClaim => {
                if let Some(c) = &mut self.claim {
                    c.terminating = true;
                }
            }
            Step::Mount => self.mounted = true,
            Step::Unmount => self.mounted = false,
            Step::Pin(volume) => self.template = volume,
            Step::ClaimGoes => self.claim = None,
            Step::Bind(name) => {
                let uid = self.claim.map(|c| c.uid);
                self.change(name, |v| v.owner = Owner::Target(uid));
            }
            Step::ClaimBound(name) => {
                if let Some(c) = &mut self.claim {
                    (c.volume, c.phase) = (Some(name), ClaimPhase::Bound);
                }
            }
            Step::ClaimLost => {
                if let Some(c) = &mut self.claim {
                    c.phase = ClaimPhase::Lost;
                }
            }
            Step::Phase(name, phase) => self.change(name, |v| v.phase = phase),
            Step::Provision => {
                let made = V {
                    name,
                    version: 0,
                    phase: VolumePhase::Pending,
                    retained: false,
                    terminating: false,
                    owner: Owner::Target(self.claim.map(|c| c.uid)),
                    made: clock,
                    bytes: Bytes::There,
                    late: false,
                };
                if let Some(slot) = self.volumes.iter_mut().find(|slot| slot.is_none()) {
                    *slot = Some(made);
                }
            }
            Step::Delete(name) => self.change(name, |v| v.terminating = true),
            Step::VolumeGoes(name) => {
                for slot in &mut self.volumes {
                    let Some(v) = slot.filter(|v| v.name == name) else { continue };
                    // The policy is honored when the object goes (Kubernetes 1.33).
                    let bytes = if v.retained && v.bytes != Bytes::Told { v.bytes } else { Bytes::Gone };
                    if let Some(export) = self.export.as_mut().filter(|(exported, _)| *exported == name) {
                        export.1 = bytes;
                    }
                    *slot = None;
                }
                self.volumes.sort_by_key(|slot| slot.map_or(u8::MAX, |v| v.name));
            }
            Step::Tell(name) => self.change(name, |v| v.bytes = Bytes::Told),
            Step::BytesGo(name) => self.change(name, |v| v.bytes = Bytes::Gone),
            Step::Resize => self.large = !self.large,
            Step::KeepInChart => self.keeps = !self.keeps,
            Step::KeepByHand => {
                if let Some(c) = &mut self.claim {
                    c.keep = Keep::ByHand;
                }
            }
            Step::Export(name) => {
                let bytes = self.volume(name).map_or(Bytes::Gone, |v| v.bytes);
                self.export = Some((name, bytes));
            }
            Step::Apply => self.apply(clock),
            Step::Annotate(name) => self.change(name, |_| {}),
            Step::Policy(name) => self.change(name, |v| v.retained = !v.retained),
            Step::ClearUid(name) => self.change(name, |v| v.owner = Owner::Target(None)),
            Step::ClearRef(name) => self.change(name, |v| v.owner = Owner::Nobody),
            Step::OtherGoes => self.other_lives = false,
            Step::Taken(name) => self.change(name, |v| (v.owner, v.phase) = (Owner::SomebodyElse, VolumePhase::Bound)),
        }
    }
}

impl World {
    /// `kubectl apply` of the export: the policy of a volume that is there, else the volume anew.
    fn apply(&mut self, clock: u8) {
        let Some((name, bytes)) = self.export else { return };
        if self.volume(name).is_some() {
            self.change(name, |v| v.retained = true);
        } else if let Some(slot) = self.volumes.iter_mut().find(|slot| slot.is_none()) {
            let (phase, owner) = (VolumePhase::Pending, Owner::Target(None));
            let (version, retained, terminating, late) = (0, true, false, false);
            *slot = Some(V { name, version, phase, retained, terminating, owner, made: clock, bytes, late });
            self.volumes.sort_by_key(|slot| slot.map_or(u8::MAX, |v| v.name));
        }
    }

    /// `helm uninstall`: a claim that the chart has kept stays.
    pub fn uninstall(&mut self) {
        self.mounted = false;
        if let Some(c) = self.claim.as_mut().filter(|c| c.keep != Keep::ByManifest) {
            c.terminating = true;
        }
    }
}

/// The claim of another name that a volume may be taken from.
pub static OTHER: LazyLock<Target> =
    LazyLock::new(|| Target { namespace: "elsewhere".to_owned(), name: "images".to_owned() });

pub static TARGET: LazyLock<Target> =
    LazyLock::new(|| Target { namespace: "openstack".to_owned(), name: "glance-images".to_owned() });

pub fn name(volume: u8) -> String {
    format!("v{volume}")
}

fn at(made: u8) -> Option<Timestamp> {
    Timestamp::from_second(i64::from(made)).ok()
}

fn shape(size: &str) -> Shape {
    let (size, modes) = (Some(size.to_owned()), vec!["ReadWriteMany".to_owned()]);
    Shape { size, modes, class: Some("netapp".to_owned()), volume_mode: None, attributes: None }
}

/// The claim and the volumes as the plugin reads them.
pub struct Seen {
    pub target: &'static Target,
    pub claim: Option<Claim>,
    pub volumes: Vec<Volume>,
    pub named: Option<String>,
    /// True if the volume is to be taken from the other claim, and that claim if it lives.
    pub from: bool,
    pub other: Option<Claim>,
}

impl Seen {
    pub fn situation(&self) -> Situation<'_> {
        Situation {
            target: self.target,
            claim: self.claim.as_ref(),
            volumes: self.volumes.iter().collect(),
            named: self.named.as_deref(),
            pinned: false,
            siblings: &[],
            from: self.from.then_some(TakenFrom { target: &OTHER, claim: self.other.as_ref() }),
            rivals: &[],
        }
    }

    /// Only what `observe` reads of the volumes: the named one, the claim's own unless it is not asked
    /// for, and where all are asked for those whose claimRef names the target.
    pub fn observed(mut self, all: bool, own: bool) -> Self {
        let (named, claimed) = (self.named.clone(), self.claim.as_ref().and_then(|c| c.volume_name.clone()));
        let is = |v: &Volume, name: &Option<String>| Some(&v.name) == name.as_ref();
        self.volumes.retain(|v| is(v, &named) || (own && is(v, &claimed)) || (all && v.refers_to(self.target)));
        self
    }
}

/// Reads them.
pub fn seen(claim: Option<C>, volumes: &[V], named: Option<u8>) -> Seen {
    seen_of(&TARGET, claim, volumes, named)
}

/// Reads those of a claim of this name.
pub fn seen_of(target: &'static Target, claim: Option<C>, volumes: &[V], named: Option<u8>) -> Seen {
    let claim = claim.map(|c| Claim {
        uid: c.uid.to_string(),
        phase: c.phase,
        terminating: c.terminating,
        volume_name: c.volume.map(name),
        created: at(c.uid),
        pinned: c.pinned,
        keep: c.keep,
        release: None,
        deleted_with: None,
        stays: (c.keep == Keep::ByManifest).then_some(Stays::Helm),
        driver: None,
        finalizers: vec![],
        data_source: None,
        resizing: false,
        wants: shape(if c.large { "600Gi" } else { "500Gi" }),
    });
    let volumes = volumes.iter().map(|v| {
        let owner = |claim: &Target, uid: Option<u8>| ClaimRef {
            claim: claim.clone(),
            uid: uid.map(|uid| uid.to_string()),
            resource_version: uid.map(|_| "1".to_owned()),
        };
        Volume {
            name: name(v.name),
            resource_version: v.version.to_string(),
            phase: v.phase,
            policy: if v.retained { "Retain" } else { "Delete" }.to_owned(),
            terminating: v.terminating,
            claim_ref: match v.owner {
                Owner::Nobody => None,
                Owner::SomebodyElse => Some(owner(&OTHER, Some(99))),
                Owner::Target(uid) => Some(owner(target, uid)),
            },
            created: at(v.made),
            since: None,
            retained_late: v.late.then(String::new),
            applier: None,
            release: None,
            finalizers: vec![],
            driver: None,
            handle: None,
            trident: None,
            message: None,
            nodes: Vec::new(),
            offers: shape(if v.name == 0 { "500Gi" } else { "600Gi" }),
        }
    });
    Seen { target, claim, volumes: volumes.collect(), named: named.map(name), from: false, other: None }
}
