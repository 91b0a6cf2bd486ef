//! Whole executions, as traces: what each does to the history, in AWS's order.

mod support;

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use stepwell_engine::core::{
    Effect, Event, EventKind, HistoryKind, Limits, MapRunStatus, MapRunUpdate, StateError, Status, Ticket, outstanding,
    step,
};
use support::{World, machine, task, with};

/// Runs a script on a machine of these states and compares the trace.
fn check(states: Json, input: Json, script: impl FnOnce(&mut World), trace: Expect) {
    let mut world = World::new(machine(states), input);
    world.start();
    script(&mut world);
    trace.assert_eq(&world.trace());
}

#[test]
fn a_chain_needs_one_turn() {
    check(
        json!({
            "A": { "Type": "Pass", "Result": { "x": 1 }, "ResultPath": "$.a", "Next": "B" },
            "B": { "Type": "Choice", "Choices": [{ "Variable": "$.a.x", "NumericEquals": 1, "Next": "C" }] },
            "C": { "Type": "Succeed", "OutputPath": "$.a" }
        }),
        json!({}),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 PassStateEntered A {}
            3<2 PassStateExited A {"a":{"x":1}}
            4<3 ChoiceStateEntered B {"a":{"x":1}}
            5<4 ChoiceStateExited B {"a":{"x":1}}
            6<5 SucceedStateEntered C {"a":{"x":1}}
            7<6 SucceedStateExited C {"x":1}
            8<7 ExecutionSucceeded {"x":1}
        "#]],
    );
}

#[test]
fn a_task_is_scheduled_started_and_answered() {
    check(
        json!({ "A": with(task(), json!({ "ResultPath": "$.r" })) }),
        json!({ "i": 1 }),
        |world| _ = world.succeed("A", 0, json!(2)),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {"i":1}
            3<2 LambdaFunctionScheduled {"i":1}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionSucceeded 2
            6<5 TaskStateExited A {"i":1,"r":2}
            7<6 ExecutionSucceeded {"i":1,"r":2}
        "#]],
    );
}

#[test]
fn a_retried_task_goes_on_to_its_catcher() {
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 1 }]);
    let catch = json!([{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "B" }]);
    check(
        json!({
            "A": with(task(), json!({ "Retry": retry, "Catch": catch })),
            "B": { "Type": "Pass", "End": true }
        }),
        json!({}),
        |world| _ = world.fail("A", 0, "E", "first").at(2).fail("A", 0, "E", "second"),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<2 LambdaFunctionScheduled {}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionFailed E first
            6<5 LambdaFunctionScheduled {}
            7<6 LambdaFunctionStarted
            8<7 LambdaFunctionFailed E second
            9<8 TaskStateExited A {"error":{"Error":"E","Cause":"second"}}
            10<9 PassStateEntered B {"error":{"Error":"E","Cause":"second"}}
            11<10 PassStateExited B {"error":{"Error":"E","Cause":"second"}}
            12<11 ExecutionSucceeded {"error":{"Error":"E","Cause":"second"}}
        "#]],
    );
}

#[test]
fn a_late_answer_to_a_timed_out_task_is_ignored() {
    check(
        json!({ "A": with(task(), json!({ "TimeoutSeconds": 5, "Retry": [{ "ErrorEquals": ["States.Timeout"] }] })) }),
        json!({}),
        |world| {
            let late = world.event("A", 0, EventKind::TaskSucceeded(json!(1).into()));
            world.at(5);
            world.turn(std::slice::from_ref(&late));
            world.at(6).turn(&[late]);
            world.succeed("A", 0, json!(2));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<2 LambdaFunctionScheduled {}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionTimedOut States.Timeout -
            6<5 LambdaFunctionScheduled {}
            7<6 LambdaFunctionStarted
            8<7 LambdaFunctionSucceeded 2
            9<8 TaskStateExited A 2
            10<9 ExecutionSucceeded 2
        "#]],
    );
}

#[test]
fn a_missing_heartbeat_is_a_timeout_of_its_own() {
    check(
        json!({ "A": with(task(), json!({ "TimeoutSeconds": 60, "HeartbeatSeconds": 5 })) }),
        json!({}),
        |world| {
            let beat = world.event("A", 0, EventKind::TaskHeartbeat);
            world.at(4).turn(&[beat]);
            world.at(8);
            assert_eq!(world.execution.status, Status::Running);
            world.at(9);
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<2 LambdaFunctionScheduled {}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionTimedOut States.HeartbeatTimeout -
            6<5 ExecutionFailed States.HeartbeatTimeout -
        "#]],
    );
}

#[test]
fn a_parallel_joins_its_branches_in_their_order() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: task() } });
    check(
        json!({ "P": { "Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": true } }),
        json!({}),
        |world| _ = world.succeed("B", 0, json!("b")).succeed("A", 0, json!("a")),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 ParallelStateEntered P {}
            3<2 ParallelStateStarted
            4<3 TaskStateEntered A {}
            5<4 LambdaFunctionScheduled {}
            6<3 TaskStateEntered B {}
            7<6 LambdaFunctionScheduled {}
            8<5 LambdaFunctionStarted
            9<7 LambdaFunctionStarted
            10<9 LambdaFunctionSucceeded "b"
            11<10 TaskStateExited B "b"
            12<8 LambdaFunctionSucceeded "a"
            13<12 TaskStateExited A "a"
            14<13 ParallelStateSucceeded
            15<13 ParallelStateExited P ["a","b"]
            16<15 ExecutionSucceeded ["a","b"]
        "#]],
    );
}

#[test]
fn one_failing_branch_aborts_its_siblings() {
    let branch = |name: &str, state: Json| json!({ "StartAt": name, "States": { name: state } });
    let catch = json!([{ "ErrorEquals": ["E"], "Next": "After" }]);
    check(
        json!({
            "P": {
                "Type": "Parallel",
                "Branches": [
                    branch("A", task()),
                    branch("B", task()),
                    branch("W", json!({ "Type": "Wait", "Seconds": 9, "End": true })),
                ],
                "Catch": catch,
                "End": true
            },
            "After": { "Type": "Pass", "End": true }
        }),
        json!({}),
        |world| _ = world.fail("B", 0, "E", "why"),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 ParallelStateEntered P {}
            3<2 ParallelStateStarted
            4<3 TaskStateEntered A {}
            5<4 LambdaFunctionScheduled {}
            6<3 TaskStateEntered B {}
            7<6 LambdaFunctionScheduled {}
            8<3 WaitStateEntered W {}
            9<5 LambdaFunctionStarted
            10<7 LambdaFunctionStarted
            11<10 LambdaFunctionFailed E why
            12<11 TaskStateAborted
            13<11 TaskStateAborted
            14<11 WaitStateAborted
            15<11 ParallelStateFailed
            16<15 ParallelStateExited P {"Error":"E","Cause":"why"}
            17<16 PassStateEntered After {"Error":"E","Cause":"why"}
            18<17 PassStateExited After {"Error":"E","Cause":"why"}
            19<18 ExecutionSucceeded {"Error":"E","Cause":"why"}
        "#]],
    );
}

