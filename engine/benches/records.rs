//! What it takes to keep turns: bytes, and time to write and read them, next to the time of the step itself.
//!
//! `cargo bench --bench records` prints the table.

#![allow(clippy::disallowed_methods)] // a benchmark measures time

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value as Json, json};
use stepwell_asl::programs::ContentHash;
use stepwell_asl::{Chance, Program, Timestamp, Value, compile};
use stepwell_engine::core::{
    BranchId, Effect, Env, Event, EventKind, Execution, Identity, Limits, Status, Ticket, outstanding, step,
};
use stepwell_engine::record::{Birth, Known, Payloads, TurnRecord, encode_checkpoint, encode_turn, replay};
use stepwell_engine::token::TokenKey;

/// An execution whose turns are written, with the time that each part took.
struct Kept {
    program: Program,
    execution: Execution,
    birth: Birth,
    env: Env,
    known: Known,
    bodies: Vec<Bytes>,
    stepping: Duration,
    writing: Duration,
}

impl Kept {
    fn new(definition: Json, input: Json) -> Kept {
        let program = compile::compile(&Value::from(definition)).expect("the benchmark's definition compiles");
        let identity = Identity {
            arn: "arn:aws:states:us-east-1:000000000000:execution:machine:execution".into(),
            name: "execution".into(),
            machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:machine".into(),
            machine_name: "machine".into(),
            role_arn: "arn:aws:iam::000000000000:role/role".into(),
            region: "us-east-1".into(),
            started_at: Timestamp(1_700_000_000_000),
            input: input.into(),
            ..Identity::default()
        };
        let execution = Execution::new(&program, identity, &Limits::OFF);
        let env = Env {
            now: Timestamp(1_700_000_000_000),
            chance: Chance::from_seed([1, 2, 3, 4]),
            limits: Limits { inline_concurrency: Some(40), ..Limits::OFF },
            pace: stepwell_engine::core::Pace::REAL,
            tokens: TokenKey::new([0; 32]),
            moves_max: u32::MAX,
            bytes_max: usize::MAX,
        };
        let birth = Birth {
            identity: execution.identity.clone(),
            definition: ContentHash::of("the benchmark's definition"),
            deadline: None,
            list: execution.identity.machine_arn.clone(),
        };
        let (known, bodies) = (Known::default(), Vec::new());
        let (stepping, writing) = (Duration::ZERO, Duration::ZERO);
        Kept { program, execution, birth, env, known, bodies, stepping, writing }
    }

    /// Takes a turn and writes it. Gives the tasks that it asks for, in order.
    fn turn(&mut self, events: Vec<Event>) -> Vec<(BranchId, Ticket)> {
        let since = self.execution.last_ticket;
        self.env.now = self.env.now.plus_ms(7);
        let begin = Instant::now();
        let turn = step(&self.program, &mut self.execution, &events, &mut self.env);
        self.stepping += begin.elapsed();
        let birth = self.bodies.is_empty().then(|| self.birth.clone());
        let record = TurnRecord { at: self.env.now, birth, events, history: turn.history, changes: turn.changes };
        let begin = Instant::now();
        let sequence = self.bodies.len() as u32 + 1;
        let body = encode_turn(&record, sequence, &self.program, &mut self.known).expect("the turn can be written");
        self.writing += begin.elapsed();
        self.bodies.push(body.into());
        let effects = outstanding(&self.program, &self.execution, since, &self.env.tokens).effects;
        let asked = effects.into_iter().filter_map(|effect| match effect {
            Effect::Invoke(invoke) | Effect::Offer(invoke) | Effect::StartNested(invoke) => {
                Some((invoke.branch, invoke.ticket))
            }
            Effect::StartChild(_) | Effect::StopChild(_) | Effect::StopNested(_) => None,
        });
        asked.collect()
    }

    /// Runs the execution, its tasks answered one by one.
    fn run(&mut self, output: impl Fn(usize) -> Json) {
        let mut open: std::collections::VecDeque<_> = self.turn(vec![Event::Started]).into();
        let mut answered = 0;
        while let Some((branch, ticket)) = open.pop_front() {
            let kind = EventKind::TaskSucceeded(output(answered).into());
            open.extend(self.turn(vec![Event::Task { branch, ticket, kind }]));
            answered += 1;
        }
        assert!(matches!(self.execution.status, Status::Succeeded(_)), "{:?}", self.execution.status);
    }

    /// Loads the execution from its turns.
    fn load(&self) -> Duration {
        let turns: Vec<(u32, &Bytes)> = (1..).zip(&self.bodies).collect();
        let begin = Instant::now();
        let loaded = replay(None, turns, &self.program, &mut Payloads::default(), &mut Known::default());
        let (_, execution) = loaded.expect("what was written can be read");
        let elapsed = begin.elapsed();
        assert!(execution == self.execution, "the execution is another one");
        elapsed
    }
}

fn task() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true })
}

