//! The functions a path may end with: `length`, `sum`, `keys` and the rest of Jayway's.
//!
//! AWS documents none of them as supported. Nothing here changes the document: Jayway's `append` does, but a later
//! step that would see it does not here.

use super::evaluate::{Failure, Limits, Mode, run};
use super::java;
use super::program::{Call, Parameter};
use crate::value::{Number, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Average,
    Deviation,
    Sum,
    Min,
    Max,
    Concat,
    Length,
    Append,
    Keys,
    First,
    Last,
    Index,
}

impl Function {
    pub fn named(name: &str) -> Option<Function> {
        Some(match name {
            "avg" => Function::Average,
            "stddev" => Function::Deviation,
            "sum" => Function::Sum,
            "min" => Function::Min,
            "max" => Function::Max,
            "concat" => Function::Concat,
            "length" | "size" => Function::Length,
            "append" => Function::Append,
            "keys" => Function::Keys,
            "first" => Function::First,
            "last" => Function::Last,
            "index" => Function::Index,
            _ => return None,
        })
    }
}

impl Call {
    /// The function of a value. Paths among the arguments start at the root.
    pub fn invoke(&self, value: &Value, root: &Value, mode: Mode, limits: &Limits) -> Result<Value, Failure> {
        let Some(function) = self.function else {
            return Err(Failure::Invalid(format!("Function with name: {} does not exist.", self.name)));
        };
        let mut arguments = Vec::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            arguments.push(match parameter {
                Parameter::Json(value) => value.clone(),
                Parameter::Path(path) => run(path, root, root, mode, limits)?,
            });
        }
        limits.visit(value.as_array().map_or(0, |items| items.len()))?;
        match function {
            Function::Average | Function::Deviation | Function::Sum | Function::Min | Function::Max => {
                aggregate(function, value, &arguments)
            }
            Function::Concat => Ok(concat(value, &arguments)),
            Function::Length => self.length(value, mode, limits),
            Function::Append => Ok(append(value, arguments)),
            Function::Keys => Ok(match value {
                Value::Object(object) => object.keys().map(|name| Value::from(name.clone())).collect(),
                _ => Value::Null,
            }),
            Function::First => nth(value, 0),
            Function::Last => nth(value, -1),
            Function::Index => match numbers(&arguments).first() {
                Some(index) => nth(value, *index as i64),
                None => Err(Failure::OutOfBounds("Index 0 out of bounds for length 0".into())),
            },
        }
    }

    /// The number of items or members; with an argument, of what that finds below the value.
    fn length(&self, value: &Value, mode: Mode, limits: &Limits) -> Result<Value, Failure> {
        let count = |value: &Value| match value {
            Value::Array(items) => Some(items.len() as u64),
            _ => None,
        };
        if let Some(path) = &self.length_of {
            if let Some(count) = count(&run(path, value, value, mode, limits)?) {
                return Ok(count.into());
            }
        } else if !self.parameters.is_empty() {
            return Err(Failure::Other("java.lang.NullPointerException".into()));
        }
        Ok(match value {
            Value::Object(object) => (object.len() as u64).into(),
            other => count(other).map_or(Value::Null, Value::from),
        })
    }
}

/// The numbers among the arguments and in the lists among them.
fn numbers(arguments: &[Value]) -> Vec<f64> {
    flat(arguments).filter_map(Value::as_number).filter_map(Number::as_f64).collect()
}

fn flat(arguments: &[Value]) -> impl Iterator<Item = &Value> {
    arguments.iter().flat_map(|argument| match argument {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    })
}

fn aggregate(function: Function, value: &Value, arguments: &[Value]) -> Result<Value, Failure> {
    let items = value.as_array().map_or(&[][..], |items| items);
    let mut all: Vec<f64> = items.iter().filter_map(Value::as_number).filter_map(Number::as_f64).collect();
    all.extend(numbers(arguments));
    if all.is_empty() {
        let message = "Aggregation function attempted to calculate value using empty array";
        return Err(Failure::Other(message.into()));
    }
    let count = all.len() as f64;
    let sum: f64 = all.iter().sum();
    let result = match function {
        Function::Average => sum / count,
        Function::Deviation => {
            let squares: f64 = all.iter().map(|number| number * number).sum();
            (squares / count - sum * sum / count / count).sqrt()
        }
        Function::Min => all.iter().copied().fold(f64::MAX, f64::min),
        // Jayway starts from Java's Double.MIN_VALUE, the smallest positive double, so no maximum is negative or zero.
        Function::Max => all.iter().copied().fold(f64::from_bits(1), f64::max),
        _ => sum,
    };
    Ok(Number::from_f64(result).map_or(Value::Null, Value::Number))
}

fn concat(value: &Value, arguments: &[Value]) -> Value {
    let items = value.as_array().map_or(&[][..], |items| items);
    let mut text: String = items.iter().filter_map(Value::as_str).collect();
    for argument in flat(arguments).filter(|argument| !argument.is_null()) {
        text.push_str(&java::text(argument));
    }
    text.into()
}

fn append(value: &Value, arguments: Vec<Value>) -> Value {
    match value {
        Value::Array(items) => items.iter().cloned().chain(arguments).collect(),
        other => other.clone(),
    }
}

/// An item counted from either end. Jayway refuses the first one counted from the end.
fn nth(value: &Value, index: i64) -> Result<Value, Failure> {
    let Value::Array(items) = value else {
        let message = "Aggregation function attempted to calculate value using empty array";
        return Err(Failure::Other(message.into()));
    };
    let length = items.len();
    if index >= 0 {
        return usize::try_from(index)
            .ok()
            .and_then(|at| items.get(at))
            .cloned()
            .ok_or_else(|| Failure::OutOfBounds(format!("Index {index} out of bounds for length {length}")));
    }
    let at = usize::try_from(length as i64 + index).ok().filter(|at| *at > 0);
    at.and_then(|at| items.get(at))
        .cloned()
        .ok_or_else(|| Failure::Other(format!("Target index:{index} larger than object count:{length}")))
}
