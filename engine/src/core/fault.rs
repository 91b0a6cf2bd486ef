//! A state that went wrong: data for Retry, Catch and the history.

use stepwell_asl::{EvalError, Text, Value};

/// The error of a state or an execution, as the history shows it. A Fail state may leave both out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateError {
    /// The error's name.
    pub name: Option<Text>,
    /// What is known of it.
    pub cause: Option<Text>,
}

impl StateError {
    /// An error with a cause.
    pub fn new(name: &str, cause: impl Into<Text>) -> StateError {
        StateError { name: Some(name.into()), cause: Some(cause.into()) }
    }

    /// An error without one.
    pub fn named(name: &str) -> StateError {
        StateError { name: Some(name.into()), cause: None }
    }

    /// What a Catcher passes on: `{"Error": ..., "Cause": ...}`.
    pub fn to_value(&self) -> Value {
        let text = |part: &Option<Text>| Value::String(part.clone().unwrap_or_default());
        [("Error", text(&self.name)), ("Cause", text(&self.cause))].into_iter().collect()
    }
}

/// A failure on its way out: from a state to its Retry and Catch, to the join around it, to the execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What is shown.
    pub error: StateError,
    /// Neither Retry nor Catch may stop it: AWS's `States.Runtime`, and a state's input or output beyond the limit.
    pub terminal: bool,
}

impl Fault {
    /// A failure that Retry and Catch are asked about; `States.Runtime` never is one, wherever it comes from.
    pub fn recoverable(error: StateError) -> Fault {
        let terminal = error.name.as_deref() == Some("States.Runtime");
        Fault { error, terminal }
    }

    /// A failure that ends the execution.
    pub fn terminal(error: StateError) -> Fault {
        Fault { error, terminal: true }
    }

    /// An expression that could not be evaluated, in AWS's sentence. AWS reports a failed intrinsic function as a
    /// runtime error too.
    pub fn evaluation(error: EvalError, state: &str, entered_event: u64) -> Fault {
        let reason = format!(
            "An error occurred while executing the state '{state}' (entered at the event id #{entered_event}). {}",
            error.reason
        );
        Fault::bare(EvalError { reason, ..error })
    }

    /// The same, with the reason alone.
    pub fn bare(error: EvalError) -> Fault {
        let name = match error.name {
            "States.IntrinsicFailure" | "States.ParameterPathFailure" => "States.Runtime",
            name => name,
        };
        Fault { error: StateError::new(name, error.reason), terminal: name == "States.Runtime" }
    }

    /// Variables beyond AWS's limits.
    pub fn variables_too_large(state: &str) -> StateError {
        StateError::new(
            "States.DataLimitExceeded",
            format!(
                "The state '{state}' assigned variables with a size exceeding the maximum number of bytes service limit."
            ),
        )
    }

    /// A result or an output beyond AWS's limit; `of` is the state, the service or the function.
    pub fn too_large(of: &str) -> StateError {
        StateError::new(
            "States.DataLimitExceeded",
            format!(
                "The state/task '{of}' returned a result with a size exceeding the maximum number of bytes service limit."
            ),
        )
    }
}