fn machine(name: &str, state: Json) -> Json {
    json!({ "StartAt": name, "States": { name: state } })
}

fn map() -> Json {
    machine("EachOrder", json!({ "Type": "Map", "ItemProcessor": machine("Charge", task()), "End": true }))
}

fn chain(length: usize) -> Json {
    let state = |at: usize| match at + 1 == length {
        true => json!({ "Type": "Pass", "End": true }),
        false => json!({ "Type": "Pass", "Next": format!("State{}", at + 1) }),
    };
    let states: serde_json::Map<String, Json> = (0..length).map(|at| (format!("State{at}"), state(at))).collect();
    json!({ "StartAt": "State0", "States": states })
}

/// The best of so many runs, per unit.
fn report(name: &str, units: usize, runs: usize, definition: &Json, input: &Json, output: impl Fn(usize) -> Json) {
    let (mut stepping, mut writing, mut reading) = (Duration::MAX, Duration::MAX, Duration::MAX);
    let mut bytes = 0;
    for _ in 0..runs {
        let mut kept = Kept::new(definition.clone(), input.clone());
        kept.run(&output);
        (stepping, writing) = (stepping.min(kept.stepping), writing.min(kept.writing));
        reading = reading.min(kept.load());
        bytes = kept.bodies.iter().map(Bytes::len).sum();
    }
    let ns = |time: Duration| time.as_nanos() as f64 / units as f64;
    let bytes = bytes as f64 / units as f64;
    println!("{name:<44} {bytes:>8.1} {:>8.0} {:>8.0} {:>8.0}", ns(stepping), ns(writing), ns(reading));
}

/// A checkpoint of a Map halfway through.
fn checkpoint(width: usize, item: &Json) {
    let mut kept = Kept::new(map(), (0..width).map(|_| item.clone()).collect());
    let mut open: std::collections::VecDeque<_> = kept.turn(vec![Event::Started]).into();
    for _ in 0..width / 2 {
        let (branch, ticket) = open.pop_front().expect("tasks are open");
        let kind = EventKind::TaskSucceeded(item.clone().into());
        open.extend(kept.turn(vec![Event::Task { branch, ticket, kind }]));
    }
    let begin = Instant::now();
    let body: Bytes =
        encode_checkpoint(&kept.execution, &kept.birth, &kept.program, &kept.known).expect("it can be written").into();
    let writing = begin.elapsed();
    let mut payloads = Payloads::default();
    payloads.set_checkpoint(&body).expect("it can be read");
    let missing = payloads.missing(&body).expect("it can be read");
    for turn in &missing {
        payloads.add(*turn, &kept.bodies[*turn as usize - 1]).expect("it can be read");
    }
    let begin = Instant::now();
    let loaded = replay(Some(&body), [], &kept.program, &mut payloads, &mut Known::default());
    let reading = begin.elapsed();
    assert!(loaded.expect("it can be read").1 == kept.execution, "the execution is another one");
    println!(
        "checkpoint, {} of {width} results of {} bytes: {} bytes, {} turns to fetch, {writing:?} to write, {reading:?} \
         to read",
        width / 2,
        item.to_string().len(),
        body.len(),
        missing.len()
    );
}

fn main() {
    let order =
        json!({ "orderId": "o-1", "customer": { "name": "n", "city": "c" }, "total": 12.5, "items": [1, 2, 3] });
    println!("{:<44} {:>8} {:>8} {:>8} {:>8}", "per unit", "bytes", "step ns", "write ns", "read ns");
    report(
        "turn of one task, output inline",
        2,
        2_000,
        &machine("Charge", task()),
        &json!({}),
        |_| json!({ "ok": true }),
    );
    report("turn of one task, 80 bytes in and out", 2, 2_000, &machine("Charge", task()), &order, |_| order.clone());
    report("transition in a chain of 1,000 Pass", 1_000, 200, &chain(1_000), &order, |_| json!({}));
    for width in [100, 1_000, 10_000] {
        let runs = 20_000 / width;
        let numbers: Json = (0..width).collect();
        report(&format!("item of a Map of {width}, inline"), width, runs, &map(), &numbers, |n| json!({ "ok": n }));
        let orders: Json = (0..width).map(|_| order.clone()).collect();
        report(&format!("item of a Map of {width}, 80 bytes"), width, runs, &map(), &orders, |_| order.clone());
    }
    for task in [json!({ "ok": true }), order] {
        let mut kept = Kept::new(machine("Charge", self::task()), task.clone());
        kept.run(|_| task.clone());
        let bytes: Vec<usize> = kept.bodies.iter().map(Bytes::len).collect();
        println!("a task with {} bytes in and out: turns of {bytes:?} bytes", task.to_string().len());
        assert!(Arc::strong_count(&kept.birth.identity) > 1, "the identity is shared");
    }
    checkpoint(10_000, &json!({ "text": "x".repeat(100) }));
    checkpoint(1_000, &json!({ "text": "x".repeat(2_000) }));
}
