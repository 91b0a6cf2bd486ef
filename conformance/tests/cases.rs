//! Cases as they are written: what is understood, what is refused, and what the project's own cases cover.

use std::collections::BTreeSet;

use stepwell_conformance::case::{self, Case, Purpose};
use stepwell_conformance::files::Files;
use stepwell_conformance::gaps::{self, KnownGaps};

/// The operations of AWS Step Functions.
const OPERATIONS: [&str; 37] = [
    "CreateActivity",
    "CreateStateMachine",
    "CreateStateMachineAlias",
    "DeleteActivity",
    "DeleteStateMachine",
    "DeleteStateMachineAlias",
    "DeleteStateMachineVersion",
    "DescribeActivity",
    "DescribeExecution",
    "DescribeMapRun",
    "DescribeStateMachine",
    "DescribeStateMachineAlias",
    "DescribeStateMachineForExecution",
    "GetActivityTask",
    "GetExecutionHistory",
    "ListActivities",
    "ListExecutions",
    "ListMapRuns",
    "ListStateMachineAliases",
    "ListStateMachineVersions",
    "ListStateMachines",
    "ListTagsForResource",
    "PublishStateMachineVersion",
    "RedriveExecution",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "SendTaskSuccess",
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "TagResource",
    "TestState",
    "UntagResource",
    "UpdateMapRun",
    "UpdateStateMachine",
    "UpdateStateMachineAlias",
    "ValidateStateMachineDefinition",
];

fn read(files: &[(&str, &str)], purpose: Purpose) -> Result<Vec<Case>, String> {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    case::read(&Files(files), purpose).map_err(|trouble| trouble.to_string())
}

fn check_refused(files: &[(&str, &str)], why: &str) {
    let refused = read(files, Purpose::Play).expect_err("refused");
    assert!(refused.contains(why), "{refused}");
}

const DEFINITION: (&str, &str) = ("f/c/definition.json", "{}");

#[test]
fn an_execution_has_a_definition_an_input_and_an_end() {
    let text = r#"{"about": "a", "input": null, "functions": {"f": [{"return": null}, {"echo": true}]},
                   "expect": {"status": "SUCCEEDED", "output": null}}"#;
    let cases = read(&[("f/c/case.json", text), DEFINITION, ("f/c/history.txt", "1 ExecutionStarted")], Purpose::Play);
    let cases = cases.expect("it is a case");
    let [case] = cases.as_slice() else { panic!("one case: {cases:?}") };
    assert_eq!((case.name.as_str(), case.feature()), ("f/c", "f"));
    assert_eq!(case.text.input, Some(serde_json::Value::Null));
    assert_eq!(case.text.expect.as_ref().map(|end| end.output.is_some()), Some(true));
    assert!(case.needs_functions() && !case.is_express());
    assert_eq!(case.histories["history.txt"].len(), 1);
}

