//! Parameters and results of calls through the SDK: Step Functions writes every member's name with a capital, and
//! instants as text. On the wire they have a small letter, and are numbers.

use serde_json::{Map as JsonMap, Value as Json};
use stepwell_asl::{Timestamp, Value};

/// Members that hold JSON in a string. What is given as JSON itself is put into one.
const JSON_TEXTS: [&str; 6] = ["input", "output", "definition", "context", "variables", "result"];

/// A member whose own members are names of states, and stay as they are.
const OF_STATES: &str = "variableReferences";

/// `startExecution` as `StartExecution`.
pub(super) fn pascal(name: &str) -> String {
    with_first(name, char::to_ascii_uppercase)
}

fn camel(name: &str) -> String {
    with_first(name, char::to_ascii_lowercase)
}

fn with_first(name: &str, change: fn(&char) -> char) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| change(&first)).into_iter().chain(letters).collect()
}

/// The request that these parameters are. What is null is left out.
pub(super) fn request(parameters: &Value) -> Json {
    request_of(parameters.to_json())
}

fn request_of(parameters: Json) -> Json {
    match parameters {
        Json::Object(members) => {
            let named = members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
                let name = camel(&name);
                let is_json = JSON_TEXTS.contains(&name.as_str()) && !value.is_string();
                let value = if is_json { value.to_string().into() } else { request_of(value) };
                (name, value)
            });
            named.collect::<JsonMap<_, _>>().into()
        }
        Json::Array(items) => items.into_iter().map(request_of).collect(),
        scalar @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => scalar,
    }
}

/// The result that an answer is.
pub(super) fn answer(answer: Json) -> Value {
    answer_of(answer).into()
}

fn answer_of(answer: Json) -> Json {
    match answer {
        Json::Object(members) => {
            let named = members.into_iter().map(|(name, value)| {
                let value = match value {
                    value if name == OF_STATES => value,
                    Json::Number(seconds) if is_instant(&name) => instant(&seconds),
                    value => answer_of(value),
                };
                (pascal(&name), value)
            });
            named.collect::<JsonMap<_, _>>().into()
        }
        Json::Array(items) => items.into_iter().map(answer_of).collect(),
        scalar @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => scalar,
    }
}

fn is_instant(name: &str) -> bool {
    name.ends_with("Date") || name == "timestamp"
}

fn instant(seconds: &serde_json::Number) -> Json {
    let milliseconds = (seconds.as_f64().unwrap_or_default() * 1000.0).round();
    Timestamp(milliseconds as i64).to_string().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_a_request() {
        let check = |parameters: Json, expected: Json| assert_eq!(request(&parameters.into()), expected);
        check(json!({"ExecutionArn": "a", "MaxResults": 3}), json!({"executionArn": "a", "maxResults": 3}));
        check(
            json!({"TaskToken": "t", "Output": {"Done": true}}),
            json!({"taskToken": "t", "output": "{\"Done\":true}"}),
        );
        check(json!({"TaskToken": "t", "Output": "{}", "Cause": null}), json!({"taskToken": "t", "output": "{}"}));
        check(json!({"Tags": [{"Key": "K", "Value": "V"}]}), json!({"tags": [{"key": "K", "value": "V"}]}));
    }

    #[test]
    fn an_answer_is_a_result() {
        let check = |response: Json, expected: Json| assert_eq!(answer(response).to_json(), expected);
        check(
            json!({"startDate": 1700000000.5, "redriveCount": 0, "inputDetails": {"included": true}}),
            json!({
                "StartDate": "2023-11-14T22:13:20.500Z",
                "RedriveCount": 0,
                "InputDetails": {"Included": true},
            }),
        );
        check(
            json!({"events": [{"id": 1, "timestamp": 1700000000.0}], "variableReferences": {"state": ["v"]}}),
            json!({
                "Events": [{"Id": 1, "Timestamp": "2023-11-14T22:13:20.000Z"}],
                "VariableReferences": {"state": ["v"]},
            }),
        );
    }
}
