//! Calls of Step Functions to itself: states that start executions (`states:startExecution`), and those that call its API
//! (`aws-sdk:sfn`). This engine answers them; nothing goes over a network.

mod answer;
mod parameters;
mod sdk;
mod see_through;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use stepwell_asl::resource::{Pattern, Resource, ResourceKind};

use crate::core::StartedBy;
use crate::engine::Engine;
use crate::invoke::{Answer, Invoker, Task};
use crate::shared::Shared;

pub(crate) use answer::{Refused, broken, closing, express, outcome, started, started_by_sdk};
pub(crate) use parameters::{of_sdk, of_start};
pub(crate) use see_through::see_through;

/// The Step Functions API, for states that call it. The requests and answers are as AWS's API has them on the wire.
#[async_trait]
pub trait OwnApi: Send + Sync {
    /// Calls an operation, such as `DescribeExecution`.
    async fn call(&self, operation: &str, request: Json) -> Result<Json, OwnError>;
}

/// Why the API did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnError {
    /// AWS's name for it, such as `ExecutionDoesNotExist`.
    pub code: String,
    /// AWS's words.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

/// What a task asks of Step Functions itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// `states:startExecution`, whatever it waits for.
    Start,
    /// An operation of the API, with AWS's name.
    Api(String),
}

impl Own {
    /// What the task of this resource asks for. `None`: it is for somebody else.
    pub fn of(resource: &str) -> Option<Own> {
        let ResourceKind::Service { service, action, .. } = Resource::parse(resource).kind else { return None };
        let action = action.split('.').next().unwrap_or_default();
        match (&*service, action) {
            ("states", "startExecution") => Some(Own::Start),
            ("aws-sdk:sfn", operation) => Some(Own::Api(sdk::pascal(operation))),
            _ => None,
        }
    }
}

/// Takes tasks to whoever does them: those that are for Step Functions itself to this engine, unless they have a route,
/// and all others to the invokers.
pub(crate) struct Caller {
    shared: Arc<Shared>,
    /// The state that calls. `None`: it is one under test.
    by: Option<StartedBy>,
}

impl Caller {
    pub fn new(shared: Arc<Shared>, by: Option<StartedBy>) -> Caller {
        Caller { shared, by }
    }

    fn own(&self, task: &Task) -> Option<Own> {
        Own::of(&task.resource).filter(|_| !self.shared.invoker.takes(task))
    }

    async fn start(&self, engine: &Engine, task: &Task) -> Answer {
        match of_start(&task.input, self.by.as_ref()) {
            Ok(start) => match engine.start_for(start, self.by.as_ref()).await {
                Ok(begun) => Answer::Succeeded(started(&begun)),
                Err(error) => Refused::from(error).optimized(),
            },
            Err(refused) => refused.optimized(),
        }
    }

    async fn call(&self, engine: &Engine, operation: &str, task: &Task) -> Answer {
        // It is started once, however often it is asked for, and that needs no API.
        if operation == "StartExecution" {
            return match of_sdk(&task.input, self.by.as_ref()) {
                Ok(start) => match engine.start_for(start, self.by.as_ref()).await {
                    Ok(begun) => Answer::Succeeded(started_by_sdk(&begun)),
                    Err(error) => Refused::from(error).by_sdk(),
                },
                Err(refused) => refused.by_sdk(),
            };
        }
        match self.shared.own_api() {
            Some(api) => match api.call(operation, sdk::request(&task.input)).await {
                Ok(answer) => Answer::Succeeded(sdk::answer(answer)),
                Err(error) => Refused::from(error).by_sdk(),
            },
            None => nobody_answers(&task.resource),
        }
    }
}

#[async_trait]
impl Invoker for Caller {
    async fn invoke(&self, task: &Task) -> Answer {
        let Some(own) = self.own(task) else { return self.shared.invoker.invoke(task).await };
        let Some(engine) = Engine::of(&self.shared) else { return nobody_answers(&task.resource) };
        match own {
            Own::Start => self.start(&engine, task).await,
            Own::Api(operation) => self.call(&engine, &operation, task).await,
        }
    }

    fn answers_for_callback(&self, task: &Task) -> bool {
        self.own(task).is_none() && self.shared.invoker.answers_for_callback(task)
    }
}

/// The failure of a task that calls the API where there is none.
pub(crate) fn nobody_answers(resource: &str) -> Answer {
    let cause = format!(
        "'{resource}' calls the Step Functions API, and nothing answers it here: `stepwell serve` does, or a route in \
         stepwell.toml."
    );
    Answer::failed("States.Runtime", cause)
}

/// Whether the output of an execution that a state has waited for is given as JSON, and not as text.
pub(crate) fn gives_json(resource: &str) -> bool {
    let kind = Resource::parse(resource).kind;
    matches!(kind, ResourceKind::Service { action, pattern: Pattern::Sync, .. } if action.ends_with(".sync:2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_for_step_functions_itself_are_told_from_others() {
        for (resource, own) in [
            ("arn:aws:states:::states:startExecution", Some(Own::Start)),
            ("arn:aws:states:::states:startExecution.sync:2", Some(Own::Start)),
            ("arn:aws:states:::states:startExecution.waitForTaskToken", Some(Own::Start)),
            ("arn:aws:states:::aws-sdk:sfn:sendTaskSuccess", Some(Own::Api("SendTaskSuccess".to_owned()))),
            ("arn:aws:states:::aws-sdk:sns:publish", None),
            ("arn:aws:states:::lambda:invoke", None),
            ("arn:aws:states:us-east-1:123456789012:activity:states", None),
        ] {
            assert_eq!(Own::of(resource), own, "{resource}");
        }
    }
}
