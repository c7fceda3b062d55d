//! Liveness: the lines that `status`, `retain`, `reuse` and `verify` print lead on, from wherever things stand.

use kubectl_glancepv::lifecycle::{self, Finding, Next, Remark, Situation, Stage, VolumePhase, assess};

use super::world::{Bytes, Owner, Step, V, World, name, seen};
use super::{Command, Lifecycle, State, Verb, Without};

/// A command whose lines are followed first; then it is `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Status,
    Retain,
    Reuse,
    Verify,
}

/// Follows the lines of each command until the claim has a preserved volume, or it is said that there is none.
///
/// # Errors
///
/// The steps that were followed, where they led nowhere.
pub fn leads(world: &World) -> Result<(), Vec<String>> {
    [First::Status, First::Retain, First::Reuse, First::Verify].into_iter().try_for_each(|first| follow(world, first))
}

fn follow(world: &World, first: First) -> Result<(), Vec<String>> {
    let mut state = State { world: *world, command: None, wrong: None };
    // Data that may be rescued: its deletion did not begin, and nobody else has the volume.
    let rescued =
        |v: V| v.bytes == Bytes::There && matches!(v.owner, Owner::Target(_)) && !state.world.is_deletable(&v);
    let images = world.volume(0).is_some_and(rescued);
    let mut followed = Vec::new();
    for turn in 0..10 {
        let volumes: Vec<V> = state.world.each().collect();
        let seen = seen(state.world.claim, &volumes, None).observed(true, true);
        let found = assess(&seen.situation());
        if found.stage == Stage::Reused {
            return Ok(());
        }
        let printed = if turn == 0 { state.printed(first, &seen.situation()) } else { None };
        // A refusal without a line is answered by a look at `status`.
        let steps = match printed {
            Some(steps) if steps.is_empty() => continue,
            Some(steps) => steps,
            None => {
                // Findings come first, and one of them names a command.
                let doomed = found.findings.iter().filter_map(|finding| match finding {
                    Finding::OtherVolumeDoomed { volume, .. } => Some(Next::on(lifecycle::Verb::Retain, volume)),
                    _ => None,
                });
                doomed.chain(found.next.clone()).collect()
            }
        };
        followed.push(format!("{first:?} {:?}: {steps:?}", found.stage));
        // It is said that there is nothing to go back to, or that the claim stays as it is.
        let kept = steps.iter().any(|step| step.remark == Some(Remark::ClaimStays));
        let nothing = steps.iter().any(|step| step.remark == Some(Remark::NothingPreserved)) || steps.is_empty();
        // An export that was never made cannot be applied.
        let made = |volume: &String| state.world.export.is_some_and(|(exported, _)| name(exported) == *volume);
        let lost = steps.iter().any(|next| matches!(&next.step, lifecycle::Step::Apply(volume) if !made(volume)));
        if kept || (!images && (nothing || lost)) {
            return Ok(());
        }
        // A look takes no time in which the controllers could work.
        let looks = |next: &Next| matches!(next.step, lifecycle::Step::Run { verb: lifecycle::Verb::Status, .. });
        if steps.iter().all(looks) {
            continue;
        }
        // Of several the operator takes the one with the images, or any.
        let offered = |next: &Next| match &next.step {
            lifecycle::Step::Run { volume, .. } if matches!(next.remark, Some(Remark::OneOfThem(_))) => volume.clone(),
            _ => None,
        };
        let chosen = steps.iter().filter_map(offered).min();
        for next in steps.iter().filter(|next| offered(next).is_none_or(|name| Some(name) == chosen)) {
            state.act(next);
            if state.is_verified(next) {
                return Ok(());
            }
        }
        state.settle();
    }
    Err(followed)
}

impl State {
    /// True if the step is `verify` of a volume, and that succeeds: of two volumes whose names tell nothing, both kept, only
    /// the person who named one knows that it is the right one.
    fn is_verified(&self, next: &Next) -> bool {
        let lifecycle::Step::Run { verb: lifecycle::Verb::Verify, volume: Some(volume), .. } = &next.step else {
            return false;
        };
        let volumes: Vec<V> = self.world.each().collect();
        let named = volume.strip_prefix('v').and_then(|n| n.parse().ok());
        lifecycle::verify(&seen(self.world.claim, &volumes, named).observed(true, true).situation()).is_ok()
    }

