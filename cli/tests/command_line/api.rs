//! `stepwell run --api`, as callbacks and activity workers call it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::harness::{Room, Started};

pub const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:work";

pub fn activity() -> String {
    format!(
        r#"{{"StartAt": "Work", "States": {{"Work": {{"Type": "Task", "Resource": "{ACTIVITY}",
            "Catch": [{{"ErrorEquals": ["Worker.Tired"], "Next": "Caught"}}], "End": true}},
            "Caught": {{"Type": "Pass", "End": true}}}}}}"#
    )
}

/// The API of a run that has begun.
pub struct Api(String);

impl Api {
    pub fn of(run: &mut Started) -> Api {
        Api(run.wait_for("http://"))
    }

    pub fn call(&self, operation: &str, request: &Value) -> (u16, Value) {
        let body = request.to_string();
        let target = format!("X-Amz-Target: AWSStepFunctions.{operation}\r\n");
        let (status, answer) = post(&self.0, &target, &body);
        (status, serde_json::from_str(&answer).unwrap_or_else(|why| panic!("{why}: {answer}")))
    }

    pub fn take(&self, worker: &str) -> String {
        let (status, task) = self.call("GetActivityTask", &json!({"activityArn": ACTIVITY, "workerName": worker}));
        assert_eq!((status, task["input"].as_str()), (200, Some(r#"{"n":1}"#)), "{task}");
        task["taskToken"].as_str().unwrap().to_owned()
    }

    pub fn error(&self, operation: &str, request: &Value) -> String {
        let (status, answer) = self.call(operation, request);
        assert_eq!(status, 400, "{answer}");
        assert!(answer["message"].is_string(), "{answer}");
        answer["__type"].as_str().unwrap().to_owned()
    }
}

fn post(address: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-amz-json-1.0\r\n{headers}\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn started(room: &Room) -> (Started, Api) {
    let mut run = room.start(&["run", "flow.json", "--input", r#"{"n": 1}"#, "--api", "0", "--history"]);
    let api = Api::of(&mut run);
    (run, api)
}

#[test]
fn a_worker_takes_an_activity_s_task_and_answers() {
    let room = Room::with(&[("flow.json", &activity())]);
    let (run, api) = started(&room);
    let token = api.take("ada");
    assert_eq!(api.call("SendTaskHeartbeat", &json!({"taskToken": token})), (200, json!({})));
    let success = json!({"taskToken": token, "output": "{\"done\": true}"});
    assert_eq!(api.call("SendTaskSuccess", &success), (200, json!({})));
    let done = run.finish();
    assert_eq!((done.status, &done.json()["output"]), (Some(0), &json!({"done": true})), "{done:?}");
    let history = done.json()["history"].clone();
    let of = |kind: &str| history.as_array().unwrap().iter().find(|event| event["type"] == kind).cloned().unwrap();
    assert_eq!(of("ActivityStarted")["activityStartedEventDetails"]["workerName"], "ada");
}

#[test]
fn a_worker_s_failure_is_the_state_s() {
    let room = Room::with(&[("flow.json", &activity())]);
    let (run, api) = started(&room);
    let failure = json!({"taskToken": api.take("ada"), "error": "Worker.Tired", "cause": "it is late"});
    assert_eq!(api.call("SendTaskFailure", &failure), (200, json!({})));
    let done = run.finish();
    assert_eq!(done.json()["output"], json!({"Error": "Worker.Tired", "Cause": "it is late"}), "{done:?}");
}

#[test]
fn a_task_is_handed_to_one_worker_and_answered_once() {
    let text = activity()
        .replace("\"End\": true}, ", "\"Next\": \"Again\"}, ")
        .replace("\"End\": true},\n", "\"Next\": \"Again\"},\n");
    let again = format!(
        r#""Again": {{"Type": "Task", "Resource": "{ACTIVITY}", "InputPath": "$$.Execution.Input", "End": true}}, "Caught""#
    );
    let room = Room::with(&[("flow.json", &text.replace("\"Caught\": {", &format!("{again}: {{")))]);
    let (run, api) = started(&room);
    let first = api.take("ada");
    let success = |token: &str| json!({"taskToken": token, "output": "1"});
    std::thread::scope(|scope| {
        // The second worker waits until there is something to do: the next state's task, not the first one again.
        let second = scope.spawn(|| api.take("bob"));
        assert_eq!(api.call("SendTaskSuccess", &success(&first)).0, 200);
        let second = second.join().unwrap();
        assert_ne!(first, second);
        assert_eq!(api.error("SendTaskSuccess", &success(&first)), "TaskTimedOut");
        assert_eq!(api.error("SendTaskHeartbeat", &json!({"taskToken": first})), "TaskTimedOut");
        assert_eq!(api.call("SendTaskSuccess", &success(&second)).0, 200);
    });
    assert_eq!(run.finish().status, Some(0));
}

#[test]
fn wrong_calls_are_answered_in_aws_s_words() {
    let room = Room::with(&[("flow.json", &activity())]);
    let (run, api) = started(&room);
    let token = api.take("ada");
    let of = |token: &str, output: &str| json!({"taskToken": token, "output": output});
    for (operation, request, expected) in [
        ("SendTaskSuccess", of("forged", "1"), "InvalidToken"),
        ("SendTaskSuccess", of(&token, "{"), "InvalidOutput"),
        ("SendTaskSuccess", of(&token, &format!("\"{}\"", "x".repeat(262_143))), "ValidationException"),
        ("SendTaskSuccess", of(&token, &"x".repeat(3 << 20)), "ValidationException"),
        ("SendTaskSuccess", json!({"output": "1"}), "ValidationException"),
        ("SendTaskSuccess", json!([]), "SerializationException"),
        ("SendTaskFailure", json!({"taskToken": token, "error": "x".repeat(257)}), "ValidationException"),
        ("GetActivityTask", json!({"activityArn": "nonsense"}), "InvalidArn"),
        ("GetActivityTask", json!({"activityArn": ACTIVITY.replace("work", "other")}), "ActivityDoesNotExist"),
        ("StartExecution", json!({}), "UnknownOperationException"),
    ] {
        assert_eq!(api.error(operation, &request), expected, "{operation} {:.200}", request.to_string());
    }
    let (status, answer) = post(&api.0, "", "{}");
    assert_eq!(status, 400);
    assert!(answer.contains("UnknownOperationException"), "{answer}");
    assert_eq!(api.call("SendTaskSuccess", &of(&token, "1")).0, 200);
    assert_eq!(run.finish().status, Some(0));
}

#[test]
fn a_callback_s_token_reaches_the_function_and_comes_back() {
    let function = TcpListener::bind("127.0.0.1:0").unwrap();
    let route = format!(
        "[[route]]\nmatch = \"ask\"\ninvoker = \"http\"\nurl = \"http://{}/\"\n",
        function.local_addr().unwrap()
    );
    let text = r#"{"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}}}}"#;
    let room = Room::with(&[("flow.json", text), ("stepwell.toml", &route)]);
    let (mut run, api) = started(&room);
    let token = answer_one(&function)["token"].as_str().unwrap().to_owned();
    assert_eq!(run.wait_for("for its task token "), token);
    let success = json!({"taskToken": token, "output": "\"approved\""});
    assert_eq!(api.call("SendTaskSuccess", &success), (200, json!({})));
    let done = run.finish();
    assert_eq!(done.json()["output"], "approved", "{done:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_as_one_that_is_stopped() {
    let room = Room::with(&[("flow.json", &activity())]);
    let (mut run, _) = started(&room);
    run.wait_for("for a worker of ");
    let status = std::process::Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(status.success());
    let done = run.finish();
    let last = done.json()["history"].as_array().and_then(|events| events.last().cloned()).unwrap();
    assert_eq!((done.status, last["type"].as_str()), (Some(130), Some("ExecutionAborted")), "{done:?}");
    assert!(done.stderr.ends_with("error: the execution was interrupted in Work\n"), "{}", done.stderr);
}

/// Answers one call of a function, and gives what it was called with.
fn answer_one(function: &TcpListener) -> Value {
    let (mut stream, _) = function.accept().unwrap();
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "the request ended early");
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request);
        if let Some(payload) = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()) {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").unwrap();
            return payload;
        }
    }
}
