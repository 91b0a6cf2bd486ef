//! Changes of executions' status, as receivers hear of them: kind receivers, and others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value as Json, json};
use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::StateError;
use stepwell_engine::engine::StartExecution;
use stepwell_engine::invoke::config::Events;
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::status_events::{Counted, StatusEvents};
use stepwell_engine::store::Options;
use stepwell_engine::{Config, Engine};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Far more than any test needs.
const PATIENCE: Duration = Duration::from_secs(60);

struct Hang;

#[async_trait]
impl Invoker for Hang {
    async fn invoke(&self, _: &Task) -> Answer {
        std::future::pending().await
    }
}

/// A receiver that answers as it is told, and what it gets: the header `X-Amz-Target`, and the body.
async fn receiver(
    answer: impl Fn(usize) -> Response + Send + Sync + 'static,
) -> (u16, UnboundedReceiver<(String, Json)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (seen, sees) = unbounded_channel();
    let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    let app = axum::Router::new().fallback(any(move |request: Request| {
        let (answer, count, seen) = (answer.clone(), count.clone(), seen.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 4 << 20).await.expect("a body");
            let target = head.headers.get("x-amz-target").map(|value| value.to_str().expect("a text").to_owned());
            let _ = seen.send((target.unwrap_or_default(), serde_json::from_slice(&body).expect("JSON")));
            answer(count.fetch_add(1, Ordering::SeqCst))
        }
    }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (port, sees)
}

fn url(port: u16) -> Events {
    Events::Url(format!("http://127.0.0.1:{port}/events"))
}

async fn open(events: &Arc<StatusEvents>) -> Engine {
    let config = Config { observer: Some(events.clone()), ..Config::new(Options::memory(), Arc::new(Hang)) };
    Engine::open(config).await.expect("the engine opens")
}

async fn start(engine: &Engine, state: Json, kind: MachineType, input: Json) -> String {
    let definition = json!({ "StartAt": "A", "States": { "A": state } }).to_string();
    let machine = engine.register("m", &definition, kind).await.expect("it registers");
    let start =
        StartExecution { machine_arn: machine.arn.to_string(), input: Value::from(input), ..StartExecution::default() };
    engine.start(start).await.expect("it starts").arn.to_string()
}

async fn next(sees: &mut UnboundedReceiver<(String, Json)>) -> Json {
    tokio::time::timeout(PATIENCE, sees.recv()).await.expect("an event comes").expect("the receiver is there").1
}

fn pass() -> Json {
    json!({ "Type": "Pass", "End": true })
}

#[tokio::test]
async fn an_event_is_aws_s() {
    let (port, mut sees) = receiver(|_| StatusCode::OK.into_response()).await;
    let events = StatusEvents::start(&url(port));
    let engine = open(&events).await;
    let arn = start(&engine, pass(), MachineType::Standard, json!({ "a": "\"" })).await;
    let (began, ended) = (next(&mut sees).await, next(&mut sees).await);
    let there = engine.wait(&arn).await.expect("it ends");
    let detail = json!({
        "executionArn": arn,
        "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
        "name": &*there.name,
        "status": "RUNNING",
        "startDate": there.started_at.0,
        "stopDate": null,
        "input": r#"{"a":"\""}"#,
        "inputDetails": { "included": true },
        "output": null,
        "outputDetails": null,
    });
    assert_eq!(
        began,
        json!({
            "version": "0",
            "id": began["id"],
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "account": "123456789012",
            "time": began["time"],
            "region": "us-east-1",
            "resources": [arn],
            "detail": detail,
        })
    );
    let time = began["time"].as_str().expect("a text");
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    assert_ne!(began["id"], ended["id"]);
    let mut detail = detail;
    detail["status"] = json!("SUCCEEDED");
    detail["stopDate"] = json!(there.stopped_at.map(|at| at.0));
    detail["output"] = detail["input"].clone();
    detail["outputDetails"] = json!({ "included": true });
    assert_eq!(ended["detail"], detail);
}

#[tokio::test]
async fn every_end_is_told_and_express_executions_tell_nothing() {
    let (port, mut sees) = receiver(|_| StatusCode::NO_CONTENT.into_response()).await;
    let events = StatusEvents::start(&url(port));
    let engine = open(&events).await;
    let wait = json!({ "Type": "Wait", "Seconds": 1_000_000, "End": true });
    let mut ended = async |arn: &str, expected: &str| {
        for status in ["RUNNING", expected] {
            let event = next(&mut sees).await;
            assert_eq!((&event["detail"]["status"], &event["detail"]["executionArn"]), (&json!(status), &json!(arn)));
        }
    };
    let arn = start(&engine, json!({ "Type": "Fail", "Error": "E" }), MachineType::Standard, json!({})).await;
    ended(&arn, "FAILED").await;
    engine.redrive(&arn).await.expect("it is redriven");
    ended(&arn, "FAILED").await;
    let definition = json!({ "StartAt": "A", "TimeoutSeconds": 1, "States": { "A": wait.clone() } }).to_string();
    let machine = engine.register("timed", &definition, MachineType::Standard).await.expect("it registers");
    let timed = StartExecution { machine_arn: machine.arn.to_string(), ..StartExecution::default() };
    let arn = engine.start(timed).await.expect("it starts").arn;
    ended(&arn, "TIMED_OUT").await;
    let definition = json!({ "StartAt": "A", "States": { "A": pass() } }).to_string();
    let express = engine.register("express", &definition, MachineType::Express);
    let machine_arn = express.await.expect("it registers").arn.to_string();
    engine.run_express(StartExecution { machine_arn, ..StartExecution::default() }).await.expect("it runs");
    let definition = json!({ "StartAt": "A", "States": { "A": wait } }).to_string();
    let machine = engine.register("waiting", &definition, MachineType::Standard).await.expect("it registers");
    let waiting = StartExecution { machine_arn: machine.arn.to_string(), ..StartExecution::default() };
    let arn = engine.start(waiting).await.expect("it starts").arn;
    engine.stop(&arn, StateError::default()).await.expect("it stops");
    ended(&arn, "ABORTED").await;
    assert_eq!(events.finish(PATIENCE).await, 0);
    assert_eq!(events.counted(), Counted { delivered: 8, ..Counted::default() });
}

#[tokio::test]
async fn an_event_is_delivered_again_until_it_is_taken_and_those_after_it_wait() {
    let answers = [429, 500, 503, 200];
    let answer = move |count: usize| {
        StatusCode::from_u16(*answers.get(count).unwrap_or(&200)).expect("a status").into_response()
    };
    let (port, mut sees) = receiver(answer).await;
    let events = StatusEvents::start(&url(port));
    let engine = open(&events).await;
    start(&engine, pass(), MachineType::Standard, json!({})).await;
    let first = next(&mut sees).await;
    assert_eq!(first["detail"]["status"], "RUNNING");
    for _ in 0..3 {
        assert_eq!(next(&mut sees).await, first, "the same event, with the same id");
    }
    assert_eq!(next(&mut sees).await["detail"]["status"], "SUCCEEDED");
    assert_eq!(events.finish(PATIENCE).await, 0);
    assert_eq!(events.counted(), Counted { delivered: 2, retried: 3, ..Counted::default() });
}

#[tokio::test]
async fn a_receiver_that_refuses_is_counted() {
    let (port, _sees) = receiver(|_| StatusCode::BAD_REQUEST.into_response()).await;
    let events = StatusEvents::start(&url(port));
    let engine = open(&events).await;
    start(&engine, pass(), MachineType::Standard, json!({})).await;
    engine.shutdown(PATIENCE).await.expect("it ends");
    assert_eq!(events.finish(PATIENCE).await, 0);
    assert_eq!(events.counted(), Counted { refused: 2, ..Counted::default() });
}

#[tokio::test]
async fn a_receiver_that_hangs_keeps_nobody_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let events = StatusEvents::start(&url(listener.local_addr().expect("an address").port()));
    let engine = open(&events).await;
    for _ in 0..100 {
        let arn = start(&engine, pass(), MachineType::Standard, json!({})).await;
        tokio::time::timeout(PATIENCE, engine.wait(&arn)).await.expect("it ends").expect("it is there");
    }
    assert_eq!(events.counted().delivered, 0);
    assert_eq!(events.finish(Duration::ZERO).await, 200, "what is lost is told");
}

