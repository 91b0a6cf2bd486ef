//! What is answered at which path. The API is at `/`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::json;
use stepwell_engine::engine::made_up_name;

use super::front::{BODIES_KIB_MAX, Front};
use crate::access::{Claim, Refusal};
use crate::error::ApiError;
use crate::operation::Answer;
use crate::{Api, metrics, protocol};

/// Bodies up to this many bytes take no room: there are only so many connections.
const SHORT_BYTES_MAX: u64 = 64 * 1024;

/// The longest request, in bytes: a definition and a payload at AWS's limits, with every character escaped.
const REQUEST_BYTES_MAX: usize = 8 << 20;

/// The same without limits.
const REQUEST_BYTES_MAX_UNLIMITED: usize = 1 << 30;

/// What an AWS JSON body is.
const AMZ_JSON: &str = "application/x-amz-json-1.0";

/// Answers a request.
pub async fn answer(front: &Front, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    if let Err(Refusal(why)) = front.settings.access.admit(&head) {
        tracing::warn!(target: "stepwell::request", path = head.uri.path(), why, "a request was refused");
        return refusal(StatusCode::FORBIDDEN, "AccessDeniedException", &why);
    }
    match (head.uri.path(), &head.method) {
        ("/", _) => operation(front, &head, body).await,
        ("/health", &Method::GET | &Method::HEAD) => health(front),
        ("/metrics", &Method::GET | &Method::HEAD) => figures(front),
        ("/_stepwell/reset", &Method::POST) => reset(front, &head, body).await,
        ("/health" | "/metrics", _) => not_allowed("GET, HEAD"),
        ("/_stepwell/reset", _) => not_allowed("POST"),
        _ => {
            let why =
                "There is nothing here: the API is at /, GET /health tells whether it is up, GET /metrics how it is";
            refusal(StatusCode::NOT_FOUND, "UnknownOperationException", why)
        }
    }
}

// ---- operations ----

async fn operation(front: &Front, head: &Parts, body: Body) -> Response {
    let api = front.api();
    let clock = api.engine().clock();
    let began = clock.elapsed();
    let name = protocol::operation(target(&head.headers)).map_or("unknown", |operation| operation.name);
    let answer = match read(front, head, body, api.options.limited).await {
        Ok(body) => {
            tracing::trace!(target: "stepwell::payload", operation = name, body = %String::from_utf8_lossy(&body));
            call(api.clone(), head, body).await
        }
        Err(error) => Err(error),
    };
    let took = clock.elapsed().saturating_sub(began);
    let id = made_up_name().unwrap_or_default();
    told(name, &answer, took, &id);
    front.requests.add(name, answer.as_ref().map_or_else(|error| error.code, |_| "OK"), took);
    answered(answer, content_type(&head.headers), &id)
}

/// Does what is asked for. A client that goes away meanwhile leaves nothing half done; only a poll ends with it.
async fn call(api: Arc<Api>, head: &Parts, body: Bytes) -> Answer {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let (target, trace) = (text(target(&head.headers)), text(trace_header(&head.headers)));
    let is_poll = target.as_deref().is_some_and(|target| target.ends_with(".GetActivityTask"));
    let calling = async move { api.call_traced(target.as_deref(), trace.as_deref(), &body).await };
    match is_poll {
        true => calling.await,
        false => tokio::spawn(calling).await.unwrap_or_else(|why| Err(ApiError::internal(why.to_string()))),
    }
}

/// A line for each request. What is in it is told only where the target `stepwell::payload` is asked for.
fn told(operation: &str, answer: &Answer, took: Duration, request_id: &str) {
    let duration_ms = took.as_secs_f64() * 1000.0;
    match answer {
        Ok(body) => {
            tracing::debug!(target: "stepwell::request", operation, status = 200, duration_ms, request_id);
            tracing::trace!(target: "stepwell::payload", operation, request_id, answer = %body);
        }
        Err(error) => {
            let (status, code) = (error.status(), error.code);
            match status {
                500.. => tracing::error!(
                    target: "stepwell::request", operation, status, code, duration_ms, request_id, why = error.message
                ),
                _ => tracing::debug!(target: "stepwell::request", operation, status, code, duration_ms, request_id),
            }
            tracing::trace!(target: "stepwell::payload", operation, request_id, answer = error.message);
        }
    }
}

fn target(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()
}

fn trace_header(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amzn-trace-id")?.to_str().ok()
}

