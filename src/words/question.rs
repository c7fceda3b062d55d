//! Changes as they are shown, and the questions about them.

use jiff::Timestamp;

use super::age::age;
use crate::error::Deed;
use crate::lifecycle::{Change, Target, Volume};

/// The volume and, line by line, what becomes of its fields.
pub fn change(change: &Change) -> String {
    let mut text = format!("persistentvolume/{}", change.volume);
    for edit in &change.edits {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        text += &format!("\n  {}: {} → {}", edit.path.join("."), value(&edit.from), value(&edit.to));
    }
    if let Some(claim) = &change.reserved_for {
        text += &format!("\n  spec.claimRef still reserves it for {claim}");
    }
    if let Some(claim) = &change.exposes {
        text += &format!("\n  deleting claim {claim} will then delete persistentvolume/{} and its data", change.volume);
    }
    text
}

/// Said before the same question is asked again about other facts.
pub fn changed(volume: &str) -> String {
    format!("persistentvolume/{volume} has changed; the patch is now:")
}

/// Said of a patch whose answer was lost, and that was done all the same.
pub fn read_back(volume: &str, why: &str) -> String {
    format!("no response to the patch ({why}); persistentvolume/{volume} was read back and is patched")
}

/// Said by a watch whose server is away.
pub fn trying_again(why: &str) -> String {
    format!("{why}; trying again")
}

/// Said of a template that is pinned.
pub const PIN_STAYS: &str =
    "Keep this line in the chart for as long as the claim exists: without it, `helm upgrade` fails.";

/// Said before a template is unpinned while a claim that was made from it lives.
pub fn unpin_breaks(key: &str) -> String {
    format!(
        "claim {key} exists and names its volume; once unpinned, every later `helm upgrade` fails (spec is immutable)"
    )
}

/// Said where it cannot be told whether such a claim lives.
pub fn unpin_may_break(key: &str, why: &str) -> String {
    format!(
        "cannot tell whether claim {key} exists ({why}); if it was made from this template, `helm upgrade` will fail"
    )
}

/// Said of an export whose policy is not the volume's own.
pub fn exported_retain(volume: &str, policy: &str) -> String {
    format!("the manifest says Retain; persistentvolume/{volume} itself has policy {policy}")
}

/// Said by `guide` of a claim that was reused before.
pub const REUSED_BEFORE: &str = "the claim is bound to a preserved volume already; nothing was uninstalled";

/// The question to which yes means that the deed is done.
pub fn ask(deed: &Deed) -> String {
    match deed {
        Deed::Patch(volume) => format!("Patch persistentvolume/{volume}?"),
        Deed::Write(file) => format!("Write {file}?"),
        Deed::Run(command) => format!("Run `{command}`?"),
        Deed::Choose => "Which volume?".to_owned(),
        Deed::Round => "Uninstall and install the release once more?".to_owned(),
    }
}

/// The question which of several volumes.
pub fn which(target: &Target) -> String {
    format!("Which volume for claim {}?", target.key())
}

/// A volume to choose.
pub fn choice(volume: &Volume, now: Timestamp) -> String {
    let size = volume.offers.size.as_deref().unwrap_or("?");
    let since = volume.since.map_or(String::new(), |t| format!(" for {}", age(Some(t), now)));
    format!("{}  {size}  {}  {}{since}  {}", volume.name, volume.policy, volume.phase, age(volume.created, now))
}
