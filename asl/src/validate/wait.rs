//! The time of a Wait state.

use super::machine::State;
use super::paths::has_placeholder;
use super::report::Report;
use crate::time::Timestamp;

/// Checks a Wait state.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    let Some(text) = state.text("Timestamp") else { return };
    let is_expression = state.is_jsonata() && text.starts_with("{%");
    if !is_expression && !has_placeholder(text) && Timestamp::parse(text).is_none() {
        report.schema(state.at.key("Timestamp"), "String does not match RFC3339 timestamp");
    }
}
