//! `DeleteStateMachineAlias`

use super::*;
use crate::shape::{ARN, Member, required};

pub const INPUT: &[Member] = &[required("stateMachineAliasArn", ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_alias_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    api.engine().delete_alias(&input.state_machine_alias_arn).await?;
    nothing()
}
