//! AWS JSON: the operation in a header, a JSON object each way.

use serde_json::Value;

use crate::error::ApiError;
use crate::operation::Operation;
use crate::operations::OPERATIONS;

/// What every target begins with.
const PREFIX: &str = "AWSStepFunctions.";

/// The operation that a target names. Errors: `UnknownOperationException`.
pub(crate) fn operation(target: Option<&str>) -> Result<&'static Operation, ApiError> {
    let unknown = |message: String| ApiError::new("UnknownOperationException", message);
    let Some(target) = target else {
        return Err(unknown(format!("The header X-Amz-Target must name an operation, such as {PREFIX}StartExecution")));
    };
    let name = target.strip_prefix(PREFIX).ok_or_else(|| unknown(format!("There is no operation {target}")))?;
    named(name)
}

/// The operation of a name. Errors: `UnknownOperationException`.
pub(crate) fn named(name: &str) -> Result<&'static Operation, ApiError> {
    let found = OPERATIONS.binary_search_by(|operation| operation.name.cmp(name));
    let unknown = |_| ApiError::new("UnknownOperationException", format!("There is no operation {PREFIX}{name}"));
    found.map(|at| &OPERATIONS[at]).map_err(unknown)
}

/// A request's body: an object; nothing at all is one without members. Errors: `SerializationException`.
pub(crate) fn body(text: &[u8]) -> Result<Value, ApiError> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    match serde_json::from_slice(text) {
        Ok(body @ Value::Object(_)) => Ok(body),
        Ok(Value::Array(_)) => Err(ApiError::serialization("Start of list found where not expected")),
        Ok(_) => Err(ApiError::serialization("Unexpected field type")),
        Err(why) => Err(ApiError::serialization(why.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_their_names() {
        assert!(OPERATIONS.is_sorted_by_key(|operation| operation.name), "they are searched by halves");
        for known in OPERATIONS {
            let found = operation(Some(&format!("{PREFIX}{}", known.name))).map(|found| found.name);
            assert_eq!(found, Ok(known.name));
        }
        for wrong in
            [None, Some(""), Some("AWSStepFunctions."), Some("StartExecution"), Some("DynamoDB.StartExecution")]
        {
            assert_eq!(operation(wrong).err().map(|error| error.code), Some("UnknownOperationException"));
        }
    }

    #[test]
    fn a_body_is_an_object() {
        assert_eq!(body(b" "), Ok(serde_json::json!({})));
        for wrong in [&b"[]"[..], b"1", b"{", b"\xff", b"{}{}"] {
            assert_eq!(body(wrong).unwrap_err().code, "SerializationException");
        }
    }
}
