//! `ListStateMachineAliases`: the oldest first.

use stepwell_asl::Timestamp;

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
    let of = ["ListStateMachineAliases", arn];
    let cursor: Option<String> = page::after(&of, input.next_token.as_deref(), now)?;
    let after = match cursor.as_deref().map(|cursor| cursor.split_once(' ')) {
        Some(Some((at, name))) => Some((Timestamp(at.parse().map_err(|_| page::invalid())?), name)),
        Some(None) => return Err(page::invalid()),
        None => None,
    };
    let size = page::size(input.max_results);
    let mut aliases = engine.aliases(arn, after, size + 1).await?;
    let next = page::next(&mut aliases, size, |last| {
        page::token(&of, &format!("{} {}", last.created_at.0, last.name), now)
    });
    let aliases = aliases
        .iter()
        .map(|alias| json!({ "stateMachineAliasArn": &*alias.arn, "creationDate": seconds(alias.created_at) }));
    Output::default().with("stateMachineAliases", aliases.collect::<Value>()).with_some("nextToken", next).done()
}
