//! The selection of claims: one by its name, several by names and patterns, all of a namespace, those of releases.

use std::cmp::Ordering;

use crate::lifecycle::Claim;

/// The claims that a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These names; `*` in one stands for any characters.
    Claims(Vec<String>),
    /// Every claim of the namespace, and every claim that a volume's claimRef names there.
    All,
    /// Every claim that these Helm releases own.
    Releases(Vec<String>),
    /// The claims that releases owned at the first look: once they are deleted nothing tells.
    Owned {
        /// The releases.
        releases: Vec<String>,
        /// The claims.
        names: Vec<String>,
        /// Those of them that are deleted with their releases and have a volume, to be named in lines for later steps.
        going: Vec<String>,
    },
}

impl Selection {
    /// The claim, if it is one that was typed in full.
    pub fn only(&self) -> Option<&str> {
        match self {
            Self::Claims(names) => {
                names.first().filter(|name| names.len() == 1 && !name.contains('*')).map(String::as_str)
            }
            Self::All | Self::Releases(_) | Self::Owned { .. } => None,
        }
    }

    /// The names that were typed in full, which have to be there.
    pub fn named(&self) -> Vec<&str> {
        match self {
            Self::Claims(names) => names.iter().filter(|name| !name.contains('*')).map(String::as_str).collect(),
            Self::All | Self::Releases(_) | Self::Owned { .. } => Vec::new(),
        }
    }

    /// The patterns and the releases, each alone.
    pub fn parts(&self) -> Vec<Self> {
        match self {
            Self::Claims(names) => {
                let patterns = names.iter().filter(|name| name.contains('*'));
                patterns.map(|name| Self::Claims(vec![name.clone()])).collect()
            }
            Self::Releases(names) => names.iter().map(|name| Self::Releases(vec![name.clone()])).collect(),
            Self::All | Self::Owned { .. } => Vec::new(),
        }
    }

    /// True if the claim of that name is one of them; `claim` is none if only a volume's claimRef names it.
    pub fn selects(&self, name: &str, claim: Option<&Claim>) -> bool {
        match self {
            Self::Claims(patterns) => patterns.iter().any(|pattern| matches(pattern, name)),
            Self::All => true,
            Self::Owned { names, .. } => names.iter().any(|known| known == name),
            Self::Releases(releases) => {
                claim.and_then(|claim| claim.release.as_ref()).is_some_and(|release| releases.contains(&release.name))
            }
        }
    }
}

/// True if `name` fits `pattern`, in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(left) = name.strip_prefix(start) else { return false };
    (0..=left.len()).any(|at| left.get(at..).is_some_and(|left| matches(rest, left)))
}

/// The order of names in which numbers count as such: `data-2` before `data-10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        match (digits(a), digits(b)) {
            (x, y) if x > 0 && y > 0 => {
                let (left, right) = (a[..x].trim_start_matches('0'), b[..y].trim_start_matches('0'));
                let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right)).then_with(|| x.cmp(&y));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (&a[x..], &b[y..]);
            }
            _ => match (a.chars().next(), b.chars().next()) {
                (Some(x), Some(y)) if x == y => (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]),
                (x, y) => return x.cmp(&y),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, fits) in [
            ("glance-images", "glance-images", true),
            ("glance-images", "glance-images-2", false),
            ("mysql-data-*", "mysql-data-mariadb-server-0", true),
            ("mysql-data-*", "mysql-data", false),
            ("*-0", "data-10-0", true),
            ("*-0", "data-10", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = vec!["data-10", "data-9", "data", "data-2-b", "data-2", "b", "data-02", "data-1a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["b", "data", "data-1a", "data-2", "data-2-b", "data-02", "data-9", "data-10"]);
    }

    #[test]
    fn one_name_in_full_is_one_claim() {
        let claims = |names: &[&str]| Selection::Claims(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(claims(&["a"]).only(), Some("a"));
        assert_eq!((claims(&["a*"]).only(), claims(&["a", "b"]).only(), Selection::All.only()), (None, None, None));
        assert_eq!(claims(&["a", "b*"]).named(), ["a"]);
    }
}
