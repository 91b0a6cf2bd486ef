//! A function as AWS Lambda's Invoke has it: what goes in, what comes out, whoever runs it. Local processes, HTTP
//! endpoints and AWS itself implement [`Function`]; what a task makes of the response is in `lambda_task`.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;
use stepwell_asl::Text;

use super::wall_clock;

/// The largest response that is read, in bytes: Lambda's own limit.
pub const RESPONSE_BYTES_MAX: usize = 6_291_556;

/// Whether Invoke waits for the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// The response is the function's.
    #[default]
    RequestResponse,
    /// The call is accepted (202) and runs on by itself; its outcome is lost.
    Event,
    /// Nothing runs; 204 says that the call would have been accepted.
    DryRun,
}

/// Whether Invoke returns the end of the function's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogType {
    /// No log.
    #[default]
    None,
    /// The last 4 KB, where the invoker has them: local processes do not.
    Tail,
}

/// One call of a function.
#[derive(Clone, Debug, Default)]
pub struct FunctionCall {
    /// Name, partial ARN or ARN, as the definition has it.
    pub function: Text,
    /// Version or alias, where it is given apart from the name.
    pub qualifier: Option<Text>,
    /// JSON text.
    pub payload: Bytes,
    /// Whether to wait.
    pub invocation_type: InvocationType,
    /// Base64 of a JSON object, as Invoke takes it.
    pub client_context: Option<Text>,
    /// Whether the log is asked for.
    pub log_type: LogType,
    /// What is left until the task's deadline.
    pub timeout: Option<Duration>,
    /// The execution that calls: names region and account where the function's name does not.
    pub execution_arn: Text,
    /// The state that calls.
    pub state: Text,
    /// The role to call with: the state's `Credentials`, or the route's.
    pub role_arn: Option<Text>,
    /// Where to find Lambda, if not at its usual place: from the route, `stepwell.toml` or the environment.
    pub endpoint: Option<Text>,
    /// The region that a `lambda` route names.
    pub region: Option<Text>,
}

/// What Invoke returns.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionResponse {
    /// 200, or 202 for an event and 204 for a dry run.
    pub status: u16,
    /// The version that ran.
    pub executed_version: Option<String>,
    /// The function's answer or its error, as JSON text. Empty for events and dry runs.
    pub payload: Bytes,
    /// `Unhandled` or `Handled` where the payload is an error.
    pub function_error: Option<String>,
    /// Base64 of the end of the log.
    pub log_result: Option<String>,
    /// The headers of the HTTP response, in order.
    pub headers: Vec<(String, String)>,
    /// The invocation's id.
    pub request_id: String,
}

impl FunctionResponse {
    /// The response to a call that ran here, with the headers that AWS would send.
    pub fn local(status: u16, request_id: String, payload: Bytes) -> FunctionResponse {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            header("X-Amz-Executed-Version", "$LATEST"),
            header("x-amzn-Remapped-Content-Length", "0"),
            header("Connection", "keep-alive"),
            header("x-amzn-RequestId", &request_id),
            header("Content-Length", &payload.len().to_string()),
            header("Date", &wall_clock::http_date()),
            header("X-Amzn-Trace-Id", &trace_id().to_lowercase()),
            header("Content-Type", "application/json"),
        ];
        FunctionResponse {
            status,
            executed_version: Some("$LATEST".to_owned()),
            payload,
            function_error: None,
            log_result: None,
            headers,
            request_id,
        }
    }

    /// The response to a call that ran here and ended in an error; the payload describes it.
    pub fn local_error(request_id: String, payload: Bytes) -> FunctionResponse {
        let mut response = FunctionResponse::local(200, request_id, payload);
        response.function_error = Some("Unhandled".to_owned());
        response
    }

    /// The error that Lambda itself reports about a function, as opposed to one that the function raised.
    pub fn platform_error(request_id: String, error_type: &str, message: &str) -> FunctionResponse {
        let payload = json!({"errorType": error_type, "errorMessage": message}).to_string();
        FunctionResponse::local_error(request_id, payload.into())
    }

    /// The error for an answer of more than [`RESPONSE_BYTES_MAX`].
    pub fn too_large(request_id: String) -> FunctionResponse {
        let message =
            format!("Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).");
        FunctionResponse::platform_error(request_id, "Function.ResponseSizeTooLarge", &message)
    }
}

