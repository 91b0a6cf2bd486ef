//! The API under test: an engine in memory with one of everything that requests can name.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stepwell_api::{Api, ApiError, Options, operation_names};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::{Config, Engine, store};

pub const ROLE: &str = "arn:aws:iam::123456789012:role/any";
pub const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const FAILING: &str = r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E","Cause":"C"}}}"#;
const WAITING: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1000000,"End":true}}}"#;
const CALLBACK: &str = r#"{"StartAt":"C","States":{"C":{"Type":"Task","End":true,
    "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters":{"QueueUrl":"queue","MessageBody.$":"$$.Task.Token"}}}}"#;
const DISTRIBUTED: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{
    "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
    "StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1000000,"End":true}}}}}}"#;

/// What the requests name. What an operation makes that is not served yet is a name of the right form.
pub struct Names {
    /// Different in every set of names.
    pub number: u64,
    pub machine: String,
    pub express: String,
    pub doomed: String,
    pub version: String,
    pub doomed_version: String,
    pub alias: String,
    pub doomed_alias: String,
    pub activity: String,
    pub doomed_activity: String,
    pub running: String,
    pub ended: String,
    pub failed: String,
    pub map_run: String,
    /// Of three callbacks.
    pub tokens: Vec<String>,
}

/// Keeps the tokens of callbacks, and answers everything at once.
#[derive(Default)]
struct Tokens(Mutex<Vec<String>>);

#[async_trait]
impl Invoker for Tokens {
    async fn invoke(&self, task: &Task) -> Answer {
        if let Some(token) = &task.token {
            self.0.lock().unwrap().push(token.to_string());
        }
        Answer::Succeeded(task.input.clone())
    }
}

/// An API, and the tokens its engine gave away.
pub struct World {
    pub api: Arc<Api>,
    tokens: Arc<Tokens>,
}

impl World {
    /// Polls last as long as is said.
    pub async fn open(poll: Duration) -> World {
        let tokens = Arc::new(Tokens::default());
        let engine = Engine::open(Config::new(store::Options::memory(), tokens.clone())).await.unwrap();
        World { api: Arc::new(Api::new(engine, Options { poll, ..Options::default() })), tokens }
    }

    /// Calls an operation.
    pub async fn call(&self, operation: &str, request: &Value) -> Result<Value, ApiError> {
        self.api.call(Some(&format!("AWSStepFunctions.{operation}")), request.to_string().as_bytes()).await
    }

    /// The member of an answer, or what stands for it where the operation is not served.
    async fn made(&self, operation: &str, request: Value, member: &str, otherwise: String) -> String {
        if !operation_names().any(|name| name == operation) {
            return otherwise;
        }
        let answer = self.call(operation, &request).await.unwrap_or_else(|why| panic!("{operation}: {why:?}"));
        answer[member].as_str().unwrap_or_else(|| panic!("{operation}: {answer}")).to_owned()
    }

    async fn machine(&self, name: &str, definition: &str, kind: &str) -> String {
        let request = json!({"name": name, "definition": definition, "roleArn": ROLE, "type": kind});
        self.made("CreateStateMachine", request, "stateMachineArn", String::new()).await
    }

    async fn started(&self, machine: &str) -> String {
        let request = json!({"stateMachineArn": machine, "input": "[1,2]"});
        self.made("StartExecution", request, "executionArn", String::new()).await
    }

    async fn ended(&self, machine: &str) -> String {
        let execution = self.started(machine).await;
        self.api.engine().wait(&execution).await.unwrap();
        execution
    }

    async fn version(&self, machine: &str, number: u32) -> String {
        let request = json!({"stateMachineArn": machine, "description": number.to_string()});
        let otherwise = format!("{machine}:{number}");
        self.made("PublishStateMachineVersion", request, "stateMachineVersionArn", otherwise).await
    }

    async fn alias(&self, machine: &str, version: &str, name: &str) -> String {
        let routing = json!([{"stateMachineVersionArn": version, "weight": 100}]);
        let request = json!({"name": name, "routingConfiguration": routing});
        self.made("CreateStateMachineAlias", request, "stateMachineAliasArn", format!("{machine}:{name}")).await
    }

    async fn activity(&self, name: &str) -> String {
        self.made("CreateActivity", json!({ "name": name }), "activityArn", String::new()).await
    }

    async fn callback(&self, machine: &str) -> String {
        self.started(machine).await;
        loop {
            if let Some(token) = self.tokens.0.lock().unwrap().pop() {
                return token;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn map_run(&self, machine: Option<String>) -> String {
        let otherwise = "arn:aws:states:us-east-1:123456789012:mapRun:m/l:00000000-0000-0000-0000-000000000000";
        let (Some(machine), true) = (machine, operation_names().any(|name| name == "ListMapRuns")) else {
            return otherwise.to_owned();
        };
        let execution = self.started(&machine).await;
        loop {
            let runs = self.call("ListMapRuns", &json!({ "executionArn": execution })).await.unwrap();
            if let Some(arn) = runs["mapRuns"][0]["mapRunArn"].as_str() {
                return arn.to_owned();
            }
            tokio::task::yield_now().await;
        }
    }

    /// Makes one of everything, under new names.
    pub async fn names(&self, number: u64) -> Names {
        let machine = self.machine(&format!("pass-{number}"), PASS, "STANDARD").await;
        let waiting = self.machine(&format!("waiting-{number}"), WAITING, "STANDARD").await;
        let failing = self.machine(&format!("failing-{number}"), FAILING, "STANDARD").await;
        let callback = self.machine(&format!("callback-{number}"), CALLBACK, "STANDARD").await;
        let update = json!({"stateMachineArn": machine, "definition": PASS.replace("\"P\"", "\"Q\"")});
        let version = self.version(&machine, 1).await;
        self.made("UpdateStateMachine", update, "revisionId", String::new()).await;
        let distributed = match operation_names().any(|name| name == "ListMapRuns") {
            true => Some(self.machine(&format!("distributed-{number}"), DISTRIBUTED, "STANDARD").await),
            false => None,
        };
        let mut tokens = Vec::new();
        for _ in 0..3 {
            tokens.push(self.callback(&callback).await);
        }
        Names {
            number,
            express: self.machine(&format!("express-{number}"), PASS, "EXPRESS").await,
            doomed: self.machine(&format!("doomed-{number}"), PASS, "STANDARD").await,
            doomed_version: self.version(&machine, 2).await,
            alias: self.alias(&machine, &version, "live").await,
            doomed_alias: self.alias(&machine, &version, "doomed").await,
            activity: self.activity(&format!("activity-{number}")).await,
            doomed_activity: self.activity(&format!("doomed-{number}")).await,
            running: self.started(&waiting).await,
            ended: self.ended(&machine).await,
            failed: self.ended(&failing).await,
            map_run: self.map_run(distributed).await,
            tokens,
            version,
            machine,
        }
    }
}
