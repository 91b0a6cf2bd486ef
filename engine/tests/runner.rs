//! The runner, with invokers that answer at will: virtual time, fan-out, giving up, stopping.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use stepwell_asl::{Program, Timestamp, Value, compile};
use stepwell_engine::clock::Clock;
use stepwell_engine::core::{Event, Execution, HistoryEvent, Identity, Limits, StateError, Status, Turn};
use stepwell_engine::history_json;
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::runner::{Letter, Machine, Options, Watcher, run};
use support::{machine, task, with};
use tokio::sync::mpsc;

/// Answers with the input, unless the input says otherwise.
#[derive(Default)]
struct Echo {
    calls: AtomicUsize,
}

#[async_trait]
impl Invoker for Echo {
    async fn invoke(&self, task: &Task) -> Answer {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        match task.input.as_str() {
            Some("hang") => std::future::pending().await,
            Some("fail twice") if call < 2 => Answer::failed("E", "not yet"),
            Some("too large") => Answer::TooLarge,
            _ => Answer::Succeeded(task.input.clone()),
        }
    }
}

#[derive(Default)]
struct Record {
    history: Vec<HistoryEvent>,
}

impl Watcher for Record {
    fn turn(&mut self, turn: &Turn, _: &Execution) {
        self.history.extend(turn.history.iter().cloned());
    }
}

impl Record {
    fn types(&self) -> Vec<String> {
        self.history.iter().map(|event| history_json::type_name(&event.kind)).collect()
    }

    fn seconds(&self) -> i64 {
        let at = |event: Option<&HistoryEvent>| event.map_or(0, |event| event.at.0);
        (at(self.history.last()) - at(self.history.first())) / 1000
    }
}

async fn play(definition: Json, input: Json, options: Options) -> (Status, Record) {
    let program: Program = compile::compile(&Value::from(definition)).expect("the test's definition compiles");
    let identity = Identity {
        arn: "arn:aws:states:us-east-1:000000000000:execution:m:e".into(),
        name: "e".into(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
        machine_name: "m".into(),
        role_arn: "r".into(),
        region: "us-east-1".into(),
        started_at: options.clock.now(),
        input: Value::from(input),
        ..Identity::default()
    };
    let mut record = Record::default();
    let status = run(Arc::new(program), identity, Arc::new(Echo::default()), options, &mut record).await;
    (status, record)
}

fn virtual_time() -> Options {
    Options { clock: Clock::virtual_from(Timestamp(0)), ..Options::new().expect("the machine has randomness") }
}

#[tokio::test]
async fn years_pass_at_once() {
    let states = json!({
        "A": { "Type": "Wait", "Seconds": 99_999_999, "Next": "B" },
        "B": { "Type": "Wait", "Seconds": 99_999_999, "End": true }
    });
    let options = Options { limits: Limits::OFF, ..virtual_time() };
    let (status, record) = play(machine(states), json!({}), options).await;
    assert_eq!(status, Status::Succeeded(json!({}).into()));
    assert_eq!(record.seconds(), 199_999_998);
}

#[tokio::test]
async fn retries_wait_in_virtual_time() {
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 3600 }]);
    let states = json!({ "A": with(task(), json!({ "Retry": retry })) });
    let (status, record) = play(machine(states), json!("fail twice"), virtual_time()).await;
    assert_eq!(status, Status::Succeeded(json!("fail twice").into()));
    assert_eq!(record.seconds(), 3600 + 7200);
}

