//! Whole executions, as traces: what each does to the history, in AWS's order.

mod support;

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use stepwell_engine::core::{Event, EventKind, Limits, StateError, Status};
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
        5<4 TaskStateAborted
        6<4 ExecutionTimedOut States.Timeout -
    "#]]
    .assert_eq(&world.trace());
    assert!(matches!(world.execution.status, Status::TimedOut(_)));
}

#[test]
fn a_stopped_execution_aborts_what_runs() {
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
            12<3 MapIterationAborted 0
            13<3 TaskStateAborted
            14<3 MapIterationAborted 1
            15<3 TaskStateAborted
            16<3 MapStateAborted
            17<3 ExecutionAborted Stop because
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
