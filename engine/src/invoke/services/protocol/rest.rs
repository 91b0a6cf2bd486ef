//! REST with JSON or XML: members in path, query, headers and status, and a body of the rest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use stepwell_asl::{Map, Value};

use super::super::bind::Bound;
use super::super::model::{Location, Member, Operation, Protocol, Reference, Service, Shape, TimeFormat};
use super::super::time;
use super::{Reading, Request, Response, json, percent_encoded, wire_name, xml};

pub(super) fn request(service: &Service, operation: &Operation, input: &Bound<'_>) -> Result<Request, String> {
    let mut request = Request { method: operation.method.to_string(), ..Request::default() };
    let none = Vec::new();
    let members = match input {
        Bound::Structure(members) => members,
        _ => &none,
    };
    let mut in_body = Vec::new();
    let mut labels = Vec::new();
    for part in members {
        let (member, value) = part;
        let name = wire_name(service, member);
        match service.traits(member.place).location {
            Location::Uri => labels.push((name, scalar(service, value, member.place, TimeFormat::Iso8601))),
            Location::Query => query(service, name, value, member.place, &mut request.query),
            Location::Header => header(service, name, value, member.place, &mut request.headers),
            Location::Headers => headers(name, value, &mut request.headers),
            Location::StatusCode => {}
            Location::Body => in_body.push(part),
        }
    }
    let (path, fixed) = operation.uri.split_once('?').unwrap_or((&operation.uri, ""));
    request.path = expanded(path, &labels)?;
    let fixed = fixed.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.to_owned(), value.to_owned())
    });
    request.query.splice(0..0, fixed);
    if let Some(input) = operation.input {
        let (body, content_type) = body(service, input, &in_body);
        request.body = body;
        let has_type = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(content_type) = content_type.filter(|_| !has_type) {
            request.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
    }
    // A line break would end a header, and anything else that is no text of a header would fail later and say less.
    let is_fit = |value: &str| value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
    match request.headers.iter().find(|(_, value)| !is_fit(value)) {
        Some((name, _)) => Err(format!("The value for the header '{name}' has characters that a header cannot have")),
        None => Ok(request),
    }
}

