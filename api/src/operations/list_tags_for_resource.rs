//! `ListTagsForResource`

use super::*;
use crate::shape::{ARN, Member, required};

pub const INPUT: &[Member] = &[required("resourceArn", ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    resource_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let arn = &input.resource_arn;
    let tags = api.engine().tags(arn).await.map_err(|error| of_resource(error, arn))?;
    let tags = tags.iter().map(|tag| json!({ "key": tag.key, "value": tag.value }));
    Output::default().with("tags", tags.collect::<Value>()).done()
}
