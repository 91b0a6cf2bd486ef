//! The engine as its users have it: what is acknowledged is there, also after it was opened again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::{HistoryEvent, HistoryKind, Limits, StateError, Status};
use stepwell_engine::engine::{HistoryQuery, ListExecutions, StartExecution};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::store::Options;
use stepwell_engine::{Config, Engine, EngineError, history_json};

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
            Some("fail once") if call == 0 => Answer::failed("E", "not yet"),
            Some("panic") => panic!("the invoker is broken"),
            _ => Answer::Succeeded(task.input.clone()),
        }
    }
}

fn config(store: Options) -> Config {
    Config { workers: 2, ..Config::new(store, Arc::new(Echo::default())) }
}

async fn open(store: Options) -> Engine {
    Engine::open(config(store)).await.expect("the engine opens")
}

fn machine(states: Json) -> String {
    let start = states.as_object().and_then(|states| states.keys().next()).cloned();
    json!({ "StartAt": start, "States": states }).to_string()
}

fn task() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true })
}

fn callback() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        "Parameters": { "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" } })
}

async fn start(engine: &Engine, states: Json, name: &str, input: Json) -> String {
    let machine = engine.register("m", &machine(states), MachineType::Standard).await.expect("it registers");
    begin(engine, &machine.arn, name, input).await.expect("it starts")
}

async fn begin(engine: &Engine, machine_arn: &str, name: &str, input: Json) -> Result<String, EngineError> {
    let machine_arn = machine_arn.to_owned();
    let (name, input) = (Some(name.to_owned()), Value::from(input));
    let start = StartExecution { machine_arn, name, input, ..StartExecution::default() };
    Ok(engine.start(start).await?.arn.to_string())
}

async fn history(engine: &Engine, arn: &str) -> Vec<HistoryEvent> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let query = HistoryQuery { reverse: false, after, limit: 3 };
        let page = engine.history(arn, query).await.expect("it has a history");
        events.extend(page.events);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for (event, id) in events.iter().zip(1..) {
        assert_eq!(event.id, id, "history ids have a gap");
    }
    events
}

async fn types(engine: &Engine, arn: &str) -> Vec<String> {
    history(engine, arn).await.iter().map(|event| history_json::type_name(&event.kind)).collect()
}

/// The token that the newest task of an execution handed out.
async fn token(engine: &Engine, arn: &str) -> String {
    let events = history(engine, arn).await;
    let scheduled = events.iter().rev().find_map(|event| match &event.kind {
        HistoryKind::TaskScheduled(scheduled) => Some(scheduled.input.clone()),
        _ => None,
    });
    scheduled.and_then(|input| input.get("MessageBody")?.as_str().map(str::to_owned)).expect("a token was handed out")
}

fn output(status: &Status) -> Json {
    match status {
        Status::Succeeded(output) => output.to_json(),
        other => json!(format!("{other:?}")),
    }
}

fn code(error: EngineError) -> &'static str {
    error.code().unwrap_or("no error of the call")
}

#[tokio::test]
async fn an_execution_runs_to_its_end_on_every_store() {
    let directory = tempfile::tempdir().unwrap();
    for store in
        [Options::memory(), Options::sled(directory.path().join("s")), Options::redb(directory.path().join("r"))]
    {
        let engine = open(store).await;
        let states = json!({ "A": { "Type": "Pass", "Next": "T" }, "T": task() });
        let arn = start(&engine, states, "e", json!({ "n": 1 })).await;
        let ended = engine.wait(&arn).await.unwrap();
        assert_eq!(output(&ended.status), json!({ "n": 1 }));
        assert!(ended.stopped_at.is_some());
        let types = types(&engine, &arn).await;
        assert_eq!(types.first().map(String::as_str), Some("ExecutionStarted"));
        assert_eq!(types.last().map(String::as_str), Some("ExecutionSucceeded"));
        engine.shutdown(Duration::from_secs(10)).await.unwrap();
        assert!(matches!(engine.describe(&arn).await, Err(EngineError::Store(_) | EngineError::Stopped(_))));
    }
}

