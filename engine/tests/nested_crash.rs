//! A process whose executions start executions and wait for them is killed with SIGKILL, again and again, and opened again
//! on what is left. In the end each was started once, its parent has its result, and those of a parent that was stopped
//! have been stopped.
//!
//! The test starts itself as a child process. `STEPWELL_SEED` repeats the moments of a run.

#![allow(clippy::disallowed_methods)] // the moments of the kills are the machine's, not the engine's

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use stepwell_asl::{Chance, MachineType, Value};
use stepwell_engine::core::{HistoryKind, Status};
use stepwell_engine::engine::{HistoryQuery, ListExecutions, StartExecution};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::store::{Kind, Options};
use stepwell_engine::{Config, Engine};

/// By this variable a process knows that it is a child: the directory.
const CHILD: &str = "STEPWELL_NESTED_CHILD";

/// Times that the process is killed on each store.
const KILLS: u32 = 12;

/// Executions that the parent waits for.
const ITEMS: u64 = 60;

/// Those of the parent that is given up.
const WAITING: u64 = 20;

/// The longest that a life may take to end everything.
const FINISH_MAX: Duration = Duration::from_secs(120);

#[test]
fn each_execution_is_started_once_on_sled() {
    run("each_execution_is_started_once_on_sled", Kind::Sled);
}

#[test]
fn each_execution_is_started_once_on_redb() {
    run("each_execution_is_started_once_on_redb", Kind::Redb);
}

/// Answers after a moment.
struct Slow;

#[async_trait]
impl Invoker for Slow {
    async fn invoke(&self, task: &Task) -> Answer {
        let n = task.input.get("n").and_then(|n| n.to_json().as_u64()).unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(n * 37 % 200)).await;
        Answer::Succeeded(task.input.clone())
    }
}

/// A Map whose iterations each wait for an execution. Half of them have names: what was started once is not started again
/// under a name that is taken.
fn parent(child: &str) -> String {
    let start = |more: Json| {
        let mut parameters = json!({ "StateMachineArn": child, "Input.$": "$" });
        for (name, value) in more.as_object().into_iter().flatten() {
            parameters[name] = value.clone();
        }
        let resource = "arn:aws:states:::states:startExecution.sync:2";
        json!({ "Type": "Task", "Resource": resource, "Parameters": parameters, "OutputPath": "$.Output", "End": true })
    };
    let processor = json!({
        "StartAt": "Which",
        "States": {
            "Which": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.name", "IsPresent": true, "Next": "Named" }],
                "Default": "Nameless"
            },
            "Named": start(json!({ "Name.$": "$.name" })),
            "Nameless": start(json!({})),
        }
    });
    let map = json!({ "Type": "Map", "MaxConcurrency": 8, "ItemProcessor": processor, "End": true });
    json!({ "StartAt": "M", "States": { "M": map } }).to_string()
}

fn given_up(child: &str) -> String {
    let processor = json!({
        "StartAt": "S",
        "States": { "S": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync",
            "Parameters": { "StateMachineArn": child },
            "End": true
        } }
    });
    let map = json!({ "Type": "Map", "ItemProcessor": processor, "End": true });
    json!({ "StartAt": "M", "TimeoutSeconds": 1, "States": { "M": map } }).to_string()
}

fn config(kind: Kind, directory: &Path) -> Config {
    let store = Options { kind, directory: Some(directory.join("store")), cache_bytes: 16 * 1024 * 1024 };
    Config { workers: 2, ..Config::new(store, Arc::new(Slow)) }
}

/// In the parent: kills, and looks at what is left. In the child: lives.
fn run(test: &str, kind: Kind) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Ok(directory) = std::env::var(CHILD) {
        return runtime.block_on(live(kind, &PathBuf::from(directory)));
    }
    let seed = std::env::var("STEPWELL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    });
    let mut chance = Chance::from_seed([seed, 1, 2, 3]);
    let directory = tempfile::tempdir().unwrap();
    for life in 0..=KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env(CHILD, directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child can be started");
        let span = if life < KILLS { Duration::from_millis(chance.next_u64() % 400) } else { FINISH_MAX };
        let until = Instant::now() + span;
        while Instant::now() < until && child.try_wait().expect("a child can be looked at").is_none() {
            std::thread::sleep(Duration::from_millis(5).min(span));
        }
        child.kill().expect("a child can be killed");
        let ended = child.wait().expect("a child can be waited for");
        assert!(life < KILLS || ended.success(), "STEPWELL_SEED={seed}: the last life has not ended everything");
    }
    runtime.block_on(verify(kind, directory.path(), seed));
}

