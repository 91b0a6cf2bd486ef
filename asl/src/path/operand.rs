//! What stands on one side of a comparison once paths are resolved, and which two of them are equal or in order.
//!
//! `==` coerces between numbers and strings, in either direction and not in the same way: a string is compared with the
//! number as Java writes it, a number with the string read as one. `<` and `>` do not coerce.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::Regex;

use super::decimal::{self, Decimal};
use super::evaluate::{Failure, Limits};
use super::literal;
use super::parse;
use crate::value::{Number, Value};

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Side<'a> {
    /// A path that led nowhere. It equals nothing, not even itself.
    Undefined,
    Null,
    Bool(bool),
    Number(Numeric),
    Text(Cow<'a, str>),
    /// An array or object of the document.
    Json(Cow<'a, Value>),
    /// An array or object written in the path. On the left it equals nothing.
    JsonLiteral(&'a Result<Value, String>),
    Pattern(&'a Regex),
    /// A string of a list that reads as a path or as JSON. It equals nothing.
    Unequal,
}

/// A number of the document, or one written in the path.
#[derive(Clone, Debug)]
pub(super) enum Numeric {
    /// Where 64 bits hold it exactly.
    Small(Number),
    Large(Box<Decimal>),
}

impl Numeric {
    pub fn literal(text: &str) -> Option<Numeric> {
        let decimal = Decimal::parse(text)?;
        let small = text.parse::<Number>().ok();
        Some(match small {
            Some(number) if Decimal::of(&number).as_ref() == Some(&decimal) => Numeric::Small(number),
            _ => Numeric::Large(Box::new(decimal)),
        })
    }

    fn decimal(&self) -> Option<Cow<'_, Decimal>> {
        match self {
            Numeric::Small(number) => Decimal::of(number).map(Cow::Owned),
            Numeric::Large(decimal) => Some(Cow::Borrowed(decimal)),
        }
    }

    pub fn compare(&self, other: &Numeric) -> Ordering {
        if let (Numeric::Small(left), Numeric::Small(right)) = (self, other) {
            return decimal::compare(left, right);
        }
        match (self.decimal(), other.decimal()) {
            (Some(left), Some(right)) => left.compare(&right),
            _ => Ordering::Equal,
        }
    }

    /// As Java's `BigDecimal` writes it.
    pub fn text(&self) -> String {
        self.decimal().map_or_else(String::new, |decimal| decimal.text())
    }

    /// The whole part in 32 bits, or what is left of it there.
    pub fn whole(&self) -> i64 {
        match self {
            Numeric::Small(number) => number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or(0.0) as i64),
            Numeric::Large(decimal) => decimal.text().parse::<f64>().unwrap_or(0.0) as i64,
        }
    }
}

impl<'a> Side<'a> {
    pub fn of(value: &'a Value) -> Side<'a> {
        match value {
            Value::Null => Side::Null,
            Value::Bool(value) => Side::Bool(*value),
            Value::Number(number) => Side::Number(Numeric::Small(number.clone())),
            Value::String(text) => Side::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Side::Json(Cow::Borrowed(value)),
        }
    }

    pub fn owned(value: Value) -> Side<'a> {
        match value {
            Value::Null => Side::Null,
            Value::Bool(value) => Side::Bool(value),
            Value::Number(number) => Side::Number(Numeric::Small(number)),
            Value::String(text) => Side::Text(Cow::Owned(text.to_string())),
            Value::Array(_) | Value::Object(_) => Side::Json(Cow::Owned(value)),
        }
    }

    /// An item of a list, where strings are read once more: Jayway takes one that looks like a path or JSON for it.
    fn of_item(value: &'a Value) -> Result<Side<'a>, Failure> {
        match value {
            Value::String(text) if looks_like_path(text) || looks_like_json(text) => Ok(Side::Unequal),
            Value::String(text) => literal::string(text).map(Side::Text).map_err(|fault| Failure::Other(fault.message)),
            Value::Array(_) | Value::Object(_) => Err(Failure::Other("Could not determine value type".into())),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Side::of(value)),
        }
    }

    /// The array or object, where this is one.
    pub fn json(&self) -> Result<Option<&Value>, Failure> {
        match self {
            Side::Json(value) => Ok(Some(value)),
            Side::JsonLiteral(Ok(value)) => Ok(Some(value)),
            Side::JsonLiteral(Err(message)) => Err(Failure::Other(message.clone())),
            _ => Ok(None),
        }
    }

    /// The items, where this is an array; `None` where it is an object, `Invalid` where it is neither.
    pub fn list(&self, limits: &Limits) -> Result<Option<Vec<Side<'_>>>, Failure> {
        match self.json()? {
            Some(Value::Array(items)) => {
                limits.visit(items.len())?;
                items.iter().map(Side::of_item).collect::<Result<_, _>>().map(Some)
            }
            Some(_) => Ok(None),
            None => Err(Failure::Invalid("Expected value list node".into())),
        }
    }

    pub fn equals(&self, other: &Side<'_>, limits: &Limits) -> Result<bool, Failure> {
        Ok(match (self, other) {
            (Side::Null, Side::Null) => true,
            (Side::Bool(left), Side::Bool(right)) => left == right,
            (Side::Text(left), Side::Text(right)) => left == right,
            (Side::Text(left), Side::Number(right)) => *left == right.text(),
            (Side::Number(left), Side::Text(right)) => {
                Decimal::parse(right).is_some_and(|right| left.compare(&Numeric::Large(Box::new(right))).is_eq())
            }
            (Side::Number(left), Side::Number(right)) => left.compare(right).is_eq(),
            (Side::Json(left), Side::Json(_) | Side::JsonLiteral(_)) => match other.json()? {
                Some(right) => {
                    limits.visit(left.json_bytes().min(right.json_bytes()) / 32)?;
                    **left == *right
                }
                None => false,
            },
            _ => false,
        })
    }

    /// The order of two numbers or two strings.
    pub fn compare(&self, other: &Side<'_>) -> Option<Ordering> {
        match (self, other) {
            (Side::Number(left), Side::Number(right)) => Some(left.compare(right)),
            (Side::Text(left), Side::Text(right)) => Some(left.encode_utf16().cmp(right.encode_utf16())),
            _ => None,
        }
    }

    /// Whether both are of the same kind, for `===`.
    pub fn same_kind(&self, other: &Side<'_>) -> bool {
        let kind = |side: &Side<'_>| match side {
            Side::Undefined => 0,
            Side::Null => 1,
            Side::Bool(_) => 2,
            Side::Number(_) => 3,
            Side::Text(_) => 4,
            Side::Json(_) | Side::JsonLiteral(_) => 5,
            Side::Pattern(_) => 6,
            Side::Unequal => 7,
        };
        kind(self) == kind(other)
    }

    /// What a pattern is matched against.
    pub fn pattern_text(&self) -> Cow<'_, str> {
        match self {
            Side::Text(text) => Cow::Borrowed(text),
            Side::Number(number) => Cow::Owned(number.text()),
            Side::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            _ => Cow::Borrowed(""),
        }
    }
}

fn looks_like_path(text: &str) -> bool {
    text.trim_start().starts_with(['$', '@']) && parse::path(text.trim(), 0).is_ok()
}

fn looks_like_json(text: &str) -> bool {
    let text = text.trim();
    let wrapped = |open, close| text.len() > 1 && text.starts_with(open) && text.ends_with(close);
    (wrapped('[', ']') || wrapped('{', '}')) && literal::json(text).is_ok()
}
