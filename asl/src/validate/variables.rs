//! Names of variables.

use super::machine::State;
use super::report::Report;
use crate::diagnostic::Code;
use crate::location::At;
use crate::value::Value;

/// How long a variable's name may be, in characters.
const CHARS_MAX: usize = 80;

/// Checks the names of the variables that a state sets.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    names(state.get("Assign"), state, state.at.key("Assign"), report);
    for list in ["Catch", "Choices"] {
        let at = state.at.key(list);
        for (index, entry) in state.items(list).iter().enumerate() {
            names(entry.get("Assign"), state, at.index(index).key("Assign"), report);
        }
    }
}

fn names(assign: Option<&Value>, state: &State<'_>, at: At<'_>, report: &mut Report) {
    let Some(members) = assign.and_then(Value::as_object) else { return };
    for key in members.keys() {
        let name = if state.is_jsonata() { key } else { key.strip_suffix(".$").unwrap_or(key) };
        if name == "states" {
            let message = "Cannot assign to reserved variable '$states'.";
            report.error(Code::ReservedVariableName, at.key(key), message);
        } else if let Some(reason) = problem(name) {
            let message = format!("Invalid variable name '{name}': {reason}");
            report.error(Code::InvalidVariableName, at.key(key), message);
        }
    }
}

fn problem(name: &str) -> Option<String> {
    let proper = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if !proper || !name.starts_with(char::is_alphabetic) {
        return Some("the variable name contains invalid characters.".to_owned());
    }
    (name.chars().count() > CHARS_MAX).then(|| format!("the variable name is longer than {CHARS_MAX} characters."))
}
