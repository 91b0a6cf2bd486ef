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
    let now = api.engine().now();
    let of = client_token.as_deref().map(|token| [execution_arn.as_str(), token]);
    let before = of.and_then(|of| api.redrives.find(&of, now));
    let at = match before {
        Some(at) => at,
        None => api.engine().redrive(execution_arn).await?,
    };
    if let (Some(of), None) = (of, before) {
        api.redrives.remember(&of, at, now);
    }
    Output::default().with("redriveDate", seconds(at)).done()
}