#[test]
fn a_map_runs_so_many_iterations_at_once() {
    check(
        json!({ "M": {
            "Type": "Map",
            "MaxConcurrency": 2,
            "ItemSelector": { "v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index" },
            "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
            "End": true
        } }),
        json!(["a", "b", "c"]),
        |world| _ = world.succeed("A", 1, json!(2)).succeed("A", 0, json!(1)).succeed("A", 0, json!(3)),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M ["a","b","c"]
            3<2 MapStateStarted 3
            4<3 MapIterationStarted 0
            5<3 MapIterationStarted 1
            6<4 TaskStateEntered A {"v":"a","i":0}
            7<6 LambdaFunctionScheduled {"v":"a","i":0}
            8<5 TaskStateEntered A {"v":"b","i":1}
            9<8 LambdaFunctionScheduled {"v":"b","i":1}
            10<7 LambdaFunctionStarted
            11<9 LambdaFunctionStarted
            12<11 LambdaFunctionSucceeded 2
            13<12 TaskStateExited A 2
            14<13 MapIterationSucceeded 1
            15<13 MapIterationStarted 2
            16<15 TaskStateEntered A {"v":"c","i":2}
            17<16 LambdaFunctionScheduled {"v":"c","i":2}
            18<17 LambdaFunctionStarted
            19<10 LambdaFunctionSucceeded 1
            20<19 TaskStateExited A 1
            21<20 MapIterationSucceeded 0
            22<18 LambdaFunctionSucceeded 3
            23<22 TaskStateExited A 3
            24<23 MapIterationSucceeded 2
            25<23 MapStateSucceeded
            26<23 MapStateExited M [1,2,3]
            27<26 ExecutionSucceeded [1,2,3]
        "#]],
    );
}

#[test]
fn timeouts_that_are_due_together_are_all_recorded_before_the_map_fails() {
    check(
        json!({ "M": {
            "Type": "Map",
            "ItemProcessor": { "StartAt": "A", "States": { "A": with(task(), json!({ "TimeoutSeconds": 5 })) } },
            "End": true
        } }),
        json!([1, 2, 3]),
        |world| _ = world.at(5),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M [1,2,3]
            3<2 MapStateStarted 3
            4<3 MapIterationStarted 0
            5<3 MapIterationStarted 1
            6<3 MapIterationStarted 2
            7<4 TaskStateEntered A 1
            8<7 LambdaFunctionScheduled 1
            9<5 TaskStateEntered A 2
            10<9 LambdaFunctionScheduled 2
            11<6 TaskStateEntered A 3
            12<11 LambdaFunctionScheduled 3
            13<8 LambdaFunctionStarted
            14<10 LambdaFunctionStarted
            15<12 LambdaFunctionStarted
            16<13 LambdaFunctionTimedOut States.Timeout -
            17<14 LambdaFunctionTimedOut States.Timeout -
            18<15 LambdaFunctionTimedOut States.Timeout -
            19<16 MapIterationFailed 0
            20<16 TaskStateAborted
            21<16 MapIterationAborted 1
            22<16 TaskStateAborted
            23<16 MapIterationAborted 2
            24<16 TaskStateAborted
            25<16 MapStateFailed
            26<25 ExecutionFailed States.Timeout -
        "#]],
    );
}

#[test]
fn a_retried_map_starts_again() {
    check(
        json!({ "M": {
            "Type": "Map",
            "ItemProcessor": { "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E", "Cause": "c" } } },
            "Retry": [{ "ErrorEquals": ["E"], "MaxAttempts": 1 }],
            "End": true
        } }),
        json!([1]),
        |world| _ = world.at(1),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M [1]
            3<2 MapStateStarted 1
            4<3 MapIterationStarted 0
            5<4 FailStateEntered F 1
            6<5 MapIterationFailed 0
            7<5 MapStateStarted 1
            8<7 MapIterationStarted 0
            9<8 FailStateEntered F 1
            10<9 MapIterationFailed 0
            11<9 MapStateFailed
            12<11 ExecutionFailed E c
        "#]],
    );
}

#[test]
fn an_empty_map_succeeds_at_once() {
    check(
        json!({ "M": {
            "Type": "Map",
            "ItemProcessor": { "StartAt": "F", "States": { "F": { "Type": "Fail" } } },
            "End": true
        } }),
        json!([]),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M []
            3<2 MapStateStarted 0
            4<3 MapStateSucceeded
            5<3 MapStateExited M []
            6<5 ExecutionSucceeded []
        "#]],
    );
}

#[test]
fn maps_and_parallels_nest() {
    let inner = json!({
        "Type": "Parallel",
        "Branches": [
            { "StartAt": "X", "States": { "X": { "Type": "Pass", "Parameters": { "i.$": "$$.Map.Item.Index" }, "End": true } } },
            { "StartAt": "Y", "States": { "Y": { "Type": "Pass", "End": true } } }
        ],
        "End": true
    });
    let mut world = World::new(
        machine(json!({ "M": {
            "Type": "Map",
            "ItemProcessor": { "StartAt": "P", "States": { "P": inner } },
            "End": true
        } })),
        json!(["a", "b"]),
    );
    world.start();
    assert_eq!(world.output(), json!([[{ "i": 0 }, "a"], [{ "i": 1 }, "b"]]));
}

#[test]
fn a_wait_takes_its_time() {
    check(
        json!({
            "A": { "Type": "Wait", "SecondsPath": "$.s", "Next": "B" },
            "B": { "Type": "Wait", "Timestamp": "2016-03-14T01:59:00Z", "End": true }
        }),
        json!({ "s": 3 }),
        |world| {
            world.at(2);
            assert_eq!(world.execution.status, Status::Running);
            world.at(3);
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 WaitStateEntered A {"s":3}
            3<2 WaitStateExited A {"s":3}
            4<3 WaitStateEntered B {"s":3}
            5<4 WaitStateExited B {"s":3}
            6<5 ExecutionSucceeded {"s":3}
        "#]],
    );
}

#[test]
fn the_execution_has_a_time_limit_of_its_own() {
    let mut definition = machine(json!({ "A": task() }));
    definition["TimeoutSeconds"] = json!(10);
    let mut world = World::new(definition, json!({}));
    world.start().at(10);
    expect![[r#"
        1<0 ExecutionStarted
        2<0 TaskStateEntered A {}
        3<2 LambdaFunctionScheduled {}
        4<3 LambdaFunctionStarted
        5<0 ExecutionTimedOut States.Timeout -
    "#]]
    .assert_eq(&world.trace());
    assert!(matches!(world.execution.status, Status::TimedOut(_)));
}

#[test]
fn a_stopped_execution_tells_nothing_of_what_ran() {
    check(
        json!({ "M": {
            "Type": "Map",
            "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
            "End": true
        } }),
        json!([1, 2]),
        |world| world.turn(&[Event::Stopped(StateError::new("Stop", "because"))]),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M [1,2]
            3<2 MapStateStarted 2
            4<3 MapIterationStarted 0
            5<3 MapIterationStarted 1
            6<4 TaskStateEntered A 1
            7<6 LambdaFunctionScheduled 1
            8<5 TaskStateEntered A 2
            9<8 LambdaFunctionScheduled 2
            10<7 LambdaFunctionStarted
            11<9 LambdaFunctionStarted
            12<0 ExecutionAborted Stop because
        "#]],
    );
}

#[test]
fn nothing_moves_what_has_ended() {
    let mut world = World::new(machine(json!({ "A": task() })), json!({}));
    world.start();
    let answer = world.event("A", 0, EventKind::TaskSucceeded(json!(1).into()));
    world.turn(std::slice::from_ref(&answer));
    let trace = world.trace();
    world.turn(&[answer, Event::TimerFired, Event::Started, Event::Stopped(StateError::default())]);
    assert_eq!(world.trace(), trace);
}

#[test]
fn an_activity_is_started_by_its_worker() {
    let activity = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:us-east-1:000000000000:activity:a",
        "HeartbeatSeconds": 10,
        "End": true
    });
    check(
        json!({ "A": activity }),
        json!({}),
        |world| {
            let started = world.event("A", 0, EventKind::TaskStarted { worker: Some("w".into()) });
            let done = world.event("A", 0, EventKind::TaskSucceeded(json!(1).into()));
            world.at(9).turn(&[started]);
            world.at(18).turn(&[done]);
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<2 ActivityScheduled {}
            4<3 ActivityStarted
            5<4 ActivitySucceeded 1
            6<5 TaskStateExited A 1
            7<6 ExecutionSucceeded 1
        "#]],
    );
}

#[test]
fn a_callback_waits_for_its_token() {
    let callback = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "MessageBody": { "isToken.$": "States.Format('{}', $$.Task.Token)" } },
        "ResultSelector": { "answer.$": "$" },
        "End": true
    });
    let mut world = World::new(machine(json!({ "A": callback })), json!({}));
    world.start();
    let invoke = world.open("A", 0);
    assert!(invoke.callback);
    let token = invoke.token.clone().unwrap();
    assert_eq!(invoke.input.to_json(), json!({ "MessageBody": { "isToken": &*token } }));
    let named = world.env.tokens.open(&token).unwrap();
    assert_eq!((named.branch, named.ticket), (invoke.branch, invoke.ticket));
    let submitted = world.event("A", 0, EventKind::TaskSubmitted(json!({ "MessageId": "m" }).into()));
    world.turn(&[submitted]);
    assert_eq!(world.execution.status, Status::Running);
    world.succeed("A", 0, json!("yes"));
    assert_eq!(world.output(), json!({ "answer": "yes" }));
}

