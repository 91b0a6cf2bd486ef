//! The load: state machines of every kind, inputs from a name, and what each execution must come to, worked out without
//! the engine.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use stepwell_asl::Timestamp;

/// What the executions of a state machine do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Chain,
    Loop,
    Map,
    Parallel,
    Wait,
    Retry,
    Catch,
    Callback,
    Activity,
    Doomed,
    Redriven,
    Stopped,
}

/// A task of an execution: its state's name, and the item that it is for.
pub type TaskKey = (String, u64);

/// The activity's name.
pub const ACTIVITY: &str = "work";

/// The task of an activity's workers.
pub const ACT: &str = "Act";

/// The task that nobody answers.
pub const NEVER: &str = "Never";

/// How an execution must end.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Succeeded(Json),
    Failed(&'static str, &'static str),
    Aborted(&'static str, &'static str),
}

/// What an execution must come to.
pub struct Expected {
    pub end: End,
    /// How often each task is attempted, by state and item.
    pub attempts: BTreeMap<TaskKey, u32>,
    /// Tasks of which each begins only after the one before is done.
    pub sequence: Vec<TaskKey>,
    pub redrives: u32,
}

impl Kind {
    pub const ALL: [Kind; 12] = [
        Kind::Chain,
        Kind::Loop,
        Kind::Map,
        Kind::Parallel,
        Kind::Wait,
        Kind::Retry,
        Kind::Catch,
        Kind::Callback,
        Kind::Activity,
        Kind::Doomed,
        Kind::Redriven,
        Kind::Stopped,
    ];

    /// The state machine's name, with which the names of its executions begin.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// The kind of an execution.
    pub fn of(name: &str) -> Kind {
        let kind = Kind::ALL.into_iter().find(|kind| name.split('-').next() == Some(&kind.name()));
        kind.unwrap_or_else(|| panic!("{name} is of no kind"))
    }

