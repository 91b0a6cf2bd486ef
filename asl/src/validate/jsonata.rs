//! Expressions of JSONata states: `{% ... %}` from end to end.

use super::machine::State;
use super::report::Report;
use crate::location::At;
use crate::value::Value;

/// Fields of a state that are expressions, or have them inside.
const FIELDS: [&str; 17] = [
    "Arguments",
    "Output",
    "Assign",
    "Items",
    "ItemSelector",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Credentials",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "Seconds",
    "Timestamp",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "Error",
    "Cause",
];

/// Checks the expressions of a state.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    if !state.is_jsonata() {
        return;
    }
    for field in FIELDS {
        if let Some(value) = state.get(field) {
            walk(value, state.at.key(field), report);
        }
    }
    for list in ["Catch", "Choices"] {
        let at = state.at.key(list);
        for (index, entry) in state.items(list).iter().enumerate() {
            let at = at.index(index);
            for field in ["Condition", "Output", "Assign"] {
                if let Some(value) = entry.get(field) {
                    walk(value, at.key(field), report);
                }
            }
        }
    }
}

fn walk(value: &Value, at: At<'_>, report: &mut Report) {
    match value {
        Value::String(text) => expression(text, at, report),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, at.index(index), report));
        }
        Value::Object(members) => members.iter().for_each(|(name, value)| walk(value, at.key(name), report)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn expression(text: &str, at: At<'_>, report: &mut Report) {
    let (opens, closes) = (text.starts_with("{%"), text.ends_with("%}"));
    if opens != closes || (opens && text.len() < 4) {
        report.schema(at, "JSONata string must start with {% and end with %}");
    }
}
