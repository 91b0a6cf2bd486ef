//! The cases of `stepwell bench engine`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use stepwell_asl::{Text, Value};
use stepwell_engine::Engine;
use stepwell_engine::core::Status;
use stepwell_engine::store::Kind;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::engine::{Meter, Row};
use super::rates::Latencies;
use super::scratch::Scratch;
use super::work::{self, no_tokens};
use crate::refusal::Refusal;

/// How often the chain is run.
const CHAINS: u64 = 20;

/// Starts and answers that are under way at once.
pub const AT_ONCE: usize = 512;

/// Executions of one task, so many at once, each followed by the next.
pub async fn at_once(scratch: &Scratch, kind: Kind, at_once: u64, seconds: f64) -> Result<Row, Refusal> {
    let engine = work::open(kind, &scratch.join(&format!("tasks-{at_once}")), no_tokens()).await?;
    let machine: Arc<str> = work::register(&engine, "task", &work::one_task()).await?.into();
    let meter = Meter::start(format!("one task, {at_once} at once"), &engine);
    let (end, number) = (Instant::now() + Duration::from_secs_f64(seconds), Arc::new(AtomicU64::new(0)));
    let latencies = Latencies::new()?;
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        tasks.spawn(one_after_the_other(engine.clone(), machine.clone(), number.clone(), latencies.clone(), end));
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| Refusal::new(error.to_string()))??;
    }
    let row = meter.stop(&engine, latencies.count(), Some(&latencies));
    work::close(engine).await?;
    Ok(row)
}

async fn one_after_the_other(
    engine: Engine,
    machine: Arc<str>,
    number: Arc<AtomicU64>,
    latencies: Latencies,
    end: Instant,
) -> Result<(), Refusal> {
    while Instant::now() < end {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let before = Instant::now();
        let arn = work::start(&engine, &machine, format!("e{number}"), work::input(number)).await?;
        finished(&engine, &arn).await?;
        latencies.record(before.elapsed());
    }
    Ok(())
}

/// A chain of Pass states, run a few times.
pub async fn chain(scratch: &Scratch, kind: Kind, passes: u64) -> Result<Row, Refusal> {
    let engine = work::open(kind, &scratch.join("chain"), no_tokens()).await?;
    let machine = work::register(&engine, "chain", &work::chain(passes)).await?;
    let meter = Meter::start(format!("chain of {passes} Pass states"), &engine);
    let latencies = Latencies::new()?;
    for number in 0..CHAINS {
        let before = Instant::now();
        let arn = work::start(&engine, &machine, format!("e{number}"), work::input(number)).await?;
        finished(&engine, &arn).await?;
        latencies.record(before.elapsed());
    }
    let row = meter.stop(&engine, CHAINS, Some(&latencies));
    work::close(engine).await?;
    Ok(row)
}

/// A task for every item of a Map. What is counted is items.
pub async fn map(scratch: &Scratch, kind: Kind, items: u64) -> Result<Row, Refusal> {
    let engine = work::open(kind, &scratch.join(&format!("map-{items}")), no_tokens()).await?;
    let machine = work::register(&engine, "map", &work::map()).await?;
    let input: Value = (0..items).map(work::input).collect();
    let meter = Meter::start(format!("Map of {items} tasks"), &engine);
    let arn = work::start(&engine, &machine, "wide".to_owned(), input).await?;
    finished(&engine, &arn).await?;
    let row = meter.stop(&engine, items, None);
    work::close(engine).await?;
    Ok(row)
}

/// Executions that wait for a callback: starting them all, then answering them all.
pub async fn callbacks(scratch: &Scratch, kind: Kind, count: u64) -> Result<[Row; 2], Refusal> {
    let (sender, mut tokens) = mpsc::unbounded_channel::<Text>();
    let pass_on = Box::new(move |token: &Text| drop(sender.send(token.clone())));
    let engine = work::open(kind, &scratch.join("callbacks"), pass_on).await?;
    let machine = work::register(&engine, "callback", &work::callback()).await?;
    let meter = Meter::start(format!("{count} callbacks begin to wait"), &engine);
    let starts = stream::iter(0..count).map(|number| {
        let (engine, machine) = (&engine, &machine);
        async move { work::start(engine, machine, format!("e{number}"), work::input(number)).await }
    });
    let arns: Vec<Text> = starts.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut handed_out = Vec::new();
    while handed_out.len() < arns.len()
        && let Some(token) = tokens.recv().await
    {
        handed_out.push(token);
    }
    let waiting = meter.stop(&engine, count, None);
    let meter = Meter::start(format!("{count} callbacks are answered"), &engine);
    let latencies = Latencies::new()?;
    answer(&engine, stream::iter(handed_out), &latencies).await?;
    for arn in &arns {
        finished(&engine, arn).await?;
    }
    let answered = meter.stop(&engine, count, Some(&latencies));
    work::close(engine).await?;
    Ok([waiting, answered])
}

/// Answers all of these tokens, many at once.
pub async fn answer(
    engine: &Engine,
    tokens: impl stream::Stream<Item = Text>,
    latencies: &Latencies,
) -> Result<(), Refusal> {
    let answers = tokens.map(|token| async move {
        let before = Instant::now();
        engine.task_succeeded(&token, Value::from(serde_json::json!({ "approved": true }))).await?;
        Ok::<Duration, Refusal>(before.elapsed())
    });
    let mut answers = std::pin::pin!(answers.buffer_unordered(AT_ONCE));
    while let Some(latency) = answers.next().await {
        latencies.record(latency?);
    }
    Ok(())
}

/// Waits for the end of an execution, which must be a good one: nothing else is worth measuring.
async fn finished(engine: &Engine, arn: &str) -> Result<(), Refusal> {
    match engine.wait(arn).await?.status {
        Status::Succeeded(_) => Ok(()),
        Status::Running | Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => {
            Err(Refusal::new(format!("{arn} did not succeed")))
        }
    }
}
