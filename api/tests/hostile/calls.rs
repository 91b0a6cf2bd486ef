//! Calls within the process: what is missing, wrong, too long or unknown in every operation; mutations by the thousand.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use stepwell_api::{ApiError, operation_names};

use crate::mutate::{self, Dice};
use crate::requests;
use crate::world::World;

/// Polls end at once: nobody is to wait for a task.
const POLL: Duration = Duration::from_millis(1);

/// A call that takes longer has no end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every so many mutated calls there is one of everything again: some of them delete.
const RENEWED_AFTER: u64 = 250;

/// Mutated calls, unless `STEPWELL_MUTATIONS` says otherwise.
const MUTATIONS: u64 = 100_000;

/// The errors that AWS's model names, and those of every service.
const CODES: [&str; 36] = [
    "ActivityAlreadyExists",
    "ActivityDoesNotExist",
    "ActivityLimitExceeded",
    "ActivityWorkerLimitExceeded",
    "ConflictException",
    "ExecutionAlreadyExists",
    "ExecutionDoesNotExist",
    "ExecutionLimitExceeded",
    "ExecutionNotRedrivable",
    "InvalidArn",
    "InvalidDefinition",
    "InvalidEncryptionConfiguration",
    "InvalidExecutionInput",
    "InvalidLoggingConfiguration",
    "InvalidName",
    "InvalidOutput",
    "InvalidToken",
    "InvalidTracingConfiguration",
    "KmsAccessDeniedException",
    "KmsInvalidStateException",
    "KmsThrottlingException",
    "MissingRequiredParameter",
    "RequestEntityTooLarge",
    "ResourceNotFound",
    "SerializationException",
    "ServiceQuotaExceededException",
    "StateMachineAlreadyExists",
    "StateMachineDeleting",
    "StateMachineDoesNotExist",
    "StateMachineLimitExceeded",
    "StateMachineTypeNotSupported",
    "TaskDoesNotExist",
    "TaskTimedOut",
    "TooManyTags",
    "UnknownOperationException",
    "ValidationException",
];

/// Whether an answer is one that AWS could give.
#[track_caller]
fn judge(answer: &Result<Value, ApiError>, of: &dyn std::fmt::Debug) {
    match answer {
        Ok(answer) => assert!(answer.is_object(), "{answer} to {of:?}"),
        Err(error) => {
            assert!((400..500).contains(&error.status()) && CODES.contains(&error.code), "{error:?} to {of:?}");
            let envelope: Value = serde_json::from_str(&error.body()).unwrap();
            assert!(envelope["__type"].as_str().is_some_and(|name| name.ends_with(error.code)), "{envelope}");
            assert!(envelope["message"].is_string(), "{envelope}");
        }
    }
}

