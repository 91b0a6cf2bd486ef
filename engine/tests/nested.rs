//! Executions that states start and wait for, as users of an engine have them: what their parents are told, what stops
//! them, and what is refused.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::{HistoryEvent, StateError, Status};
use stepwell_engine::engine::{Description, HistoryQuery, StartExecution};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::store::Options;
use stepwell_engine::test_state::{TestState, TestStatus};
use stepwell_engine::{Config, Engine, history_json};
use tokio::sync::Semaphore;

/// Answers with the input, unless the input says otherwise.
struct Echo {
    /// A permit for each call that never ends.
    hangs: Semaphore,
    /// Whether it takes tasks that Step Functions would do itself.
    takes: bool,
}

#[async_trait]
impl Invoker for Echo {
    async fn invoke(&self, task: &Task) -> Answer {
        match task.input.get("do").and_then(Value::as_str) {
            Some("hang") => {
                self.hangs.add_permits(1);
                std::future::pending().await
            }
            Some("fail") => Answer::failed("E", "why"),
            _ => Answer::Succeeded(task.input.clone()),
        }
    }

    fn takes(&self, _: &Task) -> bool {
        self.takes
    }
}

struct World {
    engine: Engine,
    invoker: Arc<Echo>,
}

impl World {
    async fn new() -> World {
        World::taking(false).await
    }

    /// `takes`: the invoker has routes for everything.
    async fn taking(takes: bool) -> World {
        let invoker = Arc::new(Echo { hangs: Semaphore::new(0), takes });
        let config = Config { workers: 2, ..Config::new(Options::memory(), invoker.clone()) };
        let world = World { engine: Engine::open(config).await.expect("the engine opens"), invoker };
        world.register("child", json!({ "Do": task() }), MachineType::Standard).await;
        world
    }

    async fn register(&self, name: &str, states: Json, kind: MachineType) -> String {
        let start = states.as_object().and_then(|states| states.keys().next()).cloned();
        let definition = json!({ "StartAt": start, "States": states }).to_string();
        self.engine.register(name, &definition, kind).await.expect("it registers").arn.to_string()
    }

    async fn start(&self, name: &str, states: Json, input: Json) -> String {
        let machine_arn = self.register(&format!("of-{name}"), states, MachineType::Standard).await;
        let (name, input) = (Some(name.to_owned()), Value::from(input));
        let start = StartExecution { machine_arn, name, input, ..StartExecution::default() };
        self.engine.start(start).await.expect("it starts").arn.to_string()
    }

    /// Runs a parent to its end.
    async fn run(&self, states: Json, input: Json) -> (Description, String) {
        let arn = self.start("parent", states, input).await;
        let there = self.engine.wait(&arn).await.expect("it ends");
        (there, arn)
    }

    async fn history(&self, arn: &str) -> Vec<HistoryEvent> {
        let query = HistoryQuery { reverse: false, after: None, limit: 1_000 };
        self.engine.history(arn, query).await.expect("it has a history").events
    }

    async fn child(&self, name: &str) -> Description {
        let arn = self.engine.place().execution("child", name);
        self.engine.wait(&arn).await.expect("it ends")
    }

    /// Waits until this many calls hang.
    async fn hanging(&self, calls: u32) {
        self.invoker.hangs.acquire_many(calls).await.expect("it is open").forget();
    }
}

fn task() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true })
}

const CHILD: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:child";

/// A state that starts an execution: what it waits for, and its parameters.
fn nested(waits: &str, parameters: Json) -> Json {
    json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:::states:startExecution{waits}"),
        "Parameters": parameters,
        "End": true,
    })
}

fn of_child(name: &str, input: Json) -> Json {
    json!({ "StateMachineArn": CHILD, "Name": name, "Input": input })
}

