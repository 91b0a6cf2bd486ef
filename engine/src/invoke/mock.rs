//! Canned answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::Answer;
use super::config::MockAnswer;
use super::function::{self, CallError, Function, FunctionCall, FunctionResponse};

/// The answers of one route, given in order; the last one repeats.
pub(super) struct Mock {
    answers: Vec<MockAnswer>,
    calls: AtomicUsize,
}

impl Mock {
    pub(super) fn new(answers: Vec<MockAnswer>) -> Mock {
        Mock { answers, calls: AtomicUsize::new(0) }
    }

    /// The next call gets the first answer again.
    pub(super) fn restart(&self) {
        self.calls.store(0, Ordering::Relaxed);
    }

    /// What the next call gets.
    pub(super) fn next(&self) -> Answer {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.answers.get(call).or(self.answers.last()) {
            Some(MockAnswer::Result(result)) => Answer::Succeeded(result.clone()),
            Some(MockAnswer::Error { name, cause }) => Answer::Failed { error: name.clone(), cause: cause.clone() },
            None => Answer::Succeeded(Default::default()),
        }
    }
}

/// A mock in a function's place: its result is what the function answers.
#[async_trait]
impl Function for Mock {
    async fn call(&self, _: &FunctionCall) -> Result<FunctionResponse, CallError> {
        match self.next() {
            Answer::Succeeded(result) => {
                Ok(FunctionResponse::local(200, function::request_id(), result.to_string().into()))
            }
            Answer::Failed { error, cause } => Err(CallError { error, cause }),
            Answer::TooLarge => Ok(FunctionResponse::too_large(function::request_id())),
        }
    }
}