/// Panics anywhere in the process, tasks in the background included.
fn panics() -> &'static Mutex<Vec<String>> {
    static PANICS: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
    PANICS.get_or_init(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            panics().lock().unwrap().push(info.to_string());
            usual(info);
        }));
        Mutex::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_its_valid_request() {
    let world = World::open(POLL).await;
    let all = requests::all(&world.names(0).await);
    for name in operation_names() {
        assert!(all.iter().any(|request| request.operation == name), "there is no request for {name}");
    }
    for request in served(&all) {
        let answer = world.call(request.operation, &request.body).await;
        assert!(answer.is_ok(), "{} {}: {answer:?}", request.operation, request.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_there_is_asked_for() {
    let world = World::open(POLL).await;
    let all = requests::all(&world.names(0).await);
    for request in served(&all) {
        for member in request.required {
            let mut without = request.body.clone();
            without.as_object_mut().unwrap().remove(*member);
            let mut null = request.body.clone();
            null[*member] = Value::Null;
            for body in [without, null] {
                let error = world.call(request.operation, &body).await.unwrap_err();
                let expected =
                    format!("Value null at '{member}' failed to satisfy constraint: Member must not be null");
                let found = (error.code, error.message.contains(&expected));
                assert_eq!(found, ("ValidationException", true), "{} {body}: {error:?}", request.operation);
            }
        }
        let nothing = world.call(request.operation, &json!({})).await;
        judge(&nothing, &request.operation);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_another_type_are_no_values() {
    let world = World::open(POLL).await;
    let all = requests::all(&world.names(0).await);
    for request in served(&all) {
        for (pointer, right) in places(&request.body) {
            for other in [json!("text"), json!(7), json!(true), json!([7]), json!({"a": 7})] {
                let same = std::mem::discriminant(&other) == std::mem::discriminant(&right);
                if same || pointer.is_empty() && other.is_object() {
                    continue;
                }
                let mut body = request.body.clone();
                *body.pointer_mut(&pointer).unwrap() = other;
                let error = world.call(request.operation, &body).await.unwrap_err();
                assert_eq!(error.code, "SerializationException", "{} {body}: {error:?}", request.operation);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strings_and_numbers_have_bounds() {
    let world = World::open(POLL).await;
    let all = requests::all(&world.names(0).await);
    for request in served(&all) {
        for (pointer, right) in places(&request.body) {
            let wrong = match right {
                Value::String(_) => vec![json!("x".repeat((1 << 20) + 1))],
                Value::Number(_) => vec![json!(-1), json!(i64::MAX)],
                _ => continue,
            };
            for wrong in wrong {
                // Counts of failures and children may be as large as they like.
                let unbounded = ["/maxConcurrency", "/toleratedFailureCount", "/stateConfiguration/retrierRetryCount"];
                if wrong == json!(i64::MAX) && unbounded.contains(&&*pointer) {
                    continue;
                }
                let mut body = request.body.clone();
                *body.pointer_mut(&pointer).unwrap() = wrong;
                let error = world.call(request.operation, &body).await.unwrap_err();
                let found = (error.code, error.message.contains("failed to satisfy constraint"));
                assert_eq!(found, ("ValidationException", true), "{} {pointer}: {error:.300?}", request.operation);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_passed_over() {
    let world = World::open(POLL).await;
    let all = requests::all(&world.names(0).await);
    for request in served(&all) {
        let mut body = request.body.clone();
        body["unknown"] = json!({"of": ["any", 7, null]});
        let answer = world.call(request.operation, &body).await;
        assert!(answer.is_ok(), "{} {body}: {answer:?}", request.operation);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_mutations_are_answered() {
    let count = std::env::var("STEPWELL_MUTATIONS").map_or(MUTATIONS, |count| count.parse().unwrap());
    panics();
    let halves = [1, 2].map(|seed| tokio::spawn(mutations(seed, count / 2)));
    for half in halves {
        half.await.unwrap();
    }
    let panics = panics().lock().unwrap();
    assert!(panics.is_empty(), "{panics:#?}");
}

async fn mutations(seed: u64, count: u64) {
    let world = World::open(POLL).await;
    let mut dice = Dice::of(seed);
    let (mut all, mut bodies) = (Vec::new(), Vec::new());
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..count {
        if number % RENEWED_AFTER == 0 {
            all = requests::all(&world.names(number).await);
            bodies = all.iter().map(|request| request.body.clone()).collect();
        }
        let request = dice.pick(&all);
        let body = mutate::body(&mut dice, &request.body, &bodies);
        let operation = if dice.one_in(50) { dice.pick(&all).operation } else { request.operation };
        let shown = (seed, number, operation, String::from_utf8_lossy(&body[..body.len().min(2_000)]));
        let target = format!("AWSStepFunctions.{operation}");
        let answer = tokio::time::timeout(PATIENCE, world.api.call(Some(&target), &body)).await;
        let answer = answer.unwrap_or_else(|_| panic!("there is no answer to {shown:?}"));
        judge(&answer, &shown);
        match answer {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    // Of mutations that are all refused, or none, nothing would be learnt.
    assert!(accepted > count / 20 && refused > count / 20, "{accepted} accepted, {refused} refused");
}

/// The requests of operations that are served.
fn served(all: &[requests::Request]) -> impl Iterator<Item = &requests::Request> {
    all.iter().filter(|request| operation_names().any(|name| name == request.operation))
}

/// Everything in a body, with the pointer that leads to it.
fn places(body: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    visit(body, String::new(), &mut found);
    found
}

fn visit(value: &Value, pointer: String, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                visit(member, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                visit(item, format!("{pointer}/{at}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push((pointer, value.clone()));
}