/// A history, with what differs from run to run taken out.
fn shown(history: &[HistoryEvent]) -> String {
    let lines = history.iter().map(|event| {
        let details = history_json::details(&event.kind).map(|(_, details)| details.to_json());
        let mut details = details.unwrap_or(Json::Null);
        for text in ["output", "input", "parameters", "cause"] {
            if let Some(value) = details.get_mut(text) {
                *value = value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(value.clone());
            }
        }
        mask(&mut details);
        format!("{} <{} {} {details}\n", event.id, event.previous_id, history_json::type_name(&event.kind))
    });
    lines.collect()
}

fn mask(value: &mut Json) {
    match value {
        Json::Object(members) => {
            for (name, value) in members.iter_mut() {
                match name.as_str() {
                    "StartDate" | "StopDate" => *value = json!(if value.is_number() { "<ms>" } else { "<text>" }),
                    "SdkHttpMetadata" | "SdkResponseMetadata" | "roleArn" => *value = json!("<any>"),
                    "inputDetails" | "outputDetails" => *value = Json::Null,
                    _ => mask(value),
                }
            }
            members.retain(|_, value| !value.is_null());
        }
        Json::Array(items) => items.iter_mut().for_each(mask),
        Json::String(text) => {
            if let Some(at) = text.find("Request ID: ") {
                text.replace_range(at + 12..at + 12 + 36, "<uuid>");
            }
        }
        _ => {}
    }
}

async fn check(states: Json, expected: Expect) {
    let world = World::new().await;
    let (_, arn) = world.run(states, json!({})).await;
    expected.assert_eq(&shown(&world.history(&arn).await));
}