/// The path with its labels filled in: `{Bucket}/{Key+}`, the latter with its slashes kept.
fn expanded(path: &str, labels: &[(&str, String)]) -> Result<String, String> {
    let mut expanded = String::with_capacity(path.len() + 32);
    let mut rest = path;
    while let Some((front, behind)) = rest.split_once('{') {
        expanded.push_str(front);
        let (label, behind) = behind.split_once('}').unwrap_or((behind, ""));
        let (name, greedy) = match label.strip_suffix('+') {
            Some(name) => (name, true),
            None => (label, false),
        };
        match labels.iter().find(|(known, _)| *known == name) {
            Some((_, value)) if !value.is_empty() => expanded.push_str(&percent_encoded(value, greedy)),
            Some(_) | None => return Err(format!("The value for the field '{name}' must not be empty")),
        }
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// What comes before the host's name.
pub(super) fn host_prefix(service: &Service, operation: &Operation, input: &Bound<'_>) -> Result<String, String> {
    let prefix = &*operation.host_prefix;
    if !prefix.contains('{') {
        return Ok(prefix.to_owned());
    }
    let Bound::Structure(members) = input else { return Ok(String::new()) };
    let mut filled = prefix.to_owned();
    for (member, value) in members.iter().filter(|(member, _)| service.traits(member.place).host_label) {
        let label = scalar(service, value, member.place, TimeFormat::Iso8601);
        // It becomes a part of a host's name, so it must not lead elsewhere.
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if label.is_empty() || label.len() > 63 || !label.bytes().all(allowed) {
            return Err(format!("The value for the field '{}' must be a part of a host name", member.sdk_name));
        }
        filled = filled.replace(&format!("{{{}}}", member.name), &label);
    }
    Ok(filled)
}

fn scalar(service: &Service, value: &Bound<'_>, place: Reference, format: TimeFormat) -> String {
    match value {
        Bound::Timestamp(at) => time::written(*at, service.traits(place).time.unwrap_or(format)),
        value => super::form::text(service, value, place),
    }
}

fn query(service: &Service, name: &str, value: &Bound<'_>, place: Reference, query: &mut Vec<(String, String)>) {
    match value {
        Bound::List(item, items) => {
            query.extend(
                items.iter().map(|value| (name.to_owned(), scalar(service, value, *item, TimeFormat::Iso8601))),
            );
        }
        Bound::Map(_, of, members) => {
            for (key, value) in members {
                self::query(service, key, value, *of, query);
            }
        }
        value => query.push((name.to_owned(), scalar(service, value, place, TimeFormat::Iso8601))),
    }
}

pub(super) fn header(
    service: &Service,
    name: &str,
    value: &Bound<'_>,
    place: Reference,
    headers: &mut Vec<(String, String)>,
) {
    let text = match value {
        Bound::List(_, items) if items.is_empty() => return,
        Bound::List(item, items) => {
            let text = |value: &Bound<'_>| match value {
                Bound::String(text) if text.contains(['"', ',']) => format!("\"{}\"", text.replace('"', "\\\"")),
                value => scalar(service, value, *item, TimeFormat::Rfc822),
            };
            items.iter().map(text).collect::<Vec<_>>().join(",")
        }
        Bound::String(text) if service.traits(place).json_value => BASE64.encode(&**text),
        value => scalar(service, value, place, TimeFormat::Rfc822),
    };
    headers.push((name.to_owned(), text));
}

pub(super) fn headers(prefix: &str, value: &Bound<'_>, headers: &mut Vec<(String, String)>) {
    let Bound::Map(_, _, members) = value else { return };
    for (key, value) in members {
        if let Bound::String(text) = value {
            headers.push((format!("{prefix}{key}"), text.to_string()));
        }
    }
}

/// The body and its type.
pub(super) fn body(
    service: &Service,
    input: Reference,
    members: &[&(&Member, Bound<'_>)],
) -> (Bytes, Option<&'static str>) {
    let is_xml = service.protocol == Protocol::RestXml;
    let payload = &service.traits(input).payload;
    let structured = if is_xml { "application/xml" } else { "application/json" };
    if payload.is_empty() {
        let has_body =
            service.members(input).iter().any(|member| service.traits(member.place).location == Location::Body);
        return match has_body {
            false => (Bytes::new(), None),
            true if is_xml && members.is_empty() => (Bytes::new(), None),
            true if is_xml => {
                let name = &service.traits(input).location_name;
                (xml::body_of_members(service, name, members, input).into(), Some(structured))
            }
            true => (json::body_of_members(service, members).into(), Some(structured)),
        };
    }
    let given = members.iter().find(|(member, _)| member.name == *payload);
    let raw = service
        .members(input)
        .iter()
        .find(|member| member.name == *payload)
        .is_some_and(|member| matches!(service.shape(member.place), Shape::Blob | Shape::String(_)));
    match given {
        Some((_, Bound::Blob(bytes))) => (bytes.clone().into(), Some("application/octet-stream")),
        Some((_, Bound::String(text))) => (Bytes::copy_from_slice(text.as_bytes()), Some("text/plain")),
        Some((member, value)) if is_xml => {
            let name = wire_name(service, member);
            (xml::body(service, name, value, member.place).into(), Some(structured))
        }
        Some((_, value)) => (json::body(service, value).into(), Some(structured)),
        None if is_xml || raw => (Bytes::new(), None),
        None => (Bytes::from_static(b"{}"), Some(structured)),
    }
}

/// A result from status, headers and body.
pub(super) fn result(reading: Reading<'_>, output: Reference, response: &Response) -> Result<Value, String> {
    let service = reading.service;
    let mut result = Map::default();
    for member in service.members(output) {
        let name = reading.name(member);
        if let Some(value) = of_head(reading, member, response, &name) {
            result.insert(name, value);
        }
    }
    let payload = &service.traits(output).payload;
    if payload.is_empty() {
        of_body(reading, output, response, &mut result)?;
    } else if let Some(member) = service.members(output).iter().find(|member| member.name == *payload) {
        let name = reading.name(member);
        if let Some(value) = of_payload(reading, member, response, &name)? {
            result.insert(name, value);
        }
    }
    Ok(result.into())
}

fn of_head(reading: Reading<'_>, member: &Member, response: &Response, name: &str) -> Option<Value> {
    let service = reading.service;
    match service.traits(member.place).location {
        Location::StatusCode => Some(u64::from(response.status).into()),
        Location::Header => {
            let text = response.header(wire_name(service, member))?;
            match service.shape(member.place) {
                Shape::List(item) => {
                    let items = text.split(',').filter_map(|text| reading.scalar(*item, text.trim(), name));
                    Some(items.collect::<Vec<Value>>().into())
                }
                Shape::String(_) if service.traits(member.place).json_value => {
                    let bytes = BASE64.decode(text.trim()).ok()?;
                    Some(String::from_utf8(bytes).ok()?.into())
                }
                _ => reading.scalar(member.place, text, name),
            }
        }
        Location::Headers => {
            let prefix = wire_name(service, member).to_ascii_lowercase();
            let found = response.headers.iter().filter_map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                Some((name.strip_prefix(&prefix)?.to_owned(), Value::from(value.as_str())))
            });
            let found: Map = found.map(|(name, value)| (name.into(), value)).collect();
            (!found.is_empty()).then(|| found.into())
        }
        Location::Body | Location::Uri | Location::Query => None,
    }
}

fn of_body(reading: Reading<'_>, output: Reference, response: &Response, result: &mut Map) -> Result<(), String> {
    let members: &[Member] = reading.service.members(output);
    let is_in_body = |member: &Member| reading.service.traits(member.place).location == Location::Body;
    if !members.iter().any(is_in_body) {
        return Ok(());
    }
    if reading.service.protocol == Protocol::RestXml {
        return xml::with_root(&response.body, |root| {
            // S3 answers where a bucket is with nothing but that.
            match members {
                [only] if root.tag_name().name() == wire_name(reading.service, only) => {
                    let text = xml::content(root);
                    let name = reading.name(only);
                    if let Some(value) = Some(text)
                        .filter(|text| !text.is_empty())
                        .and_then(|text| reading.scalar(only.place, &text, &name))
                    {
                        result.insert(name, value);
                    }
                }
                members => xml::members(reading, members, root, 0, result),
            }
        });
    }
    match json::parse(&response.body)? {
        Some(Value::Object(object)) => {
            let service = reading.service;
            let in_body: Map = object.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            let mut read = Map::default();
            json::members(reading, members, &in_body, 0, &mut read);
            for member in members.iter().filter(|member| service.traits(member.place).location == Location::Body) {
                let name = reading.name(member);
                if let Some(value) = read.get(&name) {
                    result.insert(name, value.clone());
                }
            }
            Ok(())
        }
        None => Ok(()),
        Some(_) => Err("the answer is not the JSON object that the service's model has".to_owned()),
    }
}

fn of_payload(reading: Reading<'_>, member: &Member, response: &Response, name: &str) -> Result<Option<Value>, String> {
    let shape = reading.service.shape(member.place);
    match shape {
        Shape::Blob => Ok(Some(reading.blob(response.body.to_vec(), name))),
        Shape::String(_) => Ok(Some(String::from_utf8_lossy(&response.body).into_owned().into())),
        _ if response.body.is_empty() => Ok(None),
        _ if reading.service.protocol == Protocol::RestXml => xml::with_root(&response.body, |root| {
            let mut result = Map::default();
            xml::members(reading, reading.service.members(member.place), root, 0, &mut result);
            Some(result.into())
        }),
        _ => json::read(reading, member.place, &response.body).map(Some),
    }
}
