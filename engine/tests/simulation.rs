//! Random machines in a random world: answers late, repeated, reordered and lumped together, time in leaps, turns cut
//! short, the execution stopped at any moment and redriven. The invariants are checked after every turn (see `support`),
//! and the output must depend neither on the schedule nor on what had to be redriven.

mod support;

use serde_json::{Value as Json, json};
use stepwell_asl::Value;
use stepwell_engine::core::{ChildEnd, Event, EventKind, Invoke, MapRunUpdate, StartChild, StateError, Status};
use support::World;
use support::random::{Dice, distribute, nest, random_machine, steady_machine};

const SEEDS: u64 = 3_000;

#[test]
fn every_schedule_keeps_the_invariants() {
    let mut redriven = 0;
    for seed in 1..=SEEDS {
        let outcome = std::panic::catch_unwind(|| simulate(seed));
        redriven += outcome.unwrap_or_else(|_| panic!("seed {seed} breaks an invariant: simulate({seed})"));
    }
    assert!(redriven > SEEDS as u32 / 3, "only {redriven} redrives");
}

#[test]
fn the_output_does_not_depend_on_the_schedule() {
    for seed in 1..=SEEDS / 3 {
        let definition = nest(distribute_steadily(steady_machine(seed), seed), &mut Dice::new(seed));
        let calm = finish(definition.clone(), &mut Dice::new(seed), Schedule::Calm);
        let wild = finish(definition, &mut Dice::new(seed ^ 0xabcd), Schedule::Wild);
        assert_eq!(calm, wild, "seed {seed}");
    }
}

#[test]
fn the_output_does_not_depend_on_what_was_redriven() {
    let mut redriven = 0;
    for seed in 1..=SEEDS / 3 {
        let definition = nest(steady_machine(seed), &mut Dice::new(seed));
        let (calm, _) = finish(definition.clone(), &mut Dice::new(seed), Schedule::Calm);
        let (disturbed, times) = finish(definition, &mut Dice::new(seed ^ 0xbeef), Schedule::Disturbed);
        assert_eq!(calm, disturbed, "seed {seed}");
        redriven += times;
    }
    assert!(redriven > SEEDS as u32 / 3, "only {redriven} redrives");
}

/// A machine of random states, and a world that does what it likes with it. Gives how often it was redriven.
fn simulate(seed: u64) -> u32 {
    let mut dice = Dice::new(seed);
    let definition = distribute(random_machine(&mut dice, 3, &mut 0), &mut dice);
    let definition = nest(definition, &mut dice);
    let mut world = World::new(definition, json!([1, 2, 3]));
    world.env.moves_max = if dice.one_in(3) { 1 + dice.below(5) as u32 } else { 10_000 };
    world.start();
    let mut said: Vec<Event> = Vec::new();
    for _ in 0..200 {
        let ended = world.execution.status != Status::Running;
        if ended && dice.one_in(5) {
            break;
        }
        let mut events = Vec::new();
        for _ in 0..1 + dice.below(4) {
            if let Some(event) = random_event(&mut dice, &world, &said) {
                events.push(event);
            }
        }
        let is_answer = |event: &&Event| matches!(event, Event::Task { .. } | Event::ChildEnded { .. });
        said.extend(events.iter().filter(is_answer).cloned());
        world.turn(&events);
        let due = match dice.one_in(100) {
            true => world.execution.next_deadline(), // at times the end of the execution's own time
            false => world.execution.next_timer(),
        };
        if dice.one_in(3)
            && let Some(due) = due
        {
            world.env.now = due.max(world.env.now);
        }
    }
    world.execution.redrive_count
}

fn random_event(dice: &mut Dice, world: &World, said: &[Event]) -> Option<Event> {
    match dice.below(20) {
        0 => return Some(Event::Continue),
        1..=4 => return Some(Event::TimerFired),
        5 if dice.one_in(10) => return Some(Event::Stopped(StateError::named("Stopped"))),
        5 => return Some(Event::Redriven),
        8..=13 if world.execution.status != Status::Running => return Some(Event::Redriven),
        6..=7 if !said.is_empty() => return Some(said[dice.below(said.len())].clone()),
        _ => {}
    }
    if !world.started.is_empty() && dice.one_in(2) {
        return Some(about_a_child(dice, world));
    }
    if world.asked.is_empty() {
        return None;
    }
    // Any task that was ever asked for, so most answers are late or repeated.
    let Invoke { branch, ticket, input, .. } = world.asked[dice.below(world.asked.len())].clone();
    let kind = match dice.below(8) {
        0 if dice.one_in(4) => EventKind::TaskSubmitFailed(StateError::new("E", "not accepted")),
        0 => EventKind::TaskFailed(StateError::new("E", "by chance")),
        1 => EventKind::TaskFailed(StateError::named("Other")),
        2 => EventKind::TaskHeartbeat,
        3 => EventKind::TaskStarted { worker: None },
        4 => EventKind::TaskSubmitted(input),
        _ => EventKind::TaskSucceeded(input),
    };
    Some(Event::Task { branch, ticket, kind })
}

