//! What is written of turns and executions comes back as it was: of random machines after every turn, of every kind of
//! row, of bytes that an older version wrote. Bytes that nobody wrote are an error and nothing worse.

mod support;

use bytes::Bytes;
use serde_json::{Value as Json, json};
use stepwell_asl::Value;
use stepwell_engine::core::*;
use stepwell_engine::record::{
    Known, PayloadId, Payloads, RecordError, TurnRecord, birth, decode_checkpoint, decode_turn, encode_turn, history,
    imports, payload,
};
use support::journal::Journal;
use support::random::{Dice, distribute, random_machine};
use support::{machine, task, with};

const SEEDS: u64 = 400;

// ---- random machines ----

#[test]
fn what_is_written_comes_back() {
    for seed in 1..=SEEDS {
        let outcome = std::panic::catch_unwind(|| simulate(seed));
        assert!(outcome.is_ok(), "seed {seed} is not read as it was written: simulate({seed})");
    }
}

/// A random machine in a random world. After every turn it is read back; at random moments the execution is loaded, with
/// or without a checkpoint, and goes on as it was loaded.
fn simulate(seed: u64) {
    let mut dice = Dice::new(seed);
    let definition = distribute(random_machine(&mut dice, 3, &mut 0), &mut dice);
    let mut journal = Journal::new(definition, (0..3).map(|_| value(&mut dice)).collect());
    journal.world.env.moves_max = if dice.one_in(3) { 1 + dice.below(5) as u32 } else { 10_000 };
    let mut events = vec![Event::Started];
    for _ in 0..60 {
        let record = journal.turn(std::mem::take(&mut events));
        let turn = journal.last();
        assert_eq!(journal.read(turn), record);
        assert_eq!(journal.history(turn), record.history);
        if dice.one_in(6) {
            journal.checkpoint();
        }
        match dice.below(8) {
            0 => assert_eq!(journal.load(0).1, journal.world.execution),
            1 => journal.reload(),
            _ => {}
        }
        if !journal.running() && !dice.one_in(3) {
            break;
        }
        let timer = journal.world.execution.next_timer();
        journal.world.env.now = timer.filter(|_| dice.one_in(3)).unwrap_or_default().max(journal.world.env.now);
        events = (0..1 + dice.below(3)).filter_map(|_| event(&mut dice, &journal)).collect();
    }
    for from in journal.checkpoints.keys().copied().chain([0]) {
        let (birth, execution, _) = journal.load(from);
        assert_eq!((birth, execution), (journal.birth.clone(), journal.world.execution.clone()), "from turn {from}");
    }
    let read: Vec<HistoryEvent> = (1..=journal.last()).flat_map(|turn| journal.history(turn)).collect();
    assert_eq!(read, journal.world.history);
}

fn event(dice: &mut Dice, journal: &Journal) -> Option<Event> {
    match dice.below(16) {
        0 => return Some(Event::Redriven),
        1 if dice.one_in(5) => return Some(Event::Stopped(error(dice))),
        2..=3 => return Some(Event::Continue),
        4..=6 => return Some(Event::TimerFired),
        7..=9 if !journal.world.started.is_empty() => return Some(child_ended(dice, journal)),
        _ => {}
    }
    let asked = &journal.world.asked;
    let Invoke { branch, ticket, input, .. } = asked.get(dice.below(asked.len().max(1)))?.clone();
    let kind = match dice.below(8) {
        0 => EventKind::TaskFailed(error(dice)),
        1 => EventKind::TaskHeartbeat,
        2 => EventKind::TaskStarted { worker: dice.one_in(2).then(|| "worker".into()) },
        3 => EventKind::TaskSubmitted(Value::from(value(dice))),
        4 => EventKind::TaskSucceeded(input),
        _ => EventKind::TaskSucceeded(Value::from(value(dice))),
    };
    Some(Event::Task { branch, ticket, kind })
}

fn child_ended(dice: &mut Dice, journal: &Journal) -> Event {
    let started = &journal.world.started;
    let StartChild { child, input } = &started[dice.below(started.len())];
    if dice.one_in(8) {
        let update = MapRunUpdate { max_concurrency: Some(dice.below(3) as u32), ..MapRunUpdate::default() };
        return Event::MapRunUpdated { map_run: child.map_run, update };
    }
    let status = match dice.below(6) {
        0 => Status::Failed(error(dice)),
        1 => Status::Succeeded(input.clone()),
        _ => Status::Succeeded(Value::from(value(dice))),
    };
    let now = journal.world.env.now;
    Event::ChildEnded { child: child.ticket, end: Box::new(ChildEnd { status, started_at: now, stopped_at: now }) }
}

