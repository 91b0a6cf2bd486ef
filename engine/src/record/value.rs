//! JSON values as CBOR: integers of 64 bits and doubles exactly, members in their order.

use minicbor::data::Type;
use minicbor::encode::{self, Write};
use minicbor::{Decoder, Encoder};
use stepwell_asl::{Map, Number, Text, Value};

use super::{DEPTH_MAX, RecordError};

/// Places that are kept ready for the items of one container, whatever it says of its length.
const CAPACITY_MAX: usize = 1024;

/// Writes a value that is at most [`DEPTH_MAX`] deep.
pub(super) fn write<W: Write>(value: &Value, e: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
    match value {
        Value::Null => e.null()?.ok(),
        Value::Bool(value) => e.bool(*value)?.ok(),
        Value::Number(number) => write_number(number, e),
        Value::String(text) => e.str(text)?.ok(),
        Value::Array(items) => {
            e.array(items.len() as u64)?;
            for item in items.iter() {
                write(item, e)?;
            }
            Ok(())
        }
        Value::Object(members) => {
            e.map(members.len() as u64)?;
            for (name, value) in members.iter() {
                e.str(name)?;
                write(value, e)?;
            }
            Ok(())
        }
    }
}

fn write_number<W: Write>(number: &Number, e: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
    if let Some(value) = number.as_u64() {
        return e.u64(value)?.ok();
    }
    if let Some(value) = number.as_i64() {
        return e.i64(value)?.ok();
    }
    let double = number.as_f64().unwrap_or_default(); // without arbitrary precision the rest are doubles
    let single = double as f32;
    match f64::from(single).to_bits() == double.to_bits() {
        true => e.f32(single)?.ok(),
        false => e.f64(double)?.ok(),
    }
}

/// Reads a value. What is open is kept in a list, not on the stack.
pub(super) fn read(d: &mut Decoder<'_>) -> Result<Value, RecordError> {
    let mut open: Vec<Open> = Vec::new();
    loop {
        let mut value = match d.datatype()? {
            Type::Array => {
                let left = length(d.array()?, open.len() + 1)?;
                if left > 0 {
                    open.push(Open::Array { items: Vec::with_capacity(CAPACITY_MAX.min(left as usize)), left });
                    continue;
                }
                Vec::new().into()
            }
            Type::Map => {
                let left = length(d.map()?, open.len() + 1)?;
                if left > 0 {
                    let members = Map::with_capacity_and_hasher(CAPACITY_MAX.min(left as usize), Default::default());
                    open.push(Open::Object { members, name: d.str()?.into(), left });
                    continue;
                }
                Value::empty_object()
            }
            scalar => read_scalar(d, scalar)?,
        };
        // The value goes into what is open; what is full with it goes into what is open around it.
        loop {
            let Some(around) = open.last_mut() else { return Ok(value) };
            if !around.take(value, d)? {
                break;
            }
            let Some(full) = open.pop() else { break };
            value = full.close();
        }
    }
}

/// A container that is being read, with how many of its values are still to come.
enum Open {
    Array { items: Vec<Value>, left: u64 },
    Object { members: Map, name: Text, left: u64 },
}

impl Open {
    /// Takes the next value, and reads the name of the one after it. Tells whether it was the last.
    fn take(&mut self, value: Value, d: &mut Decoder<'_>) -> Result<bool, RecordError> {
        match self {
            Open::Array { items, left } => {
                items.push(value);
                *left -= 1;
                Ok(*left == 0)
            }
            Open::Object { members, name, left } => {
                members.insert(std::mem::take(name), value);
                *left -= 1;
                if *left > 0 {
                    *name = d.str()?.into();
                }
                Ok(*left == 0)
            }
        }
    }

    fn close(self) -> Value {
        match self {
            Open::Array { items, .. } => items.into(),
            Open::Object { members, .. } => members.into(),
        }
    }
}

fn read_scalar(d: &mut Decoder<'_>, kind: Type) -> Result<Value, RecordError> {
    match kind {
        Type::String => Ok(d.str()?.into()),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Ok(d.u64()?.into()),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => Ok(d.i64()?.into()),
        Type::Bool => Ok(d.bool()?.into()),
        Type::Null => {
            d.null()?;
            Ok(Value::Null)
        }
        Type::F32 | Type::F64 => {
            Number::from_f64(d.f64()?).map(Value::Number).ok_or_else(|| RecordError::broken("a number that is none"))
        }
        other => Err(RecordError::Broken(format!("{other} where a value should be"))),
    }
}

fn length(length: Option<u64>, depth: usize) -> Result<u64, RecordError> {
    match length {
        Some(_) if depth > DEPTH_MAX => Err(RecordError::TooDeep { depth }),
        Some(length) => Ok(length),
        None => Err(RecordError::broken("a container of unknown length")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bytes(value: &Value) -> Vec<u8> {
        let mut e = Encoder::new(Vec::new());
        write(value, &mut e).unwrap();
        e.into_writer()
    }

    #[test]
    fn values_come_back_exactly() {
        for json in [
            json!([null, true, false, "", "a\u{0}\"é\u{1F600}"]),
            json!([0, 23, 24, 255, 65_536, u32::MAX, u64::MAX, i64::MAX, -1, -25, i64::MIN]),
            json!([0.0, -0.0, 1.0, 1.5, 0.1, 1e300, -1e-300, f64::MIN_POSITIVE, 5e-324, f64::MAX, 16_777_217.0]),
            json!({ "z": 1, "a": { "y": [], "b": {} }, "": [[[]]] }),
        ] {
            let value = Value::from(json);
            let read = read(&mut Decoder::new(&bytes(&value))).unwrap();
            assert_eq!(read.to_string(), value.to_string());
            assert_eq!(read, value);
        }
    }

    #[test]
    fn a_double_stays_a_double() {
        let read = read(&mut Decoder::new(&bytes(&Value::from(json!(1.0))))).unwrap();
        assert!(read.as_number().is_some_and(|number| number.is_f64()));
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| [vec![0x81; depth], vec![0xf6]].concat();
        let deep = read(&mut Decoder::new(&nested(DEPTH_MAX))).unwrap();
        assert_eq!((deep.depth(), bytes(&deep)), (DEPTH_MAX, nested(DEPTH_MAX)));
        let objects = (0..DEPTH_MAX).fold(Value::Null, |inner, _| [("a", inner)].into_iter().collect());
        assert_eq!(read(&mut Decoder::new(&bytes(&objects))).unwrap().depth(), DEPTH_MAX);
        let error = read(&mut Decoder::new(&nested(1_000_000))).unwrap_err();
        assert_eq!(error, RecordError::TooDeep { depth: DEPTH_MAX + 1 });
    }

    #[test]
    fn a_length_alone_takes_no_memory() {
        for head in [0x9b, 0xbb, 0x5b, 0x7b] {
            let claim = [vec![head], vec![0xff; 8]].concat();
            assert!(read(&mut Decoder::new(&claim)).is_err());
        }
    }
}