#[tokio::test]
async fn a_function_that_hangs_is_given_up_at_its_deadline() {
    let states = json!({ "A": with(task(), json!({ "TimeoutSeconds": 1 })) });
    let (status, record) = play(machine(states), json!("hang"), virtual_time()).await;
    assert_eq!(status, Status::Failed(StateError::named("States.Timeout")));
    assert!(record.types().contains(&"LambdaFunctionTimedOut".to_string()), "{:?}", record.types());
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_be_read_is_aws_s_size_error() {
    let (status, _) = play(machine(json!({ "A": task() })), json!("too large"), virtual_time()).await;
    let Status::Failed(error) = status else { panic!("{status:?}") };
    assert_eq!(error.name.as_deref(), Some("States.DataLimitExceeded"));
}

#[tokio::test]
async fn a_map_of_ten_thousand_tasks_is_answered() {
    let items: Vec<u32> = (0..10_000).collect();
    let states = json!({ "M": {
        "Type": "Map",
        "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
        "End": true
    } });
    let options = Options { limits: Limits::OFF, ..virtual_time() };
    let (status, _) = play(machine(states), json!(items), options).await;
    assert_eq!(status, Status::Succeeded(json!(items).into()));
}

#[tokio::test]
async fn who_waits_for_nobody_is_told() {
    let callback = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "End": true
    });
    let (status, _) = play(machine(json!({ "A": callback })), json!({}), virtual_time()).await;
    let Status::Aborted(error) = status else { panic!("{status:?}") };
    assert!(error.cause.is_some_and(|cause| cause.contains("--api")));
}

#[tokio::test]
async fn a_loop_that_never_waits_can_be_stopped() {
    let states = json!({ "A": { "Type": "Pass", "Next": "B" }, "B": { "Type": "Pass", "Next": "A" } });
    let (events, inbox) = mpsc::channel(1);
    let options = Options { limits: Limits::OFF, inbox: Some(inbox), ..virtual_time() };
    let event = Event::Stopped(StateError::named("Enough"));
    events.send(Letter { execution_arn: None, event }).await.expect("the inbox is open");
    let (status, record) = play(machine(states), json!({}), options).await;
    assert_eq!(status, Status::Aborted(StateError::named("Enough")));
    assert_eq!(record.types().last().map(String::as_str), Some("ExecutionAborted"));
}

// ---- map runs ----

