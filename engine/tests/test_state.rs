//! Tests of single states: what comes out of each type, what a mock answers for, what is told of the data flow, and
//! what is refused.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use stepwell_asl::{Timestamp, Value};
use stepwell_engine::EngineError;
use stepwell_engine::arn::Place;
use stepwell_engine::clock::Clock;
use stepwell_engine::core::Limits;
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::test_state::{
    Configuration, ErrorDetails, ErrorOutput, FieldValidationMode, InspectionLevel, Mock, TestState, Tested, World, run,
};
use stepwell_engine::token::TokenKey;

/// Does what the input says, else answers with it.
struct Obedient;

#[async_trait]
impl Invoker for Obedient {
    async fn invoke(&self, task: &Task) -> Answer {
        match task.input.get("do").and_then(Value::as_str) {
            Some("hang") => std::future::pending().await,
            Some("fail") => Answer::failed("Broken", "as it was told"),
            Some("panic") => panic!("as it was told"),
            Some(_) | None => Answer::Succeeded(task.input.clone()),
        }
    }
}

/// A test with everything told and time that jumps.
fn test(definition: Json, input: Json) -> TestState {
    TestState {
        definition: definition.to_string(),
        input: Some(Value::from(input)),
        inspection_level: InspectionLevel::Debug,
        ..TestState::default()
    }
}

fn result(result: Json) -> Option<Mock> {
    Some(Mock { result: Some(result.to_string()), ..Mock::default() })
}

fn error(error: &str, cause: &str) -> Option<Mock> {
    let output = ErrorOutput { error: Some(error.to_owned()), cause: Some(cause.to_owned()) };
    Some(Mock { error_output: Some(output), ..Mock::default() })
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Tests, and compares what came of it.
fn check(test: TestState, expected: Expect) {
    expected.assert_eq(&shown(answer(&test)));
}

fn answer(test: &TestState) -> Result<Tested, EngineError> {
    let world = World {
        place: Place { region: "us-east-1".to_owned(), account: "123456789012".to_owned() },
        clock: Clock::virtual_from(Timestamp(1_700_000_000_000)),
        invoker: Arc::new(Obedient),
        tokens: TokenKey::new([1; 32]),
        limits: Limits::AWS,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let patience = Duration::from_secs(60);
        tokio::time::timeout(patience, run(test, world)).await.expect("a test ends")
    })
}

/// A line for each thing that is told.
fn shown(answer: Result<Tested, EngineError>) -> String {
    let mut text = String::new();
    let tested = match answer {
        Ok(tested) => tested,
        Err(error) => return format!("{error}\n"),
    };
    let _ = write!(text, "{}", tested.status.as_str());
    if let Some(next) = &tested.next_state {
        let _ = write!(text, " -> {next}");
    }
    text.push('\n');
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {value}");
        }
    };
    line("error", tested.error.map(|error| error.to_string()));
    line("cause", tested.cause.map(|cause| cause.to_string()));
    line("output", tested.output.map(|output| output.to_string()));
    let Some(seen) = tested.inspection else { return text };
    let json = |value: Option<Value>| value.map(|value| value.to_string());
    line("  input", json(seen.input));
    line("  afterInputPath", json(seen.after_input_path));
    line("  afterParameters", json(seen.after_parameters));
    line("  afterArguments", json(seen.after_arguments));
    line("  afterItemsPath", json(seen.after_items_path));
    line("  afterItemsPointer", json(seen.after_items_pointer));
    line("  afterItemSelector", json(seen.after_item_selector));
    line("  afterItemBatcher", json(seen.after_item_batcher));
    line("  result", json(seen.result));
    line("  afterResultSelector", json(seen.after_result_selector));
    line("  afterResultPath", json(seen.after_result_path));
    line("  variables", json(seen.variables));
    line("  maxConcurrency", seen.max_concurrency.map(|number| number.to_string()));
    line("  toleratedFailureCount", seen.tolerated_failure_count.map(|number| number.to_string()));
    line("  toleratedFailurePercentage", seen.tolerated_failure_percentage.map(|number| number.to_string()));
    line(
        "  errorDetails",
        seen.error_details.map(|details| match details {
            ErrorDetails::Caught { index } => format!("catcher {index}"),
            ErrorDetails::Retried { index, backoff_s } => format!("retrier {index} in {backoff_s} s"),
        }),
    );
    text
}

// ---- the types that are tried as they are ----

