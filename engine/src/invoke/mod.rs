//! How Task states reach what they name: functions in local processes, over HTTP or on AWS Lambda, and mocks.
//!
//! A [`Router`] reads `stepwell.toml` ([`Config`]) and takes each [`Task`] to the first route that matches. Nothing here
//! knows of retries, histories or stores: a task comes in, an answer in AWS's words goes out. No call holds a thread.

mod admission;
#[cfg(feature = "aws")]
pub mod aws;
mod body;
pub mod config;
mod environment;
pub mod function;
mod function_name;
pub(crate) mod http;
pub mod http_task;
pub mod lambda_task;
mod mock;
mod mock_all;
mod pattern;
mod process;
mod real_aws;
mod router;
pub mod services;
pub(crate) mod wall_clock;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::{Text, Value};

pub use config::{Config, ConfigError};
pub use environment::{Environment, Keys};
pub use function::{CallError, Function, FunctionCall, FunctionResponse, InvocationType, LogType};
pub use function_name::FunctionName;
pub use router::Router;

/// One call of a task's resource.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// The `Resource` as the definition has it: an ARN.
    pub resource: Text,
    /// The effective input: `InputPath` and `Parameters`, or `Arguments`, applied.
    pub input: Value,
    /// What is left until the task's deadline. None: no deadline.
    pub timeout: Option<Duration>,
    /// The execution that calls.
    pub execution_arn: Text,
    /// The execution's name.
    pub execution_name: Text,
    /// The execution's state machine.
    pub state_machine_arn: Text,
    /// The state's name.
    pub state: Text,
    /// 0 for the first call of this visit to the state, 1 for its first retry.
    pub attempt: u32,
    /// The task token, where the state waits for one.
    pub token: Option<Text>,
    /// The role that the state's `Credentials` name.
    pub role_arn: Option<Text>,
    /// Where a test of the task wants to find what went over the wire. Only HTTP Tasks tell it.
    pub trace: Option<http_task::Trace>,
}

impl Task {
    /// Whether the state goes on only when its token comes back (`.waitForTaskToken`).
    pub fn waits_for_token(&self) -> bool {
        self.resource.ends_with(".waitForTaskToken")
    }
}

/// What came of a task. Errors carry AWS's names and causes, ready for `Retry` and `Catch`.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The task's result.
    Succeeded(Value),
    /// The task's error.
    Failed {
        /// The error's name: what `ErrorEquals` is compared with.
        error: String,
        /// The cause: text for people, or the error object that a function returned, as JSON text.
        cause: Option<String>,
    },
    /// What came back is larger than any state may hold, and is not JSON either.
    TooLarge,
}

impl Answer {
    /// A failure with a cause.
    pub fn failed(error: impl Into<String>, cause: impl Into<String>) -> Answer {
        Answer::Failed { error: error.into(), cause: Some(cause.into()) }
    }
}

/// Takes a task to its resource. Dropping the future gives the call up.
#[async_trait]
pub trait Invoker: Send + Sync + 'static {
    /// Calls the task's resource and waits for its answer.
    async fn invoke(&self, task: &Task) -> Answer;

    /// Whether this task is for a route or a mock of somebody's, although Step Functions could answer it itself: it starts
    /// an execution, or calls the Step Functions API.
    fn takes(&self, task: &Task) -> bool {
        let _ = task;
        false
    }

    /// Whether the answer to this task is final although its resource says to wait for a token or a job: nobody else
    /// would ever bring the token back to a mock. False for everything but mocks.
    fn answers_for_callback(&self, task: &Task) -> bool {
        let _ = task;
        false
    }
}

/// Which of a function's two outputs a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Receives what functions print: the function's name, the stream, one line without its end. Called from async tasks:
/// it must not block for long.
pub type Sink = Arc<dyn Fn(&str, Stream, &str) + Send + Sync>;

/// Locks; what a panicking holder left behind is still whole, for every critical section here is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
