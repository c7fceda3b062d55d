//! Changes as they are shown, and the questions about them.

use jiff::Timestamp;

use super::age::age;
use crate::error::Deed;
use crate::lifecycle::change::Change;
use crate::lifecycle::facts::{Target, Volume};

/// The volume and, line by line, what becomes of its fields.
#[must_use]
pub fn change(change: &Change) -> String {
    let mut text = format!("persistentvolume/{}", change.volume);
    for edit in &change.edits {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        text += &format!("\n  {}: {} → {}", edit.path.join("."), value(&edit.from), value(&edit.to));
    }
    if let Some(claim) = &change.reserved_for {
        text += &format!("\n  stays reserved for {claim}");
    }
    text
}

/// Said before the same question is asked again about other facts.
pub const CHANGED: &str = "the volume has changed since; what would be done now:";

/// The question to which yes means that the deed is done.
#[must_use]
pub fn ask(deed: &Deed) -> String {
    match deed {
        Deed::Patch(_) => "Patch it?".to_owned(),
        Deed::Write(_) => "Write it?".to_owned(),
        Deed::Uninstall(command) => format!("Run `{command}` to uninstall glance?"),
        Deed::Install(command) => format!("Run `{command}` to install glance?"),
        Deed::Choose => "Which one?".to_owned(),
    }
}

/// The question which of several volumes.
#[must_use]
pub fn which(target: &Target) -> String {
    format!("Several volumes are for {}; which one?", target.key())
}

/// A volume to choose.
#[must_use]
pub fn choice(volume: &Volume, now: Timestamp) -> String {
    let size = volume.offers.size.as_deref().unwrap_or("?");
    format!("{}  {size}  {}  {}  {}", volume.name, volume.policy, volume.phase, age(volume.created, now))
}
