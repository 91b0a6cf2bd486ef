//! Map runs as users of an engine have them: each item is an execution that is listed and can be looked at, a run can be
//! changed while it runs, and what fails or is stopped stops what it has started.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::{HistoryKind, MapRunStatus, MapRunUpdate, StateError, Status};
use stepwell_engine::engine::{
    Description, ExecutionSummary, HistoryQuery, ListExecutions, ListMapRun, ListMapRuns, MapRunDescription,
    StartExecution,
};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::store::Options;
use stepwell_engine::{Config, Engine, EngineError};
use tokio::sync::Semaphore;

/// Answers with the input, unless the input says otherwise.
struct Echo {
    /// A permit for each call that never ends.
    hangs: Semaphore,
}

#[async_trait]
impl Invoker for Echo {
    async fn invoke(&self, task: &Task) -> Answer {
        match task.input.as_str() {
            Some("hang") => {
                self.hangs.add_permits(1);
                std::future::pending().await
            }
            Some("fail") => Answer::failed("E", "why"),
            _ => Answer::Succeeded(task.input.clone()),
        }
    }
}

struct World {
    engine: Engine,
    invoker: Arc<Echo>,
}

impl World {
    async fn open(store: Options) -> World {
        let invoker = Arc::new(Echo { hangs: Semaphore::new(0) });
        let config = Config { workers: 2, ..Config::new(store, invoker.clone()) };
        World { engine: Engine::open(config).await.expect("the engine opens"), invoker }
    }

    async fn start(&self, states: Json, input: Json) -> String {
        let definition = json!({ "StartAt": "M", "States": states }).to_string();
        let machine = self.engine.register("m", &definition, MachineType::Standard).await.expect("it registers");
        let start = StartExecution {
            machine_arn: machine.arn.to_string(),
            name: Some("e".to_owned()),
            input: Value::from(input),
            ..StartExecution::default()
        };
        self.engine.start(start).await.expect("it starts").arn.to_string()
    }

    async fn map_runs(&self, arn: &str) -> Vec<MapRunDescription> {
        let list = ListMapRuns { execution_arn: arn.to_owned(), after: None, limit: 100 };
        self.engine.map_runs(list).await.expect("it is there").map_runs
    }

    async fn map_run(&self, arn: &str) -> MapRunDescription {
        self.map_runs(arn).await.pop().expect("it has a map run")
    }

    async fn children(&self, run: &MapRunDescription) -> Vec<ExecutionSummary> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let list = ListMapRun { map_run_arn: run.arn.to_string(), status: None, after, limit: 7 };
            let page = self.engine.list_map_run(list).await.expect("it is listed");
            all.extend(page.executions);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// Waits until the executions of a run have all ended, and gives them.
    async fn ended(&self, run: &MapRunDescription) -> Vec<Description> {
        let mut ended = Vec::new();
        for child in self.children(run).await {
            ended.push(self.engine.wait(&child.arn).await.expect("it ends"));
        }
        ended
    }
}

fn task() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true })
}

fn callback() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        "Parameters": { "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" } })
}

fn distributed(kind: &str, state: Json, more: Json) -> Json {
    let mut map = json!({
        "Type": "Map",
        "Label": format!("Label{kind}"),
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": kind },
            "StartAt": format!("Item{kind}"),
            "States": { format!("Item{kind}"): state }
        },
        "End": true
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        map[name] = value.clone();
    }
    map
}

fn output(status: &Status) -> Json {
    match status {
        Status::Succeeded(output) => output.to_json(),
        other => json!(format!("{other:?}")),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, EngineError>) -> &'static str {
    result.expect_err("it is refused").code().unwrap_or("no error of the call")
}