fn error(dice: &mut Dice) -> StateError {
    match dice.below(3) {
        0 => StateError::default(),
        1 => StateError::named("E"),
        _ => StateError::new("E", "because ".repeat(dice.below(30))),
    }
}

/// Values of every type, short and long.
fn value(dice: &mut Dice) -> Json {
    match dice.below(8) {
        0 => json!(null),
        1 => json!(dice.one_in(2)),
        2 => json!([0, -1, u64::MAX, i64::MIN, 0.5, -0.0, 1e300]),
        3 => json!("x".repeat(dice.below(100))),
        4 => (0..dice.below(40)).collect(),
        5 => json!({ "z": dice.below(9), "a": "n".repeat(dice.below(60)) }),
        6 => json!({ "first": value(dice), "second": [value(dice)] }),
        _ => json!("x".repeat(dice.below(3_000))), // some are too long for a checkpoint to copy
    }
}

// ---- every kind of row ----

#[test]
fn every_kind_of_row_comes_back() {
    let journal = Journal::new(machine(json!({ "A": task() })), json!({}));
    let state = journal.world.program.start;
    let long = Value::from("long ".repeat(20));
    let (branch, ticket, at) = (BranchId(7), Ticket(u64::MAX), stepwell_asl::Timestamp(-1));
    let error = StateError::new("E", "a cause that is so long that it is a payload of its own");
    let task = |kind| Event::Task { branch, ticket, kind };
    let end = |status| ChildEnd { status, started_at: at, stopped_at: stepwell_asl::Timestamp(5) };
    let events = vec![
        Event::Started,
        Event::Continue,
        Event::TimerFired,
        Event::Redriven,
        Event::Stopped(error.clone()),
        task(EventKind::TaskStarted { worker: None }),
        task(EventKind::TaskStarted { worker: Some("w".into()) }),
        task(EventKind::TaskSubmitted(Value::Null)),
        task(EventKind::TaskHeartbeat),
        task(EventKind::TaskSucceeded(long.clone())),
        task(EventKind::TaskFailed(StateError { name: None, cause: Some("".into()) })),
        Event::ChildEnded { child: ticket, end: Box::new(end(Status::Succeeded(long.clone()))) },
        Event::ChildEnded { child: Ticket(1), end: Box::new(end(Status::TimedOut(error.clone()))) },
        Event::MapRunUpdated { map_run: ticket, update: MapRunUpdate::default() },
        Event::MapRunUpdated {
            map_run: ticket,
            update: MapRunUpdate {
                max_concurrency: Some(0),
                tolerated_count: Some(u64::MAX),
                tolerated_percentage: Some(99.5),
            },
        },
    ];
    let items = Value::from(json!([1, 2])).as_array().cloned().expect("it is one");
    let join = |kind| Join { kind, width: 1, filled: 1, next: 1 };
    let works = [
        Work::Enter(branch),
        Work::Attempt(branch),
        Work::Resolve(branch, Value::Null),
        Work::Fail(branch, Fault::terminal(error.clone())),
        Work::Leave(branch, Box::new(Leave { output: Value::Null, assigned: Some(long.clone()), next: Some(state) })),
        Work::Leave(branch, Box::new(Leave { output: long.clone(), assigned: None, next: None })),
        Work::Advance(branch),
    ];
    let triggers = [
        Trigger::Ready,
        Trigger::Task {
            arguments: long.clone(),
            role: Some("role".into()),
            deadline: Some(at),
            heartbeat: Some(Heartbeat { every_ms: 1, due: at }),
            dispatch: Dispatch::Taken,
            mocked_call: Some(7),
        },
        Trigger::Task {
            arguments: Value::Null,
            role: None,
            deadline: None,
            heartbeat: None,
            dispatch: Dispatch::Offer,
            mocked_call: None,
        },
        Trigger::Timer { at },
        Trigger::Retry { at },
        Trigger::Join(join(JoinKind::Parallel(Value::Null))),
        Trigger::Join(join(JoinKind::Map { items: items.clone(), input: long.clone(), concurrency: u32::MAX })),
        Trigger::Join(join(JoinKind::Distributed { items, input: long.clone() })),
        Trigger::Halted(Resume::Attempt),
        Trigger::Halted(Resume::Join(join(JoinKind::Parallel(long.clone())))),
        Trigger::Halted(Resume::Move(Box::new(works[3].clone()))),
    ];
    let position = |trigger| Position {
        parent: Some(Parent { branch: BranchId::ROOT, slot: 3 }),
        state,
        input: long.clone(),
        entered_event: 1,
        entered_at: at,
        last_event: 2,
        retries: vec![0, 4],
        item: Some(Item { index: 0, value: Value::Null }),
        ticket,
        trigger,
    };
    let mut changes: Vec<Change> =
        triggers.into_iter().map(|trigger| Change::Position(branch, Box::new(position(trigger)))).collect();
    changes.extend([
        Change::Ended(branch),
        Change::Slot(branch, 1, Value::Null),
        Change::Variable(branch, "v".into(), long.clone()),
        Change::Counters { last_event: u64::MAX, next_branch: 0, last_ticket: ticket },
        Change::Ready(works.into()),
        Change::Status(Status::Running),
        Change::Status(Status::Succeeded(Value::Null)),
        Change::Status(Status::Failed(error.clone())),
        Change::Status(Status::TimedOut(error.clone())),
        Change::Status(Status::Aborted(StateError::default())),
        Change::Deadline(None),
        Change::Deadline(Some(at)),
        Change::Redriven { count: 1, at },
        Change::ChildOpened(ticket, Child { map_run: ticket, slot: 3, input: None }),
        Change::ChildOpened(ticket, Child { map_run: ticket, slot: 0, input: Some(long.clone()) }),
        Change::ChildOpened(ticket, Child { map_run: ticket, slot: 0, input: Some(Value::Null) }),
        Change::ChildEnded(ticket),
        Change::MockedCalls("State".into(), 3),
    ]);
    for (status, rest) in [
        (MapRunStatus::Running, None),
        (MapRunStatus::Succeeded, None),
        (MapRunStatus::Failed, Some((3, 0.1))),
        (MapRunStatus::Aborted, Some((0, 100.0))),
    ] {
        changes.push(Change::MapRun(ticket, Box::new(map_run(status, rest))));
    }
    let history = history_of_every_kind(&long, &error);
    comes_back(&journal, TurnRecord { at, birth: Some(journal.birth.clone()), events, history, changes });
    comes_back(&journal, TurnRecord::default());
}

