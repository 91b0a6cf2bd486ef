//! What AWS adds to JSONata: `$partition`, `$range`, `$hash`, `$random(seed)`, `$uuid` and `$parse`.

use std::fmt::Write;

use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha384, Sha512};

use super::prelude::*;
use crate::chance::Chance;
use crate::value::Value;

/// The longest range, as that of the operator `..`.
const RANGE_ITEMS_MAX: f64 = 1e6;

pub fn partition(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let (Some(array), Some(size)) = (arguments[0].as_array(), number_at(arguments, 1)) else {
        return Ok(Item::Undefined);
    };
    partitioned(array, size, &evaluator.meter)
}

/// The array in pieces of this size; the last may be shorter.
fn partitioned(array: &Array, size: f64, meter: &Rc<Meter>) -> Result<Item, Error> {
    if size.is_nan() || size < 1.0 {
        return Err(Error::new("T0410").index(2));
    }
    let size = size as usize;
    meter.work(array.len())?;
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < array.len() {
        let end = start.saturating_add(size).min(array.len());
        let piece = (start..end).map(|index| array.get(index)).collect();
        pieces.push(Item::array(piece, meter)?);
        start = end;
    }
    Item::array(pieces, meter)
}

pub fn range(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    match (number_at(arguments, 0), number_at(arguments, 1), number_at(arguments, 2)) {
        (Some(first), Some(last), Some(step)) => ranged(first, last, step, &evaluator.meter),
        _ => Ok(Item::Undefined),
    }
}

/// The numbers from the first to the last, both included. As on AWS it is a sequence: one number is that number.
fn ranged(first: f64, last: f64, step: f64, meter: &Rc<Meter>) -> Result<Item, Error> {
    let steps = ((last - first) / step).floor();
    if step == 0.0 || steps.is_nan() {
        return Err(Error::new("T0410").index(3));
    }
    if steps >= RANGE_ITEMS_MAX {
        return Err(Error::new("D2014").value(&(steps + 1.0).into()));
    }
    let count = if steps < 0.0 { 0 } else { steps as usize + 1 };
    meter.work(count)?;
    meter.room_for(count * size_of::<Item>())?;
    Item::sequence((0..count).map(|index| (first + index as f64 * step).into()).collect(), meter)
}

pub fn hash(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(algorithm) = text_at(arguments, 1) else { return Ok(Item::Undefined) };
    if arguments[0].is_undefined() {
        return Ok(Item::Undefined);
    }
    let content = json::cast(&arguments[0], false, &evaluator.meter)?;
    evaluator.meter.work(content.len() / 16)?;
    match hashed(&content, algorithm) {
        Some(hash) => Item::text(hash, &evaluator.meter),
        None => Err(Error::new("T0410").index(2)),
    }
}

fn hashed(content: &str, algorithm: &str) -> Option<String> {
    match algorithm {
        "MD5" => Some(digest::<Md5>(content)),
        "SHA-1" => Some(digest::<Sha1>(content)),
        "SHA-256" => Some(digest::<Sha256>(content)),
        "SHA-384" => Some(digest::<Sha384>(content)),
        "SHA-512" => Some(digest::<Sha512>(content)),
        _ => None,
    }
}

