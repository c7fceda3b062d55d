//! Every interleaving: the decisions of `lifecycle`, as commands whose reads and patches lie anywhere
//! between the steps of everybody else, explored exhaustively to a depth.
//!
//! A lost answer and a killed plugin are the command that ends here after its patch; a conflict is
//! one that ends without; both are followed by every other command that may be typed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::option_option, reason = "what was read may be that there is none")]
#![allow(clippy::struct_excessive_bools, reason = "a state of the world is made of such")]
#![allow(clippy::print_stderr, reason = "the counts and the traces are the result")]

mod advice;
mod set;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use stateright::{Checker, Model, Property};

use self::advice::leads;
use self::world::{Bytes, C, Owner, Step, TARGET, V, VOLUMES, World, name, seen};
use kubectl_glancepv::lifecycle::{
    Change, Claim, ClaimPhase, Keep, Plan, Stage, VolumePhase, assess, retain, reuse, unretain,
};

/// The number of steps from an installed Glance; `GLANCEPV_MODEL_DEPTH` for more.
const DEPTH: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Verb {
    Retain,
    Unretain,
    Reuse,
    /// `reuse --from`.
    TakeOver,
}

/// A command under way: what it has read, each at its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Command {
    verb: Verb,
    named: Option<u8>,
    claim: Option<Option<C>>,
    volumes: Option<[Option<V>; VOLUMES]>,
    /// Of `reuse --from`: whether the other claim lives.
    other_lives: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    world: World,
    command: Option<Command>,
    /// The harm that a command has done.
    wrong: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    World(Step),
    Begin(Verb, Option<u8>),
    ReadClaim,
    ReadVolumes,
    ReadOther,
    Decide,
}

/// A safety check taken away, by lying to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    /// None either, and only harm is looked for, and whether a volume comes to be reserved.
    OnlyHarm,
    /// `reuse` does not look for a living claim.
    ClaimGone,
    /// `reuse` does not look at the policy.
    PolicyBeforeReuse,
    /// A patch has no resourceVersion.
    Precondition,
    /// A volume is taken for the target's whoever its claimRef names.
    Ownership,
    /// `unretain` does not look whether claim and volume are bound to each other.
    Bound,
    /// `reuse` clears all of claimRef, not its UID alone.
    NamesOfClaimRef,
    /// `reuse --from` does not look for the other claim, nor at the phase.
    OtherGone,
}

/// The decisions without a check, in a world that begins so.
struct Lifecycle(Without, fn() -> World);

impl Lifecycle {
    fn change(&self, command: &Command, claim: Option<C>, volumes: &[Option<V>]) -> Option<Change> {
        let read: Vec<V> = volumes.iter().flatten().copied().collect();
        let claimed = claim.is_some_and(|c| c.volume.is_some());
        let reuses = matches!(command.verb, Verb::Reuse | Verb::TakeOver);
        let all = command.named.is_none() && (reuses || !claimed);
        let mut s = seen(claim, &read, command.named).observed(all, command.named.is_none() || reuses);
        if command.verb == Verb::TakeOver {
            s.from = true;
            s.other = command.other_lives.unwrap_or(true).then(other);
        }
        match self.0 {
            Without::OtherGone if command.verb == Verb::TakeOver => {
                s.other = None;
                s.volumes.iter_mut().for_each(|v| v.phase = VolumePhase::Released);
            }
            Without::ClaimGone if command.verb == Verb::Reuse => {
                s.claim = None;
                s.volumes
                    .iter_mut()
                    .filter(|v| v.phase == VolumePhase::Bound)
                    .for_each(|v| v.phase = VolumePhase::Released);
            }
            Without::PolicyBeforeReuse if command.verb == Verb::Reuse => {
                s.volumes.iter_mut().for_each(|v| "Retain".clone_into(&mut v.policy));
            }
            Without::Ownership => {
                for r in s.volumes.iter_mut().filter_map(|v| v.claim_ref.as_mut()) {
                    r.claim = TARGET.clone();
                }
            }
            Without::Bound if command.verb == Verb::Unretain => {
                return s.volumes.first().map(|v| Change::policy(v, "Delete"));
            }
            _ => {}
        }
        let plan = match command.verb {
            Verb::Retain => retain(&s.situation()),
            Verb::Unretain => unretain(&s.situation()),
            Verb::Reuse | Verb::TakeOver => reuse(&s.situation()),
        };
        match plan {
            Ok(Plan::Change(change)) => Some(change),
            _ => None,
        }
    }

