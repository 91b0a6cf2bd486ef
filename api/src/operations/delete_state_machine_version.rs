//! `DeleteStateMachineVersion`

use super::*;
use crate::shape::{LONG_ARN, Member, required};

pub const INPUT: &[Member] = &[required("stateMachineVersionArn", LONG_ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_version_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    api.engine().delete_version(&input.state_machine_version_arn).await?;
    nothing()
}
