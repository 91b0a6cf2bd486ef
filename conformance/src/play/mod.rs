//! Plays one case: sets up what it needs, makes its calls, compares, and cleans up.

mod execution;
mod parameters;
mod steps;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::case::Case;
use crate::compare::Bound;
use crate::compare_history;
use crate::endpoint::{Answer, Endpoint, Identity};
use crate::functions::Functions;
use crate::history::Line;
use crate::outcome::{Finding, Heard};
use crate::references::References;
use crate::workers::{self, Complaints, refused};
use parameters::as_documents;

/// Pauses between two questions whether something has happened yet.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(500);

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

fn text_of(answer: &Answer, name: &str) -> String {
    answer.body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
