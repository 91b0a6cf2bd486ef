//! `stepwell run --data` and `stepwell executions`: what is begun is never lost.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::api::{ACTIVITY, Api, activity};
use crate::harness::{Done, Room, Started};

/// A Pass, a Wait of some seconds, a Pass.
fn waiting(seconds: u32) -> String {
    format!(
        r#"{{"StartAt": "Before", "States": {{"Before": {{"Type": "Pass", "Result": {{"n": 1}}, "Next": "Pause"}},
"Pause": {{"Type": "Wait", "Seconds": {seconds}, "Next": "After"}}, "After": {{"Type": "Pass", "End": true}}}}}}"#
    )
}

const CHOICE: &str = r#"{
  "StartAt": "Check",
  "States": {
    "Check": { "Type": "Choice", "Choices": [{ "Variable": "$.ok", "BooleanEquals": true, "Next": "Good" }], "Default": "Bad" },
    "Bad": { "Type": "Fail", "Error": "Order.Bad", "Cause": "it is not ok" },
    "Good": { "Type": "Succeed" }
  }
}
"#;

/// Starts a run and kills it when it waits.
fn kill_while_waiting(room: &Room, arguments: &[&str]) {
    let mut run = room.start(arguments);
    run.wait_for("exited  Before");
    run.kill();
}

