//! Equality, order and truth.

use std::cmp::Ordering;
use std::rc::Rc;

use super::error::Error;
use super::evaluate::Function;
use super::item::{Item, Object};

/// `a = b`: the same value, however it came about.
pub fn equal(left: &Item, right: &Item) -> bool {
    match (left, right) {
        (Item::Array(left), Item::Array(right)) => {
            left.address() == right.address()
                || (left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|(left, right)| equal(&left, &right)))
        }
        (Item::Object(left), Item::Object(right)) => left.address() == right.address() || equal_objects(left, right),
        _ => same(left, right),
    }
}

fn equal_objects(left: &Object, right: &Object) -> bool {
    left.len() == right.len()
        && left.iter().all(|(name, item)| match right.get(&name) {
            Item::Undefined => item.is_undefined(),
            other => equal(&item, &other),
        })
}

/// The very same value, as the operator `in` asks: containers and functions are only themselves.
pub fn same(left: &Item, right: &Item) -> bool {
    match (left, right) {
        (Item::Undefined, Item::Undefined) | (Item::Null, Item::Null) => true,
        (Item::Bool(left), Item::Bool(right)) => left == right,
        (Item::Number(left), Item::Number(right)) => left == right,
        (Item::String(left), Item::String(right)) => **left == **right,
        (Item::Array(left), Item::Array(right)) => left.address() == right.address(),
        (Item::Object(left), Item::Object(right)) => left.address() == right.address(),
        (Item::Function(left), Item::Function(right)) => Rc::ptr_eq(left, right),
        _ => false,
    }
}

/// The order of two strings: that of their UTF-16 units.
pub fn order(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        return left.cmp(right);
    }
    left.encode_utf16().cmp(right.encode_utf16())
}

/// The truth of a value; `None` for nothing. `D1001` for infinities.
pub fn truth(item: &Item) -> Result<Option<bool>, Error> {
    Ok(Some(match item {
        Item::Undefined => return Ok(None),
        Item::Null => false,
        Item::Bool(value) => *value,
        Item::Number(_) => finite(item)?.is_some_and(|number| number != 0.0),
        Item::String(text) => !text.is_empty(),
        Item::Array(array) => {
            let mut any = false;
            // Every item is looked at, for its error.
            for item in array.iter() {
                any |= truth(&item)? == Some(true);
            }
            any
        }
        Item::Object(object) => !object.is_empty(),
        // The reference takes a function for true where it is named and for false where it was handed over.
        Item::Function(function) => {
            !matches!(**function, Function::Handed(_) | Function::Matcher(_) | Function::NextMatch { .. })
        }
    }))
}

/// Whether a value counts as true. Nothing does not.
pub fn is_true(item: &Item) -> Result<bool, Error> {
    Ok(truth(item)? == Some(true))
}

/// The number, where this is one. `D1001` for infinities; NaN is no number.
pub fn finite(item: &Item) -> Result<Option<f64>, Error> {
    match item.as_f64() {
        Some(number) if number.is_nan() => Ok(None),
        Some(number) if number.is_infinite() => Err(Error::new("D1001").value_text("null")),
        number => Ok(number),
    }
}
