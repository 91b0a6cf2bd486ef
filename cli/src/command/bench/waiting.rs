//! `stepwell bench waiting`: a great many executions that wait, the end of their process, and what comes after.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::scratch::Scratch;
use super::waiting_phases::{LATE_S, fill, reopen};
use super::{bytes, human};
use crate::args::{Phase, WaitingBench};
use crate::output;
use crate::refusal::Refusal;
use crate::table::Table;

/// Does its part, or has children do theirs.
pub async fn execute(args: &WaitingBench) -> Result<(), Refusal> {
    match (args.phase, &args.data) {
        (Some(Phase::Fill), Some(directory)) => fill(args, directory).await,
        (Some(Phase::Reopen), Some(directory)) => reopen(args, directory).await,
        (None, _) | (Some(_), None) => both(args).await,
    }
}

async fn both(args: &WaitingBench) -> Result<(), Refusal> {
    let scratch = Scratch::make(args.data.as_deref())?;
    let mut child = child(args, &scratch, "fill")?;
    let filled = report(&mut child);
    // The child waits for this: there is no more abrupt end.
    child.kill().and_then(|()| child.wait()).map_err(|error| failed(&error))?;
    let filled = filled?;
    tokio::time::sleep(Duration::from_secs(LATE_S)).await; // a timer is to pass while nobody is there
    let mut child = self::child(args, &scratch, "reopen")?;
    let reopened = report(&mut child);
    child.wait().map_err(|error| failed(&error))?;
    show(args, &filled, &reopened?)
}

fn child(args: &WaitingBench, scratch: &Scratch, phase: &str) -> Result<Child, Refusal> {
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let mut command = Command::new(program);
    command.args(["bench", "waiting", "--phase", phase, "--count", &args.count.to_string()]);
    command.args(["--store", &args.store.to_string(), "--data"]).arg(scratch.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| failed(&error))
}

/// The line that a child prints when it has done its part.
fn report(child: &mut Child) -> Result<Json, Refusal> {
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|error| failed(&error))?;
    }
    serde_json::from_str(&line).map_err(|_| Refusal::new("a part of the benchmark ended before it was done"))
}

fn failed(error: &std::io::Error) -> Refusal {
    Refusal::new(format!("the benchmark's own process cannot be run again: {error}"))
}

fn show(args: &WaitingBench, filled: &Json, reopened: &Json) -> Result<(), Refusal> {
    if args.json {
        let all =
            json!({ "count": args.count, "store": args.store.to_string(), "filled": filled, "reopened": reopened });
        return Ok(output::print_json(&all)?);
    }
    let of = |report: &Json, name: &str| report[name].as_f64();
    let mut table = Table::new(&["WHAT", ":VALUE"]);
    let mut add = |what: &str, value: Option<f64>, shown: fn(f64) -> String| {
        table.add([what.to_owned(), value.map_or_else(|| "unknown".to_owned(), shown)]);
    };
    add("executions that wait", Some(args.count as f64), human);
    add("started per second", of(filled, "starts_per_s"), human);
    add("peak RSS while starting", of(filled, "peak_bytes"), bytes);
    add("RSS when all wait", of(filled, "resident_bytes"), bytes);
    add("disk per execution", of(filled, "disk_bytes").map(|disk| disk / args.count as f64), bytes);
    add("killed; the store is open again after", of(reopened, "open_s"), seconds);
    add("the first timer has fired after", of(reopened, "first_timer_s"), seconds);
    add("RSS then", of(reopened, "resident_bytes"), bytes);
    add("callbacks answered", of(reopened, "answered"), human);
    add("answered per second", of(reopened, "answers_per_s"), human);
    add("answer p50, ms", of(reopened, "p50_ms"), human);
    add("answer p99, ms", of(reopened, "p99_ms"), human);
    add("peak RSS after the kill", of(reopened, "peak_bytes"), bytes);
    Ok(output::print(&table.lines())?)
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}
