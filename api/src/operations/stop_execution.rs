//! `StopExecution`

use stepwell_asl::Text;
use stepwell_engine::core::StateError;

use super::*;
use crate::payload::seconds;
use crate::shape::{ARN, CAUSE, ERROR, Member, optional, required};

pub const INPUT: &[Member] = &[required("executionArn", ARN), optional("error", ERROR), optional("cause", CAUSE)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    execution_arn: String,
    error: Option<String>,
    cause: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let error = StateError { name: input.error.map(Text::from), cause: input.cause.map(Text::from) };
    let at = api.engine().stop(&input.execution_arn, error).await?;
    Output::default().with("stopDate", seconds(at)).done()
}
