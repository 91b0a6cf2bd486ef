//! What is wrong with a definition, for its author: in AWS's words, with the place in the text.

use std::fmt;

use crate::location::Place;

/// Whether AWS would refuse the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The definition is refused.
    Error,
    /// The definition is accepted, but hardly meant like this.
    Warning,
}

impl Severity {
    /// AWS's word: `ERROR` or `WARNING`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of problem it is. The names are those of AWS's `ValidateStateMachineDefinition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The text is no JSON (or YAML).
    InvalidJsonDescription,
    /// A field is missing, not supported, or has a value that it cannot have.
    SchemaValidationFailed,
    /// Containers are nested deeper than 128 levels.
    TooDeeplyNested,
    /// Two states have the same name.
    DuplicateStateName,
    /// A state's name is empty or longer than 80 characters.
    InvalidStateName,
    /// Two Map states have the same label.
    DuplicateLabelName,
    /// A Map state's label is too long or has characters that it cannot have.
    InvalidLabelName,
    /// A transition leads nowhere, or no transition leads to a state.
    MissingTransitionTarget,
    /// No state of a state machine ends it.
    MissingEndState,
    /// A variable's name is too long or has characters that it cannot have.
    InvalidVariableName,
    /// A variable's name is taken by the language.
    ReservedVariableName,
    /// A JSONata expression does not parse.
    InvalidJsonataExpression,
    /// A JSONata expression uses what Step Functions does not support.
    UnsupportedJsonataExpression,
    /// A value looks like a path or an intrinsic function, but its field's name does not end with `.$`.
    NoDollar,
    /// A value looks like a path, but its field's name does not end with `Path`.
    NoPath,
    /// The result of a Pass state is static, but has a field that ends with `.$`.
    PassResultIsStatic,
}

impl Code {
    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Code::SchemaValidationFailed => "SCHEMA_VALIDATION_FAILED",
            Code::TooDeeplyNested => "TOO_DEEPLY_NESTED",
            Code::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Code::InvalidStateName => "INVALID_STATE_NAME",
            Code::DuplicateLabelName => "DUPLICATE_LABEL_NAME",
            Code::InvalidLabelName => "INVALID_LABEL_NAME",
            Code::MissingTransitionTarget => "MISSING_TRANSITION_TARGET",
            Code::MissingEndState => "MISSING_END_STATE",
            Code::InvalidVariableName => "INVALID_VARIABLE_NAME",
            Code::ReservedVariableName => "RESERVED_VARIABLE_NAME",
            Code::InvalidJsonataExpression => "INVALID_JSONATA_EXPRESSION",
            Code::UnsupportedJsonataExpression => "UNSUPPORTED_JSONATA_EXPRESSION",
            Code::NoDollar => "NO_DOLLAR",
            Code::NoPath => "NO_PATH",
            Code::PassResultIsStatic => "PASS_RESULT_IS_STATIC",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many bytes of messages and locations are kept of one definition. Each problem shows where it is, so that a short
/// text with a long name in it could be made to fill all memory.
pub(crate) const BYTES_MAX: usize = 8 << 20;

/// One problem of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the definition is refused for it.
    pub severity: Severity,
    /// What kind of problem it is.
    pub code: Code,
    /// What is wrong, in AWS's words where they are known.
    pub message: String,
    /// Where, in AWS's notation: `/`, `/States/X/Retry[0]`. Absent where AWS gives none.
    pub location: Option<String>,
    /// Where in the text as it was written.
    pub place: Option<Place>,
    /// More about it, which AWS does not say.
    pub note: Option<String>,
}

impl Diagnostic {
    /// Stands for those that are left out because there are too many.
    pub(crate) fn too_many(severity: Severity) -> Diagnostic {
        let message = "There are more problems than are shown".to_owned();
        let code = Code::SchemaValidationFailed;
        Diagnostic { severity, code, message, location: None, place: None, note: None }
    }

    /// Whether the definition is refused for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The message without the excerpt that AWS appends to syntax errors.
    pub fn summary(&self) -> &str {
        self.message.split('\n').next().unwrap_or(&self.message)
    }
}

/// AWS's error line: `SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/X/Branches`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {}", self.code, self.message, self.location.as_deref().unwrap_or("null"))
    }
}

/// The message of AWS's `InvalidDefinition` error; `None` where there is nothing but warnings.
pub fn refusal(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors: Vec<String> = diagnostics.iter().filter(|one| one.is_error()).map(Diagnostic::to_string).collect();
    (!errors.is_empty()).then(|| format!("Invalid State Machine Definition: '{}'", errors.join(", ")))
}
