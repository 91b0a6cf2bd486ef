//! The lines of the public history: what happened, in AWS's words and order.

use stepwell_asl::program::StateType;
use stepwell_asl::resource::{Resource, ResourceKind};
use stepwell_asl::{Text, Timestamp, Value};

use super::fault::StateError;

/// A line of the public history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEvent {
    /// From 1, without gaps.
    pub id: u64,
    /// The event this one follows in its branch; 0 for the first two, and for an end that came from outside.
    pub previous_id: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: HistoryKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum HistoryKind {
    ExecutionStarted { input: Value, role_arn: Text, version_arn: Option<Text>, alias_arn: Option<Text> },
    ExecutionSucceeded { output: Value },
    ExecutionFailed(StateError),
    ExecutionTimedOut(StateError),
    ExecutionAborted(StateError),
    ExecutionRedriven { count: u32 },
    StateEntered { state_type: StateType, name: Text, input: Value },
    StateExited { state_type: StateType, name: Text, output: Value, assigned: Option<Value> },
    StateAborted { state_type: StateType },
    EvaluationFailed { state: Text, location: Option<Text>, error: StateError },
    TaskScheduled(Box<Scheduled>),
    TaskStarted { label: TaskLabel, worker: Option<Text> },
    TaskSubmitted { label: TaskLabel, output: Value },
    TaskSucceeded { label: TaskLabel, output: Value },
    TaskFailed { label: TaskLabel, error: StateError },
    TaskTimedOut { label: TaskLabel, error: StateError },
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    MapStateStarted { length: u32 },
    MapStateSucceeded,
    MapStateFailed,
    MapIterationStarted { name: Text, index: u32 },
    MapIterationSucceeded { name: Text, index: u32 },
    MapIterationFailed { name: Text, index: u32 },
    MapIterationAborted { name: Text, index: u32 },
    MapRunStarted { map_run_arn: Text },
    MapRunSucceeded,
    MapRunFailed(StateError),
    MapRunAborted,
}

/// A task that was handed to the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    /// Whose task it is.
    pub label: TaskLabel,
    /// The resource as written.
    pub resource: Text,
    /// Its effective input.
    pub input: Value,
    /// The region it is done in.
    pub region: Text,
    /// Its time limit in seconds, where it has one.
    pub timeout_s: Option<u64>,
    /// Its heartbeat in seconds, where it has one.
    pub heartbeat_s: Option<u64>,
    /// The role from `Credentials`.
    pub role: Option<Text>,
}

/// Whose task an event is about: functions and activities have events of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskLabel {
    /// `LambdaFunction...` events.
    Function,
    /// `Activity...` events.
    Activity,
    /// `Task...` events.
    Service {
        /// `resourceType`
        service: Text,
        /// `resource`
        action: Text,
    },
}

impl From<&Resource> for TaskLabel {
    fn from(resource: &Resource) -> TaskLabel {
        match &resource.kind {
            ResourceKind::Function => TaskLabel::Function,
            ResourceKind::Activity => TaskLabel::Activity,
            ResourceKind::Service { service, action, .. } => {
                TaskLabel::Service { service: service.clone(), action: action.clone() }
            }
        }
    }
}

impl HistoryKind {
    /// Whether the branch's next event follows this one. Those that do not are followed by nothing: what comes next
    /// follows the same event as they do. (Observed on AWS.)
    pub fn advances(&self) -> bool {
        match self {
            HistoryKind::ExecutionStarted { .. }
            | HistoryKind::ExecutionRedriven { .. }
            | HistoryKind::StateAborted { .. }
            | HistoryKind::ParallelStateSucceeded
            | HistoryKind::MapStateSucceeded
            | HistoryKind::MapIterationSucceeded { .. }
            | HistoryKind::MapIterationFailed { .. }
            | HistoryKind::MapIterationAborted { .. }
            | HistoryKind::MapRunAborted => false,
            HistoryKind::ExecutionSucceeded { .. }
            | HistoryKind::ExecutionFailed(_)
            | HistoryKind::ExecutionTimedOut(_)
            | HistoryKind::ExecutionAborted(_)
            | HistoryKind::StateEntered { .. }
            | HistoryKind::StateExited { .. }
            | HistoryKind::EvaluationFailed { .. }
            | HistoryKind::TaskScheduled(_)
            | HistoryKind::TaskStarted { .. }
            | HistoryKind::TaskSubmitted { .. }
            | HistoryKind::TaskSucceeded { .. }
            | HistoryKind::TaskFailed { .. }
            | HistoryKind::TaskTimedOut { .. }
            | HistoryKind::ParallelStateStarted
            | HistoryKind::ParallelStateFailed
            | HistoryKind::MapStateStarted { .. }
            | HistoryKind::MapStateFailed
            | HistoryKind::MapIterationStarted { .. }
            | HistoryKind::MapRunStarted { .. }
            // Both were observed on AWS: that the state's exit follows it, and that it follows the run's start.
            | HistoryKind::MapRunSucceeded
            | HistoryKind::MapRunFailed(_) => true,
        }
    }

