//! Transitions: each leads to a state, each state is led to, and some state ends the state machine.

use std::collections::HashSet;

use super::paths::has_placeholder;
use super::report::Report;
use crate::diagnostic::Code;
use crate::location::At;
use crate::value::{Object, Value};

/// Checks the transitions of one state machine; those inside its states are state machines of their own.
pub(super) fn check(machine: &Value, states: &Object, at: At<'_>, report: &mut Report) {
    let start = machine.get("StartAt").and_then(Value::as_str);
    if let Some(start) = start {
        target(start, states, at.key("StartAt"), report);
    }
    let at_states = at.key("States");
    for (name, state) in states.iter() {
        let at_state = at_states.key(name);
        each_transition(state, at_state, &mut |next, at| target(next, states, at, report));
    }
    if states.is_empty() {
        return;
    }
    if !states.values().any(ends) {
        report.error_nowhere(Code::MissingEndState, at_states, "Workflow has no terminal state");
        return;
    }
    if let Some(start) = start
        && all_known(start, states)
    {
        for name in unreachable(start, states) {
            let message = format!("State \"{name}\" is not reachable.");
            report.error(Code::MissingTransitionTarget, at_states.key(name), message);
        }
    }
}

fn target(name: &str, states: &Object, at: At<'_>, report: &mut Report) {
    if !states.contains_key(name) && !has_placeholder(name) {
        report.error(Code::MissingTransitionTarget, at, format!("Missing 'Next' target: {name}"));
    }
}

/// Whether every transition is known: none is a placeholder, and no state is one.
fn all_known(start: &str, states: &Object) -> bool {
    let known = |name: &str| states.contains_key(name) || !has_placeholder(name);
    let mut all = known(start);
    for state in states.values() {
        all &= !state.as_str().is_some_and(has_placeholder);
        each_transition(state, At::ROOT, &mut |next, _| all &= known(next));
    }
    all
}

/// Whether a state ends its state machine. One whose type is unknown may.
fn ends(state: &Value) -> bool {
    match state.get("Type").and_then(Value::as_str) {
        Some("Succeed" | "Fail") | None => true,
        Some("Choice") => false,
        Some(_) => match state.get("End") {
            Some(Value::Bool(end)) => *end,
            Some(_) => true,
            None => false,
        },
    }
}

/// The states that no other state leads to. AWS does not ask whether those that do can be reached themselves.
fn unreachable<'a>(start: &'a str, states: &'a Object) -> Vec<&'a str> {
    let mut targets = HashSet::from([start]);
    for (name, state) in states.iter() {
        each_transition(state, At::ROOT, &mut |next, _| {
            if let Some((next, _)) = states.get_key_value(next)
                && next != name
            {
                targets.insert(next);
            }
        });
    }
    states.keys().map(|name| &**name).filter(|name| !targets.contains(name)).collect()
}

/// Calls back with every transition of a state: where it leads, and where it is written.
fn each_transition(state: &Value, at: At<'_>, found: &mut dyn FnMut(&str, At<'_>)) {
    for field in ["Next", "Default"] {
        if let Some(next) = state.get(field).and_then(Value::as_str) {
            found(next, at.key(field));
        }
    }
    for field in ["Choices", "Catch"] {
        let at_list = at.key(field);
        for (index, entry) in
            state.get(field).and_then(Value::as_array).into_iter().flat_map(|list| list.iter()).enumerate()
        {
            if let Some(next) = entry.get("Next").and_then(Value::as_str) {
                found(next, at_list.index(index).key("Next"));
            }
        }
    }
}
