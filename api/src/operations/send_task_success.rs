//! `SendTaskSuccess`

use super::*;
use crate::payload;
use crate::shape::{DATA, Member, TASK_TOKEN, required};

pub const INPUT: &[Member] = &[required("taskToken", TASK_TOKEN), required("output", DATA)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    task_token: String,
    output: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let output = payload::output(&input.output)?;
    api.engine().task_succeeded(&input.task_token, output).await?;
    nothing()
}
