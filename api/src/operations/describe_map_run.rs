//! `DescribeMapRun`

use stepwell_engine::core::MapRun;

use super::*;
use crate::payload::seconds;
use crate::shape::{LONG_ARN, Member, required};

pub const INPUT: &[Member] = &[required("mapRunArn", LONG_ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    map_run_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let found = api.engine().map_run(&input.map_run_arn).await?;
    let run = &found.run;
    Output::default()
        .with("mapRunArn", &*found.arn)
        .with("executionArn", &*found.execution_arn)
        .with("status", run.status.name())
        .with("startDate", seconds(run.started_at))
        .with_some("stopDate", run.stopped_at.map(seconds))
        .with("maxConcurrency", run.max_concurrency)
        .with("toleratedFailurePercentage", run.tolerated_percentage.unwrap_or_default())
        .with("toleratedFailureCount", run.tolerated_count.unwrap_or_default())
        // Every item has an execution of its own: there are no batches.
        .with("itemCounts", counts(run))
        .with("executionCounts", counts(run))
        .with("redriveCount", 0)
        .done()
}

fn counts(run: &MapRun) -> Value {
    json!({
        "pending": run.pending(),
        "running": run.running,
        "succeeded": run.succeeded,
        "failed": run.failed,
        "timedOut": run.timed_out,
        "aborted": run.aborted,
        "total": run.total,
        // Nothing is written anywhere but into the state's result.
        "resultsWritten": 0,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    })
}
