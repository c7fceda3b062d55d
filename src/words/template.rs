//! Problems with a template, as they read after `FILE:LINE: `.

use crate::template::Problem;

/// The problem, and what to do about it.
pub fn problem(problem: &Problem) -> (String, Option<&'static str>) {
    match problem {
        Problem::Empty => ("file is empty".to_owned(), None),
        Problem::SecondPin(first) => {
            (format!("duplicate volumeName (first on line {first})"), Some("keep only the one that is rendered"))
        }
        Problem::NotReadBack => (
            "cannot edit this line safely: the result does not read back as intended".to_owned(),
            Some("look for unclosed quotes or brackets, or add volumeName under the claim's spec by hand"),
        ),
        Problem::TemplatedPin(line) => {
            (format!("volumeName is templated: {line}"), Some("set it in the chart's values instead"))
        }
        Problem::ConditionalPin => (
            "volumeName is rendered only under a condition".to_owned(),
            Some("move it out of the condition, or set it in the chart's values"),
        ),
        Problem::Repeated => (
            "this block may render the claim more than once, each time with the one volume".to_owned(),
            Some("pin what is rendered: as a post-renderer of Helm, `pin` sees the real names"),
        ),
        Problem::OpenAction => ("unclosed {{".to_owned(), Some("check that this is a Helm template")),
        Problem::NoClaim(name) => {
            (format!("no PersistentVolumeClaim {name} found"), Some("check the file and --claim"))
        }
        Problem::SecondClaim(name, first) => (
            format!("more than one PersistentVolumeClaim may be {name} (first on line {first})"),
            Some("pass the literal name with --claim, or split the file"),
        ),
        Problem::NoSpec => ("claim has no spec".to_owned(), None),
        Problem::SecondSpec(first) => (
            format!("duplicate spec (first on line {first})"),
            Some("add volumeName by hand to the one that is rendered"),
        ),
        Problem::FlowSpec => ("spec is not in block style".to_owned(), Some("put each field of spec on its own line")),
        Problem::EmptySpec => ("no fields found under spec".to_owned(), None),
        Problem::NoPlace => ("no line in spec is rendered unconditionally; cannot place volumeName".to_owned(), None),
    }
}