    /// Its definition, the activity being at this ARN.
    pub fn definition(self, activity: &str) -> String {
        let states = match self {
            Kind::Chain => json!({
                "A": task("A", json!({ "Next": "Between" })),
                "Between": { "Type": "Pass", "Next": "B" },
                "B": task("B", json!({ "Next": "Last" })),
                "Last": task("Last", json!({ "End": true })),
            }),
            Kind::Loop => json!({
                "Do": task("Do", json!({ "Next": "Count" })),
                "Count": { "Type": "Pass", "Next": "Again?", "Parameters": {
                    "n.$": "$.n", "fails.$": "$.fails", "times.$": "$.times", "item.$": "States.MathAdd($.item, 1)"
                } },
                "Again?": { "Type": "Choice", "Default": "Done", "Choices": [
                    { "Variable": "$.item", "NumericLessThanPath": "$.times", "Next": "Do" }
                ] },
                "Done": { "Type": "Succeed" },
            }),
            Kind::Map => json!({
                "Items": map("Try", json!({ "Retry": again(5) }), json!({ "End": true })),
            }),
            Kind::Parallel => json!({ "Both": { "Type": "Parallel", "End": true, "Branches": [
                { "StartAt": "A", "States": {
                    "A": task("A", json!({ "Next": "B" })), "B": task("B", json!({ "End": true }))
                } },
                { "StartAt": "Until", "States": {
                    "Until": until("C"), "C": task("C", json!({ "End": true }))
                } },
                { "StartAt": "Items", "States": { "Items": map("Item", json!({}), json!({ "End": true })) } },
            ] } }),
            Kind::Wait => json!({
                "Until": until("A"),
                "A": task("A", json!({ "Next": "Second" })),
                "Second": { "Type": "Wait", "Seconds": 1, "Next": "B" },
                "B": task("B", json!({ "End": true })),
            }),
            Kind::Retry => json!({
                "Try": task("Try", json!({ "Retry": again(5), "Next": "B" })),
                "B": task("B", json!({ "End": true })),
            }),
            Kind::Catch => json!({
                "Try": task("Try", json!({
                    "Retry": again(1), "Next": "B",
                    "Catch": [{ "ErrorEquals": ["Again"], "ResultPath": "$.error", "Next": "B" }],
                })),
                "B": task("B", json!({ "End": true })),
            }),
            Kind::Callback => json!({
                "Ask": callback("Ask", json!({ "Next": "B" })),
                "B": task("B", json!({ "End": true })),
            }),
            Kind::Stopped => json!({ NEVER: callback(NEVER, json!({ "End": true })) }),
            Kind::Activity => json!({
                "Act": with(task(ACT, json!({ "Next": "B" })), json!({
                    "Resource": activity, "TimeoutSeconds": 2, "Retry": [
                        { "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 9999 }
                    ],
                })),
                "B": task("B", json!({ "End": true })),
            }),
            Kind::Doomed => json!({
                "A": task("A", json!({ "Next": "No" })),
                "No": { "Type": "Fail", "Error": "Doomed", "Cause": "as it must" },
            }),
            Kind::Redriven => json!({
                "A": task("A", json!({ "Next": "Redo" })),
                "Redo": with(task("Redo", json!({ "Next": "B" })), json!({ "Parameters": {
                    "at": "Redo", "n.$": "$.n", "fails.$": "$.fails", "item.$": "$$.Execution.RedriveCount"
                } })),
                "B": task("B", json!({ "End": true })),
            }),
        };
        let start = states.as_object().and_then(|states| states.keys().next()).cloned();
        json!({ "StartAt": start, "States": states }).to_string()
    }

    /// The input of the execution of this name.
    pub fn input(self, name: &str, until_ms: i64) -> Json {
        let chance = |what: u64| mix(name, what);
        let base = json!({ "n": chance(0) % 1_000, "item": 0, "fails": 0 });
        let until = json!({ "until": Timestamp(until_ms).to_string() });
        let items = |width: u64| {
            let item = |item| json!({ "n": chance(item + 10) % 1_000, "item": item, "fails": u64::from(chance(item + 500) % 40 == 0) });
            json!({ "items": (0..width).map(item).collect::<Vec<_>>() })
        };
        match self {
            Kind::Chain => with(base, json!({ "blob": "x".repeat(blob_bytes(chance(1))) })),
            Kind::Loop => with(base, json!({ "times": 2 + chance(1) % 8 })),
            Kind::Map => items(100),
            Kind::Parallel => with(with(base, until), items(5)),
            Kind::Wait => with(base, until),
            Kind::Retry => with(base, json!({ "fails": chance(1) % 4 })),
            Kind::Catch => with(base, json!({ "fails": chance(1) % 4 })),
            Kind::Callback | Kind::Activity | Kind::Doomed | Kind::Redriven | Kind::Stopped => base,
        }
    }

    /// What an execution with this input must come to.
    pub fn expected(self, input: &Json) -> Expected {
        let mut run = Run::on(input.clone());
        let mut redrives = 0;
        let output = match self {
            Kind::Chain => run.tasks(&["A", "B", "Last"]),
            Kind::Loop => {
                while run.data["item"].as_u64() < run.data["times"].as_u64() {
                    run.tasks(&["Do"]);
                    run.data["item"] = json!(number(&run.data["item"]) + 1);
                }
                // The Pass names its members, in this order.
                run.data.clone()
            }
            Kind::Map => run.items("Try"),
            Kind::Parallel => {
                let (mut first, mut second) = (run.clone(), run.clone());
                let outputs = json!([first.tasks(&["A", "B"]), second.tasks(&["C"]), run.items("Item")]);
                run.attempts.extend(first.attempts.into_iter().chain(second.attempts));
                outputs
            }
            Kind::Wait => run.tasks(&["A", "B"]),
            Kind::Retry => run.tasks(&["Try", "B"]),
            Kind::Catch => run.caught(),
            Kind::Callback => run.tasks(&["Ask", "B"]),
            Kind::Activity => run.tasks(&[ACT, "B"]),
            Kind::Doomed => run.tasks(&["A"]),
            Kind::Stopped => run.tasks(&[NEVER]),
            Kind::Redriven => {
                redrives = 1;
                run.tasks(&["A"]);
                run.task("Redo", 0, 1);
                run.data["item"] = json!(1);
                run.tasks(&["Redo"]);
                run.data["item"] = json!(0);
                run.tasks(&["B"])
            }
        };
        let end = match self {
            Kind::Doomed => End::Failed("Doomed", "as it must"),
            Kind::Stopped => End::Aborted("Enough", "stopped by hand"),
            _ => End::Succeeded(output),
        };
        Expected { end, attempts: run.attempts, sequence: run.sequence, redrives }
    }
}

/// What a task makes of its input.
pub fn result(at: &str, item: u64, n: u64) -> u64 {
    let state: u64 = at.bytes().map(u64::from).sum();
    (n * 31 + item * 7 + state) % 1_000_003
}

/// Why an attempt fails, if it does.
pub fn failure(at: &str, item: u64, fails: u64, attempt: u32) -> Option<(&'static str, String)> {
    match at {
        "Try" if u64::from(attempt) < fails => Some(("Again", format!("attempt {attempt}"))),
        "Redo" if item == 0 => Some(("NotYet", "redrive it".to_owned())),
        _ => None,
    }
}

/// An execution, worked out.
#[derive(Clone)]
struct Run {
    attempts: BTreeMap<TaskKey, u32>,
    sequence: Vec<TaskKey>,
    data: Json,
}

impl Run {
    fn on(data: Json) -> Run {
        Run { attempts: BTreeMap::new(), sequence: Vec::new(), data }
    }

