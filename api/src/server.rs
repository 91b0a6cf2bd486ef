//! HTTP around the operations: connections, limits on what clients may take, and a graceful end.
//!
//! A request has so many bytes and so much time. A connection that says nothing is closed; how many there are is bounded.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use stepwell_engine::engine::made_up_name;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::Api;
use crate::error::ApiError;

/// The longest request, in bytes: a definition and a payload at AWS's limits, with every character escaped.
const REQUEST_BYTES_MAX: usize = 8 << 20;

/// The same without limits.
const REQUEST_BYTES_MAX_UNLIMITED: usize = 1 << 30;

/// Connections at once. Who comes then waits to be accepted.
const CONNECTIONS_MAX: usize = 16_384;

/// How long a client may take to send the head of a request; also how long an idle connection stays open.
const HEAD: Duration = Duration::from_secs(75);

/// How long it may take to send the body.
const BODY: Duration = Duration::from_secs(60);

/// How long clients have to take their last answers.
const FAREWELL: Duration = Duration::from_secs(5);

/// What an AWS JSON body is.
const AMZ_JSON: &str = "application/x-amz-json-1.0";

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// A server at work.
pub struct Serving {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens at an address; port 0 takes any that is free.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Server { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer.
    pub fn serve(self, api: Arc<Api>) -> Serving {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(accept(self.listener, router(api), stopping));
        Serving { stop, task }
    }
}

impl Serving {
    /// Ends: takes no new connections, answers what has been asked, and comes back soon.
    pub async fn finish(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(FAREWELL, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

fn router(api: Arc<Api>) -> Router {
    Router::new().route("/", any(operation)).route("/health", get(health)).fallback(nowhere).with_state(api)
}

async fn accept(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stops(&mut stopping) => break,
        };
        let Ok((stream, _)) = accepted else {
            // The process may have no file descriptors left: those that end give some back.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (router, stopping) = (router.clone(), stopping.clone());
        connections.spawn(async move {
            connection(stream, router, stopping).await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn stops(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await; // without a sender there is nobody left to serve for
}

async fn connection(stream: TcpStream, router: Router, mut stopping: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true); // slower without it, not wrong
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stops(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await; // a client that has gone away is none of ours
        }
    }
}

async fn operation(State(api): State<Arc<Api>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let answer = match head.method {
        Method::POST => match read(body, api.options.limited).await {
            Ok(body) => api.call(target(&head.headers), &body).await,
            Err(error) => Err(error),
        },
        _ => {
            let message = "The API takes POST requests with the header X-Amz-Target, as AWS's clients send them";
            Err(ApiError::new("UnknownOperationException", message))
        }
    };
    answered(answer, content_type(&head.headers))
}

fn target(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()
}

/// Clients that speak JSON 1.1 are answered in it.
fn content_type(headers: &HeaderMap) -> &'static str {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.starts_with("application/x-amz-json-1.1") { "application/x-amz-json-1.1" } else { AMZ_JSON }
}

/// The whole body. Errors: it is too long, too slow, or broke off.
async fn read(body: Body, limited: bool) -> Result<Bytes, ApiError> {
    let bytes_max = if limited { REQUEST_BYTES_MAX } else { REQUEST_BYTES_MAX_UNLIMITED };
    match tokio::time::timeout(BODY, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(why)) if why.is::<LengthLimitError>() => {
            Err(ApiError::new("RequestEntityTooLarge", format!("The request is longer than {bytes_max} bytes")))
        }
        Ok(Err(_)) => Err(ApiError::serialization("The request could not be read to its end")),
        Err(_) => Err(ApiError::serialization(format!("The request's body did not come within {} s", BODY.as_secs()))),
    }
}

fn answered(answer: Result<serde_json::Value, ApiError>, content_type: &'static str) -> Response {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body.to_string()),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            (status, error.body())
        }
    };
    let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
    let id = made_up_name().ok().and_then(|id| HeaderValue::from_str(&id).ok());
    if let Some(id) = id {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

async fn health() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], "{\"status\":\"ok\"}").into_response()
}

async fn nowhere() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here: the API is at /, GET /health tells whether it is up\n")
        .into_response()
}
