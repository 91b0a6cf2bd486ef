//! `stepwell bench store`: durable turns per second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use stepwell_engine::ids::{Epoch, ExecutionId, Key};
use stepwell_engine::store::{Kind, Options, Store, open};
use tokio::task::JoinSet;

use super::log::{Log, sync_latency};
use super::rates::Latencies;
use super::scratch::Scratch;
use super::turns::{TURNS, body, turn};
use super::{bar, human};
use crate::args::{StoreBench, Target};
use crate::output;
use crate::refusal::Refusal;
use crate::table::Table;

/// Who takes turns.
enum Taker {
    Log(Log),
    Store(Arc<dyn Store>, Epoch),
}

/// What came of a round, or of the median one.
#[derive(Clone, Copy, Default)]
struct Round {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures every target with every number of writers, in turns: disks are moody.
pub async fn execute(args: &StoreBench) -> Result<(), Refusal> {
    let scratch = Scratch::make(args.data.as_deref())?;
    let targets = targets(args);
    let bar = bar((args.writers.len() * targets.len()) as u64 * args.rounds, "rounds");
    bar.tick();
    let mut rows = Vec::new();
    for writers in &args.writers {
        let mut rounds = vec![Vec::new(); targets.len()];
        for number in 0..args.rounds {
            for (target, rounds) in targets.iter().zip(&mut rounds) {
                let name = format!("{}-{writers}-{number}", name(*target));
                rounds.push(round(&scratch, &name, *target, *writers, args.seconds).await?);
                bar.inc(1);
            }
        }
        let medians: Vec<Round> = rounds.into_iter().map(median).collect();
        rows.extend(targets.iter().zip(&medians).map(|(target, round)| (*writers, *target, *round, medians[0].rate)));
    }
    bar.finish_and_clear();
    let sync = sync_latency(&scratch.join("sync"))?;
    show(args, &rows, sync)
}

/// The log is always there, and first: it is what the others are compared with.
fn targets(args: &StoreBench) -> Vec<Target> {
    let asked: &[Target] = if args.stores.is_empty() { &[Target::Sled, Target::Redb] } else { &args.stores };
    let mut targets = vec![Target::Log];
    for target in asked {
        if !targets.contains(target) {
            targets.push(*target);
        }
    }
    targets
}

fn name(target: Target) -> &'static str {
    match target {
        Target::Log => "log",
        Target::Sled => "sled",
        Target::Redb => "redb",
        Target::Memory => "memory",
    }
}

fn median(mut rounds: Vec<Round>) -> Round {
    rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    rounds.get(rounds.len() / 2).copied().unwrap_or_default()
}

async fn round(scratch: &Scratch, name: &str, target: Target, writers: u64, seconds: f64) -> Result<Round, Refusal> {
    let path = scratch.join(name);
    let taker = Arc::new(match target {
        Target::Log => Taker::Log(Log::start(&path)?),
        Target::Sled | Target::Redb | Target::Memory => {
            let kind = match target {
                Target::Redb => Kind::Redb,
                Target::Memory => Kind::Memory,
                Target::Sled | Target::Log => Kind::Sled,
            };
            let options = Options { kind, directory: Some(path.clone()), ..Options::memory() };
            let opened = tokio::task::spawn_blocking(move || open(&options)).await;
            let store = opened.map_err(said)?.map_err(said)?;
            let epoch = store.acquire().await.map_err(said)?.first().map_or(Epoch::default(), |(_, epoch)| *epoch);
            Taker::Store(store, epoch)
        }
    });
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let latencies = Latencies::new()?;
    let mut tasks = JoinSet::new();
    for writer in 0..writers {
        tasks.spawn(write(taker.clone(), writer, latencies.clone(), end));
    }
    while let Some(written) = tasks.join_next().await {
        written.map_err(said)??;
    }
    let rate = latencies.count() as f64 / start.elapsed().as_secs_f64();
    if let Taker::Store(store, _) = &*taker {
        store.close().await.map_err(said)?;
    }
    drop(taker);
    // A full disk would be part of what the next round measures.
    let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
    Ok(Round { rate, p50_ms: latencies.ms(0.5), p99_ms: latencies.ms(0.99) })
}

/// One execution after the other.
async fn write(taker: Arc<Taker>, writer: u64, latencies: Latencies, end: Instant) -> Result<(), Refusal> {
    let shard = Key::of(&[&writer.to_string()]).shard();
    for number in 0.. {
        let execution = ExecutionId::new(shard, writer << 32 | number);
        for sequence in 1..=TURNS {
            let before = Instant::now();
            if before >= end {
                return Ok(());
            }
            match &*taker {
                Taker::Log(log) => log.append(body(execution, sequence)).await?,
                Taker::Store(store, epoch) => {
                    store.commit(turn(*epoch, execution, sequence)).await.map_err(said)?;
                }
            }
            latencies.record(before.elapsed());
        }
    }
    Ok(())
}

fn said(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(error.to_string())
}

fn show(args: &StoreBench, rows: &[(u64, Target, Round, f64)], sync: Duration) -> Result<(), Refusal> {
    let sync_ms = sync.as_secs_f64() * 1000.0;
    let ratio = |rate: f64, log: f64| if log > 0.0 { rate / log } else { 0.0 };
    if args.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(writers, target, round, log)| {
                json!({ "target": name(*target), "writers": writers, "turns_per_s": round.rate,
                    "p50_ms": round.p50_ms, "p99_ms": round.p99_ms, "ratio": ratio(round.rate, *log) })
            })
            .collect();
        return Ok(output::print_json(&json!({ "fdatasync_ms": sync_ms, "rows": rows }))?);
    }
    let mut table = Table::new(&[":WRITERS", "TARGET", ":TURNS/S", ":P50 MS", ":P99 MS", ":RATIO"]);
    for (writers, target, round, log) in rows {
        table.add([
            writers.to_string(),
            name(*target).to_owned(),
            human(round.rate),
            format!("{:.2}", round.p50_ms),
            format!("{:.2}", round.p99_ms),
            format!("{:.2}", ratio(round.rate, *log)),
        ]);
    }
    let sync = format!("one fdatasync takes {sync_ms:.2} ms\n");
    Ok(output::print(&(table.lines() + &sync))?)
}
