//! The shapes of requests, and AWS's checks of them: every violation is found, and told in AWS's words.

use serde_json::Value;

use crate::error::ApiError;

/// Violations that are told at most.
const VIOLATIONS_MAX: usize = 100;

/// How deep a request may be nested. No shape of the API is deeper.
const DEPTH_MAX: usize = 16;

/// Doubles below this are exact when they are made integers.
const WHOLE_MAX: f64 = 9e15;

/// A type with its constraints.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A string.
    Text(Text),
    /// An integer, from and to.
    Integer(i64, i64),
    /// A number, from and to.
    Float(f64, f64),
    /// `true` or `false`.
    Boolean,
    /// A list with so many items, at least and at most.
    List(&'static Shape, usize, usize),
    /// An object.
    Structure(&'static [Member]),
    /// An object that AWS shows, under this name, where it says what is wrong.
    Named(&'static str, &'static [Member]),
}

/// A string's constraints. Lengths are in UTF-16 units, as Java counts.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The shortest.
    pub min: usize,
    /// The longest.
    pub max: usize,
    /// The only values, in AWS's order; empty: any.
    pub values: &'static [&'static str],
    /// What it must match.
    pub pattern: Option<Pattern>,
    /// Its value is not shown in messages.
    pub sensitive: bool,
    /// Its longest is one of AWS's limits, which can be lifted.
    pub liftable: bool,
}

/// What a string must match: AWS's regular expression, and the same as a function.
type Pattern = (&'static str, fn(&str) -> bool);

/// A member of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
}

/// A string with so many characters.
pub const fn text(min: usize, max: usize) -> Shape {
    Shape::Text(Text { min, max, values: &[], pattern: None, sensitive: false, liftable: false })
}

/// A string that may be secret.
pub const fn secret(min: usize, max: usize) -> Shape {
    Shape::Text(Text { min, max, values: &[], pattern: None, sensitive: true, liftable: false })
}

/// A payload: it may be secret, and how long it may be is a limit of AWS's.
pub const fn payload(min: usize, max: usize) -> Shape {
    Shape::Text(Text { min, max, values: &[], pattern: None, sensitive: true, liftable: true })
}

/// A string that has one of these values.
pub const fn one_of(values: &'static [&'static str]) -> Shape {
    Shape::Text(Text { min: 0, max: usize::MAX, values, pattern: None, sensitive: false, liftable: false })
}

/// A string that matches.
pub const fn matching(min: usize, max: usize, pattern: &'static str, matches: fn(&str) -> bool) -> Shape {
    Shape::Text(Text { min, max, values: &[], pattern: Some((pattern, matches)), sensitive: false, liftable: false })
}

/// A member that must be there.
pub const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: true }
}

/// A member that may be there.
pub const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: false }
}

// ---- the shapes that many requests share ----

/// An ARN.
pub const ARN: Shape = text(1, 256);
/// An ARN that may be long.
pub const LONG_ARN: Shape = text(1, 2000);
/// A name.
pub const NAME: Shape = text(1, 80);
/// A page's size.
pub const PAGE_SIZE: Shape = Shape::Integer(0, 1000);
/// Where a page begins.
pub const PAGE_TOKEN: Shape = text(1, 1024);
/// A definition.
pub const DEFINITION: Shape = payload(1, 1_048_576);
/// A payload.
pub const DATA: Shape = payload(0, 262_144);
/// An error's name.
pub const ERROR: Shape = secret(0, 256);
/// An error's cause.
pub const CAUSE: Shape = secret(0, 32_768);
/// A task's token.
pub const TASK_TOKEN: Shape = secret(1, 2048);
/// What part of an execution or a state machine is wanted.
pub const INCLUDED_DATA: Shape = one_of(&["ALL_DATA", "METADATA_ONLY"]);
/// The types of state machines.
pub const MACHINE_TYPE: Shape = one_of(&["STANDARD", "EXPRESS"]);
/// The header that tracing passes on.
pub const TRACE_HEADER: Shape = matching(0, 256, r"\p{ASCII}*", str::is_ascii);

/// Checks a request's body. Types first, as AWS does: a body that cannot be read has no values to check.
///
/// Afterwards integers are integers: AWS cuts off what follows the point. `limited`: payloads are as long as on AWS at most.
pub fn check(members: &'static [Member], body: &mut Value, limited: bool) -> Result<(), ApiError> {
    let shape = Shape::Structure(members);
    types(&shape, body, 0)?;
    let mut violations = Violations { told: Vec::new(), limited };
    constraints(&shape, body, "", &mut violations);
    let violations = violations.told;
    match violations.len() {
        0 => Ok(()),
        count => {
            let errors = if count == 1 { "error" } else { "errors" };
            Err(ApiError::validation(format!("{count} validation {errors} detected: {}", violations.join("; "))))
        }
    }
}

