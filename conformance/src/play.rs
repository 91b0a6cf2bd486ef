//! Plays one case: sets up what it needs, makes its calls, compares, and cleans up.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::case::{Case, Outcome, Refusal, Step};
use crate::compare::{self, Bound, OTHERS};
use crate::compare_history;
use crate::endpoint::{Answer, Endpoint, Identity};
use crate::functions::Functions;
use crate::history::Line;
use crate::outcome::{Finding, Heard};
use crate::references::References;
use crate::workers::{self, Complaints, refused};

/// Pauses between two questions whether something has happened yet.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// How long an execution may show an end that is not the awaited one: reads on AWS may be a little behind.
const GRACE: Duration = Duration::from_secs(2);

/// Parameters that AWS wants as JSON in a string. A case may write them as the value.
const DOCUMENTS: [&str; 7] = ["definition", "input", "output", "context", "variables", "result", "mapItemReaderData"];

/// What all cases of a run share.
pub(crate) struct Stage {
    pub endpoint: Endpoint,
    pub identity: Identity,
    pub functions: Option<Functions>,
    pub role: String,
    pub timeout: Duration,
    /// What is answered is written down: a refusal is an answer like any other.
    pub recording: bool,
}

/// One case on the stage.
struct Play<'a> {
    stage: &'a Stage,
    case: &'a Case,
    unique: String,
    references: References,
    bound: Bound,
    payloads: HashMap<String, UnboundedReceiver<Value>>,
    workers: JoinSet<()>,
    complaints: Complaints,
    made: Vec<(&'static str, Value)>,
    deadline: Instant,
    findings: Vec<Finding>,
    heard: Heard,
}

/// The case cannot go on.
struct Stop(Finding);

impl Stage {
    /// Plays a case. No findings: it passed.
    pub async fn play(&self, case: &Case) -> (Vec<Finding>, Heard) {
        let mut play = Play {
            stage: self,
            case,
            unique: uuid::Uuid::new_v4().simple().to_string()[..8].to_owned(),
            references: References::default(),
            bound: Bound::new(),
            payloads: HashMap::new(),
            workers: JoinSet::new(),
            complaints: Complaints::default(),
            made: Vec::new(),
            deadline: Instant::now() + self.timeout,
            findings: Vec::new(),
            heard: Heard::default(),
        };
        // Steps watch the deadline themselves, and can say what they waited for; this is for calls that hang.
        let late = self.timeout + Duration::from_secs(5);
        match tokio::time::timeout(late, play.go()).await {
            Ok(Ok(())) => {}
            Ok(Err(Stop(finding))) => play.findings.push(finding),
            Err(_) => play.findings.push(Finding::Said(format!("not done within {} s", late.as_secs()))),
        }
        play.clean_up().await;
        let complaints = play.complaints.take();
        play.findings.extend(complaints.into_iter().map(Finding::Said));
        play.heard.references = play.references;
        (play.findings, play.heard)
    }
}

