//! `StartExecution`

use stepwell_engine::engine::StartExecution;

use super::*;
use crate::payload::{self, seconds};
use crate::test_case;
use crate::shape::{ARN, DATA, Member, NAME, TRACE_HEADER, optional, required};

pub const INPUT: &[Member] = &[
    required("stateMachineArn", ARN),
    optional("name", NAME),
    optional("input", DATA),
    optional("traceHeader", TRACE_HEADER),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let (machine_arn, test_case) = test_case::of(api, input.state_machine_arn).await?;
    let start = StartExecution {
        machine_arn,
        name: input.name,
        input: payload::input(input.input.as_deref())?,
        trace_header: input.trace_header,
        test_case,
    };
    let started = api.engine().start(start).await?;
    Output::default().with("executionArn", &*started.arn).with("startDate", seconds(started.started_at)).done()
}