#[test]
fn an_oversized_result_of_a_task_is_caught_and_an_oversized_output_is_not() {
    let large = "a".repeat(262_144);
    let catch = json!([{ "ErrorEquals": ["States.ALL"], "Next": "B" }]);
    let states = |more: Json| {
        machine(json!({
            "A": with(with(task(), json!({ "Catch": catch })), more),
            "B": { "Type": "Pass", "Result": "caught", "End": true }
        }))
    };
    let mut world = World::new(states(json!({})), json!({}));
    world.start().succeed("A", 0, json!(large));
    assert_eq!(world.output(), json!("caught"));

    let mut world = World::new(states(json!({ "ResultPath": "$.r" })), json!({ "i": "x".repeat(1000) }));
    world.start().succeed("A", 0, json!("a".repeat(262_000)));
    let cause = "The state/task 'A' returned a result with a size exceeding the maximum number of bytes service limit.";
    assert_eq!(world.error(), ("States.DataLimitExceeded".into(), cause.into()));
}

#[test]
fn the_history_ends_with_its_last_event() {
    let mut world = World::new(
        machine(json!({
            "A": { "Type": "Pass", "Next": "B" },
            "B": { "Type": "Pass", "Next": "A" }
        })),
        json!({}),
    );
    world.start();
    assert_eq!(world.history.len(), 25_000);
    let cause = "The execution reached the maximum number of history events (25000).";
    assert_eq!(world.error(), ("States.Runtime".into(), cause.into()));
}

#[test]
fn an_event_that_no_longer_fits_is_not_left_out() {
    let run = |limit| {
        let mut world = World::new(machine(json!({ "A": { "Type": "Pass", "End": true } })), json!({}));
        world.env.limits.history_events = Some(limit);
        world.start();
        (world.history.len(), world.error().0)
    };
    assert_eq!(run(3), (3, "States.Runtime".into()));
    assert_eq!(run(2), (2, "States.Runtime".into()));
    let (events, status) = run(4);
    assert!(events == 4 && status.starts_with("Succeeded"), "{events} {status}");
}

#[test]
fn an_execution_may_take_a_year() {
    let mut world = World::new(
        machine(json!({
            "A": { "Type": "Wait", "Seconds": 99_999_999, "Next": "B" },
            "B": { "Type": "Pass", "End": true }
        })),
        json!({}),
    );
    world.start().at(365 * 24 * 3600 - 1);
    assert_eq!(world.execution.status, Status::Running);
    world.at(365 * 24 * 3600);
    assert_eq!(world.execution.status, Status::TimedOut(StateError::named("States.Timeout")));
}

#[test]
fn a_runtime_error_is_neither_retried_nor_caught() {
    let all = json!([{ "ErrorEquals": ["States.ALL"], "Next": "B" }]);
    let mut world = World::new(
        machine(json!({
            "A": with(task(), json!({
                "Parameters": { "x.$": "$.missing" },
                "Retry": [{ "ErrorEquals": ["States.ALL"] }],
                "Catch": all
            })),
            "B": { "Type": "Pass", "End": true }
        })),
        json!({ "a": 1 }),
    );
    world.start();
    let cause = "An error occurred while executing the state 'A' (entered at the event id #2). The JSONPath \
                 '$.missing' specified for the field 'x.$' could not be found in the input '{\"a\":1}'";
    assert_eq!(world.error(), ("States.Runtime".into(), cause.into()));
}

#[test]
fn a_choice_without_a_match_fails() {
    let mut world = World::new(
        machine(json!({
            "A": { "Type": "Choice", "Choices": [{ "Variable": "$.a", "StringEquals": "x", "Next": "B" }] },
            "B": { "Type": "Pass", "End": true }
        })),
        json!({ "a": "y" }),
    );
    world.start();
    let cause = "An error occurred while executing the state 'A' (entered at the event id #2). Failed to transition \
                 out of the state. The state does not point to a next state.";
    assert_eq!(world.error(), ("States.Runtime".into(), cause.into()));
}

#[test]
fn variables_are_seen_by_inner_scopes_and_set_in_their_own() {
    let inner = json!({
        "I": { "Type": "Pass", "Parameters": { "n.$": "$n", "own.$": "$" }, "Assign": { "own": 1 }, "End": true }
    });
    let mut world = World::new(
        machine(json!({
            "A": { "Type": "Pass", "Assign": { "n.$": "$.n", "old": "o" }, "Next": "M" },
            "M": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemProcessor": { "StartAt": "I", "States": inner },
                "Next": "B"
            },
            "B": { "Type": "Pass", "Parameters": { "n.$": "$n", "r.$": "$" }, "End": true }
        })),
        json!({ "n": 7, "items": ["x", "y"] }),
    );
    world.start();
    assert_eq!(world.output(), json!({ "n": 7, "r": [{ "n": 7, "own": "x" }, { "n": 7, "own": "y" }] }));
}

#[test]
fn a_full_turn_leaves_the_rest_to_the_next() {
    let chain = |moves_max| {
        let items: Vec<u32> = (0..100).collect();
        let mut world = World::new(
            machine(json!({ "M": {
                "Type": "Map",
                "ItemProcessor": { "StartAt": "A", "States": {
                    "A": { "Type": "Pass", "Next": "B" },
                    "B": { "Type": "Pass", "End": true }
                } },
                "End": true
            } })),
            json!(items),
        );
        world.env.moves_max = moves_max;
        world.start();
        world.trace()
    };
    let whole = chain(u32::MAX);
    assert_eq!(chain(1), whole);
    assert_eq!(chain(7), whole);
}

#[test]
fn a_wide_map_costs_a_constant_per_item() {
    let items: Vec<u32> = (0..10_000).collect();
    let mut world = World::new(
        machine(json!({ "M": {
            "Type": "Map",
            "MaxConcurrency": 1,
            "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
            "End": true
        } })),
        json!(items),
    );
    world.env.limits = Limits::OFF;
    world.start();
    let since = world.execution.last_ticket;
    let answer = world.event("A", 0, EventKind::TaskSucceeded(json!(0).into()));
    let turn = stepwell_engine::core::step(&world.program, &mut world.execution, &[answer], &mut world.env);
    assert!(turn.changes.len() < 10, "{} changes for one answer", turn.changes.len());
    assert!(world.execution.last_ticket > since);
}

#[test]
fn forty_iterations_run_at_once_where_nothing_else_is_said() {
    let items: Vec<u32> = (0..50).collect();
    let open = |limits| {
        let mut world = World::new(
            machine(json!({ "M": {
                "Type": "Map",
                "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
                "End": true
            } })),
            json!(items),
        );
        world.env.limits = limits;
        world.start();
        world.asked.len()
    };
    assert_eq!(open(Limits::AWS), 40);
    assert_eq!(open(Limits::OFF), 50);
}

