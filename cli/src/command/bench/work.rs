//! The executions that are measured: their definitions, and an invoker within the process that answers at once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use stepwell_asl::{MachineType, Text, Value};
use stepwell_engine::core::Limits;
use stepwell_engine::engine::StartExecution;
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::store::{Kind, Options};
use stepwell_engine::{Config, Engine};

use crate::refusal::Refusal;

/// How long an engine has to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the tokens of callbacks go.
pub type Tokens = Box<dyn Fn(&Text) + Send + Sync>;

/// Answers with the input, and passes tokens on.
struct Echo(Tokens);

#[async_trait]
impl Invoker for Echo {
    async fn invoke(&self, task: &Task) -> Answer {
        if let Some(token) = &task.token {
            (self.0)(token);
        }
        Answer::Succeeded(task.input.clone())
    }
}

/// An engine without limits on a store in this directory.
pub async fn open(kind: Kind, directory: &Path, tokens: Tokens) -> Result<Engine, Refusal> {
    let store = Options { kind, directory: Some(directory.to_owned()), ..Options::memory() };
    let config = Config { limits: Limits::OFF, retain: None, ..Config::new(store, Arc::new(Echo(tokens))) };
    Ok(Engine::open(config).await?)
}

/// Nobody wants the tokens.
pub fn no_tokens() -> Tokens {
    Box::new(|_| {})
}

/// Ends an engine.
pub async fn close(engine: Engine) -> Result<(), Refusal> {
    Ok(engine.shutdown(PATIENCE).await?)
}

/// Registers a state machine and gives its ARN.
pub async fn register(engine: &Engine, name: &str, definition: &Json) -> Result<String, Refusal> {
    let machine = engine.register(name, &definition.to_string(), MachineType::Standard).await?;
    Ok(machine.arn.to_string())
}

/// Starts an execution and gives its ARN.
pub async fn start(engine: &Engine, machine_arn: &str, name: String, input: Value) -> Result<Text, Refusal> {
    let start =
        StartExecution { machine_arn: machine_arn.to_owned(), name: Some(name), input, ..StartExecution::default() };
    Ok(engine.start(start).await?.arn)
}

/// One task.
pub fn one_task() -> Json {
    json!({ "StartAt": "Task", "States": { "Task": task() } })
}

/// So many Pass states, one after the other.
pub fn chain(passes: u64) -> Json {
    let state = |number: u64| match number + 1 < passes {
        true => (format!("P{number}"), json!({ "Type": "Pass", "Next": format!("P{}", number + 1) })),
        false => (format!("P{number}"), json!({ "Type": "Pass", "End": true })),
    };
    let states: serde_json::Map<String, Json> = (0..passes).map(state).collect();
    json!({ "StartAt": "P0", "States": states })
}

/// A task for every item.
pub fn map() -> Json {
    let processor = json!({ "StartAt": "Task", "States": { "Task": task() } });
    json!({ "StartAt": "Map", "States": { "Map": { "Type": "Map", "ItemProcessor": processor, "End": true } } })
}

/// A callback that somebody must answer.
pub fn callback() -> Json {
    json!({ "StartAt": "Ask", "States": { "Ask": {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        "Parameters": { "QueueUrl": "queue", "MessageBody.$": "$$.Task.Token" }
    } } })
}

/// A Wait.
pub fn wait(seconds: u64) -> Json {
    json!({ "StartAt": "Wait", "States": { "Wait": { "Type": "Wait", "Seconds": seconds, "End": true } } })
}

/// The input of the executions: a small order.
pub fn input(number: u64) -> Value {
    Value::from(json!({ "id": number, "customer": "Ada Lovelace", "items": ["tea", "cups"], "price": 12.5 }))
}

fn task() -> Json {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:echo", "End": true })
}
