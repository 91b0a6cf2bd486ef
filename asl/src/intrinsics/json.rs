//! JSON text and objects.

use crate::value::Value;

use super::{Arguments, Fault};

/// `States.StringToJson(text)`: the value whose JSON text this is. AWS takes an empty text for `null`, and `-0` for `0`.
pub(super) fn from_string(arguments: Arguments<'_>) -> Result<Value, Fault> {
    match arguments.string(0)?.trim() {
        "" => Ok(Value::Null),
        "-0" => Ok(0_u64.into()),
        text => Value::parse(text).map_err(|error| Fault::arguments(format!("the text is not JSON: {error}"))),
    }
}

/// `States.JsonToString(value)`: the value's JSON text.
pub(super) fn to_string(arguments: Arguments<'_>) -> Result<Value, Fault> {
    Ok(arguments.value(0).to_string().into())
}

/// `States.JsonMerge(first, second, false)`: the members of both objects; of two of one name, the second's.
///
/// AWS supports no deep merge, and takes any third argument but `true` for `false`.
pub(super) fn merge(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let (first, second) = (arguments.object(0)?, arguments.object(1)?);
    if arguments.value(2).as_bool() == Some(true) {
        return Err(Fault::arguments("deep merge is not supported, argument 3 must be false"));
    }
    let mut members = (**first).clone();
    members.extend(second.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(members.into())
}
