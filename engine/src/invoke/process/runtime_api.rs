//! The Lambda Runtime API (version 2018-06-01) for one process, on a port of its own: runtime clients know the API by
//! host and port alone, so the port is what tells processes apart.
//!
//! Invocations go in through [`RuntimeApi::send`]; each carries the channels on which its fate comes back.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::super::function::{self, RESPONSE_BYTES_MAX};
use super::super::{body, lock, wall_clock};

/// How much of an answer that is too large is read, so that the client gets to hear that it is.
const DISCARDED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// One call on its way to the process.
pub(super) struct Invocation {
    pub request_id: String,
    pub payload: Bytes,
    pub function_arn: String,
    /// JSON text.
    pub client_context: Option<String>,
    /// Counts from when the process takes the invocation.
    pub timeout: Duration,
    /// Told when the process takes the invocation.
    pub taken: oneshot::Sender<()>,
    /// Told what the process answers. Dropped if it asks for the next invocation instead.
    pub outcome: oneshot::Sender<Outcome>,
}

/// What the process answered.
#[derive(Debug)]
pub(super) enum Outcome {
    Response(Bytes),
    Error(Bytes),
    TooLarge,
}

/// The server's side. Dropping it closes the port.
pub(super) struct RuntimeApi {
    address: SocketAddr,
    invocations: mpsc::Sender<Invocation>,
    init_error: Option<oneshot::Receiver<Bytes>>,
    server: JoinHandle<()>,
}

struct Shared {
    invocations: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    /// The invocation that the process is at.
    current: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    init_error: Mutex<Option<oneshot::Sender<Bytes>>>,
}

impl RuntimeApi {
    /// Listens on a free port of the loopback interface.
    pub(super) async fn serve() -> io::Result<RuntimeApi> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (invocations, receiver) = mpsc::channel(1);
        let (init_sender, init_error) = oneshot::channel();
        let shared = Arc::new(Shared {
            invocations: tokio::sync::Mutex::new(receiver),
            current: Mutex::default(),
            init_error: Mutex::new(Some(init_sender)),
        });
        let server = tokio::spawn(async move {
            // Serving never ends by itself; an error could only be that the listener is gone.
            let _ = axum::serve(listener, routes(shared)).await;
        });
        Ok(RuntimeApi { address, invocations, init_error: Some(init_error), server })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leaves the invocation for the process to take.
    pub(super) async fn send(&self, invocation: Invocation) {
        // The receiver lives in the server. Without it the senders inside the invocation drop, which the caller sees.
        let _ = self.invocations.send(invocation).await;
    }

    /// Waits for the process to report that it cannot start: the error's JSON text. Comes at most once.
    pub(super) async fn init_error(&mut self) -> Bytes {
        if let Some(receiver) = &mut self.init_error {
            let error = receiver.await;
            self.init_error = None;
            if let Ok(error) = error {
                return error;
            }
        }
        std::future::pending().await
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(respond))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
        .route("/2018-06-01/runtime/init/error", post(fail_init))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    drop(lock(&shared.current).take());
    let Some(invocation) = shared.invocations.lock().await.recv().await else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "ShuttingDown", "No more invocations will come");
    };
    let deadline_ms = wall_clock::unix_ms_after(invocation.timeout).to_string();
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: &str| {
        // What cannot stand in a header (a control character in a client context) is left out.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("content-type", "application/json");
    put("lambda-runtime-aws-request-id", &invocation.request_id);
    put("lambda-runtime-deadline-ms", &deadline_ms);
    put("lambda-runtime-invoked-function-arn", &invocation.function_arn);
    put("lambda-runtime-trace-id", &function::trace_id());
    if let Some(context) = &invocation.client_context {
        put("lambda-runtime-client-context", context);
    }
    *lock(&shared.current) = Some((invocation.request_id, invocation.outcome));
    // Nobody listens any more where the call was given up; the process is then about to be killed.
    let _ = invocation.taken.send(());
    (headers, invocation.payload).into_response()
}

async fn respond(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response {
    end_invocation(&shared, &id, body, Outcome::Response).await
}

async fn fail(State(shared): State<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    end_invocation(&shared, &id, body, |error| Outcome::Error(described(error, &headers))).await
}

async fn end_invocation(shared: &Shared, id: &str, body: Body, outcome: impl FnOnce(Bytes) -> Outcome) -> Response {
    if lock(&shared.current).as_ref().is_none_or(|(current, _)| current != id) {
        return refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
    }
    let (outcome, answer) = match body::read(body, DISCARDED_BYTES_MAX).await {
        Ok(Some(body)) => (outcome(body), accepted()),
        Ok(None) => {
            let message = format!("Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).");
            (Outcome::TooLarge, refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message))
        }
        // The process is gone or the call is; whoever waits for it sees that.
        Err(_) => return refusal(StatusCode::BAD_REQUEST, "InvalidRequest", "The request ended early"),
    };
    if let Some((_, sender)) = lock(&shared.current).take_if(|(current, _)| current == id) {
        let _ = sender.send(outcome);
    }
    answer
}

async fn fail_init(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    let error = body::read(body, DISCARDED_BYTES_MAX).await.ok().flatten().unwrap_or_default();
    if let Some(sender) = lock(&shared.init_error).take() {
        let _ = sender.send(described(error, &headers));
    }
    accepted()
}

/// An error as the process describes it, or by the header that names its type where the body says nothing.
fn described(error: Bytes, headers: &HeaderMap) -> Bytes {
    let error_type = headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok());
    match error_type {
        Some(error_type) if error.is_empty() => json!({"errorType": error_type, "errorMessage": ""}).to_string().into(),
        _ => error,
    }
}

fn accepted() -> Response {
    answer(StatusCode::ACCEPTED, json!({"status": "OK"}))
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Response {
    answer(status, json!({"errorType": error_type, "errorMessage": message}))
}

fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
