//! `stepwell validate`

use expect_test::expect;
use serde_json::json;

use crate::harness::Room;

const GOOD: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;

const BAD: &str = r#"{
  "StartAt": "A",
  "States": {
    "A": { "Type": "Pass", "Next": "Nowhere" },
    "Ünreached": { "Type": "Wait", "Seconds": "x", "End": true }
  }
}
"#;

#[test]
fn everything_that_is_wrong_is_shown_where_it_is() {
    let room = Room::with(&[("bad.asl.json", BAD), ("good.asl.json", GOOD)]);
    let done = room.stepwell(&["validate", "bad.asl.json", "good.asl.json"]);
    expect![[r#"
        status 2
        --- stdout
        error[MISSING_TRANSITION_TARGET]: Missing 'Next' target: Nowhere
         --> bad.asl.json:4:36
          |
        4 |     "A": { "Type": "Pass", "Next": "Nowhere" },
          |                                    ^^^^^^^^^

        error[MISSING_TRANSITION_TARGET]: State "Ünreached" is not reachable.
         --> bad.asl.json:5:5
          |
        5 |     "Ünreached": { "Type": "Wait", "Seconds": "x", "End": true }
          |     ^^^^^^^^^^^

        error[SCHEMA_VALIDATION_FAILED]: Expected value of type Integer
         --> bad.asl.json:5:47
          |
        5 |     "Ünreached": { "Type": "Wait", "Seconds": "x", "End": true }
          |                                               ^^^

        2 files, 1 invalid: 3 errors
        --- stderr
    "#]]
    .assert_eq(&done.text());
}

#[test]
fn what_is_no_json_is_shown_where_it_breaks() {
    let room = Room::with(&[("broken.json", "{\n  \"StartAt\": \"A\",\n  \"States\": {]\n}\n")]);
    let done = room.stepwell(&["validate", "broken.json"]);
    assert_eq!(done.status, Some(2));
    expect![[r#"
        error[INVALID_JSON_DESCRIPTION]: Key must be a string
         --> broken.json:3:14
          |
        3 |   "States": {]
          |              ^

        1 file, 1 invalid: 1 error
    "#]]
    .assert_eq(&done.stdout);
}

#[test]
fn files_that_cannot_be_read_do_not_hide_the_others() {
    let room = Room::with(&[("good.asl.json", GOOD), ("directory/file", "")]);
    room.write("binary", b"\x7fELF\xff");
    let done = room.stepwell(&["validate", "missing", "directory", "binary", "good.asl.json"]);
    assert_eq!(done.status, Some(2));
    expect![[r#"
        error: there is no file missing
        error: directory is a directory
        help: name a file in it
    "#]]
    .assert_eq(&done.stderr);
    expect![[r#"
        error[INVALID_JSON_DESCRIPTION]: Definition is not UTF-8 text
         --> binary:1:5
          |
        1 | ␡ELF�
          |     ^

        4 files, 3 invalid: 3 errors
    "#]]
    .assert_eq(&done.stdout);
}

#[test]
fn json_has_every_file_with_its_diagnostics() {
    let room = Room::with(&[("bad.asl.json", BAD), ("good.asl.json", GOOD)]);
    let done = room.stepwell(&["validate", "--json", "good.asl.json", "bad.asl.json", "missing"]);
    assert_eq!(done.status, Some(2));
    let files = done.json();
    assert_eq!(files[0], json!({"file": "good.asl.json", "result": "OK", "diagnostics": []}));
    assert_eq!(files[1]["result"], "FAIL");
    assert_eq!(
        files[1]["diagnostics"][0],
        json!({
            "severity": "ERROR",
            "code": "MISSING_TRANSITION_TARGET",
            "message": "Missing 'Next' target: Nowhere",
            "location": "/States/A/Next",
            "line": 4,
            "column": 36,
        })
    );
    assert_eq!(files[2]["diagnostics"][0]["code"], "UNREADABLE_FILE");
}

#[test]
fn warnings_do_not_fail() {
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a": "$.b"}, "End": true}}}"#;
    let room = Room::with(&[("warned.asl.json", text)]);
    let done = room.stepwell(&["validate", "warned.asl.json"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.starts_with("warning[NO_DOLLAR]"), "{done:?}");
    assert!(done.stdout.ends_with("1 file, valid: 1 warning\n"), "{done:?}");
    assert_eq!(room.stepwell(&["validate", "--json", "warned.asl.json"]).json()[0]["result"], "OK");
}

#[test]
fn a_definition_comes_from_stdin_with_its_defines() {
    let text = br#"{"StartAt": "${Start}", "States": {"A": {"Type": "Succeed"}}}"#;
    let room = Room::with(&[]);
    let done = room.stepwell_reading(&["validate", "-", "--define", "Start=A"], text);
    assert_eq!((done.status, done.stdout.as_str()), (Some(0), "1 file, valid: no problems\n"));
    assert_eq!(room.stepwell_reading(&["validate", "-", "--define", "Start=B"], text).status, Some(2));
}

#[test]
fn a_define_may_be_meant_for_one_file_of_many() {
    let of = |comment: &str| {
        format!(r#"{{"Comment": "{comment}", "StartAt": "A", "States": {{"A": {{"Type": "Succeed"}}}}}}"#)
    };
    let room = Room::with(&[("a.json", &of("${Table}")), ("b.json", &of("none"))]);
    let done = room.stepwell(&["validate", "a.json", "b.json", "-D", "Table=x", "-D", "Tabel=x"]);
    assert_eq!(done.stderr, "warning: --define Tabel: ${Tabel} occurs nowhere in the definition\n");
}