#[tokio::test]
async fn a_state_waits_for_its_execution_and_has_what_describes_it() {
    check(json!({ "S": nested(".sync", of_child("c", json!({ "a": 1 }))) }), expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"S","input":{}}
        3 <2 TaskScheduled {"resourceType":"states","resource":"startExecution.sync","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name":"c","Input":{"a":1}}}
        4 <3 TaskStarted {"resourceType":"states","resource":"startExecution.sync"}
        5 <4 TaskSubmitted {"resourceType":"states","resource":"startExecution.sync","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","SdkHttpMetadata":"<any>","SdkResponseMetadata":"<any>","StartDate":"<ms>"}}
        6 <5 TaskSucceeded {"resourceType":"states","resource":"startExecution.sync","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"c","Output":"{\"a\":1}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
        7 <6 TaskStateExited {"name":"S","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"c","Output":"{\"a\":1}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
        8 <7 ExecutionSucceeded {"output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"c","Output":"{\"a\":1}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
    "#]]).await;
}

#[tokio::test]
async fn input_and_output_are_json_where_that_is_asked_for() {
    check(json!({ "S": nested(".sync:2", of_child("c", json!({ "a": 1 }))) }), expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"S","input":{}}
        3 <2 TaskScheduled {"resourceType":"states","resource":"startExecution.sync:2","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name":"c","Input":{"a":1}}}
        4 <3 TaskStarted {"resourceType":"states","resource":"startExecution.sync:2"}
        5 <4 TaskSubmitted {"resourceType":"states","resource":"startExecution.sync:2","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","SdkHttpMetadata":"<any>","SdkResponseMetadata":"<any>","StartDate":"<ms>"}}
        6 <5 TaskSucceeded {"resourceType":"states","resource":"startExecution.sync:2","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":{"a":1},"InputDetails":{"Included":true},"Name":"c","Output":{"a":1},"OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
        7 <6 TaskStateExited {"name":"S","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":{"a":1},"InputDetails":{"Included":true},"Name":"c","Output":{"a":1},"OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
        8 <7 ExecutionSucceeded {"output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":{"a":1},"InputDetails":{"Included":true},"Name":"c","Output":{"a":1},"OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
    "#]]).await;
}

#[tokio::test]
async fn one_that_fails_fails_its_state_whatever_its_error() {
    let mut state = nested(".sync:2", of_child("c", json!({ "do": "fail" })));
    state["Catch"] = json!([
        { "ErrorEquals": ["E"], "Next": "ByName" },
        { "ErrorEquals": ["States.TaskFailed"], "ResultPath": null, "Next": "Caught" },
    ]);
    let states = json!({ "A": state, "ByName": { "Type": "Succeed" }, "Caught": { "Type": "Succeed" } });
    check(states, expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"A","input":{}}
        3 <2 TaskScheduled {"resourceType":"states","resource":"startExecution.sync:2","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name":"c","Input":{"do":"fail"}}}
        4 <3 TaskStarted {"resourceType":"states","resource":"startExecution.sync:2"}
        5 <4 TaskSubmitted {"resourceType":"states","resource":"startExecution.sync:2","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","SdkHttpMetadata":"<any>","SdkResponseMetadata":"<any>","StartDate":"<ms>"}}
        6 <5 TaskFailed {"resourceType":"states","resource":"startExecution.sync:2","error":"States.TaskFailed","cause":{"Cause":"why","Error":"E","ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":"{\"do\":\"fail\"}","InputDetails":{"Included":true},"Name":"c","RedriveCount":0,"RedriveStatus":"REDRIVABLE","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"FAILED","StopDate":"<ms>"}}
        7 <6 TaskStateExited {"name":"A","output":{}}
        8 <7 SucceedStateEntered {"name":"Caught","input":{}}
        9 <8 SucceedStateExited {"name":"Caught","output":{}}
        10 <9 ExecutionSucceeded {"output":{}}
    "#]]).await;
}

#[tokio::test]
async fn one_that_is_started_only_is_not_waited_for() {
    let world = World::new().await;
    let (there, arn) = world.run(json!({ "S": nested("", of_child("c", json!({ "do": "hang" }))) }), json!({})).await;
    assert!(matches!(there.status, Status::Succeeded(_)), "{:?}", there.status);
    world.hanging(1).await;
    expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"S","input":{}}
        3 <2 TaskScheduled {"resourceType":"states","resource":"startExecution","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name":"c","Input":{"do":"hang"}}}
        4 <3 TaskStarted {"resourceType":"states","resource":"startExecution"}
        5 <4 TaskSucceeded {"resourceType":"states","resource":"startExecution","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","SdkHttpMetadata":"<any>","SdkResponseMetadata":"<any>","StartDate":"<ms>"}}
        6 <5 TaskStateExited {"name":"S","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","SdkHttpMetadata":"<any>","SdkResponseMetadata":"<any>","StartDate":"<ms>"}}
        7 <6 ExecutionSucceeded {"output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","SdkHttpMetadata":"<any>","SdkResponseMetadata":"<any>","StartDate":"<ms>"}}
    "#]].assert_eq(&shown(&world.history(&arn).await));
}

#[tokio::test]
async fn the_token_comes_back_from_the_execution_that_was_started() {
    let world = World::new().await;
    let state = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
        "Parameters": { "StateMachineArn": CHILD, "Name": "c", "Input": { "token.$": "$$.Task.Token" } },
        "End": true,
    });
    let arn = world.start("parent", json!({ "S": state }), json!({})).await;
    loop {
        // It is there as soon as its parent has asked for it.
        let child = world.engine.place().execution("child", "c");
        if world.engine.describe(&child).await.is_ok() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let token = world.child("c").await.input.get("token").and_then(Value::as_str).expect("a token").to_owned();
    world.engine.task_succeeded(&token, json!({ "done": true }).into()).await.expect("it is waited for");
    let there = world.engine.wait(&arn).await.expect("it ends");
    let Status::Succeeded(output) = there.status else { panic!("{:?}", there.status) };
    assert_eq!(output.to_json(), json!({ "done": true }));
}

