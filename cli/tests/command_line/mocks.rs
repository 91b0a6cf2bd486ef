//! Mocks in the format of Step Functions Local, scaled waits, and events of changed status: from the command line.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::harness::{Done, Room};

/// Waits an hour before the call and an hour between its attempts.
const ORDER: &str = r#"{ "StartAt": "Wait", "States": {
  "Wait": { "Type": "Wait", "Seconds": 3600, "Next": "Charge" },
  "Charge": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "FunctionName": "charge" },
    "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 3600 }], "End": true } } }"#;

const MOCKS: &str = r#"{
  "StateMachines": { "order": { "TestCases": {
    "HappyPath": { "Charge": "Paid" }, "Retries": { "Charge": "Busy" }, "Nothing": {} } } },
  "MockedResponses": {
    "Paid": { "0": { "Return": { "Payload": "paid" } } },
    "Busy": { "0-1": { "Throw": { "Error": "Busy", "Cause": "later" } }, "2": { "Return": "paid at last" } } } }"#;

fn room() -> Room {
    Room::with(&[("order.asl.json", ORDER), ("mocks.json", MOCKS)])
}

fn check(done: &Done, status: i32, stdout: &str, stderr: &str) {
    assert_eq!((done.status, done.stdout.trim()), (Some(status), stdout), "{done:?}");
    assert!(done.stderr.contains(stderr), "{done:?}");
}

#[test]
fn a_test_case_answers_for_a_run() {
    let room = room();
    let run = |more: &[&str]| room.stepwell(&[&["run", "order.asl.json", "--wait-scale", "0"], more].concat());
    check(&run(&["--mock-config", "mocks.json", "--test-case", "HappyPath"]), 0, r#"{"Payload":"paid"}"#, "");
    check(&run(&["--mock-config=mocks.json", "--test-case=Retries"]), 0, r#""paid at last""#, "");
    // A state that the test case does not name is called for real.
    check(&run(&["--mock-config=mocks.json", "--test-case=Nothing"]), 1, "", "No route leads to the function 'charge'");
    check(&run(&["--mock-config=mocks.json"]), 1, "", "No route leads to the function 'charge'");
    let none = "mocks.json has no test case 'Other' of 'order': there is HappyPath, Retries, Nothing";
    check(&run(&["--mock-config=mocks.json", "--test-case=Other"]), 2, "", none);
    check(&run(&["--test-case=HappyPath"]), 2, "", "--test-case needs a file with mocks");
    check(&run(&["--mock-config=missing.json", "--test-case=HappyPath"]), 2, "", "missing.json: ");
}

#[test]
fn the_variables_of_step_functions_local_count() {
    let room = room();
    let arguments = ["run", "order.asl.json", "--test-case", "HappyPath", "--virtual-clock"];
    check(&room.stepwell_with(("SFN_MOCK_CONFIG", "mocks.json"), &arguments), 0, r#"{"Payload":"paid"}"#, "");
    let arguments = ["run", "order.asl.json", "--mock-config", "mocks.json", "--test-case", "Retries"];
    check(&room.stepwell_with(("SFN_WAIT_SCALE", "0.000001"), &arguments), 0, r#""paid at last""#, "");
    let done = room.stepwell_with(("SFN_WAIT_SCALE", "fast"), &arguments);
    check(&done, 2, "", "a number is needed, such as 0.01");
    check(&room.stepwell_with(("SFN_WAIT_SCALE", "-1"), &arguments), 2, "", "a number from 0 to 1000 is needed");
}

#[test]
fn a_state_machine_of_another_name_is_found_by_its_only_test_case() {
    let room = room();
    room.write("workflow.asl.json", ORDER.as_bytes());
    let arguments = ["run", "workflow.asl.json", "--mock-config=mocks.json", "--test-case=HappyPath", "--wait-scale=0"];
    check(&room.stepwell(&arguments), 0, r#"{"Payload":"paid"}"#, "");
}

#[test]
fn a_durable_run_has_a_test_case_too() {
    let room = room();
    let run = ["run", "order.asl.json", "--data=data", "--name=e", "--wait-scale=0", "--mock-config=mocks.json"];
    check(&room.stepwell(&[&run[..], &["--test-case=Retries"]].concat()), 0, r#""paid at last""#, "is kept in data");
    // What goes on keeps the test case that it was started with.
    let resumed = [&run[..], &["--resume", "--test-case=HappyPath"]].concat();
    check(&room.stepwell(&resumed), 2, "", "cannot be used with");
}

fn send(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

fn call(address: &str, operation: &str, request: &Value) -> Value {
    let head = format!("POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: AWSStepFunctions.{operation}\r\n");
    serde_json::from_str(&send(address, &head, &request.to_string())).unwrap()
}

/// The body of one request, which is answered with 200.
fn received(listener: &TcpListener) -> Value {
    let (mut stream, _) = listener.accept().unwrap();
    let mut text = Vec::new();
    let (mut length, mut at) = (None, 0);
    while length.is_none_or(|length| text.len() < at + length) {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).unwrap();
        text.extend_from_slice(&part[..read]);
        if length.is_none()
            && let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
            length =
                head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse::<usize>().ok());
            at = end + 4;
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    serde_json::from_slice(&text[at..]).unwrap()
}

#[test]
fn a_server_takes_test_cases_and_tells_of_changes() {
    let room = room();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let events = format!("[events]\nurl = \"http://{}/\"\n", listener.local_addr().unwrap());
    room.write("stepwell.toml", events.as_bytes());
    let arguments = ["serve", "--addr=127.0.0.1:0", "--load=.", "--mock-config=mocks.json", "--wait-scale=0"];
    let mut server = room.start(&arguments);
    let address = server.wait_for("http://").split([' ', '"']).next().unwrap().to_owned();
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:order";
    let started = call(&address, "StartExecution", &json!({ "stateMachineArn": format!("{machine}#Retries") }));
    let arn = &started["executionArn"];
    let details: Vec<Value> = (0..2).map(|_| received(&listener)["detail"].clone()).collect();
    assert_eq!((&details[0]["status"], &details[0]["executionArn"]), (&json!("RUNNING"), arn));
    assert_eq!((&details[1]["status"], &details[1]["output"]), (&json!("SUCCEEDED"), &json!("\"paid at last\"")));
    let refused = call(&address, "StartExecution", &json!({ "stateMachineArn": format!("{machine}#Other") }));
    assert!(refused["message"].as_str().unwrap().contains("there is HappyPath, Retries, Nothing"), "{refused}");
    loop {
        let page = send(&address, &format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n"), "");
        assert!(page.contains("stepwell_status_events_dropped_total{reason=\"no_room\"} 0"), "{page}");
        // The server may not have seen the answer to the second yet.
        if page.contains("stepwell_status_events_delivered_total 2") {
            break;
        }
    }
    server.kill();
}

#[test]
fn a_server_does_not_begin_with_broken_mocks() {
    let room = Room::with(&[("mocks.json", r#"{"MockedResponses":{"R":{"0":{}}}}"#)]);
    let done = room.stepwell(&["serve", "--addr=127.0.0.1:0", "--mock-config=mocks.json"]);
    check(&done, 2, "", "mocks.json: MockedResponses.R.0 must have either Return or Throw, and nothing else");
}