#[test]
fn unknown_keys_are_refused() {
    check_refused(&[("f/c/case.json", r#"{"about": "a", "expects": {}}"#), DEFINITION], "unknown field `expects`");
    let step = r#"{"about": "a", "steps": [{"call": "X", "expected": {}}]}"#;
    check_refused(&[("f/c/case.json", step)], "unknown field `expected`");
    let end = r#"{"about": "a", "expect": {"status": "FAILED", "errors": "E"}}"#;
    check_refused(&[("f/c/case.json", end), DEFINITION], "unknown field `errors`");
}

#[test]
fn what_is_not_said_or_said_twice_is_refused() {
    let end = r#""expect": {"status": "FAILED"}"#;
    for (text, why) in [
        (format!("{{{end}}}"), "`about` is missing"),
        (r#"{"about": "a"}"#.to_owned(), "either `expect` or `steps`"),
        (format!(r#"{{"about": "a", {end}, "steps": [{{"call": "X"}}]}}"#), "either `expect` or `steps`"),
        (
            format!(r#"{{"about": "a", {end}, "functions": {{"f": {{"echo": true, "return": 1}}}}}}"#),
            "just one of return",
        ),
        (format!(r#"{{"about": "a", {end}, "activities": {{"a": [{{"heartbeats": 1}}]}}}}"#), "just one of success"),
        (format!(r#"{{"about": "a", {end}, "machine": {{"definition": {{}}}}}}"#), "needs a definition"),
    ] {
        check_refused(&[("f/c/case.json", text.as_str()), DEFINITION], why);
    }
    for (step, why) in [
        (r"{}", "either `call` or `called`"),
        (r#"{"call": "X", "called": "f"}"#, "either `call` or `called`"),
        (r#"{"call": "X", "with": {}, "body": ""}"#, "two ways to say the same"),
        (r#"{"call": "X", "expect": {}, "error": {"code": "E"}}"#, "has no answer"),
        (r#"{"call": "X", "history": "none.txt"}"#, "there is no none.txt"),
        (r#"{"called": "f"}"#, "there is no function f"),
    ] {
        check_refused(&[("f/c/case.json", &format!(r#"{{"about": "a", "steps": [{step}]}}"#))], why);
    }
}

#[test]
fn files_that_belong_to_nothing_are_refused() {
    let text = r#"{"about": "a", "expect": {"status": "FAILED"}}"#;
    check_refused(&[("f/c/case.json", text), DEFINITION, ("f/c/histroy.txt", "")], "histroy.txt is not used");
    check_refused(&[("f/case.json", text)], "a case is a directory");
    check_refused(&[("case.json", text)], "it belongs to no case");
    check_refused(&[("f/c/definition.json", "{}")], "there is no case.json");
    check_refused(
        &[("f/c/case.json", text), DEFINITION, ("f/c/history.txt", "1 A\nx B")],
        "history.txt:2: 'x' is no event id",
    );
}

#[test]
fn a_case_that_is_to_be_recorded_need_not_say_how_it_ends() {
    let files = [("f/c/case.json", r#"{"about": "a"}"#), DEFINITION];
    assert!(read(&files, Purpose::Play).is_err());
    assert_eq!(read(&files, Purpose::Record).map(|cases| cases.len()), Ok(1));
}

#[test]
fn the_project_has_cases_of_every_operation() {
    let cases = case::read(&Files::built_in(), Purpose::Play).expect("our own cases are well formed");
    assert!(cases.len() >= 320, "{} cases", cases.len());
    let steps = cases.iter().flat_map(|case| &case.text.steps);
    let called: BTreeSet<&str> = steps.filter_map(|step| step.call.as_deref()).collect();
    let missing: Vec<&&str> = OPERATIONS.iter().filter(|operation| !called.contains(**operation)).collect();
    assert!(missing.is_empty(), "no case calls {missing:?}");
}

#[test]
fn the_project_s_known_gaps_are_cases() {
    let files = Files::built_in();
    let cases = case::read(&files, Purpose::Play).expect("our own cases are well formed");
    let gaps = KnownGaps::parse(files.get(gaps::FILE).expect("there is a list")).expect("it is well formed");
    gaps.check(&cases).expect("all are cases");
}

#[test]
fn known_gaps_have_reasons_and_are_cases() {
    let text = |text: &str| KnownGaps::parse(text).map_err(|trouble| trouble.to_string());
    let gaps = text("[gaps]\n\"f/c\" = \"later\"").expect("well formed");
    assert_eq!((gaps.reason("f/c"), gaps.reason("f/d")), (Some("later"), None));
    assert_eq!(text(""), Ok(KnownGaps::default()));
    assert!(text("[gaps]\n\"f/c\" = \" \"").expect_err("refused").contains("f/c has no reason"));
    assert!(text("[gap]").is_err());
    assert!(gaps.check(&[]).expect_err("refused").to_string().contains("there is no case f/c"));
}

#[test]
fn directories_are_read_as_the_built_in_files_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("f/c");
    std::fs::create_dir_all(&place).expect("made");
    std::fs::write(place.join("case.json"), "{}").expect("written");
    std::fs::write(place.join("notes.md"), "not read").expect("written");
    std::fs::write(directory.path().join("known_gaps.toml"), "").expect("written");
    let files = Files::read(directory.path()).expect("read");
    assert_eq!(files.0.keys().collect::<Vec<_>>(), ["f/c/case.json", "known_gaps.toml"]);
    assert!(Files::read(&directory.path().join("none")).is_err());
}
