//! `TestState`

use stepwell_asl::Value as Payload;
use stepwell_engine::invoke::http_task::{Request, Response};
use stepwell_engine::test_state::{
    Configuration, ErrorDetails, ErrorOutput, FieldValidationMode, Inspection, InspectionLevel, Mock, TestState,
};

use super::*;
use crate::payload;
use crate::shape::{ARN, CAUSE, DATA, DEFINITION, ERROR, Member, Shape, one_of, optional, required, secret};

const STATE_NAME: Shape = secret(1, 80);
const COUNT: Shape = Shape::Integer(0, i32::MAX as i64);

const MOCK: Shape = Shape::Structure(&[
    optional("result", DATA),
    optional("errorOutput", Shape::Structure(&[optional("error", ERROR), optional("cause", CAUSE)])),
    optional("fieldValidationMode", one_of(&["STRICT", "PRESENT", "NONE"])),
]);

const CONFIGURATION: Shape = Shape::Structure(&[
    optional("retrierRetryCount", COUNT),
    optional("errorCausedByState", STATE_NAME),
    optional("mapIterationFailureCount", COUNT),
    optional("mapItemReaderData", DATA),
]);

pub const INPUT: &[Member] = &[
    required("definition", DEFINITION),
    optional("roleArn", ARN),
    optional("input", DATA),
    optional("inspectionLevel", one_of(&["INFO", "DEBUG", "TRACE"])),
    optional("revealSecrets", Shape::Boolean),
    optional("variables", DATA),
    optional("stateName", STATE_NAME),
    optional("mock", MOCK),
    optional("context", DATA),
    optional("stateConfiguration", CONFIGURATION),
];

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    definition: String,
    role_arn: Option<String>,
    input: Option<String>,
    inspection_level: Option<String>,
    reveal_secrets: Option<bool>,
    variables: Option<String>,
    state_name: Option<String>,
    mock: Option<MockInput>,
    context: Option<String>,
    state_configuration: Option<TestStateConfiguration>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct MockInput {
    result: Option<String>,
    error_output: Option<MockErrorOutput>,
    field_validation_mode: Option<String>,
}

#[derive(serde::Deserialize)]
struct MockErrorOutput {
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestStateConfiguration {
    retrier_retry_count: Option<u32>,
    error_caused_by_state: Option<String>,
    map_iteration_failure_count: Option<u32>,
    map_item_reader_data: Option<String>,
}

pub async fn call(api: &Api, input: Input) -> Answer {
    if let Some(role) = input.role_arn.as_deref().filter(|role| !role.starts_with("arn:")) {
        return Err(ApiError::new("InvalidArn", format!("Invalid Role Arn: 'Invalid ARN prefix: {role}'")));
    }
    let tested = api.engine().test_state(&test(input)?).await?;
    Output::default()
        .with_some("output", tested.output.map(|output| output.to_string()))
        .with_some("error", tested.error.as_deref())
        .with_some("cause", tested.cause.as_deref())
        .with_some("inspectionData", tested.inspection.map(inspection))
        .with_some("nextState", tested.next_state.as_deref())
        .with("status", tested.status.as_str())
        .done()
}

fn test(input: Input) -> Result<TestState, ApiError> {
    let configuration = input.state_configuration.unwrap_or_default();
    Ok(TestState {
        definition: input.definition,
        state_name: input.state_name,
        role_arn: input.role_arn,
        input: Some(payload::input(input.input.as_deref())?),
        variables: input.variables,
        context: input.context,
        inspection_level: match input.inspection_level.as_deref() {
            Some("DEBUG") => InspectionLevel::Debug,
            Some("TRACE") => InspectionLevel::Trace,
            Some(_) | None => InspectionLevel::Info,
        },
        reveal_secrets: input.reveal_secrets.unwrap_or(false),
        mock: input.mock.map(mock),
        configuration: Configuration {
            retrier_retry_count: configuration.retrier_retry_count,
            error_caused_by_state: configuration.error_caused_by_state,
            map_iteration_failure_count: configuration.map_iteration_failure_count,
            map_item_reader_data: configuration.map_item_reader_data,
        },
    })
}

fn mock(mock: MockInput) -> Mock {
    Mock {
        result: mock.result,
        error_output: mock.error_output.map(|output| ErrorOutput { error: output.error, cause: output.cause }),
        field_validation_mode: match mock.field_validation_mode.as_deref() {
            Some("PRESENT") => FieldValidationMode::Present,
            Some("NONE") => FieldValidationMode::None,
            Some(_) | None => FieldValidationMode::Strict,
        },
    }
}

/// The data flow, each value as JSON text.
fn inspection(seen: Inspection) -> Value {
    let text = |value: Option<Payload>| value.map(|value| value.to_string());
    let output = Output::default()
        .with_some("input", text(seen.input))
        .with_some("afterArguments", text(seen.after_arguments))
        .with_some("afterInputPath", text(seen.after_input_path))
        .with_some("afterParameters", text(seen.after_parameters))
        .with_some("afterItemsPath", text(seen.after_items_path))
        .with_some("afterItemsPointer", text(seen.after_items_pointer))
        .with_some("afterItemSelector", text(seen.after_item_selector))
        .with_some("afterItemBatcher", text(seen.after_item_batcher))
        .with_some("result", text(seen.result))
        .with_some("afterResultSelector", text(seen.after_result_selector))
        .with_some("afterResultPath", text(seen.after_result_path))
        .with_some("variables", text(seen.variables))
        .with_some("errorDetails", seen.error_details.map(error_details))
        .with_some("toleratedFailureCount", seen.tolerated_failure_count)
        .with_some("toleratedFailurePercentage", seen.tolerated_failure_percentage)
        .with_some("maxConcurrency", seen.max_concurrency)
        .with_some("request", seen.request.map(request))
        .with_some("response", seen.response.map(response));
    output.0.into()
}

fn request(request: Request) -> Value {
    let Request { protocol, method, url, headers, body } = request;
    let output = Output::default()
        .with("protocol", protocol)
        .with("method", method)
        .with("url", url)
        .with("headers", header_list(&headers))
        .with_some("body", body);
    output.0.into()
}

fn response(response: Response) -> Value {
    json!({
        "protocol": response.protocol,
        "statusCode": response.status.to_string(),
        "statusMessage": response.status_text,
        "headers": header_list(&response.headers),
        "body": response.body,
    })
}

/// Headers as AWS lists them: `[name: value, name: value]`.
fn header_list(headers: &[(String, String)]) -> String {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("[{}]", headers.join(", "))
}

fn error_details(details: ErrorDetails) -> Value {
    match details {
        ErrorDetails::Caught { index } => json!({ "catchIndex": index }),
        ErrorDetails::Retried { index, backoff_s } => {
            json!({ "retryIndex": index, "retryBackoffIntervalSeconds": backoff_s })
        }
    }
}