#[test]
fn the_context_object_is_complete() {
    let mut world = World::new(
        machine(
            json!({ "A": with(task(), json!({ "Parameters": { "all.$": "$$" }, "Retry": [{ "ErrorEquals": ["E"] }] })) }),
        ),
        json!({ "i": 1 }),
    );
    world.start().fail("A", 0, "E", "once").at(1);
    let input = world.open("A", 0).input.to_json();
    expect![[r#"
        {
          "Execution": {
            "Id": "arn:aws:states:us-east-1:000000000000:execution:m:e",
            "Input": {
              "i": 1
            },
            "StartTime": "2023-11-14T22:13:20.000Z",
            "Name": "e",
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "RedriveCount": 0
          },
          "StateMachine": {
            "Id": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            "Name": "m"
          },
          "State": {
            "Name": "A",
            "EnteredTime": "2023-11-14T22:13:20.000Z",
            "RetryCount": 1
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&input["all"]).unwrap());
}

#[test]
fn each_retrier_counts_for_itself_and_an_exhausted_one_hands_over_to_catch() {
    let retry = json!([
        { "ErrorEquals": ["A"], "MaxAttempts": 1 },
        { "ErrorEquals": ["B"], "MaxAttempts": 1, "IntervalSeconds": 10 },
        { "ErrorEquals": ["States.ALL"], "MaxAttempts": 0 }
    ]);
    let catch = json!([
        { "ErrorEquals": ["C"], "Next": "Never" },
        { "ErrorEquals": ["States.TaskFailed"], "ResultPath": null, "Next": "Caught" }
    ]);
    let mut world = World::new(
        machine(json!({
            "T": with(task(), json!({ "Retry": retry, "Catch": catch })),
            "Never": { "Type": "Fail" },
            "Caught": { "Type": "Pass", "End": true }
        })),
        json!("in"),
    );
    world.start().fail("T", 0, "A", "").at(1).fail("T", 0, "B", "").at(11);
    assert_eq!(world.asked.len(), 3);
    world.fail("T", 0, "A", "");
    assert_eq!(world.output(), json!("in"));
}

#[test]
fn jitter_never_exceeds_the_delay() {
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 8, "JitterStrategy": "FULL" }]);
    for seed in 1..50 {
        let mut world = World::new(machine(json!({ "T": with(task(), json!({ "Retry": retry })) })), json!({}));
        world.env.chance = stepwell_asl::Chance::from_seed([seed, 2, 3, 4]);
        world.start().fail("T", 0, "E", "");
        let delay_ms = world.execution.next_deadline().unwrap().0 - world.env.now.0;
        assert!((0..=8_000).contains(&delay_ms), "{delay_ms}");
    }
}

#[test]
fn an_items_path_must_lead_to_an_array() {
    let mut world = World::new(
        machine(json!({ "M": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
            "End": true
        } })),
        json!({ "items": {} }),
    );
    world.start();
    let cause = "An error occurred while executing the state 'M' (entered at the event id #2). Reference path \
                 \"$.items\" must point to array.";
    assert_eq!(world.error(), ("States.Runtime".into(), cause.into()));
}

#[test]
fn values_that_grow_deeper_with_every_turn_end_with_an_error() {
    let mut world = World::new(
        machine(json!({
            "A": { "Type": "Pass", "Parameters": { "was.$": "$" }, "Next": "B" },
            "B": { "Type": "Pass", "Next": "A" }
        })),
        json!({}),
    );
    world.env.limits = Limits::OFF;
    world.start();
    assert_eq!(world.error().0, "States.DataLimitExceeded");
}

// ---- redrive ----

#[test]
fn a_redriven_task_is_scheduled_again_without_being_entered_again() {
    check(
        json!({
            "A": with(task(), json!({ "Parameters": { "n.$": "$$.Execution.RedriveCount", "at.$": "$$.State.EnteredTime" }, "Next": "B" })),
            "B": { "Type": "Pass", "End": true }
        }),
        json!({}),
        |world| _ = world.fail("A", 0, "E", "first").at(60).redrive().succeed("A", 0, json!(2)),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<2 LambdaFunctionScheduled {"n":0,"at":"2023-11-14T22:13:20.000Z"}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionFailed E first
            6<5 ExecutionFailed E first
            7<6 ExecutionRedriven 1
            8<2 LambdaFunctionScheduled {"n":1,"at":"2023-11-14T22:13:20.000Z"}
            9<8 LambdaFunctionStarted
            10<9 LambdaFunctionSucceeded 2
            11<10 TaskStateExited A 2
            12<11 PassStateEntered B 2
            13<12 PassStateExited B 2
            14<13 ExecutionSucceeded 2
        "#]],
    );
}

#[test]
fn a_redrive_gives_retries_back_and_can_be_repeated() {
    let retry = json!([{ "ErrorEquals": ["E"], "MaxAttempts": 1 }]);
    check(
        json!({ "A": with(task(), json!({ "Retry": retry, "Parameters": { "retries.$": "$$.State.RetryCount" } })) }),
        json!({}),
        |world| {
            world.fail("A", 0, "E", "1").at(1).fail("A", 0, "E", "2");
            world.redrive().fail("A", 0, "E", "3").at(2).fail("A", 0, "E", "4");
            world.redrive().succeed("A", 0, json!("done"));
            assert_eq!(world.execution.redrive_count, 2);
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<2 LambdaFunctionScheduled {"retries":0}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionFailed E 1
            6<5 LambdaFunctionScheduled {"retries":1}
            7<6 LambdaFunctionStarted
            8<7 LambdaFunctionFailed E 2
            9<8 ExecutionFailed E 2
            10<9 ExecutionRedriven 1
            11<2 LambdaFunctionScheduled {"retries":0}
            12<11 LambdaFunctionStarted
            13<12 LambdaFunctionFailed E 3
            14<13 LambdaFunctionScheduled {"retries":1}
            15<14 LambdaFunctionStarted
            16<15 LambdaFunctionFailed E 4
            17<16 ExecutionFailed E 4
            18<17 ExecutionRedriven 2
            19<2 LambdaFunctionScheduled {"retries":0}
            20<19 LambdaFunctionStarted
            21<20 LambdaFunctionSucceeded "done"
            22<21 TaskStateExited A "done"
            23<22 ExecutionSucceeded "done"
        "#]],
    );
}

#[test]
fn a_redrive_runs_unsuccessful_branches_only() {
    let branch = |name: &str, state: Json| json!({ "StartAt": name, "States": { name: state } });
    let branches = json!([
        branch("Done", task()),
        branch("Fails", task()),
        branch("Aborted", task()),
        branch("Waits", json!({ "Type": "Wait", "Seconds": 9, "End": true })),
    ]);
    check(
        json!({ "P": { "Type": "Parallel", "Branches": branches, "End": true } }),
        json!({}),
        |world| {
            world.succeed("Done", 0, json!(1)).fail("Fails", 0, "E", "why").at(30).redrive();
            world.succeed("Aborted", 0, json!(3)).succeed("Fails", 0, json!(2)).at(39);
            assert_eq!(world.output(), json!([1, 2, 3, {}]));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 ParallelStateEntered P {}
            3<2 ParallelStateStarted
            4<3 TaskStateEntered Done {}
            5<4 LambdaFunctionScheduled {}
            6<3 TaskStateEntered Fails {}
            7<6 LambdaFunctionScheduled {}
            8<3 TaskStateEntered Aborted {}
            9<8 LambdaFunctionScheduled {}
            10<3 WaitStateEntered Waits {}
            11<5 LambdaFunctionStarted
            12<7 LambdaFunctionStarted
            13<9 LambdaFunctionStarted
            14<11 LambdaFunctionSucceeded 1
            15<14 TaskStateExited Done 1
            16<12 LambdaFunctionFailed E why
            17<16 TaskStateAborted
            18<16 TaskStateAborted
            19<16 WaitStateAborted
            20<16 ParallelStateFailed
            21<20 ExecutionFailed E why
            22<21 ExecutionRedriven 1
            23<6 LambdaFunctionScheduled {}
            24<8 LambdaFunctionScheduled {}
            25<23 LambdaFunctionStarted
            26<24 LambdaFunctionStarted
            27<26 LambdaFunctionSucceeded 3
            28<27 TaskStateExited Aborted 3
            29<25 LambdaFunctionSucceeded 2
            30<29 TaskStateExited Fails 2
            31<10 WaitStateExited Waits {}
            32<31 ParallelStateSucceeded
            33<31 ParallelStateExited P [1,2,3,{}]
            34<33 ExecutionSucceeded [1,2,3,{}]
        "#]],
    );
}

#[test]
fn a_caught_failure_leaves_nothing_to_redrive() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: task() } });
    let catch = json!([{ "ErrorEquals": ["E"], "Next": "After" }]);
    check(
        json!({
            "P": { "Type": "Parallel", "Branches": [branch("A"), branch("B")], "Catch": catch, "End": true },
            "After": task()
        }),
        json!({}),
        |world| {
            world.fail("B", 0, "E", "why");
            assert_eq!(world.execution.branches.len(), 1);
            world.fail("After", 0, "F", "again").redrive().succeed("After", 0, json!(1));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 ParallelStateEntered P {}
            3<2 ParallelStateStarted
            4<3 TaskStateEntered A {}
            5<4 LambdaFunctionScheduled {}
            6<3 TaskStateEntered B {}
            7<6 LambdaFunctionScheduled {}
            8<5 LambdaFunctionStarted
            9<7 LambdaFunctionStarted
            10<9 LambdaFunctionFailed E why
            11<10 TaskStateAborted
            12<10 TaskStateAborted
            13<10 ParallelStateFailed
            14<13 ParallelStateExited P {"Error":"E","Cause":"why"}
            15<14 TaskStateEntered After {"Error":"E","Cause":"why"}
            16<15 LambdaFunctionScheduled {"Error":"E","Cause":"why"}
            17<16 LambdaFunctionStarted
            18<17 LambdaFunctionFailed F again
            19<18 ExecutionFailed F again
            20<19 ExecutionRedriven 1
            21<15 LambdaFunctionScheduled {"Error":"E","Cause":"why"}
            22<21 LambdaFunctionStarted
            23<22 LambdaFunctionSucceeded 1
            24<23 TaskStateExited After 1
            25<24 ExecutionSucceeded 1
        "#]],
    );
}

