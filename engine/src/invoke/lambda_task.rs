//! From a Task state to a function call and from the response to the task's answer: the one place that knows how Step
//! Functions sees Lambda, whoever runs the function.
//!
//! Two resources call functions. A function's own ARN takes the input as payload and gives the payload as result.
//! `arn:aws:states:::lambda:invoke` takes Invoke's parameters and gives Invoke's whole response. Shapes and error texts
//! are those that AWS was observed to give.

use bytes::Bytes;
use serde_json::json;
use stepwell_asl::{Map, Text, Value};

use super::function::{CallError, FunctionCall, FunctionResponse, InvocationType, LogType};
use super::{Answer, Task};

/// The longest cause of an error, in characters: the limit of the Step Functions API.
const CAUSE_CHARS_MAX: usize = 32_768;

/// What a state may hold, in bytes: AWS's limit.
const STATE_BYTES_MAX: usize = 256 * 1024;

/// The headers that AWS was observed to give, in the order of `AllHttpHeaders`.
const HEADER_ORDER: [&str; 9] = [
    "X-Amz-Executed-Version",
    "x-amzn-Remapped-Content-Length",
    "Connection",
    "x-amzn-RequestId",
    "Content-Length",
    "Date",
    "X-Amzn-Trace-Id",
    "Content-Type",
    "X-Amz-Log-Result",
];

/// How a task sees its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The resource is the function's ARN: payload in, payload out.
    Direct,
    /// The resource is `lambda:invoke`: parameters in, response with metadata out.
    Service,
}

/// How the resource sees its function, or none where it does not call one.
pub fn form(resource: &str) -> Option<Form> {
    let parts: Vec<&str> = resource.split(':').collect();
    match parts[..] {
        ["arn", _, "lambda", _, _, "function", _] | ["arn", _, "lambda", _, _, "function", _, _] => Some(Form::Direct),
        ["arn", _, "states", _, _, "lambda", "invoke" | "invoke.waitForTaskToken"] => Some(Form::Service),
        _ => None,
    }
}

/// The call that a task makes, or the answer to a task whose parameters make no call.
pub fn call(task: &Task, form: Form) -> Result<FunctionCall, Answer> {
    match form {
        Form::Direct => Ok(direct_call(task, task.resource.clone())),
        Form::Service => service_call(task),
    }
}

/// Everything that a call has of its task, with the whole input as payload.
fn direct_call(task: &Task, function: Text) -> FunctionCall {
    FunctionCall {
        function,
        payload: json_text(&task.input),
        timeout: task.timeout,
        execution_arn: task.execution_arn.clone(),
        state: task.state.clone(),
        role_arn: task.role_arn.clone(),
        ..FunctionCall::default()
    }
}

fn service_call(task: &Task) -> Result<FunctionCall, Answer> {
    let text = |name: &str| match task.input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(refused(task, &format!("The value for the field '{name}' must be a STRING"))),
    };
    let function = text("FunctionName")?;
    let Some(function) = function.filter(|name| !name.is_empty()) else {
        return Err(refused(task, "The field 'FunctionName' is required but was missing"));
    };
    let invocation_type = match text("InvocationType")?.as_deref() {
        None | Some("RequestResponse") => InvocationType::RequestResponse,
        Some("Event") => InvocationType::Event,
        Some("DryRun") => InvocationType::DryRun,
        Some(other) => return Err(not_one_of(other, "invocationType", "[Event, RequestResponse, DryRun]")),
    };
    let log_type = match text("LogType")?.as_deref() {
        None | Some("None") => LogType::None,
        Some("Tail") => LogType::Tail,
        Some(other) => return Err(not_one_of(other, "logType", "[None, Tail]")),
    };
    // A null is as good as none.
    let payload = task.input.get("Payload").filter(|payload| !payload.is_null());
    let payload = payload.map_or_else(|| Bytes::from_static(b"{}"), payload_text);
    let (qualifier, client_context) = (text("Qualifier")?, text("ClientContext")?);
    let call = direct_call(task, function);
    Ok(FunctionCall { qualifier, payload, invocation_type, client_context, log_type, ..call })
}

/// The call for a route that answers some other resource with a function: parameters in, result out. The function's
/// name is the end of the resource: `sqs-sendMessage`.
pub fn substitute_call(task: &Task) -> FunctionCall {
    let function =
        task.resource.rsplit(':').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("-");
    direct_call(task, function.replace('.', "-").into())
}

