//! A worker in a random world, from a seed: answers late, repeated and lost, commits that conflict or whose outcome
//! nobody knows, a store that fails, and the power going at any moment. What leaves the worker is held against the store
//! at once (see `support::worker_world` and `support::model_store`), and in the end everything must come to rest.
//!
//! `STEPWELL_SEEDS` says how many seeds are tried. One that fails is run again by `simulate(seed)`.

mod support;

use serde_json::{Value as Json, json};
use stepwell_asl::Value;
use stepwell_engine::core::{BranchId, Dispatch, Event, EventKind, Invoke, Limits, StateError, Status, Ticket};
use stepwell_engine::ids::ExecutionId;
use stepwell_engine::worker::Settings;
use support::model_store::Kept;
use support::random::{Dice, random_machine, steady_machine};
use support::worker_world::{Counts, Fate, Rules, WorkerWorld, stopped};

/// Rounds in which everything must have ended once nothing goes wrong any more.
const CALM_ROUNDS_MAX: usize = 3_000;

fn seeds() -> u64 {
    std::env::var("STEPWELL_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2_000)
}

#[test]
fn nothing_undurable_leaves_and_nothing_is_lost() {
    let mut all = Counts::default();
    for seed in 1..=seeds() {
        let counts = std::panic::catch_unwind(|| simulate(seed));
        let counts = counts.unwrap_or_else(|_| panic!("seed {seed} breaks an invariant: simulate({seed})"));
        add(&mut all, counts);
    }
    let Counts { crashes, conflicts, unknown, refused, checkpoints, archived, given, .. } = all;
    for count in [crashes, conflicts, unknown, refused, checkpoints, archived, given] {
        assert!(count > seeds() / 20, "something hardly ever happens: {all:?}");
    }
}

#[test]
fn the_output_does_not_depend_on_faults() {
    for seed in 1..=seeds() / 4 {
        let outcome = std::panic::catch_unwind(|| {
            let machines = || vec![(vary(steady_machine(seed), seed), false)];
            let calm = outputs(WorkerWorld::new(seed, Rules::default(), machines()), 0);
            let faulty = outputs(WorkerWorld::new(seed ^ 0xfa17, some_rules(seed, true), machines()), 150);
            assert_eq!(calm, faulty);
        });
        outcome.unwrap_or_else(|_| panic!("seed {seed}"));
    }
}

/// A few random machines in a world where everything goes wrong, until it comes to rest.
fn simulate(seed: u64) -> Counts {
    let mut dice = Dice::new(seed);
    let machines = (0..1 + dice.below(3))
        .map(|_| {
            let mut definition = random_machine(&mut dice, 2, &mut 0);
            if dice.one_in(6) {
                definition["TimeoutSeconds"] = json!(1 + dice.below(10));
            }
            match dice.one_in(8) {
                true => (definition, true), // Express executions have functions only
                false => (vary(definition, seed), false),
            }
        })
        .collect();
    let mut world = WorkerWorld::new(seed ^ 0x5eed, some_rules(seed, false), machines);
    let tasks = Tasks { wild: true, heavy: dice.one_in(4) };
    for _ in 0..50 + dice.below(200) {
        disturb(&mut world, tasks, true);
    }
    calm_down(&mut world, tasks, false);
    world.counts
}

/// What the machines come to, where whatever fails is redriven.
fn outputs(mut world: WorkerWorld, disturbances: usize) -> Vec<Json> {
    let tasks = Tasks { wild: false, heavy: false };
    for _ in 0..disturbances {
        disturb(&mut world, tasks, false);
    }
    calm_down(&mut world, tasks, true);
    let output = |kept: &Kept| match &kept.execution.status {
        Status::Succeeded(output) => output.to_json(),
        other => panic!("it came to {other:?}"),
    };
    world.store.executions.values().map(output).collect()
}

fn some_rules(seed: u64, steady: bool) -> Rules {
    let mut dice = Dice::new(seed ^ 0x4e1e5);
    let redrive_ms = [0, 1_000, 60_000, 14 * 24 * 3_600_000];
    let settings = Settings {
        redrive_ms: if steady { redrive_ms[3] } else { redrive_ms[dice.below(4)] },
        watched: dice.one_in(4),
        idle_max: dice.below(4),
        idle_bytes_max: if dice.one_in(4) { 500 } else { usize::MAX },
    };
    let limits = match dice.below(4) {
        0 => Limits::AWS,
        1 if !steady => Limits { history_events: Some(20 + dice.below(60) as u64), ..Limits::OFF },
        _ => Limits::OFF,
    };
    Rules {
        settings,
        limits,
        moves_max: if dice.one_in(2) { 1 + dice.below(6) as u32 } else { 10_000 },
        bytes_max: if dice.one_in(4) { 100 } else { usize::MAX },
        distinct: !steady,
        crash_one_in: if dice.one_in(2) { 100 } else { 0 },
    }
}

/// Has some tasks done by workers of an activity, and others by who holds the token.
fn vary(mut definition: Json, seed: u64) -> Json {
    vary_tasks(&mut definition, &mut Dice::new(seed ^ 0xac71));
    definition
}

fn vary_tasks(value: &mut Json, dice: &mut Dice) {
    match value {
        Json::Object(members) => {
            if members.get("Type") == Some(&json!("Task")) {
                match dice.below(6) {
                    0 => members["Resource"] = json!("arn:aws:states:us-east-1:000000000000:activity:a"),
                    1 => {
                        members["Resource"] = json!("arn:aws:states:::lambda:invoke.waitForTaskToken");
                        let parameters = json!({ "FunctionName": "f", "Payload": { "token.$": "$$.Task.Token" } });
                        members.insert("Parameters".into(), parameters);
                    }
                    _ => {}
                }
            }
            members.values_mut().for_each(|member| vary_tasks(member, dice));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| vary_tasks(item, dice)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

// ---- disturbances ----

/// How tasks are answered.
#[derive(Clone, Copy)]
struct Tasks {
    /// Every answer is another one, and some are failures.
    wild: bool,
    /// Some answers are long.
    heavy: bool,
}

impl Tasks {
    fn success(self, task: &Invoke, number: u64) -> Value {
        let of = if task.callback { json!("a callback") } else { task.input.to_json() };
        match (self.wild, self.heavy && number.is_multiple_of(3)) {
            (false, _) => json!({ "of": of }).into(),
            (true, false) => json!({ "n": number }).into(),
            (true, true) => json!({ "n": number, "pad": format!("{number}").repeat(4_000) }).into(),
        }
    }

    fn kind(self, task: &Invoke, world: &mut WorkerWorld) -> EventKind {
        let number = world.number();
        match world.dice.below(12) {
            0 if self.wild => EventKind::TaskFailed(StateError::new("E", format!("{number}"))),
            1 if self.wild => EventKind::TaskFailed(StateError::new("Other", format!("{number}"))),
            2 if self.wild && world.dice.one_in(10) => EventKind::TaskSucceeded(too_deep(number)),
            3 => EventKind::TaskHeartbeat,
            4..6 => EventKind::TaskStarted { worker: Some(format!("w{number}").as_str().into()) },
            6..8 if task.callback => EventKind::TaskSubmitted(json!({ "submitted": number }).into()),
            _ => EventKind::TaskSucceeded(self.success(task, number)),
        }
    }
}

/// A value that no turn can hold.
fn too_deep(number: u64) -> Value {
    (0..stepwell_engine::record::DEPTH_MAX + 10).fold(json!(number).into(), |inner, _| [inner].into_iter().collect())
}

/// Something happens.
fn disturb(world: &mut WorkerWorld, tasks: Tasks, faulty: bool) {
    match world.dice.below(40) {
        0..3 => start(world),
        3..12 => answer(world, tasks),
        12..18 => finish_commit(world, faulty),
        18..22 => {
            let (at, readable) = (world.dice.below(world.loads.len()), !(faulty && world.dice.one_in(30)));
            if !world.loads.is_empty() {
                world.finish_load(at, readable);
            }
        }
        22..25 => fire(world),
        25..27 => {
            let to = world.now.plus_ms(world.dice.below(1_500) as u64);
            world.advance(to);
        }
        27 => control(world),
        28 if !world.recovering.is_empty() => {
            let at = world.dice.below(world.recovering.len());
            world.recover(at);
        }
        29 if !world.archiving.is_empty() => {
            let at = world.dice.below(world.archiving.len());
            world.finish_archiving(at);
        }
        30 if world.dice.one_in(10) => world.crash(),
        31 if faulty && world.dice.one_in(3) => intrude(world, tasks),
        32 if world.dice.one_in(20) => world.settle(),
        _ => world.run(),
    }
}

/// Somebody starts one of the subjects, again perhaps.
fn start(world: &mut WorkerWorld) {
    let at = world.dice.below(world.subjects.len());
    let subject = &world.subjects[at];
    let tried = if subject.volatile { !subject.ids.is_empty() } else { world.store.names.contains_key(&subject.key()) };
    if !tried || !world.subjects[at].volatile && world.dice.one_in(10) {
        world.start(at);
    }
}

/// Any task that was ever handed out has an answer: the newest more often than others.
fn answer(world: &mut WorkerWorld, tasks: Tasks) {
    if world.tasks.is_empty() {
        return;
    }
    let newest = if world.dice.one_in(3) { world.tasks.len() } else { world.tasks.len().min(6) };
    let (id, task) = world.tasks[world.tasks.len() - 1 - world.dice.below(newest)].clone();
    let kind = tasks.kind(&task, world);
    let event = Event::Task { branch: task.branch, ticket: task.ticket, kind };
    match world.dice.below(6) {
        0 => world.tell(id, event),
        1 => world.deliver_twice(id, event),
        _ => world.deliver(id, event),
    }
}

fn finish_commit(world: &mut WorkerWorld, faulty: bool) {
    if world.commits.is_empty() {
        return;
    }
    let at = world.dice.below(world.commits.len());
    let fate = match world.dice.below(60) {
        0 | 1 => Fate::UnknownKept,
        2 | 3 => Fate::UnknownLost,
        4 | 5 if faulty => Fate::TooLarge,
        6 if world.dice.one_in(3) => Fate::Failed,
        _ => Fate::Answered,
    };
    world.finish_commit(at, fate);
}

/// A timer comes, when it is due; at times somebody says so too early.
fn fire(world: &mut WorkerWorld) {
    let now = world.now;
    let due: Vec<ExecutionId> = world.timers.iter().filter(|(_, at)| **at <= now).map(|(id, _)| *id).collect();
    match due.is_empty() {
        false => {
            let at = world.dice.below(due.len());
            world.fire(due[at]);
        }
        true if world.dice.one_in(4) => {
            if let Some(id) = some_id(world) {
                world.tell(id, Event::TimerFired);
            }
        }
        true => {
            let next = world.timers.values().min().copied();
            world.advance(next.filter(|at| *at <= now.plus_ms(20_000)).unwrap_or(now));
        }
    }
}

fn some_id(world: &mut WorkerWorld) -> Option<ExecutionId> {
    let at = world.dice.below(world.subjects.len());
    let ids = &world.subjects[at].ids;
    let last = ids.len().checked_sub(1)?;
    let nth = if world.dice.one_in(4) { world.dice.below(last + 1) } else { last };
    world.subjects[at].ids.get(nth).copied()
}

/// Somebody stops an execution, or has it go on.
fn control(world: &mut WorkerWorld) {
    let Some(id) = some_id(world) else { return };
    let ended = world.execution(id).is_some_and(|execution| execution.status != Status::Running);
    let event = match world.dice.below(6) {
        0 => Event::Stopped(stopped(format!("{}", world.counts.actions))),
        1 if !ended => Event::Continue,
        1.. if ended => Event::Redriven,
        _ => return,
    };
    world.deliver(id, event);
    if world.dice.one_in(5) {
        world.tell(id, Event::Redriven);
    }
}

/// Another writer takes a turn. Where turns follow each other unanswered nothing but the epoch keeps writers apart: the
/// second of them could come right after the other's.
fn intrude(world: &mut WorkerWorld, tasks: Tasks) {
    if !world.rules.settings.watched {
        return;
    }
    let Some(id) = some_id(world).filter(|id| !world.is_volatile(*id)) else { return };
    if world.store.living(id).is_none() {
        return;
    }
    let task = world.tasks.iter().rev().find(|(of, _)| *of == id).map(|(_, task)| task.clone());
    let event = match task {
        Some(task) if world.dice.one_in(2) => {
            let kind = tasks.kind(&task, world);
            Event::Task { branch: task.branch, ticket: task.ticket, kind }
        }
        _ if world.dice.one_in(2) => Event::Stopped(stopped("by another".to_owned())),
        _ => Event::TimerFired,
    };
    world.intrude(id, event);
}

// ---- rest ----

/// Nothing goes wrong any more: everything that was started ends. `redrives`: and succeeds.
fn calm_down(world: &mut WorkerWorld, tasks: Tasks, redrives: bool) {
    world.rules.crash_one_in = 0;
    for _ in 0..CALM_ROUNDS_MAX {
        world.settle();
        if world.needs_restart() {
            world.crash();
        } else if !start_missing(world) && !go_on(world, tasks, redrives) {
            let left = |kept: &Kept| !kept.archived && !matches!(kept.execution.status, Status::Succeeded(_));
            assert!(!world.store.executions.values().any(left), "it has ended and is not archived");
            return;
        }
    }
    panic!("it never ends");
}

fn start_missing(world: &mut WorkerWorld) -> bool {
    let missing = |at: &usize| {
        let subject = &world.subjects[*at];
        match subject.volatile {
            true => subject.ids.is_empty(),
            false => !world.store.names.contains_key(&subject.key()),
        }
    };
    let missing = (0..world.subjects.len()).find(missing);
    missing.inspect(|at| world.start(*at)).is_some()
}

/// The next thing that must happen. `false`: nothing.
fn go_on(world: &mut WorkerWorld, tasks: Tasks, redrives: bool) -> bool {
    let ids: Vec<ExecutionId> = world.subjects.iter().flat_map(|subject| subject.ids.clone()).collect();
    let status = |id: &ExecutionId| world.execution(*id).map(|execution| execution.status.clone());
    let running: Vec<ExecutionId> = ids.iter().filter(|id| status(id) == Some(Status::Running)).copied().collect();
    let failed = |id: &&ExecutionId| !matches!(status(id), None | Some(Status::Running | Status::Succeeded(_)));
    if let Some(id) = ids.iter().find(failed).filter(|_| redrives) {
        world.deliver(*id, Event::Redriven);
        return true;
    }
    let answered = answer_open(world, tasks, &running);
    if answered {
        return true;
    }
    let next = world.timers.iter().min_by_key(|(_, at)| **at).map(|(id, at)| (*id, *at));
    match next {
        Some((id, at)) if !running.is_empty() || !redrives => {
            world.advance(at);
            world.fire(id);
            true
        }
        Some(_) => false,
        None => {
            assert!(running.is_empty(), "nobody wakes it");
            false
        }
    }
}

/// Answers every task that is waited for.
fn answer_open(world: &mut WorkerWorld, tasks: Tasks, running: &[ExecutionId]) -> bool {
    let waits = |(id, task): &&(ExecutionId, Invoke)| {
        running.contains(id) && world.execution(*id).and_then(|of| of.waiting(task.ticket)) == Some(task.branch)
    };
    let open: Vec<(ExecutionId, Invoke)> = world.tasks.iter().filter(waits).cloned().collect();
    for (number, (id, task)) in open.iter().enumerate() {
        let kind = match world.dispatch(*id, task.branch) {
            Some(Dispatch::Offer) => EventKind::TaskStarted { worker: Some("calm".into()) },
            Some(Dispatch::Call) if task.callback => EventKind::TaskSubmitted(json!({ "submitted": number }).into()),
            Some(Dispatch::Call | Dispatch::Taken) | None => {
                EventKind::TaskSucceeded(tasks.success(task, world.counts.actions))
            }
        };
        let (branch, ticket): (BranchId, Ticket) = (task.branch, task.ticket);
        world.deliver(*id, Event::Task { branch, ticket, kind });
    }
    !open.is_empty()
}

fn add(all: &mut Counts, more: Counts) {
    let Counts { actions, commits, crashes, conflicts, unknown, refused, reloads, checkpoints, archived, given } = more;
    for (sum, count) in [
        (&mut all.actions, actions),
        (&mut all.commits, commits),
        (&mut all.crashes, crashes),
        (&mut all.conflicts, conflicts),
        (&mut all.unknown, unknown),
        (&mut all.refused, refused),
        (&mut all.reloads, reloads),
        (&mut all.checkpoints, checkpoints),
        (&mut all.archived, archived),
        (&mut all.given, given),
    ] {
        *sum += count;
    }
}
