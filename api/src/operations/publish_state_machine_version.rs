//! `PublishStateMachineVersion`

use stepwell_engine::engine::PublishVersion;

use super::*;
use crate::payload::seconds;
use crate::resource::DESCRIPTION;
use crate::shape::{ARN, Member, optional, required, text};

pub const INPUT: &[Member] = &[
    required("stateMachineArn", ARN),
    optional("revisionId", text(0, usize::MAX)),
    optional("description", DESCRIPTION),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    state_machine_arn: String,
    revision_id: Option<String>,
    description: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let publish = PublishVersion {
        machine_arn: input.state_machine_arn,
        revision_id: input.revision_id,
        description: input.description,
    };
    let published = api.engine().publish_version(publish).await?;
    Output::default()
        .with("creationDate", seconds(published.created_at))
        .with("stateMachineVersionArn", &*published.arn)
        .done()
}
