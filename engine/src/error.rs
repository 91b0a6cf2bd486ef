//! What can go wrong with a call of the engine.

use std::io;

use crate::record::RecordError;
use crate::store::{Failure, OpenError, StoreError};

/// Why the engine did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The call was wrong, in AWS's words.
    #[error("{code}: {message}")]
    Call {
        /// AWS's name of the error, such as `ExecutionDoesNotExist`.
        code: &'static str,
        /// AWS's sentence, where it is known.
        message: String,
        /// Which of AWS's reasons a `ValidationException` has, where it has one.
        reason: Option<&'static str>,
    },
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store failed. What was acknowledged is safe, what was asked for did not happen.
    #[error("the store has failed: {0}")]
    Store(#[from] StoreError),
    /// What the store holds cannot be read.
    #[error("{what} cannot be read: {source}")]
    Record {
        /// Which execution or record.
        what: String,
        /// Why.
        source: RecordError,
    },
    /// The engine has stopped, or is about to.
    #[error("the engine has stopped: {0}")]
    Stopped(String),
    /// The machine does not give what is needed.
    #[error(transparent)]
    Machine(#[from] io::Error),
}

impl EngineError {
    pub(crate) fn call(code: &'static str, message: impl Into<String>) -> EngineError {
        EngineError::Call { code, message: message.into(), reason: None }
    }

    /// `ValidationException` with one of AWS's reasons.
    pub(crate) fn invalid_for(reason: &'static str, message: impl Into<String>) -> EngineError {
        EngineError::Call { code: "ValidationException", message: message.into(), reason: Some(reason) }
    }

    pub(crate) fn no_execution(arn: &str) -> EngineError {
        EngineError::call("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
    }

    /// AWS's name of the error, where the call was wrong.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            EngineError::Call { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl From<Failure> for EngineError {
    fn from(failure: Failure) -> EngineError {
        EngineError::Store(StoreError::Failed(failure))
    }
}
