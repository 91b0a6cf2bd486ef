//! `stepwell run`

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::harness::Room;

const ORDER: &str = r#"{
  "StartAt": "Prepare",
  "States": {
    "Prepare": { "Type": "Wait", "Seconds": 5, "Next": "Each" },
    "Each": {
      "Type": "Map",
      "ItemsPath": "$.items",
      "ItemProcessor": {
        "StartAt": "Check",
        "States": {
          "Check": {
            "Type": "Choice",
            "Choices": [{ "Variable": "$", "NumericGreaterThan": 2, "Next": "Bad" }],
            "Default": "Good"
          },
          "Bad": { "Type": "Fail", "Error": "Order.TooMany", "Cause": "no more than two" },
          "Good": { "Type": "Succeed" }
        }
      },
      "End": true
    }
  }
}
"#;

/// A task that fails twice, and is then done.
const FLAKY: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 60, "MaxAttempts": 3 }],
      "End": true
    }
  }
}
"#;

const FLAKY_ROUTES: &str = r#"
[[route]]
match = "charge"
invoker = "mock"
sequence = [{ error = { name = "Busy", cause = "later" } }, { error = { name = "Busy" } }, { result = "paid" }]
"#;

fn check(files: &[(&str, &str)], arguments: &[&str], expected: &Expect) {
    expected.assert_eq(&timeless(&Room::with(files).stepwell(arguments).text()));
}

