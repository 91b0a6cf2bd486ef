//! A context object that a caller gives: which fields it may have.

use stepwell_asl::Value;

use super::invalid;
use crate::error::EngineError;

/// What a field holds.
enum Kind {
    Object(&'static [(&'static str, Kind)]),
    Text,
    Count,
    Anything,
}

const CONTEXT: &[(&str, Kind)] = &[
    (
        "Execution",
        Kind::Object(&[
            ("Id", Kind::Text),
            ("Input", Kind::Anything),
            ("Name", Kind::Text),
            ("RoleArn", Kind::Text),
            ("StartTime", Kind::Text),
            ("RedriveCount", Kind::Count),
            ("RedriveTime", Kind::Text),
        ]),
    ),
    ("State", Kind::Object(&[("EnteredTime", Kind::Text), ("Name", Kind::Text), ("RetryCount", Kind::Count)])),
    ("StateMachine", Kind::Object(&[("Id", Kind::Text), ("Name", Kind::Text)])),
    ("Task", Kind::Object(&[("Token", Kind::Text)])),
];

/// Reads a context object.
pub(super) fn read(text: &str) -> Result<Value, EngineError> {
    let value = Value::parse(text).map_err(|_| refused("must be valid JSON"))?;
    if value.as_object().is_none() {
        return Err(refused("must be a JSON object"));
    }
    if value.get("Map").is_some() {
        return Err(refused("'Map' field is not supported when mocking a Context object"));
    }
    check(&value, CONTEXT, "")?;
    Ok(value)
}

fn check(value: &Value, fields: &[(&str, Kind)], path: &str) -> Result<(), EngineError> {
    let Some(members) = value.as_object() else { return Ok(()) };
    for (name, value) in members.iter() {
        let Some((_, kind)) = fields.iter().find(|(known, _)| *known == &**name) else {
            return Err(refused(&format!("Field '{path}{name}' is not allowed")));
        };
        let is_count = || value.as_number().is_some_and(|number| number.as_u64().is_some());
        let (is_right, expected) = match kind {
            Kind::Object(_) => (value.as_object().is_some(), "an object"),
            Kind::Text => (value.as_str().is_some(), "a string"),
            Kind::Count => (is_count(), "a number"),
            Kind::Anything => (true, ""),
        };
        if !is_right {
            return Err(refused(&format!("{path}{name} must be {expected}")));
        }
        if let Kind::Object(fields) = kind {
            check(value, fields, &format!("{path}{name}."))?;
        }
    }
    Ok(())
}

fn refused(why: &str) -> EngineError {
    invalid(format!("Invalid Context object provided: {why}"))
}
