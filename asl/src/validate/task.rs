//! Task states: the resource, its parameters, the role, the time limits.

use super::MachineType;
use super::integration;
use super::machine::State;
use super::paths::has_placeholder;
use super::report::Report;
use crate::value::Value;

/// Checks a Task state.
pub(super) fn check(state: &State<'_>, report: &mut Report) {
    if let Some(resource) = state.text("Resource") {
        check_resource(resource, state, report);
    }
    let credentials = state.get("Credentials").and_then(Value::as_object);
    if credentials.is_some_and(|fields| !fields.contains_key("RoleArn") && !fields.contains_key("RoleArn.$")) {
        report.schema(state.at.key("Credentials"), "The field 'RoleArn' is required but was missing");
    }
    let seconds = |field| state.get(field).and_then(Value::as_number).and_then(serde_json::Number::as_u64);
    if let (Some(heartbeat), Some(timeout)) = (seconds("HeartbeatSeconds"), seconds("TimeoutSeconds"))
        && heartbeat >= timeout
    {
        report.schema(state.at.key("HeartbeatSeconds"), "HeartbeatSeconds must be smaller than TimeoutSeconds");
    }
}

fn check_resource(resource: &str, state: &State<'_>, report: &mut Report) {
    let at = state.at.key("Resource");
    if state.machine == MachineType::Express {
        express(resource, state, report);
    }
    if is_template(resource) {
        return;
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let ["arn", _, service, region, _, rest] = parts[..] else {
        return report.schema(at, "Value is not a valid resource ARN");
    };
    if service == "lambda"
        && rest.strip_prefix("function:").is_some_and(|name| name.is_empty() || name.starts_with(':'))
    {
        report.schema(at, "Value is not a valid resource ARN");
    } else if service == "states" && region.is_empty() {
        integration::check(resource, rest, state, report);
    } else if service == "states" && rest.starts_with("activity:") && state.get("Credentials").is_some() {
        let message = "The field 'Credentials' is not supported for activities";
        report.schema(state.at.key("Credentials"), message);
    }
}

/// Whether the resource is still to be filled in: `${Name}` anywhere, or nothing but `<Name>` or `{{Name}}`.
fn is_template(resource: &str) -> bool {
    let between = |open, close| resource.starts_with(open) && resource.ends_with(close);
    has_placeholder(resource) || between("<", ">") || between("{{", "}}")
}

/// An Express state machine waits for nothing.
fn express(resource: &str, state: &State<'_>, report: &mut Report) {
    let at = state.at.key("Resource");
    if resource.ends_with(".sync") || resource.ends_with(".sync:2") {
        report.schema(at, "Express state machine does not support '.sync' service integration");
    } else if resource.ends_with(".waitForTaskToken") {
        // The blank at the end is AWS's.
        report.schema(at, "Express state machine does not support '.waitForTaskToken' service integration ");
    } else if resource.contains(":states:") && resource.contains(":activity:") {
        report.schema(at, "Express state machine does not support Activity ARN");
    }
}
