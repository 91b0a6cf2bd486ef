//! `ListExecutions`

use stepwell_engine::engine::{ExecutionSummary, ListExecutions, status_name};

use super::*;
use crate::page;
use crate::payload::seconds;
use crate::shape::{ARN, LONG_ARN, Member, PAGE_SIZE, one_of, optional, text};

const STATUS: crate::shape::Shape =
    one_of(&["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"]);

pub const INPUT: &[Member] = &[
    optional("stateMachineArn", ARN),
    optional("statusFilter", STATUS),
    optional("maxResults", PAGE_SIZE),
    optional("nextToken", text(1, 3096)),
    optional("mapRunArn", LONG_ARN),
    optional("redriveFilter", one_of(&["REDRIVEN", "NOT_REDRIVEN"])),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: Option<String>,
    status_filter: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
    redrive_filter: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let (engine, now) = (api.engine(), api.engine().now());
    let machine_arn = input
        .state_machine_arn
        .ok_or_else(|| ApiError::validation("Must provide one of the following: [stateMachineArn, mapRunArn]"))?;
    let redriven = input.redrive_filter.as_deref();
    let statuses = input.status_filter.as_deref();
    let of = ["ListExecutions", &machine_arn, statuses.unwrap_or_default(), redriven.unwrap_or_default()];
    let after = page::after(&of, input.next_token.as_deref(), now)?;
    let status = statuses.map(|wanted| (0..=4).find(|at| status_name(*at) == wanted).unwrap_or(u8::MAX));
    let list = ListExecutions { machine_arn: machine_arn.clone(), status, after, limit: page::size(input.max_results) };
    let found = engine.list(list).await?;
    // The index knows nothing of redrives: a page may have fewer lines than there is room for, as it may on AWS.
    let wanted = |line: &&ExecutionSummary| redriven.is_none_or(|filter| (filter == "REDRIVEN") == (line.redrive_count > 0));
    let lines = found.executions.iter().filter(wanted);
    let executions: Vec<Value> = lines.map(|line| shown(line, &found.machine_arn)).collect();
    let next = found.next.map(|cursor| page::token(&of, &cursor.to_string(), now));
    Output::default().with("executions", executions).with_some("nextToken", next).done()
}

fn shown(line: &ExecutionSummary, machine_arn: &str) -> Value {
    let output = Output::default()
        .with("executionArn", line.arn.as_str())
        .with("stateMachineArn", machine_arn)
        .with_some("stateMachineVersionArn", line.version_arn.as_deref())
        .with_some("stateMachineAliasArn", line.alias_arn.as_deref())
        .with("name", line.name.as_str())
        .with("status", status_name(line.status))
        .with("startDate", seconds(line.started_at))
        .with_some("stopDate", line.stopped_at.map(seconds))
        .with("redriveCount", line.redrive_count)
        .with_some("redriveDate", line.redriven_at.map(seconds));
    output.0.into()
}
