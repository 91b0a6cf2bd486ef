//! `ListMapRuns`

use stepwell_engine::engine::{ListMapRuns, MapRunDescription};

use super::*;
use crate::page;
use crate::payload::seconds;
use crate::shape::{ARN, Member, PAGE_SIZE, PAGE_TOKEN, optional, required};

pub const INPUT: &[Member] =
    &[required("executionArn", ARN), optional("maxResults", PAGE_SIZE), optional("nextToken", PAGE_TOKEN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    execution_arn: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let Input { execution_arn, max_results, next_token } = input;
    let (engine, now) = (api.engine(), api.engine().now());
    let arn = execution_arn.clone();
    let of = ["ListMapRuns", &arn];
    let after = page::after(&of, next_token.as_deref(), now)?;
    let found = engine.map_runs(ListMapRuns { execution_arn, after, limit: page::size(max_results) }).await?;
    let map_runs: Vec<Value> = found.map_runs.iter().map(shown).collect();
    let next = found.next.map(|cursor| page::token(&of, &cursor.to_string(), now));
    Output::default().with("mapRuns", map_runs).with_some("nextToken", next).done()
}

fn shown(found: &MapRunDescription) -> Value {
    let output = Output::default()
        .with("executionArn", &*found.execution_arn)
        .with("mapRunArn", &*found.arn)
        .with("stateMachineArn", &*found.child_machine_arn)
        .with("startDate", seconds(found.run.started_at))
        .with_some("stopDate", found.run.stopped_at.map(seconds));
    output.0.into()
}
