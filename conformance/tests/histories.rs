//! Histories as text, and the differences between them.

use expect_test::{Expect, expect};
use serde_json::json;
use stepwell_conformance::compare::Bound;
use stepwell_conformance::compare_history::{Row, difference};
use stepwell_conformance::history::{Line, parse};

fn lines(text: &str) -> Vec<Line> {
    parse(text).unwrap_or_else(|(line, why)| panic!("line {line}: {why}"))
}

fn check(expected: &str, actual: &str, concurrent: bool, shown: Expect) {
    let rows = difference(&lines(expected), &lines(actual), concurrent, &mut Bound::new());
    let text = |row: Row| match row {
        Row::Same(line) => format!("  {line}\n"),
        Row::Missing(line) => format!("- {line}\n"),
        Row::Added(line) => format!("+ {line}\n"),
        Row::Skipped(count) => format!("  ... {count}\n"),
    };
    shown.assert_eq(&rows.into_iter().map(text).collect::<String>());
}

#[test]
fn a_line_reads_back_as_it_was_written() {
    for line in [
        "1 ExecutionStarted input={\"a\":[1,\"x y\"]}",
        "2 <0 PassStateEntered name=\"Two words\" input=\"text\"",
        "7 <3 TaskTimedOut resourceType=lambda resource=invoke error=States.Timeout",
        "9 MapIterationStarted name=Each index=0",
        "3 PassStateExited name=\"7\" output=null assignedVariables={\"a\":1}",
    ] {
        assert_eq!(lines(line)[0].text(), line);
    }
}

#[test]
fn what_is_no_line_is_refused() {
    for (text, why) in [
        ("x A", "'x' is no event id"),
        ("1", "'' is no type of an event"),
        ("1 <y A", "'y' is no event id"),
        ("1 A name", "'name' has no ="),
        ("1 A name=", "a value is missing"),
        ("1 A input={\"a\"", "no JSON"),
        ("1 A input={}x", "'x' follows a value"),
        ("1 A name=a name=b", "name is there twice"),
    ] {
        let (line, refused) = parse(&format!("# a remark\n\n{text}")).expect_err(text);
        assert!(line == 3 && refused.contains(why), "{line}: {refused}");
    }
}

#[test]
fn an_event_becomes_a_line() {
    let event = json!({
        "timestamp": 1.5, "type": "PassStateExited", "id": 3, "previousEventId": 2,
        "stateExitedEventDetails": {
            "name": "A", "output": "{ \"x\": 1 }", "outputDetails": {"truncated": false},
            "assignedVariables": {"v": "[1]"}, "assignedVariablesDetails": {"truncated": false},
        },
    });
    let line = Line::of_event(&event).expect("a line").trimmed();
    assert_eq!(line.text(), "3 PassStateExited name=A output={\"x\":1} assignedVariables={\"v\":[1]}");
    assert!(Line::of_event(&json!({"type": "A", "id": 1})).is_err());
    assert!(Line::of_event(&json!({"timestamp": 1, "type": "A", "id": 1, "other": 1})).is_err());
}

const PASS: &str = "1 ExecutionStarted input={}\n2 <0 PassStateEntered name=A input={}\n3 PassStateExited name=A output=1\n\
                    4 ExecutionSucceeded output=1\n";

#[test]
fn histories_that_agree_have_no_difference() {
    check(PASS, PASS, false, expect![""]);
    check(PASS, PASS, true, expect![""]);
    check(&PASS.replace("output=1", "output=<any>"), PASS, false, expect![""]);
}

#[test]
fn a_difference_shows_what_is_around_it() {
    check(
        PASS,
        &PASS.replace("Exited name=A output=1", "Exited name=A output=2"),
        false,
        expect![[r"
          1 ExecutionStarted input={}
          2 <0 PassStateEntered name=A input={}
        - 3 PassStateExited name=A output=1
        + 3 PassStateExited name=A output=2
          4 ExecutionSucceeded output=1
    "]],
    );
    check(
        PASS,
        "1 ExecutionStarted input={}\n2 <0 PassStateEntered name=A input={}\n3 ExecutionFailed",
        false,
        expect![[r"
          1 ExecutionStarted input={}
          2 <0 PassStateEntered name=A input={}
        - 3 PassStateExited name=A output=1
        - 4 ExecutionSucceeded output=1
        + 3 ExecutionFailed
    "]],
    );
}

#[test]
fn details_must_all_be_written_but_for_those_of_the_place() {
    let place = PASS.replace("input={}\n2", "input={} roleArn=arn inputDetails={\"truncated\":false}\n2");
    check(PASS, &place, false, expect![""]);
    let cut = PASS.replace("output=1\n4", "output=1 outputDetails={\"truncated\":true}\n4");
    check(
        PASS,
        &cut,
        false,
        expect![[r#"
          1 ExecutionStarted input={}
          2 <0 PassStateEntered name=A input={}
        - 3 PassStateExited name=A output=1
        + 3 PassStateExited name=A output=1 outputDetails={"truncated":true}
          4 ExecutionSucceeded output=1
    "#]],
    );
}

#[test]
fn the_event_before_belongs_to_the_event() {
    check(
        PASS,
        &PASS.replace("2 <0", "2"),
        false,
        expect![[r"
          1 ExecutionStarted input={}
        - 2 <0 PassStateEntered name=A input={}
        + 2 PassStateEntered name=A input={}
          3 PassStateExited name=A output=1
          4 ExecutionSucceeded output=1
    "]],
    );
}

#[test]
fn concurrent_branches_may_come_in_any_order() {
    let one = "1 ExecutionStarted input={}\n2 <0 ParallelStateEntered name=P input={}\n3 ParallelStateStarted\n\
               4 PassStateEntered name=A input={}\n5 <3 PassStateEntered name=B input={}\n";
    let other = "1 ExecutionStarted input={}\n2 <0 ParallelStateEntered name=P input={}\n3 ParallelStateStarted\n\
                 4 PassStateEntered name=B input={}\n5 <3 PassStateEntered name=A input={}\n";
    check(one, other, true, expect![""]);
    check(
        one,
        &other.replace("5 <3", "5"),
        true,
        expect![[r"
        - 4 PassStateEntered name=A input={}
        + 5 PassStateEntered name=A input={}
    "]],
    );
}

#[test]
fn ids_of_a_history_are_in_order() {
    check(
        PASS,
        "1 ExecutionStarted input={}\n3 A",
        true,
        expect![[r"
        + 3 A   (ids are not in order)
    "]],
    );
}
