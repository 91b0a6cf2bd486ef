//! `ListActivities`: by name.

use super::*;
use crate::page;
use crate::payload::seconds;
use crate::shape::{Member, PAGE_SIZE, PAGE_TOKEN, optional};

pub const INPUT: &[Member] = &[optional("maxResults", PAGE_SIZE), optional("nextToken", PAGE_TOKEN)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let (engine, now, of) = (api.engine(), api.engine().now(), ["ListActivities"]);
    let after: Option<String> = page::after(&of, input.next_token.as_deref(), now)?;
    let size = page::size(input.max_results);
    let mut activities = engine.activities(after.as_deref(), size + 1).await?;
    let next = page::next(&mut activities, size, |last| page::token(&of, &last.arn, now));
    let activities = activities.iter().map(|activity| {
        json!({
            "activityArn": &*activity.arn,
            "name": &*activity.name,
            "creationDate": seconds(activity.created_at),
        })
    });
    Output::default().with("activities", activities.collect::<Value>()).with_some("nextToken", next).done()
}
