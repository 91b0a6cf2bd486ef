//! Which variables each state refers to, as `DescribeStateMachine` tells it. The definition has passed validation.

use std::collections::{BTreeMap, BTreeSet};

use unicode_ident::{is_xid_continue, is_xid_start};

use crate::value::{Text, Value};

/// What is no state's own: the machines inside it.
const MACHINES: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// Fields of a JSONPath state whose members are data, but for those that end in `.$`.
const TEMPLATES: [&str; 7] =
    ["Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials", "BatchInput", "Output"];

/// Functions of JSONata, as far as they are passed on by name.
const FUNCTIONS: &str = " abs append assert average base64decode base64encode boolean ceil clone contains count \
    decodeUrl decodeUrlComponent distinct each encodeUrl encodeUrlComponent error eval exists filter floor formatBase \
    formatInteger formatNumber fromMillis hash join keys length lookup lowercase map match max merge millis min not \
    now number pad parse parseInteger partition power random range reduce replace reverse round shuffle sift single \
    sort split spread sqrt string substring substringAfter substringBefore sum toMillis trim type typeOf uppercase \
    uuid zip ";

/// The names of the variables that each state refers to, by the state's name. States that refer to none are left out.
pub fn variable_references(definition: &Value) -> BTreeMap<Text, BTreeSet<Text>> {
    let mut found = BTreeMap::new();
    machine(definition, false, &mut found);
    found
}

fn machine(machine: &Value, is_jsonata: bool, found: &mut BTreeMap<Text, BTreeSet<Text>>) {
    let is_jsonata = language(machine).unwrap_or(is_jsonata);
    let states = machine.get("States").and_then(Value::as_object);
    for (name, state) in states.into_iter().flat_map(|states| states.iter()) {
        let mut names = BTreeSet::new();
        match language(state).unwrap_or(is_jsonata) {
            true => expressions(state, &mut names),
            false => paths(state, &mut names),
        }
        if !names.is_empty() {
            found.insert(name.clone(), names);
        }
        for inner in ["ItemProcessor", "Iterator"].iter().filter_map(|inner| state.get(inner)) {
            self::machine(inner, is_jsonata, found);
        }
        for inner in state.get("Branches").and_then(Value::as_array).into_iter().flat_map(|inner| inner.iter()) {
            self::machine(inner, is_jsonata, found);
        }
    }
}

fn language(of: &Value) -> Option<bool> {
    of.get("QueryLanguage").and_then(Value::as_str).map(|language| language == "JSONata")
}

