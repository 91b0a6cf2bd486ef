//! Whether an answer is the one that is expected.
//!
//! | in an expected value | stands for |
//! |---|---|
//! | `<any>` alone | any value |
//! | `<text>` | any text that is not empty |
//! | `<number>` | a number |
//! | `<time>` | an instant: seconds since 1970, or ISO-8601 |
//! | `<uuid>` | a UUID |
//! | `<same:NAME>` | any text; the same wherever this NAME is written in the case |
//! | the member `"..."` of an object | any other members |
//! | the item `"..."` of an array | any number of items |
//!
//! An object or array matches a string, too, that holds its JSON. White space in JSON and the order of members mean
//! nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Number, Value};

/// The member, and the item, that lets others be there.
pub const OTHERS: &str = "...";

/// How many patterns are kept compiled.
const PATTERNS_MAX: usize = 4096;

/// What `<same:NAME>` stood for so far.
pub type Bound = BTreeMap<String, String>;

/// A place where an answer is not as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where: `events[3].name`.
    pub at: String,
    /// What should be there; None: nothing.
    pub expected: Option<Value>,
    /// What is there; None: nothing.
    pub actual: Option<Value>,
}

/// All places where a value differs from what is expected.
pub fn differences(expected: &Value, actual: &Value, bound: &mut Bound) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(expected, actual, "", bound, &mut found);
    found
}

/// Whether a value is as expected. What it binds stays bound only then.
pub fn matches(expected: &Value, actual: &Value, bound: &mut Bound) -> bool {
    let mut tried = bound.clone();
    let same = differences(expected, actual, &mut tried).is_empty();
    if same {
        *bound = tried;
    }
    same
}

fn compare(expected: &Value, actual: &Value, at: &str, bound: &mut Bound, found: &mut Vec<Difference>) {
    let same = match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => return compare_members(expected, actual, at, bound, found),
        (Value::Array(expected), Value::Array(actual)) => return compare_items(expected, actual, at, bound, found),
        (Value::Object(_) | Value::Array(_), Value::String(text)) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => return compare(expected, &inner, at, bound, found),
            Ok(_) | Err(_) => false,
        },
        (Value::String(pattern), actual) => text_matches(pattern, actual, bound),
        (Value::Number(expected), Value::Number(actual)) => is_same_number(expected, actual),
        (expected, actual) => expected == actual,
    };
    if !same {
        let (expected, actual) = (Some(expected.clone()), Some(actual.clone()));
        found.push(Difference { at: at.to_owned(), expected, actual });
    }
}

fn compare_members(
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
    at: &str,
    bound: &mut Bound,
    found: &mut Vec<Difference>,
) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    for (name, expected) in expected.iter().filter(|(name, _)| *name != OTHERS) {
        match actual.get(name) {
            Some(actual) => compare(expected, actual, &below(name), bound, found),
            None => found.push(Difference { at: below(name), expected: Some(expected.clone()), actual: None }),
        }
    }
    if expected.contains_key(OTHERS) {
        return;
    }
    for (name, actual) in actual.iter().filter(|(name, _)| !expected.contains_key(*name)) {
        found.push(Difference { at: below(name), expected: None, actual: Some(actual.clone()) });
    }
}

fn compare_items(expected: &[Value], actual: &[Value], at: &str, bound: &mut Bound, found: &mut Vec<Difference>) {
    if expected.iter().any(is_others) {
        if !items_fit(expected, actual, bound) {
            let (expected, actual) = (Some(Value::from(expected)), Some(Value::from(actual)));
            found.push(Difference { at: at.to_owned(), expected, actual });
        }
        return;
    }
    for position in 0..expected.len().max(actual.len()) {
        let at = format!("{at}[{position}]");
        match (expected.get(position), actual.get(position)) {
            (Some(expected), Some(actual)) => compare(expected, actual, &at, bound, found),
            (expected, actual) => found.push(Difference { at, expected: expected.cloned(), actual: actual.cloned() }),
        }
    }
}

fn is_others(item: &Value) -> bool {
    item.as_str() == Some(OTHERS)
}

/// Whether the items fit, where some of those expected stand for any number.
fn items_fit(expected: &[Value], actual: &[Value], bound: &mut Bound) -> bool {
    let Some((first, rest)) = expected.split_first() else { return actual.is_empty() };
    if is_others(first) {
        return (0..=actual.len()).any(|skipped| items_fit(rest, &actual[skipped..], bound));
    }
    let Some((item, others)) = actual.split_first() else { return false };
    let mut tried = bound.clone();
    let fits = matches(first, item, &mut tried) && items_fit(rest, others, &mut tried);
    if fits {
        *bound = tried;
    }
    fits
}

fn is_same_number(one: &Number, other: &Number) -> bool {
    one == other || one.as_f64() == other.as_f64() && !(one.is_i64() && other.is_i64())
}

fn text_matches(pattern: &str, actual: &Value, bound: &mut Bound) -> bool {
    match (pattern, actual) {
        ("<any>", _) => return true,
        ("<number>" | "<time>", Value::Number(_)) => return true,
        (_, Value::String(text)) if text == pattern => return true,
        (_, Value::String(_)) => {}
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => return false,
    }
    let Some(text) = actual.as_str() else { return false };
    let Some(pattern) = compiled(pattern) else { return false };
    let Some(captures) = pattern.expression.captures(text) else { return false };
    pattern.names.iter().zip(captures.iter().skip(1)).all(|(name, capture)| {
        let Some(value) = capture.map(|capture| capture.as_str()) else { return false };
        bound.entry(name.clone()).or_insert_with(|| value.to_owned()) == value
    })
}

#[derive(Clone)]
struct Pattern {
    expression: Regex,
    /// Of `<same:NAME>`, in order.
    names: Vec<String>,
}

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("<(any|text|number|time|uuid|same:[A-Za-z0-9_]+)>").expect("the expression is well formed")
});

static COMPILED: LazyLock<Mutex<HashMap<String, Pattern>>> = LazyLock::new(Mutex::default);

/// None: the text has no placeholder.
fn compiled(text: &str) -> Option<Pattern> {
    if !PLACEHOLDER.is_match(text) {
        return None;
    }
    let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = known.get(text) {
        return Some(pattern.clone());
    }
    if known.len() >= PATTERNS_MAX {
        known.clear();
    }
    let pattern = compile(text)?;
    known.insert(text.to_owned(), pattern.clone());
    Some(pattern)
}

fn compile(text: &str) -> Option<Pattern> {
    let (mut expression, mut names, mut from) = (String::from("(?s)^"), Vec::new(), 0);
    for placeholder in PLACEHOLDER.find_iter(text) {
        expression.push_str(&regex::escape(&text[from..placeholder.start()]));
        from = placeholder.end();
        match placeholder.as_str().trim_matches(['<', '>']) {
            "any" => expression.push_str(".*?"),
            "text" => expression.push_str(".+?"),
            "number" => expression.push_str(r"-?[0-9]+(?:\.[0-9]+)?"),
            "time" => expression.push_str(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"),
            "uuid" => expression.push_str("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
            same => {
                expression.push_str("(.+?)");
                names.push(same.trim_start_matches("same:").to_owned());
            }
        }
    }
    expression.push_str(&regex::escape(&text[from..]));
    expression.push('$');
    Some(Pattern { expression: Regex::new(&expression).ok()?, names })
}
