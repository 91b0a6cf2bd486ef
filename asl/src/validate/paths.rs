//! Fields that are paths, in JSONPath states.

use super::machine::State;
use super::report::Report;
use crate::intrinsics::{self, Intrinsic};
use crate::location::At;
use crate::path::{ReferencePath, Root, Selector};
use crate::value::Value;

const NOT_A_PATH: &str = "Value must be a valid JSONPath.";
const NOT_A_REFERENCE: &str = "Value is not a Reference Path";

/// Fields that select one value of the input, the context or a variable.
const DEFINITE: [&str; 5] = ["ItemsPath", "SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath"];

/// The same, but not of the context.
const NUMBERS: [&str; 3] = ["MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"];

/// Checks the paths of a state.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    if state.is_jsonata() {
        return;
    }
    for field in ["InputPath", "OutputPath"] {
        if let Some(text) = state.text(field) {
            selector(text, state.at.key(field), report);
        }
    }
    for field in DEFINITE {
        if let Some(text) = state.text(field) {
            definite(text, state.at.key(field), report);
        }
    }
    for field in NUMBERS {
        number(state.get(field), state.at.key(field), report);
    }
    for field in ["ErrorPath", "CausePath"] {
        if let Some(text) = state.text(field) {
            path_or_call(Some(text), field, state.at, report);
        }
    }
    result_path(state.get("ResultPath"), state.at.key("ResultPath"), report);
    let at_catch = state.at.key("Catch");
    for (index, catcher) in state.items("Catch").iter().enumerate() {
        result_path(catcher.get("ResultPath"), at_catch.index(index).key("ResultPath"), report);
    }
    if let Some(batcher) = state.get("ItemBatcher") {
        let at = state.at.key("ItemBatcher");
        for field in ["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"] {
            number(batcher.get(field), at.key(field), report);
        }
    }
    if let Some(config) = state.get("ItemReader").and_then(|reader| reader.get("ReaderConfig")) {
        let at = state.at.key("ItemReader");
        number(config.get("MaxItemsPath"), at.key("ReaderConfig").key("MaxItemsPath"), report);
    }
}

/// A field whose value is a path or a call of an intrinsic function. A text with a placeholder may become either.
pub(super) fn path_or_call(text: Option<&str>, field: &str, at: At<'_>, report: &mut Report) {
    let note = match text {
        Some(text) if has_placeholder(text) => return,
        Some(text) if text.starts_with('$') => match Selector::parse(text) {
            Ok(_) => return,
            Err(_) => None,
        },
        Some(text) if text.starts_with("States.") => match Intrinsic::parse(text) {
            Ok(_) => return,
            Err(error) => Some(explained(text, &error)),
        },
        Some(_) | None => None,
    };
    let message =
        format!("The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call");
    report.schema_field_value(at, field, message, note);
}

/// What is wrong with a call, and at which of its characters unless that is the first.
fn explained(text: &str, error: &intrinsics::SyntaxError) -> String {
    match text.get(..error.position).map_or(0, |before| before.chars().count()) {
        0 => error.message.clone(),
        before => format!("{}, at character {}", error.message, before + 1),
    }
}

/// Whether a placeholder, `${Name}`, is still to be replaced in the text.
pub(super) fn has_placeholder(text: &str) -> bool {
    text.split_once("${").is_some_and(|(_, rest)| rest.contains('}'))
}

/// A path that a Choice rule compares.
pub(super) fn operand(text: &str, at: At<'_>, report: &mut Report) {
    if has_placeholder(text) {
        return;
    }
    if !text.starts_with('$') {
        report.schema(at, "Value is not a Reference Path: Reference path didn't start with '$'");
    } else if Selector::parse(text).is_err() {
        report.schema(at, NOT_A_REFERENCE);
    }
}

fn selector(text: &str, at: At<'_>, report: &mut Report) -> Option<Selector> {
    if has_placeholder(text) {
        return None;
    }
    let parsed = if text.starts_with('$') { Selector::parse(text).ok() } else { None };
    if parsed.is_none() {
        report.schema(at, NOT_A_PATH);
    }
    parsed
}

fn definite(text: &str, at: At<'_>, report: &mut Report) -> Option<Selector> {
    let selector = selector(text, at, report)?;
    if !selector.path.is_definite() {
        report.schema(at, NOT_A_REFERENCE);
        return None;
    }
    Some(selector)
}

fn number(value: Option<&Value>, at: At<'_>, report: &mut Report) {
    let Some(text) = value.and_then(Value::as_str) else { return };
    if definite(text, at, report).is_some_and(|selector| selector.root == Root::Context) {
        report.schema(at, NOT_A_REFERENCE);
    }
}

fn result_path(value: Option<&Value>, at: At<'_>, report: &mut Report) {
    let Some(text) = value.and_then(Value::as_str) else { return };
    if has_placeholder(text) {
        return;
    }
    if !text.starts_with('$') {
        report.schema(at, NOT_A_PATH);
    } else if ReferencePath::parse(text).is_err() {
        report.schema(at, NOT_A_REFERENCE);
    }
}