#[tokio::test]
async fn a_start_that_is_refused_fails_the_state_with_awss_name_for_it() {
    let missing = json!({ "StateMachineArn": CHILD.replace("child", "none") });
    check(json!({ "S": nested("", missing.clone()) }), expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"S","input":{}}
        3 <2 TaskScheduled {"resourceType":"states","resource":"startExecution","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:none"}}
        4 <3 TaskStarted {"resourceType":"states","resource":"startExecution"}
        5 <4 TaskFailed {"resourceType":"states","resource":"startExecution","error":"StepFunctions.StateMachineDoesNotExistException","cause":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:123456789012:stateMachine:none' (Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: <uuid>; Proxy: null)"}
        6 <5 ExecutionFailed {"error":"StepFunctions.StateMachineDoesNotExistException","cause":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:123456789012:stateMachine:none' (Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: <uuid>; Proxy: null)"}
    "#]]).await;
    check(json!({ "S": nested(".sync", missing) }), expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"S","input":{}}
        3 <2 TaskScheduled {"resourceType":"states","resource":"startExecution.sync","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:none"}}
        4 <3 TaskStarted {"resourceType":"states","resource":"startExecution.sync"}
        5 <4 TaskSubmitFailed {"resourceType":"states","resource":"startExecution.sync","error":"StepFunctions.StateMachineDoesNotExistException","cause":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:123456789012:stateMachine:none' (Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: <uuid>; Proxy: null)"}
        6 <5 ExecutionFailed {"error":"StepFunctions.StateMachineDoesNotExistException","cause":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:123456789012:stateMachine:none' (Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: <uuid>; Proxy: null)"}
    "#]]).await;
    let once = || nested(".sync", of_child("c", json!({ "a": 1 })));
    let mut twice = json!({ "A": once(), "B": once() });
    twice["A"]["Next"] = json!("B");
    twice["A"].as_object_mut().expect("a state").remove("End");
    check(twice, expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"A","input":{}}
        3 <2 TaskScheduled {"resourceType":"states","resource":"startExecution.sync","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name":"c","Input":{"a":1}}}
        4 <3 TaskStarted {"resourceType":"states","resource":"startExecution.sync"}
        5 <4 TaskSubmitted {"resourceType":"states","resource":"startExecution.sync","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","SdkHttpMetadata":"<any>","SdkResponseMetadata":"<any>","StartDate":"<ms>"}}
        6 <5 TaskSucceeded {"resourceType":"states","resource":"startExecution.sync","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"c","Output":"{\"a\":1}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
        7 <6 TaskStateExited {"name":"A","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"c","Output":"{\"a\":1}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
        8 <7 TaskStateEntered {"name":"B","input":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"c","Output":"{\"a\":1}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":"<ms>","StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Status":"SUCCEEDED","StopDate":"<ms>"}}
        9 <8 TaskScheduled {"resourceType":"states","resource":"startExecution.sync","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name":"c","Input":{"a":1}}}
        10 <9 TaskStarted {"resourceType":"states","resource":"startExecution.sync"}
        11 <10 TaskSubmitFailed {"resourceType":"states","resource":"startExecution.sync","error":"StepFunctions.ExecutionAlreadyExistsException","cause":"Execution Already Exists: 'arn:aws:states:us-east-1:123456789012:execution:child:c' (Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists; Request ID: <uuid>; Proxy: null)"}
        12 <11 ExecutionFailed {"error":"StepFunctions.ExecutionAlreadyExistsException","cause":"Execution Already Exists: 'arn:aws:states:us-east-1:123456789012:execution:child:c' (Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists; Request ID: <uuid>; Proxy: null)"}
    "#]]).await;
}

#[tokio::test]
async fn parameters_that_start_nothing_end_the_execution() {
    check(json!({ "S": nested(".sync", json!({ "StateMachineArn.$": "$" })) }), expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"S","input":{}}
        3 <2 ExecutionFailed {"error":"States.Runtime","cause":"An error occurred while executing the state 'S' (entered at the event id #2). The Parameters '{\"StateMachineArn\":{}}' could not be used to start the Task: [The value for the field 'StateMachineArn' must be a STRING]"}
    "#]]).await;
}

#[tokio::test]
async fn an_express_execution_cannot_be_waited_for() {
    let world = World::new().await;
    let express = world.register("express", json!({ "Do": task() }), MachineType::Express).await;
    let (there, _) = world.run(json!({ "S": nested(".sync", json!({ "StateMachineArn": express })) }), json!({})).await;
    let Status::Failed(error) = there.status else { panic!("{:?}", there.status) };
    assert_eq!(error.name.as_deref(), Some("StepFunctions.StateMachineTypeNotSupportedException"));
    let started = world.start("other", json!({ "S": nested("", json!({ "StateMachineArn": express })) }), json!({}));
    let there = world.engine.wait(&started.await).await.expect("it ends");
    let Status::Succeeded(output) = there.status else { panic!("{:?}", there.status) };
    let arn = output.get("ExecutionArn").and_then(Value::as_str).expect("an ARN").to_owned();
    assert!(arn.contains(":express:express:"), "{arn}");
}

#[tokio::test]
async fn what_a_state_gives_no_name_has_one_of_its_own() {
    let world = World::new().await;
    let of = json!({ "StateMachineArn": CHILD, "Input.$": "$" });
    let map = json!({
        "Type": "Map",
        "ItemProcessor": { "StartAt": "S", "States": { "S": nested(".sync:2", of) } },
        "ResultSelector": { "names.$": "$[*].Name", "outputs.$": "$[*].Output" },
        "End": true,
    });
    let (there, _) = world.run(json!({ "M": map }), json!([{ "n": 1 }, { "n": 2 }, { "n": 3 }])).await;
    let Status::Succeeded(output) = there.status else { panic!("{:?}", there.status) };
    let output = output.to_json();
    assert_eq!(output["outputs"], json!([{ "n": 1 }, { "n": 2 }, { "n": 3 }]));
    let names: std::collections::BTreeSet<_> =
        output["names"].as_array().expect("names").iter().map(Json::to_string).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[tokio::test]
async fn whatever_ends_the_wait_stops_the_execution() {
    let hang = || of_child("c", json!({ "do": "hang" }));
    let mut timed = nested(".sync", hang());
    timed["TimeoutSeconds"] = json!(1);
    let failing = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "QueueUrl": "q", "MessageBody": "m" },
        "TimeoutSeconds": 1,
        "End": true,
    });
    let parallel = json!({
        "Type": "Parallel",
        "Branches": [
            { "StartAt": "S", "States": { "S": nested(".sync", hang()) } },
            { "StartAt": "F", "States": { "F": failing } },
        ],
        "End": true,
    });
    for (name, states, stopped_by_hand) in [
        ("the parent is stopped", json!({ "S": nested(".sync", hang()) }), true),
        ("the state's time is up", json!({ "S": timed }), false),
        ("a branch beside it fails", json!({ "P": parallel }), false),
    ] {
        let world = World::new().await;
        let arn = world.start("parent", states, json!({})).await;
        world.hanging(1).await;
        if stopped_by_hand {
            world.engine.stop(&arn, StateError::new("Stopped", "by hand")).await.expect("it is there");
        }
        let (there, child) = (world.engine.wait(&arn).await.expect("it ends"), world.child("c").await);
        assert!(matches!(child.status, Status::Aborted(_)), "{name}: {:?}, {:?}", there.status, child.status);
        world.engine.shutdown(Duration::from_secs(20)).await.expect("the engine ends");
    }
}