fn digest<D: Digest>(content: &str) -> String {
    let mut text = String::new();
    for byte in D::digest(content.as_bytes()) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

pub fn random(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let number = match number_at(arguments, 0) {
        Some(seed) => seeded(seed),
        None => evaluator.chance.next_f64(),
    };
    Ok(number.into())
}

/// A number in `0.0..1.0`, always the same for the same seed.
fn seeded(seed: f64) -> f64 {
    let mut chance = Chance::from_seed([(seed.trunc() + 0.0).to_bits(), 0x9e37_79b9_7f4a_7c15, 1, 2]);
    // The first numbers of close seeds are close.
    for _ in 0..16 {
        chance.next_u64();
    }
    chance.next_f64()
}

pub fn uuid(evaluator: &mut Evaluator<'_>, _: &[Item]) -> Result<Item, Error> {
    let high = evaluator.chance.next_u64() & !0xf000 | 0x4000;
    let low = evaluator.chance.next_u64() & !(0b11 << 62) | 0b10 << 62;
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    let (d, e) = (low >> 48, low & 0xffff_ffff_ffff);
    Item::text(format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"), &evaluator.meter)
}

pub fn parse(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    parsed(text, &evaluator.meter)
}

fn parsed(text: &str, meter: &Rc<Meter>) -> Result<Item, Error> {
    meter.work(text.len() / 16)?;
    // The shortest value of JSON takes two bytes there, and a pointer and its like here.
    meter.room_for(text.len().saturating_mul(size_of::<Value>() / 2))?;
    let value = Value::parse(text).map_err(|error| {
        Error::new("D3120").message(format!("Syntax error in JSON passed to function parse: {error}"))
    })?;
    counted(&value, meter)
}

/// A value as if the evaluation had made it, so that what it takes is counted. Texts are not nested deeper than 128.
fn counted(value: &Value, meter: &Rc<Meter>) -> Result<Item, Error> {
    meter.work(1)?;
    match value {
        Value::String(text) => Item::text(&**text, meter),
        Value::Array(array) => {
            Item::array(array.iter().map(|item| counted(item, meter)).collect::<Result<_, _>>()?, meter)
        }
        Value::Object(object) => {
            let members = object.iter().map(|(name, item)| Ok((name.clone(), counted(item, meter)?)));
            Item::object(members.collect::<Result<_, Error>>()?, meter)
        }
        scalar => Ok(scalar.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::Limits;

    fn item(json: &str) -> Item {
        Value::parse(json).unwrap().into()
    }

    #[test]
    fn arrays_are_cut_into_pieces() {
        let meter = Meter::new(Limits::default());
        for (array, size, expected) in [
            ("[1,2,3,4,5]", 2.0, "[[1,2],[3,4],[5]]"),
            ("[1,2]", 9.0, "[[1,2]]"),
            ("[1,2]", f64::INFINITY, "[[1,2]]"),
            ("[]", 1.0, "[]"),
        ] {
            assert_eq!(json::shown(&partitioned(item(array).as_array().unwrap(), size, &meter).unwrap()), expected);
        }
        assert!(partitioned(item("[1]").as_array().unwrap(), 0.0, &meter).is_err());
    }

    #[test]
    fn ranges_hold_both_ends() {
        let meter = Meter::new(Limits::default());
        for (first, last, step, expected) in [
            (0.0, 9.0, 3.0, "[0,3,6,9]"),
            (0.0, 10.0, 3.0, "[0,3,6,9]"),
            (1.0, 9.0, 9.0, "[1]"),
            (5.0, 1.0, -2.0, "[5,3,1]"),
            (1.0, 5.0, -1.0, "[]"),
        ] {
            let range = ranged(first, last, step, &meter).unwrap();
            assert_eq!(json::shown(&range), expected);
            assert!(range.as_array().unwrap().marks().sequence);
        }
        assert_eq!(ranged(0.0, 1e7, 1.0, &meter).unwrap_err().code(), "D2014");
        assert!(ranged(0.0, 1.0, 0.0, &meter).is_err());
        assert!(ranged(0.0, f64::INFINITY, 1.0, &meter).is_err());
    }

    #[test]
    fn hashes_are_hexadecimal() {
        assert_eq!(hashed("input data", "SHA-1").as_deref(), Some("aaff4a450a104cd177d28d18d74485e8cae074b7"));
        assert_eq!(hashed("", "MD5").as_deref(), Some("d41d8cd98f00b204e9800998ecf8427e"));
        assert_eq!(hashed("", "sha-1"), None);
    }

    #[test]
    fn seeds_are_repeatable_chance() {
        assert_eq!(seeded(7.0), seeded(7.0));
        assert_ne!(seeded(7.0), seeded(8.0));
        assert!((0.0..1.0).contains(&seeded(f64::NAN)));
    }

    #[test]
    fn json_text_is_parsed() {
        let meter = Meter::new(Limits::default());
        assert_eq!(json::shown(&parsed("{\"a\": [1, -0]}", &meter).unwrap()), "{\"a\":[1,0]}");
        assert_eq!(parsed("{", &meter).unwrap_err().code(), "D3120");
    }
}
