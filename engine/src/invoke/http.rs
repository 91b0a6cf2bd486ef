//! Functions behind an HTTP endpoint: the payload is POSTed, the body of the response is the answer.
//!
//! | what comes back | the task's error |
//! |---|---|
//! | 2xx | none: the body is the result |
//! | 2xx with `X-Amz-Function-Error`, or any other status with a body that has an `errorType` | the `errorType`, as for any function |
//! | 404 | `Lambda.ResourceNotFoundException` |
//! | 429 | `Lambda.TooManyRequestsException` |
//! | 5xx | `Lambda.ServiceException` |
//! | any other status | `States.Http.StatusCode.` and the status, as AWS names it for HTTP tasks |
//! | no connection, no answer in time, a broken answer | `Lambda.SdkClientException` |
//! | more than 6 MiB | `Function.ResponseSizeTooLarge` |
//!
//! The names are Lambda's wherever it has one, so that the `Retry` that everyone writes for Lambda works here too.
//! Redirects are not followed.

use std::time::Duration;

use async_trait::async_trait;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Method, Request, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use stepwell_asl::Value;
use tokio::sync::OnceCell;

use super::body;
use super::config::HttpTarget;
use super::function::{self, CallError, Function, FunctionCall, FunctionResponse, RESPONSE_BYTES_MAX};
use super::function_name::{FunctionName, PLACEHOLDER};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The endpoint of one route.
pub(super) struct HttpFunction {
    target: HttpTarget,
    /// Made by the first call: reading the machine's certificates takes time that not every run needs.
    client: OnceCell<HttpClient>,
}

impl HttpFunction {
    pub(super) fn new(target: HttpTarget) -> HttpFunction {
        HttpFunction { target, client: OnceCell::new() }
    }

    async fn send(&self, url: &str, request: Request<Full<Bytes>>) -> Result<Received, CallError> {
        let client = self.client.get_or_try_init(|| async { client(url.starts_with("https://")) }).await?;
        let response = client.request(request).await.map_err(|error| broken(url, &error))?;
        read(url, response).await
    }
}

/// A response that has been read.
struct Received {
    status: u16,
    headers: Vec<(String, String)>,
    /// None: too large.
    body: Option<Bytes>,
}

impl Received {
    fn header(&self, wanted: &str) -> Option<&str> {
        function::header(&self.headers, wanted)
    }
}

#[async_trait]
impl Function for HttpFunction {
    async fn call(&self, call: &FunctionCall) -> Result<FunctionResponse, CallError> {
        let name = FunctionName::parse(&call.function);
        if self.target.url.contains(PLACEHOLDER) {
            name.check_plain()?;
        }
        let url = self.target.url.replace(PLACEHOLDER, &name.name);
        let request = request(&url, &self.target, call)?;
        let received = match tokio::time::timeout(self.target.timeout, self.send(&url, request)).await {
            Ok(received) => received?,
            Err(_) => {
                let seconds = self.target.timeout.as_secs_f64();
                return Err(CallError::no_connection(format!("POST {url}: no answer within {seconds} seconds")));
            }
        };
        response(&url, received)
    }
}

/// A client that goes anywhere: for endpoints that the configuration names.
pub(crate) fn client(secure: bool) -> Result<HttpClient, CallError> {
    // Named, because the process-wide default is not certain where several TLS libraries are linked in.
    let provider = rustls::crypto::ring::default_provider();
    let connector = if secure {
        HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| CallError::no_connection(format!("no certificates to trust: {error}")))?
    } else {
        let tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| CallError::no_connection(error.to_string()))?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        HttpsConnectorBuilder::new().with_tls_config(tls)
    };
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    Ok(Client::builder(TokioExecutor::new()).build(connector.https_or_http().enable_http1().wrap_connector(tcp)))
}

fn request(url: &str, target: &HttpTarget, call: &FunctionCall) -> Result<Request<Full<Bytes>>, CallError> {
    let unusable = |what: String| CallError::new("States.Runtime", format!("stepwell.toml: {what}"));
    let mut request = Request::new(Full::new(call.payload.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url.parse().map_err(|error| unusable(format!("url '{url}': {error}")))?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(trace) = HeaderValue::from_str(&function::trace_id()) {
        headers.insert(HeaderName::from_static("x-amzn-trace-id"), trace);
    }
    if let Some(context) = call.client_context.as_deref().and_then(|context| HeaderValue::from_str(context).ok()) {
        headers.insert(HeaderName::from_static("x-amz-client-context"), context);
    }
    for (name, value) in &target.headers {
        let name: HeaderName = name.parse().map_err(|error| unusable(format!("header '{name}': {error}")))?;
        let value: HeaderValue =
            value.parse().map_err(|error| unusable(format!("the value of header '{name}': {error}")))?;
        headers.insert(name, value);
    }
    Ok(request)
}

async fn read<B>(url: &str, response: Response<B>) -> Result<Received, CallError>
where
    B: axum::body::HttpBody<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let (head, body) = response.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let body = body::read(body, RESPONSE_BYTES_MAX).await.map_err(|error| broken(url, &error))?;
    Ok(Received { status: head.status.as_u16(), headers, body })
}

fn response(url: &str, received: Received) -> Result<FunctionResponse, CallError> {
    let request_id = function::request_id_in(&received.headers);
    let Some(body) = received.body.clone() else {
        return Ok(FunctionResponse::too_large(request_id));
    };
    let mut function_error = received.header("x-amz-function-error").map(str::to_owned);
    if !(200..300).contains(&received.status) {
        if !names_error(&body) {
            return Err(status_error(url, received.status, &body, &request_id));
        }
        function_error = function_error.or_else(|| Some("Unhandled".to_owned()));
    }
    Ok(FunctionResponse {
        status: received.status,
        executed_version: Some(received.header("x-amz-executed-version").unwrap_or("$LATEST").to_owned()),
        payload: body,
        function_error,
        log_result: received.header("x-amz-log-result").map(str::to_owned),
        headers: received.headers,
        request_id,
    })
}

fn names_error(body: &[u8]) -> bool {
    let value = std::str::from_utf8(body).ok().and_then(|text| Value::parse(text).ok());
    value.is_some_and(|value| value.get("errorType").is_some_and(|error| error.as_str().is_some()))
}

fn status_error(url: &str, status: u16, body: &[u8], request_id: &str) -> CallError {
    let body = String::from_utf8_lossy(body);
    let message = if body.is_empty() { format!("POST {url} was answered with no body") } else { body.into_owned() };
    let exception = match status {
        404 => Some("ResourceNotFoundException"),
        _ => function::exception_of_status(status),
    };
    match exception {
        Some(code) => CallError::service(code, status, &message, request_id),
        None => CallError::new(format!("States.Http.StatusCode.{status}"), message),
    }
}

fn broken(url: &str, error: &(dyn std::error::Error + 'static)) -> CallError {
    CallError::broken(&format!("POST {url}"), error)
}
