//! Service integrations: actions that exist, and the fields they cannot do without.
//!
//! Only what AWS is known to refuse is refused: a service whose actions are not listed here may have any.

use super::machine::State;
use super::paths::has_placeholder;
use super::report::Report;
use crate::value::Value;

/// The services that Step Functions calls in a way of its own; all others are called through `aws-sdk`.
const SERVICES: [&str; 22] = [
    "apigateway",
    "athena",
    "aws-sdk",
    "batch",
    "bedrock",
    "codebuild",
    "databrew",
    "dynamodb",
    "ecs",
    "eks",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "events",
    "glue",
    "http",
    "lambda",
    "mediaconvert",
    "sagemaker",
    "sns",
    "sqs",
    "states",
];

/// The services whose actions are all known.
const ACTIONS: [(&str, &[&str]); 5] = [
    ("dynamodb", &["getItem", "putItem", "deleteItem", "updateItem"]),
    ("lambda", &["invoke", "invoke.waitForTaskToken"]),
    ("sns", &["publish", "publish.waitForTaskToken"]),
    ("sqs", &["sendMessage", "sendMessage.waitForTaskToken"]),
    ("states", &["startExecution", "startExecution.sync", "startExecution.sync:2", "startExecution.waitForTaskToken"]),
];

/// The services that never wait for a job.
const WITHOUT_SYNC: [&str; 3] = ["events", "apigateway", "aws-sdk"];

/// The services that never wait for a callback.
const WITHOUT_TOKEN: [&str; 10] = [
    "athena",
    "batch",
    "codebuild",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "glue",
    "databrew",
    "mediaconvert",
    "sagemaker",
];

/// Fields that an action cannot do without.
const REQUIRED: [(&str, &str, &[&str]); 9] = [
    ("lambda", "invoke", &["FunctionName"]),
    ("sqs", "sendMessage", &["QueueUrl", "MessageBody"]),
    ("sns", "publish", &["Message"]),
    ("dynamodb", "putItem", &["TableName", "Item"]),
    ("dynamodb", "getItem", &["TableName", "Key"]),
    ("states", "startExecution", &["StateMachineArn"]),
    ("events", "putEvents", &["Entries"]),
    ("ecs", "runTask", &["TaskDefinition"]),
    ("glue", "startJobRun", &["JobName"]),
];

/// The fields of `lambda:invoke`.
const LAMBDA_INVOKE: [&str; 6] = ["FunctionName", "Payload", "Qualifier", "InvocationType", "ClientContext", "LogType"];

/// The fields of `states:startExecution`.
const START_EXECUTION: [&str; 3] = ["StateMachineArn", "Input", "Name"];

/// Checks the integration that a resource names: `service:action`, with what it waits for.
pub(super) fn check(resource: &str, integration: &str, state: &State<'_>, report: &mut Report) {
    let Some((service, action)) = integration.split_once(':') else {
        return report.schema(state.at.key("Resource"), not_recognized(resource));
    };
    if !exists(service, action) {
        return report.schema(state.at.key("Resource"), not_recognized(resource));
    }
    let field = if state.is_jsonata() { "Arguments" } else { "Parameters" };
    match state.get(field) {
        None => report.schema(state.at, format!("{field} field is required for resource ARN: {resource}")),
        Some(Value::Object(given)) => {
            for (name, value) in given.iter() {
                if !supports(service, action, name) && !is_dynamic(name, value, state) {
                    let message = format!("The field \"{name}\" is not supported by Step Functions");
                    report.schema_field(state.at.key(field), name, message);
                }
            }
            for name in required(service, action) {
                if !given.contains_key(*name) && !given.contains_key(format!("{name}.$").as_str()) {
                    report.schema(state.at.key(field), format!("The field '{name}' is required but was missing"));
                }
            }
        }
        Some(_) => {}
    }
}

fn not_recognized(resource: &str) -> String {
    format!(
        "The resource provided {resource} is not recognized. The value is not a valid resource ARN, \
         or the resource is not available in this region."
    )
}

/// Whether the action has this field, as far as is known.
fn supports(service: &str, action: &str, field: &str) -> bool {
    let known: &[&str] = match (service, action.split('.').next()) {
        ("lambda", Some("invoke")) => &LAMBDA_INVOKE,
        ("states", Some("startExecution")) => &START_EXECUTION,
        _ => return true,
    };
    known.contains(&field) || has_placeholder(field)
}

/// Whether a field gets its value at run time. AWS then also complains about its name only at run time: a definition
/// with `TaskToken.$` beside `Payload` is accepted.
fn is_dynamic(name: &str, value: &Value, state: &State<'_>) -> bool {
    if state.is_jsonata() { value.as_str().is_some_and(|text| text.starts_with("{%")) } else { name.ends_with(".$") }
}

fn exists(service: &str, action: &str) -> bool {
    if !SERVICES.contains(&service) {
        return false;
    }
    if let Some((_, actions)) = ACTIONS.iter().find(|(known, _)| *known == service) {
        return actions.contains(&action);
    }
    let waits_for_job = action.ends_with(".sync") || action.ends_with(".sync:2");
    let waits_for_token = action.ends_with(".waitForTaskToken");
    !(waits_for_job && WITHOUT_SYNC.contains(&service) || waits_for_token && WITHOUT_TOKEN.contains(&service))
}

fn required(service: &str, action: &str) -> &'static [&'static str] {
    let action = action.split('.').next().unwrap_or(action);
    let known = REQUIRED.iter().find(|(known, name, _)| *known == service && *name == action);
    known.map_or(&[], |(_, _, fields)| fields)
}
