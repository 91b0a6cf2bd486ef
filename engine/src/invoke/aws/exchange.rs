//! One Invoke: the request, the response with all its headers, and errors in the words in which Step Functions reports
//! them.

use std::error::Error;
use std::mem;
use std::sync::{Arc, Mutex};

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::{Blob, SdkBody};
use aws_sdk_lambda::types;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::Headers;
use bytes::Bytes;
use http_body_util::{LengthLimitError, Limited};

use super::super::function::{
    self, CallError, FunctionCall, FunctionResponse, InvocationType, LogType, RESPONSE_BYTES_MAX,
};
use super::super::lock;
use super::reach::Destination;

pub(super) async fn invoke(
    client: &Client,
    destination: &Destination,
    call: &FunctionCall,
) -> Result<FunctionResponse, CallError> {
    let text = |text: &Option<stepwell_asl::Text>| text.as_deref().map(str::to_owned);
    let seen = Seen::default();
    let outcome = client
        .invoke()
        .function_name(&*call.function)
        .set_qualifier(text(&call.qualifier))
        .set_client_context(text(&call.client_context))
        .invocation_type(match call.invocation_type {
            InvocationType::RequestResponse => types::InvocationType::RequestResponse,
            InvocationType::Event => types::InvocationType::Event,
            InvocationType::DryRun => types::InvocationType::DryRun,
        })
        .log_type(match call.log_type {
            LogType::None => types::LogType::None,
            LogType::Tail => types::LogType::Tail,
        })
        .payload(Blob::new(call.payload.to_vec()))
        .customize()
        .interceptor(seen.clone())
        .send()
        .await;
    let headers = mem::take(&mut *lock(&seen.headers));
    match outcome {
        Ok(output) => Ok(response(output, headers)),
        Err(error) if is_too_large(&error) => Ok(FunctionResponse::too_large(function::request_id_in(&headers))),
        Err(SdkError::ServiceError(error)) => Err(exception(error.err(), error.raw())),
        Err(error) => Err(CallError::broken(&destination.place(), &error)),
    }
}

/// Takes down the response's headers, which the SDK does not hand out, and bounds its body, which it does not.
#[derive(Clone, Debug, Default)]
struct Seen {
    headers: Arc<Mutex<Vec<(String, String)>>>,
}

#[dyn_dispatch_hint]
impl Intercept for Seen {
    fn name(&self) -> &'static str {
        "Seen"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        *lock(&self.headers) = pairs(response.headers());
        let body = mem::replace(response.body_mut(), SdkBody::taken());
        *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, RESPONSE_BYTES_MAX));
        Ok(())
    }
}

fn pairs(headers: &Headers) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn response(output: InvokeOutput, headers: Vec<(String, String)>) -> FunctionResponse {
    FunctionResponse {
        status: u16::try_from(output.status_code).unwrap_or(200),
        executed_version: output.executed_version,
        payload: output.payload.map(|payload| Bytes::from(payload.into_inner())).unwrap_or_default(),
        function_error: output.function_error,
        log_result: output.log_result,
        request_id: function::request_id_in(&headers),
        headers,
    }
}

/// An exception of the Lambda API.
fn exception(error: &InvokeError, raw: &HttpResponse) -> CallError {
    let status = raw.status().as_u16();
    let message = error.message().map_or_else(|| body_text(raw), str::to_owned);
    let request_id = function::request_id_in(&pairs(raw.headers()));
    match error.code() {
        Some(code) if !is_general(error) => CallError::service(code, status, &message, &request_id),
        code => CallError::general(code, status, &message, &request_id),
    }
}

/// Whether an exception is none of Invoke's own.
#[expect(deprecated, reason = "there is no other way to ask; codes alone would need a copy of the SDK's list")]
fn is_general(error: &InvokeError) -> bool {
    matches!(error, InvokeError::Unhandled(_))
}

/// For answers that are not Lambda's: the beginning of what a proxy or an emulator said instead.
fn body_text(raw: &HttpResponse) -> String {
    let text = String::from_utf8_lossy(raw.body().bytes().unwrap_or_default());
    match text.trim() {
        "" => "null".to_owned(),
        text => text.chars().take(1000).collect(),
    }
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    function::sources(error).any(|error| error.is::<LengthLimitError>())
}
