//! Histories as text: an event a line, with the details that matter.
//!
//! ```text
//! 1 ExecutionStarted input={"n":1}
//! 2 TaskStateEntered name=Double input={"n":1}
//! 3 <2 LambdaFunctionScheduled resource=<any> input={"n":1}
//! ```
//!
//! A line has the event's id, the id of the event before it where that is not simply one less (`<2`), its type and its
//! details. A value is JSON, or a word without spaces. Lines that begin with `#` are remarks.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The longest history that is read.
const LINES_MAX: usize = 25_000;

/// Details that AWS has as JSON in a string.
const DOCUMENTS: [&str; 3] = ["input", "output", "parameters"];

/// Details that say nothing but that nothing was cut off.
pub(crate) const CUT_OFF: [&str; 3] = ["inputDetails", "outputDetails", "assignedVariablesDetails"];

/// Details that belong to the place rather than to the execution. They are compared only where they are written.
pub(crate) const OF_PLACE: [&str; 2] = ["roleArn", "region"];

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its id.
    pub id: u64,
    /// The id of the event before it.
    pub previous: u64,
    /// Its type.
    pub kind: String,
    /// Its details, under AWS's names.
    pub details: Vec<(String, Value)>,
}

impl Line {
    /// An event as `GetExecutionHistory` has it. What AWS has as JSON in a string is a value here.
    pub fn of_event(event: &Value) -> Result<Line, String> {
        let number = |name| event.get(name).and_then(Value::as_u64).ok_or(format!("an event has no {name}: {event}"));
        let kind = event.get("type").and_then(Value::as_str).ok_or(format!("an event has no type: {event}"))?;
        if !event.get("timestamp").is_some_and(Value::is_number) {
            return Err(format!("an event has no timestamp: {event}"));
        }
        let (id, previous) = (number("id")?, event.get("previousEventId").and_then(Value::as_u64).unwrap_or(0));
        let mut details = Vec::new();
        for (name, value) in event.as_object().into_iter().flatten() {
            match name.as_str() {
                "id" | "previousEventId" | "type" | "timestamp" => {}
                _ if name.ends_with("EventDetails") => {
                    details.extend(value.as_object().into_iter().flatten().map(detail));
                }
                _ => return Err(format!("an event has {name}: {event}")),
            }
        }
        Ok(Line { id, previous, kind: kind.to_owned(), details })
    }

    /// The value of a detail.
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.details.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The line as it is written.
    pub fn text(&self) -> String {
        let mut text = format!("{}", self.id);
        if self.previous + 1 != self.id {
            let _ = write!(text, " <{}", self.previous);
        }
        text.push(' ');
        text.push_str(&self.kind);
        for (name, value) in &self.details {
            let _ = write!(text, " {name}={}", shown(name, value));
        }
        text
    }

    /// Without the details that need not be written.
    pub fn trimmed(mut self) -> Line {
        self.details.retain(|(name, value)| {
            !(OF_PLACE.contains(&name.as_str()) || CUT_OFF.contains(&name.as_str()) && is_whole(value))
        });
        self
    }
}

/// Whether such a detail says that nothing was cut off.
pub(crate) fn is_whole(details: &Value) -> bool {
    details.get("truncated") == Some(&Value::Bool(false))
}

/// A history's lines. An error names the line.
pub fn parse(text: &str) -> Result<Vec<Line>, (usize, String)> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if lines.len() == LINES_MAX {
            return Err((at + 1, format!("a history has at most {LINES_MAX} events")));
        }
        lines.push(parse_line(line).map_err(|why| (at + 1, why))?);
    }
    Ok(lines)
}

fn parse_line(line: &str) -> Result<Line, String> {
    let (id, rest) = word(line);
    let id: u64 = id.parse().map_err(|_| format!("'{id}' is no event id"))?;
    let mut previous = id.saturating_sub(1);
    let (mut kind, mut rest) = word(rest);
    if let Some(number) = kind.strip_prefix('<') {
        previous = number.parse().map_err(|_| format!("'{number}' is no event id"))?;
        (kind, rest) = word(rest);
    }
    if kind.is_empty() || !kind.chars().all(char::is_alphanumeric) {
        return Err(format!("'{kind}' is no type of an event"));
    }
    let mut details: Vec<(String, Value)> = Vec::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=').ok_or(format!("'{rest}' has no ="))?;
        if name.is_empty() || !name.chars().all(char::is_alphanumeric) {
            return Err(format!("'{name}' is no name of a detail"));
        }
        if details.iter().any(|(known, _)| known == name) {
            return Err(format!("{name} is there twice"));
        }
        let (value, after) = read_value(value)?;
        details.push((name.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(Line { id, previous, kind: kind.to_owned(), details })
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

fn read_value(text: &str) -> Result<(Value, &str), String> {
    if !text.starts_with(['{', '[', '"']) {
        let (bare, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return match bare.is_empty() {
            true => Err("a value is missing".to_owned()),
            false => Ok((serde_json::from_str(bare).unwrap_or_else(|_| Value::String(bare.to_owned())), rest)),
        };
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next().ok_or("a value is missing")?.map_err(|error| format!("no JSON: {error}"))?;
    let rest = text.get(values.byte_offset()..).unwrap_or_default();
    match rest.is_empty() || rest.starts_with(char::is_whitespace) {
        true => Ok((value, rest)),
        false => Err(format!("'{rest}' follows a value")),
    }
}

fn detail((name, value): (&String, &Value)) -> (String, Value) {
    let value = match value {
        Value::String(text) if DOCUMENTS.contains(&name.as_str()) => document(text),
        // An error's cause may be an object that a function has made.
        Value::String(text) if name == "cause" && text.starts_with('{') => document(text),
        Value::Object(variables) if name == "assignedVariables" => {
            let each =
                |(name, value): (&String, &Value)| (name.clone(), value.as_str().map_or(value.clone(), document));
            Value::Object(variables.iter().map(each).collect::<Map<_, _>>())
        }
        other => other.clone(),
    };
    (name.clone(), value)
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// A value as it is written: bare where it reads back as the same, and is no document, whose strings stay quoted.
fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if is_bare(text) && (text.starts_with('<') || !DOCUMENTS.contains(&name)) => text.clone(),
        other => other.to_string(),
    }
}

fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['{', '[', '"'])
        && !text.contains(char::is_whitespace)
        && serde_json::from_str::<Value>(text).is_err()
}
