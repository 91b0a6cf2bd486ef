//! The functions of cases, behind the Lambda Invoke API: each answers what its case has written down. A role is always
//! given, so that tasks with credentials work.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Trouble;
use crate::compare::{self, Bound};
use crate::script::{Act, Refuse, Reply, Script};

/// Lambda's own limit of a payload.
const PAYLOAD_BYTES_MAX: usize = 6 << 20;

/// The functions that are being served. Cheap to clone.
#[derive(Clone)]
pub struct Functions(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    served: Mutex<HashMap<String, Served>>,
}

struct Served {
    script: Script,
    /// How many answers in order were given.
    given: usize,
    calls: UnboundedSender<Called>,
}

/// A call of a function.
#[derive(Debug)]
pub struct Called {
    /// What it was called with.
    pub payload: Value,
    /// What becomes of the payload's task token.
    pub then: Option<Act>,
    /// Why the script has no answer.
    pub unexpected: Option<String>,
}

impl Functions {
    /// Starts to serve at an address; port 0 takes any.
    pub async fn serve(address: SocketAddr) -> Result<Functions, Trouble> {
        let trouble = |source| Trouble::Functions { address, source };
        let listener = TcpListener::bind(address).await.map_err(trouble)?;
        let address = listener.local_addr().map_err(trouble)?;
        let functions = Functions(Arc::new(Inner { address, served: Mutex::default() }));
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .fallback(other)
            .layer(DefaultBodyLimit::max(PAYLOAD_BYTES_MAX))
            .with_state(functions.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(functions)
    }

    /// Where Lambda is.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// Serves a function under this name until it is [removed](Functions::remove), and tells of its calls.
    pub fn add(&self, name: &str, script: Script) -> UnboundedReceiver<Called> {
        let (calls, called) = unbounded_channel();
        self.served().insert(name.to_owned(), Served { script, given: 0, calls });
        called
    }

    /// The function is there no more.
    pub fn remove(&self, name: &str) {
        self.served().remove(name);
    }

    fn served(&self) -> MutexGuard<'_, HashMap<String, Served>> {
        self.0.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None: there is no such function.
    fn answer(&self, name: &str, payload: &Value) -> Option<Reply> {
        let mut served = self.served();
        let function = served.get_mut(name)?;
        let reply = function.next(payload);
        let (then, unexpected) = match &reply {
            Some(reply) => (reply.then.clone(), None),
            None => (None, Some(format!("{name} was called once more than its script has answers: {payload}"))),
        };
        // Nobody listens any more where the case is over.
        let _ = function.calls.send(Called { payload: payload.clone(), then, unexpected });
        let none = || Reply { error: Some(json!({ "errorType": "NoAnswerLeft" })), ..Reply::default() };
        Some(reply.unwrap_or_else(none))
    }
}

impl Served {
    fn next(&mut self, payload: &Value) -> Option<Reply> {
        let fits =
            |reply: &&Reply| reply.when.as_ref().is_some_and(|when| compare::matches(when, payload, &mut Bound::new()));
        if let Some(reply) = self.script.replies().iter().find(fits) {
            return Some(reply.clone());
        }
        let mut in_order = self.script.replies().iter().filter(|reply| reply.when.is_none());
        match self.script {
            Script::Always(_) => in_order.next().cloned(),
            Script::InOrder(_) => {
                let reply = in_order.nth(self.given).cloned();
                self.given += 1;
                reply
            }
        }
    }
}

async fn invoke(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response<Body> {
    let bare = bare_name(&name);
    let value = serde_json::from_slice(&payload).unwrap_or(Value::Null);
    let Some(reply) = functions.answer(bare, &value) else {
        let message = format!("Function not found: {}:$LATEST", arn(&name, bare));
        return refusal(&Refuse { status: 404, code: "ResourceNotFoundException".to_owned(), message });
    };
    if headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "Event") {
        return response(StatusCode::ACCEPTED, &[], Body::empty());
    }
    if let Some(refuse) = &reply.refuse {
        return refusal(refuse);
    }
    if reply.hang {
        std::future::pending::<()>().await;
    }
    let version = ("X-Amz-Executed-Version", "$LATEST");
    if let Some(error) = reply.error {
        return response(StatusCode::OK, &[version, ("X-Amz-Function-Error", "Unhandled")], error.to_string().into());
    }
    let body = match (reply.result, reply.return_text) {
        (Some(result), _) => result.to_string().into(),
        (None, Some(text)) => text.into(),
        (None, None) => Body::from(payload),
    };
    response(StatusCode::OK, &[version], body)
}

/// A function's name may come with its ARN around it, or a version behind it.
fn bare_name(name: &str) -> &str {
    let name = name.rsplit_once(":function:").map_or(name, |(_, name)| name);
    name.split_once(':').map_or(name, |(name, _)| name)
}

fn arn(name: &str, bare: &str) -> String {
    match name.starts_with("arn:") {
        true => name.to_owned(),
        false => format!("arn:aws:lambda:us-east-1:000000000000:function:{bare}"),
    }
}

/// The only other service that tasks with functions ask: the one that gives roles.
async fn other(body: Bytes) -> Response<Body> {
    let asked = String::from_utf8_lossy(&body);
    if !asked.contains("Action=AssumeRole") {
        return response(StatusCode::NOT_FOUND, &[], Body::empty());
    }
    let answer = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIACONFORMANCE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session\
        </SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>\
        AROACONFORMANCE:conformance</AssumedRoleId><Arn>arn:aws:sts::000000000000:assumed-role/role/conformance</Arn>\
        </AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>";
    response(StatusCode::OK, &[("Content-Type", "text/xml")], Body::from(answer))
}

fn refusal(refuse: &Refuse) -> Response<Body> {
    let kind = if refuse.status < 500 { "User" } else { "Service" };
    let body = json!({ "Type": kind, "Message": refuse.message }).to_string();
    let status = StatusCode::from_u16(refuse.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response(status, &[("x-amzn-ErrorType", refuse.code.as_str())], body.into())
}

fn response(status: StatusCode, headers: &[(&str, &str)], body: Body) -> Response<Body> {
    let mut response = Response::builder().status(status).header("x-amzn-RequestId", uuid::Uuid::new_v4().to_string());
    if headers.iter().all(|(name, _)| *name != "Content-Type") {
        response = response.header("Content-Type", "application/json");
    }
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    // Only a header that a case has written wrongly can fail here.
    response.body(body).unwrap_or_default()
}
