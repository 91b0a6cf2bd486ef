//! Machines by chance.

use serde_json::{Value as Json, json};
use stepwell_asl::Chance;

/// The comment of a Choice that leads back.
pub const LOOP: &str = "loop";

/// A machine of random states, at most so many machines within each other. `names` counts its states.
pub fn random_machine(dice: &mut Dice, depth: usize, names: &mut u32) -> Json {
    let length = 1 + dice.below(4);
    let own: Vec<String> = (0..length)
        .map(|_| {
            *names += 1;
            format!("S{names}")
        })
        .collect();
    let mut states = serde_json::Map::new();
    for (at, name) in own.iter().enumerate() {
        let mut state = random_state(dice, depth, names, &own[at..]);
        if !["Fail", "Succeed", "Choice"].contains(&state["Type"].as_str().unwrap_or_default()) {
            match own.get(at + 1) {
                Some(next) => state["Next"] = json!(next),
                None => state["End"] = json!(true),
            }
        }
        if state["Type"] == "Task" && !state["Next"].is_null() && dice.one_in(4) {
            repeat(&mut states, name, &mut state);
        }
        states.insert(name.clone(), state);
    }
    json!({ "StartAt": own[0], "States": states })
}

/// Has a state run again until some time has passed: a second at least goes by between two runs.
fn repeat(states: &mut serde_json::Map<String, Json>, name: &str, state: &mut Json) {
    let (wait, again) = (format!("{name}Wait"), format!("{name}Again"));
    let choice = json!({
        "Type": "Choice",
        "Comment": LOOP,
        "Choices": [{ "Variable": "$$.State.EnteredTime", "TimestampLessThan": "2023-11-14T22:13:24Z", "Next": name }],
        "Default": state["Next"].take()
    });
    state["Next"] = json!(wait);
    states.insert(wait, json!({ "Type": "Wait", "Seconds": 1, "Next": again }));
    states.insert(again, choice);
}

/// One state. `own` is its name and those after it: it leads only forward, so every machine ends.
fn random_state(dice: &mut Dice, depth: usize, names: &mut u32, own: &[String]) -> Json {
    let last = own.len() == 1;
    let mut state = match dice.below(if depth == 0 { 6 } else { 10 }) {
        0 => json!({ "Type": "Pass", "Parameters": { "was.$": "$" } }),
        1 => json!({ "Type": "Wait", "Seconds": dice.below(3) }),
        2 if last && dice.one_in(2) => json!({ "Type": "Fail", "Error": "E" }),
        3 if !last => json!({
            "Type": "Choice",
            "Choices": [{ "Variable": "$", "IsString": true, "Next": own[1 + dice.below(own.len() - 1)] }],
            "Default": own[1]
        }),
        6 | 7 => json!({
            "Type": "Parallel",
            "Branches": (0..1 + dice.below(3)).map(|_| random_machine(dice, depth - 1, names)).collect::<Vec<_>>()
        }),
        8 | 9 => json!({
            "Type": "Map",
            "ItemsPath": "$$.Execution.Input",
            "MaxConcurrency": dice.below(3),
            "ItemProcessor": random_machine(dice, depth - 1, names)
        }),
        _ => json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f" }),
    };
    let kind = state["Type"].as_str().unwrap_or_default().to_string();
    if kind == "Task" && dice.one_in(3) {
        state["TimeoutSeconds"] = json!(2 + dice.below(3));
        state["HeartbeatSeconds"] = json!(1);
    }
    if ["Task", "Parallel", "Map"].contains(&&*kind) {
        if dice.one_in(3) {
            state["Retry"] =
                json!([{ "ErrorEquals": ["E", "States.Timeout"], "MaxAttempts": 2, "JitterStrategy": "FULL" }]);
        }
        if dice.one_in(3) && !last {
            let next = &own[1 + dice.below(own.len() - 1)];
            state["Catch"] = json!([{ "ErrorEquals": ["States.ALL"], "Next": next }]);
        }
    }
    state
}

/// The same machine, with some of its Maps in Distributed mode.
pub fn distribute(mut definition: Json, dice: &mut Dice) -> Json {
    fn visit(value: &mut Json, dice: &mut Dice) {
        match value {
            Json::Object(members) => {
                if members.get("Type") == Some(&json!("Map")) && dice.one_in(2) {
                    let kind = ["STANDARD", "EXPRESS"][dice.below(2)];
                    members["ItemProcessor"]["ProcessorConfig"] =
                        json!({ "Mode": "DISTRIBUTED", "ExecutionType": kind });
                    if dice.one_in(2) {
                        members.insert("ToleratedFailureCount".into(), json!(dice.below(3)));
                    }
                    if dice.one_in(2) {
                        members.insert(
                            "ItemSelector".into(),
                            json!({ "item.$": "$$.Map.Item.Value", "id.$": "States.UUID()" }),
                        );
                    }
                }
                members.values_mut().for_each(|value| visit(value, dice));
            }
            Json::Array(items) => items.iter_mut().for_each(|item| visit(item, dice)),
            _ => {}
        }
    }
    visit(&mut definition, dice);
    definition
}

/// The same machine, with some of its tasks as executions that are waited for.
pub fn nest(mut definition: Json, dice: &mut Dice) -> Json {
    fn visit(value: &mut Json, dice: &mut Dice) {
        match value {
            Json::Object(members) => {
                if members.get("Type") == Some(&json!("Task")) && dice.one_in(2) {
                    let machine_arn = "arn:aws:states:us-east-1:000000000000:stateMachine:child";
                    members["Resource"] = json!("arn:aws:states:::states:startExecution.sync");
                    members.insert("Parameters".into(), json!({ "StateMachineArn": machine_arn, "Input.$": "$" }));
                }
                members.values_mut().for_each(|value| visit(value, dice));
            }
            Json::Array(items) => items.iter_mut().for_each(|item| visit(item, dice)),
            _ => {}
        }
    }
    visit(&mut definition, dice);
    definition
}

/// A machine whose tasks never fail and have no time limits.
pub fn steady_machine(seed: u64) -> Json {
    let mut definition = random_machine(&mut Dice::new(seed), 3, &mut 0);
    calm(&mut definition);
    definition
}

fn calm(value: &mut Json) {
    match value {
        Json::Object(members) => {
            for name in ["TimeoutSeconds", "HeartbeatSeconds", "Retry", "Catch"] {
                members.remove(name);
            }
            if let Some(next) = members.get("Default").filter(|_| members.get("Comment") == Some(&json!(LOOP))) {
                *members = json!({ "Type": "Pass", "Next": next }).as_object().cloned().unwrap_or_default();
            }
            if members.get("Type") == Some(&json!("Fail")) {
                *members = json!({ "Type": "Succeed" }).as_object().cloned().unwrap_or_default();
            }
            members.values_mut().for_each(calm);
        }
        Json::Array(items) => items.iter_mut().for_each(calm),
        _ => {}
    }
}

/// Chance that can be repeated.
pub struct Dice(Chance);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(Chance::from_seed([seed, seed.rotate_left(17) ^ 0x9e37, seed.wrapping_mul(0x0100_0000_01b3), 1]))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}
