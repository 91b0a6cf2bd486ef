//! The engine inside a program of one's own: `cargo run -p stepwell-engine --example embed [DIRECTORY]`.
//!
//! It registers a state machine whose tasks are plain Rust, starts an execution, waits for its end and shows what
//! happened. Kill it while it waits and run it again on the same directory: the execution goes on where it was.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::{MachineType, Value};
use stepwell_engine::core::Status;
use stepwell_engine::engine::{HistoryQuery, StartExecution};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::{Config, Engine, history_json};

const DEFINITION: &str = r#"{
    "StartAt": "Greet everybody",
    "States": {
        "Greet everybody": {
            "Type": "Map",
            "ItemsPath": "$.names",
            "ItemProcessor": {
                "StartAt": "Greet",
                "States": {
                    "Greet": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet",
                        "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 3 }],
                        "End": true
                    }
                }
            },
            "Next": "Take a breath"
        },
        "Take a breath": { "Type": "Wait", "Seconds": 2, "End": true }
    }
}"#;

/// What Task states call. One call may come twice if the program was killed meanwhile: what it does should bear that.
struct Functions;

#[async_trait]
impl Invoker for Functions {
    async fn invoke(&self, task: &Task) -> Answer {
        match task.input.as_str() {
            Some("Bob") if task.attempt == 0 => Answer::failed("Busy", "Bob is on the phone"),
            Some(name) => Answer::Succeeded(format!("Hello, {name}!").into()),
            None => Answer::failed("NoName", "a name is a string"),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("stepwell-embed"), Into::into);
    let engine = Engine::open(Config::durable(&directory, Arc::new(Functions))).await?;
    let machine = engine.register("greetings", DEFINITION, MachineType::Standard).await?;
    let input = Value::parse(r#"{"names": ["Ann", "Bob"]}"#)?;
    // Starting it again under the same name and with the same input gives the one that runs.
    let start = StartExecution {
        machine_arn: machine.arn.to_string(),
        name: Some("first".to_owned()),
        input,
        ..StartExecution::default()
    };
    match engine.start(start).await {
        Ok(started) => println!("started {} at {}", started.arn, started.started_at),
        Err(error) => println!("not started: {error}"),
    }
    let arn = engine.place().execution("greetings", "first");
    let ended = engine.wait(&arn).await?;
    let query = HistoryQuery { reverse: false, after: None, limit: 1_000 };
    for event in engine.history(&arn, query).await?.events {
        println!("{:>4} {}", event.id, history_json::type_name(&event.kind));
    }
    match ended.status {
        Status::Succeeded(output) => println!("{output}"),
        other => println!("{other:?}"),
    }
    engine.shutdown(Duration::from_secs(10)).await?;
    Ok(())
}