#[tokio::test]
async fn a_name_is_an_execution_for_ever() {
    let engine = open(Options::memory()).await;
    let arn = start(&engine, json!({ "T": callback() }), "e", json!({})).await;
    let machine = engine.describe(&arn).await.unwrap().machine_arn;
    assert_eq!(begin(&engine, &machine, "e", json!({})).await.unwrap(), arn, "the same one, while it runs");
    let other = begin(&engine, &machine, "e", json!({ "other": true })).await.unwrap_err();
    assert_eq!(code(other), "ExecutionAlreadyExists");
    engine.stop(&arn, StateError::named("enough")).await.unwrap();
    assert_eq!(code(begin(&engine, &machine, "e", json!({})).await.unwrap_err()), "ExecutionAlreadyExists");
    assert_eq!(code(begin(&engine, &machine, "a b", json!({})).await.unwrap_err()), "InvalidName");
    let gone = machine.replace("stateMachine:", "stateMachine:no-");
    assert_eq!(code(begin(&engine, &gone, "e", json!({})).await.unwrap_err()), "StateMachineDoesNotExist");
    assert_eq!(code(begin(&engine, "arn:none", "e", json!({})).await.unwrap_err()), "InvalidArn");
    let many: Vec<_> = (0..20).map(|_| begin(&engine, &machine, "together", json!({}))).collect();
    let arns: std::collections::BTreeSet<String> =
        futures_util::future::join_all(many).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(arns.len(), 1, "twenty starts at once are one execution");
}

#[tokio::test]
async fn a_callback_is_answered_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    for store in [Options::sled(directory.path().join("s")), Options::redb(directory.path().join("r"))] {
        let engine = open(store.clone()).await;
        let arn = start(&engine, json!({ "T": callback() }), "e", json!({})).await;
        let token = token(&engine, &arn).await;
        engine.shutdown(Duration::from_secs(10)).await.unwrap();
        let engine = open(store).await;
        assert_eq!(engine.describe(&arn).await.unwrap().status, Status::Running);
        engine.task_heartbeat(&token).await.unwrap();
        engine.task_succeeded(&token, Value::from(json!("yes"))).await.unwrap();
        assert_eq!(output(&engine.wait(&arn).await.unwrap().status), json!("yes"));
        assert_eq!(code(engine.task_succeeded(&token, Value::Null).await.unwrap_err()), "TaskTimedOut");
        assert_eq!(code(engine.task_succeeded("nonsense", Value::Null).await.unwrap_err()), "InvalidToken");
        engine.shutdown(Duration::from_secs(10)).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_in_flight_is_called_again_and_waits_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = Options::sled(directory.path());
    let engine = open(store.clone()).await;
    let hanging = start(&engine, json!({ "T": task() }), "hanging", json!("hang")).await;
    let waiting =
        start(&engine, json!({ "W": { "Type": "Wait", "Seconds": 1, "End": true } }), "waiting", json!("w")).await;
    engine.shutdown(Duration::from_secs(10)).await.unwrap();
    struct Late;
    #[async_trait]
    impl Invoker for Late {
        async fn invoke(&self, task: &Task) -> Answer {
            Answer::Succeeded(Value::from(json!({ "attempt": task.attempt })))
        }
    }
    let engine = Engine::open(Config { invoker: Arc::new(Late), ..config(store) }).await.unwrap();
    assert_eq!(output(&engine.wait(&hanging).await.unwrap().status), json!({ "attempt": 0 }), "the same attempt");
    assert_eq!(output(&engine.wait(&waiting).await.unwrap().status), json!("w"));
    let scheduled = types(&engine, &hanging).await.iter().filter(|name| *name == "LambdaFunctionScheduled").count();
    assert_eq!(scheduled, 1, "recovery writes no history");
}

#[tokio::test]
async fn an_idle_engine_leaves_things_as_they_are_until_it_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = Options::sled(directory.path());
    let engine = open(store.clone()).await;
    let flying = start(&engine, json!({ "T": task() }), "flying", json!("hang")).await;
    let stopped = start(&engine, json!({ "T": callback() }), "stopped", json!("s")).await;
    engine.shutdown(Duration::from_secs(10)).await.unwrap();
    #[derive(Default)]
    struct Counting(AtomicUsize);
    #[async_trait]
    impl Invoker for Counting {
        async fn invoke(&self, task: &Task) -> Answer {
            self.0.fetch_add(1, Ordering::SeqCst);
            Answer::Succeeded(task.input.clone())
        }
    }
    let invoker = Arc::new(Counting::default());
    let engine = Engine::open(Config { idle: true, invoker: invoker.clone(), ..config(store) }).await.unwrap();
    let there = engine.inspect(&flying).await.unwrap();
    assert_eq!(there.execution.status, Status::Running);
    assert!(there.definition.contains("function:f") && there.program.states.len() == 1);
    assert_eq!(code(engine.inspect(&format!("{flying}x")).await.unwrap_err()), "ExecutionDoesNotExist");
    engine.stop(&stopped, StateError::named("enough")).await.unwrap();
    assert!(matches!(engine.describe(&stopped).await.unwrap().status, Status::Aborted(_)));
    let new = start(&engine, json!({ "T": task() }), "new", json!(1)).await;
    assert_eq!(output(&engine.wait(&new).await.unwrap().status), json!(1), "what is begun now is done");
    assert_eq!(engine.describe(&flying).await.unwrap().status, Status::Running);
    assert_eq!(invoker.0.load(Ordering::SeqCst), 1, "only the new one was called for");
    engine.go_on().await;
    assert_eq!(output(&engine.wait(&flying).await.unwrap().status), json!("hang"));
}

