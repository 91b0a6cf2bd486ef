//! `GetExecutionHistory`

use stepwell_engine::engine::HistoryQuery;

use super::*;
use crate::shape::{ARN, Member, PAGE_SIZE, PAGE_TOKEN, Shape, optional, required};
use crate::{history, page};

pub const INPUT: &[Member] = &[
    required("executionArn", ARN),
    optional("maxResults", PAGE_SIZE),
    optional("reverseOrder", Shape::Boolean),
    optional("nextToken", PAGE_TOKEN),
    optional("includeExecutionData", Shape::Boolean),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    execution_arn: String,
    max_results: Option<i64>,
    reverse_order: Option<bool>,
    next_token: Option<String>,
    include_execution_data: Option<bool>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let (engine, now) = (api.engine(), api.engine().now());
    let reverse = input.reverse_order.unwrap_or(false);
    let of = ["GetExecutionHistory", &input.execution_arn, if reverse { "reverse" } else { "forward" }];
    let after = page::after(&of, input.next_token.as_deref(), now)?;
    let query = HistoryQuery { reverse, after, limit: page::size(input.max_results) };
    let found = engine.history(&input.execution_arn, query).await?;
    let include_data = input.include_execution_data.unwrap_or(true);
    let events: Vec<Value> = found.events.iter().map(|event| history::event(event, include_data)).collect();
    let next = found.next.map(|cursor| page::token(&of, &cursor.to_string(), now));
    Output::default().with("events", events).with_some("nextToken", next).done()
}