/// The task's answer to what came of the call.
pub fn answer(form: Form, outcome: Result<FunctionResponse, CallError>) -> Answer {
    let response = match outcome {
        Ok(response) => response,
        Err(CallError { error, cause }) => return Answer::Failed { error, cause: cause.map(|text| shortened(&text)) },
    };
    if response.function_error.is_some() {
        return function_failure(&response.payload);
    }
    let payload = match parsed(&response.payload) {
        Ok(payload) => payload,
        // AWS looks at the size first.
        Err(_) if response.payload.len() > STATE_BYTES_MAX => return Answer::TooLarge,
        Err(reason) => return not_json(&response.payload, &reason),
    };
    match form {
        Form::Direct => Answer::Succeeded(payload.unwrap_or_default()),
        Form::Service => Answer::Succeeded(service_result(response, payload)),
    }
}

/// The error that a function raised: its `errorType` is the name, its payload as returned the cause.
fn function_failure(payload: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(payload);
    let object = Value::parse(&text).ok();
    let error = object.as_ref().and_then(|object| object.get("errorType")).and_then(Value::as_str);
    match error {
        Some(error) if !error.is_empty() => Answer::failed(error, shortened(&text)),
        _ => unknown(&format!(
            "The cause could not be determined because Lambda did not return an error type. Returned payload: {text}"
        )),
    }
}

/// Lambda passes on whatever a runtime answers; a task's result must be JSON. AWS documents no error for this case, so
/// it is the one for what cannot be determined.
fn not_json(payload: &[u8], reason: &str) -> Answer {
    let text = String::from_utf8_lossy(payload);
    let what = match reason.starts_with("recursion limit exceeded") {
        true => "The function returned JSON that is nested too deeply",
        false => "The function did not return JSON",
    };
    unknown(&format!("{what}: {reason}. Returned payload: {text}"))
}

fn unknown(cause: &str) -> Answer {
    Answer::failed("Lambda.Unknown", shortened(cause))
}

fn parsed(payload: &[u8]) -> Result<Option<Value>, String> {
    if payload.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(payload).map_err(|error| error.to_string())?;
    Value::parse(text).map(Some).map_err(|error| error.to_string())
}

/// Invoke's response as `lambda:invoke` gives it. Without a payload (events, dry runs) there is no `Payload`.
fn service_result(response: FunctionResponse, payload: Option<Value>) -> Value {
    let mut result = Map::default();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            result.insert(name.into(), value);
        }
    };
    put("ExecutedVersion", response.executed_version.map(Value::from));
    put("LogResult", response.log_result.map(Value::from));
    put("Payload", payload);
    put("SdkHttpMetadata", Some(http_metadata(response.status, response.headers)));
    put("SdkResponseMetadata", Some(json!({"RequestId": response.request_id}).into()));
    put("StatusCode", Some(u64::from(response.status).into()));
    result.into()
}

/// The headers as AWS's have them. What else an endpoint sends (`server`, `via`) says nothing of the function and is left
/// out; `Connection`, which HTTP/1.1 need not say, is always there.
fn http_metadata(status: u16, headers: Vec<(String, String)>) -> Value {
    let sent = |wanted: &str| -> Vec<Value> {
        let values = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        values.map(|(_, value)| Value::from(value.as_str())).collect()
    };
    let mut known: Vec<(&str, Vec<Value>)> = HEADER_ORDER.iter().map(|name| (*name, sent(name))).collect();
    for (name, values) in &mut known {
        if *name == "Connection" && values.is_empty() {
            values.push("keep-alive".into());
        }
    }
    known.retain(|(_, values)| !values.is_empty());
    let all: Value = known.iter().map(|(name, values)| (*name, Value::from(values.clone()))).collect();
    known.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let single: Value = known.into_iter().filter_map(|(name, mut values)| Some((name, values.pop()?))).collect();
    [("AllHttpHeaders", all), ("HttpHeaders", single), ("HttpStatusCode", u64::from(status).into())]
        .into_iter()
        .collect()
}

fn json_text(value: &Value) -> Bytes {
    value.to_string().into()
}

/// `Payload` as the function gets it: a string that holds JSON is that JSON, as observed on AWS.
fn payload_text(value: &Value) -> Bytes {
    match value {
        Value::String(text) if Value::parse(text).is_ok() => Bytes::copy_from_slice(text.as_bytes()),
        value => json_text(value),
    }
}

fn refused(task: &Task, reason: &str) -> Answer {
    Answer::failed("States.Runtime", unusable(task, reason))
}

/// Why the parameters of a task cannot be used, in AWS's sentence.
pub(super) fn unusable(task: &Task, reason: &str) -> String {
    shortened(&format!(
        "An error occurred while executing the state '{}'. The Parameters '{}' could not be used to start the Task: [{reason}]",
        task.state, task.input
    ))
}

fn not_one_of(value: &str, field: &str, values: &str) -> Answer {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must satisfy enum \
         value set: {values}"
    );
    let CallError { error, cause } = CallError::invalid(&message);
    Answer::Failed { error, cause }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(CAUSE_CHARS_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}