/// The token that an execution has handed out.
async fn token(engine: &Engine, arn: &str) -> String {
    loop {
        let query = HistoryQuery { reverse: false, after: None, limit: 100 };
        let history = engine.history(arn, query).await.expect("it has a history");
        let token = history.events.iter().find_map(|event| match &event.kind {
            HistoryKind::TaskSubmitted { output, .. } => output.get("MessageBody")?.as_str().map(str::to_owned),
            _ => None,
        });
        match token {
            Some(token) => return token,
            None => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn every_item_is_an_execution_that_can_be_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    for (kind, store) in [
        ("STANDARD", Options::memory()),
        ("EXPRESS", Options::sled(directory.path().join("s"))),
        ("STANDARD", Options::redb(directory.path().join("r"))),
    ] {
        let world = World::open(store).await;
        let input: Json = (0..50).collect();
        let arn = world.start(json!({ "M": distributed(kind, task(), json!({})) }), input.clone()).await;
        let ended = world.engine.wait(&arn).await.unwrap();
        assert_eq!((output(&ended.status), ended.map_run_arn), (input, None));
        let run = world.map_run(&arn).await;
        assert_eq!(world.engine.map_run(&run.arn).await.unwrap(), run);
        assert!(run.arn.starts_with(&format!("arn:aws:states:us-east-1:123456789012:mapRun:m/Label{kind}:")));
        assert_eq!((run.run.status, run.run.total, run.run.succeeded), (MapRunStatus::Succeeded, 50, 50));
        assert_eq!(&*run.execution_arn, &*arn);
        let children = world.children(&run).await;
        assert_eq!(children.iter().map(|child| &child.name).collect::<BTreeSet<_>>().len(), 50);
        let mut inputs = BTreeSet::new();
        for child in &children {
            let there = world.engine.describe(&child.arn).await.unwrap();
            assert_eq!((&*there.arn, &*there.name, child.status), (&*child.arn, &*child.name, 1));
            assert_eq!((there.map_run_arn, &there.machine_arn), (Some(run.arn.clone()), &run.child_machine_arn));
            assert_eq!(there.status, Status::Succeeded(there.input.clone()));
            inputs.insert(there.input.to_string().parse::<u32>().unwrap());
            let query = HistoryQuery { reverse: false, after: None, limit: 100 };
            let history = world.engine.history(&child.arn, query).await.unwrap().events;
            assert_eq!(history.len(), 7, "{history:?}");
        }
        assert!(inputs.into_iter().eq(0..50), "one for each item");
        let list = ListExecutions { machine_arn: ended.machine_arn.to_string(), status: None, after: None, limit: 9 };
        assert_eq!(world.engine.list(list).await.unwrap().executions.len(), 1, "those of map runs are not among them");
        world.engine.shutdown(Duration::from_secs(10)).await.unwrap();
    }
}

#[tokio::test]
async fn a_thousand_items_are_done_and_map_runs_within_map_runs() {
    let world = World::open(Options::memory()).await;
    let inner = distributed("EXPRESS", json!({ "Type": "Pass", "End": true }), json!({}));
    let input: Json = (0..20).map(|row| (0..50).map(|item| json!([row, item])).collect::<Json>()).collect();
    let states = json!({ "M": distributed("STANDARD", inner, json!({ "MaxConcurrency": 3 })) });
    let arn = world.start(states, input.clone()).await;
    assert_eq!(output(&world.engine.wait(&arn).await.unwrap().status), input);
    let outer = world.map_run(&arn).await;
    for child in world.children(&outer).await {
        let run = world.map_run(&child.arn).await;
        assert_eq!((run.run.succeeded, run.run.express), (50, true));
        assert!(run.arn.contains(":mapRun:m/LabelEXPRESS:"), "{}", run.arn);
        let item = world.children(&run).await.pop().expect("it has executions");
        assert!(item.arn.contains(":express:m/LabelEXPRESS:"), "{}", item.arn);
    }
}

#[tokio::test]
async fn a_failure_stops_the_others_and_is_not_redriven() {
    let world = World::open(Options::memory()).await;
    let states = json!({ "M": distributed("STANDARD", task(), json!({})) });
    let arn = world.start(states, json!(["hang", "hang", "fail", "hang"])).await;
    let ended = world.engine.wait(&arn).await.unwrap();
    let Status::Failed(error) = ended.status else { panic!("{:?}", ended.status) };
    assert_eq!(error.name.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    let run = world.map_run(&arn).await;
    let statuses = world.ended(&run).await.into_iter().map(|child| child.status);
    let (failed, aborted): (Vec<_>, Vec<_>) = statuses.partition(|status| matches!(status, Status::Failed(_)));
    assert!(failed.len() == 1 && aborted.iter().all(|status| matches!(status, Status::Aborted(_))), "{aborted:?}");
    let refused = world.engine.redrive(&arn).await.expect_err("it is refused");
    assert_eq!(refused.code(), Some("ExecutionNotRedrivable"));
    assert!(refused.to_string().contains("Map Run"), "{refused}");
    for child in world.children(&run).await.iter().filter(|child| child.status != 1) {
        assert_eq!(code(world.engine.redrive(&child.arn).await), "ExecutionNotRedrivable");
    }
    loop {
        let run = world.map_run(&arn).await.run;
        assert_eq!(run.status, MapRunStatus::Failed);
        if run.running == 0 {
            assert_eq!(run.failed + run.aborted, 4, "{run:?}");
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_execution_that_is_stopped_stops_what_it_has_started() {
    let world = World::open(Options::memory()).await;
    let states = json!({ "M": distributed("STANDARD", task(), json!({})) });
    let arn = world.start(states, json!(["hang", "hang"])).await;
    world.invoker.hangs.acquire_many(2).await.expect("it is never closed").forget();
    world.engine.stop(&arn, StateError::named("enough")).await.unwrap();
    let run = world.map_run(&arn).await;
    assert_eq!(run.run.status, MapRunStatus::Aborted);
    let ended = world.ended(&run).await;
    assert_eq!(ended.len(), 2);
    assert!(ended.iter().all(|child| matches!(child.status, Status::Aborted(_))), "{ended:?}");
}

#[tokio::test]
async fn a_map_run_is_changed_while_it_runs_and_goes_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = || Options::sled(directory.path());
    let world = World::open(store()).await;
    let more = json!({ "MaxConcurrency": 1, "ToleratedFailureCount": 1 });
    let states = json!({ "M": distributed("STANDARD", callback(), more) });
    let arn = world.start(states, json!([1, 2, 3])).await;
    let run = world.map_run(&arn).await;
    let answer = async |world: &World, nth: usize| {
        let children = loop {
            let children = world.children(&run).await;
            if children.len() > nth {
                break children;
            }
            tokio::task::yield_now().await;
        };
        let oldest = &children[children.len() - 1 - nth];
        token(&world.engine, &oldest.arn).await
    };
    let first = answer(&world, 0).await;
    assert_eq!(world.children(&run).await.len(), 1);
    let update = MapRunUpdate { max_concurrency: Some(2), ..MapRunUpdate::default() };
    world.engine.update_map_run(&run.arn, update).await.unwrap();
    let second = answer(&world, 1).await;
    world.engine.shutdown(Duration::from_secs(10)).await.unwrap();

    let world = World::open(store()).await;
    assert_eq!(world.map_run(&arn).await.run.max_concurrency, 2);
    world.engine.task_failed(&second, StateError::named("E")).await.unwrap();
    let third = answer(&world, 2).await;
    world.engine.task_succeeded(&first, json!("first").into()).await.unwrap();
    world.engine.task_succeeded(&third, json!("third").into()).await.unwrap();
    let output = output(&world.engine.wait(&arn).await.unwrap().status);
    let succeeded: BTreeSet<&str> = output.as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert_eq!(succeeded, BTreeSet::from(["first", "third"]), "{output}");
    let run = world.map_run(&arn).await;
    assert_eq!((run.run.succeeded, run.run.failed, run.run.status), (2, 1, MapRunStatus::Succeeded));
    assert_eq!(world.children(&run).await.len(), 3, "nobody is started twice");
    assert_eq!(code(world.engine.update_map_run(&run.arn, update).await), "ValidationException");
}

#[tokio::test]
async fn what_names_no_map_run_is_refused() {
    let world = World::open(Options::memory()).await;
    let arn = world.start(json!({ "M": distributed("STANDARD", task(), json!({})) }), json!([1])).await;
    world.engine.wait(&arn).await.unwrap();
    let run = world.map_run(&arn).await.arn;
    assert_eq!(code(world.engine.map_run(&arn).await), "InvalidArn");
    assert_eq!(code(world.engine.map_run(&run.replace("LabelSTANDARD", "Other")).await), "ResourceNotFound");
    assert_eq!(code(world.engine.map_run(&run.replace(":m/", ":n/")).await), "ResourceNotFound");
    let other = format!("{}{}", &run[..run.len() - 1], if run.ends_with('0') { '1' } else { '0' });
    assert_eq!(code(world.engine.map_run(&other).await), "ResourceNotFound");
    let percentage = MapRunUpdate { tolerated_percentage: Some(100.5), ..MapRunUpdate::default() };
    assert_eq!(code(world.engine.update_map_run(&run, percentage).await), "ValidationException");
    for field in ["ItemReader", "ItemBatcher", "ResultWriter"] {
        let mut states = json!({ "M": distributed("STANDARD", task(), json!({})) });
        states["M"][field] = match field {
            "ItemBatcher" => json!({ "MaxItemsPerBatch": 2 }),
            "ItemReader" => json!({ "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": { "InputType": "JSON" }, "Parameters": { "Bucket": "b", "Key": "k" } }),
            _ => json!({ "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "b", "Prefix": "p" } }),
        };
        let definition = json!({ "StartAt": "M", "States": states }).to_string();
        let refused =
            world.engine.register("other", &definition, MachineType::Standard).await.expect_err("it is refused");
        assert!(refused.to_string().contains(&format!("'{field}'")), "{refused}");
    }
}
