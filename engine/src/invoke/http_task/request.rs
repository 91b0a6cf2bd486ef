//! The request: what the definition asks for, and over it what the connection adds.

use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RANGE, USER_AGENT};
use axum::http::{HeaderMap, Method, Uri};
use stepwell_asl::{Map, Value};

use super::credentials::Added;
use super::encode::{self, ArrayFormat};
use super::parameters::Parameters;
use super::{Refusal, Request};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

/// As AWS asks: no server need send more than a task may have.
const RANGE_MAX: HeaderValue = HeaderValue::from_static("bytes=0-262144");

/// A request that is ready to be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub url: Uri,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Option<String>,
    /// The headers as a test of a state shows them: with names as they were written, without that of the body.
    listed: Vec<(String, String)>,
}

impl Outgoing {
    /// `added` wins over what the definition says.
    pub fn build(parameters: &Parameters, added: Option<&Added>, region: &str) -> Result<Outgoing, Refusal> {
        let nothing = Added::default();
        let added = added.unwrap_or(&nothing);
        let mut headers = HeaderMap::new();
        let mut listed = Vec::new();
        let mut put = |name: &HeaderName, value: &HeaderValue, written: &str| {
            headers.append(name, value.clone());
            listed.push((written.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        };
        let is_added = |name: &HeaderName| added.headers.iter().any(|(of, ..)| of == name);
        for (name, value, written) in parameters.headers.iter().filter(|(name, ..)| !is_added(name)) {
            put(name, value, written);
        }
        for (name, value, written) in &added.headers {
            put(name, value, written);
        }
        let agent = format!("Amazon|StepFunctions|HttpInvoke|{region}");
        let agent = agent.parse().map_err(|_| Refusal::runtime(format!("'{region}' is no region")))?;
        put(&USER_AGENT, &agent, "User-Agent");
        put(&RANGE, &RANGE_MAX, "Range");
        let body = body(parameters, &added.body)?;
        if body.is_some() {
            headers.entry(CONTENT_TYPE).or_insert(JSON);
        }
        let url = url(&parameters.endpoint, parameters.query.as_ref(), &added.query)?;
        Ok(Outgoing { url, method: parameters.method.clone(), headers, body, listed })
    }

    /// The request as a test of a state shows it.
    pub fn shown(&self) -> Request {
        Request {
            protocol: self.url.scheme_str().unwrap_or_default().to_owned(),
            method: self.method.to_string(),
            url: self.url.to_string(),
            headers: self.listed.clone(),
            body: self.body.clone(),
        }
    }
}

fn url(endpoint: &Uri, query: Option<&Value>, added: &Map) -> Result<Uri, Refusal> {
    let mut merged: Map = query.and_then(Value::as_object).map(|members| (**members).clone()).unwrap_or_default();
    for (name, value) in added {
        merged.insert(name.clone(), value.clone());
    }
    let pairs = encode::form(&Value::from(merged), ArrayFormat::Repeat);
    if pairs.is_empty() {
        return Ok(endpoint.clone());
    }
    let scheme = endpoint.scheme_str().unwrap_or_default();
    let authority = endpoint.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let before = endpoint.query().map(|query| format!("{query}&")).unwrap_or_default();
    let url = format!("{scheme}://{authority}{}?{before}{pairs}", endpoint.path());
    url.parse().map_err(|error| Refusal::runtime(format!("The QueryParameters cannot be used: {error}")))
}

fn body(parameters: &Parameters, added: &Map) -> Result<Option<String>, Refusal> {
    let merged = match &parameters.body {
        body if added.is_empty() => body.clone(),
        None => Some(added.clone().into()),
        Some(Value::Object(members)) => {
            let mut members: Map = (**members).clone();
            for (name, value) in added {
                members.insert(name.clone(), value.clone());
            }
            Some(members.into())
        }
        Some(_) => {
            let cause = "cannot merge connection body authorization parameters with request body";
            return Err(Refusal::runtime(cause));
        }
    };
    Ok(match (merged, parameters.form) {
        (None, _) => None,
        // A text is sent as it is: it may be XML, or encoded already.
        (Some(Value::String(text)), _) => Some(text.to_string()),
        (Some(body @ Value::Object(_)), Some(arrays)) => Some(encode::form(&body, arrays)),
        (Some(_), Some(_)) => {
            return Err(Refusal::runtime("A RequestBody that is to be URL_ENCODED must be an object or a text"));
        }
        (Some(body), None) => Some(body.to_string()),
    })
}