/// Something about any execution that a map run ever started, or about its run.
fn about_a_child(dice: &mut Dice, world: &World) -> Event {
    let StartChild { child, input } = &world.started[dice.below(world.started.len())];
    if dice.one_in(10) {
        let update = MapRunUpdate {
            max_concurrency: dice.one_in(2).then(|| dice.below(4) as u32),
            tolerated_count: dice.one_in(2).then(|| dice.below(3) as u64),
            tolerated_percentage: dice.one_in(4).then(|| dice.below(101) as f64),
        };
        return Event::MapRunUpdated { map_run: child.map_run, update };
    }
    let status = match dice.below(8) {
        0 => Status::Failed(StateError::new("E", "by chance")),
        1 => Status::TimedOut(StateError::named("States.Timeout")),
        2 if dice.one_in(3) => Status::Aborted(StateError::default()),
        _ => Status::Succeeded(input.clone()),
    };
    let now = world.env.now;
    Event::ChildEnded { child: child.ticket, end: Box::new(ChildEnd { status, started_at: now, stopped_at: now }) }
}

/// How a machine's tasks are answered.
#[derive(Clone, Copy, PartialEq)]
enum Schedule {
    /// All of them at once, in order.
    Calm,
    /// Some of them, in any order, more than once, and in turns that are cut short.
    Wild,
    /// The same; and tasks fail, and the execution is stopped.
    Disturbed,
}

/// Answers every task until the execution succeeds, and redrives it until it does. Gives its output, and how often it was
/// redriven.
fn finish(definition: Json, dice: &mut Dice, schedule: Schedule) -> (Json, u32) {
    /// No more disturbances than this, so that there is an end.
    const DISTURBANCES_MAX: u32 = 10;
    let wild = schedule != Schedule::Calm;
    let mut disturbances = if schedule == Schedule::Disturbed { DISTURBANCES_MAX } else { 0 };
    let mut world = World::new(definition, json!([1, 2, 3]));
    if wild {
        world.env.moves_max = 1 + dice.below(7) as u32;
    }
    world.start();
    while !matches!(world.execution.status, Status::Succeeded(_)) {
        if world.execution.status != Status::Running {
            world.redrive();
            continue;
        }
        let mut open: Vec<Event> = (world.asked.iter())
            .filter(|invoke| world.execution.waiting(invoke.ticket) == Some(invoke.branch))
            .map(|invoke| Event::Task {
                branch: invoke.branch,
                ticket: invoke.ticket,
                kind: EventKind::TaskSucceeded(Value::from(json!({ "of": invoke.input.to_json() }))),
            })
            .collect();
        open.extend(
            (world.started.iter()).filter(|start| world.execution.children.contains_key(&start.child.ticket)).map(
                |StartChild { child, input }| {
                    let status = Status::Succeeded(Value::from(json!({ "of": input.to_json() })));
                    let now = world.env.now;
                    let end = Box::new(ChildEnd { status, started_at: now, stopped_at: now });
                    Event::ChildEnded { child: child.ticket, end }
                },
            ),
        );
        if wild && !open.is_empty() {
            for at in (1..open.len()).rev() {
                open.swap(at, dice.below(at + 1));
            }
            open.truncate(1 + dice.below(open.len()));
            open.push(open[0].clone());
        }
        if disturbances > 0 && dice.one_in(3) {
            disturbances -= 1;
            disturb(&mut open, dice);
        }
        if let Some(due) = world.execution.next_timer() {
            world.env.now = due.max(world.env.now);
            open.push(Event::TimerFired);
        }
        assert!(!open.is_empty(), "the execution waits for nothing");
        world.turn(&open);
    }
    (world.output(), world.execution.redrive_count)
}

/// Some of its Maps in Distributed mode, and nothing in it that chance decides.
fn distribute_steadily(definition: Json, seed: u64) -> Json {
    fn visit(value: &mut Json) {
        match value {
            Json::Object(members) => {
                if members.get("Type") == Some(&json!("Map")) {
                    members.remove("ItemSelector");
                }
                members.values_mut().for_each(visit);
            }
            Json::Array(items) => items.iter_mut().for_each(visit),
            _ => {}
        }
    }
    let mut definition = distribute(definition, &mut Dice::new(seed));
    visit(&mut definition);
    definition
}

/// Lets an answer be a failure, or stops the execution before or after the answers.
fn disturb(answers: &mut Vec<Event>, dice: &mut Dice) {
    let at = dice.below(answers.len());
    match answers.get_mut(at) {
        Some(Event::Task { kind, .. }) if !dice.one_in(3) => *kind = EventKind::TaskFailed(StateError::named("E")),
        _ => answers.insert(at, Event::Stopped(StateError::named("Stopped"))),
    }
}
