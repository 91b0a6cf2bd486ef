//! What an answer with another status than 2xx says: a code and a message, wherever the protocol has them.

use stepwell_asl::Value;

use super::super::model::{Operation, Protocol, Service};
use super::{Response, json, xml};

/// The most of a body that a message shows where nothing in it is a message.
const TEXT_CHARS_MAX: usize = 1000;

/// An error as a service tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// The code on the wire, without namespaces: `ResourceNotFoundException`, `NoSuchKey`.
    pub code: Option<String>,
    /// Text for people.
    pub message: Option<String>,
    /// The status.
    pub status: u16,
    /// The request's id.
    pub request_id: Option<String>,
    /// S3's second id.
    pub extended_request_id: Option<String>,
}

pub(super) fn read(service: &Service, operation: &Operation, response: &Response) -> Fault {
    let told = match service.protocol {
        Protocol::Json | Protocol::RestJson => of_json(response),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => of_xml(response),
        Protocol::Cbor => of_cbor(response),
    };
    let of_status = || of_status(service, operation, response.status);
    Fault {
        code: told.code.or_else(of_status),
        message: told.message.or_else(|| of_text(response)),
        status: response.status,
        request_id: request_id(response).or(told.request_id),
        extended_request_id: response.header("x-amz-id-2").map(str::to_owned),
    }
}

/// The request's id, wherever a service puts it.
pub(super) fn request_id(response: &Response) -> Option<String> {
    let known = ["x-amzn-requestid", "x-amz-request-id", "x-amz-cf-id"];
    known.iter().find_map(|name| response.header(name)).map(str::to_owned)
}

fn of_json(response: &Response) -> Fault {
    let body = json::parse(&response.body).ok().flatten().unwrap_or_default();
    of_object(response, &body)
}

fn of_cbor(response: &Response) -> Fault {
    of_object(response, &super::cbor::any(&response.body).unwrap_or_default())
}

fn of_object(response: &Response, body: &Value) -> Fault {
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| body.get(name).and_then(Value::as_str));
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let code = response.header("x-amzn-errortype").map(str::to_owned).or_else(|| text(&["__type", "code", "Code"]));
    Fault {
        code: code.as_deref().map(bare_code),
        message: text(&["message", "Message", "errorMessage"]),
        ..Fault::default()
    }
}

/// `com.amazonaws.sqs#QueueDoesNotExist:http://...` is `QueueDoesNotExist`.
fn bare_code(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split(':').next().unwrap_or(code).trim().to_owned()
}

fn of_xml(response: &Response) -> Fault {
    let read = xml::with_root(&response.body, |root| {
        let nodes = || root.descendants().filter(|node| node.is_element());
        let error = nodes().find(|node| node.tag_name().name() == "Error").unwrap_or(root);
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| xml::children(error, name).next());
            found.map(xml::content).filter(|text| !text.is_empty())
        };
        let id = nodes().find(|node| matches!(node.tag_name().name(), "RequestId" | "RequestID"));
        Fault {
            code: text(&["Code"]).as_deref().map(bare_code),
            message: text(&["Message", "message"]),
            request_id: id.map(xml::content).filter(|text| !text.is_empty()),
            ..Fault::default()
        }
    });
    read.unwrap_or_default()
}

/// Answers to HEAD have no body, so the status must do.
fn of_status(service: &Service, operation: &Operation, status: u16) -> Option<String> {
    match (service.entry.id, &*operation.name, status) {
        ("S3", "HeadObject", 404) => Some("NoSuchKey".to_owned()),
        ("S3", "HeadBucket", 404) => Some("NoSuchBucket".to_owned()),
        _ => None,
    }
}

/// For answers that are not the service's: the beginning of what a proxy or an emulator said instead.
fn of_text(response: &Response) -> Option<String> {
    let text = String::from_utf8_lossy(&response.body);
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(TEXT_CHARS_MAX).collect())
}
