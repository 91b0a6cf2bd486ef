//! Which variables each state of a definition refers to, as `DescribeStateMachine` tells it.
//!
//! Only the text counts: whether a variable has a value when the state runs is not asked here.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::intrinsics::Intrinsic;
use crate::jsonata::{Expression, is_function};
use crate::path::{Root, Selector};
use crate::query;
use crate::value::{Object, Text, Value};

/// The names of the variables that states refer to, without their `$`, by the names of the states. States that refer
/// to none are left out.
pub type VariableReferences = BTreeMap<Text, BTreeSet<Text>>;

/// The variables that each state refers to, those inside Map and Parallel states included.
///
/// A Map's `ItemSelector` belongs to the Map; what its processor refers to belongs to the states in there.
pub fn variable_references(definition: &Value) -> VariableReferences {
    let mut assigned = HashSet::new();
    each_state(definition, &mut |_, state| collect_assigned(state, &mut assigned));
    let mut references = VariableReferences::new();
    walk(definition, false, &assigned, &mut references);
    references
}

/// Parts of a state that say something else than how data flows.
const WITHOUT_DATA: [&str; 9] =
    ["Type", "Comment", "QueryLanguage", "Resource", "Next", "Default", "Label", "Result", "ErrorEquals"];

/// Parts of a state that are state machines: their states refer to variables, not the state around them.
const MACHINES: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// Payload templates of JSONPath states, at any depth of a state.
const TEMPLATES: [&str; 6] = ["Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials", "BatchInput"];

/// The state machines directly inside a state.
fn machines(state: &Value) -> impl Iterator<Item = &Value> {
    MACHINES.iter().filter_map(|field| state.get(field)).flat_map(|machine| match machine {
        Value::Array(branches) => branches.iter().collect(),
        one => vec![one],
    })
}

fn states(machine: &Value) -> impl Iterator<Item = (&Text, &Value)> {
    machine.get("States").and_then(Value::as_object).into_iter().flat_map(|states| states.iter())
}

fn each_state<'a>(machine: &'a Value, found: &mut dyn FnMut(&'a Text, &'a Value)) {
    for (name, state) in states(machine) {
        found(name, state);
        machines(state).for_each(|inner| each_state(inner, found));
    }
}

/// Only in JSONata, where a variable may have the name of a function, does it matter what is assigned.
fn collect_assigned<'a>(state: &'a Value, names: &mut HashSet<&'a str>) {
    let entries = ["Catch", "Choices"].iter().filter_map(|list| state.get(list)?.as_array());
    let holders = entries.flat_map(|entries| entries.iter()).chain([state]);
    for members in holders.filter_map(|holder| holder.get("Assign")?.as_object()) {
        names.extend(members.keys().map(|name| name.strip_suffix(".$").unwrap_or(name)));
    }
}

fn walk(machine: &Value, jsonata_around: bool, assigned: &HashSet<&str>, references: &mut VariableReferences) {
    let is_jsonata = |holder: &Value, default| match holder.get("QueryLanguage").and_then(Value::as_str) {
        Some(language) => language == "JSONata",
        None => default,
    };
    let jsonata_around = is_jsonata(machine, jsonata_around);
    for (name, state) in states(machine) {
        let mut found = BTreeSet::new();
        if let Some(fields) = state.as_object() {
            if is_jsonata(state, jsonata_around) {
                jsonata_fields(fields, assigned, &mut found);
            } else {
                path_fields(fields, &mut found);
            }
        }
        if !found.is_empty() {
            references.entry(name.clone()).or_default().extend(found);
        }
        machines(state).for_each(|inner| walk(inner, jsonata_around, assigned, references));
    }
}

// ---- JSONPath ----

fn path_fields(fields: &Object, found: &mut BTreeSet<Text>) {
    for (name, value) in fields.iter() {
        let name = &**name;
        if WITHOUT_DATA.contains(&name) || MACHINES.contains(&name) || name == "ResultPath" {
            continue;
        }
        match value {
            _ if TEMPLATES.contains(&name) => template(value, found),
            Value::String(text) if name == "Variable" || name.ends_with("Path") => expression(text, found),
            Value::Object(inner) => path_fields(inner, found),
            Value::Array(items) => items.iter().filter_map(Value::as_object).for_each(|item| path_fields(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn template(value: &Value, found: &mut BTreeSet<Text>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter() {
                match value.as_str() {
                    Some(text) if name.ends_with(".$") => expression(text, found),
                    _ => template(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| template(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A path or a call of an intrinsic function. What is neither refers to nothing.
fn expression(text: &str, found: &mut BTreeSet<Text>) {
    let mut note = |selector: &Selector| {
        if let Root::Variable(name) = &selector.root {
            found.insert(name.clone());
        }
    };
    if text.starts_with('$') {
        Selector::parse(text).iter().for_each(note);
    } else if let Ok(call) = Intrinsic::parse(text) {
        call.each_path(&mut note);
    }
}

// ---- JSONata ----

fn jsonata_fields(fields: &Object, assigned: &HashSet<&str>, found: &mut BTreeSet<Text>) {
    for (name, value) in fields.iter() {
        match (&**name, value) {
            ("Retry", _) => {}
            ("Catch" | "Choices", Value::Array(entries)) => {
                let computed = |entry| ["Condition", "Output", "Assign"].map(|name| Value::get(entry, name));
                entries.iter().flat_map(computed).flatten().for_each(|value| jsonata_value(value, assigned, found));
            }
            (name, value) if !WITHOUT_DATA.contains(&name) && !MACHINES.contains(&name) => {
                jsonata_value(value, assigned, found);
            }
            _ => {}
        }
    }
}

fn jsonata_value(value: &Value, assigned: &HashSet<&str>, found: &mut BTreeSet<Text>) {
    match value {
        Value::String(text) => {
            let expression = query::source(text).and_then(|source| Expression::compile(source).ok());
            let names = expression.iter().flat_map(Expression::variables).map(|(name, _)| name);
            found.extend(names.filter(|name| assigned.contains(&**name) || !is_function(name)));
        }
        Value::Array(items) => items.iter().for_each(|item| jsonata_value(item, assigned, found)),
        Value::Object(members) => members.values().for_each(|member| jsonata_value(member, assigned, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
