//! What operators see and do: health, metrics, resets.

use serde_json::json;
use stepwell_api::server::Settings;

use crate::harness::{Running, renew, start};

async fn create(running: &Running, name: &str, definition: &str) -> String {
    let request = json!({
        "name": name, "definition": definition, "type": "STANDARD",
        "roleArn": "arn:aws:iam::123456789012:role/x",
    });
    let created = running.call("CreateStateMachine", &request.to_string()).await.json();
    created["stateMachineArn"].as_str().unwrap().to_owned()
}

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const FAIL: &str = r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}"#;
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":50,"End":true}}}"#;

/// Starts an execution, and waits until it has this status.
async fn run(running: &Running, name: &str, definition: &str, status: &str) {
    let machine = create(running, name, definition).await;
    let started = running.call("StartExecution", &json!({ "stateMachineArn": machine }).to_string()).await.json();
    let describe = json!({ "executionArn": started["executionArn"] }).to_string();
    while running.call("DescribeExecution", &describe).await.json()["status"] != status {}
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_happened_is_counted() {
    let running = start(Settings::default()).await;
    run(&running, "passes", PASS, "SUCCEEDED").await;
    run(&running, "fails", FAIL, "FAILED").await;
    run(&running, "waits", WAIT, "RUNNING").await;
    running.call("DescribeExecution", "{}").await;
    running.call("NoSuchOperation", "{}").await;
    let page = loop {
        let page = running.get("/metrics").await;
        if page.body.contains("\nstepwell_timers 1\n") {
            break page;
        }
    };
    assert!(page.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{page:?}");
    for line in [
        "stepwell_executions_started_total 3",
        "stepwell_executions_ended_total{status=\"SUCCEEDED\"} 1",
        "stepwell_executions_ended_total{status=\"FAILED\"} 1",
        "stepwell_executions_ended_total{status=\"ABORTED\"} 0",
        "stepwell_executions_running 1",
        "stepwell_turns_total 3",
        "stepwell_queue_depth{queue=\"commands\"} 0",
        "stepwell_requests_total{operation=\"CreateStateMachine\",code=\"OK\"} 3",
        "stepwell_requests_total{operation=\"DescribeExecution\",code=\"ValidationException\"} 1",
        "stepwell_requests_total{operation=\"unknown\",code=\"UnknownOperationException\"} 1",
        "stepwell_request_duration_seconds_count{operation=\"StartExecution\"} 3",
        "stepwell_commit_duration_seconds_count 3",
        "stepwell_commit_duration_seconds_bucket{le=\"+Inf\"} 3",
        "stepwell_connections 1",
    ] {
        assert!(page.body.lines().any(|found| found == line), "{line} is not in\n{}", page.body);
    }
    is_well_formed(&page.body);
}

/// Every sample belongs to a family that was introduced before it, and has a number.
#[track_caller]
fn is_well_formed(page: &str) {
    let mut family = "";
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            family = kind.split(' ').next().unwrap();
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(!family.is_empty() && name.starts_with(family), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_that_the_engine_has_stopped() {
    let running = start(Settings::default()).await;
    let healthy = running.get("/health").await;
    assert_eq!((healthy.status, healthy.json()), (200, json!({ "status": "ok" })));

    running.serving.api().engine().shutdown(std::time::Duration::from_secs(5)).await.unwrap();
    let stopped = running.get("/health").await;
    assert_eq!((stopped.status, &stopped.json()["status"]), (503, &json!("stopped")));
    let refused =
        running.call("ListExecutions", r#"{"stateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:x"}"#);
    assert!(refused.await.status >= 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_leaves_nothing_where_it_is_allowed() {
    let request = |running: &Running| {
        format!("POST /_stepwell/reset HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n", running.address)
    };
    let running = start(Settings::default()).await;
    create(&running, "stays", PASS).await;
    let refused = running.send(&request(&running)).await;
    assert_eq!(refused.status, 403);
    assert!(refused.message().contains("--allow-reset"), "{refused:?}");
    assert!(running.call("ListStateMachines", "{}").await.body.contains("stays"));

    let running = start(Settings { reset: Some(renew()), ..Settings::default() }).await;
    run(&running, "goes", WAIT, "RUNNING").await;
    let done = running.send(&request(&running)).await;
    assert_eq!((done.status, done.json()), (200, json!({})));
    assert_eq!(running.call("ListStateMachines", "{}").await.json(), json!({ "stateMachines": [] }));
    assert_eq!(running.call("ListActivities", "{}").await.json(), json!({ "activities": [] }));
    run(&running, "goes", PASS, "SUCCEEDED").await;
    assert_eq!(running.get("/health").await.status, 200);
}
