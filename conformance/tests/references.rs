//! References in cases: what they stand for, and where they lead nowhere.

use serde_json::{Value, json};
use stepwell_conformance::references::References;

fn check(value: Value, expected: Result<Value, &str>) {
    let mut references = References::default();
    references.set("unique", "abc");
    references.set("function:work", "arn:work");
    references.set("start", json!({"executionArn": "arn:e", "list": [{"n": 7}], "date": 1.5}));
    match (references.resolve(&value), expected) {
        (Ok(resolved), Ok(expected)) => assert_eq!(resolved, expected, "{value}"),
        (Err(why), Err(expected)) => assert!(why.contains(expected), "{value}: {why}"),
        (resolved, expected) => panic!("{value}: {resolved:?}, not {expected:?}"),
    }
}

#[test]
fn references_are_resolved_wherever_they_stand() {
    check(json!({"${unique}": ["n-${unique}-${unique}", 1]}), Ok(json!({"abc": ["n-abc-abc", 1]})));
    check(json!("${function:work}"), Ok(json!("arn:work")));
    check(json!("no $reference {x}"), Ok(json!("no $reference {x}")));
}

#[test]
fn a_reference_alone_keeps_its_type() {
    check(json!("${start.list[0].n}"), Ok(json!(7)));
    check(json!("n=${start.list[0].n}"), Ok(json!("n=7")));
    check(json!("${start}"), Ok(json!({"executionArn": "arn:e", "list": [{"n": 7}], "date": 1.5})));
}

#[test]
fn texts_are_repeated_up_to_a_limit() {
    check(json!("${repeat:ab:3}!"), Ok(json!("ababab!")));
    check(json!("${repeat:ab}"), Err("is not repeat:TEXT:N"));
    check(json!("${repeat:ab:99999999}"), Err("at most"));
}

#[test]
fn what_leads_nowhere_is_told() {
    check(json!("${nothing}"), Err("nothing is known of ${nothing}"));
    check(json!("${start.none}"), Err("there is no .none in the answer of start"));
    check(json!("${start"), Err("does not end"));
}
