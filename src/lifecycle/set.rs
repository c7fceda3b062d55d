//! Numbered claims that belong together: those that a `StatefulSet` makes are named `STEM-0`, `STEM-1`, ….

use std::collections::BTreeMap;

use super::assess::Assessment;
use super::stage::Stage;

/// A set of which only some members have a kept volume: a database's new, empty member may lead the others and overwrite
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// The members whose volumes are kept.
    pub kept: Vec<String>,
    /// The members that are missing, new, or being deleted.
    pub others: Vec<String>,
}

/// The sets among these claims that are kept in part.
#[must_use]
pub fn incomplete(found: &[Assessment<'_>]) -> Vec<Incomplete> {
    let mut sets: BTreeMap<&str, BTreeMap<u16, &Assessment<'_>>> = BTreeMap::new();
    for found in found {
        if let Some((stem, ordinal)) = member(&found.situation.target.name) {
            sets.entry(stem).or_default().insert(ordinal, found);
        }
    }
    let of = |(stem, members): (&str, BTreeMap<u16, &Assessment<'_>>)| {
        let highest = *members.keys().last()?;
        let (kept, others): (Vec<u16>, Vec<u16>) =
            (0..=highest).partition(|ordinal| members.get(ordinal).is_some_and(|found| is_kept(found.stage)));
        // A member that has its volume again is not a reason to leave the others.
        let waits = |ordinal: &u16| members.get(ordinal).is_some_and(|found| found.stage == Stage::Released);
        let name = |ordinal: &u16| format!("{stem}-{ordinal}");
        let partly = kept.iter().any(waits) && !others.is_empty();
        let all = |ordinals: &[u16]| ordinals.iter().map(name).collect();
        partly.then(|| Incomplete { kept: all(&kept), others: all(&others) })
    };
    sets.into_iter().filter_map(of).collect()
}

/// The stem and the ordinal of a member's name: up to three digits, without a leading zero.
fn member(name: &str) -> Option<(&str, u16)> {
    let (stem, ordinal) = name.rsplit_once('-')?;
    let digits = (1..=3).contains(&ordinal.len()) && ordinal.bytes().all(|b| b.is_ascii_digit());
    let plain = ordinal == "0" || !ordinal.starts_with('0');
    (digits && plain && !stem.is_empty()).then(|| Some((stem, ordinal.parse().ok()?))).flatten()
}

fn is_kept(stage: Stage) -> bool {
    matches!(stage, Stage::Released | Stage::Reserved | Stage::Reused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_members_name_ends_in_its_ordinal() {
        for (name, expected) in [
            ("mysql-data-0", Some(("mysql-data", 0))),
            ("a-10", Some(("a", 10))),
            ("a-999", Some(("a", 999))),
            ("a-1000", None),
            ("a-01", None),
            ("a-1b", None),
            ("-1", None),
            ("glance-images", None),
            ("a", None),
        ] {
            assert_eq!(member(name), expected, "{name}");
        }
    }
}
