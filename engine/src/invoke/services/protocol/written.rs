//! Answers as services write them, for tests: the other direction of what the protocols here do.

use minicbor::Encoder;

use super::super::bind::Bound;
use super::super::model::{Location, Operation, Protocol, Reference, Service};
use super::{Response, cbor, json, rest, wire_name, xml};

/// The answer that says this result.
pub(in super::super) fn response(service: &Service, operation: &Operation, result: &Bound<'_>) -> Response {
    let Some(output) = operation.output else { return Response { status: 200, ..Response::default() } };
    let body = match service.protocol {
        Protocol::Json => json::body(service, result),
        Protocol::Query | Protocol::Ec2 => query(service, operation, output, result),
        Protocol::RestJson | Protocol::RestXml => return rest(service, output, result),
        Protocol::Cbor => {
            let mut encoder = Encoder::new(Vec::new());
            cbor::write(service, &mut encoder, result).expect("CBOR");
            return Response { status: 200, body: encoder.into_writer().into(), headers: Vec::new() };
        }
    };
    Response { status: 200, body: body.into(), headers: Vec::new() }
}

fn query(service: &Service, operation: &Operation, output: Reference, result: &Bound<'_>) -> String {
    let root = format!("{}Response", operation.name);
    let wrapper = &service.traits(output).result_wrapper;
    if wrapper.is_empty() {
        return xml::body(service, &root, result, output);
    }
    format!("<?xml version=\"1.0\"?>\n<{root}>{}</{root}>", xml::body(service, wrapper, result, output))
}

fn rest(service: &Service, output: Reference, result: &Bound<'_>) -> Response {
    let Bound::Structure(members) = result else { panic!("results are structures") };
    let mut headers = Vec::new();
    let mut in_body = Vec::new();
    for part in members {
        let (member, value) = part;
        let name = wire_name(service, member);
        match service.traits(member.place).location {
            Location::Header => rest::header(service, name, value, member.place, &mut headers),
            Location::Headers => rest::headers(name, value, &mut headers),
            Location::StatusCode => {}
            Location::Body | Location::Uri | Location::Query => in_body.push(part),
        }
    }
    let (body, _) = match service.protocol {
        // The element around a result has a name that nobody reads, and no model says.
        Protocol::RestXml if service.traits(output).payload.is_empty() => {
            (xml::body_of_members(service, "Result", &in_body, output).into(), None)
        }
        _ => rest::body(service, output, &in_body),
    };
    Response { status: 200, headers, body }
}
