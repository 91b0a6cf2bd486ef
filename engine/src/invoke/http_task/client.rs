//! The client of HTTP Tasks: one request, one response, no redirects, at most 256 KiB of a body.

use std::time::Duration;

use axum::body::HttpBody;
use axum::http::{HeaderMap, Method, Uri};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HyperClient, Error};
use hyper_util::rt::TokioExecutor;

use super::Refusal;
use super::guard::{Guard, PrivateTarget};
use super::request::Outgoing;
use super::response::Received;
use crate::invoke::function::sources;

/// What AWS's HTTP Tasks read of a body, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 256 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type Sender = HyperClient<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>;

/// Sends requests where its guard lets them go.
pub(super) struct Client {
    sender: Sender,
    guard: Guard,
}

impl Client {
    pub fn new(guard: Guard) -> Result<Client, Refusal> {
        // Named, because the process-wide default is not certain where several TLS libraries are linked in.
        let provider = rustls::crypto::ring::default_provider();
        let connector = match HttpsConnectorBuilder::new().with_provider_and_native_roots(provider.clone()) {
            Ok(connector) => connector,
            // Endpoints without TLS can be reached all the same.
            Err(error) => {
                tracing::warn!(%error, "there are no certificates to trust: HTTP Tasks reach no endpoint with TLS");
                HttpsConnectorBuilder::new().with_tls_config(trusting_nobody(provider)?)
            }
        };
        let mut tcp = HttpConnector::new_with_resolver(guard.clone());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = connector.https_or_http().enable_http1().wrap_connector(tcp);
        Ok(Client { sender: HyperClient::builder(TokioExecutor::new()).build(connector), guard })
    }

    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    pub async fn send(&self, request: &Outgoing) -> Result<Received, Refusal> {
        let Outgoing { url, method, headers, body, .. } = request;
        self.exchange(method, url, headers, body.clone().unwrap_or_default()).await
    }

    pub async fn exchange(
        &self,
        method: &Method,
        url: &Uri,
        headers: &HeaderMap,
        body: impl Into<Bytes>,
    ) -> Result<Received, Refusal> {
        let mut request = axum::http::Request::new(Full::new(body.into()));
        *request.method_mut() = method.clone();
        *request.uri_mut() = url.clone();
        *request.headers_mut() = headers.clone();
        let response = self.sender.request(request).await.map_err(|error| failed(method, url, &error))?;
        let (head, body) = response.into_parts();
        let body = read(body).await.map_err(|error| broken(method, url, &error))?;
        let protocol = url.scheme_str().unwrap_or_default().to_owned();
        Ok(Received { protocol, status: head.status.as_u16(), headers: head.headers, body })
    }
}

fn trusting_nobody(provider: rustls::crypto::CryptoProvider) -> Result<rustls::ClientConfig, Refusal> {
    let config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Refusal::socket(format!("TLS cannot be used: {error}")))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// A body, or none where it is too large: the rest is not read, and the connection is not used again.
async fn read<B>(mut body: B) -> Result<Option<Bytes>, B::Error>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            if kept.len() + data.len() > BODY_BYTES_MAX {
                return Ok(None);
            }
            kept.extend_from_slice(data);
        }
    }
    Ok(Some(kept.freeze()))
}

fn failed(method: &Method, url: &Uri, error: &Error) -> Refusal {
    match sources(error).find_map(|error| error.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref()) {
        Some(private) => Refusal::runtime(PrivateTarget::to_string(private)),
        None => broken(method, url, error),
    }
}

/// The URL without its query, which may hold secrets.
fn broken(method: &Method, url: &Uri, error: &(dyn std::error::Error + 'static)) -> Refusal {
    let mut texts: Vec<String> = sources(error).map(ToString::to_string).collect();
    texts.dedup();
    let host = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
    Refusal::socket(format!("{method} {host}{}: {}", url.path(), texts.join(": ")))
}
