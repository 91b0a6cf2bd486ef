//! What the caller gives, read: input, variables, context object, and what the mock answers.

use stepwell_asl::program::StateType;
use stepwell_asl::{Map, StateKind, Value};

use super::definition::Subject;
use super::item_reader::{self, Read};
use super::{ErrorOutput, Mock, TestState, context, fields, invalid};
use crate::core::StateError;
use crate::error::EngineError;

/// What the caller gives.
pub(super) struct Given {
    pub input: Value,
    pub variables: Map,
    pub context: Option<Value>,
    pub mock: Option<Mocked>,
    /// The items of a Map that reads them from elsewhere.
    pub read: Option<Read>,
}

/// What a mock answers.
pub(super) enum Mocked {
    Result(Value),
    Error(StateError),
}

/// Reads all of it.
pub(super) fn read(test: &TestState, subject: &Subject) -> Result<Given, EngineError> {
    Ok(Given {
        input: test.input.clone().unwrap_or_else(Value::empty_object),
        variables: test.variables.as_deref().map_or_else(|| Ok(Map::default()), variables)?,
        context: test.context.as_deref().map(context::read).transpose()?,
        mock: test.mock.as_ref().map(|mock| mocked(mock, subject)).transpose()?,
        read: item_reader::read(test, subject)?,
    })
}

fn variables(text: &str) -> Result<Map, EngineError> {
    match Value::parse(text) {
        Ok(Value::Object(members)) => Ok((*members).clone()),
        Ok(_) | Err(_) => Err(invalid("Variables must be a JSON object")),
    }
}

fn mocked(mock: &Mock, subject: &Subject) -> Result<Mocked, EngineError> {
    match (&mock.error_output, &mock.result) {
        (Some(output), _) => error(output).map(Mocked::Error),
        (None, text) => {
            let text = text.as_deref().unwrap_or_default();
            let result = Value::parse(text).map_err(|_| invalid("Mocked result must be valid JSON"))?;
            check_result(&result, mock, subject)?;
            Ok(Mocked::Result(result))
        }
    }
}

fn error(output: &ErrorOutput) -> Result<StateError, EngineError> {
    let Some(name) = &output.error else {
        return Err(invalid("The field 'error' is required in the errorOutput of a test mock."));
    };
    Ok(StateError { name: Some(name.as_str().into()), cause: output.cause.as_deref().map(Into::into) })
}

/// A Map that writes its results elsewhere gives an object that says where; the others and a Parallel give an array.
fn check_result(result: &Value, mock: &Mock, subject: &Subject) -> Result<(), EngineError> {
    let state = subject.state();
    match &state.kind {
        StateKind::Task(task) => fields::check(result, &task.resource, mock.field_validation_mode),
        kind => {
            let writes = kind.state_type() == StateType::Map && subject.written.get("ResultWriter").is_some();
            match (writes, result) {
                (true, Value::Object(_)) | (false, Value::Array(_)) => Ok(()),
                (true, _) => Err(invalid("Mocked result must be a JSON object.")),
                (false, _) => Err(invalid("Mocked result must be an array.")),
            }
        }
    }
}
