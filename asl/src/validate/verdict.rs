//! A definition as the API takes it, and the answer of `ValidateStateMachineDefinition`.

use super::{MachineType, validate};
use crate::definition::{Definition, Format, Options};
use crate::diagnostic::{Diagnostic, Severity};

/// How many diagnostics are shown at most, and where 0 are asked for.
pub const RESULTS_MAX: usize = 100;

/// Reads and validates a definition in JSON. It is valid if no diagnostic is an error; it is there if it could be read.
pub fn examine(text: &str, kind: MachineType) -> (Option<Definition>, Vec<Diagnostic>) {
    let options = Options { format: Some(Format::Json), ..Options::default() };
    let (definition, mut diagnostics) = Definition::parse_with(text.as_bytes(), &options);
    if let Some(definition) = &definition {
        diagnostics.extend(validate(definition, kind));
    }
    (definition, diagnostics)
}

/// What `ValidateStateMachineDefinition` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether a state machine can be made of it: `OK`, else `FAIL`. Warnings do not count.
    pub is_valid: bool,
    /// The diagnostics that were asked for.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether there are more of those.
    pub truncated: bool,
}

impl Verdict {
    /// Judges by all diagnostics, and keeps those of at least this severity, so many of them; of 0, and of more than
    /// [`RESULTS_MAX`], as many as that.
    pub fn new(mut diagnostics: Vec<Diagnostic>, least: Severity, results_max: usize) -> Verdict {
        let is_valid = !diagnostics.iter().any(Diagnostic::is_error);
        diagnostics.retain(|one| one.is_error() || least == Severity::Warning);
        let shown = if results_max == 0 { RESULTS_MAX } else { results_max.min(RESULTS_MAX) };
        let truncated = diagnostics.len() > shown;
        diagnostics.truncate(shown);
        Verdict { is_valid, diagnostics, truncated }
    }

    /// AWS's word: `OK` or `FAIL`.
    pub fn result(&self) -> &'static str {
        if self.is_valid { "OK" } else { "FAIL" }
    }
}
