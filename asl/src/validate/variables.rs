//! Names of variables, and those in inner scopes that hide one of an outer scope.

use std::collections::HashSet;

use super::machine::{Language, State, language_of};
use super::report::Report;
use crate::diagnostic::Code;
use crate::location::At;
use crate::value::{Object, Value};

/// How long a variable's name may be, in characters.
const CHARS_MAX: usize = 80;

/// The scopes around a machine's states, from the inside out.
pub(super) struct Outer<'a> {
    pub assigned: HashSet<&'a str>,
    pub outer: Option<&'a Outer<'a>>,
}

impl Outer<'_> {
    fn has(&self, name: &str) -> bool {
        self.assigned.contains(name) || self.outer.is_some_and(|outer| outer.has(name))
    }
}

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

/// What the states of one machine set, their Catchers and rules included.
pub(super) fn assigned(states: &Object, language: Language) -> HashSet<&str> {
    let mut found = HashSet::new();
    for state in states.values() {
        let is_jsonata = state.get("QueryLanguage").map_or(language, language_of) == Language::Jsonata;
        let lists = ["Catch", "Choices"].iter().filter_map(|list| state.get(list)?.as_array());
        let holders = lists.flat_map(|list| list.iter()).chain([state]);
        for members in holders.filter_map(|holder| holder.get("Assign")?.as_object()) {
            found.extend(members.keys().map(|key| name_of(key, is_jsonata)));
        }
    }
    found
}

fn name_of(key: &str, is_jsonata: bool) -> &str {
    if is_jsonata { key } else { key.strip_suffix(".$").unwrap_or(key) }
}

fn names(assign: Option<&Value>, state: &State<'_>, at: At<'_>, report: &mut Report) {
    let Some(members) = assign.and_then(Value::as_object) else { return };
    for key in members.keys() {
        let name = name_of(key, state.is_jsonata());
        if name == "states" {
            let message = "Cannot assign to reserved variable '$states'.";
            report.error(Code::ReservedVariableName, at.key(key), message);
        } else if let Some(reason) = problem(name) {
            let message = format!("Invalid variable name '{name}': {reason}");
            report.error(Code::InvalidVariableName, at.key(key), message);
        } else if state.outer.is_some_and(|outer| outer.has(name)) {
            // AWS accepts it: an inner scope sets a variable of its own, which hides the outer one.
            let message = format!("The variable '{name}' hides the one that an outer scope assigns.");
            report.warning(Code::InvalidVariableName, at.key(key), message);
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
