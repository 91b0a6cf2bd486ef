//! `DescribeStateMachineForExecution`

use super::*;
use crate::payload::seconds;
use crate::resource;
use crate::shape::{ARN, INCLUDED_DATA, Member, optional, required};

pub const INPUT: &[Member] = &[required("executionArn", ARN), optional("includedData", INCLUDED_DATA)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    execution_arn: String,
    included_data: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let machine = api.engine().machine_of_execution(&input.execution_arn).await?;
    let all = input.included_data.as_deref() != Some("METADATA_ONLY");
    let revision = &machine.revision;
    Output::default()
        .with("stateMachineArn", &*machine.arn)
        .with("name", &*machine.name)
        .with_some("mapRunArn", machine.map_run_arn.as_deref())
        .with_some("label", machine.map_run_arn.as_ref().and_then(|_| label(&machine.arn)))
        .definition(&machine.definition, all)
        .with("roleArn", &*machine.role_arn)
        .with("updateDate", seconds(revision.updated_at))
        .with("loggingConfiguration", resource::logging(revision.logging.as_ref()))
        .with("tracingConfiguration", resource::tracing(revision.tracing.as_ref()))
        .with_some("revisionId", revision.id.as_deref())
        .with_some("encryptionConfiguration", revision.encryption.as_ref().map(stepwell_asl::Value::to_json))
        .variable_references(&machine.definition, all)
        .done()
}

/// What follows the slash in the ARN of a map run's state machine.
fn label(arn: &str) -> Option<&str> {
    arn.split_once('/').map(|(_, label)| label)
}
