//! Which answers are as expected, and what is said about those that are not.

use serde_json::{Value, json};
use stepwell_conformance::compare::{Bound, differences};

/// The places where the answer differs.
fn check(expected: Value, actual: Value, places: &[&str]) {
    let found = differences(&expected, &actual, &mut Bound::new());
    let at: Vec<&str> = found.iter().map(|difference| difference.at.as_str()).collect();
    assert_eq!(at, places, "{expected} and {actual}");
}

#[test]
fn values_are_compared_all_through() {
    check(json!({"a": [1, {"b": null}]}), json!({"a": [1, {"b": null}]}), &[]);
    check(json!({"a": [1, {"b": null}]}), json!({"a": [2, {"b": 0}]}), &["a[0]", "a[1].b"]);
    check(json!({"a": 1}), json!({}), &["a"]);
    check(json!({}), json!({"a": 1}), &["a"]);
    check(json!([1]), json!([1, 2]), &["[1]"]);
    check(json!(null), json!("null"), &[""]);
    check(json!(1), json!("1"), &[""]);
    check(json!({}), json!([]), &[""]);
}

#[test]
fn numbers_are_compared_by_value() {
    check(json!(1), json!(1.0), &[]);
    check(json!(0.1), json!(0.1), &[]);
    check(json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64), &[""]);
}

#[test]
fn placeholders_stand_for_what_differs_from_run_to_run() {
    check(json!("<any>"), json!({"a": []}), &[]);
    check(json!("<time>"), json!(1_700_000_000.5), &[]);
    check(json!("<time>"), json!("2024-02-29T10:00:00.123Z"), &[]);
    check(json!("<time>"), json!("today"), &[""]);
    check(json!("<number>"), json!(3), &[]);
    check(json!("<number>"), json!("three"), &[""]);
    check(json!("id-<number>-<uuid>!"), json!("id-7-01234567-89ab-cdef-0123-456789abcdef!"), &[]);
    check(json!("<text>"), json!(""), &[""]);
    check(json!("a.<text>"), json!("abc"), &[""]);
    check(json!("<text>"), json!("two\nlines"), &[]);
    check(json!("<name> is no placeholder"), json!("<name> is no placeholder"), &[]);
}

#[test]
fn a_name_stands_for_one_text_throughout() {
    check(json!(["<same:x>", "run-<same:x>"]), json!(["a", "run-a"]), &[]);
    check(json!(["<same:x>", "run-<same:x>"]), json!(["a", "run-b"]), &["[1]"]);
}

#[test]
fn others_are_there_only_where_the_case_says_so() {
    check(json!({"a": 1, "...": true}), json!({"a": 1, "b": 2}), &[]);
    check(json!({"a": 1, "...": true}), json!({"b": 2}), &["a"]);
    check(json!(["...", {"n": 2, "...": true}, "..."]), json!([{"n": 1}, {"n": 2, "m": 0}, {"n": 3}]), &[]);
    check(json!(["...", 4, "..."]), json!([1, 2, 3]), &[""]);
    check(json!([1, "..."]), json!([1]), &[]);
    check(json!([1, "..."]), json!([2, 1]), &[""]);
}

#[test]
fn an_object_matches_a_string_with_its_json() {
    check(json!({"output": {"a": [1]}}), json!({"output": "{ \"a\": [1] }"}), &[]);
    check(json!({"output": {"a": [1]}}), json!({"output": "{\"a\": [2]}"}), &["output.a[0]"]);
    check(json!([1]), json!("[1"), &[""]);
}
