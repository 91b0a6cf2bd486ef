//! `DescribeStateMachineAlias`

use super::*;
use crate::payload::seconds;
use crate::resource::routes;
use crate::shape::{ARN, Member, required};

pub const INPUT: &[Member] = &[required("stateMachineAliasArn", ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_alias_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let there = api.engine().describe_alias(&input.state_machine_alias_arn).await?;
    Output::default()
        .with("stateMachineAliasArn", &*there.arn)
        .with("name", &*there.name)
        .with_some("description", there.description.as_deref())
        .with("routingConfiguration", routes(&there.routing))
        .with("creationDate", seconds(there.created_at))
        .with("updateDate", seconds(there.updated_at))
        .done()
}
