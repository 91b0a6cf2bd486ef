//! `UntagResource`

use super::*;
use crate::resource::TAG_KEY;
use crate::shape::{ARN, Member, Shape, required};

pub const INPUT: &[Member] =
    &[required("resourceArn", ARN), required("tagKeys", Shape::List(&TAG_KEY, 0, usize::MAX))];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let arn = &input.resource_arn;
    api.engine().untag(arn, &input.tag_keys).await.map_err(|error| of_resource(error, arn))?;
    nothing()
}