#[test]
fn a_pass_shows_its_data_flow() {
    let pass = json!({"Type": "Pass", "InputPath": "$.a", "Parameters": {"x.$": "$.b"}, "ResultPath": "$.r",
        "OutputPath": "$.r", "Next": "Elsewhere"});
    check(
        test(pass, json!({"a": {"b": 1}})),
        expect![[r#"
        SUCCEEDED -> Elsewhere
        output: {"x":1}
          input: {"a":{"b":1}}
          afterInputPath: {"b":1}
          afterParameters: {"x":1}
          afterResultSelector: {"x":1}
          afterResultPath: {"a":{"b":1},"r":{"x":1}}
    "#]],
    );
}

#[test]
fn a_pass_with_a_result_does_not_look_at_its_input() {
    let pass = json!({"Type": "Pass", "InputPath": "$.a", "Result": [1], "ResultPath": "$.r", "End": true});
    check(
        test(pass, json!({"a": 1})),
        expect![[r#"
        SUCCEEDED
        output: {"a":1,"r":[1]}
          input: {"a":1}
          result: [1]
          afterResultSelector: [1]
          afterResultPath: {"a":1,"r":[1]}
    "#]],
    );
}

#[test]
fn nothing_but_the_outcome_is_told_at_info() {
    let pass = json!({"Type": "Pass", "End": true});
    let told = TestState { inspection_level: InspectionLevel::Info, ..test(pass, json!(1)) };
    check(
        told,
        expect![[r#"
        SUCCEEDED
        output: 1
    "#]],
    );
}

#[test]
fn an_absent_input_is_an_empty_object() {
    check(
        TestState { input: None, ..test(json!({"Type": "Succeed"}), json!(0)) },
        expect![[r#"
        SUCCEEDED
        output: {}
          input: {}
          afterInputPath: {}
    "#]],
    );
}

#[test]
fn a_choice_leads_to_its_rule_s_state_or_the_default_or_nowhere() {
    let choice = |default: Json| {
        let mut choice =
            json!({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Big"}]});
        if default.is_string() {
            choice["Default"] = default;
        }
        choice
    };
    check(
        test(choice(json!("Small")), json!({"n": 6})),
        expect![[r#"
        SUCCEEDED -> Big
        output: {"n":6}
          input: {"n":6}
          afterInputPath: {"n":6}
    "#]],
    );
    check(
        test(choice(json!("Small")), json!({"n": 5})),
        expect![[r#"
        SUCCEEDED -> Small
        output: {"n":5}
          input: {"n":5}
          afterInputPath: {"n":5}
    "#]],
    );
    check(
        test(choice(json!(null)), json!({"n": 5})),
        expect![[r#"
        FAILED
        error: States.Runtime
        cause: Failed to transition out of the state. The state does not point to a next state.
          input: {"n":5}
          afterInputPath: {"n":5}
    "#]],
    );
}

#[test]
fn a_fail_fails() {
    check(
        test(json!({"Type": "Fail", "Error": "E", "CausePath": "$.why"}), json!({"why": "w"})),
        expect![[r#"
        FAILED
        error: E
        cause: w
          input: {"why":"w"}
    "#]],
    );
}

#[test]
fn a_wait_waits() {
    check(
        test(json!({"Type": "Wait", "Seconds": 299, "Next": "N"}), json!(1)),
        expect![[r#"
        SUCCEEDED -> N
        output: 1
          input: 1
          afterInputPath: 1
    "#]],
    );
}

#[test]
fn a_wait_beyond_the_time_of_a_test_times_out() {
    check(
        test(json!({"Type": "Wait", "Seconds": 301, "Next": "N"}), json!(1)),
        expect![[r#"
        FAILED
        error: States.Timeout
          input: 1
          afterInputPath: 1
    "#]],
    );
}

#[test]
fn variables_are_seen_and_shown_with_those_that_are_assigned() {
    let pass = json!({"Type": "Pass", "Parameters": {"x.$": "$v.a"}, "Assign": {"w.$": "$v"}, "End": true});
    check(
        TestState { variables: text(r#"{"v": {"a": 1}}"#), ..test(pass, json!({})) },
        expect![[r#"
        SUCCEEDED
        output: {"x":1}
          input: {}
          afterInputPath: {}
          afterParameters: {"x":1}
          afterResultSelector: {"x":1}
          afterResultPath: {"x":1}
          variables: {"v":{"a":1},"w":{"a":1}}
    "#]],
    );
}

#[test]
fn a_state_that_cannot_be_evaluated_has_failed_with_the_bare_reason() {
    let pass = json!({"Type": "Pass", "Parameters": {"x.$": "$.missing"}, "End": true});
    check(
        test(pass, json!({"a": 1})),
        expect![[r#"
        FAILED
        error: States.Runtime
        cause: The JSONPath '$.missing' specified for the field 'x.$' could not be found in the input '{"a":1}'
          input: {"a":1}
          afterInputPath: {"a":1}
    "#]],
    );
}

#[test]
fn a_whole_state_machine_is_tested_state_by_state() {
    let machine = json!({"StartAt": "A", "TimeoutSeconds": 1, "States": {
        "A": {"Type": "Wait", "Seconds": 5, "Next": "M"},
        "M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}},
    }});
    let of = |name: &str| TestState { state_name: text(name), ..test(machine.clone(), json!([1])) };
    check(
        of("A"),
        expect![[r#"
        SUCCEEDED -> M
        output: [1]
          input: [1]
          afterInputPath: [1]
    "#]],
    );
    check(
        of("I"),
        expect![[r#"
        SUCCEEDED
        output: [1]
          input: [1]
          afterInputPath: [1]
          afterParameters: [1]
          afterResultSelector: [1]
          afterResultPath: [1]
    "#]],
    );
    check(
        of("Z"),
        expect![[r#"
        ValidationException: State not found in definition
    "#]],
    );
    check(
        TestState { mock: result(json!([2])), ..of("M") },
        expect![[r#"
        SUCCEEDED
        output: [2]
          input: [1]
          afterInputPath: [1]
          afterItemsPath: [1]
          afterResultSelector: [2]
          afterResultPath: [2]
          maxConcurrency: 0
    "#]],
    );
}

// ---- tasks ----

fn task() -> Json {
    json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true})
}

fn with(mut state: Json, more: Json) -> Json {
    if let (Some(state), Json::Object(more)) = (state.as_object_mut(), more) {
        state.extend(more);
    }
    state
}

#[test]
fn a_task_is_done_under_a_role() {
    let role = text("arn:aws:iam::123456789012:role/r");
    check(
        TestState { role_arn: role.clone(), ..test(task(), json!({"a": 1})) },
        expect![[r#"
        SUCCEEDED
        output: {"a":1}
          input: {"a":1}
          afterInputPath: {"a":1}
          afterParameters: {"a":1}
          result: {"a":1}
          afterResultSelector: {"a":1}
          afterResultPath: {"a":1}
    "#]],
    );
    check(
        TestState { role_arn: role.clone(), ..test(task(), json!({"do": "fail"})) },
        expect![[r#"
        FAILED
        error: Broken
        cause: as it was told
          input: {"do":"fail"}
          afterInputPath: {"do":"fail"}
          afterParameters: {"do":"fail"}
    "#]],
    );
    check(
        TestState { role_arn: role, ..test(task(), json!({"do": "panic"})) },
        expect![[r#"
        FAILED
        error: States.Runtime
        cause: The invoker of 'arn:aws:lambda:us-east-1:123456789012:function:f' ended unexpectedly
          input: {"do":"panic"}
          afterInputPath: {"do":"panic"}
          afterParameters: {"do":"panic"}
    "#]],
    );
    check(
        test(task(), json!({"a": 1})),
        expect![[r#"
        ValidationException: RoleArn must be specified when testing a Task state
    "#]],
    );
}

#[test]
fn a_task_that_takes_longer_than_its_state_allows_times_out() {
    let role_arn = text("arn:aws:iam::123456789012:role/r");
    let state =
        with(task(), json!({"TimeoutSeconds": 1, "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]}));
    check(
        TestState { role_arn, ..test(state, json!({"do": "hang"})) },
        expect![[r#"
        CAUGHT_ERROR -> Late
        error: States.Timeout
        output: {"Error":"States.Timeout","Cause":""}
          input: {"do":"hang"}
          afterInputPath: {"do":"hang"}
          afterParameters: {"do":"hang"}
          errorDetails: catcher 0
    "#]],
    );
}

#[test]
fn a_mock_answers_for_a_task() {
    let state =
        with(task(), json!({"Parameters": {"q.$": "$.q"}, "ResultSelector": {"n.$": "$.m"}, "ResultPath": "$.r"}));
    check(
        TestState { mock: result(json!({"m": 1})), ..test(state, json!({"q": 0})) },
        expect![[r#"
        SUCCEEDED
        output: {"q":0,"r":{"n":1}}
          input: {"q":0}
          afterInputPath: {"q":0}
          afterParameters: {"q":0}
          result: {"m":1}
          afterResultSelector: {"n":1}
          afterResultPath: {"q":0,"r":{"n":1}}
    "#]],
    );
}

#[test]
fn a_mocked_error_is_retried_until_there_are_no_attempts_left() {
    let retry = json!([
        {"ErrorEquals": ["Other"]},
        {"ErrorEquals": ["E"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 2, "JitterStrategy": "FULL"},
    ]);
    let state = with(
        task(),
        json!({"Retry": retry, "Catch": [
        {"ErrorEquals": ["Other"], "Next": "A"}, {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "B"}]}),
    );
    let after = |count| TestState {
        mock: error("E", "c"),
        configuration: Configuration { retrier_retry_count: Some(count), ..Configuration::default() },
        ..test(state.clone(), json!({}))
    };
    check(
        after(0),
        expect![[r#"
        RETRIABLE
        error: E
        cause: c
          input: {}
          afterInputPath: {}
          afterParameters: {}
          errorDetails: retrier 1 in 3 s
    "#]],
    );
    check(
        after(1),
        expect![[r#"
        RETRIABLE
        error: E
        cause: c
          input: {}
          afterInputPath: {}
          afterParameters: {}
          errorDetails: retrier 1 in 6 s
    "#]],
    );
    check(
        after(2),
        expect![[r#"
        CAUGHT_ERROR -> B
        error: E
        cause: c
        output: {"e":{"Error":"E","Cause":"c"}}
          input: {}
          afterInputPath: {}
          afterParameters: {}
          errorDetails: catcher 1
    "#]],
    );
    let told = TestState { inspection_level: InspectionLevel::Info, ..after(0) };
    check(
        told,
        expect![[r#"
        RETRIABLE
        error: E
        cause: c
    "#]],
    );
}

#[test]
fn what_only_a_mock_can_answer_for() {
    let activity = with(task(), json!({"Resource": "arn:aws:states:us-east-1:123456789012:activity:a"}));
    let callback = with(
        task(),
        json!({"Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}}),
    );
    let job =
        with(task(), json!({"Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}}));
    for state in [activity.clone(), callback.clone(), job.clone()] {
        let role_arn = text("arn:aws:iam::123456789012:role/r");
        let refused = answer(&TestState { role_arn, ..test(state.clone(), json!({})) }).map_err(|error| error.code());
        assert_eq!(refused.err(), Some(Some("InvalidDefinition")), "{state}");
    }
    let mocked =
        |state, context: &str| TestState { mock: result(json!(7)), context: text(context), ..test(state, json!({})) };
    check(
        mocked(activity, "{}"),
        expect![[r#"
        SUCCEEDED
        output: 7
          input: {}
          afterInputPath: {}
          afterParameters: {}
          result: 7
          afterResultSelector: 7
          afterResultPath: 7
    "#]],
    );
    check(
        mocked(callback, r#"{"Task": {"Token": "t1"}}"#),
        expect![[r#"
        SUCCEEDED
        output: 7
          input: {}
          afterInputPath: {}
          afterParameters: {"QueueUrl":"q","MessageBody":{"t":"t1"}}
          result: 7
          afterResultSelector: 7
          afterResultPath: 7
    "#]],
    );
    check(
        mocked(job, "{}"),
        expect![[r#"
        SUCCEEDED
        output: 7
          input: {}
          afterInputPath: {}
          afterParameters: {"JobName":"j"}
          result: 7
          afterResultSelector: 7
          afterResultPath: 7
    "#]],
    );
}

#[test]
fn a_given_context_object_is_the_context_object() {
    let state = with(task(), json!({"Parameters": {"c.$": "$$"}}));
    let context = r#"{"Execution": {"Input": [1]}, "State": {"RetryCount": 2}}"#;
    let given = TestState { mock: result(json!(1)), context: text(context), ..test(state.clone(), json!({})) };
    check(
        given,
        expect![[r#"
        SUCCEEDED
        output: 1
          input: {}
          afterInputPath: {}
          afterParameters: {"c":{"Execution":{"Input":[1]},"State":{"RetryCount":2}}}
          result: 1
          afterResultSelector: 1
          afterResultPath: 1
    "#]],
    );
    let refused =
        |context: &str| TestState { mock: result(json!(1)), context: text(context), ..test(state.clone(), json!({})) };
    check(
        refused("[]"),
        expect![[r#"
        ValidationException: Invalid Context object provided: must be a JSON object
    "#]],
    );
    check(
        refused("{"),
        expect![[r#"
        ValidationException: Invalid Context object provided: must be valid JSON
    "#]],
    );
    check(
        refused(r#"{"Other": 1}"#),
        expect![[r#"
        ValidationException: Invalid Context object provided: Field 'Other' is not allowed
    "#]],
    );
    check(
        refused(r#"{"Map": {"Item": {}}}"#),
        expect![[r#"
        ValidationException: Invalid Context object provided: 'Map' field is not supported when mocking a Context object
    "#]],
    );
    check(
        refused(r#"{"State": {"Other": 1}}"#),
        expect![[r#"
        ValidationException: Invalid Context object provided: Field 'State.Other' is not allowed
    "#]],
    );
    check(
        refused(r#"{"State": {"Name": 1}}"#),
        expect![[r#"
        ValidationException: Invalid Context object provided: State.Name must be a string
    "#]],
    );
    check(
        refused(r#"{"State": {"RetryCount": "1"}}"#),
        expect![[r#"
        ValidationException: Invalid Context object provided: State.RetryCount must be a number
    "#]],
    );
    check(
        refused(r#"{"Task": []}"#),
        expect![[r#"
        ValidationException: Invalid Context object provided: Task must be an object
    "#]],
    );
}

#[test]
fn a_context_object_of_its_own_is_an_express_execution_s() {
    let state = json!({"Type": "Pass", "Parameters": {"e.$": "$$.Execution", "s.$": "$$.State"}, "End": true});
    let output = answer(&test(state, json!(1))).expect("it succeeds").output.expect("it has an output");
    let execution = output.get("e").and_then(Value::as_object).expect("there is one");
    let id = execution.get("Id").and_then(Value::as_str).expect("it has an id");
    assert!(id.starts_with("arn:aws:states:us-east-1:123456789012:express:"), "{id}");
    let fields: Vec<&str> = execution.keys().map(|name| &**name).collect();
    assert_eq!(fields, ["Id", "Input", "StartTime", "Name", "RoleArn"]);
    assert_eq!(output.get("s").and_then(|state| state.get("Name")), Some(&Value::from("StateName")));
}

// ---- mocked results ----

#[test]
fn a_mocked_result_has_the_shape_that_the_resource_answers_with() {
    let start = with(
        task(),
        json!({"Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m"}}),
    );
    let check = |state: &Json, result: Json, mode: FieldValidationMode, expected: Expect| {
        let mock = Mock { result: Some(result.to_string()), field_validation_mode: mode, ..Mock::default() };
        let told = test(state.clone(), json!({}));
        check(TestState { mock: Some(mock), inspection_level: InspectionLevel::Info, ..told }, expected);
    };
    let (strict, present) = (FieldValidationMode::Strict, FieldValidationMode::Present);
    check(
        &start,
        json!({"ExecutionArn": "a", "StartDate": "d", "New": 1}),
        strict,
        expect![[r#"
        SUCCEEDED
        output: {"ExecutionArn":"a","StartDate":"d","New":1}
    "#]],
    );
    check(
        &start,
        json!({"ExecutionArn": "a"}),
        strict,
        expect![[r#"
        ValidationException: Mock result schema validation error: Required field 'StartDate' is missing
    "#]],
    );
    check(
        &start,
        json!({"ExecutionArn": "a"}),
        present,
        expect![[r#"
        SUCCEEDED
        output: {"ExecutionArn":"a"}
    "#]],
    );
    check(
        &start,
        json!({"StartDate": 1}),
        present,
        expect![[r#"
        ValidationException: Mock result schema validation error: Field 'StartDate' must be a string
    "#]],
    );
    check(
        &start,
        json!({"StartDate": 1}),
        FieldValidationMode::None,
        expect![[r#"
        SUCCEEDED
        output: {"StartDate":1}
    "#]],
    );
    let put = with(task(), json!({"Resource": "arn:aws:states:::events:putEvents", "Parameters": {"Entries": []}}));
    check(
        &put,
        json!({"Entries": [{"EventId": "1"}, {"EventId": 2}]}),
        strict,
        expect![[r#"
        ValidationException: Mock result schema validation error: Field 'EventId' must be a string
    "#]],
    );
    check(
        &put,
        json!({"Entries": {}}),
        strict,
        expect![[r#"
        ValidationException: Mock result schema validation error: Field 'Entries' must be an array
    "#]],
    );
    let query = json!({"Resource": "arn:aws:states:::aws-sdk:dynamodb:getItem", "Parameters": {"TableName": "t"}});
    check(
        &with(task(), query),
        json!({"ConsumedCapacity": {"CapacityUnits": "1"}}),
        strict,
        expect![[r#"
        ValidationException: Mock result schema validation error: Field 'CapacityUnits' must be a number
    "#]],
    );
}

#[test]
fn a_mocked_result_is_json() {
    let mock = Mock { result: text("{"), field_validation_mode: FieldValidationMode::None, ..Mock::default() };
    check(
        TestState { mock: Some(mock), ..test(task(), json!({})) },
        expect![[r#"
        ValidationException: Mocked result must be valid JSON
    "#]],
    );
}

// ---- Parallel and Map ----

#[test]
fn a_parallel_gives_what_the_mock_says() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}});
    let state = json!({"Type": "Parallel", "Branches": [branch("A"), branch("B")], "Parameters": {"x": 1},
        "ResultPath": "$.r", "Catch": [{"ErrorEquals": ["E"], "Next": "C"}], "Next": "N"});
    check(
        TestState { mock: result(json!([1, 2])), ..test(state.clone(), json!({})) },
        expect![[r#"
        SUCCEEDED -> N
        output: {"r":[1,2]}
          input: {}
          afterInputPath: {}
          afterParameters: {"x":1}
          afterResultSelector: [1,2]
          afterResultPath: {"r":[1,2]}
    "#]],
    );
    let caused_by = |name: &str| TestState {
        mock: error("E", "c"),
        configuration: Configuration { error_caused_by_state: text(name), ..Configuration::default() },
        ..test(state.clone(), json!({}))
    };
    check(
        caused_by("B"),
        expect![[r#"
        CAUGHT_ERROR -> C
        error: E
        cause: c
        output: {"Error":"E","Cause":"c"}
          input: {}
          afterInputPath: {}
          afterParameters: {"x":1}
          errorDetails: catcher 0
    "#]],
    );
    check(
        caused_by("Z"),
        expect![[r#"
        ValidationException: State 'Z', which ErrorCausedByState names, is not inside the Parallel state.
    "#]],
    );
    check(
        TestState { mock: result(json!({})), ..test(state.clone(), json!({})) },
        expect![[r#"
        ValidationException: Mocked result must be an array.
    "#]],
    );
    check(
        test(state, json!({})),
        expect![[r#"
        InvalidDefinition: TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]
    "#]],
    );
}

fn map(more: Json) -> Json {
    let state = json!({"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}});
    with(state, more)
}

#[test]
fn a_map_shows_what_its_iterations_get() {
    let state = map(json!({"ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "k.$": "$.k"},
        "MaxConcurrencyPath": "$.most", "ToleratedFailurePercentage": 12.5}));
    let input = json!({"items": ["a", "b"], "k": 1, "most": 3});
    check(
        TestState { mock: result(json!([1, 2])), ..test(state, input) },
        expect![[r#"
        SUCCEEDED
        output: [1,2]
          input: {"items":["a","b"],"k":1,"most":3}
          afterInputPath: {"items":["a","b"],"k":1,"most":3}
          afterItemsPath: ["a","b"]
          afterItemSelector: [{"i":0,"v":"a","k":1},{"i":1,"v":"b","k":1}]
          afterResultSelector: [1,2]
          afterResultPath: [1,2]
          maxConcurrency: 3
          toleratedFailurePercentage: 12.5
    "#]],
    );
}

#[test]
fn a_map_shows_its_batches() {
    let of = |batcher: Json| TestState {
        mock: result(json!([])),
        ..test(map(json!({"ItemBatcher": batcher})), json!({"items": [1, 22, 333], "n": 2, "zero": 0}))
    };
    check(
        of(json!({"MaxItemsPerBatchPath": "$.n", "BatchInput": {"n.$": "$.n"}})),
        expect![[r#"
        SUCCEEDED
        output: []
          input: {"items":[1,22,333],"n":2,"zero":0}
          afterInputPath: {"items":[1,22,333],"n":2,"zero":0}
          afterItemsPath: [1,22,333]
          afterItemBatcher: [{"BatchInput":{"n":2},"Items":[1,22]},{"BatchInput":{"n":2},"Items":[333]}]
          afterResultSelector: []
          afterResultPath: []
          maxConcurrency: 0
    "#]],
    );
    check(
        of(json!({"MaxInputBytesPerBatch": 16})),
        expect![[r#"
        SUCCEEDED
        output: []
          input: {"items":[1,22,333],"n":2,"zero":0}
          afterInputPath: {"items":[1,22,333],"n":2,"zero":0}
          afterItemsPath: [1,22,333]
          afterItemBatcher: [{"Items":[1,22]},{"Items":[333]}]
          afterResultSelector: []
          afterResultPath: []
          maxConcurrency: 0
    "#]],
    );
    check(
        of(json!({"MaxItemsPerBatchPath": "$.zero"})),
        expect![[r#"
        FAILED
        error: States.Runtime
        cause: The MaxItemsPerBatchPath field refers to value "0" which is not valid: $.zero
          input: {"items":[1,22,333],"n":2,"zero":0}
          afterInputPath: {"items":[1,22,333],"n":2,"zero":0}
          afterItemsPath: [1,22,333]
    "#]],
    );
}

#[test]
fn a_map_fails_where_more_iterations_have_failed_than_it_bears() {
    let failed = |more: Json, count: u32| TestState {
        mock: result(json!([1])),
        configuration: Configuration { map_iteration_failure_count: Some(count), ..Configuration::default() },
        ..test(map(more), json!({"items": [1, 2, 3, 4]}))
    };
    let status = |more: Json, count: u32| answer(&failed(more, count)).map(|tested| tested.status.as_str());
    for (more, count, expected) in [
        (json!({}), 0, "SUCCEEDED"),
        (json!({}), 1, "FAILED"),
        (json!({"ToleratedFailureCount": 1}), 1, "SUCCEEDED"),
        (json!({"ToleratedFailureCount": 1}), 2, "FAILED"),
        (json!({"ToleratedFailurePercentage": 50}), 2, "SUCCEEDED"),
        (json!({"ToleratedFailurePercentage": 50}), 3, "FAILED"),
        (json!({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 50}), 2, "FAILED"),
    ] {
        assert_eq!(status(more.clone(), count).ok(), Some(expected), "{more} {count}");
    }
    let handled = json!({"Retry": [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]});
    check(
        failed(handled.clone(), 2),
        expect![[r#"
        RETRIABLE
        error: States.ExceedToleratedFailureThreshold
        cause: The specified tolerated failure threshold was exceeded
          input: {"items":[1,2,3,4]}
          afterInputPath: {"items":[1,2,3,4]}
          afterItemsPath: [1,2,3,4]
          maxConcurrency: 0
          errorDetails: retrier 0 in 1 s
    "#]],
    );
    let mut again = failed(handled, 2);
    again.configuration.retrier_retry_count = Some(1);
    check(
        again,
        expect![[r#"
        CAUGHT_ERROR -> C
        error: States.ExceedToleratedFailureThreshold
        cause: The specified tolerated failure threshold was exceeded
        output: {"Error":"States.ExceedToleratedFailureThreshold","Cause":"The specified tolerated failure threshold was exceeded"}
          input: {"items":[1,2,3,4]}
          afterInputPath: {"items":[1,2,3,4]}
          afterItemsPath: [1,2,3,4]
          maxConcurrency: 0
          errorDetails: catcher 0
    "#]],
    );
    check(
        failed(json!({}), 5),
        expect![[r#"
        ValidationException: MapIterationFailureCount must not be greater than the number of items.
    "#]],
    );
}

#[test]
fn a_map_whose_items_are_no_array_has_failed() {
    let path = json!({"ItemsPath": "$$.State"});
    check(
        TestState { mock: result(json!([])), ..test(map(path), json!({})) },
        expect![[r#"
        FAILED
        error: States.Runtime
        cause: Reference path "$.State" must point to array.
          input: {}
          afterInputPath: {}
    "#]],
    );
}

#[test]
fn a_map_has_the_items_that_its_reader_is_said_to_have_read() {
    let reader = |config: Json| {
        let mut state = map(json!({"ItemSelector": {"v.$": "$$.Map.Item.Value"}, "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"},
            "ReaderConfig": config}}));
        state.as_object_mut().expect("a state is an object").remove("ItemsPath");
        state
    };
    let read = |config: Json, data: &str| TestState {
        mock: result(json!([])),
        configuration: Configuration { map_item_reader_data: text(data), ..Configuration::default() },
        ..test(reader(config), json!({}))
    };
    check(
        read(json!({"InputType": "JSON", "MaxItems": 2}), "[1, 2, 3]"),
        expect![[r#"
        SUCCEEDED
        output: []
          input: {}
          afterInputPath: {}
          afterItemSelector: [{"v":1},{"v":2}]
          afterResultSelector: []
          afterResultPath: []
          maxConcurrency: 0
    "#]],
    );
    check(
        read(json!({"InputType": "JSON", "ItemsPointer": "/a"}), r#"{"a": [1]}"#),
        expect![[r#"
        SUCCEEDED
        output: []
          input: {}
          afterInputPath: {}
          afterItemsPointer: [1]
          afterItemSelector: [{"v":1}]
          afterResultSelector: []
          afterResultPath: []
          maxConcurrency: 0
    "#]],
    );
    check(
        read(json!({"InputType": "JSONL"}), "1\n{}\n"),
        expect![[r#"
        SUCCEEDED
        output: []
          input: {}
          afterInputPath: {}
          afterItemSelector: [{"v":1},{"v":{}}]
          afterResultSelector: []
          afterResultPath: []
          maxConcurrency: 0
    "#]],
    );
    check(
        read(json!({"InputType": "JSON"}), "{}"),
        expect![[r#"
        ValidationException: MapItemReaderData must be an array.
    "#]],
    );
    check(
        read(json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}), "a\n1"),
        expect![[r#"
        ValidationException: This version does not read MapItemReaderData of the InputType 'CSV'.
    "#]],
    );
}

#[test]
fn a_map_that_writes_its_results_gives_an_object() {
    let writer = json!({"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}});
    let of = |mock: Json| TestState {
        mock: result(mock),
        inspection_level: InspectionLevel::Info,
        ..test(map(writer.clone()), json!({"items": []}))
    };
    check(
        of(json!({"ResultWriterDetails": {}})),
        expect![[r#"
        SUCCEEDED
        output: {"ResultWriterDetails":{}}
    "#]],
    );
    check(
        of(json!([])),
        expect![[r#"
        ValidationException: Mocked result must be a JSON object.
    "#]],
    );
}

// ---- JSONata ----

#[test]
fn a_jsonata_state_shows_its_arguments_and_no_paths() {
    let task = json!({"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "f"}, "Output": {"o": 1}, "Assign": {"v": 2}, "End": true});
    check(
        TestState { mock: result(json!({})), ..test(task, json!({"a": 1})) },
        expect![[r#"
        SUCCEEDED
        output: {"o":1}
          input: {"a":1}
          afterArguments: {"FunctionName":"f"}
          result: {}
          variables: {"v":2}
    "#]],
    );
    let pass = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": [1], "End": true});
    check(
        test(pass, json!({"a": 1})),
        expect![[r#"
        SUCCEEDED
        output: [1]
          input: {"a":1}
    "#]],
    );
}

#[test]
fn a_jsonata_map_shows_its_numbers_and_no_items() {
    let map = json!({"Type": "Map", "QueryLanguage": "JSONata", "Items": [1, 2], "ItemSelector": {"s": 1}, "End": true,
        "MaxConcurrency": 2, "ToleratedFailureCount": 1, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {"caught": true}, "Next": "C"}]});
    let failed = |count| TestState {
        mock: result(json!([3, 4])),
        configuration: Configuration { map_iteration_failure_count: Some(count), ..Configuration::default() },
        ..test(map.clone(), json!({}))
    };
    check(
        failed(1),
        expect![[r#"
        SUCCEEDED
        output: [3,4]
          input: {}
          afterItemSelector: [{"s":1},{"s":1}]
          maxConcurrency: 2
          toleratedFailureCount: 1
    "#]],
    );
    check(
        failed(2),
        expect![[r#"
        CAUGHT_ERROR -> C
        error: States.ExceedToleratedFailureThreshold
        cause: The specified tolerated failure threshold was exceeded
        output: {"caught":true}
          input: {}
          afterItemSelector: [{"s":1},{"s":1}]
          maxConcurrency: 2
          toleratedFailureCount: 1
          errorDetails: catcher 0
    "#]],
    );
}

// ---- what does not go together ----

#[test]
fn only_work_that_is_done_outside_is_mocked() {
    let choice = json!({"Type": "Choice", "Choices": [{"Variable": "$.n", "IsPresent": true, "Next": "N"}]});
    for state in [
        json!({"Type": "Pass", "End": true}),
        json!({"Type": "Fail"}),
        json!({"Type": "Succeed"}),
        json!({"Type": "Wait", "Seconds": 1, "End": true}),
        choice,
    ] {
        let kind = state["Type"].as_str().expect("it has a type").to_owned();
        let refused = shown(answer(&TestState { mock: result(json!({})), ..test(state, json!({})) }));
        assert_eq!(
            refused,
            format!("ValidationException: State type '{kind}' is not supported when a mock is specified\n")
        );
    }
}

#[test]
fn a_mock_has_one_answer() {
    let mocked = |mock: Mock| TestState { mock: Some(mock), ..test(task(), json!({})) };
    let both = Mock { result: text("1"), ..error("E", "c").expect("a mock") };
    check(
        mocked(both),
        expect![[r#"
        ValidationException: A test mock should have only one of the following fields: [result, errorOutput].
    "#]],
    );
    check(
        mocked(Mock::default()),
        expect![[r#"
        ValidationException: A test mock should have one of the following fields: [result, errorOutput].
    "#]],
    );
    let nameless = Mock { error_output: Some(ErrorOutput::default()), ..Mock::default() };
    check(
        mocked(nameless),
        expect![[r#"
        ValidationException: The field 'error' is required in the errorOutput of a test mock.
    "#]],
    );
    check(
        TestState { reveal_secrets: true, mock: result(json!({})), ..test(task(), json!({})) },
        expect![[r#"
        ValidationException: TestState does not support RevealSecrets when a mock is specified.
    "#]],
    );
}

#[test]
fn some_fields_need_a_mock_and_the_right_type_of_state() {
    let given = |configuration: Configuration| TestState { configuration, ..test(task(), json!({})) };
    let none = Configuration::default;
    let fields = [
        given(Configuration { retrier_retry_count: Some(0), ..none() }),
        given(Configuration { error_caused_by_state: text("I"), ..none() }),
        given(Configuration { map_iteration_failure_count: Some(0), ..none() }),
        given(Configuration { map_item_reader_data: text("[]"), ..none() }),
        TestState { context: text("{}"), ..test(task(), json!({})) },
    ];
    let refused: String = fields.iter().map(|test| shown(answer(test))).collect();
    expect![[r#"
        ValidationException: TestState does not support RetrierRetryCount when a mock is not specified.
        ValidationException: TestState does not support ErrorCausedByState when a mock is not specified.
        ValidationException: TestState does not support MapIterationFailureCount when a mock is not specified.
        ValidationException: TestState does not support MapItemReaderData when a mock is not specified.
        ValidationException: TestState does not support Context when a mock is not specified.
    "#]]
    .assert_eq(&refused);
    let mocked = fields.into_iter().skip(1).take(3).map(|test| TestState { mock: result(json!(1)), ..test });
    let refused: String = mocked.map(|test| shown(answer(&test))).collect();
    expect![[r#"
        ValidationException: TestState does not support ErrorCausedByState for this Task state.
        ValidationException: TestState does not support MapIterationFailureCount for this Task state.
        ValidationException: TestState does not support MapItemReaderData for this Task state.
    "#]]
    .assert_eq(&refused);
}

#[test]
fn a_definition_is_checked_as_that_of_a_state_machine() {
    let refused = |definition: &str| TestState { definition: definition.to_owned(), ..test(json!({}), json!({})) };
    check(
        refused("{"),
        expect![[r#"
        InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: EOF while parsing an object
         at [Source: (String)"{"; line: 1, column: 1] at [Source: (String)"{"; line: 1, column: 1]'
    "#]],
    );
    check(
        refused("[]"),
        expect![[r#"
        InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null'
    "#]],
    );
    check(
        refused("{}"),
        expect![[r#"
        InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [Type] at /States/StateName'
    "#]],
    );
    check(
        refused(r#"{"Type": "Pass"}"#),
        expect![[r#"
        InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: [Next, End] at /States/StateName'
    "#]],
    );
    check(
        refused(r#"{"Type": "Parallel", "Branches": [], "End": true}"#),
        expect![[r#"
        InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/StateName/Branches'
    "#]],
    );
    check(
        refused(r#"{"Type": "Pass", "End": true}}, "X": {"#),
        expect![[r#"
        InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: Trailing characters
         at [Source: (String)"{"Type": "Pass", "End": true}}, "X": {"; line: 1, column: 30] at [Source: (String)"{"Type": "Pass", "End": true}}, "X": {"; line: 1, column: 30]'
    "#]],
    );
    check(
        TestState { state_name: text("A"), ..test(json!({"Type": "Pass", "End": true}), json!({})) },
        expect![[r#"
            InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /, SCHEMA_VALIDATION_FAILED: Field 'Type' is not supported at /, SCHEMA_VALIDATION_FAILED: Field 'End' is not supported at /'
        "#]],
    );
    check(
        TestState { variables: text("[]"), ..test(json!({"Type": "Succeed"}), json!({})) },
        expect![[r#"
        ValidationException: Variables must be a JSON object
    "#]],
    );
}

// ---- whatever comes ----

/// Parts of tests that are valid, to be put together at random.
const PARTS: [&str; 12] = [
    r#"{"Type": "Pass", "InputPath": "$.a", "Parameters": {"x.$": "States.Array($.b, $$)"}, "ResultPath": "$.r", "End": true}"#,
    r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "N"}], "Default": "D"}"#,
    r#"{"Type": "Wait", "SecondsPath": "$.a.b", "End": true}"#,
    r#"{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl.$": "$.a"}, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2}], "Catch": [{"ErrorEquals": ["E"], "ResultPath": "$.e", "Next": "C"}], "End": true}"#,
    r#"{"Type": "Map", "ItemsPath": "$.a", "ItemSelector": {"i.$": "$$.Map.Item.Value"}, "MaxConcurrencyPath": "$.b", "ItemBatcher": {"MaxItemsPerBatch": 2}, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}, "End": true}"#,
    r#"{"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}], "End": true}"#,
    r#"{"a": [1, {"b": 2}], "b": 3}"#,
    r#"{"a": {"b": 0}, "b": "text"}"#,
    r#"[[1, 2], null, 1e300]"#,
    r#"{"MessageId": 1, "Entries": [{}]}"#,
    r#"{"State": {"RetryCount": 1}, "Task": {"Token": "t"}}"#,
    "-0",
];

#[test]
fn every_test_has_an_outcome_or_is_refused_in_aws_s_words() {
    let rounds = 4_000;
    let mut state = 20_251_119_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    for round in 0..rounds {
        let mut part = |range: std::ops::Range<usize>| {
            let mut bytes = PARTS[range.start + next(range.len())].as_bytes().to_vec();
            if next(2) == 0 {
                let at = next(bytes.len());
                match next(3) {
                    0 => drop(bytes.remove(at)),
                    1 => bytes[at] = b"{}[]\",:$.0a"[next(11)],
                    _ => bytes.insert(at, b"{}[]\",:$.0a"[next(11)]),
                }
            }
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (definition, input, mocked, context) = (part(0..6), part(6..12), part(6..12), part(6..12));
        let mock = [None, error("E", "c"), Some(Mock { result: Some(mocked), ..Mock::default() })][next(3)].clone();
        let test = TestState {
            definition,
            input: Value::parse(&input).ok(),
            context: (next(3) == 0).then_some(context),
            role_arn: text("arn:aws:iam::123456789012:role/r"),
            configuration: Configuration {
                map_iteration_failure_count: (next(4) == 0).then_some(next(4) as u32),
                error_caused_by_state: (next(4) == 0).then(|| "I".to_owned()),
                ..Configuration::default()
            },
            inspection_level: InspectionLevel::Trace,
            mock,
            ..TestState::default()
        };
        if let Err(refused) = answer(&test) {
            assert!(refused.code().is_some(), "round {round}: {refused}: {test:?}");
        }
    }
}
