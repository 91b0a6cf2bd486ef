//! Which variables states refer to.

use serde_json::{Value, json};
use stepwell_asl::variable_references;

/// The references of a whole definition.
fn check(definition: Value, expected: Value) {
    let found = variable_references(&definition.clone().into());
    let found: Value = found
        .iter()
        .map(|(state, names)| (state.to_string(), names.iter().map(ToString::to_string).collect::<Value>()))
        .collect();
    assert_eq!(found, expected, "{definition}");
}

/// The references of one state, which is called `S`.
fn check_state(state: Value, expected: &[&str]) {
    let references = if expected.is_empty() { json!({}) } else { json!({ "S": expected }) };
    check(json!({"StartAt": "S", "States": {"S": state}}), references);
}

#[test]
fn every_field_that_takes_a_path_counts() {
    check_state(json!({"Type": "Pass", "InputPath": "$a.b", "OutputPath": "$c[0]", "ResultPath": "$.x"}), &["a", "c"]);
    check_state(json!({"Type": "Wait", "SecondsPath": "$seconds"}), &["seconds"]);
    check_state(json!({"Type": "Wait", "TimestampPath": "$at.time"}), &["at"]);
    check_state(
        json!({"Type": "Fail", "ErrorPath": "$e", "CausePath": "States.Format('{}', States.JsonToString($c))"}),
        &["c", "e"],
    );
    check_state(
        json!({"Type": "Task", "Resource": "$r", "TimeoutSecondsPath": "$t", "HeartbeatSecondsPath": "$h",
            "Credentials": {"RoleArn.$": "$role"},
            "Retry": [{"ErrorEquals": ["$no"]}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Assign": {"n.$": "$m"}}]}),
        &["h", "m", "role", "t"],
    );
    check_state(
        json!({"Type": "Map", "ItemsPath": "$items", "MaxConcurrencyPath": "$m", "ToleratedFailureCountPath": "$f",
            "ToleratedFailurePercentagePath": "$p", "ItemSelector": {"v.$": "$$.Map.Item.Value", "w.$": "$w"},
            "ItemReader": {"ReaderConfig": {"MaxItemsPath": "$x"}, "Parameters": {"Bucket.$": "$bucket"}},
            "ItemBatcher": {"MaxItemsPerBatchPath": "$b", "BatchInput": {"k.$": "$input"}},
            "ResultWriter": {"Parameters": {"Prefix.$": "States.Format('{}/{}', $prefix, $.a)"}}}),
        &["b", "bucket", "f", "input", "items", "m", "p", "prefix", "w", "x"],
    );
}

#[test]
fn templates_count_at_any_depth_and_only_where_they_are_evaluated() {
    check_state(
        json!({"Type": "Pass", "Parameters": {"a": [{"b.$": "$x.y"}], "c": "$no", "SomePath": "$no", "d.$": "$"},
            "Assign": {"e.$": "States.MathAdd(States.MathAdd($one, 1), $two)"}, "Comment": "$no"}),
        &["one", "two", "x"],
    );
    check_state(json!({"Type": "Pass", "Result": {"a.$": "$no", "InputPath": "$no"}}), &[]);
    check_state(json!({"Type": "Task", "ResultSelector": {"a.$": "$$.Execution.Id", "b.$": "$y"}}), &["y"]);
}

#[test]
fn choice_rules_count_at_any_depth() {
    let rules = json!([
        {"Variable": "$a", "StringEquals": "$no", "Next": "S"},
        {"And": [{"Variable": "$.x", "NumericEqualsPath": "$b.c"}, {"Not": {"Variable": "$d", "IsPresent": true}}],
            "Assign": {"n.$": "$e"}, "Next": "S"},
    ]);
    check_state(json!({"Type": "Choice", "Choices": rules, "Default": "$no"}), &["a", "b", "d", "e"]);
}

#[test]
fn jsonata_counts_wherever_an_expression_is() {
    let state = |fields: Value| {
        let mut state = json!({"Type": "Task", "QueryLanguage": "JSONata", "End": true});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        state
    };
    check_state(
        state(json!({"Arguments": {"a": ["{% $a.b %}"], "c": "$no"}, "Output": "{% $states.result & $b %}",
            "Assign": {"count": "{% $count + $step %}"}, "TimeoutSeconds": "{% $t %}",
            "Catch": [{"ErrorEquals": ["{% $no %}"], "Output": "{% $o %}", "Assign": {"e": "{% $p %}"}}]})),
        &["a", "b", "count", "o", "p", "step", "t"],
    );
    check_state(
        json!({"Type": "Choice", "QueryLanguage": "JSONata",
            "Choices": [{"Condition": "{% $x > $count($xs) %}", "Output": "{% $y %}"}, {"Condition": true}]}),
        &["x", "xs", "y"],
    );
    check_state(json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $length($string($states)) %}"}), &[]);
}

#[test]
fn each_state_has_its_own_and_inner_states_count_by_their_own_names() {
    let inner =
        |name: &str, path: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "InputPath": path}}});
    check(
        json!({"StartAt": "Map", "States": {
            "Map": {"Type": "Map", "ItemsPath": "$outer", "ItemProcessor": inner("Item", "$item")},
            "Legacy": {"Type": "Map", "Iterator": inner("Old", "$old")},
            "Parallel": {"Type": "Parallel", "Branches": [inner("One", "$one"), inner("Two", "$.two")]},
        }}),
        json!({"Map": ["outer"], "Item": ["item"], "Old": ["old"], "One": ["one"]}),
    );
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "M", "States": {"M": {"Type": "Map", "Items": "{% $xs %}",
            "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "Output": "{% $y %}"}}}}}}),
        json!({"M": ["xs"], "I": ["y"]}),
    );
}
