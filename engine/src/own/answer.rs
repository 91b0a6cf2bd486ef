//! What a state gets of an execution that it has started, and of a start that was refused: AWS's shapes and words.

use stepwell_asl::{Map, Text, Timestamp, Value};

use super::{OwnError, gives_json};
use crate::core::{Event, EventKind, StateError, Status};
use crate::engine::{Description, Started, status_name};
use crate::error::EngineError;
use crate::invoke::{Answer, function, wall_clock};
use crate::worker::{NestedWork, status_number};

/// The longest cause of an error, in characters: the limit of the Step Functions API.
const CAUSE_CHARS_MAX: usize = 32_768;

/// Why Step Functions did not do what a state asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused(OwnError);

impl Refused {
    pub fn new(code: &str, message: impl Into<String>) -> Refused {
        Refused(OwnError { code: code.to_owned(), message: message.into(), status: 400 })
    }

    /// As the integration of its own has it.
    pub fn error(&self) -> StateError {
        let OwnError { code, message, status } = &self.0;
        let request = function::request_id();
        let cause = format!(
            "{message} (Service: AWSStepFunctions; Status Code: {status}; Error Code: {code}; Request ID: {request}; \
             Proxy: null)"
        );
        StateError::new(&self.name("StepFunctions"), cause)
    }

    /// The same, as an answer.
    pub fn optimized(&self) -> Answer {
        let StateError { name, cause } = self.error();
        Answer::failed(name.unwrap_or_default().to_string(), cause.unwrap_or_default().to_string())
    }

    /// As calls through the SDK have it.
    pub fn by_sdk(&self) -> Answer {
        let OwnError { code: _, message, status } = &self.0;
        let request = function::request_id();
        let cause =
            format!("{message} (Service: Sfn, Status Code: {status}, Request ID: {request}) (SDK Attempt Count: 1)");
        Answer::failed(self.name("Sfn"), cause)
    }

    fn name(&self, service: &str) -> String {
        let code = self.0.code.as_str();
        format!("{service}.{}Exception", code.strip_suffix("Exception").unwrap_or(code))
    }
}

impl From<OwnError> for Refused {
    fn from(error: OwnError) -> Refused {
        Refused(error)
    }
}

impl From<EngineError> for Refused {
    fn from(error: EngineError) -> Refused {
        match error {
            EngineError::Call { code, message, .. } => Refused::new(code, message),
            error @ (EngineError::Open(_)
            | EngineError::Store(_)
            | EngineError::Record { .. }
            | EngineError::Stopped(_)
            | EngineError::Machine(_)) => {
                Refused(OwnError { code: "InternalFailure".to_owned(), message: error.to_string(), status: 500 })
            }
        }
    }
}

/// What `states:startExecution` gives when the execution has begun.
pub(crate) fn started(started: &Started) -> Value {
    let request = Value::from(function::request_id());
    let body = format!("{{\"executionArn\":\"{}\",\"startDate\":{}}}", started.arn, in_java(started.started_at));
    let header = |name: &'static str, value: Value| (name, value);
    let headers = [
        header("x-amzn-RequestId", request.clone()),
        header("connection", "keep-alive".into()),
        header("Content-Length", body.len().to_string().into()),
        header("Date", wall_clock::http_date().into()),
        header("Content-Type", "application/x-amz-json-1.0".into()),
    ];
    let all: Value = headers.iter().map(|(name, value)| (*name, Value::from(vec![value.clone()]))).collect();
    let mut single = headers.to_vec();
    single.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let single: Value = single.into_iter().collect();
    let metadata: Value =
        [("AllHttpHeaders", all), ("HttpHeaders", single), ("HttpStatusCode", 200_u64.into())].into_iter().collect();
    let request: Value = [("RequestId", request)].into_iter().collect();
    [
        ("ExecutionArn", Value::String(started.arn.clone())),
        ("SdkHttpMetadata", metadata),
        ("SdkResponseMetadata", request),
        ("StartDate", milliseconds(started.started_at)),
    ]
    .into_iter()
    .collect()
}

/// What `aws-sdk:sfn:startExecution` gives.
pub(crate) fn started_by_sdk(started: &Started) -> Value {
    let started_at = started.started_at.to_string();
    [("ExecutionArn", Value::String(started.arn.clone())), ("StartDate", started_at.into())].into_iter().collect()
}