#[tokio::test]
async fn timers_fire_whether_the_execution_is_in_memory_or_not() {
    let engine = Engine::open(Config { idle_executions: 0, ..config(Options::memory()) }).await.unwrap();
    let states = json!({ "T": {
        "Type": "Task", "Resource": callback()["Resource"], "Parameters": callback()["Parameters"],
        "TimeoutSeconds": 1, "End": true
    } });
    let arn = start(&engine, states, "e", json!({})).await;
    let ended = engine.wait(&arn).await.unwrap();
    assert!(
        matches!(&ended.status, Status::Failed(error) if error.name.as_deref() == Some("States.Timeout")),
        "{ended:?}"
    );
    let took = ended.stopped_at.unwrap().0 - ended.started_at.0;
    assert!(took >= 1_000, "{took} ms");
}

#[tokio::test]
async fn a_wide_map_ends_with_all_results() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { history_events: None, inline_concurrency: None, ..Limits::AWS };
    let engine = Engine::open(Config { limits, ..config(Options::sled(directory.path())) }).await.unwrap();
    let map = json!({ "M": {
        "Type": "Map", "End": true, "ItemProcessor": { "StartAt": "T", "States": { "T": task() } }
    } });
    let items: Vec<u32> = (0..500).collect();
    let arn = start(&engine, map, "e", json!(items)).await;
    assert_eq!(output(&engine.wait(&arn).await.unwrap().status), json!(items));
    assert_eq!(history(&engine, &arn).await.len(), 500 * 7 + 6);
}

#[tokio::test]
async fn an_activity_hands_each_task_to_one_worker() {
    let directory = tempfile::tempdir().unwrap();
    let store = Options::sled(directory.path());
    let engine = open(store.clone()).await;
    let activity = engine.create_activity("work").await.unwrap();
    let states = json!({ "T": { "Type": "Task", "Resource": &*activity, "End": true } });
    let first = start(&engine, states.clone(), "first", json!(1)).await;
    let second = start(&engine, states, "second", json!(2)).await;
    engine.shutdown(Duration::from_secs(10)).await.unwrap();
    let engine = open(store).await;
    let patience = Duration::from_secs(5);
    let polls = futures_util::future::join(
        engine.poll_activity(&activity, Some("one"), patience),
        engine.poll_activity(&activity, None, patience),
    );
    let (one, two) = polls.await;
    let (one, two) = (one.unwrap().expect("a task"), two.unwrap().expect("a task"));
    assert_ne!(one.input, two.input);
    assert_eq!(engine.poll_activity(&activity, None, Duration::ZERO).await.unwrap(), None);
    for task in [one, two] {
        engine.task_succeeded(&task.token, task.input).await.unwrap();
    }
    assert_eq!(output(&engine.wait(&first).await.unwrap().status), json!(1));
    assert_eq!(output(&engine.wait(&second).await.unwrap().status), json!(2));
}

#[tokio::test]
async fn a_failed_execution_is_redriven_and_a_succeeded_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(Options::sled(directory.path())).await;
    let arn = start(&engine, json!({ "T": task() }), "e", json!("fail once")).await;
    assert!(matches!(engine.wait(&arn).await.unwrap().status, Status::Failed(_)));
    engine.redrive(&arn).await.unwrap();
    let ended = engine.wait(&arn).await.unwrap();
    assert_eq!((output(&ended.status), ended.redrive_count), (json!("fail once"), 1));
    assert!(types(&engine, &arn).await.contains(&"ExecutionRedriven".to_owned()));
    let refused = engine.redrive(&arn).await.unwrap_err();
    let why = format!("Execution {arn} invalid for redrive as: Execution is SUCCEEDED and cannot be redriven");
    assert_eq!(
        (refused.code(), refused.to_string()),
        (Some("ExecutionNotRedrivable"), format!("ExecutionNotRedrivable: {why}"))
    );
}

