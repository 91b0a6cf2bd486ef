//! The operations, one a file: the shape of its request, the request as a type, and what it does.

use serde_json::{Map, Value, json};

use crate::Api;
use crate::error::ApiError;
use crate::operation::{Answer, Operation, read};

/// The table: by name, in order.
macro_rules! operations {
    ($($name:literal => $module:ident),* $(,)?) => {
        $(mod $module;)*

        /// All operations, by name.
        pub(crate) static OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            input: $module::INPUT,
            call: |api, body| Box::pin(async move { $module::call(api, read(body)?).await }),
        }),*];
    };
}

operations! {
    "CreateActivity" => create_activity,
    "CreateStateMachine" => create_state_machine,
    "DescribeExecution" => describe_execution,
    "GetActivityTask" => get_activity_task,
    "GetExecutionHistory" => get_execution_history,
    "ListExecutions" => list_executions,
    "RedriveExecution" => redrive_execution,
    "SendTaskFailure" => send_task_failure,
    "SendTaskHeartbeat" => send_task_heartbeat,
    "SendTaskSuccess" => send_task_success,
    "StartExecution" => start_execution,
    "StartSyncExecution" => start_sync_execution,
    "StopExecution" => stop_execution,
    "ValidateStateMachineDefinition" => validate_state_machine_definition,
}

/// What an operation answers that has nothing to say.
fn nothing() -> Answer {
    Ok(json!({}))
}

/// An answer in the making: members that have no value are left out.
#[derive(Default)]
struct Output(Map<String, Value>);

impl Output {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Output {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Output {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn done(self) -> Answer {
        Ok(self.0.into())
    }
}
