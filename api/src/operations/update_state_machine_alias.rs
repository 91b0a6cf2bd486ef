//! `UpdateStateMachineAlias`

use stepwell_engine::engine::UpdateAlias;

use super::*;
use crate::payload::seconds;
use crate::resource::{DESCRIPTION, ROUTING, RouteInput, routing};
use crate::shape::{ARN, Member, optional, required};

pub const INPUT: &[Member] = &[
    required("stateMachineAliasArn", ARN),
    optional("description", DESCRIPTION),
    optional("routingConfiguration", ROUTING),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_alias_arn: String,
    description: Option<String>,
    routing_configuration: Option<Vec<RouteInput>>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let update = UpdateAlias {
        alias_arn: input.state_machine_alias_arn,
        description: input.description,
        routing: input.routing_configuration.map(routing),
    };
    let updated = api.engine().update_alias(update).await?;
    Output::default().with("updateDate", seconds(updated.updated_at)).done()
}
