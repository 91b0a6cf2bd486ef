//! JSONata states and variables, as traces: what each field sees, what comes out, and AWS's words for what goes wrong.

mod support;

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use stepwell_engine::core::{HistoryKind, Limits, Status};
use support::{World, machine, task, with};

fn jsonata(states: Json) -> Json {
    with(machine(states), json!({ "QueryLanguage": "JSONata" }))
}

/// Runs a script on a JSONata machine of these states and compares the trace.
fn check(states: Json, input: Json, script: impl FnOnce(&mut World), trace: Expect) {
    let mut world = World::new(jsonata(states), input);
    world.start();
    script(&mut world);
    trace.assert_eq(&world.trace());
}

/// A single state fails: where, and with which cause. The error is always the same.
fn check_failure(state: Json, input: Json, expected: &str) {
    let mut world = World::new(jsonata(json!({ "S": state, "Z": { "Type": "Succeed" } })), input);
    world.start().at(3600);
    let failed = world.history.iter().find_map(|event| match &event.kind {
        HistoryKind::EvaluationFailed { state, location, error } => {
            assert_eq!(&**state, "S");
            assert_eq!(error.name.as_deref(), Some("States.QueryEvaluationError"));
            Some((location.as_deref().unwrap_or("-").to_owned(), error.cause.as_deref().unwrap_or_default().to_owned()))
        }
        _ => None,
    });
    let (location, cause) = failed.unwrap_or_else(|| panic!("nothing has failed:\n{}", world.trace()));
    assert_eq!(world.error(), ("States.QueryEvaluationError".to_owned(), cause.clone()));
    let sentence = "An error occurred while executing the state 'S' (entered at the event id #2). ";
    let reason = cause.strip_prefix(sentence).unwrap_or_else(|| panic!("{cause}"));
    assert_eq!(format!("{location}: {reason}"), expected);
}

// ---- what comes out ----

#[test]
fn arguments_result_output_and_variables_of_a_task() {
    check(
        json!({
            "A": with(task(), json!({
                "Arguments": { "n": "{% $states.input.n + 1 %}", "list": ["{%$states.input.n%}", "{% no %} "] },
                "Assign": { "was": "{% $states.input.n %}", "got": "{% $states.result.sum %}" },
                "Output": { "all": "{% [$states.input.n, $states.result.sum] %}", "plain": 1 },
                "Next": "B"
            })),
            "B": { "Type": "Pass", "Output": "{% $was + $got + $states.input.plain %}", "End": true }
        }),
        json!({ "n": 1 }),
        |world| _ = world.succeed("A", 0, json!({ "sum": 7 })),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {"n":1}
            3<2 LambdaFunctionScheduled {"n":2,"list":[1,"{% no %} "]}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionSucceeded {"sum":7}
            6<5 TaskStateExited A {"all":[1,7],"plain":1} := {"was":1,"got":7}
            7<6 PassStateEntered B {"all":[1,7],"plain":1}
            8<7 PassStateExited B 9
            9<8 ExecutionSucceeded 9
        "#]],
    );
}

#[test]
fn without_output_the_result_or_the_input_is_passed_on() {
    check(
        json!({
            "A": with(task(), json!({ "Next": "B" })),
            "B": { "Type": "Pass", "Next": "C" },
            "C": { "Type": "Wait", "Seconds": "{% $states.input[1] %}", "Next": "D" },
            "D": { "Type": "Choice", "Choices": [{ "Condition": "{% $count($states.input) = 2 %}", "Next": "E" }] },
            "E": { "Type": "Succeed" }
        }),
        json!({ "i": 1 }),
        |world| _ = world.succeed("A", 0, json!([1, 2])).at(2),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {"i":1}
            3<2 LambdaFunctionScheduled {"i":1}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionSucceeded [1,2]
            6<5 TaskStateExited A [1,2]
            7<6 PassStateEntered B [1,2]
            8<7 PassStateExited B [1,2]
            9<8 WaitStateEntered C [1,2]
            10<9 WaitStateExited C [1,2]
            11<10 ChoiceStateEntered D [1,2]
            12<11 ChoiceStateExited D [1,2]
            13<12 SucceedStateEntered E [1,2]
            14<13 SucceedStateExited E [1,2]
            15<14 ExecutionSucceeded [1,2]
        "#]],
    );
}

