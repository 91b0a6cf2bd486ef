//! Retry and Catch.

use super::machine::State;
use super::report::Report;
use crate::location::At;
use crate::value::Value;

/// Checks the retriers and catchers of a state.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    for field in ["Retry", "Catch"] {
        let (at, entries) = (state.at.key(field), state.items(field));
        for (index, entry) in entries.iter().enumerate() {
            let is_last = index + 1 == entries.len();
            wildcard(entry, is_last, at.index(index), report);
        }
    }
}

/// `States.ALL` is alone in its list, and its list is the last.
fn wildcard(entry: &Value, is_last: bool, at: At<'_>, report: &mut Report) {
    let Some(names) = entry.get("ErrorEquals").and_then(Value::as_array) else { return };
    let at = at.key("ErrorEquals");
    for (index, name) in names.iter().enumerate() {
        if name.as_str() == Some("States.ALL") && (names.len() > 1 || !is_last) {
            report.schema(at.index(index), "States.ALL must appear alone and at end of list");
        }
    }
}
