//! A case that is an execution: it is started, and its end and its history are compared.

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{PAUSE_MIN, Play, Stop, text_of, wait};
use crate::case::Outcome;
use crate::compare;
use crate::outcome::Finding;

impl Play<'_> {
    pub(super) async fn run_execution(&mut self, outcome: &Outcome, machine: &str) -> Result<(), Stop> {
        let input = self.case.text.input.clone().unwrap_or_else(|| json!({}));
        let input = self.references.resolve(&input).map_err(Stop::said)?.to_string();
        let start = json!({ "stateMachineArn": machine, "name": format!("run-{}", self.unique), "input": input });
        let end = match self.case.is_express() {
            true => self.done("StartSyncExecution", start).await?.body,
            false => self.run_standard(start).await?,
        };
        self.heard.end = Some(end.clone());
        self.compare_outcome(outcome, &end)?;
        if self.case.is_express() {
            return Ok(());
        }
        self.heard.events = self.events(&end["executionArn"]).await?;
        if let Some(expected) = self.case.histories.get("history.txt") {
            let events = self.heard.events.clone();
            self.compare_history("history.txt", expected, &events)?;
        }
        Ok(())
    }

    async fn run_standard(&mut self, start: Value) -> Result<Value, Stop> {
        let execution = text_of(&self.done("StartExecution", start).await?, "executionArn");
        self.references.set("execution", execution.as_str());
        let ask = json!({ "executionArn": execution });
        let mut pause = PAUSE_MIN;
        loop {
            let answer = self.done("DescribeExecution", ask.clone()).await?.body;
            if answer["status"] != "RUNNING" {
                return Ok(answer);
            }
            if Instant::now() > self.deadline {
                let last = self.events(&ask["executionArn"]).await?.last().map_or(String::new(), Value::to_string);
                return Err(Stop::said(format!("the execution does not end; its last event: {last}")));
            }
            wait(&mut pause).await;
        }
    }

    fn compare_outcome(&mut self, outcome: &Outcome, end: &Value) -> Result<(), Stop> {
        let mut expected = Map::from_iter([("status".to_owned(), outcome.status.as_str().into())]);
        let mut actual = Map::from_iter([("status".to_owned(), end["status"].clone())]);
        for (name, value) in [("output", &outcome.output), ("error", &outcome.error), ("cause", &outcome.cause)] {
            if let Some(value) = value {
                expected.insert(name.to_owned(), self.references.resolve(value).map_err(Stop::said)?);
            }
            if let Some(value) = end.get(name).filter(|value| !value.is_null()) {
                let text = value.as_str().filter(|_| name == "output");
                let parsed = text.and_then(|text| serde_json::from_str(text).ok());
                actual.insert(name.to_owned(), parsed.unwrap_or_else(|| value.clone()));
            }
        }
        let differences = compare::differences(&Value::Object(expected), &Value::Object(actual), &mut self.bound);
        if !differences.is_empty() {
            self.findings.push(Finding::Differs { what: "the execution".to_owned(), differences });
        }
        Ok(())
    }

    async fn events(&mut self, execution: &Value) -> Result<Vec<Value>, Stop> {
        let mut events = Vec::new();
        let mut ask = json!({ "executionArn": execution, "maxResults": 1000 });
        loop {
            let page = self.done("GetExecutionHistory", ask.clone()).await?.body;
            events.extend(page["events"].as_array().into_iter().flatten().cloned());
            match page.get("nextToken") {
                Some(Value::String(token)) => ask["nextToken"] = token.as_str().into(),
                Some(_) | None => return Ok(events),
            }
        }
    }
}
