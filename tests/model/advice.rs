//! Whether what `status` says leads on, from wherever things stand.

use kubectl_glancepv::lifecycle::assess::assess;
use kubectl_glancepv::lifecycle::facts::VolumePhase;
use kubectl_glancepv::lifecycle::finding::Finding;
use kubectl_glancepv::lifecycle::next::{self, Next};
use kubectl_glancepv::lifecycle::plan::preserved;
use kubectl_glancepv::lifecycle::stage::Stage;

use super::world::{Step, V, World, seen};
use super::{Command, Lifecycle, State, Verb, Without};

/// Follows what `status` says until the claim has its old volume.
///
/// # Errors
///
/// The steps that were followed, where they led nowhere.
pub fn leads(world: &World) -> Result<(), Vec<String>> {
    let mut state = State { world: *world, command: None, wrong: None };
    let mut followed = Vec::new();
    for _ in 0..8 {
        let volumes: Vec<V> = state.world.each().collect();
        let seen = seen(state.world.claim, &volumes, None).observed(true, true);
        let found = assess(&seen.situation());
        if found.stage == Stage::Reused {
            return Ok(());
        }
        // Findings come first, and one of them names a command.
        let doomed = found.findings.iter().filter_map(|finding| match finding {
            Finding::OtherVolumeDoomed { volume, .. } => Some(Next::on(next::Verb::Retain, volume)),
            _ => None,
        });
        let steps: Vec<Next> = doomed.chain(found.next.clone()).collect();
        followed.push(format!("{:?}: {steps:?}", found.stage));
        for next in steps {
            state.act(&next.step);
        }
        state.settle();
    }
    Err(followed)
}

impl State {
    /// What an operator does, as told.
    fn act(&mut self, step: &next::Step) {
        let command = |verb, volume: &Option<String>| {
            let named = volume.as_ref().and_then(|name| name.strip_prefix('v')?.parse().ok());
            Command { verb, named, claim: None, volumes: None }
        };
        match step {
            next::Step::Run { verb: next::Verb::Retain, volume, .. } => self.run(command(Verb::Retain, volume)),
            next::Step::Run { verb: next::Verb::Reuse, volume, .. } => {
                // It waits for the claim to go, and the pods of a Glance that is uninstalled do.
                self.world.mounted &= self.world.claim.is_some_and(|c| !c.terminating);
                self.settle();
                self.run(command(Verb::Reuse, volume));
                self.settle();
            }
            next::Step::Run { verb: next::Verb::Pin, .. } => {
                let volumes: Vec<V> = self.world.each().collect();
                let s = seen(self.world.claim, &volumes, None);
                let pinned = preserved(&s.situation(), next::Verb::Pin)
                    .ok()
                    .and_then(|v| v.name.strip_prefix('v')?.parse().ok());
                self.world.template = pinned.or(self.world.template);
            }
            next::Step::Uninstall => {
                self.world.mounted = false;
                self.take(Step::DeleteClaim);
                self.settle();
            }
            next::Step::Install if self.world.claim.is_none() => {
                self.take(Step::Install);
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
        let model = Lifecycle(Without::Nothing);
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