/// Clients that speak JSON 1.1 are answered in it.
fn content_type(headers: &HeaderMap) -> &'static str {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.starts_with("application/x-amz-json-1.1") { "application/x-amz-json-1.1" } else { AMZ_JSON }
}

/// The whole body of a request that may be answered. What the head alone tells is checked before the body is read.
async fn read(front: &Front, head: &Parts, body: Body, limited: bool) -> Result<Bytes, ApiError> {
    if head.method != Method::POST {
        let message = "The API takes POST requests with the header X-Amz-Target, as AWS's clients send them";
        return Err(ApiError::new("UnknownOperationException", message));
    }
    let claim = claim(front, head)?;
    let encoding = head.headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return Err(ApiError::serialization(
            "Compressed requests are not taken: send the body without Content-Encoding",
        ));
    }
    let bytes_max = if limited { REQUEST_BYTES_MAX } else { REQUEST_BYTES_MAX_UNLIMITED };
    let too_long = || ApiError::new("RequestEntityTooLarge", format!("The request is longer than {bytes_max} bytes"));
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_long());
    }
    let patience = front.settings.patience.body;
    // A body of unknown length takes as much room as it may have. Short ones need not wait behind long ones that are slow.
    let room_kib = match body.size_hint().exact().unwrap_or(bytes_max as u64) {
        short if short <= SHORT_BYTES_MAX => 0,
        long => u32::try_from(long / 1024 + 1).unwrap_or(u32::MAX).min(BODIES_KIB_MAX),
    };
    let collecting = async {
        let _room = front.room.acquire_many(room_kib).await; // it is never closed
        Limited::new(body, bytes_max).collect().await
    };
    let body = match tokio::time::timeout(patience, collecting).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(why)) if why.is::<LengthLimitError>() => return Err(too_long()),
        Ok(Err(_)) => return Err(ApiError::serialization("The request could not be read to its end")),
        Err(_) => {
            let message = format!("The request's body did not come within {} s", patience.as_secs_f32());
            return Err(ApiError::serialization(message));
        }
    };
    claim.map_or(Ok(()), |claim| claim.verify(&body))?;
    Ok(body)
}

/// What a request claims to be, where requests have to be signed.
fn claim(front: &Front, head: &Parts) -> Result<Option<Claim>, ApiError> {
    let verifier = front.settings.access.verifier.as_ref();
    verifier.map(|verifier| verifier.claim(head, front.api().engine().now())).transpose()
}

fn answered(answer: Answer, content_type: &'static str, id: &str) -> Response {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body.to_string()),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            (status, error.body())
        }
    };
    let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

// ---- beside the API ----

/// Whether the server is up. It is not where the store has failed: nothing can be acknowledged any more.
fn health(front: &Front) -> Response {
    let (status, body) = match front.api().engine().stopped() {
        None => (StatusCode::OK, json!({ "status": "ok" })),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "stopped", "why": why })),
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn figures(front: &Front) -> Response {
    let connections = front.connections.load(std::sync::atomic::Ordering::Relaxed);
    let api = front.api();
    let page = metrics::page(&api.engine().counts(), &front.requests, connections, api.status_events());
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], page).into_response()
}

async fn reset(front: &Front, head: &Parts, body: Body) -> Response {
    let Some(renew) = &front.settings.reset else {
        let why = "Resets are off: `stepwell serve --memory --allow-reset` turns them on";
        return refusal(StatusCode::FORBIDDEN, "AccessDeniedException", why);
    };
    let id = made_up_name().unwrap_or_default();
    if let Err(error) = read(front, head, body, true).await {
        return answered(Err(error), AMZ_JSON, &id);
    }
    match front.reset(renew).await {
        Ok(()) => {
            tracing::info!("everything was reset");
            answered(Ok(json!({})), AMZ_JSON, &id)
        }
        Err(why) => {
            tracing::error!(why, "a reset has failed");
            answered(Err(ApiError::internal(why)), AMZ_JSON, &id)
        }
    }
}

fn not_allowed(allowed: &'static str) -> Response {
    let why = format!("This path takes {allowed}");
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "UnknownOperationException", &why);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// What is said outside the API, in its envelope: clients know how to read it.
fn refusal(status: StatusCode, code: &'static str, why: &str) -> Response {
    (status, [(header::CONTENT_TYPE, AMZ_JSON)], ApiError::new(code, why).body()).into_response()
}
