//! From what was evaluated to JSON.

use std::rc::Rc;

use super::error::Error;
use super::item::{Array, Item, Object};
use super::meter::Meter;
use crate::value::{self, Value};

/// The value of a result; `None` for nothing. A function, wherever it is in the result, is no JSON.
pub fn to_value(item: Item, meter: &Rc<Meter>) -> Result<Option<Value>, Error> {
    Ok(Some(match item {
        Item::Undefined => return Ok(None),
        Item::Null => Value::Null,
        Item::Bool(value) => Value::Bool(value),
        Item::Number(number) => match number.to_json() {
            Some(number) => Value::Number(number),
            None => return Err(Error::new("D1001").value_text("null")),
        },
        Item::String(text) => Value::String(text.to_text()),
        Item::Array(Array::Given(array)) => Value::Array(array),
        Item::Object(Object::Given(object)) => Value::Object(object),
        Item::Array(array) => {
            // A made array that occurs many times in the result is written out each time.
            meter.work(array.len())?;
            meter.room_for(array.len() * size_of::<Value>())?;
            let mut items = Vec::with_capacity(array.len());
            for item in array.iter() {
                items.push(to_value(item, meter)?.unwrap_or_default());
            }
            items.into()
        }
        Item::Object(object) => {
            meter.work(object.len())?;
            let mut members = value::Map::with_capacity_and_hasher(object.len(), Default::default());
            for (name, item) in object.iter() {
                if let Some(value) = to_value(item, meter)? {
                    members.insert(name, value);
                }
            }
            members.into()
        }
        Item::Function(_) => return Err(Error::unsupported_result()),
    }))
}