/// What was found to be wrong.
struct Violations {
    told: Vec<String>,
    limited: bool,
}

fn types(shape: &Shape, value: &mut Value, depth: usize) -> Result<(), ApiError> {
    let wrong = |value: &Value, wanted: &str| Err(ApiError::serialization(mistaken(value, wanted)));
    match (shape, value) {
        (_, Value::Null) => Ok(()),
        (Shape::Text(_), Value::String(_)) | (Shape::Boolean, Value::Bool(_)) => Ok(()),
        (Shape::Integer(..), Value::Number(number)) if number.as_i64().is_some() => Ok(()),
        (Shape::Integer(..), Value::Number(number)) if number.as_f64().is_some_and(|n| n.abs() < WHOLE_MAX) => {
            *number = (number.as_f64().unwrap_or_default() as i64).into();
            Ok(())
        }
        (Shape::Float(..), Value::Number(_)) => Ok(()),
        (Shape::List(of, ..), Value::Array(items)) if depth < DEPTH_MAX => {
            items.iter_mut().try_for_each(|item| types(of, item, depth + 1))
        }
        (Shape::Structure(members) | Shape::Named(_, members), Value::Object(object)) if depth < DEPTH_MAX => {
            members.iter().try_for_each(|member| match object.get_mut(member.name) {
                Some(value) => types(&member.shape, value, depth + 1),
                None => Ok(()),
            })
        }
        (Shape::Text(_), value) => wrong(value, "String"),
        (Shape::Integer(..), value) => wrong(value, "Integer"),
        (Shape::Float(..), value) => wrong(value, "Float"),
        (Shape::Boolean, value) => wrong(value, "Boolean"),
        (Shape::List(..), value) => wrong(value, "List"),
        (Shape::Structure(_) | Shape::Named(..), value) => wrong(value, "Structure"),
    }
}

