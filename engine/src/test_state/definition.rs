//! The state under test, out of its definition: a state by itself, or one of a whole state machine.

use serde_json::Value as Json;
use stepwell_asl::compile::compile;
use stepwell_asl::definition::{BYTES_MAX, Options};
use stepwell_asl::diagnostic::refusal;
use stepwell_asl::validate::validate_states;
use stepwell_asl::{Definition, Diagnostic, Format, MachineType, Map, Program, State, Value, validate};

use super::{TestState, invalid};
use crate::core::Limits;
use crate::error::EngineError;

/// The name that AWS gives a state which is tested by itself.
const STATE_NAME: &str = "StateName";

/// The state under test.
pub(super) struct Subject {
    /// A program that starts at the state.
    pub program: Program,
    /// The state as it is written.
    pub written: Json,
}

impl Subject {
    /// The state.
    pub fn state(&self) -> &State {
        self.program.state(self.program.start)
    }

    /// Whether a state of this name runs inside the state.
    pub fn holds(&self, name: &str) -> bool {
        let inside = format!("{}/", self.state().pointer);
        self.program.states.iter().any(|state| &*state.name == name && state.pointer.starts_with(&inside))
    }
}

/// Reads and checks the definition.
pub(super) fn read(test: &TestState, limits: &Limits) -> Result<Subject, EngineError> {
    let bytes_max = limits.payload_bytes.map(|_| BYTES_MAX);
    let (definition, diagnostics) = parse(&test.definition, bytes_max);
    let definition = accepted(definition, &diagnostics)?;
    match &test.state_name {
        Some(name) => {
            refuse(&validate(&definition, MachineType::Standard))?;
            let mut program = compiled(definition.value())?;
            program.start = program.find(name).ok_or_else(|| invalid("State not found in definition"))?;
            Ok(subject(program, definition.value()))
        }
        None => single(&definition),
    }
}

/// A state by itself. AWS tests it as the only state of a state machine; where it leads is open.
fn single(state: &Definition) -> Result<Subject, EngineError> {
    let text = state.text().trim_start_matches('\u{feff}');
    let machine = format!(r#"{{"StartAt":"{STATE_NAME}","States":{{"{STATE_NAME}":{text}}}}}"#);
    let (machine, diagnostics) = parse(&machine, None);
    let machine = accepted(machine, &diagnostics)?;
    refuse(&validate_states(&machine, MachineType::Standard))?;
    let machine = with_targets(state.value());
    Ok(subject(compiled(&machine)?, &machine))
}

/// A state machine of this state, and of one that ends it for each state that it leads to.
fn with_targets(state: &Value) -> Value {
    let mut states = Map::default();
    states.insert(STATE_NAME.into(), state.clone());
    let lists = ["Choices", "Catch"].into_iter().filter_map(|field| state.get(field)?.as_array());
    let entries = lists.flat_map(|list| list.iter()).filter_map(|entry| entry.get("Next"));
    let own = ["Next", "Default"].into_iter().filter_map(|field| state.get(field));
    for target in own.chain(entries).filter_map(Value::as_str) {
        let end = || [("Type", Value::from("Succeed"))].into_iter().collect();
        states.entry(target.into()).or_insert_with(end);
    }
    [("StartAt", Value::from(STATE_NAME)), ("States", states.into())].into_iter().collect()
}

fn parse(text: &str, bytes_max: Option<usize>) -> (Option<Definition>, Vec<Diagnostic>) {
    let options = Options { format: Some(Format::Json), bytes_max, ..Options::default() };
    Definition::parse_with(text.as_bytes(), &options)
}

fn accepted(definition: Option<Definition>, diagnostics: &[Diagnostic]) -> Result<Definition, EngineError> {
    refuse(diagnostics)?;
    definition.ok_or_else(|| EngineError::call("InvalidDefinition", "Invalid State Machine Definition: no definition"))
}

fn refuse(diagnostics: &[Diagnostic]) -> Result<(), EngineError> {
    match refusal(diagnostics) {
        Some(message) => Err(EngineError::call("InvalidDefinition", message)),
        None => Ok(()),
    }
}

fn compiled(machine: &Value) -> Result<Program, EngineError> {
    let mut program = compile(machine).map_err(|error| {
        let message = format!("Invalid State Machine Definition: '{} at {}'", error.message, error.pointer);
        EngineError::call("InvalidDefinition", message)
    })?;
    program.timeout_s = None; // the state machine's time is not the state's
    Ok(program)
}

fn subject(program: Program, machine: &Value) -> Subject {
    let pointer = &program.state(program.start).pointer;
    let written = machine.to_json().pointer(pointer).cloned().unwrap_or_default();
    Subject { program, written }
}
