//! Smithy RPC v2 with CBOR, for the services that speak nothing else.

use minicbor::data::{Int, Type};
use minicbor::{Decoder, Encoder};
use stepwell_asl::{Map, Number, Value};

use super::super::bind::Bound;
use super::super::model::{Operation, Reference, Service, Shape};
use super::super::time;
use super::{DEPTH_MAX, Reading, Request, wire_name};

/// The tag of a number that is a time.
const TIME_TAG: u64 = 1;

pub(super) fn request(service: &Service, operation: &Operation, input: &Bound<'_>) -> Result<Request, String> {
    let mut encoder = Encoder::new(Vec::new());
    let has_input = operation.input.is_some();
    if has_input {
        write(service, &mut encoder, input).ok_or("the parameters cannot be written as CBOR")?;
    }
    let mut headers = vec![
        ("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()),
        ("Accept".to_owned(), "application/cbor".to_owned()),
    ];
    if has_input {
        headers.push(("Content-Type".to_owned(), "application/cbor".to_owned()));
    }
    Ok(Request {
        method: "POST".to_owned(),
        path: format!("/service/{}/operation/{}", service.target_prefix, operation.name),
        headers,
        body: encoder.into_writer().into(),
        ..Request::default()
    })
}

/// Writing to memory cannot fail; None is only what the types ask for.
pub(super) fn write(service: &Service, to: &mut Encoder<Vec<u8>>, value: &Bound<'_>) -> Option<()> {
    match value {
        Bound::Structure(members) => {
            to.map(members.len() as u64).ok()?;
            for (member, value) in members {
                to.str(wire_name(service, member)).ok()?;
                write(service, to, value)?;
            }
        }
        Bound::List(_, items) => {
            to.array(items.len() as u64).ok()?;
            items.iter().try_for_each(|value| write(service, to, value))?;
        }
        Bound::Map(_, _, members) => {
            to.map(members.len() as u64).ok()?;
            for (key, value) in members {
                to.str(key).ok()?;
                write(service, to, value)?;
            }
        }
        Bound::String(text) => drop(to.str(text).ok()?),
        Bound::Number(number) => write_number(to, number)?,
        Bound::Boolean(value) => drop(to.bool(*value).ok()?),
        Bound::Blob(bytes) => drop(to.bytes(bytes).ok()?),
        Bound::Timestamp(at) => {
            to.tag(minicbor::data::Tag::new(TIME_TAG)).ok()?;
            write_number(to, &time::seconds(*at))?;
        }
        Bound::Document(value) => write_json(to, value)?,
    }
    Some(())
}

fn write_number(to: &mut Encoder<Vec<u8>>, number: &Number) -> Option<()> {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), _, _) => drop(to.i64(number).ok()?),
        (None, Some(number), _) => drop(to.u64(number).ok()?),
        (None, None, Some(number)) => drop(to.f64(number).ok()?),
        (None, None, None) => return None,
    }
    Some(())
}

fn write_json(to: &mut Encoder<Vec<u8>>, value: &Value) -> Option<()> {
    match value {
        Value::Null => drop(to.null().ok()?),
        Value::Bool(value) => drop(to.bool(*value).ok()?),
        Value::Number(number) => write_number(to, number)?,
        Value::String(text) => drop(to.str(text).ok()?),
        Value::Array(items) => {
            to.array(items.len() as u64).ok()?;
            items.iter().try_for_each(|value| write_json(to, value))?;
        }
        Value::Object(members) => {
            to.map(members.len() as u64).ok()?;
            for (key, value) in members.iter() {
                to.str(key).ok()?;
                write_json(to, value)?;
            }
        }
    }
    Some(())
}

/// A value of CBOR, before the model has said what it is.
enum Item {
    Plain(Value),
    Bytes(Vec<u8>),
    Time(f64),
    Array(Vec<Item>),
    Map(Vec<(String, Item)>),
}

/// A result from its CBOR.
pub(super) fn read(reading: Reading<'_>, output: Reference, body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::empty_object());
    }
    let item = item(&mut Decoder::new(body), 0).ok_or("the answer is not CBOR")?;
    value(reading, output, item, "").ok_or_else(|| "the answer is not what the service's model has".to_owned())
}

/// Any CBOR as JSON, for errors.
pub(super) fn any(body: &[u8]) -> Option<Value> {
    item(&mut Decoder::new(body), 0).and_then(plain)
}

fn plain(item: Item) -> Option<Value> {
    Some(match item {
        Item::Plain(value) => value,
        Item::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        Item::Time(seconds) => time::shown(time::from_seconds(seconds)?).into(),
        Item::Array(items) => items.into_iter().filter_map(plain).collect::<Vec<_>>().into(),
        Item::Map(members) => {
            members.into_iter().filter_map(|(name, item)| Some((name, plain(item)?))).collect::<Value>()
        }
    })
}

