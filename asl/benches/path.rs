//! Paths over an order of twenty items, beside jsonpath-rust: nanoseconds a query, the median of several rounds.
//!
//! Both parse once; jsonpath-rust gets `serde_json`'s value, which it is made for.

#![allow(clippy::disallowed_methods)] // a benchmark measures time

use std::hint::black_box;
use std::time::Instant;

use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::json;
use stepwell_asl::path::Path;
use stepwell_asl::value::Value;

const PATHS: [&str; 6] = [
    "$.orderId",
    "$.customer.address.city",
    "$.items[3].name",
    "$.items[*].price",
    "$.items[?(@.price > 10)].name",
    "$..name",
];

const ROUNDS: usize = 15;

fn main() {
    let document = order();
    let value = Value::from(document.clone());
    println!("{:32} {:>10} {:>10} {:>14} {:>8}", "path", "find ns", "query ns", "jsonpath-rust", "ratio");
    for text in PATHS {
        let path = Path::parse(text).expect("the paths above are valid");
        let other = parse_json_path(text).expect("the paths above are valid");
        let find = path.find(&value).map(|_| {
            median_ns(|| {
                let _ = black_box(black_box(&path).find(black_box(&value)));
            })
        });
        let query = median_ns(|| drop(black_box(black_box(&path).query(black_box(&value)))));
        let theirs = median_ns(|| drop(black_box(js_path_process(black_box(&other), black_box(&document)))));
        let find = find.map_or_else(|| "-".to_string(), |find| format!("{find:.1}"));
        println!("{text:32} {find:>10} {query:>10.1} {theirs:>14.1} {:>7.1}x", theirs / query);
    }
}

fn median_ns(mut run: impl FnMut()) -> f64 {
    let mut repeats = 1;
    while elapsed_ns(repeats, &mut run) < 2e6 {
        repeats *= 2;
    }
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| elapsed_ns(repeats, &mut run) / repeats as f64).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn elapsed_ns(repeats: usize, run: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..repeats {
        run();
    }
    start.elapsed().as_nanos() as f64
}

fn order() -> serde_json::Value {
    let items: Vec<serde_json::Value> = (0..20)
        .map(|n| json!({"id": n, "name": format!("item {n}"), "price": f64::from(n) * 1.5, "tags": ["a", "b"]}))
        .collect();
    let address = json!({"street": "Main", "city": "Berlin", "zip": "10115"});
    json!({"orderId": "o-1", "customer": {"name": "Ann", "address": address}, "items": items, "total": 285})
}
