//! AWS JSON 1.0 and 1.1, and the bodies of REST with JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map as JsonMap, Value as Json};
use stepwell_asl::{Map, Number, Value};

use super::super::bind::Bound;
use super::super::model::{Member, Operation, Reference, Service, Shape, TimeFormat};
use super::super::time;
use super::{DEPTH_MAX, Reading, Request, wire_name};

pub(super) fn request(service: &Service, operation: &Operation, input: &Bound<'_>) -> Request {
    let mut headers = vec![
        ("X-Amz-Target".to_owned(), format!("{}.{}", service.target_prefix, operation.name)),
        ("Content-Type".to_owned(), format!("application/x-amz-json-{}", service.json_version)),
    ];
    if service.query_compatible {
        headers.push(("x-amzn-query-mode".to_owned(), "true".to_owned()));
    }
    Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers,
        body: body(service, input).into(),
        ..Request::default()
    }
}

/// The JSON text of a value.
pub(super) fn body(service: &Service, input: &Bound<'_>) -> String {
    json(service, input, None).to_string()
}

/// The JSON text of some of a structure's members.
pub(super) fn body_of_members(service: &Service, members: &[&(&Member, Bound<'_>)]) -> String {
    Json::Object(members.iter().map(|(member, value)| written_member(service, member, value)).collect()).to_string()
}

fn written_member(service: &Service, member: &Member, value: &Bound<'_>) -> (String, Json) {
    (wire_name(service, member).to_owned(), json(service, value, Some(member.place)))
}

fn json(service: &Service, value: &Bound<'_>, place: Option<Reference>) -> Json {
    match value {
        Bound::Structure(members) => {
            Json::Object(members.iter().map(|(member, value)| written_member(service, member, value)).collect())
        }
        Bound::List(item, items) => Json::Array(items.iter().map(|value| json(service, value, Some(*item))).collect()),
        Bound::Map(_, of, members) => {
            let member =
                |(key, value): &(stepwell_asl::Text, Bound<'_>)| (key.to_string(), json(service, value, Some(*of)));
            Json::Object(members.iter().map(member).collect::<JsonMap<_, _>>())
        }
        Bound::String(text) => Json::String(text.to_string()),
        Bound::Number(number) => Json::Number(number.clone()),
        Bound::Boolean(value) => Json::Bool(*value),
        Bound::Blob(bytes) => Json::String(BASE64.encode(bytes)),
        Bound::Timestamp(at) => match place.and_then(|place| service.traits(place).time).unwrap_or(TimeFormat::Unix) {
            TimeFormat::Unix => Json::Number(time::seconds(*at)),
            format => Json::String(time::written(*at, format)),
        },
        Bound::Document(value) => value.to_json(),
    }
}

/// A result from its JSON text. No text is an empty result.
pub(super) fn read(reading: Reading<'_>, output: Reference, body: &[u8]) -> Result<Value, String> {
    let parsed = parse(body)?.unwrap_or_else(Value::empty_object);
    match value(reading, output, &parsed, "", 0) {
        Some(result @ (Value::Object(_) | Value::Array(_))) => Ok(result),
        Some(_) | None => Err("the answer is not the JSON object that the service's model has".to_owned()),
    }
}

/// JSON text, or none where there is nothing.
pub(super) fn parse(body: &[u8]) -> Result<Option<Value>, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let text = std::str::from_utf8(body).map_err(|error| format!("the answer is not JSON: {error}"))?;
    Value::parse(text).map(Some).map_err(|error| format!("the answer is not JSON: {error}"))
}

/// The members of a structure that an object has.
pub(super) fn members(reading: Reading<'_>, members: &[Member], object: &Map, depth: usize, result: &mut Map) {
    for member in members {
        let given = object.get(wire_name(reading.service, member)).filter(|value| !value.is_null());
        let name = reading.name(member);
        if let Some(read) = given.and_then(|given| value(reading, member.place, given, &name, depth + 1)) {
            result.insert(name, read);
        }
    }
}

/// What the model makes of a value. None: there is no such value at this place, and so none is shown.
fn value(reading: Reading<'_>, place: Reference, given: &Value, name: &str, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    match (reading.service.shape(place), given) {
        (Shape::Structure(structure), given) if structure.document => Some(given.clone()),
        (Shape::Structure(structure), Value::Object(object)) => {
            let mut result = Map::default();
            members(reading, &structure.members, object, depth, &mut result);
            Some(result.into())
        }
        (Shape::List(item), Value::Array(items)) => {
            // A list that may have gaps keeps them.
            let read = |given: &Value| match given {
                Value::Null => Some(Value::Null),
                given => value(reading, *item, given, name, depth + 1),
            };
            Some(items.iter().filter_map(read).collect::<Vec<Value>>().into())
        }
        (Shape::Map(_, of), Value::Object(object)) => {
            let read = |(key, given): (&stepwell_asl::Text, &Value)| {
                Some((key.clone(), value(reading, *of, given, name, depth + 1)?))
            };
            Some(object.iter().filter_map(read).collect::<Map>().into())
        }
        (Shape::Timestamp, Value::Number(seconds)) => {
            seconds.as_f64().and_then(time::from_seconds).map(|at| reading.time(at))
        }
        (Shape::Timestamp, Value::String(text)) => time::parse(text).map(|at| reading.time(at)),
        (Shape::Blob, Value::String(text)) => match BASE64.decode(&**text) {
            Ok(bytes) => Some(reading.blob(bytes, name)),
            Err(_) => Some(given.clone()),
        },
        (Shape::Integer(_), Value::Number(number)) => Some(Value::Number(whole(number))),
        (
            Shape::String(_) | Shape::Integer(_) | Shape::Float(_) | Shape::Boolean,
            Value::Object(_) | Value::Array(_),
        ) => {
            // Not what the model says, and yet what the service answered.
            Some(given.clone())
        }
        (Shape::String(_) | Shape::Integer(_) | Shape::Float(_) | Shape::Boolean, given) => Some(given.clone()),
        (_, _) => None,
    }
}

/// Services of old write whole numbers as `1.0`.
fn whole(number: &Number) -> Number {
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 9.0e15 => Number::from(value as i64),
        _ => number.clone(),
    }
}
