//! Expressions of JSONata states: `{% ... %}` from end to end, and JSONata in between.

use super::machine::State;
use super::paths::has_placeholder;
use super::report::Report;
use crate::diagnostic::Code;
use crate::jsonata::Expression;
use crate::location::At;
use crate::query;
use crate::value::Value;

/// Fields of a state that are expressions, or have them inside.
const FIELDS: [&str; 18] = [
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
    "ToleratedFailurePercentage",
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
            walk(value, false, state.at.key(field), report);
        }
    }
    for list in ["Catch", "Choices"] {
        let at = state.at.key(list);
        for (index, entry) in state.items(list).iter().enumerate() {
            let at = at.index(index);
            for field in ["Condition", "Output", "Assign"] {
                if let Some(value) = entry.get(field) {
                    walk(value, list == "Catch", at.key(field), report);
                }
            }
        }
    }
}

fn walk(value: &Value, in_catch: bool, at: At<'_>, report: &mut Report) {
    match value {
        Value::String(text) => expression(text, in_catch, at, report),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, in_catch, at.index(index), report));
        }
        Value::Object(members) => members.iter().for_each(|(name, value)| walk(value, in_catch, at.key(name), report)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `in_catch`: there is an error that can be referred to.
fn expression(text: &str, in_catch: bool, at: At<'_>, report: &mut Report) {
    let (opens, closes) = (text.starts_with("{%"), text.ends_with("%}"));
    if opens != closes || (opens && text.len() < 4) {
        report.schema(at, "JSONata string must start with {% and end with %}");
        return;
    }
    let Some(source) = query::source(text) else { return };
    let start = text[..text.len() - text.trim_start_matches("{%").trim_start().len()].encode_utf16().count();
    // JSONata tells where it was when it noticed: after what it did not understand.
    let before = |position: usize| position.saturating_sub(1);
    let expression = match Expression::compile(source) {
        Ok(expression) => expression,
        Err(_) if has_placeholder(source) => return,
        Err(error) => {
            let before = before(error.position().unwrap_or_default());
            let note = format!("JSONata's error {} is at character {} of the expression", error.code(), before + 1);
            report.error_within(Code::InvalidJsonataExpression, at, start + before, error.text(), Some(note));
            return;
        }
    };
    let mut unsupported = |name: &str, position: usize, message: String| {
        let length = name.encode_utf16().count();
        let first = start + position.saturating_sub(length);
        report.error_within(Code::UnsupportedJsonataExpression, at, first, message, None);
    };
    for (name, position) in expression.top_level() {
        unsupported(&name, position, format!("Reference to '{name}' at the top level is not supported."));
    }
    if let Some(position) = expression.reads("states", "errorOutput").filter(|_| !in_catch) {
        let message = "Reference to '$states.errorOutput' is only supported in a Catch.".to_owned();
        unsupported("errorOutput", position, message);
    }
}
