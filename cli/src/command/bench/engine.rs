//! `stepwell bench engine`: executions from start to end, chains, wide Maps, callbacks.

use std::time::Instant;

use serde_json::json;
use stepwell_engine::Engine;
use stepwell_engine::engine::Counts;

use super::rates::Latencies;
use super::scratch::Scratch;
use super::{bar, bytes, cases, human, process};
use crate::args::EngineBench;
use crate::output;
use crate::refusal::Refusal;
use crate::table::Table;

/// What one case came to.
pub struct Row {
    case: String,
    /// How many of what was measured.
    count: u64,
    seconds: f64,
    latencies: Option<(f64, f64)>,
    turns: u64,
    commits: u64,
    body_bytes: u64,
    written_bytes: Option<u64>,
    peak_bytes: Option<u64>,
}

/// Measures from here on.
pub struct Meter {
    case: String,
    before: Counts,
    written: Option<u64>,
    start: Instant,
}

impl Meter {
    /// Begins.
    pub fn start(case: impl Into<String>, engine: &Engine) -> Meter {
        process::reset_peak();
        let (before, written) = (engine.counts(), process::written_bytes());
        Meter { case: case.into(), before, written, start: Instant::now() }
    }

    /// Ends: so many were measured.
    pub fn stop(self, engine: &Engine, count: u64, latencies: Option<&Latencies>) -> Row {
        let seconds = self.start.elapsed().as_secs_f64();
        let after = engine.counts();
        let written = process::written_bytes().zip(self.written);
        Row {
            case: self.case,
            count,
            seconds,
            latencies: latencies.map(|latencies| (latencies.ms(0.5), latencies.ms(0.99))),
            turns: after.store.turns - self.before.store.turns,
            commits: after.store.groups - self.before.store.groups,
            body_bytes: after.store.body_bytes - self.before.store.body_bytes,
            written_bytes: written.map(|(after, before)| after.saturating_sub(before)),
            peak_bytes: process::peak_bytes(),
        }
    }
}

/// Measures every case on a store of its own.
pub async fn execute(args: &EngineBench) -> Result<(), Refusal> {
    let scratch = Scratch::make(args.data.as_deref())?;
    let bar = bar((args.at_once.len() + args.items.len()) as u64 + 3, "cases");
    bar.tick();
    let mut rows = Vec::new();
    for at_once in &args.at_once {
        rows.push(cases::at_once(&scratch, args.store, *at_once, args.seconds).await?);
        bar.inc(1);
    }
    rows.push(cases::chain(&scratch, args.store, args.passes).await?);
    bar.inc(1);
    for items in &args.items {
        rows.push(cases::map(&scratch, args.store, *items).await?);
        bar.inc(1);
    }
    rows.extend(cases::callbacks(&scratch, args.store, args.callbacks).await?);
    bar.finish_and_clear();
    show(args, &rows)
}

fn show(args: &EngineBench, rows: &[Row]) -> Result<(), Refusal> {
    let each = |total: u64, row: &Row| total as f64 / row.count.max(1) as f64;
    if args.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({ "case": row.case, "count": row.count, "seconds": row.seconds,
                    "per_s": row.count as f64 / row.seconds,
                    "p50_ms": row.latencies.map(|(p50, _)| p50), "p99_ms": row.latencies.map(|(_, p99)| p99),
                    "turns": row.turns, "commits": row.commits, "body_bytes": row.body_bytes,
                    "written_bytes": row.written_bytes, "peak_bytes": row.peak_bytes })
            })
            .collect();
        return Ok(output::print_json(&json!({ "store": args.store.to_string(), "rows": rows }))?);
    }
    let mut table = Table::new(&[
        "CASE",
        ":COUNT",
        ":SECONDS",
        ":PER S",
        ":P50 MS",
        ":P99 MS",
        ":TURNS",
        ":COMMITS",
        ":LOGGED EACH",
        ":WRITTEN EACH",
        ":PEAK RSS",
    ]);
    for row in rows {
        let ms = |ms: Option<f64>| ms.map(|ms| format!("{ms:.2}")).unwrap_or_default();
        table.add([
            row.case.clone(),
            row.count.to_string(),
            format!("{:.2}", row.seconds),
            human(row.count as f64 / row.seconds),
            ms(row.latencies.map(|(p50, _)| p50)),
            ms(row.latencies.map(|(_, p99)| p99)),
            row.turns.to_string(),
            row.commits.to_string(),
            bytes(each(row.body_bytes, row)),
            row.written_bytes.map(|written| bytes(each(written, row))).unwrap_or_default(),
            row.peak_bytes.map(|peak| bytes(peak as f64)).unwrap_or_default(),
        ]);
    }
    Ok(output::print(&table.lines())?)
}