#[test]
fn a_choice_rule_has_its_own_output_and_variables_and_the_default_those_of_the_state() {
    let choice = json!({
        "Type": "Choice",
        "Choices": [
            { "Condition": false, "Next": "Z" },
            { "Condition": "{% $states.input = 1 %}", "Assign": { "a": "one" }, "Output": "{% 'rule' %}", "Next": "Z" }
        ],
        "Default": "Z",
        "Assign": { "a": "other" },
        "Output": { "default": "{% $states.input %}" }
    });
    let states = json!({ "S": choice, "Z": { "Type": "Succeed", "Output": ["{% $a %}", "{% $states.input %}"] } });
    check(
        states.clone(),
        json!(1),
        |_| {},
        expect![[r#"
        1<0 ExecutionStarted
        2<0 ChoiceStateEntered S 1
        3<2 ChoiceStateExited S "rule" := {"a":"one"}
        4<3 SucceedStateEntered Z "rule"
        5<4 SucceedStateExited Z ["one","rule"]
        6<5 ExecutionSucceeded ["one","rule"]
    "#]],
    );
    check(
        states,
        json!(2),
        |_| {},
        expect![[r#"
        1<0 ExecutionStarted
        2<0 ChoiceStateEntered S 2
        3<2 ChoiceStateExited S {"default":2} := {"a":"other"}
        4<3 SucceedStateEntered Z {"default":2}
        5<4 SucceedStateExited Z ["other",{"default":2}]
        6<5 ExecutionSucceeded ["other",{"default":2}]
    "#]],
    );
}

#[test]
fn a_catcher_sees_the_error_and_the_input() {
    let catch = json!([
        { "ErrorEquals": ["Other"], "Next": "B" },
        {
            "ErrorEquals": ["States.ALL"],
            "Assign": { "why": "{% $states.errorOutput.Cause %}" },
            "Output": { "error": "{% $states.errorOutput %}", "input": "{% $states.input %}" },
            "Next": "B"
        }
    ]);
    let states = json!({ "A": with(task(), json!({ "Catch": catch })), "B": { "Type": "Pass", "End": true } });
    check(
        states.clone(),
        json!({ "i": 1 }),
        |world| _ = world.fail("A", 0, "E", "because"),
        expect![[r#"
        1<0 ExecutionStarted
        2<0 TaskStateEntered A {"i":1}
        3<2 LambdaFunctionScheduled {"i":1}
        4<3 LambdaFunctionStarted
        5<4 LambdaFunctionFailed E because
        6<5 TaskStateExited A {"error":{"Error":"E","Cause":"because"},"input":{"i":1}} := {"why":"because"}
        7<6 PassStateEntered B {"error":{"Error":"E","Cause":"because"},"input":{"i":1}}
        8<7 PassStateExited B {"error":{"Error":"E","Cause":"because"},"input":{"i":1}}
        9<8 ExecutionSucceeded {"error":{"Error":"E","Cause":"because"},"input":{"i":1}}
    "#]],
    );
    check(
        states,
        json!({ "i": 1 }),
        |world| _ = world.fail("A", 0, "Other", "because"),
        expect![[r#"
        1<0 ExecutionStarted
        2<0 TaskStateEntered A {"i":1}
        3<2 LambdaFunctionScheduled {"i":1}
        4<3 LambdaFunctionStarted
        5<4 LambdaFunctionFailed Other because
        6<5 TaskStateExited A {"Error":"Other","Cause":"because"}
        7<6 PassStateEntered B {"Error":"Other","Cause":"because"}
        8<7 PassStateExited B {"Error":"Other","Cause":"because"}
        9<8 ExecutionSucceeded {"Error":"Other","Cause":"because"}
    "#]],
    );
}

#[test]
fn a_map_selects_from_the_context_and_each_iteration_has_a_scope() {
    check(
        json!({
            "V": { "Type": "Pass", "Assign": { "rate": 10 }, "Next": "M" },
            "M": {
                "Type": "Map",
                "Items": "{% $states.input.items %}",
                "ItemSelector": {
                    "v": "{% $states.context.Map.Item.Value * $rate %}",
                    "i": "{% $states.context.Map.Item.Index %}",
                    "all": "{% $count($states.input.items) %}"
                },
                "MaxConcurrency": "{% 1 + 0 %}",
                "ItemProcessor": { "StartAt": "P", "States": {
                    "P": { "Type": "Pass", "Assign": { "own": "{% $states.input.v + $rate %}" }, "Next": "Q" },
                    "Q": { "Type": "Pass", "Output": "{% $own %}", "End": true }
                } },
                "Output": "{% $sum($states.result) %}",
                "End": true
            }
        }),
        json!({ "items": [1, 2] }),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 PassStateEntered V {"items":[1,2]}
            3<2 PassStateExited V {"items":[1,2]} := {"rate":10}
            4<3 MapStateEntered M {"items":[1,2]}
            5<4 MapStateStarted 2
            6<5 MapIterationStarted 0
            7<6 PassStateEntered P {"v":10,"i":0,"all":2}
            8<7 PassStateExited P {"v":10,"i":0,"all":2} := {"own":20}
            9<8 PassStateEntered Q {"v":10,"i":0,"all":2}
            10<9 PassStateExited Q 20
            11<10 MapIterationSucceeded 0
            12<10 MapIterationStarted 1
            13<12 PassStateEntered P {"v":20,"i":1,"all":2}
            14<13 PassStateExited P {"v":20,"i":1,"all":2} := {"own":30}
            15<14 PassStateEntered Q {"v":20,"i":1,"all":2}
            16<15 PassStateExited Q 30
            17<16 MapIterationSucceeded 1
            18<17 MapStateSucceeded
            19<17 MapStateExited M 50
            20<19 ExecutionSucceeded 50
        "#]],
    );
}

#[test]
fn a_parallel_gives_its_arguments_to_every_branch() {
    let branch = |name: &str| {
        let pass = json!({ "Type": "Pass", "Output": "{% $states.input.a & $v %}", "End": true });
        json!({ "StartAt": name, "States": { name: pass } })
    };
    check(
        json!({
            "V": { "Type": "Pass", "Assign": { "v": "!" }, "Next": "P" },
            "P": {
                "Type": "Parallel",
                "Arguments": { "a": "{% $states.input.x %}" },
                "Branches": [branch("One"), branch("Two")],
                "Output": "{% $join($states.result, '-') %}",
                "End": true
            }
        }),
        json!({ "x": "hi" }),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 PassStateEntered V {"x":"hi"}
            3<2 PassStateExited V {"x":"hi"} := {"v":"!"}
            4<3 ParallelStateEntered P {"x":"hi"}
            5<4 ParallelStateStarted
            6<5 PassStateEntered One {"a":"hi"}
            7<5 PassStateEntered Two {"a":"hi"}
            8<6 PassStateExited One "hi!"
            9<7 PassStateExited Two "hi!"
            10<9 ParallelStateSucceeded
            11<9 ParallelStateExited P "hi!-hi!"
            12<11 ExecutionSucceeded "hi!-hi!"
        "#]],
    );
}

#[test]
fn a_fail_state_computes_its_error_and_cause() {
    check(
        json!({ "F": { "Type": "Fail", "Error": "{% 'E' & $states.input.n %}", "Cause": "{% $states.context.State.Name %}" } }),
        json!({ "n": 5 }),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 FailStateEntered F {"n":5}
            3<2 ExecutionFailed E5 F
        "#]],
    );
}

#[test]
fn states_of_both_languages_share_variables() {
    let mut world = World::new(
        machine(json!({
            "A": { "Type": "Pass", "Assign": { "x.$": "$.n" }, "Next": "B" },
            "B": {
                "Type": "Pass", "QueryLanguage": "JSONata", "Assign": { "x": "{% $x + 1 %}", "y": "{% $x %}" },
                "Output": "{% $x %}", "Next": "C"
            },
            "C": { "Type": "Pass", "Parameters": { "x.$": "$x", "y.$": "$y", "in.$": "$" }, "End": true }
        })),
        json!({ "n": 1 }),
    );
    world.start();
    assert_eq!(world.output(), json!({ "x": 2, "y": 1, "in": 1 }));
}

#[test]
fn states_shows_what_there_is_in_the_field() {
    let mut world = World::new(
        jsonata(json!({
            "A": with(task(), json!({
                "Arguments": "{% $keys($states) %}",
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Output": "{% $keys($states) %}", "Next": "B" }]
            })),
            "B": { "Type": "Pass", "End": true }
        })),
        json!({}),
    );
    world.start();
    assert_eq!(world.open("A", 0).input.to_json(), json!(["input", "context"]));
    world.fail("A", 0, "E", "c");
    assert_eq!(world.output(), json!(["input", "context", "errorOutput"]));
}

#[test]
fn time_is_that_of_the_turn() {
    let pass = json!({ "Type": "Pass", "Output": "{% [$now(), $string($millis())] %}", "End": true });
    let mut world = World::new(jsonata(json!({ "A": pass })), json!({}));
    world.at(5).start();
    assert_eq!(world.output(), json!(["2023-11-14T22:13:25.000Z", "1700000005000"]));
}

// ---- what goes wrong ----

#[test]
fn an_expression_that_comes_to_nothing_fails_the_state() {
    check(
        json!({
            "A": { "Type": "Pass", "Next": "B" },
            "B": { "Type": "Pass", "Output": { "r": "{% $states.input.no.such %}" }, "End": true }
        }),
        json!({}),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 PassStateEntered A {}
            3<2 PassStateExited A {}
            4<3 PassStateEntered B {}
            5<3 EvaluationFailed States.QueryEvaluationError Output/r: An error occurred while executing the state 'B' (entered at the event id #4). The JSONata expression '$states.input.no.such' specified for the field 'Output/r' returned nothing (undefined).
            6<5 ExecutionFailed States.QueryEvaluationError An error occurred while executing the state 'B' (entered at the event id #4). The JSONata expression '$states.input.no.such' specified for the field 'Output/r' returned nothing (undefined).
        "#]],
    );
}

#[test]
fn a_failed_expression_can_be_retried_and_caught() {
    let retry = json!([{ "ErrorEquals": ["States.QueryEvaluationError"], "IntervalSeconds": 1, "MaxAttempts": 1 }]);
    let catch = json!([{ "ErrorEquals": ["States.ALL"], "Next": "B" }]);
    check(
        json!({
            "A": with(task(), json!({ "Arguments": "{% $nope %}", "Retry": retry, "Catch": catch })),
            "B": { "Type": "Pass", "Output": "{% $states.input.Error %}", "End": true }
        }),
        json!({}),
        |world| _ = world.at(1),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<0 EvaluationFailed States.QueryEvaluationError Arguments: An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$nope' specified for the field 'Arguments' returned nothing (undefined).
            4<3 EvaluationFailed States.QueryEvaluationError Arguments: An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$nope' specified for the field 'Arguments' returned nothing (undefined).
            5<4 TaskStateExited A {"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$nope' specified for the field 'Arguments' returned nothing (undefined)."}
            6<5 PassStateEntered B {"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$nope' specified for the field 'Arguments' returned nothing (undefined)."}
            7<6 PassStateExited B "States.QueryEvaluationError"
            8<7 ExecutionSucceeded "States.QueryEvaluationError"
        "#]],
    );
}

#[test]
fn an_output_that_fails_follows_what_the_task_did() {
    check(
        json!({ "A": with(task(), json!({ "Output": "{% $states.result + 1 %}" })) }),
        json!({}),
        |world| _ = world.succeed("A", 0, json!("x")),
        expect![[r#"
            1<0 ExecutionStarted
            2<0 TaskStateEntered A {}
            3<2 LambdaFunctionScheduled {}
            4<3 LambdaFunctionStarted
            5<4 LambdaFunctionSucceeded "x"
            6<5 EvaluationFailed States.QueryEvaluationError Output: An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$states.result + 1' specified for the field 'Output' threw an error during evaluation. T2001: The left side of the "+" operator must evaluate to a number
            7<6 ExecutionFailed States.QueryEvaluationError An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$states.result + 1' specified for the field 'Output' threw an error during evaluation. T2001: The left side of the "+" operator must evaluate to a number
        "#]],
    );
}

#[test]
fn a_map_whose_selector_fails_ends_its_iterations() {
    check(
        json!({ "M": {
            "Type": "Map",
            "MaxConcurrency": 1,
            "ItemSelector": { "v": "{% $states.context.Map.Item.Value.x %}" },
            "ItemProcessor": { "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } },
            "End": true
        } }),
        json!([{ "x": 1 }, {}]),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 MapStateEntered M [{"x":1},{}]
            3<2 MapStateStarted 2
            4<3 MapIterationStarted 0
            5<4 PassStateEntered P {"v":1}
            6<5 PassStateExited P {"v":1}
            7<6 MapIterationSucceeded 0
            8<6 EvaluationFailed States.QueryEvaluationError ItemSelector/v: An error occurred while executing the state 'M' (entered at the event id #2). The JSONata expression '$states.context.Map.Item.Value.x' specified for the field 'ItemSelector/v' returned nothing (undefined).
            9<8 MapStateFailed
            10<9 ExecutionFailed States.QueryEvaluationError An error occurred while executing the state 'M' (entered at the event id #2). The JSONata expression '$states.context.Map.Item.Value.x' specified for the field 'ItemSelector/v' returned nothing (undefined).
        "#]],
    );
}

#[test]
fn every_field_tells_what_it_needs() {
    let pass = |more: Json| with(json!({ "Type": "Pass", "End": true }), more);
    let map = |more: Json| {
        let inside = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
        with(json!({ "Type": "Map", "ItemProcessor": inside, "End": true }), more)
    };
    let said = |field: &str, expression: &str, what: &str| {
        format!("{field}: The JSONata expression '{expression}' specified for the field '{field}' {what}")
    };
    let wrong = |field: &str, expression: &str, expected: &str, found: &str| {
        said(field, expression, &format!("returned an unexpected result type. Expected '{expected}', but was {found}"))
    };
    for (state, input, expected) in [
        (
            pass(json!({ "Output": ["{% 1 %}", { "a/b": "{%$x%}" }] })),
            json!({}),
            said("Output[1]/a/b", "$x", "returned nothing (undefined)."),
        ),
        (
            pass(json!({ "Assign": { "v": "{% $states.result %}" } })),
            json!({}),
            said("Assign/v", "$states.result", "returned nothing (undefined)."),
        ),
        (
            pass(json!({ "Output": "{% $f() %}" })),
            json!({}),
            said("Output", "$f()", "threw an error during evaluation. T1006: Attempted to invoke a non-function"),
        ),
        (
            pass(json!({ "Output": "{% function($x) { $x } %}" })),
            json!({}),
            said("Output", "function($x) { $x }", "returned an unsupported result type."),
        ),
        (
            json!({ "Type": "Choice", "Choices": [{ "Condition": "{% 'yes' %}", "Next": "Z" }], "Default": "Z" }),
            json!({}),
            wrong("Choices[0]/Condition", "'yes'", "boolean", "'string' for value: \"yes\""),
        ),
        (
            json!({ "Type": "Wait", "Seconds": "{% 'a' %}", "Next": "Z" }),
            json!({}),
            wrong("Seconds", "'a'", "number", "'string' for value: \"a\""),
        ),
        (
            json!({ "Type": "Wait", "Seconds": "{% 1.5 %}", "Next": "Z" }),
            json!({}),
            "Seconds: The Seconds field cannot be parsed as a long value: 1.5".to_owned(),
        ),
        (
            json!({ "Type": "Wait", "Timestamp": "{% $states.input %}", "Next": "Z" }),
            json!("2016-13-05T21:29:29Z"),
            "Timestamp: The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: \
             2016-13-05T21:29:29Z"
                .to_owned(),
        ),
        (
            json!({ "Type": "Fail", "Error": "{% 1 %}" }),
            json!({}),
            wrong("Error", "1", "string", "'number' for value: 1"),
        ),
        (
            json!({ "Type": "Fail", "Error": "E", "Cause": "{% null %}" }),
            json!({}),
            wrong("Cause", "null", "string", "'null' for value: null"),
        ),
        (
            map(json!({ "Items": "{% {'foo': 'bar'} %}" })),
            json!({}),
            wrong("Items", "{'foo': 'bar'}", "array", "'object' for value: {\"foo\":\"bar\"}"),
        ),
        (map(json!({})), json!(true), "-: Map state input must be an array but was: true".to_owned()),
        (
            map(json!({ "MaxConcurrency": "{% true %}" })),
            json!([]),
            wrong("MaxConcurrency", "true", "number", "'boolean' for value: true"),
        ),
        (
            with(task(), json!({ "TimeoutSeconds": "{% [] %}" })),
            json!({}),
            wrong("TimeoutSeconds", "[]", "number", "'array' for value: []"),
        ),
        (
            with(task(), json!({ "HeartbeatSeconds": "{% 0 %}" })),
            json!({}),
            "HeartbeatSeconds: The HeartbeatSeconds field cannot be parsed as a long value: 0".to_owned(),
        ),
        (
            with(task(), json!({ "Credentials": { "RoleArn": "{% $role %}" } })),
            json!({}),
            said("Credentials/RoleArn", "$role", "returned nothing (undefined)."),
        ),
        (
            with(
                task(),
                json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "Output": { "x": "{% $x %}" }, "Next": "Z" }],
                "Arguments": "{% $y %}" }),
            ),
            json!({}),
            said("Arguments", "$y", "returned nothing (undefined)."),
        ),
    ] {
        let world_input = input.clone();
        let caught = state.get("Catch").is_some();
        if caught {
            let mut world = World::new(jsonata(json!({ "S": state, "Z": { "Type": "Succeed" } })), world_input);
            world.start();
            let places: Vec<&str> = world
                .history
                .iter()
                .filter_map(|event| match &event.kind {
                    HistoryKind::EvaluationFailed { location, .. } => location.as_deref(),
                    _ => None,
                })
                .collect();
            assert_eq!(places, ["Arguments", "Catch[0]/Output/x"]);
        } else {
            check_failure(state, world_input, &expected);
        }
    }
}

// ---- variables ----

#[test]
fn expressions_of_one_assign_see_the_variables_of_before() {
    check(
        json!({
            "A": { "Type": "Pass", "Assign": { "x": 1, "y": 2 }, "Next": "B" },
            "B": { "Type": "Pass", "Assign": { "x": "{% $y %}", "y": "{% $x %}" }, "Output": "{% [$x, $y] %}", "Next": "C" },
            "C": { "Type": "Pass", "Output": "{% [$x, $y] %}", "End": true }
        }),
        json!({}),
        |_| {},
        expect![[r#"
            1<0 ExecutionStarted
            2<0 PassStateEntered A {}
            3<2 PassStateExited A {} := {"x":1,"y":2}
            4<3 PassStateEntered B {}
            5<4 PassStateExited B [1,2] := {"x":2,"y":1}
            6<5 PassStateEntered C [1,2]
            7<6 PassStateExited C [2,1]
            8<7 ExecutionSucceeded [2,1]
        "#]],
    );
}

#[test]
fn variables_have_limits() {
    let assign = |names: &[&str]| {
        let members: serde_json::Map<String, Json> =
            names.iter().map(|name| ((*name).to_owned(), json!("{% $states.input %}"))).collect();
        Json::Object(members)
    };
    let check = |limits: Limits, states: Json, fits: bool| {
        let mut world = World::new(jsonata(states), json!("12345678"));
        world.env.limits = limits;
        world.start();
        match fits {
            true => assert!(matches!(world.execution.status, Status::Succeeded(_)), "{}", world.trace()),
            false => assert_eq!(world.error().0, "States.DataLimitExceeded", "{}", world.trace()),
        }
    };
    let one = |names: &[&str]| json!({ "A": { "Type": "Pass", "Assign": assign(names), "End": true } });
    let each = |bytes| Limits { assign_bytes: Some(bytes), ..Limits::AWS };
    check(each(10), one(&["a"]), true);
    check(each(9), one(&["a"]), false);
    check(each(19), one(&["a", "b"]), false);
    check(Limits { assign_bytes: None, ..Limits::AWS }, one(&["a", "b"]), true);
    let two = json!({
        "A": { "Type": "Pass", "Assign": assign(&["a", "b"]), "Next": "B" },
        "B": { "Type": "Pass", "Assign": assign(&["a", "c"]), "End": true }
    });
    let all = |bytes| Limits { variables_bytes: Some(bytes), ..Limits::AWS };
    check(all(30), two.clone(), true);
    check(all(29), two, false);
}