    /// Runs a command and returns the steps that it prints; `None` for `status`.
    fn printed(&mut self, first: First, all: &Situation<'_>) -> Option<Vec<Next>> {
        let verb = match first {
            First::Status => return None,
            First::Verify => return Some(lifecycle::verify(all).err().map(|refusal| refusal.next).unwrap_or_default()),
            First::Retain => Verb::Retain,
            First::Reuse => Verb::Reuse,
        };
        let command = Command { verb, named: None, claim: None, volumes: None, other_lives: None };
        let volumes: Vec<V> = self.world.each().collect();
        // `retain` reads the claim's own volume, and all only if it has none.
        let every = verb == Verb::Reuse || self.world.claim.is_none_or(|c| c.volume.is_none());
        let read = |world: &World, volumes: &[V]| seen(world.claim, volumes, None).observed(every, true);
        let plan = if verb == Verb::Retain { lifecycle::retain } else { lifecycle::reuse };
        if let Err(refusal) = plan(&read(&self.world, &volumes).situation()) {
            return Some(refusal.next);
        }
        self.run(command);
        let volumes: Vec<V> = self.world.each().collect();
        Some(assess(&read(&self.world, &volumes).situation()).next)
    }

    /// Does what an operator does, as told.
    fn act(&mut self, next: &Next) {
        let number = |name: &str| name.strip_prefix('v').and_then(|n| n.parse().ok());
        let command = |verb, volume: &Option<String>| {
            let named = volume.as_deref().and_then(number);
            Command { verb, named, claim: None, volumes: None, other_lives: None }
        };
        match &next.step {
            lifecycle::Step::Run { verb: lifecycle::Verb::Retain, volume, .. } => {
                self.run(command(Verb::Retain, volume));
            }
            lifecycle::Step::Run { verb: lifecycle::Verb::Reuse, volume, pins, .. } => {
                // If no wait helps, the lines of the refusal are followed.
                let volumes: Vec<V> = self.world.each().collect();
                let seen = seen(self.world.claim, &volumes, volume.as_deref().and_then(number)).observed(true, true);
                if let Err(refusal) = lifecycle::reuse(&seen.situation()) {
                    let waits = |next: &Next| matches!(next.step, lifecycle::Step::Run { waits: true, .. });
                    let chooses = |next: &Next| matches!(next.remark, Some(Remark::OneOfThem(_)));
                    if !refusal.next.iter().any(|next| waits(next) || chooses(next)) {
                        refusal.next.iter().for_each(|next| self.act(next));
                    } else if let Some(export) = refusal.next.iter().position(|next| {
                        matches!(next.step, lifecycle::Step::Run { verb: lifecycle::Verb::Export, .. })
                    }) {
                        refusal.next[export..].iter().for_each(|next| self.act(next));
                        return;
                    }
                }
                // It waits until the claim is deleted; the pods of a Glance that is uninstalled are, too.
                self.world.mounted &= self.world.claim.is_some_and(|c| !c.terminating);
                self.settle();
                self.run(command(Verb::Reuse, volume));
                self.settle();
                if *pins {
                    self.world.template = volume.as_deref().and_then(number);
                }
            }
            lifecycle::Step::Run { verb: lifecycle::Verb::Pin, volume, .. } => {
                self.world.template = volume.as_deref().and_then(number).or(self.world.template);
            }
            lifecycle::Step::Run { verb: lifecycle::Verb::Export, volume, .. } => {
                volume.as_deref().and_then(number).into_iter().for_each(|name| self.take(Step::Export(name)));
            }
            lifecycle::Step::Uninstall(_) => {
                self.world.uninstall();
                self.settle();
            }
            lifecycle::Step::DeleteClaim => {
                self.take(Step::DeleteClaim);
                self.settle();
            }
            lifecycle::Step::Install if self.world.claim.is_none() => {
                self.take(Step::Install);
                self.settle();
            }
            lifecycle::Step::Apply(_) => {
                self.take(Step::Apply);
                self.settle();
            }
            _ => self.settle(),
        }
    }

    fn take(&mut self, step: Step) {
        let (clock, name) = (self.unused_clock(), self.unused_name());
        self.world.take(step, clock, name);
    }

    fn run(&mut self, command: Command) {
        let model = Lifecycle(Without::Nothing, World::installed);
        let change = model.change(&command, self.world.claim, &self.world.volumes);
        let command = Command { claim: Some(self.world.claim), ..command };
        if let Some(change) = change {
            assert_eq!(model.patch(&mut self.world, &change, &command), None);
        }
    }

    /// Lets the controllers work until they have nothing to do; none of them fails.
    fn settle(&mut self) {
        for _ in 0..40 {
            let mut steps = Vec::new();
            self.world.controllers(&mut steps);
            steps.retain(|step| !matches!(step, Step::Phase(_, VolumePhase::Failed)));
            // The binder looks for a volume before a provisioner is asked for one.
            steps.sort_by_key(|step| matches!(step, Step::Provision));
            let Some(step) = steps.first().copied() else { return };
            self.take(step);
        }
    }
}
