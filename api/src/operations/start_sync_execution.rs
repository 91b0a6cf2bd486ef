//! `StartSyncExecution`

use stepwell_engine::core::Status;
use stepwell_engine::engine::StartExecution;

use super::*;
use crate::payload::{self, seconds};
use crate::test_case;
use crate::shape::{ARN, DATA, INCLUDED_DATA, Member, NAME, TRACE_HEADER, optional, required};

/// AWS bills time in steps of so many milliseconds.
const BILLED_MS: i64 = 100;

/// And memory in steps of so many MB: what a small execution takes.
const BILLED_MB: u64 = 64;

pub const INPUT: &[Member] = &[
    required("stateMachineArn", ARN),
    optional("name", NAME),
    optional("input", DATA),
    optional("traceHeader", TRACE_HEADER),
    optional("includedData", INCLUDED_DATA),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
    included_data: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let payload = payload::input(input.input.as_deref())?;
    let all = input.included_data.as_deref() != Some("METADATA_ONLY");
    let given = all.then(|| payload.to_string());
    let (machine_arn, test_case) = test_case::of(api, input.state_machine_arn).await?;
    let start = StartExecution {
        machine_arn,
        name: input.name,
        input: payload,
        trace_header: input.trace_header.clone(),
        test_case,
    };
    let finished = api.engine().run_express(start).await?;
    let (status, output, error) = match &finished.status {
        Status::Succeeded(output) => ("SUCCEEDED", Some(output.to_string()), None),
        Status::TimedOut(error) => ("TIMED_OUT", None, Some(error)),
        // Nobody can stop an execution that is not told of before it has ended.
        Status::Failed(error) | Status::Aborted(error) => ("FAILED", None, Some(error)),
        Status::Running => return Err(ApiError::internal("The execution has not ended")),
    };
    let took_ms = finished.stopped_at.0.saturating_sub(finished.started_at.0).max(1);
    let billing = json!({
        "billedDurationInMilliseconds": (took_ms + BILLED_MS - 1) / BILLED_MS * BILLED_MS,
        "billedMemoryUsedInMB": BILLED_MB,
    });
    Output::default()
        .with("executionArn", &*finished.arn)
        .with("stateMachineArn", &*finished.machine_arn)
        .with("name", &*finished.name)
        .with("startDate", seconds(finished.started_at))
        .with("stopDate", seconds(finished.stopped_at))
        .with("status", status)
        .with_some("error", error.and_then(|error| error.name.as_deref()))
        .with_some("cause", error.and_then(|error| error.cause.as_deref()))
        .with_some("input", given)
        .with("inputDetails", json!({ "included": all }))
        .with_some("output", output.filter(|_| all))
        .with("outputDetails", json!({ "included": all }))
        .with_some("traceHeader", input.trace_header)
        .with("billingDetails", billing)
        .done()
}
