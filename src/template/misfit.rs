//! Why a template cannot be edited.

/// Why a template cannot be edited, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The line, counted from 1, where there is one to point at.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    Empty,
    /// A second `volumeName:`; the line of the first.
    SecondPin(usize),
    /// The edit would not be read back as it was meant: brackets or quotes that are left open, most
    /// likely.
    NotReadBack,
    /// `volumeName:` is templated; the line's text.
    TemplatedPin(String),
    /// An action `{{` that never ends.
    OpenAction,
    NoClaim(String),
    /// A second document that may be the claim of that name; the line of the first.
    SecondClaim(String, usize),
    NoSpec,
    /// A second `spec:` of the claim; the line of the first.
    SecondSpec(usize),
    FlowSpec,
    EmptySpec,
    /// No place in `spec:` is rendered whenever `spec:` is.
    NoPlace,
}

impl Misfit {
    pub(super) fn new(line: impl Into<Option<usize>>, problem: Problem) -> Self {
        Self { line: line.into(), problem }
    }
}
