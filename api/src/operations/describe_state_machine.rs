//! `DescribeStateMachine`

use super::*;
use crate::payload::seconds;
use crate::resource;
use crate::shape::{ARN, INCLUDED_DATA, Member, optional, required};

pub const INPUT: &[Member] = &[required("stateMachineArn", ARN), optional("includedData", INCLUDED_DATA)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: String,
    included_data: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let there = api.engine().describe_state_machine(&input.state_machine_arn).await?;
    let all = input.included_data.as_deref() != Some("METADATA_ONLY");
    let revision = &there.content.revision;
    Output::default()
        .with("stateMachineArn", &*there.arn)
        .with("name", &*there.name)
        .with("status", if there.is_deleting { "DELETING" } else { "ACTIVE" })
        .definition(&there.definition, all)
        .with("roleArn", &*there.content.role_arn)
        .with("type", machine_type(there.kind))
        .with("creationDate", seconds(there.created_at))
        .with("loggingConfiguration", resource::logging(revision.logging.as_ref()))
        .with("tracingConfiguration", resource::tracing(revision.tracing.as_ref()))
        .with_some("revisionId", revision.id.as_deref())
        .with_some("description", there.description.as_deref())
        .with_some("encryptionConfiguration", revision.encryption.as_ref().map(stepwell_asl::Value::to_json))
        .variable_references(&there.definition, all)
        .done()
}
