//! `CreateActivity`

use stepwell_engine::engine::CreateActivity;

use super::*;
use crate::payload::seconds;
use crate::resource::{ENCRYPTION, TAGS, TagInput, known, tags};
use crate::shape::{Member, NAME, optional, required};

pub const INPUT: &[Member] =
    &[required("name", NAME), optional("tags", TAGS), optional("encryptionConfiguration", ENCRYPTION)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    name: String,
    tags: Option<Vec<TagInput>>,
    encryption_configuration: Option<Value>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let encryption = input.encryption_configuration.map(known);
    let create = CreateActivity { name: input.name, tags: tags(input.tags), encryption };
    let activity = api.engine().create_activity_with(create).await?;
    Output::default()
        .with("activityArn", &*activity.arn)
        .with("creationDate", seconds(activity.created_at))
        .done()
}
