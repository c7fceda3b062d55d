//! The next steps of several claims together.

use super::assess::Assessment;
use super::facts::Target;
use super::finding::Finding;
use super::next::{Next, Step, Verb};
use super::stage::Stage;

/// A step, and the claim that it is about; none if it is about the whole selection.
pub type Joint<'a> = (Option<&'a Target>, Next);

/// The verb of ours that is next, and the steps: those of the claims that come first, equal ones once.
#[must_use]
pub fn together<'a>(found: &'a [Assessment<'a>]) -> (Verb, Vec<Joint<'a>>) {
    let of = |verb: Verb| found.iter().filter(move |found| group(found) == Some(verb));
    let groups = [Verb::Retain, Verb::Reuse, Verb::Verify];
    let (verb, claims): (Verb, Vec<&Assessment<'_>>) = match groups.into_iter().find(|verb| of(*verb).next().is_some())
    {
        Some(verb) => (verb, of(verb).collect()),
        None => (Verb::Reuse, found.iter().filter(|found| found.stage == Stage::Retained).collect()),
    };
    // Nothing is installed beside a set that is kept in part: a new member would lead the others.
    if verb == Verb::Verify && found.iter().any(is_incomplete) {
        return (verb, Vec::new());
    }
    let is_verb = |next: &Next| matches!(next.step, Step::Run { verb: it, .. } if it == verb);
    let [mut before, mut after]: [Vec<Joint<'_>>; 2] = Default::default();
    let (mut runs, mut waits) = (false, false);
    for found in claims {
        let mut known = &mut before;
        for next in &found.next {
            if is_verb(next) {
                // Of the whole selection: without the volume of one.
                (runs, known) = (true, &mut after);
                waits |= matches!(next.step, Step::Run { waits: true, .. });
                continue;
            }
            let about = match next.step {
                Step::Install | Step::Uninstall(None) => None,
                _ => Some(found.situation.target),
            };
            let same = |(target, it): &Joint<'_>| it == next && (*target == about || !names_claim(&next.step));
            if !known.iter().any(same) {
                known.push((about, next.clone()));
            }
        }
    }
    let run = if waits { Next::run(verb).with_timeout() } else { Next::run(verb) };
    let own = runs.then_some((None, run));
    (verb, before.into_iter().chain(own).chain(after).collect())
}

/// True if the claim's set is kept in part.
#[must_use]
pub fn is_incomplete(found: &Assessment<'_>) -> bool {
    found.findings.iter().any(|it| matches!(it, Finding::SetIncomplete(_)))
}

/// True if the step's line has the claim's name.
fn names_claim(step: &Step) -> bool {
    matches!(step, Step::DeleteClaim | Step::Run { .. } | Step::Note)
}

/// The verb by which a claim goes on together with others; none if a person has to look at it, or nothing is to do.
#[must_use]
pub fn group(found: &Assessment<'_>) -> Option<Verb> {
    let exposed = found.situation.referring(|v| !v.is_retained());
    match found.stage {
        Stage::AtRisk | Stage::Doomed => Some(Verb::Retain),
        _ if !exposed.is_empty() => Some(Verb::Retain),
        Stage::Releasing | Stage::Released => runs(found, Verb::Reuse),
        Stage::Reserved | Stage::Binding => runs(found, Verb::Verify),
        _ => None,
    }
}

/// The verb, if it is the only one of ours among the claim's next steps and no volume has to be chosen for it.
fn runs(found: &Assessment<'_>, verb: Verb) -> Option<Verb> {
    let ours = found.next.iter().filter(|next| matches!(next.step, Step::Run { .. }));
    let plain = |next: &Next| matches!(&next.step, Step::Run { verb: it, volume: None, .. } if *it == verb);
    let mut ours = ours.map(plain).chain(is_incomplete(found).then_some(false));
    (ours.next() == Some(true) && ours.next().is_none()).then_some(verb)
}
