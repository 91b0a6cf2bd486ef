//! `SendTaskFailure`

use stepwell_asl::Text;
use stepwell_engine::core::StateError;

use super::*;
use crate::shape::{CAUSE, ERROR, Member, TASK_TOKEN, optional, required};

pub const INPUT: &[Member] = &[required("taskToken", TASK_TOKEN), optional("error", ERROR), optional("cause", CAUSE)];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    task_token: String,
    error: Option<String>,
    cause: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    let error = StateError { name: input.error.map(Text::from), cause: input.cause.map(Text::from) };
    api.engine().task_failed(&input.task_token, error).await?;
    nothing()
}