#[tokio::test]
async fn lists_and_histories_have_pages() {
    let engine = open(Options::memory()).await;
    let states = json!({ "S": { "Type": "Succeed" } });
    let mut arns = Vec::new();
    for name in 0..7 {
        arns.push(start(&engine, states.clone(), &name.to_string(), json!(name)).await);
    }
    let machine_arn = engine.describe(&arns[0]).await.unwrap().machine_arn.to_string();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = engine
            .list(ListExecutions { machine_arn: machine_arn.clone(), status: Some(1), after, limit: 3 })
            .await
            .unwrap();
        listed.extend(page.executions.into_iter().map(|one| one.arn));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    listed.sort();
    assert_eq!(listed, arns);
    let page = engine.history(&arns[0], HistoryQuery { reverse: true, after: None, limit: 2 }).await.unwrap();
    assert_eq!(page.events.iter().map(|event| event.id).collect::<Vec<_>>(), [4, 3]);
    let rest = engine.history(&arns[0], HistoryQuery { reverse: true, after: page.next, limit: 9 }).await.unwrap();
    assert_eq!(rest.events.iter().map(|event| event.id).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn an_express_execution_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(Options::sled(directory.path())).await;
    let machine = engine.register("x", &machine(json!({ "T": task() })), MachineType::Express).await.unwrap();
    let before = engine.counts().store;
    let start = StartExecution {
        machine_arn: machine.arn.to_string(),
        name: None,
        input: Value::from(json!(5)),
        ..StartExecution::default()
    };
    let finished = engine.run_express(start).await.unwrap();
    assert_eq!(output(&finished.status), json!(5));
    assert_eq!(engine.counts().store.turns, before.turns);
}

#[tokio::test]
async fn an_invoker_that_panics_fails_its_task() {
    let engine = open(Options::memory()).await;
    let arn = start(&engine, json!({ "T": task() }), "e", json!("panic")).await;
    let ended = engine.wait(&arn).await.unwrap();
    assert!(
        matches!(&ended.status, Status::Failed(error) if error.name.as_deref() == Some("States.Runtime")),
        "{ended:?}"
    );
}

#[tokio::test]
async fn an_endless_loop_leaves_room_for_others() {
    let limits = Limits { history_events: None, ..Limits::AWS };
    let engine = Engine::open(Config { limits, workers: 1, ..config(Options::memory()) }).await.unwrap();
    let looping = json!({
        "A": { "Type": "Pass", "Next": "B" },
        "B": { "Type": "Choice", "Choices": [{ "Variable": "$.end", "IsPresent": true, "Next": "C" }], "Default": "A" },
        "C": { "Type": "Succeed" }
    });
    let endless = start(&engine, looping, "endless", json!({})).await;
    let machine =
        engine.register("short", &machine(json!({ "S": { "Type": "Succeed" } })), MachineType::Standard).await;
    let short = begin(&engine, &machine.unwrap().arn, "short", json!(1)).await.unwrap();
    assert_eq!(output(&engine.wait(&short).await.unwrap().status), json!(1));
    engine.stop(&endless, StateError::named("enough")).await.unwrap();
    assert!(matches!(engine.describe(&endless).await.unwrap().status, Status::Aborted(_)));
}

#[tokio::test]
async fn an_execution_that_failed_is_archived_when_it_cannot_be_redriven_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let store = Options::sled(directory.path());
    let redrive = Duration::from_millis(50);
    let engine = Engine::open(Config { redrive, ..config(store) }).await.unwrap();
    let arn = start(&engine, json!({ "T": task() }), "e", json!("fail once")).await;
    let failed = engine.wait(&arn).await.unwrap();
    let archived = async {
        while engine.counts().archived == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), archived).await.expect("it is archived");
    assert_eq!(engine.describe(&arn).await.unwrap(), failed);
    assert_eq!(code(engine.redrive(&arn).await.unwrap_err()), "ExecutionNotRedrivable");
    engine.shutdown(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn of_redrives_at_once_one_is_made() {
    let engine = open(Options::memory()).await;
    let arn = start(&engine, json!({ "T": task() }), "e", json!("fail once")).await;
    engine.wait(&arn).await.unwrap();
    let redrives = futures_util::future::join_all((0..8).map(|_| engine.redrive(&arn))).await;
    let refused: Vec<String> = redrives.into_iter().filter_map(|redriven| Some(redriven.err()?.to_string())).collect();
    assert_eq!(refused.len(), 7, "{refused:?}");
    assert!(refused.iter().all(|why| why.contains(" invalid for redrive as: Execution is ")), "{refused:?}");
    assert_eq!(engine.wait(&arn).await.unwrap().redrive_count, 1);
}
