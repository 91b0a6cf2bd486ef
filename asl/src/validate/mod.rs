//! What is wrong with a definition: its structure by a schema, everything else by rules in code, one file per subject.
//!
//! Rules look at what they understand and pass over the rest in silence: the schema has already complained about it.

mod choice;
mod exclusive;
mod graph;
mod handlers;
mod integration;
mod jsonata;
mod language;
mod machine;
mod map;
mod names;
mod paths;
mod report;
mod schema;
mod task;
mod template;
mod variables;
mod verdict;
mod wait;

use crate::definition::Definition;
use crate::diagnostic::Diagnostic;
use crate::location::At;
use report::Report;

pub use verdict::{RESULTS_MAX, Verdict, examine};

/// The kind of state machine: what it may use depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MachineType {
    /// Runs up to a year, each step exactly once, with a history.
    #[default]
    Standard,
    /// Runs up to five minutes, without a history.
    Express,
}

/// Everything that is wrong with a definition, in the order of its text.
pub fn validate(definition: &Definition, kind: MachineType) -> Vec<Diagnostic> {
    let json = definition.value().to_json();
    let mut report = Report::default();
    machine::check_root(definition.value(), &json, kind, At::ROOT, &mut report);
    report.finish(definition)
}

/// Everything that is wrong with the states of a definition, taken by themselves: where they lead is not looked at.
pub fn validate_states(definition: &Definition, kind: MachineType) -> Vec<Diagnostic> {
    let json = definition.value().to_json();
    let mut report = Report::default();
    machine::check_parts(definition.value(), &json, kind, At::ROOT, &mut report);
    report.finish(definition)
}
