//! The operations, one a file: the shape of its request, the request as a type, and what it does.

use serde_json::{Map, Value, json};
use stepwell_asl::{MachineType, variable_references};
use stepwell_engine::EngineError;

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
    "CreateStateMachineAlias" => create_state_machine_alias,
    "DeleteActivity" => delete_activity,
    "DeleteStateMachine" => delete_state_machine,
    "DeleteStateMachineAlias" => delete_state_machine_alias,
    "DeleteStateMachineVersion" => delete_state_machine_version,
    "DescribeActivity" => describe_activity,
    "DescribeExecution" => describe_execution,
    "DescribeMapRun" => describe_map_run,
    "DescribeStateMachine" => describe_state_machine,
    "DescribeStateMachineAlias" => describe_state_machine_alias,
    "DescribeStateMachineForExecution" => describe_state_machine_for_execution,
    "GetActivityTask" => get_activity_task,
    "GetExecutionHistory" => get_execution_history,
    "ListActivities" => list_activities,
    "ListExecutions" => list_executions,
    "ListMapRuns" => list_map_runs,
    "ListStateMachineAliases" => list_state_machine_aliases,
    "ListStateMachineVersions" => list_state_machine_versions,
    "ListStateMachines" => list_state_machines,
    "ListTagsForResource" => list_tags_for_resource,
    "PublishStateMachineVersion" => publish_state_machine_version,
    "RedriveExecution" => redrive_execution,
    "SendTaskFailure" => send_task_failure,
    "SendTaskHeartbeat" => send_task_heartbeat,
    "SendTaskSuccess" => send_task_success,
    "StartExecution" => start_execution,
    "StartSyncExecution" => start_sync_execution,
    "StopExecution" => stop_execution,
    "TagResource" => tag_resource,
    "TestState" => test_state,
    "UntagResource" => untag_resource,
    "UpdateMapRun" => update_map_run,
    "UpdateStateMachine" => update_state_machine,
    "UpdateStateMachineAlias" => update_state_machine_alias,
    "ValidateStateMachineDefinition" => validate_state_machine_definition,
}

/// What an operation answers that has nothing to say.
fn nothing() -> Answer {
    Ok(json!({}))
}

/// What AWS calls a type of state machines.
fn machine_type(kind: MachineType) -> &'static str {
    match kind {
        MachineType::Standard => "STANDARD",
        MachineType::Express => "EXPRESS",
    }
}

/// An error about a resource names it, as AWS's model has it.
fn of_resource(error: EngineError, arn: &str) -> ApiError {
    match ApiError::from(error) {
        error if matches!(error.code, "ResourceNotFound" | "TooManyTags") => error.with("resourceName", arn),
        error => error,
    }
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

    /// A definition, unless metadata is all that is wanted.
    fn definition(self, text: &str, all: bool) -> Output {
        self.with("definition", if all { text } else { "{}" })
    }

    /// Which states refer to which variables, where any does.
    fn variable_references(self, definition: &str, all: bool) -> Output {
        let parsed = stepwell_asl::Value::parse(definition).ok().filter(|_| all);
        let found = parsed.map(|definition| variable_references(&definition)).unwrap_or_default();
        let found: Map<String, Value> = found
            .into_iter()
            .map(|(state, names)| (state.to_string(), names.iter().map(|name| Value::from(&**name)).collect()))
            .collect();
        self.with_some("variableReferences", (!found.is_empty()).then_some(found))
    }

    fn done(self) -> Answer {
        Ok(self.0.into())
    }
}
