//! `UpdateStateMachine`

use stepwell_engine::engine::UpdateStateMachine;

use super::*;
use crate::payload::seconds;
use crate::resource::{Configurations, DESCRIPTION, ENCRYPTION, LOGGING, TRACING};
use crate::shape::{ARN, DEFINITION, Member, Shape, optional, required};

pub const INPUT: &[Member] = &[
    required("stateMachineArn", ARN),
    optional("definition", DEFINITION),
    optional("roleArn", ARN),
    optional("loggingConfiguration", LOGGING),
    optional("tracingConfiguration", TRACING),
    optional("publish", Shape::Boolean),
    optional("versionDescription", DESCRIPTION),
    optional("encryptionConfiguration", ENCRYPTION),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    #[serde(flatten)]
    configurations: Configurations,
    publish: Option<bool>,
    version_description: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let update = UpdateStateMachine {
        machine_arn: input.state_machine_arn,
        definition: input.definition,
        role_arn: input.role_arn,
        configuration: input.configurations.read(),
        publish: input.publish.unwrap_or(false),
        version_description: input.version_description,
    };
    let updated = api.engine().update_state_machine(update).await?;
    Output::default()
        .with("updateDate", seconds(updated.updated_at))
        .with_some("revisionId", updated.revision_id.as_deref())
        .with_some("stateMachineVersionArn", updated.version_arn.as_deref())
        .done()
}
