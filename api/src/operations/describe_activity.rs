//! `DescribeActivity`

use super::*;
use crate::payload::seconds;
use crate::resource::encryption;
use crate::shape::{ARN, Member, required};

pub const INPUT: &[Member] = &[required("activityArn", ARN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    activity_arn: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let activity = api.engine().describe_activity(&input.activity_arn).await?;
    Output::default()
        .with("activityArn", &*activity.arn)
        .with("name", &*activity.name)
        .with("creationDate", seconds(activity.created_at))
        .with("encryptionConfiguration", encryption(activity.encryption.as_ref()))
        .done()
}
