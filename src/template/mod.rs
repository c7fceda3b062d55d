//! Pins and unpins a volume in the Helm template of a claim: text in, edit out.
//!
//! A template is not YAML until it is rendered, so it is read by lines: Helm's actions, comments
//! and the insides of longer values are stepped over, and what is left has the shape of YAML. One
//! line is added, replaced or removed; no other byte changes.

mod misfit;
mod scan;
#[cfg(test)]
mod tests;

pub use misfit::{Misfit, Problem};
use scan::{Line, Place};

/// The wanted state of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin<'a> {
    /// `spec.volumeName` is this volume.
    To(&'a str),
    /// There is no `spec.volumeName`.
    Off,
}

/// A template after the edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// The name of the claim's document, as written.
    pub name: String,
    /// The line that was added, replaced or removed, counted from 1; `None` if the template is already as
    /// asked.
    pub line: Option<usize>,
}

/// Edits the template of the claim of that name.
///
/// The claim's document is the one of kind `PersistentVolumeClaim` with that name; if there is none, the only one
/// whose name is templated. A new line goes after `storageClassName:`, else to the end of `spec:`, where it is
/// rendered whenever `spec:` is. A literal value is replaced; a templated one is refused, as is one that a condition may
/// leave out, and a claim that may be rendered more than once, since each would get the one volume.
pub fn edit(text: &str, claim: &str, pin: Pin<'_>) -> Result<Edited, Misfit> {
    if text.trim().is_empty() {
        return Err(Misfit::new(None, Problem::Empty));
    }
    let lines = scan::lines(text)?;
    let found = scan::claim(&lines, claim)?;
    if let (Some(block), Pin::To(_)) = (found.repeated_by, pin) {
        return Err(Misfit::new(block + 1, Problem::Repeated));
    }
    let edited = match (found.pins.as_slice(), pin) {
        ([at], Pin::To(_)) if !found.certain => Err(Misfit::new(at + 1, Problem::ConditionalPin)),
        ([], Pin::Off) => Ok((text.to_owned(), None)),
        ([], Pin::To(volume)) => Ok(inserted(&lines, &found, volume)),
        ([at], pin) => change(&lines, *at, pin),
        ([first, second, ..], _) => Err(Misfit::new(second + 1, Problem::SecondPin(first + 1))),
    };
    let (text, line) = edited?;
    if is_as_asked(&text, claim, pin) {
        return Ok(Edited { text, name: found.name, line });
    }
    Err(Misfit::new(line, Problem::NotReadBack))
}

/// True if the edited template, read anew, is as asked.
fn is_as_asked(text: &str, claim: &str, pin: Pin<'_>) -> bool {
    let Ok(lines) = scan::lines(text) else { return false };
    let Ok(found) = scan::claim(&lines, claim) else { return false };
    match (found.pins.as_slice(), pin) {
        ([], Pin::Off) => true,
        ([at], Pin::To(volume)) => {
            let (start, end) = scan::value(lines[*at].body());
            lines[*at].body()[start..end].trim_matches(['"', '\'']) == volume
        }
        _ => false,
    }
}

/// The text after the edit, and the line of it.
type Change = (String, Option<usize>);

fn change(lines: &[Line<'_>], at: usize, pin: Pin<'_>) -> Result<Change, Misfit> {
    let line = &lines[at];
    let (start, end) = scan::value(line.body());
    let value = &line.body()[start..end];
    if value.contains("{{") || scan::opens_or_closes(line.body()) {
        return Err(Misfit::new(at + 1, Problem::TemplatedPin(line.body().trim().to_owned())));
    }
    let Pin::To(volume) = pin else { return Ok(removed(lines, at)) };
    if value.trim_matches(['"', '\'']) == volume {
        return Ok((joined(lines), None));
    }
    let gap = if start == end && !line.body()[..start].ends_with(char::is_whitespace) { " " } else { "" };
    let replaced = format!("{}{gap}{volume}{}{}", &line.body()[..start], &line.body()[end..], line.ending());
    let text = joined(&lines[..at]) + &replaced + &joined(&lines[at + 1..]);
    Ok((text, Some(at + 1)))
}

/// If the removed line was the last and had no newline, the newline before it is removed, too.
fn removed(lines: &[Line<'_>], at: usize) -> Change {
    let mut text = joined(&lines[..at]);
    if at > 0 && lines[at].ending().is_empty() {
        text.truncate(text.len() - lines[at - 1].ending().len());
    }
    (text + &joined(&lines[at + 1..]), Some(at + 1))
}

fn inserted(lines: &[Line<'_>], found: &Place, volume: &str) -> Change {
    let before = &lines[found.insert_at - 1];
    let indent = &found.indent;
    let usual = lines.iter().map(Line::ending).find(|ending| !ending.is_empty()).unwrap_or("\n");
    let added = match before.ending() {
        "" => format!("{usual}{indent}volumeName: {volume}"),
        ending => format!("{indent}volumeName: {volume}{ending}"),
    };
    let text = joined(&lines[..found.insert_at]) + &added + &joined(&lines[found.insert_at..]);
    (text, Some(found.insert_at + 1))
}

fn joined(lines: &[Line<'_>]) -> String {
    lines.iter().map(|line| line.whole).collect()
}
