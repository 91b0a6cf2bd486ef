//! A case that is a sequence of calls: each is made, and its answer compared.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::parameters::as_documents;
use super::{PAUSE_MIN, Play, Stop, wait};
use crate::case::{Refusal, Step};
use crate::compare::{self, OTHERS};
use crate::endpoint::Answer;
use crate::outcome::Finding;
use crate::workers::refused;

/// How long an execution may show an end that is not the awaited one: reads on AWS may be a little behind.
const GRACE: Duration = Duration::from_secs(2);

impl Play<'_> {
    pub(super) async fn run_steps(&mut self) -> Result<(), Stop> {
        let case = self.case;
        for (at, step) in case.text.steps.iter().enumerate() {
            self.refresh_files();
            let what = |operation: &str| format!("step {}, {operation}", at + 1);
            let answer = match (&step.call, &step.called) {
                (Some(operation), _) => Some(self.make_call(operation, step, &what(operation)).await?),
                (None, Some(function)) => {
                    let payload = self.wait_for_function(function).await?;
                    self.keep(step, &payload);
                    self.compare_answer(step, &payload, &what(function))?;
                    None
                }
                (None, None) => None,
            };
            self.heard.answers.push(answer.map(|answer| (answer.status, answer.body)));
        }
        Ok(())
    }

    async fn make_call(&mut self, operation: &str, step: &Step, what: &str) -> Result<Answer, Stop> {
        let body = match &step.body {
            Some(body) => self.references.resolve_text(body).map_err(Stop::said)?,
            None => {
                let parameters = step.with.clone().unwrap_or_else(|| json!({}));
                as_documents(self.references.resolve(&parameters).map_err(Stop::said)?).to_string()
            }
        };
        let mut pause = PAUSE_MIN;
        let mut last = self.deadline;
        let answer = loop {
            let answer = self.stage.endpoint.send(operation, body.clone()).await;
            let answer = answer.map_err(|error| Stop::said(error.to_string()))?;
            let Some(until) = &step.until else { break answer };
            let until = others_allowed(self.references.resolve(until).map_err(Stop::said)?);
            let differences = compare::differences(&until, &answer.body, &mut self.bound.clone());
            if differences.is_empty() {
                break answer;
            }
            if !answer.is_good() || Instant::now() > last {
                return Err(Stop(Finding::Differs { what: format!("{what}, waited for"), differences }));
            }
            if has_ended_otherwise(&until, &answer.body) {
                last = last.min(Instant::now() + GRACE);
            }
            wait(&mut pause).await;
        };
        self.remember(operation, &answer);
        match &step.error {
            Some(refusal) => self.compare_refusal(refusal, &answer, what)?,
            None if !answer.is_good() && self.stage.recording => {}
            None if !answer.is_good() => return Err(Stop::said(format!("{what}: {}", refused(operation, &answer)))),
            None => {
                self.keep(step, &answer.body);
                self.compare_answer(step, &answer.body, what)?;
            }
        }
        Ok(answer)
    }

    fn keep(&mut self, step: &Step, answer: &Value) {
        if let Some(name) = &step.name {
            self.references.set(name.as_str(), answer.clone());
        }
    }

    fn compare_answer(&mut self, step: &Step, answer: &Value, what: &str) -> Result<(), Stop> {
        if let Some(expected) = &step.expect {
            let expected = self.references.resolve(expected).map_err(Stop::said)?;
            let differences = compare::differences(&expected, answer, &mut self.bound);
            if !differences.is_empty() {
                self.findings.push(Finding::Differs { what: what.to_owned(), differences });
            }
        }
        if let Some((file, lines)) = step.history.as_ref().and_then(|file| self.case.histories.get_key_value(file)) {
            let events = answer["events"].as_array().cloned().unwrap_or_default();
            self.compare_history(&format!("{what}, {file}"), lines, &events)?;
        }
        Ok(())
    }

    fn compare_refusal(&mut self, refusal: &Refusal, answer: &Answer, what: &str) -> Result<(), Stop> {
        let mut expected = json!({ "status": refusal.status, "code": refusal.code });
        let mut actual = json!({ "status": answer.status, "code": answer.code() });
        if let Some(message) = &refusal.message {
            expected["message"] = self.references.resolve(message).map_err(Stop::said)?;
            actual["message"] = answer.message().map_or(Value::Null, Value::from);
        }
        for (name, value) in &refusal.also {
            expected[name] = self.references.resolve(value).map_err(Stop::said)?;
            actual[name] = answer.body.get(name).cloned().unwrap_or_default();
        }
        let differences = compare::differences(&expected, &actual, &mut self.bound);
        if !differences.is_empty() {
            self.findings.push(Finding::Differs { what: what.to_owned(), differences });
        }
        Ok(())
    }

    async fn wait_for_function(&mut self, name: &str) -> Result<Value, Stop> {
        let payloads = self.payloads.get_mut(name).ok_or_else(|| Stop::said(format!("{name} is not served")))?;
        match tokio::time::timeout_at(self.deadline, payloads.recv()).await {
            Ok(Some(payload)) => Ok(payload),
            Ok(None) | Err(_) => Err(Stop::said(format!("{name} was not called"))),
        }
    }
}

/// Every object may have other members.
fn others_allowed(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Map<String, Value> =
                members.into_iter().map(|(name, value)| (name, others_allowed(value))).collect();
            members.insert(OTHERS.to_owned(), true.into());
            Value::Object(members)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(others_allowed).collect()),
        other => other,
    }
}

/// Whether an execution that should end in one way has ended in another.
fn has_ended_otherwise(until: &Value, answer: &Value) -> bool {
    let (Some(awaited), Some(status)) = (until.get("status"), answer.get("status")) else { return false };
    awaited != status && status != "RUNNING" && status != "PENDING_REDRIVE"
}
