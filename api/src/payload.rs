//! Payloads as the API has them: JSON in strings, and times as seconds.

use serde_json::{Number, Value};
use stepwell_asl::Timestamp;

use crate::error::ApiError;
use crate::json_error;

/// A time as AWS JSON has it: seconds since 1970, with milliseconds.
pub fn seconds(at: Timestamp) -> Value {
    Number::from_f64(at.0 as f64 / 1000.0).map_or(Value::Null, Value::Number)
}

/// An execution's input; where it is left out, an empty object. Errors: `InvalidExecutionInput`.
pub fn input(text: Option<&str>) -> Result<stepwell_asl::Value, ApiError> {
    let Some(text) = text else { return Ok(stepwell_asl::Value::empty_object()) };
    parse(text).map_err(|why| {
        ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"))
    })
}

/// A task's output. Errors: `InvalidOutput`.
pub fn output(text: &str) -> Result<stepwell_asl::Value, ApiError> {
    parse(text).map_err(|why| ApiError::new("InvalidOutput", format!("Invalid Output: '{why}'")))
}

fn parse(text: &str) -> Result<stepwell_asl::Value, String> {
    if text.trim().is_empty() {
        return Err("Invalid execution input.".to_owned());
    }
    stepwell_asl::Value::parse(text).map_err(|_| json_error::message(text))
}
