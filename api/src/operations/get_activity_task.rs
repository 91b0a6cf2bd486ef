//! `GetActivityTask`: waits until there is a task.

use super::*;
use crate::shape::{ARN, Member, NAME, optional, required};

pub const INPUT: &[Member] = &[required("activityArn", ARN), optional("workerName", NAME)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    activity_arn: String,
    worker_name: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let Input { activity_arn, worker_name } = input;
    let task = api.engine().activity_task(&activity_arn, worker_name.as_deref(), api.options.poll).await?;
    let Some(task) = task else { return Ok(json!({ "taskToken": null })) };
    Output::default().with("taskToken", &*task.token).with("input", task.input.to_string()).done()
}
