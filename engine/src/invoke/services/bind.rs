//! A task's parameters as a service's model sees them: names found, types checked, what is missing or unknown told, all
//! at once and in the words of Step Functions. What comes out fits the model, so the protocols have nothing to refuse.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use stepwell_asl::{Map, Number, Text, Value};

use super::model::{Member, Reference, Service, Shape, Structure, nearest};
use super::time;

/// Deeper than any service takes, and shallow enough for any stack.
const DEPTH_MAX: usize = 128;

/// How many things that are wrong are told at once.
const FAULTS_MAX: usize = 20;

/// A parameter that fits its place in the model.
#[derive(Clone, Debug)]
pub enum Bound<'m> {
    /// Members, in the order of the model.
    Structure(Vec<(&'m Member, Bound<'m>)>),
    /// Items, and what they are.
    List(Reference, Vec<Bound<'m>>),
    /// Values by key, and what keys and values are.
    Map(Reference, Reference, Vec<(Text, Bound<'m>)>),
    /// Text.
    String(Text),
    /// A whole number or another.
    Number(Number),
    /// True or false.
    Boolean(bool),
    /// Bytes.
    Blob(Vec<u8>),
    /// A time.
    Timestamp(DateTime<Utc>),
    /// Any JSON.
    Document(Value),
}

/// Fits parameters to an operation's input. The error is everything that is wrong with them.
pub fn bind<'m>(service: &'m Service, input: Reference, parameters: &Value) -> Result<Bound<'m>, Vec<String>> {
    let mut binder = Binder { service, faults: Vec::new() };
    let bound = binder.value(input, parameters, "", 0);
    match bound {
        Some(bound) if binder.faults.is_empty() => Ok(bound),
        _ => {
            binder.faults.truncate(FAULTS_MAX);
            Err(binder.faults)
        }
    }
}

struct Binder<'m> {
    service: &'m Service,
    faults: Vec<String>,
}