/// A call that never became a response: the task's error and its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The error's name: `Lambda.ResourceNotFoundException`, `Lambda.SdkClientException`, ...
    pub error: String,
    /// Text for people.
    pub cause: Option<String>,
}

impl CallError {
    /// An error with a cause.
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> CallError {
        CallError { error: error.into(), cause: Some(cause.into()) }
    }

    /// One of Invoke's own exceptions, in the words in which Step Functions reports it. `code` is the exception's name:
    /// `ResourceNotFoundException`, `TooManyRequestsException`, `ServiceException`, ...
    pub fn service(code: &str, status: u16, message: &str, request_id: &str) -> CallError {
        let cause = format!(
            "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: {request_id}; Proxy: null)"
        );
        CallError::new(format!("Lambda.{code}"), cause)
    }

    /// An answer in Lambda's place that is none of Invoke's own exceptions: what every API of AWS can answer
    /// (`AccessDeniedException`, `ValidationException`, ...), or a proxy, without a code. The status alone gives the error
    /// its name, mostly `Lambda.AWSLambdaException`; the code is only in the cause.
    pub fn general(code: Option<&str>, status: u16, message: &str, request_id: &str) -> CallError {
        let name = exception_of_status(status).unwrap_or("AWSLambdaException");
        let CallError { cause, .. } = CallError::service(code.unwrap_or(name), status, message, request_id);
        CallError { error: format!("Lambda.{name}"), cause }
    }

    /// Lambda's answer to a parameter that cannot have such a value.
    pub fn invalid(message: &str) -> CallError {
        CallError::general(Some("ValidationException"), 400, message, &request_id())
    }

    /// Lambda's answer where there is no such function; the ARN carries the qualifier.
    pub fn function_not_found(qualified_arn: &str, request_id: &str) -> CallError {
        CallError::service(
            "ResourceNotFoundException",
            404,
            &format!("Function not found: {qualified_arn}"),
            request_id,
        )
    }

    /// The call did not get through, or no answer came back.
    pub fn no_connection(cause: impl Into<String>) -> CallError {
        CallError::new("Lambda.SdkClientException", cause)
    }

    /// The same, with the error and all that is behind it, in one line: the outermost alone says nothing of use.
    pub(super) fn broken(what: &str, error: &(dyn Error + 'static)) -> CallError {
        let mut texts: Vec<String> = sources(error).map(ToString::to_string).collect();
        texts.dedup();
        CallError::no_connection(format!("{what}: {}", texts.join(": ")))
    }
}

/// The exception that a status of 429 or 5xx stands for, whoever answers it.
pub(super) fn exception_of_status(status: u16) -> Option<&'static str> {
    match status {
        429 => Some("TooManyRequestsException"),
        500.. => Some("ServiceException"),
        _ => None,
    }
}

/// An error and, one after the other, what is behind it.
pub(super) fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// The value of a header, in whatever case its name is written.
pub(super) fn header<'a>(headers: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
}

/// The invocation's id as the headers of a response have it, or a new one.
pub(super) fn request_id_in(headers: &[(String, String)]) -> String {
    header(headers, "x-amzn-requestid").map_or_else(request_id, str::to_owned)
}

/// Something that runs functions.
#[async_trait]
pub trait Function: Send + Sync + 'static {
    /// Runs the function and waits for its answer, of which at most [`RESPONSE_BYTES_MAX`] are read. Dropping the future
    /// gives the call up. An error that the function raised is a response with `function_error`.
    async fn call(&self, call: &FunctionCall) -> Result<FunctionResponse, CallError>;
}

/// A new id for an invocation.
pub(crate) fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A new trace header; nothing is sampled.
pub(super) fn trace_id() -> String {
    let (trace, parent) = (uuid::Uuid::new_v4().simple().to_string(), uuid::Uuid::new_v4().simple().to_string());
    format!("Root=1-{}-{};Parent={};Sampled=0", &trace[..8], &trace[8..], &parent[..16])
}
