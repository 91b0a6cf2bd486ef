//! JSONata expressions over 1.9 KB and 256 KB of `$states`, beside the reference on Node.js in the same run: nanoseconds an
//! evaluation, the median of several rounds. Both compile once.
//!
//! `asl/tests/reference/install` brings the reference; without it its columns are empty.

#![allow(clippy::disallowed_methods)] // a benchmark measures time

use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value as Json, json};
use stepwell_asl::jsonata::{Expression, Limits, Names, Turn};
use stepwell_asl::{Chance, Timestamp, Value};

const EXPRESSIONS: [(&str, &str); 12] = [
    ("plain path", "$states.input.customer.address.city"),
    ("filter", "$states.input.items[price > 10].name"),
    ("sum", "$sum($states.input.items.(price * quantity))"),
    ("concatenation", "$states.input.customer.name & ' in ' & $states.input.customer.address.city & '.'"),
    ("map", "$map($states.input.items, function($i) { $i.price * 2 })"),
    ("merge", "$merge([$states.input.customer, {'vip': true}])"),
    ("condition", "$states.input.total > 100 ? 'large' : 'small'"),
    (
        "object",
        "{'id': $states.input.orderId, 'city': $states.input.customer.address.city, 'total': $states.input.total}",
    ),
    ("reduce", "$reduce($states.input.items, function($sum, $i) { $sum + $i.price }, 0)"),
    ("string", "$string($states.input.items)"),
    (
        "block",
        "($few := $states.input.items[price < 20]; $names := $few.name; {'names': $names, 'count': $count($few)})",
    ),
    ("sort", "$sort($states.input.items, function($a, $b) { $a.price < $b.price })"),
];

const ROUNDS: usize = 9;

struct States(Value);

impl Names for States {
    fn variable(&self, name: &str) -> Option<Value> {
        (name == "states").then(|| self.0.clone())
    }

    fn member(&self, name: &str, member: &str) -> Option<Value> {
        (name == "states").then(|| self.0.get(member).cloned()).flatten()
    }
}

fn main() {
    // `cargo test` runs benchmarks too, to see that they start.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { 1 };
    println!(
        "{:14} {:>8} {:>12} {:>12} {:>12} {:>8}",
        "expression", "bytes", "compile ns", "evaluate ns", "reference", "ratio"
    );
    for items in [20, 2_600] {
        let states = json!({ "input": order(items) });
        let bytes = states.to_string().len();
        let theirs = reference(&states, rounds);
        let names = States(states.into());
        for (at, (name, source)) in EXPRESSIONS.iter().enumerate() {
            let compile = median_ns(rounds, || drop(black_box(Expression::compile(black_box(source)))));
            let expression = Expression::compile(source).expect("the expressions above are valid");
            let mut chance = Chance::from_seed([1; 4]);
            let mut turn = Turn { now: Timestamp(0), chance: &mut chance, limits: Limits::default() };
            let ours = median_ns(rounds, || {
                let result = black_box(&expression).evaluate(None, &names, &mut turn);
                black_box(result).expect("the expressions above can be evaluated");
            });
            let (theirs, ratio) = match theirs.get(at) {
                Some(theirs) => (format!("{theirs:.0}"), format!("{:.1}x", theirs / ours)),
                None => ("-".to_string(), "-".to_string()),
            };
            println!("{name:14} {bytes:>8} {compile:>12.0} {ours:>12.0} {theirs:>12} {ratio:>8}");
        }
    }
}

/// Nanoseconds of the reference for each expression; empty where it is not installed.
fn reference(states: &Json, rounds: usize) -> Vec<f64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/measure.mjs");
    let Some(home) = installed() else { return Vec::new() };
    let work = json!({ "states": states, "expressions": EXPRESSIONS.map(|(_, source)| source), "rounds": rounds });
    let started = Command::new("node").arg(script).arg(home).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut node) = started else { return Vec::new() };
    if let Some(mut stdin) = node.stdin.take() {
        // A reference that dies answers nothing, which shows as empty columns.
        let _ = stdin.write_all(work.to_string().as_bytes());
    }
    let output = node.wait_with_output().expect("a child that was started can be waited for");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn installed() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let home = target.join("jsonata-reference");
    home.join("node_modules/jsonata").is_dir().then_some(home)
}

fn median_ns(rounds: usize, mut run: impl FnMut()) -> f64 {
    let mut repeats = 1;
    while elapsed_ns(repeats, &mut run) < 2e6 {
        repeats *= 2;
    }
    let mut rounds: Vec<f64> = (0..rounds).map(|_| elapsed_ns(repeats, &mut run) / repeats as f64).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn elapsed_ns(repeats: usize, run: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..repeats {
        run();
    }
    start.elapsed().as_nanos() as f64
}

fn order(items: usize) -> Json {
    let items: Vec<Json> = (0..items)
        .map(|n| json!({ "id": n, "name": format!("item {n}"), "price": n % 40, "quantity": 1 + n % 3, "tags": ["a", "b"] }))
        .collect();
    let address = json!({ "street": "Main", "city": "Berlin", "zip": "10115" });
    json!({ "orderId": "o-1", "customer": { "name": "Ann", "address": address }, "items": items, "total": 285 })
}
