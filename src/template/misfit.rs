//! Problems that keep a template from being edited.

use strum::{IntoStaticStr, VariantNames};

/// A problem, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The line, counted from 1, if the problem has one.
    pub line: Option<usize>,
    /// The problem.
    pub problem: Problem,
}

/// A problem with a template.
#[derive(Clone, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
pub enum Problem {
    /// No content.
    Empty,
    /// A second `volumeName:`; the line of the first.
    SecondPin(usize),
    /// The edited text does not read back as intended: most likely brackets or quotes are left open.
    NotReadBack,
    /// `volumeName:` is templated; the line's text.
    TemplatedPin(String),
    /// `volumeName:` is within a condition.
    ConditionalPin,
    /// A block that may render the claim more than once.
    Repeated,
    /// An action `{{` that never ends.
    OpenAction,
    /// No claim of that name.
    NoClaim(String),
    /// A second document that may be the claim of that name; the line of the first.
    SecondClaim(String, usize),
    /// No `spec:`.
    NoSpec,
    /// A second `spec:` of the claim; the line of the first.
    SecondSpec(usize),
    /// `spec:` in flow style.
    FlowSpec,
    /// `spec:` without fields.
    EmptySpec,
    /// No place in `spec:` is rendered whenever `spec:` is.
    NoPlace,
}

impl Misfit {
    pub(super) fn new(line: impl Into<Option<usize>>, problem: Problem) -> Self {
        Self { line: line.into(), problem }
    }
}
