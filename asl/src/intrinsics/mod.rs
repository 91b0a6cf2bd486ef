//! The intrinsic functions: `States.Format('{}', $.name)` and the seventeen others.

use crate::error::EvalError;
use crate::scope::Scope;
use crate::value::{Text, Value};

/// A parsed call of an intrinsic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Intrinsic {
    text: Text,
}

/// Why a text is no call of an intrinsic function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes from the start of the text.
    pub position: usize,
}

impl Intrinsic {
    /// Parses a call.
    pub fn parse(text: &str) -> Result<Intrinsic, SyntaxError> {
        Ok(Intrinsic { text: text.into() })
    }
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The call's value.
    pub fn evaluate(&self, _scope: &mut Scope<'_>) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }
}