#[test]
fn a_redriven_map_goes_on_with_its_failed_aborted_and_unstarted_iterations() {
    check(
        json!({ "M": {
            "Type": "Map",
            "MaxConcurrency": 2,
            "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
            "End": true
        } }),
        json!(["a", "b", "c", "d"]),
        |world| {
            world.succeed("A", 0, json!("A")).fail("A", 0, "E", "why").redrive();
            world.succeed("A", 0, json!("B")).succeed("A", 0, json!("C")).succeed("A", 0, json!("D"));
            assert_eq!(world.output(), json!(["A", "B", "C", "D"]));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M ["a","b","c","d"]
            3<2 MapStateStarted 4
            4<3 MapIterationStarted 0
            5<3 MapIterationStarted 1
            6<4 TaskStateEntered A "a"
            7<6 LambdaFunctionScheduled "a"
            8<5 TaskStateEntered A "b"
            9<8 LambdaFunctionScheduled "b"
            10<7 LambdaFunctionStarted
            11<9 LambdaFunctionStarted
            12<10 LambdaFunctionSucceeded "A"
            13<12 TaskStateExited A "A"
            14<13 MapIterationSucceeded 0
            15<13 MapIterationStarted 2
            16<15 TaskStateEntered A "c"
            17<16 LambdaFunctionScheduled "c"
            18<17 LambdaFunctionStarted
            19<11 LambdaFunctionFailed E why
            20<19 MapIterationFailed 1
            21<19 TaskStateAborted
            22<19 MapIterationAborted 2
            23<19 TaskStateAborted
            24<19 MapStateFailed
            25<24 ExecutionFailed E why
            26<25 ExecutionRedriven 1
            27<8 LambdaFunctionScheduled "b"
            28<16 LambdaFunctionScheduled "c"
            29<27 LambdaFunctionStarted
            30<28 LambdaFunctionStarted
            31<29 LambdaFunctionSucceeded "B"
            32<31 TaskStateExited A "B"
            33<32 MapIterationSucceeded 1
            34<32 MapIterationStarted 3
            35<34 TaskStateEntered A "d"
            36<35 LambdaFunctionScheduled "d"
            37<36 LambdaFunctionStarted
            38<30 LambdaFunctionSucceeded "C"
            39<38 TaskStateExited A "C"
            40<39 MapIterationSucceeded 2
            41<37 LambdaFunctionSucceeded "D"
            42<41 TaskStateExited A "D"
            43<42 MapIterationSucceeded 3
            44<42 MapStateSucceeded
            45<42 MapStateExited M ["A","B","C","D"]
            46<45 ExecutionSucceeded ["A","B","C","D"]
        "#]],
    );
}

#[test]
fn a_map_within_a_parallel_goes_on_where_it_was() {
    let map = json!({
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 1,
        "ItemProcessor": { "StartAt": "I", "States": { "I": with(task(), json!({ "Next": "J" })), "J": task() } },
        "End": true
    });
    let branches = json!([
        { "StartAt": "M", "States": { "M": map } },
        { "StartAt": "T", "States": { "T": task() } }
    ]);
    check(
        json!({ "P": { "Type": "Parallel", "Branches": branches, "End": true } }),
        json!({ "items": [1, 2] }),
        |world| {
            world.succeed("I", 0, json!("i0")).succeed("J", 0, json!("j0")).succeed("I", 0, json!("i1"));
            world.fail("T", 0, "E", "why").redrive();
            world.fail("J", 0, "E", "again").redrive();
            world.succeed("J", 0, json!("j1")).succeed("T", 0, json!("t"));
            assert_eq!(world.output(), json!([["j0", "j1"], "t"]));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 ParallelStateEntered P {"items":[1,2]}
            3<2 ParallelStateStarted
            4<3 MapStateEntered M {"items":[1,2]}
            5<4 MapStateStarted 2
            6<5 MapIterationStarted 0
            7<3 TaskStateEntered T {"items":[1,2]}
            8<7 LambdaFunctionScheduled {"items":[1,2]}
            9<6 TaskStateEntered I 1
            10<9 LambdaFunctionScheduled 1
            11<8 LambdaFunctionStarted
            12<10 LambdaFunctionStarted
            13<12 LambdaFunctionSucceeded "i0"
            14<13 TaskStateExited I "i0"
            15<14 TaskStateEntered J "i0"
            16<15 LambdaFunctionScheduled "i0"
            17<16 LambdaFunctionStarted
            18<17 LambdaFunctionSucceeded "j0"
            19<18 TaskStateExited J "j0"
            20<19 MapIterationSucceeded 0
            21<19 MapIterationStarted 1
            22<21 TaskStateEntered I 2
            23<22 LambdaFunctionScheduled 2
            24<23 LambdaFunctionStarted
            25<24 LambdaFunctionSucceeded "i1"
            26<25 TaskStateExited I "i1"
            27<26 TaskStateEntered J "i1"
            28<27 LambdaFunctionScheduled "i1"
            29<28 LambdaFunctionStarted
            30<11 LambdaFunctionFailed E why
            31<30 TaskStateAborted
            32<30 MapIterationAborted 1
            33<30 TaskStateAborted
            34<30 MapStateAborted
            35<30 ParallelStateFailed
            36<35 ExecutionFailed E why
            37<36 ExecutionRedriven 1
            38<7 LambdaFunctionScheduled {"items":[1,2]}
            39<27 LambdaFunctionScheduled "i1"
            40<38 LambdaFunctionStarted
            41<39 LambdaFunctionStarted
            42<41 LambdaFunctionFailed E again
            43<42 MapIterationFailed 1
            44<42 TaskStateAborted
            45<42 MapStateFailed
            46<45 TaskStateAborted
            47<45 ParallelStateFailed
            48<47 ExecutionFailed E again
            49<48 ExecutionRedriven 2
            50<7 LambdaFunctionScheduled {"items":[1,2]}
            51<27 LambdaFunctionScheduled "i1"
            52<50 LambdaFunctionStarted
            53<51 LambdaFunctionStarted
            54<53 LambdaFunctionSucceeded "j1"
            55<54 TaskStateExited J "j1"
            56<55 MapIterationSucceeded 1
            57<55 MapStateSucceeded
            58<55 MapStateExited M ["j0","j1"]
            59<52 LambdaFunctionSucceeded "t"
            60<59 TaskStateExited T "t"
            61<60 ParallelStateSucceeded
            62<60 ParallelStateExited P [["j0","j1"],"t"]
            63<62 ExecutionSucceeded [["j0","j1"],"t"]
        "#]],
    );
}

#[test]
fn a_stopped_execution_can_be_redriven() {
    let machine = json!({
        "W": { "Type": "Wait", "Seconds": 10, "Next": "T" },
        "T": { "Type": "Wait", "Timestamp": "2023-11-14T22:14:00Z", "Next": "A" },
        "A": task()
    });
    check(
        machine,
        json!({}),
        |world| {
            world.at(5).stop().at(20).redrive().at(29);
            assert_eq!(world.execution.status, Status::Running);
            world.at(30).stop().at(60).redrive();
            let late = world.event("A", 0, EventKind::TaskSucceeded(json!("late").into()));
            world.stop().redrive().turn(&[late]);
            world.succeed("A", 0, json!("new"));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 WaitStateEntered W {}
            3<0 ExecutionAborted Stopped by hand
            4<3 ExecutionRedriven 1
            5<2 WaitStateExited W {}
            6<5 WaitStateEntered T {}
            7<0 ExecutionAborted Stopped by hand
            8<7 ExecutionRedriven 2
            9<6 WaitStateExited T {}
            10<9 TaskStateEntered A {}
            11<10 LambdaFunctionScheduled {}
            12<11 LambdaFunctionStarted
            13<0 ExecutionAborted Stopped by hand
            14<13 ExecutionRedriven 3
            15<10 LambdaFunctionScheduled {}
            16<15 LambdaFunctionStarted
            17<16 LambdaFunctionSucceeded "new"
            18<17 TaskStateExited A "new"
            19<18 ExecutionSucceeded "new"
        "#]],
    );
}

#[test]
fn a_redrive_begins_the_time_of_the_definition_anew() {
    let mut definition = machine(json!({ "A": task() }));
    definition["TimeoutSeconds"] = json!(10);
    let mut world = World::new(definition, json!({}));
    world.start().at(10);
    assert!(matches!(world.execution.status, Status::TimedOut(_)));
    world.at(100).redrive().at(109);
    assert_eq!(world.execution.status, Status::Running);
    world.at(110);
    assert!(matches!(world.execution.status, Status::TimedOut(_)));
    expect![[r#"
        1<0 ExecutionStarted
        2<0 TaskStateEntered A {}
        3<2 LambdaFunctionScheduled {}
        4<3 LambdaFunctionStarted
        5<0 ExecutionTimedOut States.Timeout -
        6<5 ExecutionRedriven 1
        7<2 LambdaFunctionScheduled {}
        8<7 LambdaFunctionStarted
        9<0 ExecutionTimedOut States.Timeout -
    "#]]
    .assert_eq(&world.trace());
}

#[test]
fn no_execution_is_open_longer_than_the_limit() {
    let year = Limits::AWS.execution_s.unwrap_or_default();
    let mut world = World::new(machine(json!({ "A": task() })), json!({}));
    world.start().at(100).stop().at(year - 1).redrive();
    assert_eq!(world.execution.next_deadline(), Some(world.env.now.plus_ms(1000)));
    world.at(year);
    assert!(matches!(world.execution.status, Status::TimedOut(_)));
    let refused = world.execution.redrivable(&world.env.limits, world.env.now);
    assert_eq!(refused, Err("Execution has exceeded the max execution time"));
    world.redrive();
    assert!(matches!(world.execution.status, Status::TimedOut(_)));
}

#[test]
fn only_what_ended_without_success_is_redriven() {
    let mut world = World::new(machine(json!({ "A": task() })), json!({}));
    world.start().redrive();
    let redrivable = |world: &World| world.execution.redrivable(&world.env.limits, world.env.now);
    assert_eq!(redrivable(&world), Err("Execution is RUNNING and cannot be redriven"));
    world.succeed("A", 0, json!(1)).redrive();
    assert_eq!(redrivable(&world), Err("Execution is SUCCEEDED and cannot be redriven"));
    assert_eq!((world.output(), world.execution.redrive_count), (json!(1), 0));
}

#[test]
fn a_full_history_has_no_room_for_a_redrive() {
    let redrivable = |limit: u64| {
        let mut world = World::new(machine(json!({ "A": task() })), json!({}));
        world.start().fail("A", 0, "E", "why"); // six events
        world.env.limits.history_events = Some(limit);
        let answer = world.execution.redrivable(&world.env.limits, world.env.now);
        world.redrive();
        assert_eq!(answer.is_ok(), world.execution.redrive_count == 1);
        (answer, world.execution.last_event)
    };
    assert_eq!(redrivable(7), (Err("Execution history event limit exceeded"), 6));
    assert_eq!(redrivable(8), (Ok(()), 8)); // `ExecutionRedriven`, and the end that a full history has
    assert_eq!(redrivable(10), (Ok(()), 9));
}

#[test]
fn a_fail_state_fails_again() {
    check(
        json!({ "F": { "Type": "Fail", "Error": "E", "Cause": "c" } }),
        json!({}),
        |world| _ = world.redrive(),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 FailStateEntered F {}
            3<2 ExecutionFailed E c
            4<3 ExecutionRedriven 1
            5<4 ExecutionFailed E c
        "#]],
    );
}

#[test]
fn a_task_that_was_done_when_its_branch_was_aborted_is_not_done_again() {
    let branch =
        |name: &str| json!({ "StartAt": name, "States": { name: with(task(), json!({ "ResultPath": "$.r" })) } });
    check(
        json!({ "P": { "Type": "Parallel", "Branches": [branch("A"), branch("B"), branch("C")], "End": true } }),
        json!({}),
        |world| {
            let events = [
                world.event("A", 0, EventKind::TaskFailed(StateError::new("E", "why"))),
                world.event("B", 0, EventKind::TaskSucceeded(json!("b").into())),
                world.event("C", 0, EventKind::TaskFailed(StateError::new("E", "too"))),
            ];
            world.turn(&events);
            world.redrive().succeed("A", 0, json!("a")).succeed("C", 0, json!("c"));
            assert_eq!(world.output(), json!([{ "r": "a" }, { "r": "b" }, { "r": "c" }]));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 ParallelStateEntered P {}
            3<2 ParallelStateStarted
            4<3 TaskStateEntered A {}
            5<4 LambdaFunctionScheduled {}
            6<3 TaskStateEntered B {}
            7<6 LambdaFunctionScheduled {}
            8<3 TaskStateEntered C {}
            9<8 LambdaFunctionScheduled {}
            10<5 LambdaFunctionStarted
            11<7 LambdaFunctionStarted
            12<9 LambdaFunctionStarted
            13<10 LambdaFunctionFailed E why
            14<11 LambdaFunctionSucceeded "b"
            15<12 LambdaFunctionFailed E too
            16<13 TaskStateAborted
            17<13 TaskStateAborted
            18<13 TaskStateAborted
            19<13 ParallelStateFailed
            20<19 ExecutionFailed E why
            21<20 ExecutionRedriven 1
            22<4 LambdaFunctionScheduled {}
            23<8 LambdaFunctionScheduled {}
            24<14 TaskStateExited B {"r":"b"}
            25<22 LambdaFunctionStarted
            26<23 LambdaFunctionStarted
            27<25 LambdaFunctionSucceeded "a"
            28<27 TaskStateExited A {"r":"a"}
            29<26 LambdaFunctionSucceeded "c"
            30<29 TaskStateExited C {"r":"c"}
            31<30 ParallelStateSucceeded
            32<30 ParallelStateExited P [{"r":"a"},{"r":"b"},{"r":"c"}]
            33<32 ExecutionSucceeded [{"r":"a"},{"r":"b"},{"r":"c"}]
        "#]],
    );
}

#[test]
fn a_map_whose_selector_failed_begins_the_iteration_again() {
    check(
        json!({ "M": {
            "Type": "Map",
            "ItemSelector": { "q.$": "States.ArrayGetItem(States.Array(1), $$.Map.Item.Value)" },
            "ItemProcessor": { "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } },
            "End": true
        } }),
        json!([0, 7]),
        |world| _ = world.redrive(),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M [0,7]
            3<2 MapStateStarted 2
            4<3 MapIterationStarted 0
            5<3 MapIterationAborted 0
            6<3 ExecutionFailed States.Runtime An error occurred while executing the state 'M' (entered at the event id #2). The function 'States.ArrayGetItem(States.Array(1), $$.Map.Item.Value)' had the following error: Invalid arguments in States.ArrayGetItem: index 7 is out of bounds for an array of 1 items
            7<6 ExecutionRedriven 1
            8<7 MapIterationAborted 0
            9<7 ExecutionFailed States.Runtime An error occurred while executing the state 'M' (entered at the event id #2). The function 'States.ArrayGetItem(States.Array(1), $$.Map.Item.Value)' had the following error: Invalid arguments in States.ArrayGetItem: index 7 is out of bounds for an array of 1 items
        "#]],
    );
}

#[test]
fn a_join_that_was_too_large_runs_again_as_a_whole() {
    let mut world = World::new(
        machine(json!({ "M": {
            "Type": "Map",
            "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
            "End": true
        } })),
        json!([1, 2]),
    );
    let large = json!("x".repeat(200_000));
    world.start().succeed("A", 0, large.clone()).succeed("A", 0, large);
    assert_eq!(world.error().0, "States.DataLimitExceeded");
    world.redrive().echo_all("A");
    assert_eq!(world.output(), json!([1, 2]));
}

#[test]
fn what_an_activity_worker_took_is_taken_once() {
    let activity = "arn:aws:states:us-east-1:000000000000:activity:a";
    let mut world = World::new(machine(json!({ "A": with(task(), json!({ "Resource": activity })) })), json!({}));
    world.start();
    assert!(!world.execution.unconfirmed(), "an offer needs nobody to repeat it");
    let started = world.event("A", 0, EventKind::TaskStarted { worker: Some("w".into()) });
    let other = world.event("A", 0, EventKind::TaskStarted { worker: Some("x".into()) });
    let turn = step(&world.program, &mut world.execution, &[started, other], &mut world.env);
    assert_eq!((turn.history.len(), turn.ignored), (1, vec![1]));
    assert!(outstanding(&world.program, &world.execution, Ticket::default(), &world.env.tokens).effects.is_empty());
}

#[test]
fn a_turn_tells_which_events_it_ignored() {
    let mut world = World::new(machine(json!({ "A": task() })), json!({}));
    world.start();
    assert!(world.execution.unconfirmed());
    let answer = world.event("A", 0, EventKind::TaskSucceeded(json!(1).into()));
    let taken = world.event("A", 0, EventKind::TaskStarted { worker: None });
    let beat = world.event("A", 0, EventKind::TaskHeartbeat);
    let events =
        [Event::Continue, Event::TimerFired, Event::Redriven, taken, beat.clone(), answer.clone(), answer, beat];
    let turn = step(&world.program, &mut world.execution, &events, &mut world.env);
    assert_eq!(turn.ignored, [0, 1, 2, 3, 6, 7]);
    assert_eq!(world.output(), json!(1));
    assert!(!world.execution.unconfirmed());
    let after = [Event::Started, Event::TimerFired, Event::Stopped(StateError::named("E")), Event::Redriven];
    assert_eq!(step(&world.program, &mut world.execution, &after, &mut world.env).ignored, [0, 1, 2, 3]);
}

#[test]
fn a_map_whose_item_was_too_large_runs_again_as_a_whole() {
    // The second item is out of bounds at first, and too large in the first redrive: what then runs is given up.
    let index = "States.MathAdd($$.Map.Item.Value.first, $$.Execution.RedriveCount)";
    let selected = format!("States.ArrayGetItem($$.Map.Item.Value.list, {index})");
    let large = "x".repeat(200_000);
    let mut world = World::new(
        machine(json!({ "M": {
            "Type": "Map",
            "ItemSelector": { "a.$": selected, "b.$": selected },
            "ItemProcessor": { "StartAt": "A", "States": { "A": task() } },
            "End": true
        } })),
        json!([{ "first": 0, "list": [0, 1, 2] }, { "first": -1, "list": [large, 2] }]),
    );
    world.start();
    assert_eq!((world.error().0.as_str(), world.execution.branches.len()), ("States.Runtime", 2));
    world.redrive();
    assert_eq!((world.error().0.as_str(), world.execution.branches.len()), ("States.DataLimitExceeded", 1));
    world.redrive().echo_all("A");
    assert_eq!(world.output(), json!([{ "a": 2, "b": 2 }, { "a": 2, "b": 2 }]));
    let starts = world.history.iter().filter(|event| matches!(event.kind, HistoryKind::MapStateStarted { .. }));
    assert_eq!(starts.count(), 2);
}

#[test]
fn a_variable_does_not_grow_deeper_than_can_be_kept() {
    let mut world = World::new(
        json!({ "StartAt": "Begin", "States": {
            "Begin": { "Type": "Pass", "Assign": { "v": [] }, "Next": "Deeper" },
            "Deeper": { "Type": "Pass", "Assign": { "v.$": "States.Array($v)" }, "Next": "Again" },
            "Again": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.end", "IsPresent": true, "Next": "End" }],
                "Default": "Deeper"
            },
            "End": { "Type": "Succeed" }
        } }),
        json!({}),
    );
    world.start();
    assert_eq!(world.error().0, "States.DataLimitExceeded");
}

// ---- Distributed Map ----

/// A Distributed Map of one Pass state, with more of its fields.
fn distributed(more: Json) -> Json {
    let processor = json!({
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "Item",
        "States": { "Item": { "Type": "Pass", "End": true } }
    });
    with(json!({ "Type": "Map", "ItemProcessor": processor, "Label": "L", "End": true }), more)
}

fn done(output: Json) -> Status {
    Status::Succeeded(output.into())
}

fn failed() -> Status {
    Status::Failed(StateError::new("E", "why"))
}

#[test]
fn a_map_run_tells_of_itself_and_not_of_its_executions() {
    check(
        json!({ "M": distributed(json!({ "ItemsPath": "$.items", "ResultPath": "$.done" })) }),
        json!({ "items": [1, 2] }),
        |world| {
            assert_eq!(world.started.len(), 2);
            world.child_ends(1, done(json!("b"))).child_ends(0, done(json!("a")));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M {"items":[1,2]}
            3<2 MapStateStarted 2
            4<3 MapRunStarted
            5<4 MapRunSucceeded
            6<5 MapStateSucceeded
            7<5 MapStateExited M {"items":[1,2],"done":["a","b"]}
            8<7 ExecutionSucceeded {"items":[1,2],"done":["a","b"]}
        "#]],
    );
}

#[test]
fn a_map_run_of_nothing_succeeds_at_once() {
    check(
        json!({ "M": distributed(json!({})) }),
        json!([]),
        |world| assert!(world.started.is_empty()),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M []
            3<2 MapStateStarted 0
            4<3 MapRunStarted
            5<4 MapRunSucceeded
            6<5 MapStateSucceeded
            7<5 MapStateExited M []
            8<7 ExecutionSucceeded []
        "#]],
    );
}

#[test]
fn a_map_run_fails_with_its_first_failure_and_is_retried_as_another() {
    let retry = json!([{ "ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1 }]);
    check(
        json!({ "M": distributed(json!({ "MaxConcurrency": 2, "Retry": retry })) }),
        json!([1, 2, 3]),
        |world| {
            world.child_ends(0, failed());
            assert_eq!(world.execution.children.len(), 1, "the other one is to be stopped");
            world.at(1);
            assert_eq!(world.started.len(), 4, "two of each run");
            world.child_ends(0, Status::Aborted(StateError::default()));
            world.child_ends(0, failed());
            let [first, second] = [0, 1].map(|run| world.execution.map_runs.values().nth(run).expect("two runs"));
            assert_eq!((first.failed, first.aborted, first.pending()), (1, 1, 1));
            assert_eq!((second.failed, second.running, second.pending()), (1, 1, 1));
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M [1,2,3]
            3<2 MapStateStarted 3
            4<3 MapRunStarted
            5<4 MapRunFailed States.ExceedToleratedFailureThreshold The specified tolerated failure threshold was exceeded
            6<5 MapStateStarted 3
            7<6 MapRunStarted
            8<7 MapRunFailed States.ExceedToleratedFailureThreshold The specified tolerated failure threshold was exceeded
            9<8 MapStateFailed
            10<9 ExecutionFailed States.ExceedToleratedFailureThreshold The specified tolerated failure threshold was exceeded
        "#]],
    );
}

#[test]
fn a_failure_that_is_tolerated_is_described_in_the_result() {
    let mut world =
        World::new(machine(json!({ "M": distributed(json!({ "ToleratedFailurePercentage": 50 })) })), json!([7, 8]));
    world.start().child_ends(0, failed()).child_ends(0, done(json!(9)));
    let output = world.output();
    assert_eq!(output[1], json!(9));
    let [name, arn] = ["Name", "ExecutionArn"].map(|field| output[0][field].as_str().expect("it has one").to_owned());
    assert_eq!(arn, format!("arn:aws:states:us-east-1:000000000000:execution:m/L:{name}"));
    assert_eq!(
        output[0],
        json!({
            "Cause": "why",
            "Error": "E",
            "ExecutionArn": arn,
            "Input": "7",
            "InputDetails": { "Included": true },
            "Name": name,
            "OutputDetails": { "Included": true },
            "RedriveCount": 0,
            "RedriveStatus": "REDRIVABLE_BY_MAP_RUN",
            "StartDate": "2023-11-14T22:13:20.000Z",
            "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m/L",
            "Status": "FAILED",
            "StopDate": "2023-11-14T22:13:20.000Z"
        })
    );
}

#[test]
fn a_sibling_that_fails_aborts_a_map_run() {
    let branch = |name: &str, state: Json| json!({ "StartAt": name, "States": { name: state } });
    check(
        json!({
            "P": { "Type": "Parallel", "Branches": [branch("T", task()), branch("M", distributed(json!({})))], "End": true }
        }),
        json!([1]),
        |world| {
            world.fail("T", 0, "E", "why");
            assert!(world.execution.unconfirmed(), "it has ended, and what it stopped has not");
            world.child_ends(0, Status::Aborted(StateError::default()));
            assert!(!world.execution.unconfirmed());
        },
        expect![[r#"
            1<0 ExecutionStarted
            2<0 ParallelStateEntered P [1]
            3<2 ParallelStateStarted
            4<3 TaskStateEntered T [1]
            5<4 LambdaFunctionScheduled [1]
            6<3 MapStateEntered M [1]
            7<6 MapStateStarted 1
            8<7 MapRunStarted
            9<5 LambdaFunctionStarted
            10<9 LambdaFunctionFailed E why
            11<10 TaskStateAborted
            12<10 MapRunAborted
            13<10 MapStateAborted
            14<10 ParallelStateFailed
            15<14 ExecutionFailed E why
        "#]],
    );
}

#[test]
fn an_execution_that_is_stopped_stops_its_map_run() {
    let mut world = World::new(machine(json!({ "M": distributed(json!({ "MaxConcurrency": 2 })) })), json!([1, 2, 3]));
    world.start().stop();
    let stops = outstanding(&world.program, &world.execution, Ticket::default(), &world.env.tokens).effects;
    assert!(matches!(&stops[..], [Effect::StopChild(_), Effect::StopChild(_)]), "{stops:?}");
    let run = world.execution.map_runs.values().next().expect("it has one");
    assert_eq!(run.status, MapRunStatus::Aborted);
    assert!(world.execution.redrivable(&Limits::AWS, world.env.now).is_err_and(|why| why.contains("Map Run")));
    world.child_ends(0, done(json!(1))).child_ends(0, Status::Aborted(StateError::default()));
    let run = world.execution.map_runs.values().next().expect("it has one");
    assert_eq!((run.succeeded, run.aborted, run.running, run.pending()), (1, 1, 0, 1));
}

#[test]
fn a_map_run_is_changed_while_it_runs() {
    let mut world =
        World::new(machine(json!({ "M": distributed(json!({ "MaxConcurrency": 1 })) })), json!([1, 2, 3, 4]));
    world.start();
    assert_eq!(world.started.len(), 1);
    let map_run = *world.execution.map_runs.keys().next().expect("it has one");
    let update = |world: &mut World, update| world.turn(&[Event::MapRunUpdated { map_run, update }]);
    update(&mut world, MapRunUpdate { max_concurrency: Some(3), tolerated_count: Some(2), ..Default::default() });
    assert_eq!(world.started.len(), 3, "more start at once");
    world.child_ends(0, failed()).child_ends(0, failed());
    assert_eq!(world.execution.status, Status::Running);
    update(&mut world, MapRunUpdate { tolerated_count: Some(1), ..Default::default() });
    assert_eq!(world.error().0, "States.ExceedToleratedFailureThreshold");
    let before = world.execution.clone();
    update(&mut world, MapRunUpdate { max_concurrency: Some(9), ..Default::default() });
    assert_eq!(world.execution, before, "it has ended");
}

#[test]
fn what_is_tolerated_must_be_a_number_that_makes_sense() {
    for (field, value, cause) in [
        (
            "Count",
            json!("two"),
            "The ToleratedFailureCountPath field refers to value \"two\" which is not a valid integer: $.n",
        ),
        (
            "Count",
            json!({}),
            "The ToleratedFailureCountPath field refers to value \"{}\" which is not a valid integer: $.n",
        ),
        ("Count", json!(-1), "ToleratedFailureCount cannot be negative."),
        (
            "Percentage",
            json!([]),
            "The ToleratedFailurePercentagePath field refers to value \"[]\" which is not a valid float: $.n",
        ),
        ("Percentage", json!(100.5), "ToleratedFailurePercentage must be between 0 and 100."),
    ] {
        let mut more = json!({ "ItemsPath": "$.items" });
        more[format!("ToleratedFailure{field}Path")] = json!("$.n");
        let mut world = World::new(machine(json!({ "M": distributed(more) })), json!({ "items": [1], "n": value }));
        world.start();
        let prefix = "An error occurred while executing the state 'M' (entered at the event id #2).";
        assert_eq!(world.error(), ("States.Runtime".to_owned(), format!("{prefix} {cause}")));
    }
}

#[test]
fn an_item_selector_makes_the_input_of_each_execution_once() {
    let selector =
        json!({ "item.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index", "all.$": "$", "id.$": "States.UUID()" });
    let mut world =
        World::new(machine(json!({ "M": distributed(json!({ "ItemSelector": selector })) })), json!(["a", "b"]));
    world.start();
    let input = world.started[1].input.to_json();
    assert_eq!((&input["item"], &input["at"], &input["all"]), (&json!("b"), &json!(1), &json!(["a", "b"])));
    // After a crash it is the same.
    let again = outstanding(&world.program, &world.execution, Ticket::default(), &world.env.tokens).effects;
    let known = |effect: &Effect| matches!(effect, Effect::StartChild(start) if world.started.contains(start));
    assert_eq!(again.iter().map(known).collect::<Vec<_>>(), [true, true]);
}
