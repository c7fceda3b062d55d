//! Waits: the progress line.

use std::time::Duration;

use jiff::SignedDuration;
use strum::EnumIter;

use super::age::duration;
use super::finding::pods;
use crate::lifecycle::Holder;

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

/// The event that is awaited or who holds the claim; of several, first how many are done.
pub fn progress(awaited: Awaited, key: &str, counted: Option<(usize, usize)>, holders: &[Holder]) -> String {
    let what = match holders {
        [pod] if awaited == Awaited::ClaimGone => {
            format!("claim {key} is held by pod {}", pods(std::slice::from_ref(pod)))
        }
        [_, ..] if awaited == Awaited::ClaimGone => format!("claim {key} is held by pods {}", pods(holders)),
        _ => format!("waiting for {}", object(awaited, key, "to be ")),
    };
    match counted {
        Some((done, of)) => format!("{}; {what}", several(awaited, done, of)),
        None => what,
    }
}

/// The line that stays when the wait is over.
pub fn ended(awaited: Awaited, key: &str, counted: Option<(usize, usize)>, elapsed: Duration) -> String {
    let what = match counted {
        Some((_, of)) => several(awaited, of, of),
        None => object(awaited, key, "is "),
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

fn object(awaited: Awaited, key: &str, verb: &str) -> String {
    match awaited {
        Awaited::ClaimGone => format!("claim {key} {verb}deleted"),
        Awaited::VolumeReleased => format!("the volume of claim {key} {verb}Released"),
        Awaited::VolumeAvailable => format!("the volume of claim {key} {verb}Available"),
        Awaited::ClaimBound => format!("claim {key} {verb}bound"),
    }
}

/// A time as kubectl's ages have it.
pub fn time(elapsed: Duration) -> String {
    duration(SignedDuration::try_from(elapsed).unwrap_or_default())
}
