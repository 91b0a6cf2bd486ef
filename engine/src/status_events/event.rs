//! The event itself, in AWS's envelope and with AWS's detail.

use serde_json::{Value as Json, json};
use stepwell_asl::{Text, Timestamp, Value};

use crate::core::{HistoryEvent, HistoryKind, Identity, Turn};

/// What an event may hold of input and output, as JSON within JSON: AWS's limit, in bytes.
const INCLUDED_BYTES_MAX: usize = 248 * 1024;

/// What an event takes beside its payloads, in bytes.
const ENVELOPE_BYTES: usize = 1_024;

/// The status of an execution has changed.
#[derive(Clone, Debug)]
pub(super) struct StatusChange {
    pub execution_arn: Text,
    machine_arn: Text,
    name: Text,
    status: &'static str,
    started_at: Timestamp,
    at: Timestamp,
    input: Value,
    output: Option<Value>,
}

/// An event that is ready to be delivered.
pub(super) struct Event {
    /// The envelope, as whoever listens to EventBridge gets it.
    pub envelope: Json,
}

/// The changes that a turn has made. Express executions tell nothing, as on AWS.
pub(super) fn changes(identity: &Identity, turn: &Turn) -> Vec<StatusChange> {
    if identity.is_express() {
        return Vec::new();
    }
    turn.history.iter().filter_map(|event| change(identity, event)).collect()
}

fn change(identity: &Identity, event: &HistoryEvent) -> Option<StatusChange> {
    let (status, output) = match &event.kind {
        HistoryKind::ExecutionStarted { .. } | HistoryKind::ExecutionRedriven { .. } => ("RUNNING", None),
        HistoryKind::ExecutionSucceeded { output } => ("SUCCEEDED", Some(output.clone())),
        HistoryKind::ExecutionFailed(_) => ("FAILED", None),
        HistoryKind::ExecutionTimedOut(_) => ("TIMED_OUT", None),
        HistoryKind::ExecutionAborted(_) => ("ABORTED", None),
        _ => return None, // only these events change an execution's status
    };
    Some(StatusChange {
        execution_arn: identity.arn.clone(),
        machine_arn: identity.machine_arn.clone(),
        name: identity.name.clone(),
        status,
        started_at: identity.started_at,
        at: event.at,
        input: identity.input.clone(),
        output,
    })
}

impl StatusChange {
    /// What it takes to keep it.
    pub fn payload_bytes(&self) -> usize {
        let output = self.output.as_ref().map_or(0, Value::json_bytes);
        ENVELOPE_BYTES.saturating_add(self.input.json_bytes()).saturating_add(output)
    }

    pub fn event(&self) -> Event {
        let (input, output) = (self.input.to_string(), self.output.as_ref().map(Value::to_string));
        let output_bytes = output.as_deref().map_or(0, escaped_bytes);
        let has_output = output_bytes <= INCLUDED_BYTES_MAX;
        let has_input = escaped_bytes(&input).saturating_add(output_bytes) <= INCLUDED_BYTES_MAX;
        let running = self.status == "RUNNING";
        let part = |index: usize| self.execution_arn.split(':').nth(index).unwrap_or_default();
        let detail = json!({
            "executionArn": &*self.execution_arn,
            "stateMachineArn": &*self.machine_arn,
            "name": &*self.name,
            "status": self.status,
            "startDate": self.started_at.0,
            "stopDate": (!running).then_some(self.at.0),
            "input": has_input.then_some(input),
            "inputDetails": { "included": has_input },
            "output": output.as_ref().filter(|_| has_output),
            "outputDetails": output.as_ref().map(|_| json!({ "included": has_output })),
        });
        Event {
            envelope: json!({
                "version": "0",
                "id": uuid::Uuid::new_v4().to_string(),
                "detail-type": "Step Functions Execution Status Change",
                "source": "aws.states",
                "account": part(4),
                "time": seconds(self.at),
                "region": part(3),
                "resources": [&*self.execution_arn],
                "detail": detail,
            }),
        }
    }
}

/// An instant without its milliseconds.
fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

/// How long a text is as a string in JSON.
fn escaped_bytes(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..=31 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}
