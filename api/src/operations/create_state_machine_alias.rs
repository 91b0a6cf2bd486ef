//! `CreateStateMachineAlias`

use stepwell_engine::engine::CreateAlias;

use super::*;
use crate::payload::seconds;
use crate::resource::{ALIAS_NAME, DESCRIPTION, ROUTING, RouteInput, routing};
use crate::shape::{Member, optional, required};

pub const INPUT: &[Member] =
    &[optional("description", DESCRIPTION), required("name", ALIAS_NAME), required("routingConfiguration", ROUTING)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    description: Option<String>,
    name: String,
    routing_configuration: Vec<RouteInput>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let routing = routing(input.routing_configuration);
    let create = CreateAlias { name: input.name, description: input.description, routing };
    let created = api.engine().create_alias(create).await?;
    Output::default()
        .with("stateMachineAliasArn", &*created.arn)
        .with("creationDate", seconds(created.created_at))
        .done()
}