    /// The API server takes the patch, or refuses it; what is wrong with it.
    fn patch(&self, world: &mut World, change: &Change, command: &Command) -> Option<&'static str> {
        let before = world.each().find(|v| name(v.name) == change.volume)?;
        if self.0 != Without::Precondition && before.version.to_string() != change.resource_version {
            return None;
        }
        world.change(before.name, |v| {
            for edit in &change.edits {
                match (edit.path.last().copied(), edit.to.as_deref()) {
                    (Some("persistentVolumeReclaimPolicy"), to) => v.retained = to == Some("Retain"),
                    (Some("glancepv.io/retained-after-release"), Some(_)) => v.late = true,
                    (Some("name"), Some(_)) if v.owner == Owner::Nobody => v.owner = Owner::Target(None),
                    (Some("uid"), None) if self.0 == Without::NamesOfClaimRef => v.owner = Owner::Nobody,
                    (Some("uid"), None) => v.owner = Owner::Target(None),
                    (Some("uid"), Some(uid)) => v.owner = Owner::Target(uid.parse().ok()),
                    _ => {}
                }
            }
        });
        let after = world.volume(before.name)?;
        // An uninstallation that overtakes `unretain` is one after it: the claim was there when it was read.
        let overtaken = command.claim.flatten().is_some_and(|c| {
            before.owner == Owner::Target(Some(c.uid))
                && c.volume == Some(before.name)
                && c.phase == ClaimPhase::Bound
                && !c.terminating
        });
        let claimed = world.is_claimed(&before) && world.claim.is_some_and(|c| c.volume == Some(before.name));
        let named = command.named == Some(before.name);
        let other_is_gone = before.owner == Owner::SomebodyElse && !world.other_lives;
        let may = match (command.verb, before.owner) {
            (_, Owner::Target(_)) => true,
            // Nobody's, by name; the policy of one may be set, too.
            (Verb::Reuse | Verb::Retain, Owner::Nobody) => named,
            (Verb::TakeOver, Owner::SomebodyElse) => named && other_is_gone,
            _ => false,
        };
        if !may {
            Some("a volume that is not the target's was changed")
        } else if before.owner != Owner::Nobody && matches!(after.owner, Owner::Nobody | Owner::SomebodyElse) {
            Some("another claim may take the volume")
        } else if world.is_deletable(&after) && !world.is_deletable(&before) && !overtaken {
            Some("the volume was made deletable")
        } else if before.bytes != Bytes::There
            && matches!(before.owner, Owner::Target(Some(_)))
            && !world.is_claimed(&before)
            && (before.retained, after.retained, after.late) == (false, true, false)
        {
            // One that was reserved by hand, or bound again, meanwhile tells nothing of the claim before.
            Some("that the policy came late is not recorded")
        } else if matches!((before.owner, after.owner), (Owner::Target(None), Owner::Target(Some(_))))
            && !command.claim.flatten().is_some_and(|c| c.phase == ClaimPhase::Lost && c.volume == Some(before.name))
        {
            Some("the volume was given to a claim that has not lost it")
        } else if claimed && after.owner == Owner::Target(None) {
            Some("a living claim lost its volume")
        } else if after.owner == Owner::Target(None) && before.owner != after.owner && !after.retained {
            Some("a volume was handed on with policy Delete")
        } else {
            None
        }
    }
}

