//! A process that runs map runs is killed with SIGKILL, again and again, and opened again on what is left. In the end
//! every item was done by one execution, and the parents know of each.
//!
//! The test starts itself as a child process. `STEPWELL_SEED` repeats the moments of a run.

#![allow(clippy::disallowed_methods)] // the moments of the kills are the machine's, not the engine's

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use stepwell_asl::{Chance, MachineType, Value};
use stepwell_engine::core::{MapRunStatus, Status};
use stepwell_engine::engine::{ListMapRun, ListMapRuns, StartExecution};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::store::{Kind, Options};
use stepwell_engine::{Config, Engine};

/// By this variable a process knows that it is a child: the store's kind and its directory.
const CHILD: &str = "STEPWELL_MAP_RUN_CHILD";

/// Times that the process is killed on each store.
const KILLS: u32 = 12;

/// Items of the outer map run, and of each that is within it.
const ROWS: u64 = 12;
const ITEMS: u64 = 25;

/// The longest that a life may take to end everything.
const FINISH_MAX: Duration = Duration::from_secs(120);

#[test]
fn every_item_is_done_once_on_sled() {
    run("every_item_is_done_once_on_sled", Kind::Sled);
}

#[test]
fn every_item_is_done_once_on_redb() {
    run("every_item_is_done_once_on_redb", Kind::Redb);
}

/// Answers after a moment, or fails where the item says so.
struct Slow;

#[async_trait]
impl Invoker for Slow {
    async fn invoke(&self, task: &Task) -> Answer {
        let n = task.input.get("n").and_then(|n| n.to_json().as_u64()).unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(n * 37 % 200)).await;
        match n % 10 {
            3 => Answer::failed("E", "it always fails"),
            _ => Answer::Succeeded(n.into()),
        }
    }
}

fn definition() -> String {
    let map = |name: &str, processor: Json, more: Json| {
        let mut map = json!({
            "Type": "Map",
            "Label": name,
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                "StartAt": format!("{name}Item"),
                "States": { format!("{name}Item"): processor }
            },
            "End": true
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            map[name] = value.clone();
        }
        map
    };
    let task = json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true });
    let selector = json!({ "n.$": "$$.Map.Item.Value", "id.$": "States.UUID()" });
    let inner =
        map("Inner", task, json!({ "MaxConcurrency": 4, "ToleratedFailurePercentage": 50, "ItemSelector": selector }));
    json!({ "StartAt": "M", "States": { "M": map("Outer", inner, json!({ "MaxConcurrency": 5 })) } }).to_string()
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
        let span = if life < KILLS { Duration::from_millis(chance.next_u64() % 600) } else { FINISH_MAX };
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

/// Starts the execution, unless it is there, and waits for its end.
async fn live(kind: Kind, directory: &Path) {
    let engine = Engine::open(config(kind, directory)).await.expect("the engine opens");
    let machine = engine.register("m", &definition(), MachineType::Standard).await.expect("it registers");
    let arn = engine.place().execution("m", "e");
    if engine.describe(&arn).await.is_err() {
        let input: Json = (0..ROWS).map(|row| (row * ITEMS..(row + 1) * ITEMS).collect::<Json>()).collect();
        let start = StartExecution {
            machine_arn: machine.arn.to_string(),
            name: Some("e".into()),
            input: Value::from(input),
            ..StartExecution::default()
        };
        engine.start(start).await.expect("it starts");
    }
    engine.wait(&arn).await.expect("it ends");
    engine.shutdown(Duration::from_secs(20)).await.expect("the engine ends");
}

async fn verify(kind: Kind, directory: &Path, seed: u64) {
    let engine = Engine::open(config(kind, directory)).await.expect("the engine opens");
    let arn = engine.place().execution("m", "e");
    let there = engine.describe(&arn).await.expect("it is there");
    let Status::Succeeded(output) = &there.status else { panic!("STEPWELL_SEED={seed}: {:?}", there.status) };
    let results: Vec<Json> =
        output.to_json().as_array().unwrap().iter().flat_map(|row| row.as_array().cloned().unwrap()).collect();
    for (n, result) in results.iter().enumerate() {
        match n % 10 {
            3 => assert_eq!(result["Status"], "FAILED", "STEPWELL_SEED={seed}: item {n}"),
            _ => assert_eq!(*result, json!(n), "STEPWELL_SEED={seed}"),
        }
    }
    assert_eq!(results.len() as u64, ROWS * ITEMS);
    let rows = children(&engine, &arn, ROWS).await;
    let mut done = BTreeSet::new();
    for row in rows {
        for item in children(&engine, &row, ITEMS).await {
            let there = engine.describe(&item).await.expect("it is there");
            assert!(
                done.insert(there.input.get("n").map(Value::to_string)),
                "STEPWELL_SEED={seed}: an item is done twice"
            );
        }
    }
    assert_eq!(done.len() as u64, ROWS * ITEMS);
    engine.shutdown(Duration::from_secs(20)).await.expect("the engine ends");
}

/// The executions of an execution's only map run: as many as there are items, and all of them have ended.
async fn children(engine: &Engine, arn: &str, items: u64) -> Vec<String> {
    let list = ListMapRuns { execution_arn: arn.to_owned(), after: None, limit: 10 };
    let runs = engine.map_runs(list).await.expect("it is there").map_runs;
    let [run] = &runs[..] else { panic!("{} map runs", runs.len()) };
    assert_eq!((run.run.status, run.run.running, run.run.pending()), (MapRunStatus::Succeeded, 0, 0));
    assert_eq!(u64::from(run.run.succeeded + run.run.failed), items, "{run:?}");
    let list = ListMapRun { map_run_arn: run.arn.to_string(), status: None, after: None, limit: 1_000 };
    let listed = engine.list_map_run(list).await.expect("it is listed").executions;
    assert_eq!(listed.len() as u64, items, "as many as there are items");
    assert_eq!(listed.iter().filter(|child| child.status == 1).count() as u32, run.run.succeeded);
    assert_eq!(listed.iter().filter(|child| child.status == 2).count() as u32, run.run.failed);
    listed.into_iter().map(|child| child.arn).collect()
}