fn map_run(status: MapRunStatus, tolerated: Option<(u64, f64)>) -> MapRun {
    MapRun {
        state: "M".into(),
        label: "a label that is as long as a label of a map run may be".into(),
        express: true,
        branch: BranchId(3),
        status,
        started_at: stepwell_asl::Timestamp(7),
        max_concurrency: u32::MAX,
        total: 9,
        running: 1,
        succeeded: 2,
        failed: 3,
        timed_out: 4,
        aborted: 5,
        tolerated_count: tolerated.map(|(count, _)| count),
        tolerated_percentage: tolerated.map(|(_, percentage)| percentage),
        stopped_at: tolerated.map(|_| stepwell_asl::Timestamp(8)),
        stop: tolerated.map(|_| Ticket(9)),
    }
}

fn history_of_every_kind(long: &Value, error: &StateError) -> Vec<HistoryEvent> {
    let (name, label) = (stepwell_asl::Text::from("n"), TaskLabel::Activity);
    let scheduled = |role: Option<&str>| Scheduled {
        label: TaskLabel::Function,
        resource: "arn:aws:states:us-east-1:000000000000:activity:with-a-long-name".into(),
        input: long.clone(),
        region: "r".into(),
        timeout_s: role.map(|_| 1),
        heartbeat_s: None,
        role: role.map(Into::into),
    };
    let service = TaskLabel::Service { service: "sqs".into(), action: "sendMessage.waitForTaskToken".into() };
    let state_type = stepwell_asl::program::StateType::Wait;
    let (input, output) = (long.clone(), Value::Null);
    [
        HistoryKind::ExecutionStarted {
            input: input.clone(),
            role_arn: name.clone(),
            version_arn: None,
            alias_arn: Some(name.clone()),
        },
        HistoryKind::ExecutionSucceeded { output: output.clone() },
        HistoryKind::ExecutionFailed(error.clone()),
        HistoryKind::ExecutionTimedOut(StateError::named("States.Timeout")),
        HistoryKind::ExecutionAborted(StateError::default()),
        HistoryKind::ExecutionRedriven { count: 3 },
        HistoryKind::StateEntered { state_type, name: name.clone(), input },
        HistoryKind::StateExited { state_type, name: name.clone(), output: output.clone(), assigned: None },
        HistoryKind::StateExited {
            state_type,
            name: name.clone(),
            output: output.clone(),
            assigned: Some(long.clone()),
        },
        HistoryKind::StateAborted { state_type },
        HistoryKind::TaskScheduled(Box::new(scheduled(None))),
        HistoryKind::TaskScheduled(Box::new(scheduled(Some("role")))),
        HistoryKind::TaskStarted { label: service.clone(), worker: None },
        HistoryKind::TaskStarted { label: label.clone(), worker: Some(name.clone()) },
        HistoryKind::TaskSubmitted { label: service, output: output.clone() },
        HistoryKind::TaskSucceeded { label: label.clone(), output },
        HistoryKind::TaskFailed { label: label.clone(), error: error.clone() },
        HistoryKind::TaskTimedOut { label, error: error.clone() },
        HistoryKind::ParallelStateStarted,
        HistoryKind::ParallelStateSucceeded,
        HistoryKind::ParallelStateFailed,
        HistoryKind::MapStateStarted { length: u32::MAX },
        HistoryKind::MapStateSucceeded,
        HistoryKind::MapStateFailed,
        HistoryKind::MapIterationStarted { name: name.clone(), index: 0 },
        HistoryKind::MapIterationSucceeded { name: name.clone(), index: 1 },
        HistoryKind::MapIterationFailed { name: name.clone(), index: 2 },
        HistoryKind::MapIterationAborted { name: name.clone(), index: 3 },
        HistoryKind::EvaluationFailed { state: name.clone(), location: None, error: error.clone() },
        HistoryKind::EvaluationFailed { state: name.clone(), location: Some(name.clone()), error: error.clone() },
        HistoryKind::MapRunStarted { map_run_arn: name },
        HistoryKind::MapRunSucceeded,
        HistoryKind::MapRunFailed(error.clone()),
        HistoryKind::MapRunAborted,
    ]
    .into_iter()
    .zip(5..)
    .map(|(kind, id)| {
        // One is later than its turn, and one has an id that is out of order.
        let at = stepwell_asl::Timestamp(if id == 9 { 100 } else { -1 });
        HistoryEvent { id: if id == 12 { 1_000 } else { id }, previous_id: id / 2, at, kind }
    })
    .collect()
}