fn items() -> Json {
    let item =
        |n: u64| if n.is_multiple_of(2) { json!({ "n": n, "name": format!("child-{n}") }) } else { json!({ "n": n }) };
    (0..ITEMS).map(item).collect()
}

/// Starts the executions, unless they are there, and waits for their ends.
async fn live(kind: Kind, directory: &Path) {
    let engine = Engine::open(config(kind, directory)).await.expect("the engine opens");
    let task = json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true });
    let child = json!({ "StartAt": "Do", "States": { "Do": task } }).to_string();
    let child = engine.register("child", &child, MachineType::Standard).await.expect("it registers");
    let wait = json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 3600, "End": true } } });
    let waiting = engine.register("waiting", &wait.to_string(), MachineType::Standard).await.expect("it registers");
    let started =
        [("parent", parent(&child.arn), items()), ("given-up", given_up(&waiting.arn), (0..WAITING).collect::<Json>())];
    for (name, definition, input) in started {
        let machine = engine.register(name, &definition, MachineType::Standard).await.expect("it registers");
        if engine.describe(&engine.place().execution(name, "e")).await.is_err() {
            let start = StartExecution {
                machine_arn: machine.arn.to_string(),
                name: Some("e".into()),
                input: Value::from(input),
                ..StartExecution::default()
            };
            engine.start(start).await.expect("it starts");
        }
    }
    for name in ["parent", "given-up"] {
        engine.wait(&engine.place().execution(name, "e")).await.expect("it ends");
    }
    for child in children(&engine, "waiting").await {
        engine.wait(&child).await.expect("it ends");
    }
    engine.shutdown(Duration::from_secs(20)).await.expect("the engine ends");
}

async fn verify(kind: Kind, directory: &Path, seed: u64) {
    let engine = Engine::open(config(kind, directory)).await.expect("the engine opens");
    let arn = engine.place().execution("parent", "e");
    let there = engine.describe(&arn).await.expect("it is there");
    let Status::Succeeded(output) = &there.status else { panic!("STEPWELL_SEED={seed}: {:?}", there.status) };
    assert_eq!(output.to_json(), items(), "STEPWELL_SEED={seed}: each has its own result");
    let children_of = children(&engine, "child").await;
    assert_eq!(children_of.len() as u64, ITEMS, "STEPWELL_SEED={seed}: each was started once");
    let query = HistoryQuery { reverse: false, after: None, limit: 10_000 };
    let events = engine.history(&arn, query).await.expect("it has a history").events;
    let count = |is: fn(&HistoryKind) -> bool| events.iter().filter(|event| is(&event.kind)).count() as u64;
    let submitted = count(|kind| matches!(kind, HistoryKind::TaskSubmitted { .. }));
    let succeeded = count(|kind| matches!(kind, HistoryKind::TaskSucceeded { .. }));
    assert_eq!((submitted, succeeded), (ITEMS, ITEMS), "STEPWELL_SEED={seed}: each is heard of once");

    let given_up = engine.describe(&engine.place().execution("given-up", "e")).await.expect("it is there");
    assert!(matches!(given_up.status, Status::TimedOut(_)), "STEPWELL_SEED={seed}: {:?}", given_up.status);
    let waiting = children(&engine, "waiting").await;
    assert!(waiting.len() as u64 <= WAITING, "STEPWELL_SEED={seed}: {} were started", waiting.len());
    for child in waiting {
        let there = engine.describe(&child).await.expect("it is there");
        assert!(matches!(there.status, Status::Aborted(_)), "STEPWELL_SEED={seed}: {child} is {:?}", there.status);
    }
    engine.shutdown(Duration::from_secs(20)).await.expect("the engine ends");
}

/// The executions of a state machine.
async fn children(engine: &Engine, name: &str) -> Vec<String> {
    let machine_arn = engine.place().state_machine(name);
    let list = ListExecutions { machine_arn, status: None, after: None, limit: 1_000 };
    engine.list(list).await.expect("it is listed").executions.into_iter().map(|child| child.arn).collect()
}
