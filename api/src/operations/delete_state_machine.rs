//! `DeleteStateMachine`

use super::*;
use crate::shape::{ARN, Member, required};

pub const INPUT: &[Member] = &[required("stateMachineArn", ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    api.engine().delete_state_machine(&input.state_machine_arn).await?;
    nothing()
}