/// The refusal to wait for an Express execution: nothing of it is kept that could be asked for its end.
pub(crate) fn express() -> Refused {
    Refused::new("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
}

/// An instant as the API's answers have it: Java's form of its seconds. It counts for the length of a body only.
fn in_java(at: Timestamp) -> String {
    let digits = at.0.to_string();
    let (first, rest) = digits.split_at(digits.len().min(1));
    let rest = rest.trim_end_matches('0');
    format!("{first}.{}E9", if rest.is_empty() { "0" } else { rest })
}

fn milliseconds(at: Timestamp) -> Value {
    Value::Number(at.0.into())
}

/// An execution that has ended, as its description is shown to a state that has waited for it. `redrive`: why it cannot be
/// redriven. With `json`, input and output are JSON and not text.
fn described(there: &Description, redrive: Option<String>, json: bool) -> Value {
    let (output, error) = match &there.status {
        Status::Succeeded(output) => (Some(output), None),
        Status::Failed(error) | Status::Aborted(error) => (None, Some(error)),
        // What its time was up for is told by the status alone.
        Status::TimedOut(_) | Status::Running => (None, None),
    };
    let payload = |value: &Value| if json { value.clone() } else { value.to_string().into() };
    let included = || [("Included", Value::Bool(true))].into_iter().collect();
    let text = |text: &Option<Text>| text.clone().map(Value::String);
    let redrivable = if redrive.is_none() { "REDRIVABLE" } else { "NOT_REDRIVABLE" };
    let members: [(&str, Option<Value>); 20] = [
        ("Cause", error.and_then(|error| text(&error.cause))),
        ("Error", error.and_then(|error| text(&error.name))),
        ("ExecutionArn", Some(Value::String(there.arn.clone()))),
        ("Input", Some(payload(&there.input))),
        ("InputDetails", Some(included())),
        ("MapRunArn", text(&there.map_run_arn)),
        ("Name", Some(Value::String(there.name.clone()))),
        ("Output", output.map(payload)),
        ("OutputDetails", output.map(|_| included())),
        ("RedriveCount", Some(u64::from(there.redrive_count).into())),
        ("RedriveDate", there.redriven_at.map(milliseconds)),
        ("RedriveStatus", Some(redrivable.into())),
        ("RedriveStatusReason", redrive.map(Value::from)),
        ("StartDate", Some(milliseconds(there.started_at))),
        ("StateMachineAliasArn", text(&there.alias_arn)),
        ("StateMachineArn", Some(Value::String(there.machine_arn.clone()))),
        ("StateMachineVersionArn", text(&there.version_arn)),
        ("Status", Some(status_name(status_number(&there.status)).into())),
        ("StopDate", there.stopped_at.map(milliseconds)),
        ("TraceHeader", text(&there.trace_header)),
    ];
    let mut described = Map::default();
    for (name, value) in members {
        if let Some(value) = value {
            described.insert(name.into(), value);
        }
    }
    described.into()
}

/// What a state gets that has waited for an execution which has ended. `redrive`: why that cannot be redriven.
pub(crate) fn outcome(resource: &str, there: &Description, redrive: Option<String>) -> EventKind {
    match &there.status {
        Status::Succeeded(_) => {
            let cannot = "Execution is SUCCEEDED and cannot be redriven".to_owned();
            EventKind::TaskSucceeded(described(there, Some(redrive.unwrap_or(cannot)), gives_json(resource)))
        }
        Status::Running | Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => {
            EventKind::TaskFailed(failed(&described(there, redrive, false)))
        }
    }
}

/// The error of a state whose execution did not succeed, whatever the error of that.
fn failed(described: &Value) -> StateError {
    let text = described.to_string();
    let cause = match text.char_indices().nth(CAUSE_CHARS_MAX) {
        Some((end, _)) => &text[..end],
        None => &text,
    };
    StateError::new("States.TaskFailed", cause)
}

/// The event that tells of the end of an execution for which nobody waits any more.
pub(crate) fn closing(work: &NestedWork) -> Event {
    event(work, EventKind::TaskFailed(StateError::default()))
}

/// The end of an execution that is none of its own making.
pub(crate) fn broken(work: &NestedWork, why: impl Into<Text>) -> Event {
    event(work, EventKind::TaskFailed(StateError::new("States.Runtime", why)))
}

pub(crate) fn event(work: &NestedWork, kind: EventKind) -> Event {
    let branch = match work {
        NestedWork::Start(invoke) => invoke.branch,
        NestedWork::Stop(nested) => nested.branch,
    };
    Event::Task { branch, ticket: work.ticket(), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_java_s_form() {
        for (at, text) in [
            (1_724_321_034_123, "1.724321034123E9"),
            (1_724_321_034_000, "1.724321034E9"),
            (1_000_000_000_000, "1.0E9"),
        ] {
            assert_eq!(in_java(Timestamp(at)), text);
        }
    }
}