#[tokio::test]
async fn payloads_that_are_too_long_are_left_out() {
    let (port, mut sees) = receiver(|_| StatusCode::OK.into_response()).await;
    let events = StatusEvents::start(&url(port));
    let engine = open(&events).await;
    // Each fits by itself; together they do not.
    start(&engine, pass(), MachineType::Standard, json!("x".repeat(130 * 1024))).await;
    assert_eq!(next(&mut sees).await["detail"]["inputDetails"], json!({ "included": true }));
    let ended = next(&mut sees).await["detail"].clone();
    assert_eq!((&ended["input"], &ended["inputDetails"]), (&Json::Null, &json!({ "included": false })));
    assert_eq!(ended["outputDetails"], json!({ "included": true }));
    // Quotes count twice.
    start(&engine, pass(), MachineType::Standard, json!("\"".repeat(90 * 1024))).await;
    assert_eq!(next(&mut sees).await["detail"]["inputDetails"], json!({ "included": false }));
    let ended = next(&mut sees).await["detail"].clone();
    assert_eq!((&ended["output"], &ended["outputDetails"]), (&Json::Null, &json!({ "included": false })));
}

#[tokio::test]
async fn eventbridge_gets_put_events() {
    let answer = |count: usize| {
        let failed = json!({ "FailedEntryCount": 1, "Entries": [{ "ErrorCode": "ThrottlingException" }] });
        let taken = json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "1" }] });
        (if count == 0 { failed } else { taken }).to_string().into_response()
    };
    let (port, mut sees) = receiver(answer).await;
    let events = StatusEvents::start(&Events::EventBridge(format!("http://127.0.0.1:{port}")));
    let engine = open(&events).await;
    let arn = start(&engine, pass(), MachineType::Standard, json!({})).await;
    let (target, first) = tokio::time::timeout(PATIENCE, sees.recv()).await.expect("it comes").expect("it is there");
    assert_eq!(target, "AWSEvents.PutEvents");
    assert_eq!(next(&mut sees).await, first, "what was not taken comes again");
    let entry = &first["Entries"][0];
    assert_eq!(
        (&entry["Source"], &entry["DetailType"], &entry["Resources"]),
        (&json!("aws.states"), &json!("Step Functions Execution Status Change"), &json!([arn]))
    );
    let detail: Json = serde_json::from_str(entry["Detail"].as_str().expect("a text")).expect("JSON");
    assert_eq!((&detail["status"], &detail["executionArn"]), (&json!("RUNNING"), &json!(arn)));
    let started_ms = detail["startDate"].as_f64().expect("a number");
    assert_eq!(entry["Time"].as_f64(), Some(started_ms / 1000.0));
}
