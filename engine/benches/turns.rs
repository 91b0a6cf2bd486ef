//! What the core does in a second, on one core and in memory, and what it needs for it.
//!
//! Every case runs in a process of its own, so that its peak memory is its own; the rate is the best of five rounds.
//! `cargo bench --bench turns` prints the table.

#![allow(clippy::disallowed_methods)] // a benchmark measures time

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value as Json, json};
use stepwell_asl::{Chance, Program, Timestamp, Value, compile};
use stepwell_engine::core::{Env, Event, Execution, Identity, Limits, Status, step};
use stepwell_engine::token::TokenKey;

const ROUNDS: usize = 5;

/// A definition, its input, and how many units (transitions or items) it takes to run.
struct Case {
    name: &'static str,
    unit: &'static str,
    units: u64,
    definition: Json,
    input: Json,
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case {
            name: "chain of 1,000 Pass states",
            unit: "transition",
            units: 1_000,
            definition: pass_chain(1_000, json!({ "Type": "Pass" })),
            input: order(),
        },
        Case {
            name: "Choice loop of 10,000 turns",
            unit: "transition",
            units: 20_000,
            definition: choice_loop(),
            input: json!({ "n": 0, "limit": 10_000 }),
        },
        Case {
            name: "template of five paths and ResultPath",
            unit: "transition",
            units: 1_000,
            definition: pass_chain(1_000, templated()),
            input: order(),
        },
        Case {
            name: "chain of 1,000 Pass states in JSONata",
            unit: "transition",
            units: 1_000,
            definition: pass_chain(1_000, jsonata(json!("{% $states.input %}"))),
            input: order(),
        },
        Case {
            name: "four JSONata expressions and a variable",
            unit: "transition",
            units: 1_000,
            definition: pass_chain(1_000, jsonata_object()),
            input: order(),
        },
    ];
    for (name, count) in [("Map of 1,000", 1_000), ("Map of 10,000", 10_000), ("Map of 100,000", 100_000)] {
        cases.push(Case { name, unit: "item", units: count, definition: map_of_pass(), input: (0..count).collect() });
    }
    cases
}

fn pass_chain(length: usize, state: Json) -> Json {
    let states: serde_json::Map<String, Json> = (0..length)
        .map(|at| {
            let mut state = state.clone();
            match at + 1 == length {
                true => state["End"] = json!(true),
                false => state["Next"] = json!(format!("S{}", at + 1)),
            }
            (format!("S{at}"), state)
        })
        .collect();
    json!({ "StartAt": "S0", "States": states })
}

fn choice_loop() -> Json {
    json!({ "StartAt": "Check", "States": {
        "Check": {
            "Type": "Choice",
            "Choices": [{ "Variable": "$.n", "NumericLessThanPath": "$.limit", "Next": "Add" }],
            "Default": "Done"
        },
        "Add": {
            "Type": "Pass",
            "Parameters": { "n.$": "States.MathAdd($.n, 1)", "limit.$": "$.limit" },
            "Next": "Check"
        },
        "Done": { "Type": "Succeed" }
    } })
}

fn templated() -> Json {
    json!({
        "Type": "Pass",
        "Parameters": {
            "id.$": "$.orderId",
            "city.$": "$.customer.address.city",
            "first.$": "$.items[0].name",
            "price.$": "$.items[1].price",
            "currency.$": "$.currency",
            "kind": "summary"
        },
        "ResultPath": "$.summary"
    })
}

fn jsonata(output: Json) -> Json {
    json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": output })
}

fn jsonata_object() -> Json {
    let mut state = jsonata(json!({
        "orderId": "{% $states.input.orderId %}",
        "customer": "{% $states.input.customer %}",
        "items": "{% $states.input.items %}",
        "total": "{% $sum($states.input.items.(price * quantity)) %}"
    }));
    state["Assign"] = json!({ "id": "{% $states.input.orderId %}" });
    state
}

fn map_of_pass() -> Json {
    json!({ "StartAt": "M", "States": { "M": {
        "Type": "Map",
        "ItemProcessor": { "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } },
        "End": true
    } } })
}

fn order() -> Json {
    let items: Vec<Json> =
        (0..20).map(|at| json!({ "name": format!("item {at}"), "price": at, "quantity": 1 })).collect();
    json!({
        "orderId": "o-1",
        "currency": "EUR",
        "customer": { "name": "n", "address": { "city": "c", "street": "s" } },
        "items": items
    })
}

fn start(program: &Program, input: &Value) -> Execution {
    Execution::new(
        program,
        Identity {
            arn: "arn:aws:states:us-east-1:000000000000:execution:m:e".into(),
            name: "e".into(),
            machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
            machine_name: "m".into(),
            role_arn: "".into(),
            region: "us-east-1".into(),
            started_at: Timestamp(0),
            input: input.clone(),
            ..Identity::default()
        },
        &Limits::OFF,
    )
}

/// Runs a case and gives nanoseconds per unit.
fn run(case: &Case) -> f64 {
    let program = compile::compile(&Value::from(case.definition.clone())).expect("the benchmark's definition compiles");
    let input = Value::from(case.input.clone());
    let mut best = f64::INFINITY;
    let repeat = (200_000 / case.units).max(1);
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for _ in 0..repeat {
            let mut env = Env {
                now: Timestamp(0),
                chance: Chance::from_seed([1, 2, 3, 4]),
                limits: Limits { history_events: None, ..Limits::AWS },
                pace: stepwell_engine::core::Pace::REAL,
                tokens: TokenKey::new([0; 32]),
                moves_max: u32::MAX,
                bytes_max: usize::MAX,
            };
            if case.units > 6_000 {
                env.limits = Limits::OFF; // AWS's history ends before
            }
            let mut execution = start(&program, &input);
            let turn = step(&program, &mut execution, &[Event::Started], &mut env);
            assert!(matches!(execution.status, Status::Succeeded(_)), "{:?}", execution.status);
            black_box(turn);
        }
        best = best.min(begin.elapsed().as_nanos() as f64 / (repeat * case.units) as f64);
    }
    best
}

fn peak_rss_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

fn main() {
    let cases = cases();
    if let Ok(at) = std::env::var("STEPWELL_BENCH_CASE") {
        let case = &cases[at.parse::<usize>().expect("a case's number")];
        let ns = run(case);
        println!("{ns} {}", peak_rss_mib().unwrap_or(f64::NAN));
        return;
    }
    println!("{:<40} {:>12} {:>14} {:>10}", "in memory, one core", "ns per unit", "units per s", "peak MiB");
    let own = std::env::current_exe().expect("the benchmark knows its own path");
    for (at, case) in cases.iter().enumerate() {
        let output = Command::new(&own).env("STEPWELL_BENCH_CASE", at.to_string()).output().expect("it can be started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let figures: Vec<f64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let [ns, mib] = figures[..] else {
            eprintln!("{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
            std::process::exit(1);
        };
        println!("{:<40} {:>6.0} /{:<6} {:>13.0} {:>10.1}", case.name, ns, case.unit, 1e9 / ns, mib);
    }
}