    /// The payload that the event shows.
    pub fn payload(&self) -> Option<&Value> {
        match self {
            HistoryKind::ExecutionStarted { input, .. } | HistoryKind::StateEntered { input, .. } => Some(input),
            HistoryKind::ExecutionSucceeded { output }
            | HistoryKind::StateExited { output, .. }
            | HistoryKind::TaskSubmitted { output, .. }
            | HistoryKind::TaskSucceeded { output, .. } => Some(output),
            HistoryKind::TaskScheduled(scheduled) => Some(&scheduled.input),
            HistoryKind::ExecutionFailed(_)
            | HistoryKind::ExecutionTimedOut(_)
            | HistoryKind::ExecutionAborted(_)
            | HistoryKind::ExecutionRedriven { .. }
            | HistoryKind::StateAborted { .. }
            | HistoryKind::EvaluationFailed { .. }
            | HistoryKind::TaskStarted { .. }
            | HistoryKind::TaskFailed { .. }
            | HistoryKind::TaskTimedOut { .. }
            | HistoryKind::ParallelStateStarted
            | HistoryKind::ParallelStateSucceeded
            | HistoryKind::ParallelStateFailed
            | HistoryKind::MapStateStarted { .. }
            | HistoryKind::MapStateSucceeded
            | HistoryKind::MapStateFailed
            | HistoryKind::MapIterationStarted { .. }
            | HistoryKind::MapIterationSucceeded { .. }
            | HistoryKind::MapIterationFailed { .. }
            | HistoryKind::MapIterationAborted { .. }
            | HistoryKind::MapRunStarted { .. }
            | HistoryKind::MapRunSucceeded
            | HistoryKind::MapRunFailed(_)
            | HistoryKind::MapRunAborted => None,
        }
    }

    /// Whether the execution ends with this event.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            HistoryKind::ExecutionSucceeded { .. }
                | HistoryKind::ExecutionFailed(_)
                | HistoryKind::ExecutionTimedOut(_)
                | HistoryKind::ExecutionAborted(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `previousEventId`: what AWS's recorded histories show of every type.
    #[test]
    fn events_that_nothing_follows() {
        let (value, name, error) = (Value::Null, Text::from("n"), StateError::default());
        let (label, state_type) = (TaskLabel::Function, StateType::Task);
        let scheduled = Scheduled {
            label: label.clone(),
            resource: name.clone(),
            input: value.clone(),
            region: name.clone(),
            timeout_s: None,
            heartbeat_s: None,
            role: None,
        };
        let followed = [
            HistoryKind::StateEntered { state_type, name: name.clone(), input: value.clone() },
            HistoryKind::StateExited { state_type, name: name.clone(), output: value.clone(), assigned: None },
            HistoryKind::EvaluationFailed { state: name.clone(), location: None, error: error.clone() },
            HistoryKind::TaskScheduled(Box::new(scheduled)),
            HistoryKind::TaskStarted { label: label.clone(), worker: None },
            HistoryKind::TaskSubmitted { label: label.clone(), output: value.clone() },
            HistoryKind::TaskSucceeded { label: label.clone(), output: value.clone() },
            HistoryKind::TaskFailed { label: label.clone(), error: error.clone() },
            HistoryKind::TaskTimedOut { label, error: error.clone() },
            HistoryKind::ParallelStateStarted,
            HistoryKind::ParallelStateFailed,
            HistoryKind::MapStateStarted { length: 1 },
            HistoryKind::MapStateFailed,
            HistoryKind::MapIterationStarted { name: name.clone(), index: 0 },
            HistoryKind::MapRunStarted { map_run_arn: name.clone() },
            HistoryKind::MapRunSucceeded,
            HistoryKind::MapRunFailed(error.clone()),
        ];
        let not_followed = [
            HistoryKind::ExecutionStarted { input: value, role_arn: name.clone(), version_arn: None, alias_arn: None },
            HistoryKind::ExecutionRedriven { count: 1 },
            HistoryKind::StateAborted { state_type },
            HistoryKind::ParallelStateSucceeded,
            HistoryKind::MapStateSucceeded,
            HistoryKind::MapIterationSucceeded { name: name.clone(), index: 0 },
            HistoryKind::MapIterationFailed { name: name.clone(), index: 0 },
            HistoryKind::MapIterationAborted { name, index: 0 },
            HistoryKind::MapRunAborted,
        ];
        assert!(followed.iter().all(HistoryKind::advances));
        assert!(!not_followed.iter().any(HistoryKind::advances));
    }
}
