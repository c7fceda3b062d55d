//! Waits: the progress line.

use std::time::Duration;

use jiff::SignedDuration;
use strum::EnumIter;

use super::age::duration;
use super::finding::pods;
use crate::lifecycle::{Holder, Target};

/// The event that a wait ends with.
#[derive(Clone, Copy, Debug, EnumIter, PartialEq, Eq)]
pub enum Awaited {
    /// The claim is deleted and its volume released.
    ClaimGone,
    /// The volume is released; the claim is deleted already.
    VolumeReleased,
    /// The volume, which was patched, is Available.
    VolumeAvailable,
    /// The claim exists and is bound.
    ClaimBound,
}

/// The progress line: elapsed of the limit first, so that nothing cuts it off.
pub fn limited(text: &str, elapsed: Duration, limit: &str) -> String {
    format!("{} of {limit}: {text}", time(elapsed))
}

/// The event that is awaited or who holds the claim; of several, first how many are done, and the claim's name alone.
pub fn progress(awaited: Awaited, about: &Target, counted: Option<(usize, usize)>, holders: &[Holder]) -> String {
    let claim = counted.map_or_else(|| format!("claim {}", about.key()), |_| about.name.clone());
    let what = match holders {
        [_] if awaited == Awaited::ClaimGone => format!("{claim} is held by pod {}", pods(holders)),
        [_, ..] if awaited == Awaited::ClaimGone => format!("{claim} is held by pods {}", pods(holders)),
        _ => format!("waiting for {}", object(awaited, &claim, "to be ")),
    };
    match counted {
        Some((done, of)) => format!("{}; {what}", several(awaited, done, of)),
        None => what,
    }
}

/// The line that stays when the wait is over.
pub fn ended(awaited: Awaited, about: &Target, counted: Option<(usize, usize)>, elapsed: Duration) -> String {
    let what = match counted {
        Some((_, of)) => several(awaited, of, of),
        None => object(awaited, &format!("claim {}", about.key()), "is "),
    };
    format!("✔ {}: {what}", time(elapsed))
}

fn several(awaited: Awaited, done: usize, of: usize) -> String {
    match awaited {
        Awaited::ClaimGone | Awaited::VolumeReleased => format!("{done} of {of} claims are deleted"),
        Awaited::VolumeAvailable => format!("{done} of {of} volumes are Available"),
        Awaited::ClaimBound => format!("{done} of {of} claims are bound"),
    }
}

fn object(awaited: Awaited, claim: &str, verb: &str) -> String {
    match awaited {
        Awaited::ClaimGone => format!("{claim} {verb}deleted"),
        Awaited::VolumeReleased => format!("the volume of {claim} {verb}Released"),
        Awaited::VolumeAvailable => format!("the volume of {claim} {verb}Available"),
        Awaited::ClaimBound => format!("{claim} {verb}bound"),
    }
}

/// A time as kubectl's ages have it.
pub fn time(elapsed: Duration) -> String {
    duration(SignedDuration::try_from(elapsed).unwrap_or_default())
}
