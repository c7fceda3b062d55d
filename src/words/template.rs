//! What is wrong with a template; reads well after `FILE:LINE: `.

use crate::template::Problem;

/// What is wrong, and what to do.
#[must_use]
pub fn problem(problem: &Problem) -> (String, Option<&'static str>) {
    match problem {
        Problem::Empty => ("the file is empty".to_owned(), None),
        Problem::SecondPin(first) => {
            (format!("a second volumeName; the first is on line {first}"), Some("leave the one that is rendered"))
        }
        Problem::NotReadBack => (
            "an edit here would not be read back as it was meant".to_owned(),
            Some("is it whole? otherwise edit it by hand: volumeName belongs under the claim's spec"),
        ),
        Problem::TemplatedPin(line) => {
            (format!("volumeName is templated: {line}"), Some("set the value that the chart takes it from instead"))
        }
        Problem::OpenAction => ("an action {{ that never ends".to_owned(), Some("is this a Helm template?")),
        Problem::NoClaim(name) => (
            format!("there is no PersistentVolumeClaim {name} in it"),
            Some("is it another file, or another claim (--claim)?"),
        ),
        Problem::SecondClaim { name, first } => (
            format!("a second PersistentVolumeClaim that may be {name}; the first begins on line {first}"),
            Some("one file must have one claim of that name; --claim tells which"),
        ),
        Problem::NoSpec => ("the claim that begins here has no spec".to_owned(), None),
        Problem::SecondSpec(first) => (
            format!("a second spec of the claim; the first is on line {first}"),
            Some("pin it by hand, in the one that is rendered"),
        ),
        Problem::FlowSpec => (
            "the claim's spec is not a block of lines of its own".to_owned(),
            Some("write each of its fields on a line"),
        ),
        Problem::EmptySpec => ("the claim's spec has no fields of its own".to_owned(), None),
        Problem::NoPlace => ("no place in the claim's spec is rendered whenever the spec is".to_owned(), None),
    }
}
