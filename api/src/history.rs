//! History events as the API shows them.

use serde_json::{Map, Value};
use stepwell_engine::core::HistoryEvent;
use stepwell_engine::history_json;

use crate::payload::seconds;

/// The members of an event that hold what users' data flows through it.
const DATA: [&str; 6] = ["input", "output", "parameters", "assignedVariables", "error", "cause"];

/// An event, with or without the data of the execution.
pub fn event(event: &HistoryEvent, include_data: bool) -> Value {
    let mut members = Map::new();
    members.insert("timestamp".to_owned(), seconds(event.at));
    members.insert("type".to_owned(), history_json::type_name(&event.kind).into());
    members.insert("id".to_owned(), event.id.into());
    members.insert("previousEventId".to_owned(), event.previous_id.into());
    if let Some((name, details)) = history_json::details(&event.kind) {
        let details = details.to_json();
        members.insert(name, if include_data { details } else { without_data(details) });
    }
    members.into()
}

/// An event's details without the data of the execution.
pub fn without_data(mut details: Value) -> Value {
    if let Value::Object(members) = &mut details {
        members.retain(|name, _| !DATA.contains(&name.as_str()) && !name.ends_with("Details"));
    }
    details
}
