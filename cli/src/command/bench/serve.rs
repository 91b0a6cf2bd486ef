//! `stepwell bench serve`: an endpoint as its clients see it.

use serde_json::json;

use super::serve_cases::{self, Machine, Row};
use super::serve_client::Target;
use super::{bar, human, work};
use crate::args::ServeBench;
use crate::output;
use crate::refusal::Refusal;
use crate::table::Table;

/// Measures every case.
pub async fn execute(args: &ServeBench) -> Result<(), Refusal> {
    let target = Target::at(&args.endpoint, args.sign).await?;
    let bar = bar(args.at_once.len() as u64 * 4 + 2, "cases");
    bar.tick();
    let mut rows = Vec::new();
    for passes in [1, args.passes] {
        let machine = Machine::make(&target, "express", &work::chain(passes), "EXPRESS").await?;
        for at_once in &args.at_once {
            rows.push(machine.at_once(*at_once, args.seconds, passes).await?);
            bar.inc(1);
        }
        machine.delete().await?;
    }
    let machine = Machine::make(&target, "standard", &work::chain(1), "STANDARD").await?;
    for at_once in &args.at_once {
        rows.push(machine.accepted(*at_once, args.seconds).await?);
        bar.inc(1);
    }
    for at_once in &args.at_once {
        rows.push(machine.succeeded(*at_once, args.seconds).await?);
        bar.inc(1);
    }
    machine.delete().await?;
    let machine = Machine::make(&target, "map", &serve_cases::map(), "STANDARD").await?;
    rows.push(machine.map(args.items).await?);
    bar.inc(1);
    rows.push(machine.history(args.events).await?);
    machine.delete().await?;
    bar.finish_and_clear();
    show(args, &rows)
}

fn show(args: &ServeBench, rows: &[Row]) -> Result<(), Refusal> {
    let per_s = |row: &Row| row.count as f64 / row.seconds;
    let transitions_per_s = |row: &Row| row.transitions.map(|transitions| per_s(row) * transitions as f64);
    if args.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({ "case": row.case, "at_once": row.at_once, "count": row.count, "seconds": row.seconds,
                    "per_s": per_s(row), "transitions_per_s": transitions_per_s(row),
                    "p50_ms": row.p50_ms, "p99_ms": row.p99_ms })
            })
            .collect();
        return Ok(output::print_json(&json!({ "endpoint": args.endpoint, "rows": rows }))?);
    }
    let mut table = Table::new(&["CASE", ":AT ONCE", ":COUNT", ":PER S", ":TRANSITIONS PER S", ":P50 MS", ":P99 MS"]);
    for row in rows {
        table.add([
            row.case.clone(),
            row.at_once.to_string(),
            row.count.to_string(),
            human(per_s(row)),
            transitions_per_s(row).map(human).unwrap_or_default(),
            format!("{:.2}", row.p50_ms),
            format!("{:.2}", row.p99_ms),
        ]);
    }
    Ok(output::print(&table.lines())?)
}
