//! The Amazon States Language: text to diagnostics, and text to a program that can be run.
//!
//! There are no threads, no clock, no disk and no network here.

pub mod chance;
pub mod choice;
pub mod compile;
pub mod dataflow;
pub mod definition;
pub mod diagnostic;
pub mod error;
pub mod intrinsics;
pub mod jsonata;
pub mod location;
pub mod path;
pub mod program;
pub mod programs;
pub mod query;
pub mod resource;
pub mod retry;
pub mod scope;
mod source;
pub mod template;
pub mod time;
pub mod validate;
pub mod value;
pub mod variable_references;

pub use chance::Chance;
pub use definition::{Definition, Format};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use error::EvalError;
pub use location::Place;
pub use program::{Program, State, StateId, StateKind};
pub use time::Timestamp;
pub use validate::{MachineType, validate};
pub use value::{Map, Number, Text, Value};
pub use variable_references::{VariableReferences, variable_references};