#[tokio::test]
async fn an_execution_of_somebody_else_is_not_stopped() {
    let world = World::new().await;
    let start = StartExecution {
        machine_arn: CHILD.to_owned(),
        name: Some("c".to_owned()),
        input: json!({ "do": "hang" }).into(),
        ..StartExecution::default()
    };
    let other = world.engine.start(start).await.expect("it starts").arn;
    world.hanging(1).await;
    let (there, _) = world.run(json!({ "S": nested(".sync", of_child("c", json!({ "a": 1 }))) }), json!({})).await;
    let Status::Failed(error) = there.status else { panic!("{:?}", there.status) };
    assert_eq!(error.name.as_deref(), Some("StepFunctions.ExecutionAlreadyExistsException"));
    assert_eq!(world.engine.describe(&other).await.expect("it is there").status, Status::Running);
}

#[tokio::test]
async fn somebodys_route_comes_before_the_engine() {
    let world = World::taking(true).await;
    let (there, _) = world.run(json!({ "S": nested(".sync", of_child("c", json!({ "a": 1 }))) }), json!({})).await;
    let Status::Succeeded(output) = there.status else { panic!("{:?}", there.status) };
    assert_eq!(output.get("Name").and_then(Value::as_str), Some("c"), "the invoker's echo");
    let child = world.engine.place().execution("child", "c");
    assert!(world.engine.describe(&child).await.is_err(), "nothing was started");
}