fn comes_back(journal: &Journal, record: TurnRecord) {
    let body: Bytes = encode_turn(&record, 1, &journal.world.program, &mut Known::default()).unwrap().into();
    let read = decode_turn(&body, 1, &journal.world.program, &mut Payloads::default(), &mut Known::default()).unwrap();
    assert_eq!(read, record);
    assert_eq!(history(&body, 1, &mut Payloads::default()).unwrap(), record.history);
    assert_eq!(birth(&body, 1, &mut Payloads::default()).unwrap(), record.birth);
}

// ---- payloads ----

#[test]
fn a_long_value_is_written_once() {
    let long = json!({ "text": "0123456789".repeat(100) });
    let states = json!({
        "A": with(task(), json!({ "ResultPath": null, "Next": "B" })),
        "B": { "Type": "Wait", "Seconds": 1, "Next": "C" },
        "C": task()
    });
    let mut journal = Journal::new(machine(states), long.clone());
    journal.run(vec![Event::Started]);
    assert!(journal.turns[&1].len() < 1_600, "{} bytes with the input", journal.turns[&1].len());
    journal.answer("A", 0, EventKind::TaskSucceeded(json!(1).into()));
    journal.reload(); // what was read is known as well as what was written
    journal.world.env.now = journal.world.execution.next_timer().expect("it waits");
    journal.run(vec![Event::TimerFired]);
    let output = Value::from(json!({ "other": "0123456789".repeat(100) }));
    journal.answer("C", 0, EventKind::TaskSucceeded(output.clone()));
    let bytes: Vec<usize> = journal.turns.values().map(Bytes::len).collect();
    assert!(bytes[1] < 200 && bytes[2] < 200, "{bytes:?} bytes without it");
    assert!(bytes[3] < 1_200, "{bytes:?} bytes with the output");

    let named = imports(&journal.turns[&2]).unwrap();
    let read = |id: &PayloadId| payload(&journal.turns[&id.turn], id.n).unwrap();
    assert!(named.iter().all(|id| id.turn == 1));
    assert!(named.iter().any(|id| read(id) == Value::from(long.clone())));
    assert_eq!(payload(&journal.turns[&4], 0).unwrap(), output);
}

