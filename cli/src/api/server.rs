//! The HTTP server around whoever answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Answerer;
use super::protocol::{self, ApiError};
use crate::refusal::Refusal;

/// The longest request, in bytes: an output at AWS's limit with every character escaped.
const REQUEST_BYTES_MAX: usize = 2 << 20;

/// The longest request without limits, in bytes.
const REQUEST_BYTES_MAX_UNLIMITED: usize = 1 << 30;

/// How much more than that is read, in bytes, so that whoever still sends hears the answer.
const EXCESS_BYTES_MAX: usize = 8 << 20;

/// How long clients have to take their last answers.
const FAREWELL: Duration = Duration::from_secs(2);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// A server at work.
pub struct Serving {
    answerer: Arc<dyn Answerer>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Served {
    answerer: Arc<dyn Answerer>,
    limited: bool,
    bytes_max: usize,
}

impl Server {
    /// Listens at an address.
    pub async fn bind(address: SocketAddr) -> Result<Server, Refusal> {
        let failed = |error: std::io::Error| Refusal::new(format!("--api {address} cannot be opened: {error}"));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer. `limited`: AWS's limit on outputs holds.
    pub fn serve(self, answerer: Arc<dyn Answerer>, limited: bool) -> Serving {
        let (stop, stopped) = oneshot::channel::<()>();
        let bytes_max = if limited { REQUEST_BYTES_MAX } else { REQUEST_BYTES_MAX_UNLIMITED };
        let router = Router::new()
            .fallback(handle)
            .layer(DefaultBodyLimit::max(bytes_max + EXCESS_BYTES_MAX))
            .with_state(Served { answerer: answerer.clone(), limited, bytes_max });
        let task = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            // Only the listener can fail, and then nobody is left to be told.
            let _ = axum::serve(self.listener, router).with_graceful_shutdown(stopped).await;
        });
        Serving { answerer, stop, task }
    }
}

impl Serving {
    /// Ends: those who poll get nothing, those who have called get their answers.
    pub async fn finish(mut self) {
        self.answerer.close();
        let _ = self.stop.send(()); // a server that has ended already needs no telling
        if tokio::time::timeout(FAREWELL, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn handle(State(served): State<Served>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let answer = match body {
        Ok(body) if body.len() <= served.bytes_max => {
            protocol::call(served.answerer.as_ref(), target, &body, served.limited).await
        }
        Ok(_) => Err(ApiError::too_long(served.bytes_max)),
        Err(why) if why.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(ApiError::too_long(served.bytes_max)),
        Err(_) => Err(ApiError::unreadable()),
    };
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (StatusCode::BAD_REQUEST, error.body()),
    };
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}
