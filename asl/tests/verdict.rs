//! The answer of `ValidateStateMachineDefinition`, and definitions that are made to use up memory.

use serde_json::{Value, json};
use stepwell_asl::validate::{Verdict, examine};
use stepwell_asl::{MachineType, Severity};

/// The result, how many diagnostics there are, whether there are more, and the code of the first.
fn check(definition: &str, least: Severity, results_max: usize, expected: (&str, usize, bool, &str)) {
    let (_, diagnostics) = examine(definition, MachineType::Standard);
    let verdict = Verdict::new(diagnostics, least, results_max);
    let first = verdict.diagnostics.first().map_or("", |one| one.code.as_str());
    assert_eq!((verdict.result(), verdict.diagnostics.len(), verdict.truncated, first), expected, "{definition:.200}");
}

/// A definition with so many fields that are not supported, and so many that look like paths.
fn wrong(errors: usize, warnings: usize) -> String {
    let mut state: Value = (0..errors).map(|n| (format!("A{n}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    state["Type"] = "Pass".into();
    state["End"] = true.into();
    state["Parameters"] =
        (0..warnings).map(|n| (format!("p{n}"), json!("$.a"))).collect::<serde_json::Map<_, _>>().into();
    json!({"StartAt": "S", "States": {"S": state}}).to_string()
}

#[test]
fn warnings_are_shown_only_where_they_are_asked_for() {
    check(&wrong(0, 0), Severity::Warning, 0, ("OK", 0, false, ""));
    check(&wrong(0, 2), Severity::Error, 0, ("OK", 0, false, ""));
    check(&wrong(0, 2), Severity::Warning, 0, ("OK", 2, false, "NO_DOLLAR"));
    check(&wrong(1, 2), Severity::Error, 0, ("FAIL", 1, false, "SCHEMA_VALIDATION_FAILED"));
    check(&wrong(1, 2), Severity::Warning, 0, ("FAIL", 3, false, "SCHEMA_VALIDATION_FAILED"));
}

#[test]
fn no_more_are_shown_than_asked_for() {
    check(&wrong(3, 0), Severity::Error, 3, ("FAIL", 3, false, "SCHEMA_VALIDATION_FAILED"));
    check(&wrong(3, 0), Severity::Error, 2, ("FAIL", 2, true, "SCHEMA_VALIDATION_FAILED"));
    check(&wrong(100, 0), Severity::Error, 0, ("FAIL", 100, false, "SCHEMA_VALIDATION_FAILED"));
    check(&wrong(101, 0), Severity::Error, 0, ("FAIL", 100, true, "SCHEMA_VALIDATION_FAILED"));
    check(&wrong(101, 0), Severity::Error, 1000, ("FAIL", 100, true, "SCHEMA_VALIDATION_FAILED"));
    check(&wrong(1, 2), Severity::Warning, 1, ("FAIL", 1, true, "SCHEMA_VALIDATION_FAILED"));
    check(&wrong(3, 100), Severity::Error, 2, ("FAIL", 2, true, "SCHEMA_VALIDATION_FAILED"));
}

#[test]
fn what_is_no_definition_fails() {
    let syntax = |text| check(text, Severity::Error, 0, ("FAIL", 1, false, "INVALID_JSON_DESCRIPTION"));
    let schema = |text| check(text, Severity::Error, 0, ("FAIL", 1, false, "SCHEMA_VALIDATION_FAILED"));
    ["{", "not json", "StartAt: A", "{} {}", "{'a': 1}", "{\"a\": 1,}"].into_iter().for_each(syntax);
    ["", " ", "null", "[]", "1", "\"text\"", "{}"].into_iter().for_each(schema);
    let deep = format!("{}{}", "{\"a\":".repeat(200), "1".to_owned() + &"}".repeat(200));
    check(&deep, Severity::Error, 0, ("FAIL", 1, false, "TOO_DEEPLY_NESTED"));
}

#[test]
fn a_long_name_with_many_problems_below_it_does_not_use_up_memory() {
    let name = "n".repeat(200_000);
    let state = |fields: String| format!("{{\"StartAt\":\"S\",\"States\":{{\"{name}\":{fields}}}}}");
    let many = |one: fn(usize) -> String| (0..20_000).map(one).collect::<Vec<_>>().join(",");
    let unknown = many(|n| format!("\"f{n}\":1"));
    let repeated = many(|_| "\"f\":1".to_owned());
    let rules = format!("\"Type\":\"Choice\",\"Choices\":[{}]", many(|_| "{}".to_owned()));
    let texts = many(|n| format!("\"f{n}\":\"$.a\""));
    let template = format!("\"Type\":\"Pass\",\"End\":true,\"x\":1,\"Parameters\":{{{texts}}}");
    for fields in [unknown.clone(), format!("\"Type\":\"Pass\",{unknown}"), repeated, rules, template] {
        let (_, diagnostics) = examine(&state(format!("{{{fields}}}")), MachineType::Standard);
        let bytes: usize =
            diagnostics.iter().map(|one| one.message.len() + one.location.as_ref().map_or(0, String::len)).sum();
        assert!(diagnostics.iter().any(|one| one.is_error()));
        assert!(bytes < 32 << 20, "{bytes} bytes");
    }
}
