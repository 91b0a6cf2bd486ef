//! JSON values that share structure: a copy is a count, and a part of a document is taken without copying it.
//!
//! Every array and object knows the length of its JSON text and its depth, so that limits cost nothing to check.
//! No value is ever changed in place: whoever changes one builds the containers along the way anew.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
pub use serde_json::Number;

/// Text that is shared.
pub type Text = Arc<str>;

/// The members of an object, in the order of the document.
pub type Map = IndexMap<Text, Value, foldhash::fast::RandomState>;

/// A JSON value. Cloning one never copies what it holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer of 64 bits, or a double.
    Number(Number),
    /// A string.
    String(Text),
    /// An array.
    Array(Array),
    /// An object.
    Object(Object),
}

/// The items of an array.
#[derive(Clone)]
pub struct Array(Arc<Node<Vec<Value>>>);

/// The members of an object.
#[derive(Clone)]
pub struct Object(Arc<Node<Map>>);

struct Node<T> {
    content: T,
    bytes: usize,
    depth: usize,
}

impl Value {
    /// The length of the value's JSON text without white space, in bytes of UTF-8.
    pub fn json_bytes(&self) -> usize {
        match self {
            Value::Null => 4,
            Value::Bool(true) => 4,
            Value::Bool(false) => 5,
            Value::Number(number) => number_bytes(number),
            Value::String(text) => text_bytes(text),
            Value::Array(array) => array.0.bytes,
            Value::Object(object) => object.0.bytes,
        }
    }

    /// How many containers enclose the innermost value: 0 for a scalar.
    pub fn depth(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
            Value::Array(array) => array.0.depth,
            Value::Object(object) => object.0.depth,
        }
    }

    /// The member of that name, where this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(object) => object.get(name),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        }
    }

    /// The string, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, where this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, where this is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The items, where this is an array.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Value::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The members, where this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// An empty object, the input of an execution that was given none.
    pub fn empty_object() -> Value {
        Map::default().into()
    }

    /// The JSON type's name: `null`, `boolean`, `number`, `string`, `array` or `object`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// Where a string, an array or an object lies. As long as one copy of it is kept, no other value lies there.
    pub fn address(&self) -> Option<usize> {
        match self {
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
            Value::String(text) => Some(text.as_ptr().addr()),
            Value::Array(array) => Some(Arc::as_ptr(&array.0).addr()),
            Value::Object(object) => Some(Arc::as_ptr(&object.0).addr()),
        }
    }

    /// Whether somebody else keeps a copy of this string, array or object.
    pub fn is_shared(&self) -> bool {
        match self {
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
            Value::String(text) => Arc::strong_count(text) > 1,
            Value::Array(array) => Arc::strong_count(&array.0) > 1,
            Value::Object(object) => Arc::strong_count(&object.0) > 1,
        }
    }

    /// Reads JSON text. Deeper than 128 containers is an error, as is a number that no double holds.
    pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The same value in `serde_json`'s form: a copy.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => serde_json::Value::Bool(*value),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::String(text) => serde_json::Value::String(text.to_string()),
            Value::Array(array) => array.iter().map(Value::to_json).collect(),
            Value::Object(object) => object.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect(),
        }
    }
}

/// The JSON text without white space.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl Deref for Array {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        &self.0.content
    }
}

impl Deref for Object {
    type Target = Map;
    fn deref(&self) -> &Map {
        &self.0.content
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Array) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.bytes == other.0.bytes && self.0.content == other.0.content)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.bytes == other.0.bytes && self.0.content == other.0.content)
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.content.fmt(f)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.content.fmt(f)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        let bytes = 2 + items.len().saturating_sub(1) + items.iter().map(Value::json_bytes).sum::<usize>();
        let depth = 1 + items.iter().map(Value::depth).max().unwrap_or(0);
        Value::Array(Array(Arc::new(Node { content: items, bytes, depth })))
    }
}

impl From<Map> for Value {
    fn from(members: Map) -> Value {
        let (mut bytes, mut depth) = (2 + members.len().saturating_sub(1), 0);
        for (name, value) in &members {
            bytes += text_bytes(name) + 1 + value.json_bytes();
            depth = depth.max(value.depth());
        }
        Value::Object(Object(Arc::new(Node { content: members, bytes, depth: depth + 1 })))
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Value {
        items.into_iter().collect::<Vec<Value>>().into()
    }
}

impl<K: Into<Text>> FromIterator<(K, Value)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Value {
        members.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>().into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Number(value.into())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Value {
        Value::Number(value.into())
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => Value::Number(number),
            serde_json::Value::String(text) => text.into(),
            serde_json::Value::Array(items) => items.into_iter().map(Value::from).collect(),
            serde_json::Value::Object(members) => {
                members.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => number.serialize(serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(array) => serializer.collect_seq(array.iter()),
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (name, value) in object.iter() {
                    map.serialize_entry(&**name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(text.into())
            }
            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(text.into())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut content = Vec::with_capacity(items.size_hint().unwrap_or(0).min(1024));
                while let Some(item) = items.next_element()? {
                    content.push(item);
                }
                Ok(content.into())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
                let mut content = Map::default();
                while let Some((name, value)) = members.next_entry::<String, Value>()? {
                    content.insert(name.into(), value);
                }
                Ok(content.into())
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

fn text_bytes(text: &str) -> usize {
    let escapes: usize = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
            0x00..=0x1f => 5,
            _ => 0,
        })
        .sum();
    text.len() + escapes + 2
}

fn number_bytes(number: &Number) -> usize {
    if let Some(value) = number.as_u64() {
        digits(value)
    } else if let Some(value) = number.as_i64() {
        1 + digits(value.unsigned_abs())
    } else {
        let mut count = Count(0);
        // Counting cannot fail.
        let _ = fmt::Write::write_fmt(&mut count, format_args!("{number}"));
        count.0
    }
}

/// Takes text and keeps its length.
struct Count(usize);

impl fmt::Write for Count {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

fn digits(value: u64) -> usize {
    value.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_length_is_that_of_the_text() {
        for value in [
            json!(null),
            json!([true, false, 0, 9, 10, -1, 1.5, u64::MAX, i64::MIN, 1e300]),
            json!({"a\"\\\n\u{1}é": ["\u{7f}", {}], "": []}),
        ] {
            let text = value.to_string();
            let value = Value::from(value);
            assert_eq!(value.json_bytes(), text.len(), "{text}");
            assert_eq!(value.to_string(), text);
            assert_eq!(Value::parse(&text).unwrap(), value);
            assert_eq!(Value::from(value.to_json()), value);
        }
    }

    #[test]
    fn copies_share_an_address() {
        let (array, text) = (Value::from(json!([1])), Value::from("a"));
        assert!(!array.is_shared() && !text.is_shared() && !Value::Null.is_shared());
        let copies = (array.clone(), text.clone());
        assert!(array.is_shared() && text.is_shared());
        assert_eq!((array.address(), text.address()), (copies.0.address(), copies.1.address()));
        assert_ne!(array.address(), Value::from(json!([1])).address());
        assert_eq!(Value::Null.address(), None);
    }

    #[test]
    fn depth_counts_containers() {
        let depth = |value| Value::from(value).depth();
        assert_eq!((depth(json!(1)), depth(json!([])), depth(json!([1, {"a": [[]]}]))), (0, 1, 4));
    }
}
