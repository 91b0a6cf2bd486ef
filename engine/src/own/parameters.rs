//! What a state wants to be started. The types of the parameters of `states:startExecution` were checked by the core.

use stepwell_asl::Value;

use super::answer::Refused;
use crate::core::StartedBy;
use crate::engine::StartExecution;

/// The execution that `states:startExecution` starts. `by`: its name where it has none is made of that.
pub(crate) fn of_start(arguments: &Value, by: Option<&StartedBy>) -> Result<StartExecution, Refused> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(StartExecution {
        machine_arn: text("StateMachineArn").unwrap_or_default(),
        name: text("Name").or_else(|| by.map(|by| by.name().to_string())),
        input: input(arguments.get("Input"))?,
        trace_header: text("TraceHeader"),
        test_case: None,
    })
}

/// The same for `aws-sdk:sfn:startExecution`, whose parameters nobody has looked at yet.
pub(crate) fn of_sdk(arguments: &Value, by: Option<&StartedBy>) -> Result<StartExecution, Refused> {
    for name in ["StateMachineArn", "Name", "TraceHeader"] {
        if !matches!(arguments.get(name), None | Some(Value::Null | Value::String(_))) {
            return Err(Refused::new(
                "ValidationException",
                format!("The value for the field '{name}' must be a STRING"),
            ));
        }
    }
    if arguments.get("StateMachineArn").is_none_or(Value::is_null) {
        let message = "1 validation error detected: Value at 'stateMachineArn' failed to satisfy constraint: Member must \
                       not be null";
        return Err(Refused::new("ValidationException", message));
    }
    of_start(arguments, by)
}

/// A string is the input's text; anything else is the input itself. Without one it is an empty object.
fn input(given: Option<&Value>) -> Result<Value, Refused> {
    match given {
        None | Some(Value::Null) => Ok(Value::empty_object()),
        Some(Value::String(text)) => Value::parse(text).map_err(|why| {
            Refused::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"))
        }),
        Some(value) => Ok(value.clone()),
    }
}
