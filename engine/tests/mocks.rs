//! Test cases in the format of Step Functions Local: the file, and executions for which they answer.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::{Pace, Status, TestCase};
use stepwell_engine::engine::{HistoryQuery, StartExecution};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::mock_config::MockConfig;
use stepwell_engine::store::Options;
use stepwell_engine::{Config, Engine, history_json};

/// Nothing is reached but what tells so.
struct Real;

#[async_trait]
impl Invoker for Real {
    async fn invoke(&self, task: &Task) -> Answer {
        match &*task.state {
            "Hang" => std::future::pending().await,
            state => Answer::Succeeded(format!("{state} was called").into()),
        }
    }
}

fn mocks(text: Json) -> MockConfig {
    MockConfig::parse(&text.to_string(), Path::new("mocks.json")).expect("the file is right")
}

fn test_case(states: Json, responses: Json) -> Arc<TestCase> {
    let file =
        mocks(json!({ "StateMachines": { "m": { "TestCases": { "Case": states } } }, "MockedResponses": responses }));
    Arc::new(file.test_case("m", "Case").expect("it is there"))
}

async fn open(store: Options) -> Engine {
    // Waits and retries take no time.
    let pace = Pace::scaled(0.0).expect("it is a scale");
    Engine::open(Config { workers: 2, pace, ..Config::new(store, Arc::new(Real)) }).await.expect("the engine opens")
}

fn task(resource: &str, more: Json) -> Json {
    let mut state = json!({ "Type": "Task", "Resource": resource });
    let members = more.as_object().expect("an object").clone();
    state.as_object_mut().expect("an object").extend(members);
    state
}

