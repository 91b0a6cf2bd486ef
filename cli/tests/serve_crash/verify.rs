//! Whether what a ledger has is there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::ledger::{Known, Ledger, Machine};

/// Checks everything that was acknowledged.
pub fn acknowledged(address: &str, ledger: &Ledger) {
    let mut client = Client::to(address).unwrap();
    for (arn, known) in &ledger.executions {
        let there = client.ask("DescribeExecution", &json!({ "executionArn": arn })).unwrap();
        match known {
            Known::Started => assert_ne!(there["status"], "ABORTED", "{there}"),
            Known::Stopped(error) => {
                assert_eq!((&there["status"], &there["error"]), (&json!("ABORTED"), &json!(error)), "{there}");
            }
            Known::Answered(output) => {
                let expected = json!(output.to_string());
                assert_eq!((&there["status"], &there["output"]), (&json!("SUCCEEDED"), &expected), "{there}");
            }
        }
    }
    for (arn, known) in &ledger.machines {
        machine(&mut client, arn, known);
    }
    for (arn, deleted) in &ledger.activities {
        let (status, answer) = client.call("DescribeActivity", &json!({ "activityArn": arn })).unwrap();
        assert_eq!(status, if *deleted { 400 } else { 200 }, "{arn}: {answer}");
    }
}

fn machine(client: &mut Client, arn: &str, known: &Machine) {
    let (status, there) = client.call("DescribeStateMachine", &json!({ "stateMachineArn": arn })).unwrap();
    if known.deleted {
        assert_eq!(status, 400, "{there}");
        return;
    }
    assert_eq!((status, &there["definition"]), (200, &json!(known.definition)), "{there}");
    let listed = client.ask("ListStateMachineVersions", &json!({ "stateMachineArn": arn })).unwrap();
    let versions: Vec<&str> = listed["stateMachineVersions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|version| version["stateMachineVersionArn"].as_str())
        .collect();
    assert_eq!(versions, known.versions);
    if let Some(alias) = &known.alias {
        let there = client.ask("DescribeStateMachineAlias", &json!({ "stateMachineAliasArn": alias })).unwrap();
        assert_eq!(there["routingConfiguration"][0]["stateMachineVersionArn"], known.versions[0]);
    }
    let tags = client.ask("ListTagsForResource", &json!({ "resourceArn": arn })).unwrap();
    let tags = tags["tags"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tags: BTreeMap<String, String> = tags.map(|tag| (text(&tag["key"]), text(&tag["value"]))).collect();
    assert_eq!(tags, known.tags);
}

/// Answers what waits for a worker until every execution has ended, those included that nobody was told of, and reads
/// their histories.
pub fn every_execution_ends(address: &str, ledger: &Ledger) {
    for activity in ledger.activities.iter().filter(|(_, gone)| !**gone).map(|(arn, _)| arn.clone()) {
        let mut worker = Client::to(address).unwrap();
        // A poll ends with a task, or with the server.
        std::thread::spawn(move || {
            while let Ok((_, task)) = worker.call("GetActivityTask", &json!({ "activityArn": activity }))
                && let Some(token) = task["taskToken"].as_str()
                && worker.call("SendTaskSuccess", &json!({"taskToken": token, "output": "{}"})).is_ok()
            {}
        });
    }
    let mut client = Client::to(address).unwrap();
    for machine in ledger.machines.iter().filter(|(_, known)| !known.deleted).map(|(arn, _)| arn) {
        for execution in executions(&mut client, machine) {
            history(&mut client, &execution);
        }
    }
}

fn executions(client: &mut Client, machine: &str) -> Vec<String> {
    let listed = client.ask("ListExecutions", &json!({"stateMachineArn": machine, "maxResults": 1000})).unwrap();
    assert!(listed["nextToken"].is_null(), "a thousand executions of one machine are more than this test starts");
    let executions = listed["executions"].as_array().unwrap().iter();
    executions.map(|line| line["executionArn"].as_str().unwrap().to_owned()).collect()
}

/// Waits for the end, and checks that the history is whole.
fn history(client: &mut Client, execution: &str) {
    let status = loop {
        let there = client.ask("DescribeExecution", &json!({ "executionArn": execution })).unwrap();
        match there["status"].as_str().unwrap() {
            "RUNNING" => std::thread::yield_now(),
            status => break status.to_owned(),
        }
    };
    let (mut events, mut next) = (Vec::new(), Value::Null);
    loop {
        let request = json!({"executionArn": execution, "maxResults": 7, "nextToken": next});
        let mut page = client.ask("GetExecutionHistory", &request).unwrap();
        events.append(page["events"].as_array_mut().unwrap());
        next = page["nextToken"].take();
        if next.is_null() {
            break;
        }
    }
    let ids: Vec<u64> = events.iter().filter_map(|event| event["id"].as_u64()).collect();
    assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>(), "{execution}");
    let follows = |event: &Value| event["previousEventId"].as_u64().unwrap() < event["id"].as_u64().unwrap();
    assert!(events.iter().all(follows), "{execution}: {events:?}");
    let ends = ["ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"];
    let ended: Vec<&str> =
        events.iter().filter_map(|event| event["type"].as_str()).filter(|kind| ends.contains(kind)).collect();
    let expected = match &*status {
        "SUCCEEDED" => "ExecutionSucceeded",
        "FAILED" => "ExecutionFailed",
        "ABORTED" => "ExecutionAborted",
        other => panic!("{execution} is {other}"),
    };
    assert_eq!(ended, [expected], "{execution}");
    assert_eq!(events.last().unwrap()["type"], expected, "{execution}");
}
