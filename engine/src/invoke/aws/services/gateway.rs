//! APIs behind API Gateway (`apigateway:invoke`): a request that the task describes, without a model.
//!
//! At AWS the host is the task's `ApiEndpoint`. Where API Gateway is elsewhere, requests go there with that host in their
//! `Host` header, so that a definition cannot choose whom this machine calls.

use axum::http::header::{HOST, HeaderName, HeaderValue};
use axum::http::{Request as HttpRequest, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::json;
use stepwell_asl::{Map, Value};

use super::super::super::services::integration::{refused, shortened};
use super::super::super::services::model;
use super::super::super::services::protocol::{Request, Response};
use super::super::super::{Answer, Task};
use super::call::{Caller, Failure};
use super::{Scope, sign};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// Headers that the request itself decides about.
const FORBIDDEN: [&str; 8] =
    ["authorization", "connection", "content-length", "host", "te", "transfer-encoding", "upgrade", "via"];

/// A request as a task describes it.
struct Asked {
    host: String,
    request: Request,
    signed: bool,
}

pub(super) async fn invoke(caller: &Caller, scope: &Scope, task: &Task) -> Answer {
    match answer(caller, scope, task).await {
        Ok(response) => result(&response),
        Err(Failure::Refused(faults)) => refused(&task.state, &task.input, &faults),
        Err(Failure::Denied(error)) => Answer::Failed { error: error.error, cause: error.cause },
        Err(Failure::NoConnection(cause)) => Answer::failed("ApiGateway.SdkClientException", shortened(&cause)),
        Err(Failure::TooLarge) => Answer::TooLarge,
        // Nothing here reads a service's errors.
        Err(Failure::Fault(fault)) => Answer::failed(format!("ApiGateway.{}", fault.status), ""),
    }
}

async fn answer(caller: &Caller, scope: &Scope, task: &Task) -> Result<Response, Failure> {
    let refuse = |why: String| Failure::Refused(vec![why]);
    let asked = asked(&task.input).map_err(refuse)?;
    let Some(service) = model::service("apigateway") else {
        return Err(refuse("API Gateway has no model".to_owned()));
    };
    let place = caller.place(scope, &service).map_err(Failure::Denied)?;
    let base = place.base.clone().unwrap_or_else(|| format!("https://{}", asked.host));
    let url = format!("{base}{}{}", asked.request.path, asked.request.query_string());
    let signed = match asked.signed {
        false => Vec::new(),
        true => {
            let credentials = caller.credentials(&place).await?;
            let scope = sign::Scope {
                service: "execute-api",
                region: &place.region,
                credentials: &credentials,
                unsigned_payload: false,
            };
            sign::headers(&scope, &asked.request, &url, &asked.host).map_err(refuse)?
        }
    };
    let sent = http_request(asked, &url, signed).map_err(refuse)?;
    caller.send(&base, "API Gateway", sent).await
}

fn http_request(asked: Asked, url: &str, signed: Vec<(String, String)>) -> Result<HttpRequest<Full<Bytes>>, String> {
    let mut sent = HttpRequest::new(Full::new(asked.request.body));
    *sent.method_mut() = asked.request.method.parse().map_err(|_| "The method is none".to_owned())?;
    *sent.uri_mut() = url.parse().map_err(|error| format!("The URL '{url}': {error}"))?;
    for (name, value) in asked.request.headers.into_iter().chain(signed) {
        let unfit = |_| format!("The header '{name}' has characters that a header cannot have");
        let value = HeaderValue::from_str(&value).map_err(|_| unfit(()))?;
        let name: HeaderName = name.parse().map_err(|_| unfit(()))?;
        sent.headers_mut().append(name, value);
    }
    let host = HeaderValue::from_str(&asked.host).map_err(|_| "The ApiEndpoint is no host".to_owned())?;
    sent.headers_mut().insert(HOST, host);
    Ok(sent)
}

fn asked(input: &Value) -> Result<Asked, String> {
    const KNOWN: [&str; 9] = [
        "ApiEndpoint",
        "Method",
        "Headers",
        "Stage",
        "Path",
        "QueryParameters",
        "RequestBody",
        "AllowNullValues",
        "AuthType",
    ];
    let Value::Object(members) = input else { return Err("The parameters must be an OBJECT".to_owned()) };
    if let Some(name) = members.keys().find(|name| !KNOWN.contains(&&***name)) {
        return Err(format!("The field '{name}' is not supported by Step Functions"));
    }
    let text = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(&**text)),
        Some(_) => Err(format!("The value for the field '{name}' must be a STRING")),
    };
    let required = |name: &str| text(name)?.ok_or_else(|| format!("The field '{name}' is required but was missing"));
    let host = required("ApiEndpoint")?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    if host.is_empty() || !host.bytes().all(is_host) {
        return Err("The value for the field 'ApiEndpoint' must be a host without scheme and path".to_owned());
    }
    let method = required("Method")?;
    if !METHODS.contains(&method) {
        return Err(format!("The value for the field 'Method' must be one of {}", METHODS.join(", ")));
    }
    let signed = match text("AuthType")? {
        None | Some("NO_AUTH" | "RESOURCE_POLICY") => false,
        Some("IAM_ROLE") => true,
        Some(_) => return Err("The value for the field 'AuthType' must be NO_AUTH, IAM_ROLE or RESOURCE_POLICY".into()),
    };
    let mut request = Request {
        method: method.to_owned(),
        path: path(text("Stage")?, text("Path")?)?,
        query: pairs("QueryParameters", members.get("QueryParameters"))?,
        headers: pairs("Headers", members.get("Headers"))?,
        ..Request::default()
    };
    if let Some((name, _)) = request.headers.iter().find(|(name, _)| FORBIDDEN.contains(&&*name.to_ascii_lowercase())) {
        return Err(format!("The header '{name}' cannot be set"));
    }
    if let Some(body) = members.get("RequestBody").filter(|body| !body.is_null()) {
        request.body = body.to_string().into();
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
    }
    Ok(Asked { host: host.to_owned(), request, signed })
}