/// Without what differs from run to run: times, durations and offsets.
fn timeless(text: &str) -> String {
    let digits = |word: &str| !word.is_empty() && word.chars().all(|one| one.is_ascii_digit() || one == '.');
    let is_time = |word: &str| word.len() == 24 && word.starts_with("20") && word.ends_with('Z');
    let line = |line: &str| {
        let mut words: Vec<String> = Vec::new();
        for word in line.split_whitespace() {
            let bare = word.trim_end_matches([',', ':']);
            let unit = matches!(bare, "ms" | "s");
            match words.last_mut() {
                Some(last) if unit && digits(last.trim_start_matches('+')) => {
                    *last = "__".to_owned();
                    words.push(word.replace(bare, "s"));
                }
                Some(_) | None if is_time(bare) => words.push(word.replace(bare, "TIME")),
                Some(_) | None => words.push(word.to_owned()),
            }
        }
        words.join(" ")
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

fn check(done: &Done, expected: &Expect) {
    expected.assert_eq(&timeless(&done.text()));
}

#[test]
fn a_run_is_kept_with_its_output() {
    let room = Room::with(&[("flow.json", &waiting(0))]);
    check(
        &room.stepwell(&["run", "flow.json", "--data", "d", "--name", "one"]),
        &expect![[r#"
            status 0
            --- stdout
            {"n":1}
            --- stderr
            run one is kept in d
            exited Before __ s
            exited Pause __ s
            exited After __ s
        "#]],
    );
    check(
        &room.stepwell(&["run", "flow.json", "--data", "d", "--name", "one"]),
        &expect![[r#"
            status 2
            --- stdout
            --- stderr
            error: d has an execution one of flow already, and it is SUCCEEDED
            help: another --name starts another one
        "#]],
    );
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    for engine in ["sled", "redb"] {
        let room = Room::with(&[("flow.json", &waiting(2))]);
        kill_while_waiting(&room, &["run", "flow.json", "--data", "d", "--store", engine, "--name", "one"]);
        let done = room.stepwell(&["run", "flow.json", "--data", "d", "--resume", "--history"]);
        assert_eq!(done.status, Some(0), "{done:?}");
        let (object, history) = (done.json(), done.json()["history"].clone());
        assert_eq!(
            (&object["name"], &object["status"], &object["output"]),
            (&json!("one"), &json!("SUCCEEDED"), &json!({"n": 1}))
        );
        let types: Vec<&str> = history.as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        let expected = [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "WaitStateEntered",
            "WaitStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ];
        assert_eq!(types, expected, "nothing ran twice");
        let lines: Vec<String> = timeless(&done.stderr).lines().map(str::to_owned).collect();
        assert_eq!(lines, ["run one goes on after 4 events", "exited Pause __ s", "exited After __ s"]);
    }
}

#[test]
fn only_what_has_not_ended_is_resumed() {
    let room = Room::with(&[("flow.json", CHOICE)]);
    let run = |arguments: &[&str]| room.stepwell(&[&["run", "flow.json", "--data", "d"], arguments].concat());
    let refused = |done: Done, expected: &str| {
        assert_eq!((done.status, done.stdout.as_str()), (Some(2), ""), "{done:?}");
        assert!(done.stderr.starts_with(&format!("error: {expected}\nhelp: ")), "{}", done.stderr);
    };
    let done = run(&["--resume"]);
    assert_eq!(done.stderr, "error: there is no store in d\nhelp: `stepwell run FILE --data DIR` makes one\n");
    assert!(!room.path().join("d").exists());
    assert_eq!(run(&["--name", "bad", "--input", r#"{"ok": false}"#, "--quiet"]).status, Some(1));
    refused(run(&["--resume"]), "nothing of flow is to be resumed in d: the last one was bad, which is FAILED");
    refused(run(&["--resume", "--name", "bad"]), "bad of flow cannot be resumed: it is FAILED");
    refused(run(&["--resume", "--name", "none"]), "d has no execution none of flow");
    room.write("other.json", CHOICE.as_bytes());
    let done = room.stepwell(&["run", "other.json", "--data", "d", "--resume"]);
    refused(done, "nothing of other is to be resumed in d: it was never run there");
}

#[test]
fn a_failed_execution_is_redriven_and_resumed() {
    let task = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}}}"#;
    let route = |answer: &str| format!("[[route]]\nmatch = \"f\"\ninvoker = \"mock\"\n{answer}\n");
    let room = Room::with(&[("flow.json", task), ("stepwell.toml", &route("error = { name = \"Busy\" }"))]);
    let run = ["run", "flow.json", "--data", "d", "--name", "one"];
    assert_eq!(room.stepwell(&run).status, Some(1));
    let done = room.stepwell(&["executions", "redrive", "one", "--data", "d"]);
    let command = "`stepwell run FILE --data d --name one --resume`";
    assert!(done.status == Some(0) && done.stderr.contains(command), "{done:?}");
    room.write("stepwell.toml", route("result = 5").as_bytes());
    let done = room.stepwell(&[&run[..], &["--resume"]].concat());
    assert_eq!((done.status, done.stdout.as_str()), (Some(0), "5\n"), "{done:?}");
    let shown = room.stepwell(&["executions", "show", "one", "--data", "d", "--json"]).json();
    assert_eq!((&shown["redrive_count"], &shown["status"]), (&json!(1), &json!("SUCCEEDED")));
    let again = room.stepwell(&["executions", "redrive", "one", "--data", "d"]);
    assert_eq!(again.status, Some(2), "{again:?}");
}

#[test]
fn a_resumed_run_keeps_its_definition() {
    let room = Room::with(&[("flow.json", &waiting(1))]);
    kill_while_waiting(&room, &["run", "flow.json", "--data", "d", "--name", "one"]);
    room.write("flow.json", br#"{"StartAt": "New", "States": {"New": {"Type": "Succeed"}}}"#);
    let done = room.stepwell(&["run", "flow.json", "--data", "d", "--resume"]);
    assert_eq!((done.status, done.stdout.as_str()), (Some(0), "{\"n\":1}\n"), "{done:?}");
    let warning =
        "warning: flow.json is not what one was started with: it goes on with the definition it was started with";
    assert!(done.stderr.contains(warning), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_can_be_resumed() {
    for (signal, status) in [("-INT", 130), ("-TERM", 143)] {
        let room = Room::with(&[("flow.json", &waiting(2))]);
        let mut run = room.start(&["run", "flow.json", "--data", "d", "--name", "one", "--limits", "off"]);
        run.wait_for("exited  Before");
        signal_to(&run, signal);
        let done = run.finish();
        assert_eq!((done.status, done.stdout.as_str()), (Some(status), ""), "{done:?}");
        let end = "error: the run was interrupted in Pause; one was not stopped and can go on\nhelp: go on with: ";
        let (_, command) = done.stderr.split_once(end).unwrap_or_else(|| panic!("{}", done.stderr));
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let done = room.stepwell(&words);
        assert_eq!((done.status, done.stdout.as_str()), (Some(0), "{\"n\":1}\n"), "{done:?}");
    }
}

#[cfg(unix)]
fn signal_to(run: &Started, signal: &str) {
    let status = std::process::Command::new("kill").args([signal, &run.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_store_belongs_to_one_process() {
    let room = Room::with(&[("flow.json", &waiting(60))]);
    let mut run = room.start(&["run", "flow.json", "--data", "d", "--name", "one"]);
    run.wait_for("exited  Before");
    for arguments in [&["run", "flow.json", "--data", "d"][..], &["executions", "list", "--data", "d"]] {
        let done = room.stepwell(arguments);
        let expected =
            "error: the store in d is in use by another process: stop that process, or name another directory\n";
        assert_eq!((done.status, done.stderr.as_str()), (Some(2), expected), "{done:?}");
    }
    run.kill();
}

#[test]
fn workers_answer_a_durable_run_also_after_a_kill() {
    let room = Room::with(&[("flow.json", &activity())]);
    let arguments = ["run", "flow.json", "--data", "d", "--api", "0"];
    let mut run = room.start(&[&arguments[..], &["--name", "one", "--input", r#"{"n": 1}"#]].concat());
    run.wait_for("waits   Work  for a worker of ");
    run.kill();
    // Nobody has taken the task yet: it is there for the next ones.
    let mut run = room.start(&[&arguments[..], &["--resume"]].concat());
    run.wait_for("waits   Work  for a worker of ");
    let token = Api::of(&mut run).take("ada");
    run.kill();
    let mut run = room.start(&[&arguments[..], &["--resume", "--json"]].concat());
    let api = Api::of(&mut run);
    assert_eq!(api.error("SendTaskSuccess", &json!({"taskToken": "forged", "output": "1"})), "InvalidToken");
    assert_eq!(api.call("SendTaskHeartbeat", &json!({"taskToken": token})), (200, json!({})));
    assert_eq!(api.call("SendTaskSuccess", &json!({"taskToken": token, "output": "[7]"})), (200, json!({})));
    let done = run.finish();
    assert_eq!((done.status, &done.json()["output"]), (Some(0), &json!([7])), "{done:?}");
}

#[test]
fn activities_go_to_their_routes_where_no_worker_can_come() {
    let routes = format!("[[route]]\nmatch = \"{ACTIVITY}\"\ninvoker = \"mock\"\nresult = \"done\"\n");
    let room = Room::with(&[("flow.json", &activity()), ("stepwell.toml", &routes)]);
    let done = room.stepwell(&["run", "flow.json", "--data", "d"]);
    assert_eq!((done.status, done.stdout.as_str()), (Some(0), "\"done\"\n"), "{done:?}");
}

#[test]
fn other_executions_go_on_meanwhile() {
    let room = Room::with(&[("slow.json", &waiting(1)), ("fast.json", &waiting(3))]);
    kill_while_waiting(&room, &["run", "slow.json", "--data", "d", "--name", "slow"]);
    let done = room.stepwell(&["run", "fast.json", "--data", "d", "--name", "fast"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    let told = "run     fast  goes on beside 1 in d that had not ended, with the same routes\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);
    assert!(!done.stderr.contains("slow"), "{}", done.stderr);
    let shown = room.stepwell(&["executions", "show", "slow", "--data", "d", "--json"]).json();
    assert_eq!(shown["status"], "SUCCEEDED");
}

/// A store with one execution that failed and one that waits.
fn two() -> Room {
    let room = Room::with(&[("flow.json", CHOICE), ("pause.json", &waiting(3600))]);
    let input = r#"{"ok": false}"#;
    let done = room.stepwell(&["run", "flow.json", "--data", "d", "--name", "bad", "--input", input, "--quiet"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    kill_while_waiting(&room, &["run", "pause.json", "--data", "d", "--name", "waits"]);
    room
}

fn timeless_json(done: &Done) -> String {
    fn without_times(value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(without_times),
            Value::Object(members) => {
                for (name, value) in members {
                    match name.ends_with("_at") || name == "timestamp" {
                        true => *value = json!("TIME"),
                        false => without_times(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut value = done.json();
    without_times(&mut value);
    value.to_string()
}

#[test]
fn executions_are_listed_newest_first() {
    let room = two();
    let list = |arguments: &[&str]| room.stepwell(&[&["executions", "list", "--data", "d"], arguments].concat());
    check(
        &list(&[]),
        &expect![[r#"
        status 0
        --- stdout
        NAME MACHINE STATUS STARTED DURATION REDRIVES
        waits pause RUNNING TIME __ s
        bad flow FAILED TIME __ s
        --- stderr
    "#]],
    );
    check(
        &list(&["--status", "failed", "--limit", "1"]),
        &expect![[r#"
        status 0
        --- stdout
        NAME MACHINE STATUS STARTED DURATION REDRIVES
        bad flow FAILED TIME __ s
        --- stderr
        these are the newest 1; --limit COUNT shows more
    "#]],
    );
    check(
        &list(&["--machine", "pause", "--status", "succeeded"]),
        &expect![[r#"
        status 0
        --- stdout
        --- stderr
        no executions like that are in d
    "#]],
    );
    check(
        &list(&["--machine", "other"]),
        &expect![[r#"
        status 2
        --- stdout
        --- stderr
        error: there is no state machine other in d
        help: there are: flow, pause
    "#]],
    );
    expect![[r#"[{"name":"waits","machine":"pause","arn":"arn:aws:states:us-east-1:123456789012:execution:pause:waits","status":"RUNNING","started_at":"TIME","redrive_count":0},{"name":"bad","machine":"flow","arn":"arn:aws:states:us-east-1:123456789012:execution:flow:bad","status":"FAILED","started_at":"TIME","stopped_at":"TIME","redrive_count":0}]"#]].assert_eq(&timeless_json(&list(&["--json"])));
}

#[test]
fn looking_does_not_set_anything_going() {
    let room = Room::with(&[("flow.json", &waiting(0).replace("\"Seconds\": 0", "\"Seconds\": 1"))]);
    kill_while_waiting(&room, &["run", "flow.json", "--data", "d", "--name", "one"]);
    let show = || room.stepwell(&["executions", "show", "one", "--data", "d", "--json"]).json();
    // Its time passes sooner or later, whether it is looked at or not.
    let started = show();
    loop {
        let now = room.stepwell(&["executions", "show", "one", "--data", "d"]);
        let running = now.stdout.lines().find_map(|line| line.strip_prefix("running   for ")).map(str::to_owned);
        if running
            .expect("it has not ended")
            .trim_end_matches(" s")
            .parse::<f64>()
            .is_ok_and(|seconds| (1.2..900.0).contains(&seconds))
        {
            break;
        }
    }
    assert_eq!((&show()["status"], show()), (&json!("RUNNING"), started));
}

#[test]
fn an_execution_is_shown() {
    let room = two();
    let show = |arguments: &[&str]| room.stepwell(&[&["executions", "show", "--data", "d"], arguments].concat());
    check(
        &show(&["bad"]),
        &expect![[r#"
        status 0
        --- stdout
        name bad
        machine flow
        arn arn:aws:states:us-east-1:123456789012:execution:flow:bad
        status FAILED
        started TIME
        ended TIME, after __ s
        input {
        "ok": false
        }
        error Order.Bad
        cause it is not ok
        --- stderr
    "#]],
    );
    let arn = "arn:aws:states:us-east-1:123456789012:execution:pause:waits";
    expect![[r#"{"name":"waits","machine":"pause","arn":"arn:aws:states:us-east-1:123456789012:execution:pause:waits","status":"RUNNING","input":{},"started_at":"TIME","redrive_count":0}"#]].assert_eq(&timeless_json(&show(&[arn, "--json"])));
    check(
        &show(&["none"]),
        &expect![[r#"
        status 2
        --- stdout
        --- stderr
        error: there is no execution none in d
        help: `stepwell executions list --data d` shows all
    "#]],
    );
    kill_while_waiting(&room, &["run", "pause.json", "--data", "d", "--name", "bad"]);
    check(
        &show(&["bad"]),
        &expect![[r#"
        status 2
        --- stdout
        --- stderr
        error: 2 executions in d are named bad
        help: name one by its ARN: arn:aws:states:us-east-1:123456789012:execution:flow:bad or arn:aws:states:us-east-1:123456789012:execution:pause:bad
    "#]],
    );
}

#[test]
fn a_history_is_a_table_or_aws_s_events() {
    let room = two();
    let history =
        |arguments: &[&str]| room.stepwell(&[&["executions", "history", "bad", "--data", "d"], arguments].concat());
    check(
        &history(&[]),
        &expect![[r#"
        status 0
        --- stdout
        ID TIME TYPE DETAIL
        1 __ s ExecutionStarted {"ok":false}
        2 __ s ChoiceStateEntered Check {"ok":false}
        3 __ s ChoiceStateExited Check {"ok":false}
        4 __ s FailStateEntered Bad {"ok":false}
        5 __ s ExecutionFailed Order.Bad: it is not ok
        --- stderr
    "#]],
    );
    check(
        &history(&["--reverse", "--limit", "2"]),
        &expect![[r#"
        status 0
        --- stdout
        ID TIME TYPE DETAIL
        5 __ s ExecutionFailed Order.Bad: it is not ok
        4 __ s FailStateEntered Bad {"ok":false}
        --- stderr
    "#]],
    );
    expect![[r#"[{"timestamp":"TIME","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"{\"ok\":false}","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/stepwell"}}]"#]].assert_eq(&timeless_json(&history(&["--json", "--limit", "1"])));
}

#[test]
fn an_execution_is_stopped() {
    let room = two();
    let stop = ["executions", "stop", "waits", "--data", "d", "--error", "Enough", "--cause", "it is late"];
    let done = room.stepwell(&stop);
    assert_eq!(done.status, Some(0), "{done:?}");
    let shown = room.stepwell(&["executions", "show", "waits", "--data", "d", "--json"]).json();
    let of = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((of("status"), of("error"), of("cause")), ("ABORTED".into(), "Enough".into(), "it is late".into()));
    let done = room.stepwell(&stop);
    assert_eq!((done.status, done.stderr.as_str()), (Some(2), "error: waits has ended already: it is ABORTED\n"));
}
