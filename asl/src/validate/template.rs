//! Payload templates of JSONPath states: fields that end with `.$`, and those that look as if they should.

use super::machine::State;
use super::paths;
use super::report::Report;
use crate::diagnostic::Code;
use crate::location::At;
use crate::value::Value;

/// Fields of a state that are templates.
const TEMPLATES: [&str; 5] = ["Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials"];

/// Templates inside the objects of a state.
const INSIDE: [[&str; 2]; 3] =
    [["ItemReader", "Parameters"], ["ResultWriter", "Parameters"], ["ItemBatcher", "BatchInput"]];

/// Checks the templates of a state.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    if state.is_jsonata() {
        return;
    }
    for field in TEMPLATES {
        if let Some(template) = state.get(field) {
            walk(template, state.at.key(field), report);
        }
    }
    for [outer, inner] in INSIDE {
        if let Some(template) = state.get(outer).and_then(|object| object.get(inner)) {
            walk(template, state.at.key(outer).key(inner), report);
        }
    }
    for field in ["Catch", "Choices"] {
        let at = state.at.key(field);
        for (index, entry) in state.items(field).iter().enumerate() {
            if let Some(template) = entry.get("Assign") {
                walk(template, at.index(index).key("Assign"), report);
            }
        }
    }
    if state.kind == "Fail" {
        for field in ["Error", "Cause"] {
            if state.text(field).is_some_and(looks_like_path) {
                no_path(state.at.key(field), report);
            }
        }
    }
    if let (Some(result), "Pass") = (state.get("Result"), state.kind) {
        static_result(result, state.at.key("Result"), report);
    }
}

fn walk(template: &Value, at: At<'_>, report: &mut Report) {
    match template {
        Value::Object(members) => {
            for (name, value) in members.iter() {
                if let Some(plain) = name.strip_suffix(".$") {
                    if members.contains_key(plain) {
                        report.schema_field(at, name, format!("Duplicate field '{plain}'"));
                    }
                    paths::path_or_call(value.as_str(), name, at, report);
                } else {
                    if value.as_str().is_some_and(looks_like_path) {
                        let message = "No `.$` on a field that appears to be a JSONPath or Intrinsic Function";
                        report.warning(Code::NoDollar, at.key(name), message);
                    }
                    walk(value, at.key(name), report);
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, at.index(index), report));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The result of a Pass state is taken as it is: a field that ends with `.$` stays one.
fn static_result(result: &Value, at: At<'_>, report: &mut Report) {
    match result {
        Value::Object(members) => {
            for (name, value) in members.iter() {
                if name.ends_with(".$") && value.as_str().is_some_and(looks_like_path) {
                    let message = "Attempt to use a path in the result of a pass state";
                    report.warning(Code::PassResultIsStatic, at.key(name), message);
                }
                static_result(value, at.key(name), report);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| static_result(item, at.index(index), report));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The text looks like a path, but its field takes it as it is.
pub(super) fn no_path(at: At<'_>, report: &mut Report) {
    let message = "Field value looks like a path, but field name does not end with 'Path'";
    report.warning(Code::NoPath, at, message);
}

/// Whether a text is most likely meant as a path or as a call of an intrinsic function.
pub(super) fn looks_like_path(text: &str) -> bool {
    let call = text.strip_prefix("States.").and_then(|rest| rest.split_once('('));
    let is_call = call.is_some_and(|(name, _)| name.chars().all(char::is_alphanumeric)) && text.ends_with(')');
    is_call || text == "$" || text == "$$" || ["$.", "$[", "$$."].iter().any(|start| text.starts_with(start))
}
