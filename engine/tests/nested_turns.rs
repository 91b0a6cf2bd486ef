//! Executions that a state waits for, turn by turn: when one is asked for, when it is to be stopped, and that its parent
//! is not done before it has heard of its end.

mod support;

use serde_json::{Value as Json, json};
use stepwell_engine::core::{Event, EventKind, StateError, Status};
use support::{World, machine, with};

fn nested(more: Json) -> Json {
    let machine_arn = "arn:aws:states:us-east-1:000000000000:stateMachine:child:PROD";
    let state = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": { "StateMachineArn": machine_arn },
        "End": true
    });
    with(state, more)
}

fn started(states: Json) -> World {
    let mut world = World::new(machine(states), json!({}));
    world.start();
    world
}

fn submitted() -> EventKind {
    EventKind::TaskSubmitted(json!({ "ExecutionArn": "a" }).into())
}

/// Tells whether it was news that an execution for which nobody waits any more has ended.
fn end(world: &mut World, nth: usize) -> bool {
    let (branch, ticket) = (world.asked[nth].branch, world.asked[nth].ticket);
    let was_open = world.execution.nested.contains_key(&ticket);
    world.turn(&[Event::Task { branch, ticket, kind: EventKind::TaskFailed(StateError::default()) }]);
    was_open && !world.execution.nested.contains_key(&ticket)
}

#[test]
fn it_is_asked_for_once_and_again_after_a_crash() {
    let mut world = started(json!({ "S": nested(json!({})) }));
    assert_eq!(world.asked.len(), 1);
    let begun = world.event("S", 0, submitted());
    world.turn(&[begun.clone(), begun]);
    let count =
        world.history.iter().filter(|event| stepwell_engine::history_json::type_name(&event.kind) == "TaskSubmitted");
    assert_eq!(count.count(), 1, "it begins once");
    assert!(world.execution.unconfirmed(), "somebody has to see to its end");
    let nested = world.execution.nested.values().next().expect("it is open");
    assert_eq!(&*nested.machine_arn, "arn:aws:states:us-east-1:000000000000:stateMachine:child");
    world.succeed("S", 0, json!({ "Status": "SUCCEEDED" }));
    assert!(matches!(world.execution.status, Status::Succeeded(_)));
    assert!(world.stops.is_empty(), "what has ended is not stopped");
}

#[test]
fn it_is_stopped_when_its_state_s_time_is_up() {
    let mut world = started(json!({ "S": nested(json!({ "TimeoutSeconds": 5 })) }));
    world.at(5);
    assert!(matches!(world.execution.status, Status::Failed(_)));
    assert_eq!(world.stops.len(), 1);
    assert!(world.execution.unconfirmed(), "its end is not heard of yet");
    assert!(end(&mut world, 0));
    assert!(!world.execution.unconfirmed());
    assert!(!end(&mut world, 0), "its end is heard of once");
}

#[test]
fn another_attempt_has_another_execution() {
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1 }]);
    let mut world = started(json!({ "S": nested(json!({ "TimeoutSeconds": 5, "Retry": retry })) }));
    world.at(6);
    let names: Vec<_> = world.execution.nested.values().map(|nested| nested.name.clone()).collect();
    assert_eq!((world.asked.len(), world.stops.len(), names.len()), (2, 1, 2), "the first is stopped");
    assert_ne!(names[0], names[1]);
    assert!(end(&mut world, 0));
    world.succeed("S", 0, json!({ "Status": "SUCCEEDED" }));
    assert!(matches!(world.execution.status, Status::Succeeded(_)));
    assert!(world.execution.nested.is_empty());
}

#[test]
fn one_that_fails_stops_those_beside_it() {
    let states = json!({ "M": {
        "Type": "Map",
        "ItemProcessor": { "StartAt": "S", "States": { "S": nested(json!({})) } },
        "End": true
    } });
    let mut world = World::new(machine(states), json!([1, 2, 3]));
    world.start();
    let failed = world.event("S", 1, EventKind::TaskFailed(StateError::named("States.TaskFailed")));
    world.turn(&[failed]);
    assert!(matches!(world.execution.status, Status::Failed(_)));
    assert_eq!(world.stops.len(), 2);
    assert!(end(&mut world, 0) && end(&mut world, 2));
    // What failed is done again, under other names.
    world.redrive();
    assert_eq!(world.asked.len(), 6);
    for _ in 0..3 {
        world.succeed("S", 0, json!(1));
    }
    assert!(matches!(world.execution.status, Status::Succeeded(_)));
}

#[test]
fn one_that_was_refused_is_not_stopped() {
    let caught = json!([{ "ErrorEquals": ["States.ALL"], "Next": "C" }]);
    let states = json!({ "A": nested(json!({ "Catch": caught })), "C": { "Type": "Pass", "End": true } });
    let mut world = started(states);
    let refused = world.event("A", 0, EventKind::TaskSubmitFailed(StateError::new("StepFunctions.E", "why")));
    world.turn(&[refused]);
    assert!(matches!(world.execution.status, Status::Succeeded(_)));
    assert!(world.stops.is_empty() && !world.execution.unconfirmed());
}

#[test]
fn a_catcher_leads_to_another_one_and_the_first_is_stopped() {
    let caught = json!([{ "ErrorEquals": ["States.ALL"], "Next": "B" }]);
    let states = json!({ "A": nested(json!({ "TimeoutSeconds": 5, "Catch": caught })), "B": nested(json!({})) });
    let mut world = started(states);
    world.at(5);
    assert_eq!((world.asked.len(), world.stops.len(), world.execution.nested.len()), (2, 1, 2));
    assert_eq!(world.stops[0].ticket, world.asked[0].ticket);
    assert!(end(&mut world, 0));
    world.succeed("B", 0, json!(1));
    assert!(matches!(world.execution.status, Status::Succeeded(_)) && !world.execution.unconfirmed());
}