    fn task(&mut self, at: &str, item: u64, attempts: u32) {
        let task = (at.to_owned(), item);
        self.attempts.insert(task.clone(), attempts);
        self.sequence.push(task);
    }

    fn tasks(&mut self, states: &[&str]) -> Json {
        for at in states {
            let (item, n, fails) = (number(&self.data["item"]), number(&self.data["n"]), number(&self.data["fails"]));
            let failing = if *at == "Try" { fails as u32 } else { 0 };
            self.task(at, item, failing + 1);
            self.data["n"] = json!(result(at, item, n));
        }
        self.data.clone()
    }

    fn items(&mut self, at: &str) -> Json {
        let items = self.data["items"].as_array().cloned().unwrap_or_default();
        let results = items.into_iter().map(|item| {
            let mut run = Run::on(item);
            let output = run.tasks(&[at]);
            self.attempts.extend(run.attempts);
            output["n"].clone()
        });
        results.collect()
    }

    fn caught(&mut self) -> Json {
        if number(&self.data["fails"]) < 2 {
            return self.tasks(&["Try", "B"]);
        }
        self.task("Try", 0, 2);
        self.data["error"] = json!({ "Error": "Again", "Cause": "attempt 1" });
        self.tasks(&["B"])
    }
}

fn number(value: &Json) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Most are small; some are longer than what is kept beside the rows.
fn blob_bytes(chance: u64) -> usize {
    match chance % 4 {
        0 => 40_000,
        1 => 5_000,
        _ => 10,
    }
}

/// A number that depends on both, and on nothing else.
pub fn mix(name: &str, what: u64) -> u64 {
    let mut state = what.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1;
    for byte in name.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        state ^= state >> 29;
    }
    state ^= state >> 30;
    state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state ^ state >> 31
}

fn with(mut one: Json, other: Json) -> Json {
    if let (Some(one), Json::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

fn arguments(at: &str) -> Json {
    json!({ "at": at, "item.$": "$.item", "n.$": "$.n", "fails.$": "$.fails" })
}

fn task(at: &str, rest: Json) -> Json {
    let resource = "arn:aws:lambda:us-east-1:123456789012:function:f";
    with(json!({ "Type": "Task", "Resource": resource, "Parameters": arguments(at), "ResultPath": "$.n" }), rest)
}

fn callback(at: &str, rest: Json) -> Json {
    let message = with(arguments(at), json!({ "token.$": "$$.Task.Token" }));
    let callback = json!({
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "ResultPath": "$.n",
        "Parameters": { "QueueUrl": "q", "MessageBody": message },
    });
    with(callback, rest)
}

fn map(at: &str, of_task: Json, rest: Json) -> Json {
    let task = with(task(at, json!({ "OutputPath": "$.n", "End": true })), of_task);
    let processor = json!({ "StartAt": at, "States": { at: task } });
    with(json!({ "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor }), rest)
}

fn until(next: &str) -> Json {
    json!({ "Type": "Wait", "TimestampPath": "$.until", "Next": next })
}

fn again(times: u32) -> Json {
    json!([{ "ErrorEquals": ["Again"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": times, "JitterStrategy": "FULL" }])
}