fn machine(states: Json) -> String {
    let start = states.as_object().and_then(|states| states.keys().next()).cloned();
    json!({ "StartAt": start, "States": states }).to_string()
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

async fn start(engine: &Engine, states: Json, input: Json, test_case: Arc<TestCase>) -> String {
    let machine = engine.register("m", &machine(states), MachineType::Standard).await.expect("it registers");
    let start = StartExecution {
        machine_arn: machine.arn.to_string(),
        name: Some("e".to_owned()),
        input: Value::from(input),
        test_case: Some(test_case),
        ..StartExecution::default()
    };
    engine.start(start).await.expect("it starts").arn.to_string()
}

async fn types(engine: &Engine, arn: &str) -> String {
    let query = HistoryQuery { reverse: false, after: None, limit: 1000 };
    let page = engine.history(arn, query).await.expect("it has a history");
    page.events.iter().map(|event| history_json::type_name(&event.kind)).collect::<Vec<_>>().join(" ")
}

fn shown(status: &Status) -> String {
    match status {
        Status::Succeeded(output) => output.to_string(),
        other => format!("{other:?}"),
    }
}

async fn check(states: Json, input: Json, test_case: Arc<TestCase>, expected: Expect) {
    let engine = open(Options::memory()).await;
    let arn = start(&engine, states, input, test_case).await;
    let ended = engine.wait(&arn).await.expect("it ends");
    expected.assert_eq(&format!("{}\n{}\n", shown(&ended.status), types(&engine, &arn).await));
}

#[tokio::test]
async fn a_state_that_is_not_named_is_called_for_real() {
    check(
        json!({
            "Mocked": task("arn:aws:states:::lambda:invoke", json!({
                "Parameters": { "FunctionName": "f" }, "ResultPath": "$.mocked", "Next": "Real" })),
            "Real": task(FUNCTION, json!({ "ResultPath": "$.real", "End": true })),
        }),
        json!({}),
        test_case(json!({ "Mocked": "R" }), json!({ "R": { "0": { "Return": { "StatusCode": 200, "Payload": [null] } } } })),
        expect![[r#"
            {"mocked":{"StatusCode":200,"Payload":[null]},"real":"Real was called"}
            ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited ExecutionSucceeded
        "#]],
    )
    .await;
}

#[tokio::test]
async fn retries_get_one_answer_after_the_other() {
    check(
        json!({ "A": task(FUNCTION, json!({
            "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 1000, "MaxAttempts": 5 }], "End": true })) }),
        json!({}),
        test_case(
            json!({ "A": "R" }),
            json!({ "R": { "0": { "Throw": { "Error": "Busy", "Cause": "why" } }, "1-2": { "Throw": { "Error": "Busy" } },
                "3": { "Return": "at last" } } }),
        ),
        expect![[r#"
            "at last"
            ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionFailed LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionFailed LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionFailed LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited ExecutionSucceeded
        "#]],
    )
    .await;
}

#[tokio::test]
async fn calls_are_counted_through_loops_and_iterations() {
    check(
        json!({
            "Each": { "Type": "Map", "ItemsPath": "$", "MaxConcurrency": 1, "Next": "Again", "ItemProcessor": {
                "StartAt": "A", "States": { "A": task(FUNCTION, json!({ "End": true })) } } },
            "Again": { "Type": "Choice", "Choices": [{ "Variable": "$[0]", "NumericLessThan": 3, "Next": "Each" }],
                "Default": "Done" },
            "Done": { "Type": "Succeed" },
        }),
        json!([0, 0]),
        test_case(
            json!({ "A": "R" }),
            json!({ "R": { "0": { "Return": 1 }, "1": { "Return": 2 }, "2": { "Return": 3 }, "3": { "Return": 4 } } }),
        ),
        expect![[r#"
            [3,4]
            ExecutionStarted MapStateEntered MapStateStarted MapIterationStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited MapIterationSucceeded MapIterationStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited MapIterationSucceeded MapStateSucceeded MapStateExited ChoiceStateEntered ChoiceStateExited MapStateEntered MapStateStarted MapIterationStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited MapIterationSucceeded MapIterationStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited MapIterationSucceeded MapStateSucceeded MapStateExited ChoiceStateEntered ChoiceStateExited SucceedStateEntered SucceedStateExited ExecutionSucceeded
        "#]],
    )
    .await;
}

#[tokio::test]
async fn activities_callbacks_http_and_nested_executions_are_answered() {
    let activity = "arn:aws:states:us-east-1:123456789012:activity:a";
    check(
        json!({
            "Activity": task(activity, json!({ "Next": "Callback" })),
            "Callback": task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", json!({
                "Parameters": { "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" }, "Next": "Http" })),
            "Http": task("arn:aws:states:::http:invoke", json!({
                "Parameters": { "ApiEndpoint": "https://a.example", "Method": "GET",
                    "Authentication": { "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1" } },
                "Next": "Nested" })),
            "Nested": task("arn:aws:states:::states:startExecution.sync:2", json!({
                "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:other" },
                "End": true })),
        }),
        json!({}),
        test_case(
            json!({ "Activity": "R", "Callback": "R", "Http": "R", "Nested": "Last" }),
            json!({ "R": { "0": { "Return": {} } }, "Last": { "0": { "Return": { "Output": 1 } } } }),
        ),
        expect![[r#"
            {"Output":1}
            ExecutionStarted TaskStateEntered ActivityScheduled ActivityStarted ActivitySucceeded TaskStateExited TaskStateEntered TaskScheduled TaskStarted TaskSubmitted TaskSucceeded TaskStateExited TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited ExecutionSucceeded
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_is_missing_ends_the_execution() {
    let states = json!({ "A": task(FUNCTION, json!({
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "B" }], "Next": "A" })), "B": { "Type": "Succeed" } });
    check(
        states.clone(),
        json!({}),
        test_case(json!({ "A": "R" }), json!({ "R": { "0": { "Return": {} } } })),
        expect![[r#"
            Failed(StateError { name: Some("States.Runtime"), cause: Some("Test case 'Case': the mocked response 'R' of the state 'A' has no answer for call 1 (calls are counted from 0)") })
            ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionFailed ExecutionFailed
        "#]],
    )
    .await;
    check(
        states,
        json!({}),
        test_case(json!({ "A": "Nothing" }), json!({})),
        expect![[r#"
            Failed(StateError { name: Some("States.Runtime"), cause: Some("Test case 'Case': the mocked response 'Nothing' of the state 'A' is not there") })
            ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionFailed ExecutionFailed
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_execution_keeps_its_test_case_and_its_count_through_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let states = json!({
        "A": task(FUNCTION, json!({ "Next": "Token" })),
        "Token": task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", json!({
            "Parameters": { "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" }, "Next": "Again" })),
        "Again": { "Type": "Choice", "Choices": [{ "Variable": "$", "IsString": true, "Next": "A" }], "Default": "Done" },
        "Done": { "Type": "Succeed" },
    });
    let case = test_case(json!({ "A": "R" }), json!({ "R": { "0": { "Return": 0 }, "1": { "Return": 1 } } }));
    let engine = open(Options::sled(directory.path())).await;
    let arn = start(&engine, states, json!({}), case.clone()).await;
    let token = token(&engine, &arn).await;
    engine.shutdown(std::time::Duration::from_secs(10)).await.expect("it ends");

    let engine = open(Options::sled(directory.path())).await;
    assert_eq!(engine.describe(&arn).await.expect("it is there").test_case, Some(case));
    engine.task_succeeded(&token, "again".into()).await.expect("the token counts");
    let token = self::token(&engine, &arn).await;
    engine.task_succeeded(&token, Value::from(2_u64)).await.expect("the token counts");
    let ended = engine.wait(&arn).await.expect("it ends");
    assert_eq!(shown(&ended.status), "2");
    let query = HistoryQuery { reverse: false, after: None, limit: 100 };
    let events = engine.history(&arn, query).await.expect("it has a history").events;
    let outputs: Vec<Json> = events
        .iter()
        .map(|event| history_json::to_json(event).to_json())
        .filter(|event| event["type"] == "LambdaFunctionSucceeded")
        .map(|event| event["lambdaFunctionSucceededEventDetails"]["output"].clone())
        .collect();
    assert_eq!(outputs, [json!("0"), json!("1")]);
}

/// The newest token that was handed out and has not been answered.
async fn token(engine: &Engine, arn: &str) -> String {
    loop {
        let query = HistoryQuery { reverse: true, after: None, limit: 2 };
        let events = engine.history(arn, query).await.expect("it has a history").events;
        let submitted = events.first().is_some_and(|event| history_json::type_name(&event.kind) == "TaskSubmitted");
        if submitted {
            break;
        }
        tokio::task::yield_now().await;
    }
    let query = HistoryQuery { reverse: true, after: None, limit: 5 };
    let events = engine.history(arn, query).await.expect("it has a history").events;
    let parameters = events.iter().find_map(|event| {
        let event = history_json::to_json(event).to_json();
        let parameters = event["taskScheduledEventDetails"]["parameters"].as_str()?.to_owned();
        Some(serde_json::from_str::<Json>(&parameters).expect("JSON")["MessageBody"].clone())
    });
    parameters.and_then(|token| token.as_str().map(str::to_owned)).expect("a token was handed out")
}

// ---- the file ----

fn check_file(text: &str, expected: &str) {
    let told = MockConfig::parse(text, Path::new("mocks.json")).err().unwrap_or_else(|| "nothing".to_owned());
    assert_eq!(told, expected, "{text}");
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place() {
    check_file("{}", "nothing");
    check_file("[]", "it must be an object with StateMachines and MockedResponses");
    check_file(r#"{"StateMachine":{}}"#, "it has StateMachine, and only StateMachines and MockedResponses are known");
    check_file(r#"{"StateMachines":[]}"#, "StateMachines must be an object");
    check_file(r#"{"StateMachines":{"m":{"Cases":{}}}}"#, "StateMachines.m has Cases, and only TestCases is known");
    let case = |of: &str| format!(r#"{{"StateMachines":{{"m":{{"TestCases":{{"C":{of}}}}}}}}}"#);
    check_file(&case("1"), "StateMachines.m.TestCases.C must be an object");
    check_file(&case(r#"{"S":{}}"#), "StateMachines.m.TestCases.C.S must be the name of a mocked response");
    let response = |of: &str| format!(r#"{{"MockedResponses":{{"R":{of}}}}}"#);
    check_file(&response("{}"), "nothing");
    check_file(&response(r#"{"0":{"Return":null},"1-2":{"Throw":{"Error":"E","Cause":"c"}}}"#), "nothing");
    check_file(
        &response(r#"{"first":{"Return":1}}"#),
        r#"MockedResponses.R.first: "first" stands for no calls; "0" and "1-2" do"#,
    );
    check_file(
        &response(r#"{"2-1":{"Return":1}}"#),
        r#"MockedResponses.R.2-1: "2-1" stands for no calls; "0" and "1-2" do"#,
    );
    check_file(
        &response(r#"{"0-2":{"Return":1},"2":{"Return":1}}"#),
        "MockedResponses.R.2: another answer is for some of these calls, too",
    );
    for both in [r#"{"Return":1,"Throw":{"Error":"E"}}"#, "{}", r#"{"return":1}"#] {
        let told = "MockedResponses.R.0 must have either Return or Throw, and nothing else";
        check_file(&response(&format!(r#"{{"0":{both}}}"#)), told);
    }
    check_file(&response(r#"{"0":{"Throw":{"Cause":"c"}}}"#), "MockedResponses.R.0.Throw needs an Error, a text");
    check_file(
        &response(r#"{"0":{"Throw":{"Error":"E","Cause":1}}}"#),
        "MockedResponses.R.0.Throw.Cause must be a text",
    );
    check_file(
        &response(r#"{"0":{"Throw":{"Error":"E","Code":"1"}}}"#),
        "MockedResponses.R.0.Throw has Code, and only Error and Cause are known",
    );
}

#[test]
fn a_test_case_that_is_not_there_is_told_with_those_that_are() {
    let file = mocks(json!({ "StateMachines": { "m": { "TestCases": { "A": {}, "B": {} } }, "empty": {} } }));
    let told = |machine: &str, case: &str| file.test_case(machine, case).map(|case| case.name.to_string());
    assert_eq!(told("m", "A"), Ok("A".to_owned()));
    assert_eq!(told("m", "a"), Err("mocks.json has no test case 'a' of 'm': there is A, B".to_owned()));
    assert_eq!(told("empty", "A"), Err("mocks.json has no test case 'A' of 'empty': there is none".to_owned()));
    assert_eq!(told("x", "A"), Err("mocks.json has no state machine 'x': there is m, empty".to_owned()));
    assert_eq!(file.machines_with("B"), ["m"]);
}
