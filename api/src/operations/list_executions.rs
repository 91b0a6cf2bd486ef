//! `ListExecutions`

use stepwell_engine::engine::{ExecutionPage, ExecutionSummary, ListExecutions, ListMapRun, status_name};
use stepwell_engine::store::ListCursor;

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
    map_run_arn: Option<String>,
    redrive_filter: Option<String>,
}

/// Whose executions are wanted.
enum Of {
    Machine(String),
    MapRun(String),
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let now = api.engine().now();
    let of = match (input.state_machine_arn, input.map_run_arn) {
        (Some(arn), None) => Of::Machine(arn),
        (None, Some(arn)) => Of::MapRun(arn),
        (None, None) | (Some(_), Some(_)) => {
            let message = "Must provide exactly one of the following: [stateMachineArn, mapRunArn]";
            return Err(ApiError::validation(message));
        }
    };
    if matches!(of, Of::Machine(_)) && input.status_filter.as_deref() == Some("PENDING_REDRIVE") {
        let message = "The status filter PENDING_REDRIVE is for the executions of a Map Run: give its mapRunArn";
        return Err(ApiError::validation(message));
    }
    let (Of::Machine(arn) | Of::MapRun(arn)) = &of;
    let (redriven, statuses) = (input.redrive_filter.as_deref(), input.status_filter.as_deref());
    let list = ["ListExecutions", arn, statuses.unwrap_or_default(), redriven.unwrap_or_default()];
    let after = page::after(&list, input.next_token.as_deref(), now)?;
    // No execution waits for the redrive of its map run: nothing is found.
    let status = statuses.map(|wanted| (0..=4).find(|at| status_name(*at) == wanted).unwrap_or(u8::MAX));
    let found = read(api, &of, status, after, page::size(input.max_results)).await?;
    // The index knows nothing of redrives: a page may have fewer lines than there is room for, as it may on AWS.
    let wanted =
        |line: &&ExecutionSummary| redriven.is_none_or(|filter| (filter == "REDRIVEN") == (line.redrive_count > 0));
    let lines = found.executions.iter().filter(wanted);
    let executions: Vec<Value> = lines.map(|line| shown(line, &found.machine_arn, &of)).collect();
    let next = found.next.map(|cursor| page::token(&list, &cursor.to_string(), now));
    Output::default().with("executions", executions).with_some("nextToken", next).done()
}

async fn read(
    api: &Api,
    of: &Of,
    status: Option<u8>,
    after: Option<ListCursor>,
    limit: usize,
) -> Result<ExecutionPage, ApiError> {
    Ok(match of {
        Of::Machine(arn) => {
            api.engine().list(ListExecutions { machine_arn: arn.clone(), status, after, limit }).await?
        }
        Of::MapRun(arn) => {
            api.engine().list_map_run(ListMapRun { map_run_arn: arn.clone(), status, after, limit }).await?
        }
    })
}

fn shown(line: &ExecutionSummary, machine_arn: &str, of: &Of) -> Value {
    let map_run_arn = match of {
        Of::MapRun(arn) => Some(arn.as_str()),
        Of::Machine(_) => None,
    };
    let output = Output::default()
        .with("executionArn", line.arn.as_str())
        .with("stateMachineArn", machine_arn)
        .with_some("stateMachineVersionArn", line.version_arn.as_deref())
        .with_some("stateMachineAliasArn", line.alias_arn.as_deref())
        .with("name", line.name.as_str())
        .with("status", status_name(line.status))
        .with("startDate", seconds(line.started_at))
        .with_some("stopDate", line.stopped_at.map(seconds))
        .with_some("mapRunArn", map_run_arn)
        // An execution of a map run works on one item: there are no batches.
        .with_some("itemCount", map_run_arn.map(|_| 1))
        .with("redriveCount", line.redrive_count)
        .with_some("redriveDate", line.redriven_at.map(seconds));
    output.0.into()
}
