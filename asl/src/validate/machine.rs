//! The walk: from the definition to its states, and from a state to the state machines inside it.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::report::Report;
use super::schema::{self, Shape};
use super::variables::Outer;
use super::{
    MachineType, choice, exclusive, graph, handlers, jsonata, language, map, names, paths, task, template, variables,
    wait,
};
use crate::location::At;
use crate::value::{Object, Text, Value};

/// The language of a state's paths and expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    JsonPath,
    Jsonata,
}

/// A state, with what its surroundings say about it.
#[derive(Clone, Copy)]
pub(super) struct State<'a> {
    pub kind: &'a str,
    pub fields: &'a Object,
    pub language: Language,
    pub machine: MachineType,
    /// The scopes around that of its state machine.
    pub outer: Option<&'a Outer<'a>>,
    pub at: At<'a>,
}

impl<'a> State<'a> {
    /// A field of the state.
    pub fn get(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field)
    }

    /// A field of the state that is a text.
    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.get(field)?.as_str()
    }

    /// The items of a field of the state that is an array.
    pub fn items(&self, field: &str) -> &'a [Value] {
        self.get(field).and_then(Value::as_array).map_or(&[], |items| items)
    }

    /// Whether it is a JSONata state.
    pub fn is_jsonata(&self) -> bool {
        self.language == Language::Jsonata
    }
}

/// What is known of the whole definition while walking through it.
#[derive(Default)]
pub(super) struct Seen {
    pub states: HashSet<Text>,
    pub labels: HashSet<Text>,
}

/// What a state machine inherits from what it is in.
#[derive(Clone, Copy)]
struct Surroundings<'a> {
    language: Language,
    machine: MachineType,
    /// The scopes that its own is inside of.
    outer: Option<&'a Outer<'a>>,
}

/// Checks a definition.
pub(super) fn check_root(value: &Value, json: &Json, kind: MachineType, at: At<'_>, report: &mut Report) {
    let language = match value.get("QueryLanguage") {
        None => Language::JsonPath,
        Some(name) => language_of(name),
    };
    let around = Surroundings { language, machine: kind, outer: None };
    check_machine(Shape::Machine, value, json, around, at, &mut Seen::default(), report);
}

/// Anything but `JSONPath` counts as JSONata, even what is neither.
pub(super) fn language_of(name: &Value) -> Language {
    if name.as_str() == Some("JSONPath") { Language::JsonPath } else { Language::Jsonata }
}

/// Checks states whose transitions may lead out of the definition.
pub(super) fn check_parts(value: &Value, json: &Json, kind: MachineType, at: At<'_>, report: &mut Report) {
    let around = Surroundings { language: Language::JsonPath, machine: kind, outer: None };
    check_states(value, json, around, at, &mut Seen::default(), report);
}

fn check_machine(
    shape: Shape,
    value: &Value,
    json: &Json,
    around: Surroundings<'_>,
    at: At<'_>,
    seen: &mut Seen,
    report: &mut Report,
) {
    schema::check_shape(shape, json, at, report);
    check_states(value, json, around, at, seen, report);
    if let Some(states) = value.get("States").and_then(Value::as_object) {
        graph::check(value, states, at, report);
    }
}

fn check_states(
    value: &Value,
    json: &Json,
    around: Surroundings<'_>,
    at: At<'_>,
    seen: &mut Seen,
    report: &mut Report,
) {
    let Some(states) = value.get("States").and_then(Value::as_object) else { return };
    let at_states = at.key("States");
    let own = Outer { assigned: variables::assigned(states, around.language), outer: around.outer };
    for (name, state) in states.iter() {
        let at_state = at_states.key(name);
        names::check(name, at_state, seen, report);
        check_state(state, &json["States"][&**name], (around, &own), at_state, seen, report);
    }
}

/// `own` is the scope of the state machine that the state is in.
fn check_state(
    value: &Value,
    json: &Json,
    (around, own): (Surroundings<'_>, &Outer<'_>),
    at: At<'_>,
    seen: &mut Seen,
    report: &mut Report,
) {
    schema::check_state(json, at, report);
    let (Some(fields), Some(kind)) = (value.as_object(), value.get("Type").and_then(Value::as_str)) else { return };
    let written = fields.get("QueryLanguage").map(language_of);
    let language = written.unwrap_or(around.language);
    let state = State { kind, fields, language, machine: around.machine, outer: around.outer, at };
    language::check(&state, around.language, report);
    exclusive::check(&state, report);
    paths::check(&state, report);
    template::check(&state, report);
    jsonata::check(&state, report);
    variables::check(&state, report);
    handlers::check(&state, report);
    match kind {
        "Choice" => choice::check(&state, report),
        "Task" => task::check(&state, report),
        "Map" => map::check(&state, seen, report),
        "Wait" => wait::check(&state, report),
        _ => {}
    }
    let (at_branches, branches) = (at.key("Branches"), if kind == "Parallel" { state.items("Branches") } else { &[] });
    for (index, branch) in branches.iter().enumerate() {
        let json = &json["Branches"][index];
        let inside = Surroundings { outer: Some(own), ..around };
        check_machine(Shape::Branch, branch, json, inside, at_branches.index(index), seen, report);
    }
    for field in ["ItemProcessor", "Iterator"] {
        if let (Some(processor), "Map") = (state.get(field), kind) {
            let machine = if map::runs_express(processor) { MachineType::Express } else { around.machine };
            // The executions of a Distributed Map see nothing of the scopes around them.
            let outer = (!map::is_distributed(processor)).then_some(own);
            let inside = Surroundings { machine, outer, ..around };
            check_machine(Shape::ItemProcessor, processor, &json[field], inside, at.key(field), seen, report);
        }
    }
}
