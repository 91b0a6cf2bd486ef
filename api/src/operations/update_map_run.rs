//! `UpdateMapRun`

use stepwell_engine::core::MapRunUpdate;

use super::*;
use crate::shape::{LONG_ARN, Member, Shape, optional, required};

pub const INPUT: &[Member] = &[
    required("mapRunArn", LONG_ARN),
    optional("maxConcurrency", Shape::Integer(0, i32::MAX as i64)),
    optional("toleratedFailurePercentage", Shape::Float(0.0, 100.0)),
    optional("toleratedFailureCount", Shape::Integer(0, i64::MAX)),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    map_run_arn: String,
    max_concurrency: Option<u32>,
    tolerated_failure_percentage: Option<f64>,
    tolerated_failure_count: Option<u64>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let update = MapRunUpdate {
        max_concurrency: input.max_concurrency,
        tolerated_percentage: input.tolerated_failure_percentage,
        tolerated_count: input.tolerated_failure_count,
    };
    if update == MapRunUpdate::default() {
        let message = "One of maxConcurrency, toleratedFailurePercentage and toleratedFailureCount must be given";
        return Err(ApiError::validation_for("MISSING_REQUIRED_PARAMETER", message));
    }
    api.engine().update_map_run(&input.map_run_arn, update).await?;
    nothing()
}
