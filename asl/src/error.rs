//! What goes wrong while a state's data flows: data for Retry, Catch and the history, not a fault of the machine.

use std::fmt;

/// A failed evaluation: the reserved error name and AWS's reason, without the sentence that names the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// A reserved error name, such as `States.Runtime`.
    pub name: &'static str,
    /// Why, in AWS's words.
    pub reason: String,
}

impl EvalError {
    /// `States.Runtime`: never retried by `States.ALL`, never caught by it.
    pub fn runtime(reason: impl Into<String>) -> EvalError {
        EvalError { name: "States.Runtime", reason: reason.into() }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

impl std::error::Error for EvalError {}
