//! Fields that belong to the other query language.

use super::machine::{Language, State};
use super::report::Report;
use super::schema;
use crate::location::At;
use crate::value::Value;

/// Fields of a state that only JSONPath has.
const JSONPATH_ONLY: [&str; 16] = [
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "ResultSelector",
    "Result",
    "ItemsPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "SecondsPath",
    "TimestampPath",
    "MaxConcurrencyPath",
    "ToleratedFailurePercentagePath",
    "ToleratedFailureCountPath",
    "ErrorPath",
    "CausePath",
];

/// Fields of a state that only JSONata has.
const JSONATA_ONLY: [&str; 3] = ["Arguments", "Output", "Items"];

/// Fields of the objects inside a state that only JSONPath has.
const JSONPATH_ONLY_INSIDE: [&str; 5] =
    ["Parameters", "ResultPath", "MaxItemsPath", "MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"];

/// Fields of a state that are numbers, and expressions only with JSONata.
const NUMBERS: [&str; 6] = [
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "Seconds",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
];

/// Checks a state's language and the fields that depend on it.
pub(super) fn check(state: &State<'_>, inherited: Language, report: &mut Report) {
    let own = state.text("QueryLanguage");
    if own == Some("JSONPath") && inherited == Language::Jsonata {
        let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
        report.schema(state.at, message);
        return;
    }
    let known: &[&str] = if state.is_jsonata() { &JSONPATH_ONLY } else { &JSONATA_ONLY };
    // A field that the type does not have at all is the schema's business.
    let typed = |field: &str| has_field(state.kind, field);
    foreign(&Value::Object(state.fields.clone()), known, typed, state.language, state.at, report);
    inside(state, report);
    if !state.is_jsonata() {
        for field in NUMBERS {
            if state.text(field).is_some_and(|text| text.starts_with("{%")) {
                report.schema(state.at.key(field), schema::expected("Integer"));
            }
        }
    }
}

/// The objects inside a state that have fields of either language.
fn inside(state: &State<'_>, report: &mut Report) {
    let known: &[&str] = if state.is_jsonata() { &JSONPATH_ONLY_INSIDE } else { &["Arguments", "Output"] };
    for field in ["ItemReader", "ItemBatcher", "ResultWriter"] {
        let Some(value) = state.get(field) else { continue };
        let at = state.at.key(field);
        foreign(value, known, |_| true, state.language, at, report);
        if let Some(config) = value.get("ReaderConfig") {
            foreign(config, known, |_| true, state.language, at.key("ReaderConfig"), report);
        }
    }
    for field in ["Catch", "Choices"] {
        let at = state.at.key(field);
        for (index, entry) in state.items(field).iter().enumerate() {
            let has = |name: &str| name == "Output" || (field == "Catch" && name == "ResultPath");
            foreign(entry, known, has, state.language, at.index(index), report);
        }
    }
}

fn foreign(
    value: &Value,
    names: &[&str],
    has: impl Fn(&str) -> bool,
    language: Language,
    at: At<'_>,
    report: &mut Report,
) {
    for name in names {
        if value.get(name).is_some() && has(name) {
            report.schema_field(at, name, only_for(name, language));
        }
    }
}

/// AWS's complaint about a field of the other language.
pub(super) fn only_for(field: &str, language: Language) -> String {
    let (set, other) = match language {
        Language::JsonPath => ("JSONPath", "JSONata"),
        Language::Jsonata => ("JSONata", "JSONPath"),
    };
    format!(
        "The QueryLanguage is set to '{set}', but field '{field}' is only supported for the '{other}' QueryLanguage"
    )
}

/// Whether states of this type have this field, in their language or in the other.
fn has_field(kind: &str, field: &str) -> bool {
    match field {
        "InputPath" | "OutputPath" => kind != "Fail",
        "ResultPath" => matches!(kind, "Pass" | "Task" | "Parallel" | "Map"),
        "Parameters" => matches!(kind, "Pass" | "Task" | "Parallel" | "Map"),
        "ResultSelector" => matches!(kind, "Task" | "Parallel" | "Map"),
        "Result" => kind == "Pass",
        "ItemsPath" | "Items" | "MaxConcurrencyPath" | "ToleratedFailurePercentagePath" => kind == "Map",
        "ToleratedFailureCountPath" => kind == "Map",
        "TimeoutSecondsPath" | "HeartbeatSecondsPath" => kind == "Task",
        "SecondsPath" | "TimestampPath" => kind == "Wait",
        "ErrorPath" | "CausePath" => kind == "Fail",
        "Arguments" => matches!(kind, "Task" | "Parallel"),
        "Output" => kind != "Fail",
        _ => true,
    }
}
