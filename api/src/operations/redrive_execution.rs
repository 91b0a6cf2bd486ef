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
    let (engine, redrives) = (api.engine().clone(), api.redrives.clone());
    // A client that goes away must find its answer when it asks again.
    let redriving = tokio::spawn(async move {
        let Input { execution_arn, client_token } = &input;
        match client_token {
            Some(token) => redrives.once(&[execution_arn, token], engine.now(), engine.redrive(execution_arn)).await,
            None => engine.redrive(execution_arn).await,
        }
    });
    let at = redriving.await.map_err(|why| ApiError::internal(why.to_string()))??;
    Output::default().with("redriveDate", seconds(at)).done()
}
