//! Two thousand workers that poll at once, each on a connection of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::connection::{Connection, request, serve};
use crate::world::{ROLE, World};

/// AWS lets a thousand workers poll an activity.
const ACTIVITIES: usize = 4;
const WORKERS_EACH: usize = 500;

/// Longer than this test takes: a poll ends with a task, or not at all.
const POLL: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_workers_get_a_task_each() {
    files_for(2 * ACTIVITIES * WORKERS_EACH + 200);
    let world = World::open(POLL).await;
    let (address, serving) = serve(world.api.clone()).await;
    let mut client = Connection::open(address).await;
    let (mut machines, mut workers) = (Vec::new(), Vec::new());
    for activity in 0..ACTIVITIES {
        let made = client.ask("CreateActivity", &json!({ "name": format!("work-{activity}") })).await;
        let arn = made["activityArn"].as_str().unwrap().to_owned();
        let definition = json!({"StartAt": "W", "States": {"W": {"Type": "Task", "Resource": arn, "End": true}}});
        let machine = json!({"name": format!("m-{activity}"), "definition": definition.to_string(), "roleArn": ROLE});
        let made = client.ask("CreateStateMachine", &machine).await;
        machines.push(made["stateMachineArn"].as_str().unwrap().to_owned());
        for worker in 0..WORKERS_EACH {
            let mut connection = Connection::open(address).await;
            let poll = json!({"activityArn": arn, "workerName": format!("w{worker}")}).to_string();
            connection.stream.write_all(&request("GetActivityTask", poll.as_bytes())).await.unwrap();
            workers.push(connection);
        }
    }
    // None of the polls can end yet, and the others do not wait for them.
    let mut executions = Vec::new();
    for number in 0..ACTIVITIES * WORKERS_EACH {
        let machine = &machines[number % ACTIVITIES];
        if number % 100 == 0 {
            client.ask("ListExecutions", &json!({ "stateMachineArn": machine })).await;
        }
        let start = json!({"stateMachineArn": machine, "input": number.to_string()});
        let started = client.ask("StartExecution", &start).await;
        executions.push(started["executionArn"].as_str().unwrap().to_owned());
    }
    let mut inputs = BTreeSet::new();
    for worker in &mut workers {
        let task = worker.response().await.unwrap().json();
        let input: usize = task["input"].as_str().unwrap_or_else(|| panic!("{task}")).parse().unwrap();
        assert!(inputs.insert(input), "task {input} was handed out twice");
        let done = json!({"taskToken": task["taskToken"], "output": input.to_string()});
        client.ask("SendTaskSuccess", &done).await;
    }
    assert_eq!(inputs.len(), executions.len());
    for (number, execution) in executions.iter().enumerate() {
        world.api.engine().wait(execution).await.unwrap();
        let described = client.ask("DescribeExecution", &json!({ "executionArn": execution })).await;
        assert_eq!((&described["status"], &described["output"]), (&json!("SUCCEEDED"), &json!(number.to_string())));
    }
    serving.finish().await;
}

/// Lets this process have so many files open, where its limit can still be raised.
fn files_for(count: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = count as u64;
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }).unwrap();
    }
}