/// Stage and path as they were written, but for what a path cannot have.
fn path(stage: Option<&str>, path: Option<&str>) -> Result<String, String> {
    let parts = [stage, path].into_iter().flatten().map(|part| part.trim_matches('/')).filter(|part| !part.is_empty());
    let joined = parts.map(|part| format!("/{part}")).collect::<String>();
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\' | b'"' | b'<' | b'>');
    match joined.bytes().all(fits) {
        true if joined.is_empty() => Ok("/".to_owned()),
        true => Ok(joined),
        false => Err("The value for the field 'Path' has characters that a path cannot have".to_owned()),
    }
}

/// Names with one value or a list of them.
fn pairs(field: &str, value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let members: &Map = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(format!("The value for the field '{field}' must be an OBJECT")),
    };
    let mut pairs = Vec::new();
    for (name, value) in members {
        let one = |value: &Value| match value {
            Value::String(text) => text.to_string(),
            value => value.to_string(),
        };
        match value {
            Value::Null => {}
            Value::Array(items) => pairs.extend(items.iter().map(|value| (name.to_string(), one(value)))),
            value => pairs.push((name.to_string(), one(value))),
        }
    }
    Ok(pairs)
}

/// The response as a result, or as an error that its status names.
fn result(response: &Response) -> Answer {
    let body = String::from_utf8_lossy(&response.body);
    if response.status >= 400 {
        return Answer::failed(format!("ApiGateway.{}", response.status), shortened(&body));
    }
    let mut headers = Map::default();
    for (name, value) in &response.headers {
        let values = headers.get(name.as_str()).and_then(Value::as_array);
        let mut values: Vec<Value> = values.map(|values| values.to_vec()).unwrap_or_default();
        values.push(value.as_str().into());
        headers.insert(name.as_str().into(), values.into());
    }
    let reason = StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
    let parsed = Value::parse(&body).unwrap_or_else(|_| body.as_ref().into());
    let result = [
        ("Headers", Value::from(headers)),
        ("ResponseBody", parsed),
        ("StatusCode", u64::from(response.status).into()),
        ("StatusText", json!(reason.unwrap_or_default()).into()),
    ];
    Answer::Succeeded(result.into_iter().collect())
}
