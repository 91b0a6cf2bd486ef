//! `SendTaskHeartbeat`

use super::*;
use crate::shape::{Member, TASK_TOKEN, required};

pub const INPUT: &[Member] = &[required("taskToken", TASK_TOKEN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    task_token: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    api.engine().task_heartbeat(&input.task_token).await?;
    nothing()
}
