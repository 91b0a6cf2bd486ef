//! What goes wrong while a state's data flows: data for Retry, Catch and the history, not a fault of the machine.

use std::fmt;

use crate::value::Text;

/// A failed evaluation: the reserved error name and AWS's reason, without the sentence that names the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// A reserved error name, such as `States.Runtime`.
    pub name: &'static str,
    /// Why, in AWS's words.
    pub reason: String,
    /// The field whose JSONata expression it is: AWS tells it apart from the reason.
    pub field: Option<Text>,
}

impl EvalError {
    /// `States.Runtime`: never retried by `States.ALL`, never caught by it.
    pub fn runtime(reason: impl Into<String>) -> EvalError {
        EvalError::new("States.Runtime", reason)
    }

    /// An error of this reserved name.
    pub fn new(name: &'static str, reason: impl Into<String>) -> EvalError {
        EvalError { name, reason: reason.into(), field: None }
    }

    /// The name of what goes wrong with JSONata.
    pub const QUERY: &'static str = "States.QueryEvaluationError";

    /// `States.QueryEvaluationError`: Retry and Catch are asked about it.
    pub fn query(field: Option<Text>, reason: impl Into<String>) -> EvalError {
        EvalError { field, ..EvalError::new(EvalError::QUERY, reason) }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

impl std::error::Error for EvalError {}