impl Play<'_> {
    async fn go(&mut self) -> Result<(), Stop> {
        self.set_references();
        self.start_functions()?;
        self.start_workers().await?;
        self.refresh_files();
        let machine = self.create_machine().await?;
        match (&self.case.text.expect, machine) {
            (Some(outcome), Some(machine)) => self.run_execution(outcome, &machine).await,
            (Some(_), None) => Err(Stop::said("there is no state machine to run")),
            (None, _) => self.run_steps().await,
        }
    }

    fn set_references(&mut self) {
        let Identity { partition, region, account } = &self.stage.identity;
        let references = &mut self.references;
        references.set("unique", self.unique.as_str());
        references.set("partition", partition.as_str());
        references.set("region", region.as_str());
        references.set("account", account.as_str());
        references.set("role", self.stage.role.as_str());
        references.set("arn", format!("arn:{partition}:states:{region}:{account}"));
        for name in self.case.text.functions.keys() {
            let function = format!("arn:{partition}:lambda:{region}:{account}:function:{name}-{}", self.unique);
            references.set(format!("function:{name}"), function);
        }
    }

    fn start_functions(&mut self) -> Result<(), Stop> {
        let Some(functions) = &self.stage.functions else { return Ok(()) };
        for (name, script) in &self.case.text.functions {
            let script = script.resolved(|value| self.references.resolve(value)).map_err(Stop::said)?;
            let calls = functions.add(&format!("{name}-{}", self.unique), script);
            let (sender, receiver) = workers::payloads();
            self.payloads.insert(name.clone(), receiver);
            let (endpoint, complaints) = (self.stage.endpoint.clone(), self.complaints.clone());
            self.workers.spawn(workers::listen(endpoint, calls, sender, complaints));
        }
        Ok(())
    }

    async fn start_workers(&mut self) -> Result<(), Stop> {
        let case = self.case;
        for (name, acts) in &case.text.activities {
            let parameters = json!({ "name": format!("{name}-{}", self.unique) });
            let answer = self.done("CreateActivity", parameters).await?;
            let arn = text_of(&answer, "activityArn");
            self.references.set(format!("activity:{name}"), arn.as_str());
            let (endpoint, complaints) = (self.stage.endpoint.clone(), self.complaints.clone());
            self.workers.spawn(workers::work(endpoint, arn, acts.clone(), complaints));
        }
        Ok(())
    }

    /// Files may refer to answers of earlier steps; those that do not yet can are left for later.
    fn refresh_files(&mut self) {
        for (file, text) in self.case.files.iter().filter(|(file, _)| file.ends_with(".json") && *file != "case.json") {
            if let Ok(text) = self.references.resolve_text(text) {
                if file == "definition.json" {
                    self.references.set("definition", text.as_str());
                }
                self.references.set(format!("file:{file}"), text);
            }
        }
    }

    async fn create_machine(&mut self) -> Result<Option<String>, Stop> {
        let case = self.case;
        let machine = case.text.machine.clone();
        if machine.is_none() && case.text.expect.is_none() {
            return Ok(None);
        }
        let machine = machine.unwrap_or_default();
        let definition = machine.definition.unwrap_or_else(|| Value::String("${definition}".to_owned()));
        let name = format!("conformance-{}", self.unique);
        let mut parameters = json!({ "name": name, "roleArn": self.stage.role });
        parameters["definition"] = self.references.resolve(&definition).map_err(Stop::said)?;
        if let Some(kind) = machine.kind {
            parameters["type"] = kind.into();
        }
        let answer = self.done("CreateStateMachine", as_documents(parameters)).await?;
        let arn = text_of(&answer, "stateMachineArn");
        self.references.set("machine", arn.as_str());
        self.references.set("machine.name", name);
        Ok(Some(arn))
    }

    async fn run_execution(&mut self, outcome: &Outcome, machine: &str) -> Result<(), Stop> {
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

    fn compare_history(&mut self, what: &str, expected: &[Line], events: &[Value]) -> Result<(), Stop> {
        let resolve = |line: &Line| {
            let mut line = line.clone();
            for (_, value) in &mut line.details {
                *value = self.references.resolve(value).map_err(Stop::said)?;
            }
            Ok(line)
        };
        let expected = expected.iter().map(resolve).collect::<Result<Vec<Line>, Stop>>()?;
        let actual = events.iter().map(Line::of_event).collect::<Result<Vec<Line>, String>>().map_err(Stop::said)?;
        let rows = compare_history::difference(&expected, &actual, self.case.text.concurrent, &mut self.bound);
        if !rows.is_empty() {
            self.findings.push(Finding::History { what: what.to_owned(), rows });
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

    async fn run_steps(&mut self) -> Result<(), Stop> {
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

    /// A call that is no subject of the case and must be done.
    async fn done(&mut self, operation: &str, parameters: Value) -> Result<Answer, Stop> {
        let answer = self.stage.endpoint.call(operation, &parameters).await;
        let answer = answer.map_err(|error| Stop::said(error.to_string()))?;
        self.remember(operation, &answer);
        match answer.is_good() {
            true => Ok(answer),
            false => Err(Stop::said(refused(operation, &answer))),
        }
    }

    /// Notes what has to be cleaned up.
    fn remember(&mut self, operation: &str, answer: &Answer) {
        let (undo, name) = match operation {
            "CreateStateMachine" => ("DeleteStateMachine", "stateMachineArn"),
            "CreateActivity" => ("DeleteActivity", "activityArn"),
            "StartExecution" => ("StopExecution", "executionArn"),
            _ => return,
        };
        if let Some(arn) = answer.body.get(name).filter(|_| answer.is_good()) {
            let made = (undo, json!({ name: arn }));
            if !self.made.contains(&made) {
                self.made.push(made);
            }
        }
    }

    async fn clean_up(&mut self) {
        self.workers.abort_all();
        if let Some(functions) = &self.stage.functions {
            for name in self.case.text.functions.keys() {
                functions.remove(&format!("{name}-{}", self.unique));
            }
        }
        for (undo, parameters) in std::mem::take(&mut self.made).into_iter().rev() {
            // What is gone already cannot be undone, and that is no failure of the case.
            let _ = self.stage.endpoint.call(undo, &parameters).await;
        }
    }
}

impl Stop {
    fn said(what: impl Into<String>) -> Stop {
        Stop(Finding::Said(what.into()))
    }
}

async fn wait(pause: &mut Duration) {
    tokio::time::sleep(*pause).await;
    *pause = (*pause * 3 / 2).min(PAUSE_MAX);
}

/// Whether an execution that should end in one way has ended in another.
fn has_ended_otherwise(until: &Value, answer: &Value) -> bool {
    let (Some(awaited), Some(status)) = (until.get("status"), answer.get("status")) else { return false };
    awaited != status && status != "RUNNING" && status != "PENDING_REDRIVE"
}

fn text_of(answer: &Answer, name: &str) -> String {
    answer.body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
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

/// Writes values as JSON where AWS has JSON in strings.
fn as_documents(parameters: Value) -> Value {
    match parameters {
        Value::Object(members) => Value::Object(members.into_iter().map(as_document).collect()),
        other => other,
    }
}

fn as_document((name, value): (String, Value)) -> (String, Value) {
    let value = match value {
        Value::Object(_) | Value::Array(_) if DOCUMENTS.contains(&name.as_str()) => Value::String(value.to_string()),
        Value::Object(_) => as_documents(value),
        other => other,
    };
    (name, value)
}
