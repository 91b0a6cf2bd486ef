//! `CreateActivity`

use super::*;
use crate::shape::{Member, NAME, required};

pub const INPUT: &[Member] = &[required("name", NAME)];

#[derive(serde::Deserialize)]
pub struct Input {
    name: String,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let arn = api.engine().create_activity(&input.name).await?;
    Output::default()
        .with("activityArn", &*arn)
        .with("creationDate", crate::payload::seconds(api.engine().now()))
        .done()
}
