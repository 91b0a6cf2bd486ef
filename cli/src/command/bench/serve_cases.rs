//! What is measured of an endpoint: executions that answer at once, executions that are kept, a Map, a long history.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde_json::{Value as Json, json};

use super::rates::Latencies;
use super::serve_client::{Client, Target};
use super::work;
use crate::refusal::Refusal;

const ROLE: &str = "arn:aws:iam::123456789012:role/stepwell-bench";

/// How often what takes long is measured.
const TIMES: u64 = 5;

/// Events of one iteration of a Map of one Pass, and those around the iterations.
const EVENTS_EACH: u64 = 4;
const EVENTS_AROUND: u64 = 6;

/// Entries of a page of history, at most.
const PAGE: u64 = 1_000;

/// What one case came to.
pub struct Row {
    pub case: String,
    pub at_once: u64,
    pub count: u64,
    pub seconds: f64,
    /// Transitions of one of them, where that is what counts.
    pub transitions: Option<u64>,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// A state machine that is there for the time of a benchmark.
pub struct Machine {
    target: Target,
    arn: String,
}

impl Machine {
    /// Makes one.
    pub async fn make(target: &Target, name: &str, definition: &Json, kind: &str) -> Result<Machine, Refusal> {
        let unique = stepwell_engine::engine::made_up_name().map_err(Refusal::of_machine)?;
        let name = format!("bench-{name}-{}", &unique[..8]);
        let request = json!({"name": name, "definition": definition.to_string(), "roleArn": ROLE, "type": kind});
        let arn = target.client().text("CreateStateMachine", &request, "stateMachineArn").await?;
        Ok(Machine { target: target.clone(), arn })
    }

    /// Deletes it.
    pub async fn delete(self) -> Result<(), Refusal> {
        let request = json!({"stateMachineArn": self.arn});
        self.target.client().ask("DeleteStateMachine", &request).await.map(drop)
    }

    /// An Express machine from the call to its output, again and again, by so many clients at once.
    pub async fn at_once(&self, at_once: u64, seconds: f64, passes: u64) -> Result<Row, Refusal> {
        let body = json!({"stateMachineArn": self.arn, "input": "{\"id\":7}"}).to_string();
        let body = bytes::Bytes::from(body);
        let once = async |client: &mut Client| client.call("StartSyncExecution", body.clone()).await.map(drop);
        let case = format!("StartSyncExecution of {passes} Pass");
        let row = self.repeat(case, at_once, seconds, once).await?;
        Ok(Row { transitions: Some(passes), ..row })
    }

    /// Executions that are accepted, by so many clients at once.
    pub async fn accepted(&self, at_once: u64, seconds: f64) -> Result<Row, Refusal> {
        let once = async |client: &mut Client| self.start(client, "{\"id\":7}").await.map(drop);
        self.repeat("StartExecution".to_owned(), at_once, seconds, once).await
    }

    /// Executions from their start until they are described as SUCCEEDED.
    pub async fn succeeded(&self, at_once: u64, seconds: f64) -> Result<Row, Refusal> {
        let once = async |client: &mut Client| {
            let execution = self.start(client, "{\"id\":7}").await?;
            finished(client, &execution).await
        };
        self.repeat("StartExecution to SUCCEEDED".to_owned(), at_once, seconds, once).await
    }

    /// A Map over so many items, from its start until it is described as SUCCEEDED.
    pub async fn map(&self, items: u64) -> Result<Row, Refusal> {
        let (mut client, latencies) = (self.target.client(), Latencies::new()?);
        let input = numbers(items);
        let start = Instant::now();
        for _ in 0..TIMES {
            let before = Instant::now();
            let execution = self.start(&mut client, &input).await?;
            finished(&mut client, &execution).await?;
            latencies.record(before.elapsed());
        }
        Ok(row(format!("inline Map of {items}"), 1, start.elapsed(), &latencies))
    }

    /// The whole history of an execution with about so many events, in pages.
    pub async fn history(&self, events: u64) -> Result<Row, Refusal> {
        let (mut client, latencies) = (self.target.client(), Latencies::new()?);
        let items = events.saturating_sub(EVENTS_AROUND) / EVENTS_EACH;
        let execution = self.start(&mut client, &numbers(items)).await?;
        finished(&mut client, &execution).await?;
        let start = Instant::now();
        let mut read = 0;
        for _ in 0..TIMES {
            let before = Instant::now();
            read = read_history(&mut client, &execution).await?;
            latencies.record(before.elapsed());
        }
        Ok(row(format!("GetExecutionHistory of {read} events"), 1, start.elapsed(), &latencies))
    }

    async fn start(&self, client: &mut Client, input: &str) -> Result<String, Refusal> {
        let request = json!({"stateMachineArn": self.arn, "input": input});
        client.text("StartExecution", &request, "executionArn").await
    }

    /// Has so many clients do the same until the time is over.
    async fn repeat(
        &self,
        case: String,
        at_once: u64,
        seconds: f64,
        once: impl AsyncFn(&mut Client) -> Result<(), Refusal>,
    ) -> Result<Row, Refusal> {
        let latencies = Latencies::new()?;
        let start = Instant::now();
        let end = start + Duration::from_secs_f64(seconds);
        try_join_all((0..at_once).map(async |_| {
            let mut client = self.target.client();
            loop {
                let before = Instant::now();
                if before >= end {
                    return Ok::<(), Refusal>(());
                }
                once(&mut client).await?;
                latencies.record(before.elapsed());
            }
        }))
        .await?;
        Ok(row(case, at_once, start.elapsed(), &latencies))
    }
}

fn row(case: String, at_once: u64, took: Duration, latencies: &Latencies) -> Row {
    Row {
        case,
        at_once,
        count: latencies.count(),
        seconds: took.as_secs_f64(),
        transitions: None,
        p50_ms: latencies.ms(0.5),
        p99_ms: latencies.ms(0.99),
    }
}

/// Asks until an execution has succeeded.
async fn finished(client: &mut Client, execution: &str) -> Result<(), Refusal> {
    let request = json!({ "executionArn": execution });
    loop {
        match client.text("DescribeExecution", &request, "status").await?.as_str() {
            "RUNNING" => tokio::task::yield_now().await,
            "SUCCEEDED" => return Ok(()),
            other => return Err(Refusal::new(format!("{execution} is {other}"))),
        }
    }
}

async fn read_history(client: &mut Client, execution: &str) -> Result<usize, Refusal> {
    let (mut read, mut next) = (0, Json::Null);
    loop {
        let request = json!({"executionArn": execution, "maxResults": PAGE, "nextToken": next});
        let mut page = client.ask("GetExecutionHistory", &request).await?;
        read += page["events"].as_array().map_or(0, Vec::len);
        next = page["nextToken"].take();
        if next.is_null() {
            return Ok(read);
        }
    }
}

/// A Map of one Pass.
pub fn map() -> Json {
    let processor = work::chain(1);
    json!({ "StartAt": "Map", "States": { "Map": { "Type": "Map", "ItemProcessor": processor, "End": true } } })
}

fn numbers(count: u64) -> String {
    Json::from_iter(0..count).to_string()
}
