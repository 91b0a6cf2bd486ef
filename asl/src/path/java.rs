//! How Jayway's messages show a value: Java's class names and `toString`.

use super::decimal::java_number;
use crate::value::{Object, Value};

/// The class that Jayway's reader gives a value.
pub(super) fn class_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(number) if number.is_f64() => "java.lang.Double",
        Value::Number(number) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => "java.lang.Integer",
            Some(_) => "java.lang.Long",
            None => "java.math.BigInteger",
        },
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "net.minidev.json.JSONArray",
        Value::Object(_) => "java.util.LinkedHashMap",
    }
}

/// An object as `{a=1, b=x}`, an array as JSON, a string as it is.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Number(number) => java_number(number),
        Value::String(text) => text.to_string(),
        Value::Object(object) => object_text(object),
        Value::Null | Value::Bool(_) | Value::Array(_) => value.to_string(),
    }
}

/// Objects in objects nest as deep as the document does: an explicit stack keeps that off the call stack.
fn object_text(object: &Object) -> String {
    let mut text = String::from("{");
    let mut open = vec![object.iter().peekable()];
    while let Some(members) = open.last_mut() {
        let Some((name, value)) = members.next() else {
            text.push('}');
            open.pop();
            if open.last_mut().is_some_and(|members| members.peek().is_some()) {
                text.push_str(", ");
            }
            continue;
        };
        let more = members.peek().is_some();
        text.extend([name, "="]);
        match value {
            Value::Object(inner) => {
                text.push('{');
                open.push(inner.iter().peekable());
                continue;
            }
            Value::Number(number) => text.push_str(&java_number(number)),
            Value::String(inner) => text.push_str(inner),
            Value::Null | Value::Bool(_) | Value::Array(_) => text.push_str(&value.to_string()),
        }
        if more {
            text.push_str(", ");
        }
    }
    text
}
