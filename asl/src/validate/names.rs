//! Names of states: unique in the whole definition, and not too long.

use super::machine::Seen;
use super::report::Report;
use crate::diagnostic::Code;
use crate::location::At;

/// How long a state's name may be, in characters.
const STATE_NAME_CHARS_MAX: usize = 80;

/// Checks the name of a state.
pub(super) fn check(name: &str, at: At<'_>, seen: &mut Seen, report: &mut Report) {
    if name.chars().count() > STATE_NAME_CHARS_MAX {
        let limit = STATE_NAME_CHARS_MAX;
        let message = format!("State name '{name}' exceeds the {limit}-character limit allowed by the service");
        report.error(Code::InvalidStateName, at, message);
    }
    if name.is_empty() {
        report.error(Code::InvalidStateName, at, "State name cannot be empty");
    }
    if !seen.states.insert(name.into()) {
        report.error(Code::DuplicateStateName, at, format!("Duplicate State name: {name}"));
    }
}
