//! History events as JSON with AWS's names, as `GetExecutionHistory` shows them.

use stepwell_asl::{Map, Text, Value};

use crate::core::{HistoryEvent, HistoryKind, Scheduled, StateError, TaskLabel};

/// An error's name is cut to this many characters.
const ERROR_CHARS_MAX: usize = 256;
/// A cause is cut to this many characters.
const CAUSE_CHARS_MAX: usize = 32_768;

/// The event with `id`, `previousEventId`, `timestamp`, `type` and the member that holds its details.
pub fn to_json(event: &HistoryEvent) -> Value {
    let mut members = Map::default();
    members.insert("timestamp".into(), event.at.to_string().into());
    members.insert("type".into(), type_name(&event.kind).into());
    members.insert("id".into(), event.id.into());
    members.insert("previousEventId".into(), event.previous_id.into());
    if let Some((member, details)) = details(&event.kind) {
        members.insert(member.into(), details);
    }
    members.into()
}

/// The event's details, and the member that holds them; `None` for a type that has none.
pub fn details(kind: &HistoryKind) -> Option<(String, Value)> {
    of_kind(kind).map(|(member, details)| (member, details.0.into()))
}

/// The event's type, such as `TaskStateEntered` or `LambdaFunctionScheduled`.
pub fn type_name(kind: &HistoryKind) -> String {
    let of = |label: &TaskLabel, what: &str| match label {
        TaskLabel::Function => format!("LambdaFunction{what}"),
        TaskLabel::Activity => format!("Activity{what}"),
        TaskLabel::Service { .. } => format!("Task{what}"),
    };
    match kind {
        HistoryKind::ExecutionStarted { .. } => "ExecutionStarted".into(),
        HistoryKind::ExecutionSucceeded { .. } => "ExecutionSucceeded".into(),
        HistoryKind::ExecutionFailed(_) => "ExecutionFailed".into(),
        HistoryKind::ExecutionTimedOut(_) => "ExecutionTimedOut".into(),
        HistoryKind::ExecutionAborted(_) => "ExecutionAborted".into(),
        HistoryKind::ExecutionRedriven { .. } => "ExecutionRedriven".into(),
        HistoryKind::StateEntered { state_type, .. } => format!("{}StateEntered", state_type.name()),
        HistoryKind::StateExited { state_type, .. } => format!("{}StateExited", state_type.name()),
        HistoryKind::StateAborted { state_type } => format!("{}StateAborted", state_type.name()),
        HistoryKind::EvaluationFailed { .. } => "EvaluationFailed".into(),
        HistoryKind::TaskScheduled(scheduled) => of(&scheduled.label, "Scheduled"),
        HistoryKind::TaskStarted { label, .. } => of(label, "Started"),
        HistoryKind::TaskSubmitted { label, .. } => of(label, "Submitted"),
        HistoryKind::TaskSucceeded { label, .. } => of(label, "Succeeded"),
        HistoryKind::TaskFailed { label, .. } => of(label, "Failed"),
        HistoryKind::TaskTimedOut { label, .. } => of(label, "TimedOut"),
        HistoryKind::ParallelStateStarted => "ParallelStateStarted".into(),
        HistoryKind::ParallelStateSucceeded => "ParallelStateSucceeded".into(),
        HistoryKind::ParallelStateFailed => "ParallelStateFailed".into(),
        HistoryKind::MapStateStarted { .. } => "MapStateStarted".into(),
        HistoryKind::MapStateSucceeded => "MapStateSucceeded".into(),
        HistoryKind::MapStateFailed => "MapStateFailed".into(),
        HistoryKind::MapIterationStarted { .. } => "MapIterationStarted".into(),
        HistoryKind::MapIterationSucceeded { .. } => "MapIterationSucceeded".into(),
        HistoryKind::MapIterationFailed { .. } => "MapIterationFailed".into(),
        HistoryKind::MapIterationAborted { .. } => "MapIterationAborted".into(),
        HistoryKind::MapRunStarted { .. } => "MapRunStarted".into(),
        HistoryKind::MapRunSucceeded => "MapRunSucceeded".into(),
        HistoryKind::MapRunFailed(_) => "MapRunFailed".into(),
        HistoryKind::MapRunAborted => "MapRunAborted".into(),
    }
}

/// The details in the making.
#[derive(Default)]
struct Details(Map);

impl Details {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Details {
        self.0.insert(name.into(), value.into());
        self
    }

    fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Details {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A payload is shown as text, and told to be whole.
    fn payload(self, name: &str, value: &Value) -> Details {
        let whole: Value = [("truncated", Value::Bool(false))].into_iter().collect();
        self.with(name, value.to_string()).with(&format!("{name}Details"), whole)
    }

    fn error(self, error: &StateError) -> Details {
        let cut = |text: &Option<Text>, chars| text.as_ref().map(|text| head(text, chars));
        self.with_some("error", cut(&error.name, ERROR_CHARS_MAX))
            .with_some("cause", cut(&error.cause, CAUSE_CHARS_MAX))
    }

    fn label(self, label: &TaskLabel) -> Details {
        match label {
            TaskLabel::Function | TaskLabel::Activity => self,
            TaskLabel::Service { service, action } => {
                self.with("resourceType", service.clone()).with("resource", action.clone())
            }
        }
    }
}

fn head(text: &Text, chars: usize) -> Text {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text[..end].into(),
        None => text.clone(),
    }
}

