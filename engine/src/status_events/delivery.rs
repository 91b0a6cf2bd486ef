//! The way to a receiver: an HTTP URL that takes the envelope, or an endpoint of EventBridge that takes `PutEvents`.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Method, Request};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;

use super::event::Event;
use crate::invoke::config::Events;
use crate::invoke::http::{HttpClient, client};

/// How long one delivery may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long before the second try; it doubles up to the longest.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// What is read of an answer, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What became of an event.
pub(super) enum Delivered {
    /// The receiver has it.
    Taken,
    /// The receiver will never take it.
    Refused(String),
}

/// What came of one try.
enum Tried {
    Done(Delivered),
    Again(String),
}

/// Who receives.
pub(super) struct Receiver {
    to: Events,
    client: OnceCell<HttpClient>,
}

impl Receiver {
    pub fn new(to: &Events) -> Receiver {
        Receiver { to: to.clone(), client: OnceCell::new() }
    }

    /// Delivers until the receiver says something final. `again` is told of every further try.
    pub async fn deliver(&self, event: &Event, again: impl Fn()) -> Delivered {
        let mut backoff = BACKOFF_MIN;
        let mut told = false;
        loop {
            let tried = tokio::time::timeout(TIMEOUT, self.once(event)).await;
            match tried.unwrap_or_else(|_| Tried::Again(format!("no answer within {} seconds", TIMEOUT.as_secs()))) {
                Tried::Done(delivered) => return delivered,
                Tried::Again(why) => {
                    if !told {
                        tracing::warn!(why, "an event could not be delivered and is tried again");
                    }
                    told = true;
                }
            }
            tokio::time::sleep(backoff).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
            again();
        }
    }

    async fn once(&self, event: &Event) -> Tried {
        let request = match self.request(event) {
            Ok(request) => request,
            Err(why) => return Tried::Done(Delivered::Refused(why)),
        };
        let secure = request.uri().scheme_str() == Some("https");
        let client = match self.client.get_or_try_init(|| async { client(secure) }).await {
            Ok(client) => client,
            Err(error) => return Tried::Again(error.cause.unwrap_or_default()),
        };
        let response = match client.request(request).await {
            Ok(response) => response,
            Err(error) => return Tried::Again(chain(&error)),
        };
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map(|body| body.to_bytes());
        match head.status.as_u16() {
            200..300 => self.taken(body.unwrap_or_default().as_ref()),
            // Those that EventBridge does not try again either are final.
            status @ (401 | 407 | 408 | 409 | 425 | 429 | 500..) => Tried::Again(format!("status {status}")),
            status => Tried::Done(Delivered::Refused(format!("status {status}"))),
        }
    }

    fn request(&self, event: &Event) -> Result<Request<Full<Bytes>>, String> {
        let (url, body) = match &self.to {
            Events::Url(url) => (url, event.envelope.to_string()),
            Events::EventBridge(endpoint) => (endpoint, put_events(&event.envelope).to_string()),
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.parse().map_err(|error| format!("'{url}': {error}"))?;
        let headers = request.headers_mut();
        match &self.to {
            Events::Url(_) => drop(headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"))),
            Events::EventBridge(_) => {
                let target = HeaderName::from_static("x-amz-target");
                headers.insert(target, HeaderValue::from_static("AWSEvents.PutEvents"));
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
                if let Ok(value) = HeaderValue::from_str(&credential(&event.envelope)) {
                    headers.insert(AUTHORIZATION, value);
                }
            }
        }
        Ok(request)
    }

    /// A receiver that answers 2xx has the event, unless EventBridge says that it has not.
    fn taken(&self, answer: &[u8]) -> Tried {
        let refused = match &self.to {
            Events::Url(_) => None,
            Events::EventBridge(_) => {
                let answer: Json = serde_json::from_slice(answer).unwrap_or_default();
                let code = answer["Entries"][0]["ErrorCode"].as_str().map(str::to_owned);
                code.filter(|_| answer["FailedEntryCount"].as_u64().is_some_and(|count| count > 0))
            }
        };
        match refused {
            None => Tried::Done(Delivered::Taken),
            Some(code) if code.contains("Internal") || code.contains("Throttling") => Tried::Again(code),
            Some(code) => Tried::Done(Delivered::Refused(code)),
        }
    }
}

fn put_events(envelope: &Json) -> Json {
    json!({ "Entries": [{
        "Time": envelope["detail"]["stopDate"].as_i64().or(envelope["detail"]["startDate"].as_i64()).map(|ms| ms as f64 / 1000.0),
        "Source": envelope["source"],
        "Resources": envelope["resources"],
        "DetailType": envelope["detail-type"],
        "Detail": envelope["detail"].to_string(),
    }] })
}

/// Emulators read region and account from here and check nothing. Real EventBridge takes no events of the source
/// `aws.states` from anybody, so no signature could help.
fn credential(envelope: &Json) -> String {
    let region = envelope["region"].as_str().unwrap_or_default();
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20000101/{region}/events/aws4_request, SignedHeaders=host, Signature={:064}",
        0
    )
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let texts = std::iter::successors(Some(error), |error| (**error).source()).map(ToString::to_string);
    texts.collect::<Vec<_>>().join(": ")
}
