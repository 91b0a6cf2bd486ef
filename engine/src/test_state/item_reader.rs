//! What the `ItemReader` of a Map has read, as its caller gives it: the text at the source, in JSON or JSON Lines. The
//! other formats are refused by name.

use serde_json::Value as Json;
use stepwell_asl::Value;
use stepwell_asl::value::Array;

use super::definition::Subject;
use super::{TestState, invalid};
use crate::error::EngineError;

/// Items that were read.
pub(super) struct Read {
    /// The items.
    pub items: Array,
    /// Whether they are what an `ItemsPointer` points to.
    pub pointed: bool,
}

/// The items of a Map that reads them; none where the caller does not say what was read, and `None` where the state
/// takes its items from its input.
pub(super) fn read(test: &TestState, subject: &Subject) -> Result<Option<Read>, EngineError> {
    let Some(reader) = subject.written.get("ItemReader") else { return Ok(None) };
    let config = |field| reader.get("ReaderConfig").and_then(|config| config.get(field));
    let pointer = config("ItemsPointer").and_then(Json::as_str);
    let value = match (&test.configuration.map_item_reader_data, config("InputType").and_then(Json::as_str)) {
        (None, _) => Value::from(Vec::new()),
        (Some(text), None | Some("JSON")) => json(text, pointer)?,
        (Some(text), Some("JSONL")) => {
            text.lines().filter(|line| !line.trim().is_empty()).map(parsed).collect::<Result<Value, EngineError>>()?
        }
        (Some(_), Some(other)) => {
            return Err(invalid(format!("This version does not read MapItemReaderData of the InputType '{other}'.")));
        }
    };
    let Value::Array(mut items) = value else {
        return Err(invalid("MapItemReaderData must be an array."));
    };
    if let Some(most) = config("MaxItems").and_then(Json::as_u64).and_then(|most| usize::try_from(most).ok())
        && (1..items.len()).contains(&most)
        && let Value::Array(first) = items[..most].iter().cloned().collect()
    {
        items = first;
    }
    Ok(Some(Read { items, pointed: pointer.is_some() && test.configuration.map_item_reader_data.is_some() }))
}

fn json(text: &str, pointer: Option<&str>) -> Result<Value, EngineError> {
    let value = parsed(text)?;
    match pointer {
        None => Ok(value),
        Some(pointer) => value
            .to_json()
            .pointer(pointer)
            .cloned()
            .map(Value::from)
            .ok_or_else(|| invalid(format!("The ItemsPointer '{pointer}' points to nothing in MapItemReaderData."))),
    }
}

fn parsed(text: &str) -> Result<Value, EngineError> {
    Value::parse(text).map_err(|_| invalid("MapItemReaderData must be valid JSON."))
}
