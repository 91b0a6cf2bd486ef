//! Choice rules: one condition each, made of comparisons of the right type.

use super::exclusive;
use super::language;
use super::machine::{Language, State};
use super::paths;
use super::report::Report;
use super::template;
use crate::location::At;
use crate::time::Timestamp;
use crate::value::{Object, Value};

/// What a rule is made of: one of these.
const KINDS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

/// Every comparison.
const OPERATORS: [&str; 39] = [
    "StringEquals",
    "StringEqualsPath",
    "StringLessThan",
    "StringLessThanPath",
    "StringGreaterThan",
    "StringGreaterThanPath",
    "StringLessThanEquals",
    "StringLessThanEqualsPath",
    "StringGreaterThanEquals",
    "StringGreaterThanEqualsPath",
    "StringMatches",
    "NumericEquals",
    "NumericEqualsPath",
    "NumericLessThan",
    "NumericLessThanPath",
    "NumericGreaterThan",
    "NumericGreaterThanPath",
    "NumericLessThanEquals",
    "NumericLessThanEqualsPath",
    "NumericGreaterThanEquals",
    "NumericGreaterThanEqualsPath",
    "BooleanEquals",
    "BooleanEqualsPath",
    "TimestampEquals",
    "TimestampEqualsPath",
    "TimestampLessThan",
    "TimestampLessThanPath",
    "TimestampGreaterThan",
    "TimestampGreaterThanPath",
    "TimestampLessThanEquals",
    "TimestampLessThanEqualsPath",
    "TimestampGreaterThanEquals",
    "TimestampGreaterThanEqualsPath",
    "IsNull",
    "IsPresent",
    "IsNumeric",
    "IsString",
    "IsBoolean",
    "IsTimestamp",
];

/// Checks the rules of a Choice state.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    let at = state.at.key("Choices");
    for (index, value) in state.items("Choices").iter().enumerate() {
        if let Some(fields) = value.as_object() {
            rule(fields, state.language, at.index(index), report);
        }
    }
}

fn rule(fields: &Object, language: Language, at: At<'_>, report: &mut Report) {
    if KINDS.iter().filter(|kind| fields.contains_key(**kind)).count() != 1 {
        let message = format!("The object must have only one of the following fields, [{}]", KINDS.join(", "));
        report.schema(at, message);
    }
    let foreign: &[&str] = if language == Language::Jsonata { &KINDS[..4] } else { &KINDS[4..] };
    for field in foreign.iter().filter(|field| fields.contains_key(**field)) {
        report.schema_field(at, field, language::only_for(field, language));
    }
    for kind in ["And", "Or"] {
        let at_list = at.key(kind);
        let list = fields.get(kind).and_then(Value::as_array).into_iter().flat_map(|list| list.iter());
        for (index, inner) in list.enumerate() {
            if let Some(inner) = inner.as_object() {
                rule(inner, language, at_list.index(index), report);
            }
        }
    }
    if let Some(inner) = fields.get("Not").and_then(Value::as_object) {
        rule(inner, language, at.key("Not"), report);
    }
    if let Some(variable) = fields.get("Variable") {
        comparison(variable, fields, at, report);
    }
}

fn comparison(variable: &Value, fields: &Object, at: At<'_>, report: &mut Report) {
    if let Some(path) = variable.as_str() {
        paths::operand(path, at.key("Variable"), report);
    }
    if !OPERATORS.iter().any(|operator| fields.contains_key(*operator)) {
        let message = format!("This object should have only one of the following fields: [{}]", OPERATORS.join(", "));
        report.schema(at, message);
    }
    exclusive::at_most_one(fields, &OPERATORS, at, report);
    for operator in OPERATORS {
        let Some(text) = fields.get(operator).and_then(Value::as_str) else { continue };
        if operator.ends_with("Path") {
            paths::operand(text, at.key(operator), report);
        } else if operator.starts_with("Timestamp") && !paths::has_placeholder(text) && Timestamp::parse(text).is_none()
        {
            report.schema(at.key(operator), "String does not match RFC3339 timestamp");
        } else if operator.starts_with("String") && operator != "StringMatches" && template::looks_like_path(text) {
            template::no_path(at.key(operator), report);
        }
    }
}
