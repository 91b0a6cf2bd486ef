//! Calls of the Step Functions API over HTTP: AWS JSON 1.0, signed.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, Request, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use stepwell_engine::clock::Clock;

use crate::{Trouble, credentials};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than the long poll of `GetActivityTask`.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);
/// The longest answer that is read: a history of 25,000 events may be long.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How often a call is repeated that was throttled, and the first pause.
const THROTTLED_MAX: u32 = 8;
const THROTTLED_PAUSE: Duration = Duration::from_millis(400);

/// Operations that clients of AWS send to a host of their own.
const SYNCHRONOUS: [&str; 2] = ["StartSyncExecution", "TestState"];

/// An endpoint that speaks the API of Step Functions. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

struct Inner {
    url: Uri,
    region: String,
    credentials: Credentials,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null where it is no JSON.
    pub body: Value,
    /// The body's text.
    pub text: String,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {why}")]
pub struct NoAnswer {
    operation: String,
    why: String,
}

/// Who an endpoint says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `aws`
    pub partition: String,
    /// The region in its ARNs.
    pub region: String,
    /// The account in its ARNs.
    pub account: String,
}

impl Endpoint {
    /// The endpoint at this URL, with the region and the credentials of the environment.
    pub async fn at(url: &str) -> Result<Endpoint, Trouble> {
        let uri: Uri = url.parse().map_err(|error| Trouble::endpoint(url, error))?;
        let host = uri.host().filter(|_| matches!(uri.scheme_str(), Some("http" | "https")));
        let host = host.ok_or_else(|| Trouble::endpoint(url, "http://HOST:PORT or https://HOST is needed"))?.to_owned();
        let credentials = credentials::of_environment(url, &host).await?;
        let client = client(url.starts_with("https://")).map_err(|why| Trouble::endpoint(url, why))?;
        Ok(Endpoint(Arc::new(Inner { url: uri, region: credentials::region(&host), credentials, client })))
    }

    /// The URL.
    pub fn url(&self) -> String {
        self.0.url.to_string()
    }

    /// Whether it is AWS itself.
    pub fn is_aws(&self) -> bool {
        self.0.url.host().is_some_and(credentials::is_aws)
    }

    /// Asks for partition, region and account, by an activity that is made for it and deleted.
    pub async fn identity(&self) -> Result<Identity, Trouble> {
        let trouble = |why: String| Trouble::endpoint(&self.url(), why);
        let name = format!("conformance-{}", uuid::Uuid::new_v4().simple());
        let body = serde_json::json!({ "name": name });
        let made = self.call("CreateActivity", &body).await.map_err(|error| trouble(error.to_string()))?;
        let arn = made.body.get("activityArn").and_then(Value::as_str);
        let arn = arn.ok_or_else(|| trouble(format!("CreateActivity answered {}: {}", made.status, made.text)))?;
        let body = serde_json::json!({ "activityArn": arn });
        self.call("DeleteActivity", &body).await.map_err(|error| trouble(error.to_string()))?;
        let parts: Vec<&str> = arn.split(':').collect();
        match parts.as_slice() {
            ["arn", partition, "states", region, account, "activity", _] => Ok(Identity {
                partition: (*partition).to_owned(),
                region: (*region).to_owned(),
                account: (*account).to_owned(),
            }),
            _ => Err(trouble(format!("'{arn}' is no ARN of an activity"))),
        }
    }

    /// Calls an operation.
    pub async fn call(&self, operation: &str, parameters: &Value) -> Result<Answer, NoAnswer> {
        self.send(operation, parameters.to_string()).await
    }

    /// Calls an operation with this body.
    pub async fn send(&self, operation: &str, body: String) -> Result<Answer, NoAnswer> {
        let body = Bytes::from(body);
        let mut pause = THROTTLED_PAUSE;
        for _ in 0..THROTTLED_MAX {
            let answer = self.exchange(operation, body.clone()).await?;
            if answer.code() != Some("ThrottlingException") {
                return Ok(answer);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.exchange(operation, body).await
    }

    async fn exchange(&self, operation: &str, body: Bytes) -> Result<Answer, NoAnswer> {
        let failed = |why: String| NoAnswer { operation: operation.to_owned(), why };
        let request = self.request(operation, body).map_err(failed)?;
        let exchange = async {
            let response = self.0.client.request(request).await.map_err(|error| chain(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            Ok::<_, String>(Answer { status: head.status.as_u16(), body, text })
        };
        match tokio::time::timeout(CALL_TIMEOUT, exchange).await {
            Ok(answer) => answer.map_err(failed),
            Err(_) => Err(failed(format!("no answer within {} s", CALL_TIMEOUT.as_secs()))),
        }
    }

    fn request(&self, operation: &str, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
        let uri = self.uri(operation);
        let target =
            HeaderValue::from_str(&format!("AWSStepFunctions.{operation}")).map_err(|error| error.to_string())?;
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.parse().map_err(|error| format!("{uri}: {error}"))?;
        request.headers_mut().insert("x-amz-target", target);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        self.sign(&mut request, &uri, &body)?;
        Ok(request)
    }

    fn uri(&self, operation: &str) -> String {
        let url = &self.0.url;
        let authority = url.authority().map_or("", |authority| authority.as_str());
        let prefix = if self.is_aws() && SYNCHRONOUS.contains(&operation) { "sync-" } else { "" };
        format!("{}://{prefix}{authority}{}", url.scheme_str().unwrap_or("http"), url.path())
    }

    fn sign(&self, request: &mut Request<Full<Bytes>>, uri: &str, body: &Bytes) -> Result<(), String> {
        let identity = self.0.credentials.clone().into();
        let now_ms = u64::try_from(Clock::real().now().0).unwrap_or_default();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.0.region)
            .name("states")
            .time(std::time::UNIX_EPOCH + Duration::from_millis(now_ms))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(body));
        let signed = sign(signable.map_err(|error| error.to_string())?, &params).map_err(|error| error.to_string())?;
        signed.into_parts().0.apply_to_request_http1x(request);
        Ok(())
    }
}

impl Answer {
    /// The error's code, where it is one.
    pub fn code(&self) -> Option<&str> {
        let code = self.body.get("__type").and_then(Value::as_str)?;
        Some(code.rsplit_once('#').map_or(code, |(_, code)| code))
    }

    /// The error's message.
    pub fn message(&self) -> Option<&str> {
        self.body.get("message").or(self.body.get("Message")).and_then(Value::as_str)
    }

    /// Whether the call was done.
    pub fn is_good(&self) -> bool {
        self.status == 200
    }
}

fn client(secure: bool) -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, String> {
    let provider = rustls::crypto::ring::default_provider();
    let connector = if secure {
        HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| format!("no certificates to trust: {error}"))?
    } else {
        let tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
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

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