/// A Distributed Map of these states, with more of its fields.
fn distributed(states: Json, more: Json) -> Json {
    let mut processor = machine(states);
    processor["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    with(json!({ "Type": "Map", "ItemProcessor": processor, "End": true }), more)
}

#[tokio::test]
async fn a_map_run_takes_the_time_of_its_executions() {
    let wait = json!({ "W": { "Type": "Wait", "SecondsPath": "$", "Next": "T" }, "T": task() });
    let states = json!({ "M": distributed(wait, json!({ "MaxConcurrency": 2 })) });
    let (status, record) = play(machine(states), json!([3600, 60, 60, 7200]), virtual_time()).await;
    assert_eq!(status, Status::Succeeded(json!([3600, 60, 60, 7200]).into()));
    assert_eq!(record.seconds(), 120 + 7200);
    let expected = [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ];
    assert_eq!(record.types(), expected);
}

#[tokio::test]
async fn map_runs_within_map_runs_end() {
    let inner = distributed(json!({ "T": task() }), json!({ "MaxConcurrency": 1 }));
    let outer = distributed(json!({ "I": inner }), json!({ "ItemsPath": "$" }));
    let input: Json = (0..30).map(|row| json!([row, row + 1, row + 2])).collect();
    let (status, _) = play(machine(json!({ "O": outer })), input.clone(), virtual_time()).await;
    assert_eq!(status, Status::Succeeded(input.into()));
}

#[tokio::test]
async fn executions_that_hang_are_stopped_when_their_map_run_fails() {
    let states = json!({
        "M": with(distributed(json!({ "T": task() }), json!({})), json!({
            "Catch": [{ "ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "C" }], "Next": "C"
        })),
        "C": { "Type": "Succeed" }
    });
    let (status, record) = play(machine(states), json!(["hang", "too large", "hang"]), virtual_time()).await;
    assert!(matches!(status, Status::Succeeded(_)), "{status:?}");
    assert!(record.types().contains(&"MapRunFailed".to_string()), "{:?}", record.types());
}

// ---- executions that states start ----

/// State machines that a run knows beside its own.
fn machines() -> Vec<Machine> {
    let compiled = |definition: Json| Arc::new(compile::compile(&Value::from(definition)).expect("it compiles"));
    let known = |name: &str, express, states: Json| Machine { name: name.into(), express, program: compiled(states) };
    let fail = json!({ "Type": "Fail", "Error": "E", "Cause": "why" });
    vec![
        known("echo", false, machine(json!({ "Do": with(task(), json!({ "End": true })) }))),
        known("fail", false, machine(json!({ "Do": fail }))),
        known("slow", false, machine(json!({ "Do": { "Type": "Wait", "Seconds": 3600, "End": true } }))),
        known("express", true, machine(json!({ "Do": { "Type": "Pass", "End": true } }))),
    ]
}

fn nested(waits: &str, of: &str, input: Json, more: Json) -> Json {
    let machine_arn = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{of}");
    let resource = format!("arn:aws:states:::states:startExecution{waits}");
    let parameters = json!({ "StateMachineArn": machine_arn, "Input": input });
    with(json!({ "Type": "Task", "Resource": resource, "Parameters": parameters, "End": true }), more)
}

#[tokio::test]
async fn states_start_executions_of_machines_that_are_known() {
    let check = async |state: Json, expected: Json| {
        let options = Options { machines: machines(), ..virtual_time() };
        let (status, record) = play(machine(json!({ "S": state })), json!({}), options).await;
        let told = match status {
            Status::Succeeded(output) => output.get("Output").cloned().unwrap_or(output).to_json(),
            Status::Failed(error) => {
                let cause = error.cause.as_deref().and_then(|cause| Value::parse(cause).ok());
                json!({ "error": error.name.as_deref(), "status": cause.and_then(|of| of.get("Status").map(Value::to_json)) })
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(told, expected, "{:?}", record.types());
    };
    check(
        nested(".sync:2", "echo", json!("x"), json!({})),
        json!({ "error": "StepFunctions.InvalidExecutionInputException", "status": null }),
    )
    .await;
    check(nested(".sync:2", "echo", json!([1]), json!({})), json!([1])).await;
    check(nested(".sync", "echo", json!([1]), json!({})), json!("[1]")).await;
    check(nested(".sync", "fail", json!([1]), json!({})), json!({ "error": "States.TaskFailed", "status": "FAILED" }))
        .await;
    check(
        nested(".sync", "slow", json!([1]), json!({ "ResultSelector": { "is.$": "$.Status" } })),
        json!({ "is": "SUCCEEDED" }),
    )
    .await;
    check(
        nested(".sync", "slow", json!([1]), json!({ "TimeoutSeconds": 10 })),
        json!({ "error": "States.Timeout", "status": null }),
    )
    .await;
    let error = |name: &str| json!({ "error": format!("StepFunctions.{name}Exception"), "status": null });
    check(nested(".sync", "none", json!([1]), json!({})), error("StateMachineDoesNotExist")).await;
    check(nested("", "none", json!([1]), json!({})), error("StateMachineDoesNotExist")).await;
    check(nested(".sync", "express", json!([1]), json!({})), error("StateMachineTypeNotSupported")).await;
    check(
        nested("", "slow", json!([1]), json!({ "ResultSelector": { "status.$": "$.SdkHttpMetadata.HttpStatusCode" } })),
        json!({ "status": 200 }),
    )
    .await;
    let api = json!({ "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:listStateMachines", "Parameters": {}, "End": true });
    check(api, json!({ "error": "States.Runtime", "status": null })).await;
}

#[tokio::test]
async fn a_machine_can_start_itself() {
    let again = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": { "StateMachineArn.$": "$$.StateMachine.Id", "Input": { "left.$": "States.MathAdd($.left, -1)" } },
        "ResultSelector": { "deep.$": "$.Output" },
        "End": true
    });
    let choice = json!({
        "Type": "Choice",
        "Choices": [{ "Variable": "$.left", "NumericGreaterThan": 0, "Next": "Again" }],
        "Default": "Done"
    });
    let states = json!({ "Which": choice, "Again": again, "Done": { "Type": "Pass", "End": true } });
    let definition = json!({ "StartAt": "Which", "States": states });
    let (status, _) = play(definition, json!({ "left": 2 }), virtual_time()).await;
    let Status::Succeeded(output) = status else { panic!("{status:?}") };
    assert_eq!(output.to_json(), json!({ "deep": { "deep": { "left": 0 } } }));
}
