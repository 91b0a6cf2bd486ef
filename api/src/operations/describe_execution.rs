//! `DescribeExecution`

use stepwell_engine::core::{StateError, Status};

use super::*;
use crate::payload::seconds;
use crate::shape::{ARN, INCLUDED_DATA, Member, optional, required};

pub const INPUT: &[Member] = &[required("executionArn", ARN), optional("includedData", INCLUDED_DATA)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    execution_arn: String,
    included_data: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let there = api.engine().describe(&input.execution_arn).await?;
    let all = input.included_data.as_deref() != Some("METADATA_ONLY");
    let (status, output, error) = parts(&there.status);
    let output = output.filter(|_| all).map(ToString::to_string);
    let reason = api.engine().not_redrivable(&there).await?;
    Output::default()
        .with("executionArn", &*there.arn)
        .with("stateMachineArn", &*there.machine_arn)
        .with_some("stateMachineVersionArn", there.version_arn.as_deref())
        .with_some("stateMachineAliasArn", there.alias_arn.as_deref())
        .with_some("mapRunArn", there.map_run_arn.as_deref())
        .with_some("traceHeader", there.trace_header.as_deref())
        .with("name", &*there.name)
        .with("status", status)
        .with("startDate", seconds(there.started_at))
        .with_some("stopDate", there.stopped_at.map(seconds))
        .with_some("input", all.then(|| there.input.to_string()))
        .with("inputDetails", json!({ "included": all }))
        .with_some("outputDetails", output.is_some().then(|| json!({ "included": true })))
        .with_some("output", output)
        .with_some("error", error.filter(|_| all).and_then(|error| error.name.as_deref()))
        .with_some("cause", error.filter(|_| all).and_then(|error| error.cause.as_deref()))
        .with("redriveCount", there.redrive_count)
        .with_some("redriveDate", there.redriven_at.map(seconds))
        .with("redriveStatus", if reason.is_none() { "REDRIVABLE" } else { "NOT_REDRIVABLE" })
        .with_some("redriveStatusReason", reason)
        .done()
}

/// What a status is called, and what came of the execution.
fn parts(status: &Status) -> (&'static str, Option<&stepwell_asl::Value>, Option<&StateError>) {
    match status {
        Status::Running => ("RUNNING", None, None),
        Status::Succeeded(output) => ("SUCCEEDED", Some(output), None),
        Status::Failed(error) => ("FAILED", None, Some(error)),
        Status::TimedOut(error) => ("TIMED_OUT", None, Some(error)),
        Status::Aborted(error) => ("ABORTED", None, Some(error)),
    }
}
