//! `CreateStateMachine`

use stepwell_engine::engine::CreateStateMachine;

use super::*;
use crate::payload::seconds;
use crate::resource::{Configurations, DESCRIPTION, ENCRYPTION, LOGGING, TAGS, TRACING, TagInput, tags};
use crate::shape::{ARN, DEFINITION, MACHINE_TYPE, Member, NAME, Shape, optional, required};

pub const INPUT: &[Member] = &[
    required("name", NAME),
    required("definition", DEFINITION),
    required("roleArn", ARN),
    optional("type", MACHINE_TYPE),
    optional("loggingConfiguration", LOGGING),
    optional("tags", TAGS),
    optional("tracingConfiguration", TRACING),
    optional("publish", Shape::Boolean),
    optional("versionDescription", DESCRIPTION),
    optional("encryptionConfiguration", ENCRYPTION),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    name: String,
    definition: String,
    role_arn: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(flatten)]
    configurations: Configurations,
    tags: Option<Vec<TagInput>>,
    publish: Option<bool>,
    version_description: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let create = CreateStateMachine {
        name: input.name,
        definition: input.definition,
        kind: match input.kind.as_deref() {
            Some("EXPRESS") => MachineType::Express,
            Some(_) | None => MachineType::Standard,
        },
        role_arn: input.role_arn,
        configuration: input.configurations.read(),
        tags: tags(input.tags),
        publish: input.publish.unwrap_or(false),
        version_description: input.version_description,
    };
    let created = api.engine().create_state_machine(create).await?;
    Output::default()
        .with("stateMachineArn", &*created.arn)
        .with("creationDate", seconds(created.created_at))
        .with_some("stateMachineVersionArn", created.version_arn.as_deref())
        .done()
}
