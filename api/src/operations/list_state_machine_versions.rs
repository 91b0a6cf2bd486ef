//! `ListStateMachineVersions`: the newest first.

use super::*;
use crate::page;
use crate::payload::seconds;
use crate::shape::{ARN, Member, PAGE_SIZE, PAGE_TOKEN, optional, required};

pub const INPUT: &[Member] =
    &[required("stateMachineArn", ARN), optional("nextToken", PAGE_TOKEN), optional("maxResults", PAGE_SIZE)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: String,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let (engine, now, arn) = (api.engine(), api.engine().now(), input.state_machine_arn.as_str());
    let of = ["ListStateMachineVersions", arn];
    let below = page::after(&of, input.next_token.as_deref(), now)?;
    let size = page::size(input.max_results);
    let mut versions = engine.versions(arn, below, size + 1).await?;
    let next = page::next(&mut versions, size, |last| page::token(&of, &last.number.to_string(), now));
    let versions = versions.iter().map(|version| {
        json!({ "stateMachineVersionArn": &*version.arn, "creationDate": seconds(version.created_at) })
    });
    Output::default().with("stateMachineVersions", versions.collect::<Value>()).with_some("nextToken", next).done()
}