impl Model for Lifecycle {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { world: self.1(), command: None, wrong: None }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut steps = Vec::new();
        state.world.controllers(&mut steps);
        state.world.people(&mut steps);
        actions.extend(steps.into_iter().map(Action::World));
        let Some(command) = state.command else {
            let names: Vec<_> = state.world.each().map(|v| Some(v.name)).chain([None]).collect();
            for verb in [Verb::Retain, Verb::Unretain, Verb::Reuse] {
                actions.extend(names.iter().map(|named| Action::Begin(verb, *named)));
            }
            let others = state.world.each().filter(|v| v.owner == Owner::SomebodyElse);
            actions.extend(others.map(|v| Action::Begin(Verb::TakeOver, Some(v.name))));
            return;
        };
        if command.claim.is_none() {
            actions.push(Action::ReadClaim);
        }
        // A volume that was named is read with the claim, any other after it.
        if command.volumes.is_none() && (command.claim.is_some() || command.named.is_some()) {
            actions.push(Action::ReadVolumes);
        }
        // The other claim is read last.
        let read = command.claim.is_some() && command.volumes.is_some();
        if read && command.verb == Verb::TakeOver && command.other_lives.is_none() {
            actions.push(Action::ReadOther);
        } else if read {
            actions.push(Action::Decide);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::World(step) => {
                let (clock, name) = (state.unused_clock(), state.unused_name());
                state.world.take(step, clock, name);
            }
            Action::Begin(verb, named) => {
                state.command = Some(Command { verb, named, claim: None, volumes: None, other_lives: None });
            }
            Action::ReadClaim => state.command.as_mut()?.claim = Some(state.world.claim),
            Action::ReadVolumes => state.command.as_mut()?.volumes = Some(state.world.volumes),
            Action::ReadOther => state.command.as_mut()?.other_lives = Some(state.world.other_lives),
            Action::Decide => {
                let command = state.command.take()?;
                let change = self.change(&command, command.claim?, &command.volumes?);
                state.wrong = change.and_then(|change| self.patch(&mut state.world, &change, &command));
            }
        }
        Some(state.canonical())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let harmless = Property::always("no command harms", |_, state: &State| state.wrong.is_none());
        let reserved = Property::sometimes("reserved", |_, state: &State| stage(&state.world) == Stage::Reserved);
        if self.0 != Without::Nothing {
            let looks = self.0 == Without::OnlyHarm;
            return [harmless].into_iter().chain(looks.then_some(reserved)).collect();
        }
        vec![
            harmless,
            Property::always("every printed line leads on", |_, state: &State| {
                state.command.is_some() || leads(&state.world).is_ok()
            }),
            Property::sometimes("reused", |_, state: &State| stage(&state.world) == Stage::Reused),
            Property::sometimes("diverted", |_, state: &State| stage(&state.world) == Stage::Diverted),
            Property::sometimes("lost, by hand", |_, state: &State| stage(&state.world) == Stage::Lost),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.world.volume(0).is_some() || state.world.export.is_some()
    }
}

impl State {
    fn numbers(&mut self, each: &mut dyn FnMut(Number, &mut u8)) {
        let Self { world, command, .. } = self;
        let (seen_claim, seen_volumes, named) = match command {
            Some(c) => (c.claim.as_mut().and_then(Option::as_mut), c.volumes.as_mut(), c.named.as_mut()),
            None => (None, None, None),
        };
        for c in world.claim.as_mut().into_iter().chain(seen_claim) {
            each(Number::Time, &mut c.uid);
            c.volume.iter_mut().for_each(|n| each(Number::Name, n));
        }
        for v in world.volumes.iter_mut().chain(seen_volumes.into_iter().flatten()).flatten() {
            each(Number::Time, &mut v.made);
            if let Owner::Target(Some(uid)) = &mut v.owner {
                each(Number::Time, uid);
            }
            each(Number::Version(v.name), &mut v.version);
            each(Number::Name, &mut v.name);
        }
        world.template.iter_mut().chain(named).for_each(|n| each(Number::Name, n));
        world.export.iter_mut().for_each(|(n, _)| each(Number::Name, n));
    }

