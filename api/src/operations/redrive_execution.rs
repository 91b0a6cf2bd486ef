//! `RedriveExecution`

use super::*;
use crate::payload::seconds;
use crate::shape::{ARN, Member, matching, optional, required};

pub const INPUT: &[Member] = &[
    required("executionArn", ARN),
    optional("clientToken", matching(1, 64, "[!-~]+", |token| token.bytes().all(|byte| byte.is_ascii_graphic()))),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    execution_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let at = api.engine().redrive(&input.execution_arn).await?;
    Output::default().with("redriveDate", seconds(at)).done()
}