/// Without the seconds and milliseconds that the machine took: `__` instead.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        for at in 1..words.len() {
            let unit = words[at].trim_end_matches(':');
            if (unit == "ms" || unit == "s") && is_time(words[at - 1]) {
                words[at - 1] = "__";
                words[at] = if words[at].ends_with(':') { "s:" } else { "s" };
            }
        }
        words.join(" ")
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn the_output_is_all_there_is_on_stdout() {
    check(
        &[("order.asl.json", ORDER)],
        &["run", "order.asl.json", "--input", r#"{"items": [1, 2]}"#, "--virtual-clock"],
        &expect![[r#"
            status 0
            --- stdout
            [1,2]
            --- stderr
            exited  Prepare  __ s
            exited  Each[0] › Check  __ s
            exited  Each[1] › Check  __ s
            exited  Each[0] › Good  __ s
            exited  Each[1] › Good  __ s
            exited  Each  __ s
        "#]],
    );
}

#[test]
fn a_failure_is_shown_with_its_place() {
    check(
        &[("order.asl.json", ORDER), ("input.json", r#"{"items": [1, 3]}"#)],
        &["run", "order.asl.json", "--input", "@input.json", "--virtual-clock", "--quiet"],
        &expect![[r#"
            status 1
            --- stdout
            --- stderr
            error: the execution failed after __ s: Order.TooMany
              --> order.asl.json:16:11
               |
            16 |           "Bad": { "Type": "Fail", "Error": "Order.TooMany", "Cause": "no more than two" },
               |           ^^^^^ in Each[1] › Bad
               |
               = note: no more than two
        "#]],
    );
}

#[test]
fn an_invalid_definition_is_shown_as_validate_shows_it() {
    check(
        &[("bad.asl.json", r#"{"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}"#)],
        &["run", "bad.asl.json"],
        &expect![[r#"
            status 2
            --- stdout
            --- stderr
            error[MISSING_TRANSITION_TARGET]: Missing 'Next' target: B
             --> bad.asl.json:1:13
              |
            1 | {"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}
              |             ^^^

            error[MISSING_TRANSITION_TARGET]: State "A" is not reachable.
             --> bad.asl.json:1:29
              |
            1 | {"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}
              |                             ^^^

            error: bad.asl.json is no valid definition
        "#]],
    );
}

#[test]
fn what_is_not_supported_is_named_before_anything_runs() {
    let text = r#"{
  "StartAt": "A",
  "States": {
    "A": { "Type": "Pass", "Next": "B" },
    "B": {
      "Type": "Map", "ItemReader": { "Resource": "arn:aws:states:::s3:getObject" }, "End": true,
      "ItemProcessor": {
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "C", "States": { "C": { "Type": "Pass", "End": true } }
      }
    }
  }
}
"#;
    check(
        &[("reader.asl.json", text)],
        &["run", "reader.asl.json"],
        &expect![[r#"
            status 2
            --- stdout
            --- stderr
            error: The field 'ItemReader' of the state 'B' is not run by this version
             --> reader.asl.json:5:5
              |
            5 |     "B": {
              |     ^^^

            error: reader.asl.json is valid, but cannot be run: 1 place needs what is not supported yet
            help: `stepwell validate reader.asl.json` checks it all the same
        "#]],
    );
}

#[test]
fn a_failed_evaluation_is_in_the_history() {
    let text = r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "A",
  "States": { "A": { "Type": "Pass", "Output": { "n": "{% $states.input.n %}" }, "End": true } }
}
"#;
    let room = Room::with(&[("f.asl.json", text)]);
    let done = room.stepwell(&["run", "f.asl.json", "--history"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    let shown: serde_json::Value = serde_json::from_str(&done.stdout).expect("a JSON object");
    let event = &shown["history"][2];
    assert_eq!(event["type"], "EvaluationFailed", "{shown}");
    let details = &event["evaluationFailedEventDetails"];
    assert_eq!(
        (&details["error"], &details["location"], &details["state"]),
        (&"States.QueryEvaluationError".into(), &"Output/n".into(), &"A".into())
    );
}

#[test]
fn retries_are_told_and_take_no_time_under_a_virtual_clock() {
    check(
        &[("flow/flaky.asl.json", FLAKY), ("flow/stepwell.toml", FLAKY_ROUTES)],
        &["run", "flow/flaky.asl.json", "--virtual-clock"],
        &expect![[r#"
            status 0
            --- stdout
            "paid"
            --- stderr
            failed  Charge  Busy: later
            retry   Charge  1 in 1 min __ s
            failed  Charge  Busy
            retry   Charge  2 in 2 min __ s
            exited  Charge  3 min __ s
        "#]],
    );
}

/// A Map that is tried again as a whole, within a branch of a Parallel; the last item of it fails each time.
const NESTED: &str = r#"{
  "StartAt": "Both",
  "States": {
    "Both": {
      "Type": "Parallel",
      "Branches": [
        { "StartAt": "Idle", "States": { "Idle": { "Type": "Pass", "End": true } } },
        {
          "StartAt": "Each",
          "States": {
            "Each": {
              "Type": "Map",
              "MaxConcurrency": 1,
              "ItemProcessor": {
                "StartAt": "Charge",
                "States": {
                  "Charge": { "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:charge", "End": true }
                }
              },
              "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 1 }],
              "End": true
            }
          }
        }
      ],
      "End": true
    }
  }
}
"#;

const NESTED_ROUTES: &str = r#"
[[route]]
match = "charge"
invoker = "mock"
sequence = [{ result = 1 }, { error = { name = "Busy" } }, { result = 1 }, { error = { name = "Busy" } }]
"#;

#[test]
fn places_are_told_by_their_items_and_branches() {
    check(
        &[("nested.asl.json", NESTED), ("stepwell.toml", NESTED_ROUTES)],
        &["run", "nested.asl.json", "--input", "[1, 2]", "--virtual-clock"],
        &expect![[r#"
            status 1
            --- stdout
            --- stderr
            exited  Both[0] › Idle  __ s
            exited  Both[1] › Each[0] › Charge  __ s
            failed  Both[1] › Each[1] › Charge  Busy
            retry   Both[1] › Each  1 in __ s
            exited  Both[1] › Each[0] › Charge  __ s
            failed  Both[1] › Each[1] › Charge  Busy
            error: the execution failed after __ s: Busy
              --> nested.asl.json:17:19
               |
            17 |                   "Charge": { "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:charge", "End": true }
               |                   ^^^^^^^^ in Both[1] › Each[1] › Charge
        "#]],
    );
}

#[test]
fn the_configuration_is_beside_the_file_or_here_or_named() {
    let files = [
        ("flow/flaky.asl.json", FLAKY),
        ("flow/stepwell.toml", FLAKY_ROUTES),
        ("stepwell.toml", "[[route]]\nmatch = \"*\"\ninvoker = \"mock\"\nresult = \"here\"\n"),
        ("other.toml", "[[route]]\nmatch = \"*\"\ninvoker = \"mock\"\nresult = \"named\"\n"),
        ("wrong.toml", "[[route]]\nmatch = \"*\"\ninvoker = \"mock\"\nreslt = 1\n"),
    ];
    let room = Room::with(&files);
    room.write("plain/flaky.asl.json", FLAKY.as_bytes());
    let output = |arguments: &[&str]| room.stepwell(&[arguments, &["--virtual-clock"]].concat()).stdout;
    assert_eq!(output(&["run", "flow/flaky.asl.json"]), "\"paid\"\n");
    assert_eq!(output(&["run", "plain/flaky.asl.json"]), "\"here\"\n");
    assert_eq!(output(&["run", "flow/flaky.asl.json", "--config", "other.toml"]), "\"named\"\n");
    let done = room.stepwell(&["run", "flow/flaky.asl.json", "--config", "wrong.toml"]);
    assert_eq!(done.status, Some(2));
    assert!(done.stderr.starts_with("error: wrong.toml:4:1:"), "{}", done.stderr);
    assert_eq!(room.stepwell(&["run", "flow/flaky.asl.json", "--config", "missing.toml"]).status, Some(2));
}

#[test]
fn json_is_one_object() {
    let room = Room::with(&[("order.asl.json", ORDER)]);
    let object = |input: &str| {
        let done = room.stepwell(&["run", "order.asl.json", "--input", input, "--virtual-clock", "--json", "--quiet"]);
        let Value::Object(mut object) = done.json() else { panic!("{done:?}") };
        let times = [object.remove("started_at").unwrap(), object.remove("stopped_at").unwrap()];
        assert!(times.iter().all(|time| time.as_str().is_some_and(|text| text.ends_with('Z'))), "{times:?}");
        (done.status, Value::Object(object))
    };
    let succeeded = json!({"status": "SUCCEEDED", "output": [1]});
    assert_eq!(object(r#"{"items": [1]}"#), (Some(0), succeeded));
    let failed = json!({"status": "FAILED", "error": "Order.TooMany", "cause": "no more than two"});
    assert_eq!(object(r#"{"items": [3]}"#), (Some(1), failed));
}

#[test]
fn the_history_is_in_the_object_or_in_a_file() {
    let room = Room::with(&[("order.asl.json", ORDER)]);
    let arguments = ["run", "order.asl.json", "--input", r#"{"items": [1]}"#, "--virtual-clock"];
    let done = room.stepwell(&[&arguments[..], &["--history"]].concat());
    let history = done.json()["history"].clone();
    let types: Vec<&str> = history.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((types[0], types[1]), ("ExecutionStarted", "WaitStateEntered"));
    assert_eq!(types.last(), Some(&"ExecutionSucceeded"));
    assert_eq!(history[1]["stateEnteredEventDetails"]["name"], "Prepare");
    assert_eq!(history[1]["id"], 2);

    let done = room.stepwell(&[&arguments[..], &["--history=events.json"]].concat());
    assert_eq!(done.stdout, "[1]\n");
    let text = std::fs::read_to_string(room.path().join("events.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().len(), types.len());
}

#[test]
fn a_history_that_cannot_be_written_stops_the_run_before_it_starts() {
    let config = "[[route]]\nmatch = \"*\"\ninvoker = \"mock\"\nresult = 1\n";
    let files = [("flow.json", ORDER), ("input.json", r#"{"items": [1]}"#), ("stepwell.toml", config)];
    let room = Room::with(&files);
    for (path, message) in [
        ("flow.json", "flow.json is read"),
        ("./flow.json", "./flow.json is read"),
        ("input.json", "input.json is read"),
        ("stepwell.toml", "stepwell.toml is read"),
        ("missing/events.json", "missing/events.json cannot be written"),
        (".", ". cannot be written"),
    ] {
        let history = format!("--history={path}");
        let done = room.stepwell(&["run", "flow.json", "--input", "@input.json", "--virtual-clock", &history]);
        assert_eq!((done.status, done.stdout.as_str()), (Some(2), ""), "{path}: {done:?}");
        assert!(done.stderr.starts_with(&format!("error: {message}")), "{path}: {}", done.stderr);
    }
    for (name, text) in files {
        assert_eq!(std::fs::read_to_string(room.path().join(name)).unwrap(), text, "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_output_is_printed_where_the_history_is_lost() {
    let room = Room::with(&[("order.asl.json", ORDER)]);
    let arguments = ["run", "order.asl.json", "--input", r#"{"items": [1]}"#, "--virtual-clock", "--quiet"];
    let done = room.stepwell(&[&arguments[..], &["--history=/dev/full"]].concat());
    assert_eq!((done.status, done.stdout.as_str()), (Some(1), "[1]\n"), "{done:?}");
    assert!(done.stderr.starts_with("error: /dev/full cannot be written: "), "{}", done.stderr);
}

#[test]
fn mock_all_answers_everything() {
    let room = Room::with(&[("flaky.asl.json", FLAKY)]);
    let done = room.stepwell(&["run", "flaky.asl.json", "--mock-all", "--json"]);
    assert_eq!((done.status, done.json()["status"].as_str()), (Some(0), Some("SUCCEEDED")), "{done:?}");
    let done = room.stepwell(&["run", "flaky.asl.json"]);
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("charge"), "a task without a route says what to do: {}", done.stderr);
}

#[test]
fn inputs_come_from_everywhere_and_are_bounded() {
    let pass = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
    let room = Room::with(&[("pass.json", pass), ("input.json", "\u{feff}[1]")]);
    let run = |arguments: &[&str], stdin: &[u8]| {
        let done = room.stepwell_reading(&[&["run", "pass.json", "--quiet"], arguments].concat(), stdin);
        (done.status, done.stdout, done.stderr)
    };
    let good = |text: &str| (Some(0), text.to_owned(), String::new());
    assert_eq!(run(&[], b""), good("{}\n"));
    assert_eq!(run(&["--input", "-"], b" [2]\n"), good("[2]\n"));
    assert_eq!(run(&["--input", "@input.json"], b""), good("[1]\n"));
    assert_eq!(run(&["--input", "-1"], b""), good("-1\n"));

    let bad = |arguments: &[&str], stdin: &[u8], message: &str| {
        let (status, stdout, stderr) = run(arguments, stdin);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.starts_with(&format!("error: {message}")), "{stderr}");
    };
    bad(&["--input", "-"], b"", "<stdin> is empty");
    bad(&["--input", "-"], b"\xff", "<stdin> is not UTF-8 text: byte 0");
    bad(&["--input", "@"], b"", "--input @ needs a file's name");
    bad(&["--input", "@missing"], b"", "there is no file missing");
    bad(&["--input", "input.json"], b"", "--input is not JSON");
    bad(&["--input", &"[".repeat(200)], b"", "--input is nested too deeply");
    let large = format!("\"{}\"", "x".repeat(262_143));
    bad(&["--input", "-"], large.as_bytes(), "the input is 262145 bytes of JSON, more than the 262144");
    assert_eq!(run(&["--input", "-", "--limits", "off"], large.as_bytes()), good(&format!("{large}\n")));
    assert_eq!(run(&["--input", "-", "--limits", "payload_bytes=262145"], large.as_bytes()).0, Some(0));
}

#[test]
fn names_and_defines_are_seen_by_the_execution() {
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, "Parameters": {
        "id.$": "$$.Execution.Id", "machine.$": "$$.StateMachine.Name", "table": "${Table}"
    }}}}"#;
    let room = Room::with(&[("my flow.asl.json", text)]);
    let arguments = ["run", "my flow.asl.json", "--name", "run-1", "--define", "Table=orders", "-D", "Unused=a=b"];
    let expected = json!({
        "id": "arn:aws:states:us-east-1:123456789012:execution:myflow:run-1",
        "machine": "myflow",
        "table": "orders",
    });
    let done = room.stepwell(&arguments);
    assert_eq!(done.json(), expected);
    let warning = "warning: --define Unused: ${Unused} occurs nowhere in the definition\n";
    assert!(done.stderr.starts_with(warning), "{}", done.stderr);
    assert_eq!(room.stepwell(&[&arguments[..], &["--quiet"]].concat()).stderr, "");
}

#[test]
fn a_callback_that_nobody_can_answer_ends_with_advice() {
    let text = r#"{"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:us-east-1:123456789012:activity:ask"}}}"#;
    let done = Room::with(&[("ask.json", text)]).stepwell(&["run", "ask.json"]);
    assert_eq!(done.status, Some(1), "{done:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_where_it_was() {
    let text = r#"{"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "Nap"}, "Nap": {"Type": "Wait", "Seconds": 1000, "End": true}}}"#;
    let room = Room::with(&[("nap.json", text)]);
    let mut run = room.start(&["run", "nap.json", "--json"]);
    run.wait_for("exited  A");
    signal("-INT", run.id());
    let done = run.finish();
    assert_eq!((done.status, done.json()["status"].as_str()), (Some(130), Some("ABORTED")), "{done:?}");
    assert!(done.stderr.ends_with("error: the execution was interrupted in Nap\n"), "{}", done.stderr);
}

#[cfg(unix)]
fn signal(name: &str, id: u32) {
    let status = std::process::Command::new("kill").args([name, &id.to_string()]).status().unwrap();
    assert!(status.success());
}

/// It goes round for ever, unless its input is null.
#[cfg(unix)]
const LOOP: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
    "B": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "C"}], "Default": "A"},
    "C": {"Type": "Succeed"}}}"#;

#[cfg(unix)]
#[test]
fn a_second_interrupt_ends_the_process_at_once() {
    let room = Room::with(&[("loop.json", LOOP)]);
    let mut run = room.start(&["run", "loop.json", "--limits", "off", "--history"]);
    run.wait_for("exited  A");
    // Nobody reads what it says: it would stop for ever.
    while run.goes_on() {
        signal("-INT", run.id());
    }
    assert_eq!(run.finish().status, Some(130));
}

#[cfg(unix)]
#[test]
fn no_function_outlives_a_closed_terminal() {
    let text = r#"{"StartAt": "Work", "States": {"Work": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work"}}}"#;
    let route = "[[route]]\nmatch = \"work\"\ninvoker = \"process\"\ncommand = [\"sh\", \"work.sh\"]\n";
    let script = "echo at work; { sleep 30; echo orphaned; } > alive";
    for (name, status) in [("-HUP", 129), ("-TERM", 143)] {
        let room = Room::with(&[("flow.json", text), ("stepwell.toml", route), ("work.sh", script)]);
        let alive = room.path().join("alive");
        assert!(std::process::Command::new("mkfifo").arg(&alive).status().unwrap().success());
        let mut run = room.start(&["run", "flow.json"]);
        let written = std::thread::spawn(move || std::fs::read_to_string(alive).unwrap());
        run.wait_for("at work");
        signal(name, run.id());
        let done = run.finish();
        assert_eq!(done.status, Some(status), "{done:?}");
        assert!(done.stderr.ends_with("error: the execution was interrupted in Work\n"), "{}", done.stderr);
        assert_eq!(written.join().unwrap(), "", "the pipe was closed when the function was killed");
    }
}
