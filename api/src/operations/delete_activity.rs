//! `DeleteActivity`

use super::*;
use crate::shape::{ARN, Member, required};

pub const INPUT: &[Member] = &[required("activityArn", ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    activity_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    api.engine().delete_activity(&input.activity_arn).await?;
    nothing()
}
