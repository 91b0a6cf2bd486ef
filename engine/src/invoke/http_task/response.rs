//! What a task makes of a response, as AWS does.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use stepwell_asl::{Map, Value};

use super::{Answer, Refusal, Response};

/// A response that has been read.
pub(super) struct Received {
    pub protocol: String,
    pub status: u16,
    pub headers: HeaderMap,
    /// `None`: too large.
    pub body: Option<Bytes>,
}

impl Received {
    /// What the status says in words.
    fn status_text(&self) -> &'static str {
        StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
    }

    fn content_type(&self) -> String {
        let value = self.headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let value = value.unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The task's answer. Of a response that tells of an error only the status counts; its body is lost, as on AWS.
    pub fn answer(&self, method: &Method) -> Result<Answer, Refusal> {
        if !(200..300).contains(&self.status) {
            let cause = match self.status_text() {
                "" => self.status.to_string(),
                text => text.to_owned(),
            };
            return Ok(Answer::failed(format!("States.Http.StatusCode.{}", self.status), cause));
        }
        let Some(body) = &self.body else { return Ok(Answer::TooLarge) };
        let mut result = Map::default();
        result.insert("Headers".into(), self.headers_by_name());
        if *method != Method::HEAD && self.status != 204 && !body.is_empty() {
            result.insert("ResponseBody".into(), self.body_value(body)?);
        }
        result.insert("StatusCode".into(), u64::from(self.status).into());
        result.insert("StatusText".into(), self.status_text().into());
        Ok(Answer::Succeeded(result.into()))
    }

    fn headers_by_name(&self) -> Value {
        let names = self.headers.keys();
        names.map(|name| (name.as_str(), self.headers.get_all(name).iter().map(text).collect::<Value>())).collect()
    }

    fn body_value(&self, body: &[u8]) -> Result<Value, Refusal> {
        let content_type = self.content_type();
        let family = content_type.split('/').next().unwrap_or_default();
        if content_type == "application/octet-stream" || matches!(family, "image" | "video" | "audio") {
            return Err(Refusal::runtime(format!(
                "Unsupported response content-type '{content_type}'. Please see documentation for list of unsupported \
                 content-types."
            )));
        }
        let text = std::str::from_utf8(body)
            .map_err(|_| Refusal::runtime("The response cannot be read as a text: it is not UTF-8"))?;
        let is_json = content_type == "application/json" || content_type.ends_with("+json");
        match is_json.then(|| Value::parse(text)) {
            Some(Ok(value)) => Ok(value),
            Some(Err(_)) | None => Ok(text.into()),
        }
    }

    /// The response as a test of a state shows it.
    pub fn shown(&self) -> Response {
        let headers = self.headers.iter();
        Response {
            protocol: self.protocol.clone(),
            status: self.status,
            status_text: self.status_text().to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            body: self.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default(),
        }
    }
}

fn text(value: &axum::http::HeaderValue) -> Value {
    String::from_utf8_lossy(value.as_bytes()).as_ref().into()
}
