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
    client_token: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let Input { execution_arn, client_token } = &input;
    let (engine, redriving) = (api.engine(), api.engine().redrive(execution_arn));
    let at = match client_token {
        Some(token) => api.redrives.once(&[execution_arn, token], engine.now(), redriving).await?,
        None => redriving.await?,
    };
    Output::default().with("redriveDate", seconds(at)).done()
}
