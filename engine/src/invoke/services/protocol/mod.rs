//! Requests as services take them and answers as they give them, one protocol a file. Pure: bytes out, bytes in.

mod cbor;
mod fault;
mod form;
mod json;
mod rest;
#[cfg(test)]
pub(super) mod written;
mod xml;

use bytes::Bytes;
use stepwell_asl::Value;

use super::bind::Bound;
use super::model::{Operation, Protocol, Reference, Service, Shape};

pub use fault::Fault;

/// A request before it has a host and a signature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// `POST`
    pub method: String,
    /// Percent-encoded.
    pub path: String,
    /// Not encoded.
    pub query: Vec<(String, String)>,
    /// In order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// What comes before the host's name; mostly empty.
    pub host_prefix: String,
}

/// An answer that has been read.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// The value of a header, in whatever case its name is written.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        super::super::function::header(&self.headers, wanted)
    }
}

/// How results name their members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// As in SDK integrations: `DbInstances`.
    Sdk,
    /// As in optimised integrations: `DBInstances`.
    Plain,
}

/// The request for an operation. The error says what the operation has that cannot be called from here, or which
/// parameter cannot be written.
pub fn request(service: &Service, operation: &Operation, input: &Bound<'_>) -> Result<Request, String> {
    let mut request = match service.protocol {
        Protocol::Json => json::request(service, operation, input),
        Protocol::Query | Protocol::Ec2 => form::request(service, operation, input),
        Protocol::RestJson | Protocol::RestXml => rest::request(service, operation, input)?,
        Protocol::Cbor => cbor::request(service, operation, input)?,
    };
    request.host_prefix = rest::host_prefix(service, operation, input)?;
    Ok(request)
}

/// The result of an operation. The error says what is wrong with the answer.
pub fn result(service: &Service, operation: &Operation, response: &Response, naming: Naming) -> Result<Value, String> {
    let Some(output) = operation.output else { return Ok(Value::empty_object()) };
    let reading = Reading { service, naming };
    match service.protocol {
        Protocol::Json => json::read(reading, output, &response.body),
        Protocol::Query | Protocol::Ec2 => xml::read_result(reading, output, &response.body),
        Protocol::RestJson | Protocol::RestXml => rest::result(reading, output, response),
        Protocol::Cbor => cbor::read(reading, output, &response.body),
    }
}

/// The error that an answer with another status than 2xx tells.
pub fn fault(service: &Service, operation: &Operation, response: &Response) -> Fault {
    fault::read(service, operation, response)
}

/// The id under which the service knows the request, wherever it puts it.
pub fn request_id(response: &Response) -> Option<String> {
    fault::request_id(response)
}

/// Whether an operation can be called at all: streams of events have no place in a task.
pub fn is_callable(service: &Service, operation: &Operation) -> bool {
    let has_events =
        |place: &Reference| service.members(*place).iter().any(|member| service.traits(member.place).event_stream);
    !service.bearer_only && ![&operation.input, &operation.output].into_iter().flatten().any(has_events)
}

/// What holds while one answer is read.
#[derive(Clone, Copy)]
struct Reading<'m> {
    service: &'m Service,
    naming: Naming,
}

/// Deeper than any service answers, and shallow enough for any stack.
const DEPTH_MAX: usize = 128;

impl Reading<'_> {
    fn name(&self, member: &super::model::Member) -> stepwell_asl::Text {
        match self.naming {
            Naming::Sdk => member.sdk_name.clone(),
            Naming::Plain => member.plain_name.clone(),
        }
    }

    /// Bytes as a result shows them: text as it is, what cannot be text in Base64.
    fn blob(&self, bytes: Vec<u8>, name: &str) -> Value {
        use base64::Engine as _;
        let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        if super::bind::is_base64(self.service, name) {
            return base64(&bytes).into();
        }
        match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(error) => base64(error.as_bytes()).into(),
        }
    }

    /// A time as a result shows it: a text in SDK integrations, milliseconds since 1970 in optimised ones.
    fn time(&self, at: chrono::DateTime<chrono::Utc>) -> Value {
        match self.naming {
            Naming::Sdk => super::time::shown(at).into(),
            Naming::Plain => at.timestamp_millis().into(),
        }
    }

    /// Text in a header or an element, as its shape has it. None: it is no such value.
    fn scalar(&self, place: Reference, text: &str, name: &str) -> Option<Value> {
        use base64::Engine as _;
        Some(match self.service.shape(place) {
            Shape::String(_) => text.into(),
            Shape::Integer(_) => Value::from(text.trim().parse::<i64>().ok()?),
            Shape::Float(_) => float(text.trim())?,
            Shape::Boolean => Value::from(text.trim().eq_ignore_ascii_case("true")),
            Shape::Timestamp => self.time(super::time::parse(text)?),
            Shape::Blob => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
                self.blob(bytes, name)
            }
            Shape::Structure(_) | Shape::List(_) | Shape::Map(_, _) => return None,
        })
    }
}

/// A number; those that JSON does not have are texts.
fn float(text: &str) -> Option<Value> {
    let number = text.parse::<f64>().ok()?;
    match stepwell_asl::Number::from_f64(number) {
        Some(number) => Some(Value::Number(number)),
        None if number.is_nan() => Some("NaN".into()),
        None => Some(if number > 0.0 { "Infinity" } else { "-Infinity" }.into()),
    }
}

/// The name on the wire of a member: its own, or another that its place says.
fn wire_name<'m>(service: &'m Service, member: &'m super::model::Member) -> &'m str {
    let name = &service.traits(member.place).location_name;
    if name.is_empty() { &member.name } else { name }
}

/// Percent-encodes all but what needs none anywhere.
fn percent_encoded(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte as char),
            b'/' if keep_slash => encoded.push('/'),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                encoded.push('%');
                encoded.push(HEX[usize::from(byte >> 4)] as char);
                encoded.push(HEX[usize::from(byte & 15)] as char);
            }
        }
    }
    encoded
}

impl Request {
    /// The query as it is sent: with its question mark, or empty.
    pub fn query_string(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.query {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(&percent_encoded(name, false));
            text.push('=');
            text.push_str(&percent_encoded(value, false));
        }
        text
    }
}
