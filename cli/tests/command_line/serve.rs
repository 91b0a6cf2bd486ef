//! `stepwell serve` as a process: what it refuses, what it loads and logs, and how it ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Room, Started};

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":900,"End":true}}}"#;

/// A server that has begun, and where it listens.
pub fn serve(room: &Room, arguments: &[&str]) -> (Started, String) {
    let mut server = room.start(&[&["serve", "--addr", "127.0.0.1:0"], arguments].concat());
    let address = server.wait_for("http://").split([' ', '"']).next().unwrap().to_owned();
    (server, address)
}

fn send(address: &str, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

pub fn call(address: &str, operation: &str, request: &Value) -> Value {
    let head = format!("POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: AWSStepFunctions.{operation}\r\n");
    let (_, body) = send(address, &head, &request.to_string());
    serde_json::from_str(&body).unwrap_or_else(|why| panic!("{why}: {body}"))
}

pub fn machines(address: &str) -> Vec<(String, String)> {
    let listed = call(address, "ListStateMachines", &json!({}));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let machines = listed["stateMachines"].as_array().unwrap().iter();
    let mut machines: Vec<_> = machines.map(|one| (text(&one["name"]), text(&one["type"]))).collect();
    machines.sort();
    machines
}

/// Ends a server as service managers do.
pub fn terminate(server: Started) -> crate::harness::Done {
    let killed = Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(killed.success());
    server.finish()
}

#[test]
fn what_would_be_unsafe_or_cannot_be_is_refused() {
    let room = Room::with(&[
        ("keys", "[a]\naws_access_key_id = A\n"),
        ("bad/order.asl.json", r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Next":"Nowhere"}}}"#),
        ("twice/a.asl.json", PASS),
        ("twice/b/a.asl.yaml", PASS),
    ]);
    let check = |arguments: &[&str], expected: &[&str]| {
        let done = room.stepwell(&[&["serve"], arguments].concat());
        assert_eq!(done.status, Some(2), "{done:?}");
        for text in expected {
            assert!(done.stderr.contains(text), "'{text}' is not in {}", done.stderr);
        }
    };
    check(&["--addr", "0.0.0.0:0"], &["0.0.0.0:0 can be reached from other machines", "--auth sigv4"]);
    check(&["--addr", "[::]:0"], &["--auth sigv4"]);
    check(&["--auth", "sigv4"], &["--credentials <FILE>"]);
    check(&["--auth", "sigv4", "--credentials", "keys"], &["keys:1: this section has no aws_secret_access_key"]);
    check(&["--auth", "sigv4", "--credentials", "absent"], &["absent cannot be read"]);
    check(&["--tls-cert", "keys", "--tls-key", "keys"], &["keys: there is no certificate in it"]);
    check(&["--tls-cert", "keys"], &["--tls-key <FILE>"]);
    check(&["--allow-reset", "--data", "d"], &["--allow-reset", "--data"]);
    check(&["--allow-host", "http://x"], &["--allow-host http://x is no name"]);
    check(&["--log", "loud=very"], &["'loud=very' is no filter"]);
    check(&["--watch"], &["--watch needs --load <DIR> or --template <FILE>"]);
    check(&["--load", "absent"], &["absent cannot be read"]);
    check(&["--load", "bad"], &["bad/order.asl.json", "Nowhere", "1 of 1 definitions in bad cannot be registered"]);
    check(&["--load", "twice"], &["would both be the state machine a"]);
    check(&["--execution-log", "absent/log"], &["absent/log cannot be written"]);
}

#[test]
fn definitions_are_loaded_and_watched() {
    let room = Room::with(&[
        ("machines/order.asl.json", PASS),
        ("machines/deep/quick.express.asl.yaml", "StartAt: P\nStates:\n  P:\n    Type: Pass\n    End: true\n"),
        ("machines/notes.json", "no definition"),
    ]);
    let (server, address) = serve(&room, &["--load", "machines", "--watch", "--allow-reset"]);
    let named = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let first = [named("order", "STANDARD"), named("quick", "EXPRESS")];
    assert_eq!(machines(&address), first);
    room.write("machines/late.asl.json", PASS.as_bytes());
    while machines(&address).len() < 3 {}
    room.write("machines/order.asl.json", WAIT.as_bytes());
    let order = json!({ "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:order" });
    while !call(&address, "DescribeStateMachine", &order)["definition"].as_str().unwrap().contains("Wait") {}
    // A reset leaves what a start would.
    let reset = format!("POST /_stepwell/reset HTTP/1.1\r\nHost: {address}\r\n");
    assert_eq!(send(&address, &reset, "").0, 200);
    assert_eq!(machines(&address).len(), 3);
    let done = terminate(server);
    assert_eq!(done.status, Some(0), "{done:?}");
}

#[test]
fn it_ends_soon_when_it_is_asked_to_and_goes_on_where_it_was() {
    let room = Room::with(&[]);
    let (server, address) = serve(&room, &["--data", "data"]);
    let definition = json!({ "name": "w", "definition": WAIT, "roleArn": "arn:aws:iam::123456789012:role/x" });
    let machine = call(&address, "CreateStateMachine", &definition);
    let started = call(&address, "StartExecution", &json!({ "stateMachineArn": machine["stateMachineArn"] }));
    let activity = call(&address, "CreateActivity", &json!({ "name": "a" }));
    let request = json!({ "activityArn": activity["activityArn"] });
    let poll = {
        let address = address.clone();
        std::thread::spawn(move || call(&address, "GetActivityTask", &request))
    };
    let metrics = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n");
    while !send(&address, &metrics, "").1.contains("\nstepwell_connections 2\n") {}
    let done = terminate(server);
    assert_eq!(done.status, Some(0), "{done:?}");
    drop(poll.join()); // it was answered, or its connection ended

    let (server, address) = serve(&room, &["--data", "data"]);
    let metrics = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n");
    assert!(send(&address, &metrics, "").1.contains("\nstepwell_executions_running 1\n"));
    let described = call(&address, "DescribeExecution", &json!({ "executionArn": started["executionArn"] }));
    assert_eq!(described["status"], "RUNNING");
    assert_eq!(terminate(server).status, Some(0));
}

#[test]
fn logs_are_json_and_hold_no_payloads_unless_they_are_asked_for() {
    let secret = "of-nobody-s-business";
    for (filter, told) in [("trace", false), ("info,stepwell::payload=trace,stepwell::request=debug", true)] {
        let room = Room::with(&[("machines/order.asl.json", PASS)]);
        let (server, address) = serve(&room, &["--load", "machines", "--log", filter, "--log-format", "json"]);
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:order";
        let input = json!({ "secret": secret }).to_string();
        let started = call(&address, "StartExecution", &json!({ "stateMachineArn": machine, "input": input }));
        assert!(started["executionArn"].is_string(), "{started}");
        let done = terminate(server);
        assert_eq!(done.stderr.contains(secret), told, "{}", done.stderr);
        let line = |line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        let lines: Vec<Value> = done.stderr.lines().map(line).collect();
        let request = |line: &&Value| line["operation"] == "StartExecution" && line["target"] == "stepwell::request";
        let request = lines.iter().find(request).unwrap();
        assert_eq!((&request["status"], &request["level"]), (&json!(200), &json!("DEBUG")));
        assert!(request["request_id"].is_string() && request["duration_ms"].is_number(), "{request}");
    }
}

#[test]
fn what_state_machines_log_is_written_to_a_file() {
    let room = Room::with(&[]);
    let (server, address) = serve(&room, &["--execution-log", "log"]);
    let group =
        json!({ "cloudWatchLogsLogGroup": { "logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:g:*" } });
    let create = |name: &str, logging: Value| {
        let request = json!({
            "name": name, "definition": PASS, "roleArn": "arn:aws:iam::123456789012:role/x",
            "loggingConfiguration": logging,
        });
        let machine = call(&address, "CreateStateMachine", &request);
        let start = json!({ "stateMachineArn": machine["stateMachineArn"], "name": "e" });
        call(&address, "StartExecution", &start)["executionArn"].as_str().unwrap().to_owned()
    };
    let all = json!({ "level": "ALL", "includeExecutionData": true, "destinations": [group] });
    let logged = create("logged", all);
    let silent = create("silent", json!({ "level": "OFF" }));
    for arn in [&logged, &silent] {
        while call(&address, "DescribeExecution", &json!({ "executionArn": arn }))["status"] != "SUCCEEDED" {}
    }
    assert_eq!(terminate(server).status, Some(0));
    let text = std::fs::read_to_string(room.path().join("log")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]);
    assert!(lines.iter().all(|line| line["execution_arn"] == json!(logged)), "{text}");
    assert_eq!((&lines[1]["id"], &lines[1]["previous_event_id"]), (&json!("2"), &json!("0")));
    assert_eq!(lines[3]["details"]["output"], "{}");
}
