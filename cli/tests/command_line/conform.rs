//! `stepwell conform`

use serde_json::json;

use crate::harness::{Done, Room};

/// A case that the server passes, and one that it cannot pass.
const GOOD: &str = r#"{"about": "A Pass passes its input on.", "machine": {"definition": {"StartAt": "A", "States":
    {"A": {"Type": "Pass", "End": true}}}}, "input": 1, "expect": {"status": "SUCCEEDED", "output": 1}}"#;
const WRONG: &str = r#"{"about": "A Pass doubles.", "machine": {"definition": {"StartAt": "A", "States":
    {"A": {"Type": "Pass", "End": true}}}}, "input": 1, "expect": {"status": "SUCCEEDED", "output": 2}}"#;

fn cases(room: &Room, arguments: &[&str]) -> Done {
    room.stepwell(&[&["conform", "--cases", "cases"], arguments].concat())
}

#[test]
fn our_own_server_passes_the_project_s_cases() {
    let done = Room::with(&[]).stepwell(&["conform", "--json"]);
    let report = done.json();
    let failed = |case: &&serde_json::Value| ["failed", "no gap any more"].iter().any(|word| case["verdict"] == *word);
    let failures: Vec<_> = report["cases"].as_array().expect("cases").iter().filter(failed).collect();
    assert!(failures.is_empty() && done.status == Some(0), "{failures:#?} {}", done.stderr);
    assert_eq!(report["counts"]["skipped"], json!(0));
}

#[test]
fn a_failure_is_shown_and_exits_with_1() {
    let room = Room::with(&[("cases/pass/good/case.json", GOOD), ("cases/pass/wrong/case.json", WRONG)]);
    let done = cases(&room, &["--junit", "report.xml"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    for line in ["FAILED pass/wrong", "A Pass doubles.", "expected  2", "actual    1", "2 cases against", "1 failure"] {
        assert!(done.stdout.contains(line), "{line}: {}", done.stdout);
    }
    let report = std::fs::read_to_string(room.path().join("report.xml")).expect("written");
    assert!(report.contains("tests=\"2\" failures=\"1\""), "{report}");
    let done = cases(&room, &["--filter", "good"]);
    assert_eq!(done.status, Some(0), "{done:?}");
}

#[test]
fn a_known_gap_is_no_failure_until_it_passes() {
    let gaps = "[gaps]\n\"pass/wrong\" = \"it does not double\"\n";
    let room = Room::with(&[("cases/pass/wrong/case.json", WRONG), ("cases/known_gaps.toml", gaps)]);
    let done = cases(&room, &[]);
    assert!(done.status == Some(0) && done.stdout.contains("known gap pass/wrong: it does not double"), "{done:?}");
    room.write("cases/pass/wrong/case.json", GOOD.as_bytes());
    let done = cases(&room, &[]);
    assert!(done.status == Some(1) && done.stdout.contains("remove it (it does not double)"), "{done:?}");
}

#[test]
fn what_cannot_be_played_exits_with_2() {
    let room = Room::with(&[("cases/pass/odd/case.json", "{\"about\": \"a\", \"odd\": 1}")]);
    let done = cases(&room, &[]);
    assert!(done.status == Some(2) && done.stderr.contains("pass/odd: case.json: unknown field `odd`"), "{done:?}");
    let done = room.stepwell(&["conform", "--filter", "there is no such thing"]);
    assert!(done.status == Some(2) && done.stderr.contains("there is no such case"), "{done:?}");
    let nobody = ["conform", "--endpoint", "http://127.0.0.1:1", "--functions", "0"];
    let done = room.stepwell(&nobody);
    assert!(done.status == Some(2) && done.stderr.contains("http://127.0.0.1:1/"), "{done:?}");
}

#[test]
fn what_is_recorded_passes_when_it_is_played() {
    let execution =
        r#"{"about": "A function is called twice.", "functions": {"work": {"echo": true}}, "input": {"n": 1}}"#;
    let definition = r#"{"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": "${function:work}",
        "ResultPath": "$.r", "Next": "Look"}, "Look": {"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id",
        "at.$": "$$.Execution.StartTime"}, "End": true}}}"#;
    let calls = r#"{"about": "An activity is made.", "steps": [
        {"call": "CreateActivity", "with": {"name": "a-${unique}"}, "as": "a"},
        {"call": "DescribeActivity", "with": {"activityArn": "${a.activityArn}"}},
        {"call": "DescribeActivity", "with": {"activityArn": "none"}}]}"#;
    let room = Room::with(&[
        ("mine/calls/activity/case.json", calls),
        ("mine/task/call/case.json", execution),
        ("mine/task/call/definition.json", definition),
    ]);
    let record = ["conform", "--cases", "mine", "--record", "recorded"];
    let done = room.stepwell(&record);
    assert!(done.status == Some(0) && done.stdout.contains("2 recorded in recorded"), "{done:?}");

    let read = |file: &str| std::fs::read_to_string(room.path().join("recorded").join(file)).expect("written");
    let case: serde_json::Value = serde_json::from_str(&read("task/call/case.json")).expect("JSON");
    let output = json!({"id": "${execution}", "at": "<time>"});
    assert_eq!(case["expect"], json!({"status": "SUCCEEDED", "output": output}));
    let history = read("task/call/history.txt");
    assert!(history.contains("3 LambdaFunctionScheduled resource=${function:work} input={\"n\":1}\n"), "{history}");
    let case: serde_json::Value = serde_json::from_str(&read("calls/activity/case.json")).expect("JSON");
    assert_eq!(case["steps"][1]["expect"]["activityArn"], json!("${a.activityArn}"));
    assert_eq!(case["steps"][2]["error"]["code"], json!("InvalidArn"));

    let done = room.stepwell(&["conform", "--cases", "recorded"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    let done = room.stepwell(&record);
    assert!(done.status == Some(2) && done.stderr.contains("is there already"), "{done:?}");
    let done = room.stepwell(&[&record[..], &["--overwrite"]].concat());
    assert_eq!(done.status, Some(0), "{done:?}");
}
