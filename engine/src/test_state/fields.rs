//! A mocked result beside the shape that the resource's answers have. Fields that the shape does not know are let
//! through, as AWS does: services get new ones.

use stepwell_asl::Value;
use stepwell_asl::resource::Resource;

use super::shape::{Field, Shape, of_answer};
use super::{FieldValidationMode, invalid};
use crate::error::EngineError;

/// Checks a mocked result, where the shape of the resource's answers is known.
pub(super) fn check(result: &Value, resource: &Resource, mode: FieldValidationMode) -> Result<(), EngineError> {
    let required = match mode {
        FieldValidationMode::None => return Ok(()),
        FieldValidationMode::Present => false,
        FieldValidationMode::Strict => true,
    };
    let Some(fields) = of_answer(resource) else { return Ok(()) };
    check_fields(result, fields, required).map_err(|why| invalid(format!("Mock result schema validation error: {why}")))
}

fn check_fields(value: &Value, fields: &[Field], required: bool) -> Result<(), String> {
    if let Some(missing) = fields.iter().find(|field| required && field.required && value.get(field.name).is_none()) {
        return Err(format!("Required field '{}' is missing", missing.name));
    }
    for field in fields {
        if let Some(value) = value.get(field.name) {
            check_shape(value, field.name, &field.shape, required)?;
        }
    }
    Ok(())
}

/// `name`: the field that holds the value, directly or in lists.
fn check_shape(value: &Value, name: &str, shape: &Shape, required: bool) -> Result<(), String> {
    let is_integer = || value.as_number().is_some_and(|number| number.is_i64() || number.is_u64());
    let (is_right, expected) = match shape {
        Shape::Anything => (true, ""),
        Shape::Text => (value.as_str().is_some(), "a string"),
        Shape::Integer => (is_integer(), "a number"),
        Shape::Number => (value.as_number().is_some(), "a number"),
        Shape::List(_) => (value.as_array().is_some(), "an array"),
        Shape::Map(_) | Shape::Structure(_) => (value.as_object().is_some(), "an object"),
    };
    if !is_right {
        return Err(format!("Field '{name}' must be {expected}"));
    }
    match shape {
        Shape::List(item) => value
            .as_array()
            .into_iter()
            .flat_map(|items| items.iter())
            .try_for_each(|value| check_shape(value, name, item, required)),
        Shape::Map(member) => value
            .as_object()
            .into_iter()
            .flat_map(|members| members.iter())
            .try_for_each(|(key, value)| check_shape(value, key, member, required)),
        Shape::Structure(fields) => check_fields(value, fields, required),
        Shape::Anything | Shape::Text | Shape::Integer | Shape::Number => Ok(()),
    }
}
