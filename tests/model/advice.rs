//! Whether what `status` says leads on, from wherever things stand.

use jiff::Timestamp;

use super::world::{Step, V, World, situation};
use super::{Command, Lifecycle, State, Verb, Without};
use crate::commands::guidance::Guidance;
use crate::lifecycle::facts::VolumePhase;
use crate::lifecycle::plan::preserved;
use crate::lifecycle::stage::{Stage, assess};

/// Follows what `status` says, in its own words, until the claim has its old volume.
///
/// # Errors
///
/// The words that were followed, where they led nowhere.
pub fn leads(world: &World) -> Result<(), Vec<String>> {
    let mut state = State { world: *world, command: None, wrong: None };
    let mut followed = Vec::new();
    for _ in 0..8 {
        let volumes: Vec<V> = state.world.each().collect();
        let mut s = situation(state.world.claim, &volumes, None);
        let (target, own) = (s.target.clone(), s.claim.as_ref().and_then(|c| c.volume_name.clone()));
        s.volumes.retain(|v| v.names(&target) || Some(&v.name) == own.as_ref());
        let found = assess(&s);
        if found.stage == Stage::Reused {
            return Ok(());
        }
        let guidance = Guidance::new(&found, &target, s.claim.as_ref(), Timestamp::UNIX_EPOCH);
        // Findings come first, and tell of commands too.
        let told =
            found.findings.iter().map(|f| &f.message).chain(&guidance.next).cloned().collect::<Vec<_>>().join(" ");
        followed.push(format!("{:?}: {told}", found.stage));
        for act in acts(&told) {
            state.act(&act);
        }
        state.settle();
    }
    Err(followed)
}

/// The commands in a text, in their order.
fn acts(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split([' ', ',', ';', '(', ')']).filter(|w| !w.is_empty()).collect();
    let mut acts = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        match *word {
            "glancepv" => {
                let volume =
                    words.get(at + 2).filter(|w| w.starts_with('v') && w.len() == 2).copied().unwrap_or_default();
                acts.push(format!("{next} {volume}"));
            }
            "install" | "uninstall" if next == "glance" && words.get(at.wrapping_sub(1)) != Some(&"burrito.sh") => {
                acts.push((*word).to_owned());
            }
            _ => {}
        }
    }
    acts
}

impl State {
    /// What an operator does, as told.
    fn act(&mut self, act: &str) {
        let (verb, volume) = act.split_once(' ').unwrap_or((act, ""));
        let named = volume.strip_prefix('v').and_then(|n| n.parse().ok());
        let command = |verb| Command { verb, named, claim: None, volumes: None };
        match verb {
            "retain" => self.run(command(Verb::Retain)),
            "reuse" => {
                // It waits for the claim to go, and the pods of a Glance that is uninstalled do.
                self.world.mounted &= self.world.claim.is_some_and(|c| !c.terminating);
                self.settle();
                self.run(command(Verb::Reuse));
                self.settle();
            }
            "pin" => {
                let volumes: Vec<V> = self.world.each().collect();
                let s = situation(self.world.claim, &volumes, named);
                let pinned = preserved(&s, "pin").ok().and_then(|v| v.name.strip_prefix('v')?.parse().ok());
                self.world.template = pinned.or(self.world.template);
            }
            "uninstall" => {
                self.world.mounted = false;
                self.take(Step::DeleteClaim);
                self.settle();
            }
            "install" if self.world.claim.is_none() => {
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
