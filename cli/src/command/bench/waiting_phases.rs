//! What the children of `stepwell bench waiting` do: one fills a store and is killed, the next one opens it again.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use stepwell_asl::Text;
use stepwell_engine::Engine;

use super::cases::{AT_ONCE, answer};
use super::rates::Latencies;
use super::work::{self, no_tokens};
use super::{bar, process};
use crate::args::WaitingBench;
use crate::output;
use crate::refusal::Refusal;

/// How long the one waits whose time passes while nobody is there, in seconds.
pub const LATE_S: u64 = 2;

const YEAR_S: u64 = 365 * 24 * 3600;

/// How often it is looked whether all wait.
const LOOK: Duration = Duration::from_millis(20);

/// Of all executions, one in so many is answered after the kill.
const ANSWERED_OF: u64 = 10;

const LATE: &str = "late";

/// Starts all executions, tells what that took, and waits to be killed.
pub async fn fill(args: &WaitingBench, directory: &Path) -> Result<(), Refusal> {
    let tokens = Arc::new(Mutex::new(Writing::to(&tokens(directory), args.count.div_ceil(ANSWERED_OF))?));
    let sink = tokens.clone();
    let pass_on = Box::new(move |token: &Text| sink.lock().unwrap_or_else(PoisonError::into_inner).write(token));
    let engine = work::open(args.store, &store(directory), pass_on).await?;
    let waits = work::register(&engine, "wait", &work::wait(YEAR_S)).await?;
    let asks = work::register(&engine, "ask", &work::callback()).await?;
    let late = work::register(&engine, LATE, &work::wait(LATE_S)).await?;
    let before = engine.counts().store.turns;
    let start = Instant::now();
    let bar = bar(args.count, "executions");
    let starts = stream::iter(0..args.count).map(|number| {
        let (engine, machine) = (&engine, if number % 2 == 0 { &asks } else { &waits });
        async move { work::start(engine, machine, format!("e{number}"), work::input(number)).await }
    });
    let mut starts = std::pin::pin!(starts.buffer_unordered(AT_ONCE));
    while starts.try_next().await?.is_some() {
        bar.inc(1);
    }
    let starts_per_s = args.count as f64 / start.elapsed().as_secs_f64();
    // One turn for each, and one more where a queue has taken the token in.
    let turns = before + args.count + args.count.div_ceil(2);
    while engine.counts().store.turns < turns {
        tokio::time::sleep(LOOK).await;
    }
    bar.finish_and_clear();
    tokens.lock().unwrap_or_else(PoisonError::into_inner).finish()?;
    work::start(&engine, &late, LATE.to_owned(), work::input(0)).await?;
    let statistics = engine.counts().store;
    output::print_json(&json!({
        "starts_per_s": starts_per_s,
        "peak_bytes": process::peak_bytes(),
        "resident_bytes": process::resident_bytes(),
        "disk_bytes": statistics.disk_bytes,
        "body_bytes": statistics.body_bytes,
        "groups": statistics.groups,
    }))?;
    std::future::pending().await
}

/// Opens the store, waits for the timer that has passed, answers callbacks, and tells what that took.
pub async fn reopen(args: &WaitingBench, directory: &Path) -> Result<(), Refusal> {
    let start = Instant::now();
    let engine = work::open(args.store, &store(directory), no_tokens()).await?;
    let open_s = start.elapsed().as_secs_f64();
    engine.wait(&engine.place().execution(LATE, LATE)).await?;
    let first_timer_s = start.elapsed().as_secs_f64();
    let resident_bytes = process::resident_bytes();
    let (answered, answers_per_s, latencies) = answer_all(&engine, &tokens(directory)).await?;
    output::print_json(&json!({
        "open_s": open_s,
        "first_timer_s": first_timer_s,
        "resident_bytes": resident_bytes,
        "answered": answered,
        "answers_per_s": answers_per_s,
        "p50_ms": latencies.ms(0.5),
        "p99_ms": latencies.ms(0.99),
        "peak_bytes": process::peak_bytes(),
    }))?;
    work::close(engine).await
}

async fn answer_all(engine: &Engine, path: &Path) -> Result<(u64, f64, Latencies), Refusal> {
    let file = File::open(path).map_err(|error| unusable(path, &error))?;
    let tokens = BufReader::new(file).lines().map_while(Result::ok).map(Text::from);
    let latencies = Latencies::new()?;
    let start = Instant::now();
    answer(engine, stream::iter(tokens), &latencies).await?;
    let per_s = latencies.count() as f64 / start.elapsed().as_secs_f64();
    Ok((latencies.count(), per_s, latencies))
}

/// The first tokens, in a file: in memory they would be part of what is measured.
struct Writing {
    file: BufWriter<File>,
    path: PathBuf,
    left: u64,
    failed: Option<std::io::Error>,
}

impl Writing {
    fn to(path: &Path, count: u64) -> Result<Writing, Refusal> {
        let file = File::create(path).map_err(|error| unusable(path, &error))?;
        Ok(Writing { file: BufWriter::new(file), path: path.to_owned(), left: count, failed: None })
    }

    fn write(&mut self, token: &Text) {
        if self.left > 0 && self.failed.is_none() {
            self.left -= 1;
            self.failed = writeln!(self.file, "{token}").err();
        }
    }

    fn finish(&mut self) -> Result<(), Refusal> {
        let written = self.failed.take().map_or_else(|| self.file.flush(), Err);
        written.map_err(|error| unusable(&self.path, &error))
    }
}

fn store(directory: &Path) -> PathBuf {
    directory.join("store")
}

fn tokens(directory: &Path) -> PathBuf {
    directory.join("tokens")
}

fn unusable(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!("{} cannot be used: {error}", path.display()))
}