#[tokio::test]
async fn calls_of_the_api_need_one() {
    let call = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:describeExecution",
        "Parameters": { "ExecutionArn.$": "$$.Execution.Id" },
        "End": true,
    });
    let start = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:startExecution",
        "Parameters": { "StateMachineArn": CHILD, "Name": "c", "Input": { "a": 1 } },
        "Next": "D",
    });
    check(json!({ "A": start, "D": call }), expect![[r#"
        1 <0 ExecutionStarted {"input":{},"roleArn":"<any>"}
        2 <0 TaskStateEntered {"name":"A","input":{}}
        3 <2 TaskScheduled {"resourceType":"aws-sdk:sfn","resource":"startExecution","region":"us-east-1","parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name":"c","Input":{"a":1}}}
        4 <3 TaskStarted {"resourceType":"aws-sdk:sfn","resource":"startExecution"}
        5 <4 TaskSucceeded {"resourceType":"aws-sdk:sfn","resource":"startExecution","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","StartDate":"<text>"}}
        6 <5 TaskStateExited {"name":"A","output":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","StartDate":"<text>"}}
        7 <6 TaskStateEntered {"name":"D","input":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:child:c","StartDate":"<text>"}}
        8 <7 TaskScheduled {"resourceType":"aws-sdk:sfn","resource":"describeExecution","region":"us-east-1","parameters":{"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:of-parent:parent"}}
        9 <8 TaskStarted {"resourceType":"aws-sdk:sfn","resource":"describeExecution"}
        10 <9 TaskFailed {"resourceType":"aws-sdk:sfn","resource":"describeExecution","error":"States.Runtime","cause":"'arn:aws:states:::aws-sdk:sfn:describeExecution' calls the Step Functions API, and nothing answers it here: `stepwell serve` does, or a route in stepwell.toml."}
        11 <10 ExecutionFailed {"error":"States.Runtime","cause":"'arn:aws:states:::aws-sdk:sfn:describeExecution' calls the Step Functions API, and nothing answers it here: `stepwell serve` does, or a route in stepwell.toml."}
    "#]]).await;
}

#[tokio::test]
async fn a_state_under_test_starts_its_execution() {
    let world = World::new().await;
    let test = TestState {
        definition: nested("", of_child("tested", json!({ "a": 1 }))).to_string(),
        role_arn: Some("arn:aws:iam::123456789012:role/r".to_owned()),
        ..TestState::default()
    };
    let tested = world.engine.test_state(&test).await.expect("it can be tested");
    assert_eq!(tested.status, TestStatus::Succeeded, "{tested:?}");
    assert_eq!(world.child("tested").await.input.to_json(), json!({ "a": 1 }));
    let waits = TestState { definition: nested(".sync", of_child("c", json!(1))).to_string(), ..test };
    let refused = world.engine.test_state(&waits).await.expect_err("it is not waited for");
    assert_eq!(refused.code(), Some("InvalidDefinition"));
}