impl<'m> Binder<'m> {
    fn fault(&mut self, fault: String) -> Option<Bound<'m>> {
        // Beyond that nothing more is told, so nothing more is kept.
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
        None
    }

    /// `name` is that of the member around the value.
    fn value(&mut self, place: Reference, value: &Value, name: &str, depth: usize) -> Option<Bound<'m>> {
        if depth > DEPTH_MAX {
            return self.fault(format!("The value for the field '{name}' is nested too deeply"));
        }
        let service = self.service;
        match (service.shape(place), value) {
            (Shape::Structure(structure), value) if structure.document => Some(Bound::Document(value.clone())),
            (Shape::Structure(structure), Value::Object(members)) => self.structure(structure, members, depth),
            (Shape::List(item), Value::Array(items)) => {
                let bound = items.iter().filter_map(|value| self.value(*item, value, name, depth + 1)).collect();
                Some(Bound::List(*item, bound))
            }
            (Shape::Map(key, of), Value::Object(members)) => {
                let mut bound = Vec::with_capacity(members.len());
                for (key, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                    bound.push((key.clone(), self.value(*of, value, name, depth + 1)?));
                }
                Some(Bound::Map(*key, *of, bound))
            }
            (Shape::String(_), Value::String(text)) => Some(Bound::String(text.clone())),
            // What a service takes as text of JSON may be given as JSON.
            (Shape::String(_), Value::Object(_) | Value::Array(_)) => Some(Bound::String(value.to_string().into())),
            (Shape::Integer(_), Value::Number(number)) => match whole(number) {
                Some(number) => Some(Bound::Number(number)),
                None => self.fault(must_be(name, "an INTEGER")),
            },
            (Shape::Float(_), Value::Number(number)) => Some(Bound::Number(number.clone())),
            (Shape::Boolean, Value::Bool(value)) => Some(Bound::Boolean(*value)),
            (Shape::Blob, value) => Some(Bound::Blob(self.blob(value, name))),
            (Shape::Timestamp, Value::String(text)) => match time::parse(text) {
                Some(time) => Some(Bound::Timestamp(time)),
                None => self.fault(must_be(name, "a TIMESTAMP")),
            },
            (Shape::Timestamp, Value::Number(seconds)) => match seconds.as_f64().and_then(time::from_seconds) {
                Some(time) => Some(Bound::Timestamp(time)),
                None => self.fault(must_be(name, "a TIMESTAMP")),
            },
            (shape, _) => self.fault(must_be(name, kind(shape))),
        }
    }

    fn structure(&mut self, structure: &'m Structure, given: &Map, depth: usize) -> Option<Bound<'m>> {
        let mut bound = Vec::with_capacity(given.len());
        let mut known = 0;
        for member in &structure.members {
            let value = given.get(&member.sdk_name).or_else(|| {
                let other = &member.plain_name;
                // The same text means the same name.
                if other == &member.sdk_name { None } else { given.get(other) }
            });
            known += usize::from(value.is_some());
            let value = match value.filter(|value| !value.is_null()) {
                Some(value) => self.value(member.place, value, &member.sdk_name, depth + 1),
                None if self.service.traits(member.place).idempotency_token => {
                    Some(Bound::String(uuid::Uuid::new_v4().to_string().into()))
                }
                None if member.required => {
                    self.fault(format!("The field '{}' is required but was missing", member.sdk_name))
                }
                None => None,
            };
            if let Some(value) = value {
                bound.push((member, value));
            }
        }
        if known < given.len() {
            self.unknown(structure, given);
        }
        Some(Bound::Structure(bound))
    }

    fn unknown(&mut self, structure: &Structure, given: &Map) {
        let is_known = |name: &str| {
            structure.members.iter().any(|member| *member.sdk_name == *name || *member.plain_name == *name)
        };
        for name in given.keys().filter(|name| !is_known(name)) {
            let names = structure.members.iter().map(|member| &*member.sdk_name);
            let meant = match nearest(name, names) {
                Some(meant) => format!(". Did you mean '{meant}'?"),
                None => String::new(),
            };
            self.fault(format!("The field '{name}' is not supported by Step Functions{meant}"));
        }
    }

    /// Text is taken as it is, anything else as the text of its JSON. What cannot be text is in Base64.
    fn blob(&self, value: &Value, name: &str) -> Vec<u8> {
        match value {
            Value::String(text) if is_base64(self.service, name) => {
                BASE64.decode(&**text).unwrap_or_else(|_| text.as_bytes().to_vec())
            }
            Value::String(text) => text.as_bytes().to_vec(),
            value => value.to_string().into_bytes(),
        }
    }
}

/// Whether a blob is never text, so that its texts are Base64 both ways: DynamoDB's binary attributes, and what KMS has
/// encrypted.
pub(super) fn is_base64(service: &Service, name: &str) -> bool {
    match service.entry.id {
        "DynamoDB" | "DynamoDB Streams" => true,
        "KMS" => !matches!(name, "Plaintext" | "Message"),
        _ => false,
    }
}

fn must_be(name: &str, what: &str) -> String {
    format!("The value for the field '{name}' must be {what}")
}

fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Structure(_) | Shape::Map(_, _) => "an OBJECT",
        Shape::List(_) => "an ARRAY",
        Shape::String(_) | Shape::Blob => "a STRING",
        Shape::Integer(_) => "an INTEGER",
        Shape::Float(_) => "a NUMBER",
        Shape::Boolean => "a BOOLEAN",
        Shape::Timestamp => "a TIMESTAMP",
    }
}

/// A whole number as such: JSONata writes 5 as 5.0 at times.
fn whole(number: &Number) -> Option<Number> {
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    let value = number.as_f64()?;
    (value.fract() == 0.0 && value.abs() < 9.0e15).then(|| Number::from(value as i64))
}