#[test]
fn a_turn_that_is_not_there_is_named() {
    let mut journal = Journal::new(machine(json!({ "A": task() })), json!({ "text": "x".repeat(100) }));
    journal.run(vec![Event::Started]);
    journal.answer("A", 0, EventKind::TaskFailed(StateError::named("E")));
    journal.run(vec![Event::Redriven]);
    let body = &journal.turns[&3];
    assert_eq!(Payloads::default().missing(body).unwrap(), [1].into());
    let error = history(body, 3, &mut Payloads::default()).unwrap_err();
    assert!(matches!(error, RecordError::Unresolved(PayloadId { turn: 1, .. })), "{error}");
}

#[test]
fn a_failed_turn_is_not_known() {
    let deep = (0..2_000).fold(Value::Null, |inner, _| vec![inner].into());
    let journal = Journal::new(machine(json!({ "A": task() })), json!({}));
    let long = Value::from("long ".repeat(20));
    let mut known = Known::default();
    let record = TurnRecord {
        changes: vec![Change::Slot(BranchId(0), 0, long), Change::Slot(BranchId(0), 0, deep)],
        ..TurnRecord::default()
    };
    let error = encode_turn(&record, 1, &journal.world.program, &mut known).unwrap_err();
    assert_eq!(error, RecordError::TooDeep { depth: 2_000 });
    assert!(known.is_empty());
}

// ---- size ----

fn map_of_tasks(width: u64, item: impl Fn(u64) -> Json) -> Journal {
    let states = json!({ "M": { "Type": "Map", "ItemProcessor": machine(json!({ "A": task() })), "End": true } });
    let mut journal = Journal::new(machine(states), (0..width).map(item).collect());
    journal.world.env.limits = Limits { inline_concurrency: Some(40), ..Limits::OFF };
    journal.run(vec![Event::Started]);
    journal
}

/// The longest turn of a Map whose tasks are answered one by one, but for the first and the last.
fn longest_turn(width: u64, item: impl Fn(u64) -> Json) -> usize {
    let mut journal = map_of_tasks(width, item);
    let mut answered = 0;
    while answered < journal.world.asked.len() {
        let Invoke { branch, ticket, input, .. } = journal.world.asked[answered].clone();
        journal.run(vec![Event::Task { branch, ticket, kind: EventKind::TaskSucceeded(input) }]);
        answered += 1;
    }
    assert!(matches!(journal.world.execution.status, Status::Succeeded(_)));
    (2..journal.last()).map(|turn| journal.turns[&turn].len()).max().expect("there are several turns")
}

#[test]
fn an_item_costs_the_same_in_a_map_of_any_width() {
    let (narrow, wide) = (longest_turn(100, |n| json!(n)), longest_turn(2_000, |n| json!(n)));
    assert!(wide <= 300 && wide <= narrow + 32, "{narrow} bytes for an item of 100, {wide} for one of 2,000");
    let item = |n| json!({ "n": n, "text": "x".repeat(200) });
    let (narrow, wide) = (longest_turn(100, item), longest_turn(2_000, item));
    assert!(wide <= 800 && wide <= narrow + 32, "{narrow} bytes for an item of 100, {wide} for one of 2,000");
}

#[test]
fn a_checkpoint_of_short_values_needs_no_turn() {
    let mut journal = map_of_tasks(60, |n| json!({ "n": n, "text": "x".repeat(100) }));
    for _ in 0..50 {
        let answer = journal.world.open("A", 0);
        journal.answer("A", 0, EventKind::TaskSucceeded(answer.input));
    }
    journal.checkpoint();
    let (_, body) = journal.checkpoints.last_key_value().expect("it was just written");
    let turns: Vec<u32> = Payloads::default().missing(body).unwrap().into_iter().collect();
    assert_eq!(turns, [1], "only the Map's items are long");
    journal.reload();
    let answer = journal.world.open("A", 0);
    journal.answer("A", 0, EventKind::TaskSucceeded(answer.input));
    let bytes = journal.turns[&journal.last()].len();
    assert!(bytes < 300, "{bytes} bytes: what the checkpoint has copies of is still known by its turn");
}

