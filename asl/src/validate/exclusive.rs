//! Fields of which a state has exactly one, or at most one.

use super::machine::State;
use super::report::Report;
use crate::value::{Object, Value};

/// At most one of each pair.
const PAIRS: [[&str; 2]; 9] = [
    ["TimeoutSeconds", "TimeoutSecondsPath"],
    ["HeartbeatSeconds", "HeartbeatSecondsPath"],
    ["MaxConcurrency", "MaxConcurrencyPath"],
    ["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"],
    ["ToleratedFailureCount", "ToleratedFailureCountPath"],
    ["Error", "ErrorPath"],
    ["Cause", "CausePath"],
    ["ItemSelector", "Parameters"],
    ["Items", "ItemsPath"],
];

/// Checks the fields of a state that exclude each other.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    for pair in PAIRS {
        at_most_one(state.fields, &pair, state.at, report);
    }
    match state.kind {
        "Pass" | "Task" | "Parallel" => exactly_one(state, &["Next", "End"], report),
        "Wait" => {
            exactly_one(state, &["SecondsPath", "Seconds", "TimestampPath", "Timestamp"], report);
            exactly_one(state, &["Next", "End"], report);
        }
        "Map" => {
            exactly_one(state, &["ItemProcessor", "Iterator"], report);
            exactly_one(state, &["Next", "End"], report);
        }
        _ => {}
    }
}

/// Complains where an object has several of these fields.
pub(super) fn at_most_one(fields: &Object, names: &[&str], at: crate::location::At<'_>, report: &mut Report) {
    if names.iter().filter(|name| fields.contains_key(**name)).count() > 1 {
        report.schema(at, format!("There should only be one of the following fields: [{}]", names.join(", ")));
    }
}

fn exactly_one(state: &State<'_>, names: &[&str], report: &mut Report) {
    let count = names.iter().filter(|name| has(state.fields, name)).count();
    if count > 1 {
        let message = format!("There should only be one of the following fields: [{}]", names.join(", "));
        report.schema(state.at, message);
    } else if count == 0 {
        let message = format!("This object should have only one of the following fields: [{}]", names.join(", "));
        report.schema(state.at, message);
    }
}

/// `"End": false` says nothing.
fn has(fields: &Object, name: &str) -> bool {
    match fields.get(name) {
        None => false,
        Some(Value::Bool(end)) if name == "End" => *end,
        Some(_) => true,
    }
}
