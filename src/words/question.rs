//! Changes as they are shown, the questions about them, and notices beside them.

use jiff::Timestamp;
use strum::{IntoStaticStr, VariantNames};

use super::age::age;
use crate::error::Action;
use crate::escape::line;
use crate::lifecycle::{Change, Target, Volume};

/// The volume and, line by line, its fields before and after.
pub fn change(change: &Change, target: &Target) -> String {
    let (volume, key) = (&change.volume, target.key());
    let mut text = format!("persistentvolume/{volume}");
    for edit in &change.edits {
        // Text from the cluster begins no line of ours.
        let value = |value: &Option<String>| value.as_ref().map_or("(none)".to_owned(), |text| line(text));
        text += &format!("\n  {}: {} → {}", edit.path.join("."), value(&edit.from), value(&edit.to));
    }
    if let Some(owner) = &change.taken_from {
        text += &format!("\n  it was the volume of claim {} and becomes that of claim {key}", owner.key());
    } else if change.reserves() {
        text += &format!("\n  reserves it for claim {key}: it names no claim now");
    } else if change.releases() {
        text += &format!("\n  stays reserved for claim {key}");
    }
    if change.gives_back() {
        text += &format!("\n  gives the volume back to claim {key}, which is Lost");
    }
    if change.exposes() {
        text += &format!("\n  deleting claim {key} will then delete persistentvolume/{volume} and its data");
    }
    text
}

/// The change in a cell of a table: every field and its new value, of a policy the old one, too.
pub fn brief(change: &Change) -> String {
    let value = |value: &Option<String>| value.as_ref().map_or("(none)".to_owned(), |text| line(text));
    let edit = |path: &[&str], from: &Option<String>, to: &Option<String>| match path {
        [_, "persistentVolumeReclaimPolicy"] => format!("{} → {}", value(from), value(to)),
        [_, rest @ ..] => format!("{} → {}", rest.join("."), value(to)),
        [] => String::new(),
    };
    let edits: Vec<_> = change.edits.iter().map(|it| edit(it.path, &it.from, &it.to)).collect();
    edits.join(", ")
}

/// A notice on standard error.
#[derive(Debug, IntoStaticStr, VariantNames)]
pub enum Notice<'a> {
    /// Before the same question is asked again about other facts.
    Changed(&'a str),
    /// Before what is asked about once more, of several volumes.
    OthersChanged,
    /// Of a claim that was selected and has no volume: `retain` has nothing to do.
    WithoutVolume(&'a Target),
    /// Of a claim that was selected and is not deleted: `reuse` has nothing to do.
    NotDeleted(&'a Target),
    /// Before several volumes' policies become Delete.
    Exposes,
    /// Of `verify` of several: a claim that was never deleted, or is new, by its age.
    NeverDeleted(&'a Target, &'a str),
    /// After a patch whose response was lost, and that was applied.
    ReadBack { volume: &'a str, why: &'a str },
    /// While a watch waits for its server.
    TryingAgain(&'a str),
    /// After a template was pinned.
    PinStays,
    /// Before a template is unpinned while the claim exists.
    UnpinBreaks(&'a Target),
    /// Before a template is unpinned, if it is unknown whether the claim exists.
    UnpinMayBreak { claim: &'a str, why: &'a str },
    /// After an export whose policy is not the volume's own.
    ExportedRetain { volume: &'a str, policy: &'a str },
    /// After a wait: the provisioner has removed its finalizer.
    ProvisionerLetGo(&'a str),
    /// Before `guide` asks about another round, of so many claims.
    ReusedBefore(usize),
    /// Before the first question of `guide`: the operator's commands, where they are given.
    ToCome { several: bool, uninstall: Option<&'a str>, install: Option<&'a str> },
}

/// The sentence of a notice.
pub fn notice(notice: &Notice<'_>) -> String {
    match notice {
        Notice::Changed(volume) => format!("persistentvolume/{volume} has changed; the patch is now:"),
        Notice::OthersChanged => "these have changed since; the patches are now:".to_owned(),
        Notice::WithoutVolume(target) => format!("claim {} has no volume and is left as it is", target.key()),
        Notice::NotDeleted(target) => format!("claim {} is not deleted and is left as it is", target.key()),
        Notice::Exposes => "  deleting these claims will then delete their volumes and data".to_owned(),
        Notice::NeverDeleted(target, age) => {
            format!("claim {} was never deleted, or is new: its age is {age}", target.key())
        }
        Notice::ReadBack { volume, why } => {
            format!("no response to the patch ({why}); persistentvolume/{volume} was read back and is patched")
        }
        Notice::TryingAgain(why) => format!("{why}; trying again"),
        Notice::PinStays => {
            "Keep this line in the chart for as long as the claim exists: without it, `helm upgrade` fails.".to_owned()
        }
        Notice::UnpinBreaks(target) => format!(
            "claim {} exists and names its volume; once unpinned, every later `helm upgrade` fails (spec is immutable)",
            target.key()
        ),
        Notice::UnpinMayBreak { claim, why } => format!(
            "cannot tell whether claim {claim} exists ({why}); if it was made from this template, `helm upgrade` will fail"
        ),
        Notice::ExportedRetain { volume, policy } => {
            format!("the manifest says Retain; persistentvolume/{volume} itself has policy {policy}")
        }
        Notice::ProvisionerLetGo(volume) => format!(
            "the provisioner has removed its finalizer from persistentvolume/{volume}: it does not delete the volume any more"
        ),
        Notice::ToCome { several, uninstall, install } => {
            let run = |command: Option<&str>, verb: &str| {
                command.map_or_else(|| format!("wait until you {verb}"), |command| format!("run `{command}`"))
            };
            let (uninstall, install) = (run(*uninstall, "uninstall"), run(*install, "install"));
            let volume = if *several { "volumes" } else { "volume" };
            format!("to come: retain the {volume}, {uninstall}, reserve the {volume}, {install}, verify")
        }
        Notice::ReusedBefore(2..) => {
            "claims are bound to preserved volumes already; nothing was uninstalled".to_owned()
        }
        Notice::ReusedBefore(_) => {
            "the claim is bound to a preserved volume already; nothing was uninstalled".to_owned()
        }
    }
}

/// The question that is answered with yes before the action.
pub fn ask(action: &Action) -> String {
    match action {
        Action::Patch(volume) => format!("Patch persistentvolume/{volume}?"),
        Action::PatchAll { volumes, claims, namespace } => {
            format!("Patch {volumes} persistentvolumes of {claims} claims in {namespace}?")
        }
        Action::Write { file, claim, document, pins } => {
            let verb = if *pins { "Pin" } else { "Unpin" };
            let document = if document == claim { String::new() } else { format!(" (there {document})") };
            format!("{verb} claim {claim}{document} in {file}?")
        }
        Action::Run(command) => format!("Run `{command}`?"),
    }
}

/// The question about another round of the procedure.
pub const ANOTHER_ROUND: &str = "Uninstall and install the release once more?";

/// The question about which of several volumes.
pub fn which(target: &Target) -> String {
    format!("Which volume for claim {}?", target.key())
}

/// A volume to choose.
pub fn choice(volume: &Volume, now: Timestamp) -> String {
    let size = volume.offers.size.as_deref().unwrap_or("?");
    let since = volume.since.map_or(String::new(), |t| format!(" for {}", age(Some(t), now)));
    format!("{}  {size}  {}  {}{since}  {}", volume.name, volume.policy, volume.phase, age(volume.created, now))
}
