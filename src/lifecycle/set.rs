//! Numbered claims that belong together: those that a `StatefulSet` makes are named `STEM-0`, `STEM-1`, ….

use std::collections::BTreeMap;

/// A set of which only some members have a kept volume: a database's new, empty member may lead the others and overwrite
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// The members whose volumes are kept, or in use again.
    pub kept: Vec<String>,
    /// The members that are missing, new, being deleted, or cannot be reused.
    pub others: Vec<String>,
}

/// A member's part in its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its volume waits to be reused.
    Waits,
    /// Its volume is reserved for it, or in use again.
    Has,
    /// Neither.
    Lacks,
}

/// The sets among these claims that are kept in part, and of which a volume waits.
pub fn incomplete<'a>(all: impl Iterator<Item = (&'a str, Part)>) -> Vec<Incomplete> {
    let mut sets: BTreeMap<&str, BTreeMap<u16, Part>> = BTreeMap::new();
    for (name, part) in all {
        if let Some((stem, ordinal)) = member(name) {
            sets.entry(stem).or_default().insert(ordinal, part);
        }
    }
    let of = |(stem, members): (&str, BTreeMap<u16, Part>)| {
        let highest = *members.keys().last()?;
        let part = |ordinal: &u16| members.get(ordinal).copied().unwrap_or(Part::Lacks);
        let (others, kept): (Vec<u16>, Vec<u16>) = (0..=highest).partition(|ordinal| part(ordinal) == Part::Lacks);
        let partly = !others.is_empty() && kept.iter().any(|ordinal| part(ordinal) == Part::Waits);
        let names = |ordinals: &[u16]| ordinals.iter().map(|ordinal| format!("{stem}-{ordinal}")).collect();
        partly.then(|| Incomplete { kept: names(&kept), others: names(&others) })
    };
    sets.into_iter().filter_map(of).collect()
}

/// The stem and the ordinal of a member's name: up to three digits, without a leading zero.
#[must_use]
pub fn member(name: &str) -> Option<(&str, u16)> {
    let (stem, ordinal) = name.rsplit_once('-')?;
    let digits = (1..=3).contains(&ordinal.len()) && ordinal.bytes().all(|b| b.is_ascii_digit());
    let plain = ordinal == "0" || !ordinal.starts_with('0');
    (digits && plain && !stem.is_empty()).then(|| Some((stem, ordinal.parse().ok()?))).flatten()
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

    #[test]
    fn a_set_is_whole_if_every_ordinal_up_to_the_highest_has_its_volume() {
        use Part::{Has, Lacks, Waits};
        let others = |members: &[(&str, Part)]| {
            let sets = incomplete(members.iter().copied());
            sets.into_iter().flat_map(|set| set.others).collect::<Vec<_>>()
        };
        assert!(others(&[("a-0", Waits), ("a-1", Waits), ("b-0", Lacks), ("glance-images", Waits)]).is_empty());
        assert!(others(&[("a-0", Has), ("a-1", Waits)]).is_empty(), "interrupted, and run again");
        assert!(others(&[("a-0", Has), ("a-1", Lacks)]).is_empty(), "nothing waits");
        assert_eq!(others(&[("a-0", Waits), ("a-2", Waits)]), ["a-1"], "nowhere");
        assert_eq!(others(&[("a-0", Waits), ("a-1", Lacks)]), ["a-1"]);
        assert_eq!(others(&[("a-2", Lacks), ("a-0", Has), ("a-1", Waits)]), ["a-2"]);
    }
}
