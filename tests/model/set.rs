//! Two claims of a set, and `reuse` of both: read together, planned together, then each looked at and patched, between the
//! steps of everybody else.

use std::sync::LazyLock;

use stateright::{Checker, Model, Property};

use super::world::{C, Owner, Step, V, VOLUMES, World, name, seen_of};
use kubectl_glancepv::lifecycle::{
    Assessment, ClaimPhase, Finding, Plan, Target, VolumePhase, add_sets, assess, reuse,
};

static MEMBERS: LazyLock<[Target; 2]> =
    LazyLock::new(|| ["db-0", "db-1"].map(|name| Target { namespace: "openstack".to_owned(), name: name.to_owned() }));

const DEPTH: usize = 13;

/// A member as it was read.
type Read = (Option<C>, [Option<V>; VOLUMES]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Both were read and are to be reused.
    Planned,
    /// So many were looked at again, and are as planned.
    Looked(usize),
    /// So many were sent.
    Sent(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    members: [World; 2],
    command: Option<Phase>,
    wrong: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    World(usize, Step),
    Survey,
    Look,
    Send,
}

/// `true` to take the rule of sets away.
struct Sets(bool);

fn read(world: &World) -> Read {
    (world.claim, world.volumes)
}

/// Looks at both as `reuse --all` does; true if a member is to be changed.
fn is_planned(members: &[World; 2], ignores_sets: bool) -> bool {
    let seen: Vec<_> = members
        .iter()
        .zip(MEMBERS.iter())
        .map(|(world, target)| {
            let (claim, volumes) = read(world);
            let volumes: Vec<V> = volumes.into_iter().flatten().collect();
            seen_of(target, claim, &volumes, None).observed(true, true)
        })
        .collect();
    let mut found: Vec<Assessment<'_>> = seen.iter().map(|seen| assess(&seen.situation())).collect();
    add_sets(&mut found, &[]);
    let incomplete = found.iter().any(|it| it.findings.iter().any(|it| matches!(it, Finding::SetIncomplete(_))));
    let changes = found.iter().any(|it| matches!(reuse(&it.situation), Ok(Plan::Change(_))));
    changes && (ignores_sets || !incomplete)
}

/// The plan for one member alone.
fn plan(world: &World, target: &'static Target) -> Option<Plan> {
    let volumes: Vec<V> = world.each().collect();
    let seen = seen_of(target, world.claim, &volumes, None).observed(true, true);
    reuse(&seen.situation()).ok()
}

/// True if the member's volume is kept for it, or in use again: written down apart from the decisions.
fn has_its_volume(world: &World) -> bool {
    let Some(v) = world.volume(0).filter(|v| v.retained && !v.terminating) else { return false };
    match (world.claim, v.owner) {
        (None, Owner::Target(_)) => v.phase != VolumePhase::Bound && v.phase != VolumePhase::Pending,
        (Some(c), Owner::Target(None)) => c.phase == ClaimPhase::Pending,
        (Some(c), Owner::Target(Some(uid))) => c.volume != Some(0) || uid != c.uid || uid != 0,
        _ => false,
    }
}

impl Model for Sets {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut kept = World::installed();
        kept.change(0, |v| v.retained = true);
        vec![State { members: [kept, kept], command: None, wrong: None }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (at, world) in state.members.iter().enumerate() {
            let mut steps = Vec::new();
            world.controllers(&mut steps);
            match world.claim {
                None => steps.push(Step::Install),
                Some(c) if !c.terminating => steps.push(Step::DeleteClaim),
                Some(_) => {}
            }
            steps.push(Step::Policy(0));
            actions.extend(steps.into_iter().map(|step| Action::World(at, step)));
        }
        actions.push(match state.command {
            None => Action::Survey,
            Some(Phase::Planned | Phase::Looked(1)) => Action::Look,
            Some(_) => Action::Send,
        });
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::World(at, step) => {
                let world = &mut state.members[at];
                let used = world.claim.iter().map(|c| c.uid).chain(world.each().map(|v| v.made)).max().unwrap_or(0);
                let free = (0..=u8::MAX).find(|name| world.volume(*name).is_none()).unwrap_or_default();
                world.take(step, used + 1, free);
            }
            Action::Survey => {
                if is_planned(&state.members, self.0) {
                    state.command = Some(Phase::Planned);
                    if !state.members.iter().all(has_its_volume) {
                        state.wrong = Some("a set is reused in part");
                    }
                }
            }
            // A member that is not as planned sets the set aside.
            Action::Look => {
                let at = usize::from(state.command != Some(Phase::Planned));
                let as_planned = self.0 || plan(&state.members[at], &MEMBERS[at]).is_some();
                state.command = as_planned.then_some(Phase::Looked(at + 1));
            }
            Action::Send => {
                let at = if let Some(Phase::Sent(sent)) = state.command { sent } else { 0 };
                let planned = plan(&state.members[at], &MEMBERS[at]);
                // Without one member the others are left alone.
                let goes_on = at == 0 && (self.0 || planned.is_some());
                if let Some(Plan::Change(change)) = planned {
                    let other = state.members[1 - at];
                    let world = &mut state.members[at];
                    let before = world.each().find(|v| name(v.name) == change.volume)?;
                    world.change(before.name, |v| v.owner = Owner::Target(None));
                    if !matches!(before.owner, Owner::Target(_)) || world.is_claimed(&before) {
                        state.wrong = Some("a volume was handed to another claim, or taken from a living one");
                    } else if state.members[1 - at] != other {
                        state.wrong = Some("a patch touched two volumes");
                    }
                }
                state.command = goes_on.then_some(Phase::Sent(1));
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no set is reused in part", |_, state: &State| state.wrong.is_none()),
            Property::sometimes("both are reserved", |_, state: &State| {
                state.members.iter().all(|world| world.volume(0).is_some_and(|v| v.owner == Owner::Target(None)))
            }),
        ]
    }
}

#[test]
fn a_set_is_reused_as_a_whole() {
    let checker = Sets(false).checker().target_max_depth(DEPTH).spawn_bfs().join();
    eprintln!("{} states of two claims, {} of them different", checker.state_count(), checker.unique_state_count());
    checker.assert_properties();
    let without = Sets(true).checker().target_max_depth(DEPTH).spawn_bfs().join();
    assert!(without.discovery("no set is reused in part").is_some(), "without the rule a set is reused in part");
}