fn item(from: &mut Decoder<'_>, depth: usize) -> Option<Item> {
    if depth > DEPTH_MAX {
        return None;
    }
    Some(match from.datatype().ok()? {
        Type::Bool => Item::Plain(from.bool().ok()?.into()),
        Type::Null | Type::Undefined => {
            from.skip().ok()?;
            Item::Plain(Value::Null)
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            let number: Int = from.int().ok()?;
            let number: i128 = number.into();
            match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => Item::Plain(number.into()),
                (Err(_), Ok(number)) => Item::Plain(number.into()),
                (Err(_), Err(_)) => return None,
            }
        }
        Type::F16 => number(half(from)?),
        Type::F32 => number(f64::from(from.f32().ok()?)),
        Type::F64 => number(from.f64().ok()?),
        Type::String => Item::Plain(from.str().ok()?.into()),
        Type::StringIndef => {
            let parts: Result<Vec<&str>, _> = from.str_iter().ok()?.collect();
            Item::Plain(parts.ok()?.concat().into())
        }
        Type::Bytes => Item::Bytes(from.bytes().ok()?.to_vec()),
        Type::BytesIndef => {
            let parts: Result<Vec<&[u8]>, _> = from.bytes_iter().ok()?.collect();
            Item::Bytes(parts.ok()?.concat())
        }
        Type::Array | Type::ArrayIndef => Item::Array(items(from, depth)?),
        Type::Map | Type::MapIndef => Item::Map(entries(from, depth)?),
        Type::Tag => {
            let tag = from.tag().ok()?.as_u64();
            match (tag, item(from, depth + 1)?) {
                (TIME_TAG, Item::Plain(Value::Number(seconds))) => Item::Time(seconds.as_f64()?),
                (_, item) => item,
            }
        }
        Type::Simple | Type::Break | Type::Unknown(_) => return None,
    })
}

/// A number of 16 bits, which the decoder does not read by itself.
fn half(from: &mut Decoder<'_>) -> Option<f64> {
    let at = from.position();
    let bytes: [u8; 2] = from.input().get(at + 1..at + 3)?.try_into().ok()?;
    from.set_position(at + 3);
    let bits = u16::from_be_bytes(bytes);
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    Some(if bits >> 15 == 1 { -size } else { size })
}

fn number(number: f64) -> Item {
    Item::Plain(super::float(&number.to_string()).unwrap_or_default())
}

fn items(from: &mut Decoder<'_>, depth: usize) -> Option<Vec<Item>> {
    let mut left = from.array().ok()?;
    let mut items = Vec::new();
    loop {
        match left {
            Some(0) => return Some(items),
            Some(count) => left = Some(count - 1),
            None if from.datatype().ok()? == Type::Break => {
                from.skip().ok()?;
                return Some(items);
            }
            None => {}
        }
        items.push(item(from, depth + 1)?);
    }
}

fn entries(from: &mut Decoder<'_>, depth: usize) -> Option<Vec<(String, Item)>> {
    let mut left = from.map().ok()?;
    let mut entries = Vec::new();
    loop {
        match left {
            Some(0) => return Some(entries),
            Some(count) => left = Some(count - 1),
            None if from.datatype().ok()? == Type::Break => {
                from.skip().ok()?;
                return Some(entries);
            }
            None => {}
        }
        let Item::Plain(Value::String(key)) = item(from, depth + 1)? else { return None };
        entries.push((key.to_string(), item(from, depth + 1)?));
    }
}

fn value(reading: Reading<'_>, place: Reference, given: Item, name: &str) -> Option<Value> {
    match (reading.service.shape(place), given) {
        (_, Item::Plain(Value::Null)) => None,
        (Shape::Structure(structure), given) if structure.document => plain(given),
        (Shape::Structure(structure), Item::Map(mut members)) => {
            let mut result = Map::default();
            for member in &structure.members {
                let wire = wire_name(reading.service, member);
                let Some(at) = members.iter().position(|(known, _)| known == wire) else { continue };
                let name = reading.name(member);
                if let Some(read) = value(reading, member.place, members.swap_remove(at).1, &name) {
                    result.insert(name, read);
                }
            }
            Some(result.into())
        }
        (Shape::List(item), Item::Array(items)) => {
            let read = items.into_iter().filter_map(|given| value(reading, *item, given, name));
            Some(read.collect::<Vec<_>>().into())
        }
        (Shape::Map(_, of), Item::Map(members)) => {
            let read = members.into_iter().filter_map(|(key, given)| Some((key, value(reading, *of, given, name)?)));
            Some(read.collect())
        }
        (Shape::Timestamp, Item::Time(seconds)) => time::from_seconds(seconds).map(|at| reading.time(at)),
        (Shape::Timestamp, Item::Plain(Value::Number(seconds))) => {
            seconds.as_f64().and_then(time::from_seconds).map(|at| reading.time(at))
        }
        (Shape::Blob, Item::Bytes(bytes)) => Some(reading.blob(bytes, name)),
        (_, Item::Plain(value)) => Some(value),
        (_, _) => None,
    }
}
