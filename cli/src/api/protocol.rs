//! AWS JSON 1.0: the operation in a header, a JSON object each way, errors in an envelope.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use stepwell_asl::{Map, Text, Value};
use stepwell_engine::EngineError;
use stepwell_engine::core::{EventKind, StateError};

use super::Answerer;
use super::desk::Rejected;

/// How long a worker's poll lasts.
const POLL: Duration = Duration::from_secs(60);

/// AWS's limits on what is sent, in characters.
const OUTPUT_CHARS_MAX: usize = 262_144;
const ERROR_CHARS_MAX: usize = 256;
const CAUSE_CHARS_MAX: usize = 32_768;

const PREFIX: &str = "AWSStepFunctions.";

/// The call was wrong, in AWS's words.
#[derive(Debug)]
pub struct ApiError {
    /// AWS's name for it.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl ApiError {
    fn new(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into() }
    }

    fn constraint(field: &str, shown: impl fmt::Display, constraint: &str) -> ApiError {
        let message = format!(
            "1 validation error detected: Value {shown} at '{field}' failed to satisfy constraint: {constraint}"
        );
        ApiError::new("ValidationException", message)
    }

    /// The request is longer than any that could be right.
    pub fn too_long(bytes_max: usize) -> ApiError {
        ApiError::new("ValidationException", format!("The request is longer than {bytes_max} bytes"))
    }

    /// The request broke off.
    pub fn unreadable() -> ApiError {
        ApiError::new("SerializationException", "The request could not be read to its end")
    }

    /// The envelope.
    pub fn body(&self) -> String {
        serde_json::json!({ "__type": self.code, "message": self.message }).to_string()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendTaskSuccess {
    task_token: Option<String>,
    output: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendTaskFailure {
    task_token: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendTaskHeartbeat {
    task_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetActivityTask {
    activity_arn: Option<String>,
    worker_name: Option<String>,
}

/// Does what a call asks for and gives the answer's body. `limited`: AWS's limit on outputs holds.
pub async fn call(
    answerer: &dyn Answerer,
    target: Option<&str>,
    body: &[u8],
    limited: bool,
) -> Result<String, ApiError> {
    let operation = target.and_then(|target| target.strip_prefix(PREFIX));
    match operation {
        Some("SendTaskSuccess") => {
            let request: SendTaskSuccess = read(body)?;
            let output = required("output", request.output)?;
            if limited && output.chars().count() > OUTPUT_CHARS_MAX {
                let constraint = format!("Member must have length less than or equal to {OUTPUT_CHARS_MAX}");
                return Err(ApiError::constraint("output", "", &constraint));
            }
            let output = Value::parse(&output)
                .map_err(|why| ApiError::new("InvalidOutput", format!("Invalid Output: '{why}'")))?;
            answer(answerer, request.task_token, EventKind::TaskSucceeded(output)).await
        }
        Some("SendTaskFailure") => {
            let request: SendTaskFailure = read(body)?;
            short("error", request.error.as_deref(), ERROR_CHARS_MAX)?;
            short("cause", request.cause.as_deref(), CAUSE_CHARS_MAX)?;
            let error = StateError { name: request.error.map(Text::from), cause: request.cause.map(Text::from) };
            answer(answerer, request.task_token, EventKind::TaskFailed(error)).await
        }
        Some("SendTaskHeartbeat") => {
            let request: SendTaskHeartbeat = read(body)?;
            answer(answerer, request.task_token, EventKind::TaskHeartbeat).await
        }
        Some("GetActivityTask") => poll(answerer, read(body)?).await,
        Some(other) => {
            let message = format!(
                "The operation {other} is not available while `stepwell run --api` runs one execution; these are: \
                 SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat, GetActivityTask"
            );
            Err(ApiError::new("UnknownOperationException", message))
        }
        None => {
            let message = format!(
                "The header X-Amz-Target must name an operation, such as {PREFIX}SendTaskSuccess{}",
                target.map(|target| format!(", but it is '{target}'")).unwrap_or_default()
            );
            Err(ApiError::new("UnknownOperationException", message))
        }
    }
}

async fn answer(answerer: &dyn Answerer, token: Option<String>, kind: EventKind) -> Result<String, ApiError> {
    let token = required("taskToken", token)?;
    answerer.answer(&token, kind).await?;
    Ok("{}".to_owned())
}

impl From<Rejected> for ApiError {
    fn from(rejected: Rejected) -> ApiError {
        match rejected {
            Rejected::Forged => ApiError::new("InvalidToken", "Invalid Token: 'Invalid token'"),
            Rejected::Closed => ApiError::new("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"),
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> ApiError {
        match error {
            EngineError::Call { code, message, .. } => ApiError { code, message },
            other => ApiError::new("InternalFailure", other.to_string()),
        }
    }
}

async fn poll(answerer: &dyn Answerer, request: GetActivityTask) -> Result<String, ApiError> {
    let activity = required("activityArn", request.activity_arn)?;
    if !(activity.starts_with("arn:") && activity.contains(":activity:")) {
        return Err(ApiError::new("InvalidArn", format!("Invalid Arn: 'Invalid ARN prefix: {activity}'")));
    }
    if !answerer.knows(&activity).await? {
        let message = format!("Activity Does Not Exist: '{activity}' (the definition that runs here does not name it)");
        return Err(ApiError::new("ActivityDoesNotExist", message));
    }
    let mut answer = Map::default();
    if let Some(task) = answerer.take(&activity, request.worker_name.map(Text::from), POLL).await? {
        answer.insert("taskToken".into(), task.token.into());
        answer.insert("input".into(), task.input.into());
    }
    Ok(Value::from(answer).to_string())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|why| ApiError::new("SerializationException", why.to_string()))
}

fn required(field: &str, value: Option<String>) -> Result<String, ApiError> {
    value.ok_or_else(|| ApiError::constraint(field, "null", "Member must not be null"))
}

fn short(field: &str, value: Option<&str>, chars_max: usize) -> Result<(), ApiError> {
    match value {
        Some(value) if value.chars().count() > chars_max => {
            let constraint = format!("Member must have length less than or equal to {chars_max}");
            Err(ApiError::constraint(field, "", &constraint))
        }
        Some(_) | None => Ok(()),
    }
}