// ---- bytes that nobody wrote ----

#[test]
fn damaged_bytes_are_an_error() {
    let mut journal = Journal::new(fixture_definition(), fixture_input());
    fixture_run(&mut journal);
    let bodies: Vec<(u32, Bytes)> = journal.turns.iter().map(|(turn, body)| (*turn, body.clone())).collect();
    let mut dice = Dice::new(7);
    for _ in 0..10_000 {
        let (turn, body) = &bodies[dice.below(bodies.len())];
        read_anyhow(&journal, *turn, &damage(&mut dice, body));
        let checkpoint = journal.checkpoints.values().next().expect("the run writes one");
        read_anyhow(&journal, 0, &damage(&mut dice, checkpoint));
    }
}

fn damage(dice: &mut Dice, body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    match dice.below(3) {
        0 => bytes.truncate(dice.below(bytes.len())),
        1 => {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
        }
        _ => (0..3).for_each(|_| {
            let at = dice.below(bytes.len());
            bytes[at] = dice.below(256) as u8;
        }),
    }
    bytes.into()
}

/// Reads what may be damaged. What comes of it is not looked at: it must only end.
fn read_anyhow(journal: &Journal, turn: u32, body: &Bytes) {
    let mut payloads = Payloads::default();
    for (other, whole) in journal.turns.iter().filter(|(other, _)| **other != turn) {
        payloads.add(*other, whole).expect("the others are whole");
    }
    let (program, mut known) = (&journal.world.program, Known::default());
    match turn {
        0 => drop(decode_checkpoint(body, program, &mut payloads, &mut known)),
        turn => {
            let mut execution = journal.world.execution.clone();
            if let Ok(record) = decode_turn(body, turn, program, &mut payloads, &mut known) {
                apply(&mut execution, record.changes);
            }
        }
    }
}

#[test]
fn a_newer_version_is_named() {
    let error = history(&Bytes::from_static(&[2, 0x80]), 1, &mut Payloads::default()).unwrap_err();
    assert_eq!(error, RecordError::Newer { version: 2 });
    assert!(error.to_string().contains("newer version of Stepwell"), "{error}");
    let empty = history(&Bytes::new(), 1, &mut Payloads::default()).unwrap_err();
    assert!(matches!(empty, RecordError::Broken(_)), "{empty}");
}

#[test]
fn a_state_that_the_program_lacks_is_named() {
    let mut journal = Journal::new(machine(json!({ "A": task() })), json!({}));
    journal.run(vec![Event::Started]);
    let other = support::World::new(machine(json!({ "B": task() })), json!({})).program;
    let body = &journal.turns[&1];
    let error = decode_turn(body, 1, &other, &mut Payloads::default(), &mut Known::default()).unwrap_err();
    assert_eq!(error, RecordError::UnknownState("A".into()));
}

// ---- bytes of older versions ----

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/record-v1.txt");

/// The machine of the fixture. It never changes.
fn fixture_definition() -> Json {
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 5, "MaxAttempts": 2 }]);
    machine(json!({
        "Set": { "Type": "Pass", "Assign": { "order.$": "$", "short": 1 }, "Next": "Wait" },
        "Wait": { "Type": "Wait", "Seconds": 3, "Next": "Both" },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                machine(json!({ "Each": {
                    "Type": "Map",
                    "ItemsPath": "$.items",
                    "MaxConcurrency": 2,
                    "ItemProcessor": machine(json!({ "Item": with(task(), json!({ "Retry": retry })) })),
                    "End": true
                } })),
                machine(json!({ "Other": with(task(), json!({ "TimeoutSeconds": 600, "Assign": { "seen.$": "$" } })) })),
            ],
            "ResultPath": "$.both",
            "Next": "Last"
        },
        "Last": with(task(), json!({ "Parameters": { "order.$": "$order", "both.$": "$.both", "short.$": "$short" } }))
    }))
}

fn fixture_input() -> Json {
    let item = |n: u64| json!({ "n": n, "text": "a text that makes the item a payload ".repeat(2) });
    json!({ "items": (0..4).map(item).collect::<Vec<Json>>(), "double": 0.1, "large": u64::MAX })
}