    fn used(&mut self, wanted: Number) -> BTreeSet<u8> {
        let mut used = BTreeSet::new();
        self.numbers(&mut |kind, n| {
            if kind == wanted {
                used.insert(*n);
            }
        });
        used
    }

    fn unused_clock(mut self) -> u8 {
        self.used(Number::Time).last().map_or(0, |last| last + 1)
    }

    fn unused_name(mut self) -> u8 {
        let used = self.used(Number::Name);
        (0..=u8::MAX).find(|name| !used.contains(name)).unwrap_or_default()
    }

    /// The same state with the smallest numbers: only their order matters.
    fn canonical(mut self) -> Self {
        let mut ranks: BTreeMap<Number, BTreeSet<u8>> = BTreeMap::new();
        self.numbers(&mut |kind, n| {
            ranks.entry(kind).or_default().insert(*n);
        });
        self.numbers(&mut |kind, n| {
            // Names stay: volume 0 is the one with the images.
            if kind != Number::Name
                && let Some(rank) = ranks.get(&kind).and_then(|r| r.iter().position(|known| known == n))
            {
                *n = u8::try_from(rank).unwrap_or(u8::MAX);
            }
        });
        self
    }
}

/// A number by rank, so that equal ones stay equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Time,
    Name,
    Version(u8),
}

/// The claim of another name.
fn other() -> Claim {
    let bound = C {
        uid: 99,
        phase: ClaimPhase::Bound,
        terminating: false,
        volume: None,
        pinned: false,
        large: false,
        keep: Keep::No,
    };
    seen(Some(bound), &[], None).claim.expect("a claim")
}

fn stage(world: &World) -> Stage {
    let volumes: Vec<V> = world.each().collect();
    assess(&seen(world.claim, &volumes, None).observed(true, true).situation()).stage
}

fn depth() -> usize {
    std::env::var("GLANCEPV_MODEL_DEPTH").ok().and_then(|d| d.parse().ok()).unwrap_or(DEPTH)
}

#[test]
fn no_interleaving_harms_and_every_printed_line_leads_on() {
    let begun = std::time::Instant::now();
    // By one thread: with several, a state may first be reached by a longer way, and what follows it cut off.
    let checker = Lifecycle(Without::Nothing, World::installed).checker().target_max_depth(depth()).spawn_bfs().join();
    eprintln!(
        "{} states, {} of them different, to a depth of {}, in {:?}",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth(),
        begun.elapsed()
    );
    if let Some(path) = checker.discovery("every printed line leads on") {
        panic!("{:#?}\n{:#?}", path.clone().into_actions(), leads(&path.last_state().world));
    }
    checker.assert_properties();
}

/// A chart has renamed its claim: the volume of the old one is reserved for the new one.
#[test]
fn a_volume_is_taken_over_without_harm() {
    let checker =
        Lifecycle(Without::OnlyHarm, World::renamed).checker().target_max_depth(depth() - 1).spawn_bfs().join();
    eprintln!("{} states, {} of them different", checker.state_count(), checker.unique_state_count());
    checker.assert_no_discovery("no command harms");
    let taken = checker.assert_any_discovery("reserved").last_state().world;
    assert!(!taken.other_lives && taken.volume(0).is_some_and(|v| v.owner == Owner::Target(None)), "{taken:?}");
}

#[test]
fn each_safety_check_is_missed() {
    for without in [
        Without::ClaimGone,
        Without::PolicyBeforeReuse,
        Without::Precondition,
        Without::Ownership,
        Without::Bound,
        Without::NamesOfClaimRef,
        Without::OtherGone,
    ] {
        let begins = if without == Without::OtherGone { World::renamed } else { World::installed };
        let checker = Lifecycle(without, begins).checker().target_max_depth(10).spawn_bfs().join();
        let path = checker.discovery("no command harms").unwrap_or_else(|| panic!("{without:?} does no harm"));
        eprintln!("without {without:?}: {}: {:?}", path.last_state().wrong.unwrap_or_default(), path.into_actions());
    }
}
