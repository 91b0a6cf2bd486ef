//! The Amazon States Language: text to diagnostics, and text to a program that can be run.
//!
//! There are no threads, no clock, no disk and no network here.

pub mod chance;
pub mod choice;
pub mod compile;
pub mod dataflow;
pub mod error;
pub mod intrinsics;
pub mod path;
pub mod program;
pub mod resource;
pub mod retry;
pub mod scope;
pub mod template;
pub mod time;
pub mod value;

pub use chance::Chance;
pub use error::EvalError;
pub use program::{Program, State, StateId, StateKind};
pub use time::Timestamp;
pub use value::{Map, Number, Text, Value};