/// Paths are in fields that say so, and in members of templates that end in `.$`.
fn paths(value: &Value, names: &mut BTreeSet<Text>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| match value {
            _ if MACHINES.contains(&&**key) || &**key == "Result" => {} // what it holds is taken as it is
            value if TEMPLATES.contains(&&**key) => template(value, names),
            Value::String(path) if key.ends_with("Path") || &**key == "Variable" => path_names(path, names),
            value => paths(value, names),
        }),
        Value::Array(items) => items.iter().for_each(|item| paths(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn template(value: &Value, names: &mut BTreeSet<Text>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| match value {
            Value::String(path) if key.ends_with(".$") => path_names(path, names),
            value => template(value, names),
        }),
        Value::Array(items) => items.iter().for_each(|item| template(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every string of a JSONata state may be an expression.
fn expressions(value: &Value, names: &mut BTreeSet<Text>) {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| !MACHINES.contains(&&***key))
            .for_each(|(_, value)| expressions(value, names)),
        Value::Array(items) => items.iter().for_each(|item| expressions(item, names)),
        Value::String(text) => {
            let inner = text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}"));
            inner.into_iter().for_each(|inner| expression_names(inner, names));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The variables of a path or an intrinsic function.
fn path_names(text: &str, names: &mut BTreeSet<Text>) {
    names.extend(dollars(text).map(|(name, _)| name.into()));
}

/// The variables of an expression: neither functions nor what the expression itself binds.
fn expression_names(text: &str, names: &mut BTreeSet<Text>) {
    let mut bound = BTreeSet::from(["states"]);
    let mut used = BTreeSet::new();
    for (name, after) in dollars(text) {
        let before = &text[..text.len() - after.len() - name.len() - 1];
        if after.trim_start().starts_with(":=") || is_parameter(before) {
            bound.insert(name);
        } else if !after.trim_start().starts_with('(') && !FUNCTIONS.contains(&format!(" {name} ")) {
            used.insert(name);
        }
    }
    names.extend(used.difference(&bound).map(|name| Text::from(*name)));
}

/// Whether what comes next is a parameter: the list of parameters is open that follows the newest `function`.
fn is_parameter(before: &str) -> bool {
    let list = before.rfind(['(', ')', '{']).filter(|at| before[*at..].starts_with('('));
    list.is_some_and(|at| {
        let head = before[..at].trim_end();
        head.ends_with("function") || head.ends_with('λ')
    })
}

/// The names after each `$` outside of quotes and comments, each with what follows it.
fn dollars(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(['$', '\'', '"', '`', '/'])?;
            let (mark, after) = rest[at..].split_at(1);
            match mark {
                "$" => {
                    let start = after.chars().next();
                    if !start.is_some_and(|first| is_xid_start(first) || first == '_') {
                        rest = after.strip_prefix('$').unwrap_or(after);
                        continue;
                    }
                    let end = after.find(|letter| !is_xid_continue(letter)).unwrap_or(after.len());
                    let (name, left) = after.split_at(end);
                    rest = left;
                    return Some((name, left));
                }
                "/" => {
                    rest = match after.strip_prefix('*') {
                        Some(comment) => comment.split_once("*/").map_or("", |(_, left)| left),
                        None => after,
                    }
                }
                quote => rest = after_quoted(after, quote),
            }
        }
    })
}

fn after_quoted<'a>(text: &'a str, quote: &str) -> &'a str {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if quote.starts_with(letter) => return &text[at + letter.len_utf8()..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[track_caller]
    fn check(states: Json, expected: Json) {
        let definition = Value::from(json!({ "StartAt": "S", "States": states }));
        let found: BTreeMap<_, Vec<_>> = variable_references(&definition)
            .into_iter()
            .map(|(state, names)| (state.to_string(), names.iter().map(Text::to_string).collect()))
            .collect();
        assert_eq!(json!(found), expected);
    }

    #[test]
    fn paths_are_looked_for_where_paths_are() {
        check(
            json!({
                "S": { "Type": "Pass", "InputPath": "$in", "OutputPath": "$.plain", "Result": { "a": "$no", "xPath": "$no" },
                    "Parameters": { "b.$": "States.Format('$no {}', $f.x, $$.State.Name)", "c": "$no", "d": [{ "e.$": "$e[0]" }] } },
                "C": { "Type": "Choice", "Choices": [{ "Or": [{ "Variable": "$v.a", "StringEqualsPath": "$w" }],
                    "Next": "S", "Assign": { "n.$": "$x['$no']" } }] },
                "M": { "Type": "Map", "ItemsPath": "$items", "ToleratedFailureCountPath": "$count",
                    "ItemProcessor": { "StartAt": "I", "States": { "I": { "Type": "Pass", "OutputPath": "$inner" } } } },
                "P": { "Type": "Parallel", "Branches": [{ "StartAt": "B", "States": { "B": { "Type": "Wait", "SecondsPath": "$b" } } }] },
                "N": { "Type": "Pass", "ResultPath": "$.a" },
            }),
            json!({ "S": ["e", "f", "in"], "C": ["v", "w", "x"], "M": ["count", "items"], "I": ["inner"], "B": ["b"] }),
        );
    }

    #[test]
    fn expressions_refer_to_what_they_do_not_bind() {
        let of = |expression: &str, names: Json| {
            let state = json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": { "a": [expression] } });
            check(json!({ "S": state }), if names == json!([]) { json!({}) } else { json!({ "S": names }) });
        };
        of("{% $b + $a.x & $a %}", json!(["a", "b"]));
        of("$a", json!([]));
        of("{% $states.input.a & '$no' & \"\\\"$no\" /* $no */ & $.x & $$ %}", json!([]));
        of("{% $map($items, $uppercase) %}", json!(["items"]));
        of("{% ($x := $y; $x) %}", json!(["y"]));
        of("{% $map($items, function($v, $i) { $v * $factor }) %}", json!(["factor", "items"]));
        of("{% $f($a) / $b %}", json!(["a", "b"]));
    }
}
