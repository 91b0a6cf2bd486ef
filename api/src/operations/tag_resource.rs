//! `TagResource`

use super::*;
use crate::resource::{TAGS, TagInput, tags};
use crate::shape::{ARN, Member, required};

pub const INPUT: &[Member] = &[required("resourceArn", ARN), required("tags", TAGS)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    resource_arn: String,
    tags: Vec<TagInput>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let arn = &input.resource_arn;
    let tagged = api.engine().tag(arn, &tags(Some(input.tags))).await;
    tagged.map_err(|error| of_resource(error, arn))?;
    nothing()
}
