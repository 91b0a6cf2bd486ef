//! The parameters of an HTTP Task, read and checked.

use axum::http::{HeaderName, HeaderValue, Method, Uri};
use stepwell_asl::Value;

use super::super::Task;
use super::super::lambda_task::unusable;
use super::Refusal;
use super::encode::ArrayFormat;

/// Headers that a definition cannot set: AWS's list.
const FORBIDDEN: [&str; 32] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];
const FORBIDDEN_PREFIXES: [&str; 3] = ["x-forwarded-", "x-amz-", "x-amzn-"];

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];

const FIELDS: [&str; 8] = [
    "ApiEndpoint",
    "Method",
    "Authentication",
    "InvocationConfig",
    "Headers",
    "QueryParameters",
    "RequestBody",
    "Transform",
];

/// The longest URL that is sent, in bytes.
const URL_BYTES_MAX: usize = 64 * 1024;

/// What a definition asks for.
pub(super) struct Parameters {
    pub endpoint: Uri,
    pub method: Method,
    pub connection_arn: String,
    pub headers: Vec<(HeaderName, HeaderValue, String)>,
    /// An object, where it is there.
    pub query: Option<Value>,
    pub body: Option<Value>,
    /// How the body is encoded as a form; `None`: it is JSON.
    pub form: Option<ArrayFormat>,
}

impl Parameters {
    pub fn read(task: &Task) -> Result<Parameters, Refusal> {
        let refused = |why: String| Refusal::runtime(unusable(task, &why));
        let of = |name: &str| task.input.get(name).filter(|value| !value.is_null());
        let unknown =
            task.input.as_object().and_then(|members| members.keys().find(|name| !FIELDS.contains(&&***name)));
        if let Some(unknown) = unknown {
            return Err(refused(format!("The field '{unknown}' is not supported by Step Functions")));
        }
        let endpoint = text(of("ApiEndpoint"), "ApiEndpoint").and_then(endpoint).map_err(refused)?;
        let method = text(of("Method"), "Method").and_then(method).map_err(refused)?;
        let connection_arn = connection_arn(of("Authentication"), of("InvocationConfig")).map_err(refused)?;
        Ok(Parameters {
            endpoint,
            method,
            connection_arn,
            headers: of("Headers").map_or_else(|| Ok(Vec::new()), headers).map_err(refused)?,
            query: of("QueryParameters").map(query).transpose().map_err(refused)?,
            body: of("RequestBody").cloned(),
            form: of("Transform").map_or(Ok(None), form).map_err(refused)?,
        })
    }
}

fn text<'a>(value: Option<&'a Value>, name: &str) -> Result<&'a str, String> {
    match value {
        None => Err(format!("The field '{name}' is required but was missing")),
        Some(value) => value.as_str().ok_or_else(|| format!("The value for the field '{name}' must be a STRING")),
    }
}

fn endpoint(url: &str) -> Result<Uri, String> {
    let invalid = |why: &str| format!("The value '{url}' for the field 'ApiEndpoint' is not a valid URL: {why}");
    if url.len() > URL_BYTES_MAX {
        return Err(format!("The value for the field 'ApiEndpoint' has more than {URL_BYTES_MAX} bytes"));
    }
    let uri: Uri = url.parse().map_err(|error| invalid(&format!("{error}")))?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("https" | "http"), Some(authority)) if authority.host().is_empty() => Err(invalid("it has no host")),
        (Some("https" | "http"), Some(authority)) if authority.as_str().contains('@') => {
            Err(invalid("it must not have a user"))
        }
        (Some("https" | "http"), Some(_)) => Ok(uri),
        _ => Err(invalid("it must begin with https://")),
    }
}

fn method(name: &str) -> Result<Method, String> {
    match Method::from_bytes(name.as_bytes()) {
        Ok(method) if METHODS.contains(&name) => Ok(method),
        _ => Err(format!("The value '{name}' for the field 'Method' must be one of [{}]", METHODS.join(", "))),
    }
}

fn connection_arn(authentication: Option<&Value>, invocation: Option<&Value>) -> Result<String, String> {
    let (place, of) = match (authentication, invocation) {
        (Some(_), Some(_)) => {
            return Err("Only one of the fields 'Authentication' and 'InvocationConfig' can be there".to_owned());
        }
        (None, Some(of)) => ("InvocationConfig.ConnectionArn", of),
        (Some(of), None) => ("Authentication.ConnectionArn", of),
        (None, None) => return Err("The field 'Authentication' is required but was missing".to_owned()),
    };
    text(of.get("ConnectionArn"), place).map(str::to_owned)
}

/// A header may have several values. Those that Step Functions sets by itself are left out.
fn headers(value: &Value) -> Result<Vec<(HeaderName, HeaderValue, String)>, String> {
    let members = value.as_object().ok_or("The value for the field 'Headers' must be an object")?;
    let mut headers = Vec::new();
    for (name, value) in members.iter() {
        let lower = name.to_ascii_lowercase();
        let is_forbidden =
            FORBIDDEN.contains(&&*lower) || FORBIDDEN_PREFIXES.iter().any(|prefix| lower.starts_with(prefix));
        if is_forbidden {
            return Err(format!("The Headers field contains an unsupported header: {name}"));
        }
        if matches!(&*lower, "user-agent" | "range") {
            continue;
        }
        let parsed: HeaderName = lower.parse().map_err(|_| format!("'{name}' is no name of a header"))?;
        let one = std::slice::from_ref(value);
        for value in value.as_array().map_or(one, |values| &values[..]) {
            let text =
                scalar(value).ok_or_else(|| format!("The header '{name}' must be a text or an array of texts"))?;
            let value = text.parse().map_err(|_| format!("The header '{name}' has characters that no header has"))?;
            headers.push((parsed.clone(), value, name.to_string()));
        }
    }
    Ok(headers)
}

fn query(value: &Value) -> Result<Value, String> {
    match value.as_object() {
        Some(_) => Ok(value.clone()),
        None => Err("The value for the field 'QueryParameters' must be an object".to_owned()),
    }
}

fn form(transform: &Value) -> Result<Option<ArrayFormat>, String> {
    let encoding = match transform.get("RequestBodyEncoding") {
        None => "NONE",
        encoding => text(encoding, "Transform.RequestBodyEncoding")?,
    };
    let options = transform.get("RequestEncodingOptions");
    let format = match options.and_then(|options| options.get("ArrayFormat")) {
        None => ArrayFormat::Indices,
        format => ArrayFormat::parse(text(format, "Transform.RequestEncodingOptions.ArrayFormat")?)?,
    };
    match encoding {
        "NONE" => Ok(None),
        "URL_ENCODED" => Ok(Some(format)),
        other => Err(format!(
            "The value '{other}' for the field 'Transform.RequestBodyEncoding' must be one of [NONE, URL_ENCODED]"
        )),
    }
}

/// A text, a number or a truth value as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