/// What AWS says of a value that has another type.
fn mistaken(value: &Value, wanted: &str) -> String {
    let is = match value {
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::Object(_) => return "Start of structure or map found where not expected.".to_owned(),
        Value::String(_) => "STRING_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) | Value::Null => "NUMBER_VALUE",
    };
    match wanted {
        "List" | "Structure" => "Unexpected field type".to_owned(),
        wanted => format!("{is} can not be converted to {} {wanted}", article(wanted)),
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with('I') { "an" } else { "a" }
}

fn constraints(shape: &Shape, value: &Value, path: &str, violations: &mut Violations) {
    if violations.told.len() >= VIOLATIONS_MAX {
        return;
    }
    match (shape, value) {
        (Shape::Text(constraints), Value::String(text)) => text_constraints(constraints, text, path, violations),
        (Shape::Integer(min, max), Value::Number(number)) => {
            range(number.as_i64().unwrap_or_default(), *min, *max, path, violations);
        }
        (Shape::Float(min, max), Value::Number(number)) => {
            range(number.as_f64().unwrap_or_default(), *min, *max, path, violations);
        }
        (Shape::List(of, min, max), Value::Array(items)) => {
            let shown = format!("'{}'", shown(shape, value));
            length(items.len(), *min, *max, &shown, path, violations);
            for (at, item) in items.iter().enumerate() {
                constraints(of, item, &format!("{path}.{}.member", at + 1), violations);
            }
        }
        (Shape::Structure(members) | Shape::Named(_, members), Value::Object(object)) => {
            for member in *members {
                let path = if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
                match object.get(member.name) {
                    None | Some(Value::Null) if member.required => {
                        violations.told.push(violation("null", &path, "Member must not be null"));
                    }
                    None | Some(Value::Null) => {}
                    Some(value) => constraints(&member.shape, value, &path, violations),
                }
            }
        }
        // The types were checked before.
        (
            Shape::Boolean
            | Shape::Text(_)
            | Shape::Integer(..)
            | Shape::Float(..)
            | Shape::List(..)
            | Shape::Structure(_)
            | Shape::Named(..),
            _,
        ) => {}
    }
}

/// A value as Java shows it.
fn shown(shape: &Shape, value: &Value) -> String {
    match (shape, value) {
        (Shape::List(of, ..), Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| shown(of, item)).collect();
            format!("[{}]", items.join(", "))
        }
        (Shape::Named(name, members), Value::Object(object)) => {
            let there = members.iter().filter_map(|member| Some((member, object.get(member.name)?)));
            let members: Vec<String> =
                there.map(|(member, value)| format!("{}={}", member.name, shown(&member.shape, value))).collect();
            format!("{name}({})", members.join(", "))
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

fn text_constraints(constraints: &Text, text: &str, path: &str, violations: &mut Violations) {
    let Text { min, max, values, pattern, sensitive, liftable } = constraints;
    let max = if *liftable && !violations.limited { &usize::MAX } else { max };
    let shown = if *sensitive { String::new() } else { format!("'{text}'") };
    length(text.encode_utf16().count(), *min, *max, &shown, path, violations);
    if !values.is_empty() && !values.contains(&text) {
        let constraint = format!("Member must satisfy enum value set: [{}]", values.join(", "));
        violations.told.push(violation(&shown, path, &constraint));
    }
    if let Some((pattern, matches)) = pattern
        && !matches(text)
    {
        let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
        violations.told.push(violation(&shown, path, &constraint));
    }
}

fn length(length: usize, min: usize, max: usize, shown: &str, path: &str, violations: &mut Violations) {
    if length < min {
        let constraint = format!("Member must have length greater than or equal to {min}");
        violations.told.push(violation(shown, path, &constraint));
    }
    if length > max {
        let constraint = format!("Member must have length less than or equal to {max}");
        violations.told.push(violation(shown, path, &constraint));
    }
}

fn range<N: PartialOrd + std::fmt::Display>(value: N, min: N, max: N, path: &str, violations: &mut Violations) {
    let shown = format!("'{value}'");
    if value < min {
        violations.told.push(violation(
            &shown,
            path,
            &format!("Member must have value greater than or equal to {min}"),
        ));
    }
    if value > max {
        violations.told.push(violation(&shown, path, &format!("Member must have value less than or equal to {max}")));
    }
}

fn violation(shown: &str, path: &str, constraint: &str) -> String {
    let shown = if shown.is_empty() { String::new() } else { format!(" {shown}") };
    format!("Value{shown} at '{path}' failed to satisfy constraint: {constraint}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TAG: Shape = Shape::Structure(&[optional("key", text(1, 3)), optional("value", text(0, 4))]);
    const REQUEST: &[Member] = &[
        required("name", text(1, 5)),
        optional("kind", one_of(&["A", "B"])),
        optional("input", secret(0, 3)),
        optional("pages", Shape::Integer(0, 10)),
        optional("tags", Shape::List(&TAG, 0, 2)),
        optional("publish", Shape::Boolean),
    ];

    #[track_caller]
    fn check_is(mut body: Value, expected: &str) {
        let found = check(REQUEST, &mut body, true).map_or_else(|error| error.message, |()| "ok".to_owned());
        assert_eq!(found, expected);
    }

    #[test]
    fn violations_are_told_in_aws_s_words() {
        check_is(json!({"name": "n", "unknown": 1}), "ok");
        check_is(
            json!({}),
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
        );
        check_is(
            json!({"name": "", "pages": 11}),
            "2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length \
             greater than or equal to 1; Value '11' at 'pages' failed to satisfy constraint: Member must have value \
             less than or equal to 10",
        );
        check_is(
            json!({"name": "n", "kind": "a"}),
            "1 validation error detected: Value 'a' at 'kind' failed to satisfy constraint: Member must satisfy enum \
             value set: [A, B]",
        );
        check_is(
            json!({"name": "n", "input": "long"}),
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less \
             than or equal to 3",
        );
        check_is(
            json!({"name": "n", "tags": [{"key": "k"}, {"key": "long"}]}),
            "1 validation error detected: Value 'long' at 'tags.2.member.key' failed to satisfy constraint: Member \
             must have length less than or equal to 3",
        );
    }

    #[test]
    fn a_list_is_shown_as_java_shows_it() {
        const ROUTE: Shape =
            Shape::Named("Route", &[required("arn", text(1, 9)), optional("weight", Shape::Integer(0, 9))]);
        let check = |shape: &'static Shape, list: Value, expected: &str| assert_eq!(shown(shape, &list), expected);
        check(&Shape::List(&ROUTE, 1, 1), json!([]), "[]");
        check(
            &Shape::List(&ROUTE, 1, 1),
            json!([{ "weight": 5, "arn": "a" }, { "arn": "b", "other": 1 }]),
            "[Route(arn=a, weight=5), Route(arn=b)]",
        );
        check(&Shape::List(&NAME, 1, 1), json!(["a", "b"]), "[a, b]");
    }

    #[test]
    fn types_come_before_constraints() {
        check_is(json!({"name": 1}), "NUMBER_VALUE can not be converted to a String");
        check_is(json!({"name": "n", "pages": "1"}), "STRING_VALUE can not be converted to an Integer");
        check_is(json!({"name": ["n"]}), "Start of list found where not expected");
        check_is(json!({"name": "n", "tags": {}}), "Start of structure or map found where not expected.");
        check_is(json!([]), "Start of list found where not expected");
        check_is(json!({"name": "n", "tags": "no"}), "Unexpected field type");
        check_is(json!({"name": "n", "publish": "yes"}), "STRING_VALUE can not be converted to a Boolean");
    }
}