fn of_kind(kind: &HistoryKind) -> Option<(String, Details)> {
    let new = Details::default;
    let named = |name: &str, details: Details| Some((format!("{name}EventDetails"), details));
    match kind {
        HistoryKind::ExecutionStarted { input, role_arn, version_arn, alias_arn } => {
            let started = new().payload("input", input).with("roleArn", role_arn.clone());
            let started = started.with_some("stateMachineAliasArn", alias_arn.clone());
            named("executionStarted", started.with_some("stateMachineVersionArn", version_arn.clone()))
        }
        HistoryKind::ExecutionSucceeded { output } => named("executionSucceeded", new().payload("output", output)),
        HistoryKind::ExecutionFailed(error) => named("executionFailed", new().error(error)),
        HistoryKind::ExecutionTimedOut(error) => named("executionTimedOut", new().error(error)),
        HistoryKind::ExecutionAborted(error) => named("executionAborted", new().error(error)),
        HistoryKind::ExecutionRedriven { count } => {
            named("executionRedriven", new().with("redriveCount", u64::from(*count)))
        }
        HistoryKind::StateEntered { name, input, .. } => {
            named("stateEntered", new().with("name", name.clone()).payload("input", input))
        }
        HistoryKind::StateExited { name, output, assigned, .. } => {
            let exited = new().with("name", name.clone()).payload("output", output);
            named("stateExited", assigned_variables(exited, assigned.as_ref()))
        }
        HistoryKind::EvaluationFailed { state, location, error } => {
            let failed = new().error(error).with_some("location", location.clone());
            named("evaluationFailed", failed.with("state", state.clone()))
        }
        HistoryKind::TaskScheduled(scheduled) => Some(scheduled_details(scheduled)),
        HistoryKind::TaskStarted { label, worker } => match label {
            TaskLabel::Function => None,
            TaskLabel::Activity => named("activityStarted", new().with_some("workerName", worker.clone())),
            TaskLabel::Service { .. } => named("taskStarted", new().label(label)),
        },
        HistoryKind::TaskSubmitted { label, output } => outcome(label, "Submitted", new().payload("output", output)),
        HistoryKind::TaskSucceeded { label, output } => outcome(label, "Succeeded", new().payload("output", output)),
        HistoryKind::TaskFailed { label, error } => outcome(label, "Failed", new().error(error)),
        HistoryKind::TaskTimedOut { label, error } => outcome(label, "TimedOut", new().error(error)),
        HistoryKind::MapStateStarted { length } => named("mapStateStarted", new().with("length", u64::from(*length))),
        HistoryKind::MapIterationStarted { name, index } => iteration("Started", name, *index),
        HistoryKind::MapIterationSucceeded { name, index } => iteration("Succeeded", name, *index),
        HistoryKind::MapIterationFailed { name, index } => iteration("Failed", name, *index),
        HistoryKind::MapIterationAborted { name, index } => iteration("Aborted", name, *index),
        HistoryKind::MapRunStarted { map_run_arn } => {
            named("mapRunStarted", new().with("mapRunArn", map_run_arn.clone()))
        }
        HistoryKind::MapRunFailed(error) => named("mapRunFailed", new().error(error)),
        HistoryKind::StateAborted { .. }
        | HistoryKind::ParallelStateStarted
        | HistoryKind::ParallelStateSucceeded
        | HistoryKind::ParallelStateFailed
        | HistoryKind::MapStateSucceeded
        | HistoryKind::MapStateFailed
        | HistoryKind::MapRunSucceeded
        | HistoryKind::MapRunAborted => None,
    }
}

fn assigned_variables(details: Details, assigned: Option<&Value>) -> Details {
    let Some(Value::Object(variables)) = assigned else { return details };
    let texts: Value = variables.iter().map(|(name, value)| (name.clone(), value.to_string().into())).collect();
    let whole: Value = [("truncated", Value::Bool(false))].into_iter().collect();
    details.with("assignedVariables", texts).with("assignedVariablesDetails", whole)
}

fn scheduled_details(scheduled: &Scheduled) -> (String, Details) {
    let Scheduled { label, resource, input, region, timeout_s, heartbeat_s, role } = scheduled;
    let role: Option<Value> =
        role.as_ref().map(|role| [("roleArn", Value::String(role.clone()))].into_iter().collect());
    let details = Details::default();
    match label {
        TaskLabel::Function => (
            "lambdaFunctionScheduledEventDetails".into(),
            details
                .with("resource", resource.clone())
                .payload("input", input)
                .with_some("timeoutInSeconds", *timeout_s)
                .with_some("taskCredentials", role),
        ),
        TaskLabel::Activity => (
            "activityScheduledEventDetails".into(),
            details
                .with("resource", resource.clone())
                .payload("input", input)
                .with_some("timeoutInSeconds", *timeout_s)
                .with_some("heartbeatInSeconds", *heartbeat_s),
        ),
        TaskLabel::Service { .. } => (
            "taskScheduledEventDetails".into(),
            details
                .label(label)
                .with("region", region.clone())
                .with("parameters", input.to_string())
                .with_some("timeoutInSeconds", *timeout_s)
                .with_some("heartbeatInSeconds", *heartbeat_s)
                .with_some("taskCredentials", role),
        ),
    }
}

fn outcome(label: &TaskLabel, what: &str, details: Details) -> Option<(String, Details)> {
    let prefix = match label {
        TaskLabel::Function => "lambdaFunction",
        TaskLabel::Activity => "activity",
        TaskLabel::Service { .. } => "task",
    };
    let details = Details(Details::default().label(label).0.into_iter().chain(details.0).collect());
    Some((format!("{prefix}{what}EventDetails"), details))
}

fn iteration(what: &str, name: &Text, index: u32) -> Option<(String, Details)> {
    let details = Details::default().with("name", name.clone()).with("index", u64::from(index));
    Some((format!("mapIteration{what}EventDetails"), details))
}
