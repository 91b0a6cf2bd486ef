//! Parameters as a case writes them, and as AWS wants them.

use serde_json::Value;

/// Parameters that AWS wants as JSON in a string. A case may write them as the value.
const DOCUMENTS: [&str; 7] = ["definition", "input", "output", "context", "variables", "result", "mapItemReaderData"];

/// Writes values as JSON where AWS has JSON in strings.
pub(super) fn as_documents(parameters: Value) -> Value {
    match parameters {
        Value::Object(members) => Value::Object(members.into_iter().map(as_document).collect()),
        other => other,
    }
}

fn as_document((name, value): (String, Value)) -> (String, Value) {
    let value = match value {
        Value::Object(_) | Value::Array(_) if DOCUMENTS.contains(&name.as_str()) => Value::String(value.to_string()),
        Value::Object(_) => as_documents(value),
        other => other,
    };
    (name, value)
}