/// The fixture's turns: a checkpoint amid them, and an execution that has not ended after them.
fn fixture_run(journal: &mut Journal) {
    let success = |n: u64| EventKind::TaskSucceeded(json!({ "result": n, "of": "r".repeat(60) }).into());
    journal.run(vec![Event::Started]);
    journal.world.env.now = journal.world.execution.next_timer().expect("it waits");
    journal.run(vec![Event::TimerFired]);
    journal.answer("Item", 0, success(1));
    journal.answer("Item", 0, EventKind::TaskFailed(StateError::new("E", "a cause ".repeat(10))));
    journal.checkpoint();
    journal.answer("Item", 0, success(2));
    journal.world.env.now = journal.world.execution.next_timer().expect("a retry is due");
    journal.run(vec![Event::TimerFired]);
    journal.answer("Other", 0, success(3));
}

/// Answers what is open until the execution ends.
fn fixture_finish(journal: &mut Journal) -> Json {
    let recovered =
        outstanding(&journal.world.program, &journal.world.execution, Ticket::default(), &journal.world.env.tokens);
    journal.world.asked = (recovered.effects.into_iter())
        .filter_map(|effect| match effect {
            Effect::Invoke(invoke) | Effect::Offer(invoke) | Effect::StartNested(invoke) => Some(invoke),
            Effect::StartChild(_) | Effect::StopChild(_) | Effect::StopNested(_) => None,
        })
        .collect();
    while journal.running() {
        let invoke = journal.world.asked.remove(0);
        let output = json!({ "last": invoke.input.to_json() }).into();
        let kind = EventKind::TaskSucceeded(output);
        journal.run(vec![Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind }]);
    }
    journal.world.output()
}

/// `STEPWELL_BLESS=1` writes the fixture anew. Do that only to a fixture of a format that was never released.
#[test]
fn bytes_of_version_1_can_be_read() {
    if std::env::var_os("STEPWELL_BLESS").is_some() {
        bless();
    }
    let mut journal = Journal::new(fixture_definition(), fixture_input());
    let (mut output, mut read) = (None, Vec::new());
    for line in std::fs::read_to_string(FIXTURE).expect("the fixture is there").lines() {
        let (kind, rest) = line.split_once(' ').expect("a line has a kind");
        match kind {
            "output" => output = serde_json::from_str::<Json>(rest).ok(),
            "history" => read.push(rest.to_string()),
            "turn" => drop(journal.turns.insert(number(rest), hex(rest))),
            "checkpoint" => drop(journal.checkpoints.insert(number(rest), hex(rest))),
            other => panic!("there are no lines of the kind {other}"),
        }
    }
    assert_eq!(history_lines(&journal), read);
    let checkpoint = *journal.checkpoints.keys().next().expect("it has a checkpoint");
    for from in [0, checkpoint] {
        let (birth, execution, known) = journal.load(from);
        let mut rest = Journal::new(fixture_definition(), fixture_input());
        assert_eq!(birth, rest.birth);
        (rest.world.execution, rest.known, rest.turns) = (execution, known, journal.turns.clone());
        assert_eq!(Some(fixture_finish(&mut rest)), output, "from turn {from}");
        assert_eq!(rest.load(0).1, rest.world.execution, "new turns go with the old ones");
    }
}

fn history_lines(journal: &Journal) -> Vec<String> {
    let events = (1..=journal.last()).flat_map(|turn| journal.history(turn));
    events.map(|event| stepwell_engine::history_json::to_json(&event).to_string()).collect()
}

fn bless() {
    let mut journal = Journal::new(fixture_definition(), fixture_input());
    fixture_run(&mut journal);
    let hex = |body: &Bytes| body.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut lines: Vec<String> =
        journal.turns.iter().map(|(turn, body)| format!("turn {turn} {}", hex(body))).collect();
    lines.extend(journal.checkpoints.iter().map(|(turn, body)| format!("checkpoint {turn} {}", hex(body))));
    lines.extend(history_lines(&journal).into_iter().map(|line| format!("history {line}")));
    lines.push(format!("output {}\n", fixture_finish(&mut journal)));
    std::fs::write(FIXTURE, lines.join("\n")).expect("the fixture can be written");
}

fn number(line: &str) -> u32 {
    line.split(' ').next().and_then(|number| number.parse().ok()).expect("the line begins with a number")
}

fn hex(line: &str) -> Bytes {
    let digits = line.split(' ').nth(1).expect("the line has bytes");
    (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("it is hex")).collect()
}
