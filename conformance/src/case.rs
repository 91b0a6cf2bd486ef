//! A case as it is written: `case.json` beside `definition.json` and `history.txt`. What a case does not know is an
//! error, so that no misspelt expectation goes unchecked.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::Trouble;
use crate::files::Files;
use crate::history::{self, Line};
use crate::script::{Act, Script, present};

/// What cases are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be compared with what an endpoint answers.
    Play,
    /// To write down what an endpoint answers: an execution need not say how it ends.
    Record,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// `feature/case`
    pub name: String,
    /// What it says.
    pub text: CaseText,
    /// The other files of its directory, by name.
    pub files: BTreeMap<String, String>,
    /// Its files that hold a history, by name.
    pub histories: BTreeMap<String, Vec<Line>>,
}

/// `case.json`. It has either `expect`, and is an execution, or `steps`, and is a sequence of calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaseText {
    /// In a sentence: what AWS does.
    pub about: String,
    /// The state machine. An execution has one even where nothing is said about it.
    pub machine: Option<Machine>,
    /// The functions it calls, by name.
    pub functions: BTreeMap<String, Script>,
    /// The activities it has, by name, with what a worker does with each task in order.
    pub activities: BTreeMap<String, Vec<Act>>,
    /// The execution's input. The default: `{}`.
    #[serde(deserialize_with = "present")]
    pub input: Option<Value>,
    /// What becomes of the execution.
    pub expect: Option<Outcome>,
    /// Events of branches that run at the same time may come in any order.
    pub concurrent: bool,
    /// Calls of the API.
    pub steps: Vec<Step>,
}

/// The state machine that is created before anything else.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Machine {
    /// `STANDARD` (the default) or `EXPRESS`, whose executions are started synchronously.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Instead of `definition.json`.
    pub definition: Option<Value>,
}

/// How an execution ends. What is not written must not be there.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Outcome {
    /// `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// The output.
    #[serde(deserialize_with = "present")]
    pub output: Option<Value>,
    /// The error's name.
    #[serde(deserialize_with = "present")]
    pub error: Option<Value>,
    /// Its cause.
    #[serde(deserialize_with = "present")]
    pub cause: Option<Value>,
}

/// One step of a sequence: a call, or waiting until a function has been called.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The operation.
    pub call: Option<String>,
    /// Its parameters. Objects and arrays where AWS has JSON in a string are sent as such.
    #[serde(deserialize_with = "present")]
    pub with: Option<Value>,
    /// The request's body as it is sent, instead of `with`.
    pub body: Option<String>,
    /// The name under which later steps refer to the answer.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// The answer.
    pub expect: Option<Value>,
    /// The error.
    pub error: Option<Refusal>,
    /// The call is repeated until the answer has at least this.
    pub until: Option<Value>,
    /// The answer's `events` are those of this file.
    pub history: Option<String>,
    /// Waits until this function has been called once more; the answer is the payload.
    pub called: Option<String>,
}

/// An error of the API.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// `StateMachineDoesNotExist`, for one.
    pub code: String,
    /// The message. Left out: any.
    pub message: Option<Value>,
    /// The HTTP status.
    #[serde(default = "bad_request")]
    pub status: u16,
    /// What else the body of the answer has.
    #[serde(default)]
    pub also: BTreeMap<String, Value>,
}

fn bad_request() -> u16 {
    400
}

impl Case {
    /// The feature it belongs to.
    pub fn feature(&self) -> &str {
        self.name.split_once('/').map_or("", |(feature, _)| feature)
    }

    /// Whether it needs functions.
    pub fn needs_functions(&self) -> bool {
        !self.text.functions.is_empty()
    }

    /// Whether executions of its state machine are Express ones.
    pub fn is_express(&self) -> bool {
        self.text.machine.as_ref().and_then(|machine| machine.kind.as_deref()) == Some("EXPRESS")
    }

    /// Whether `text` is in its name or in what it is about.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.name.to_lowercase().contains(&text) || self.text.about.to_lowercase().contains(&text)
    }

    fn read(name: &str, files: BTreeMap<String, String>, purpose: Purpose) -> Result<Case, String> {
        let text = files.get("case.json").ok_or("there is no case.json")?;
        let mut text: CaseText = serde_json::from_str(text).map_err(|error| format!("case.json: {error}"))?;
        if purpose == Purpose::Record && text.steps.is_empty() {
            text.expect.get_or_insert_default();
        }
        let mut histories = BTreeMap::new();
        for (file, text) in files.iter().filter(|(file, _)| file.ends_with(".txt")) {
            let lines = history::parse(text).map_err(|(line, why)| format!("{file}:{line}: {why}"))?;
            histories.insert(file.clone(), lines);
        }
        let case = Case { name: name.to_owned(), text, files, histories };
        case.check()?;
        Ok(case)
    }

    fn check(&self) -> Result<(), String> {
        let text = &self.text;
        if text.about.trim().is_empty() {
            return Err("`about` is missing: a sentence that says what AWS does".to_owned());
        }
        for script in text.functions.values() {
            script.replies().iter().try_for_each(crate::script::Reply::check)?;
        }
        text.activities.values().flatten().try_for_each(Act::check)?;
        match (&text.expect, text.steps.is_empty()) {
            (Some(_), true) => self.check_execution(),
            (None, false) => self.check_steps(),
            (Some(_), false) | (None, true) => Err("either `expect` or `steps` is needed".to_owned()),
        }
    }

    fn check_execution(&self) -> Result<(), String> {
        let given = self.text.machine.as_ref().is_some_and(|machine| machine.definition.is_some());
        if given == self.files.contains_key("definition.json") {
            return Err("an execution needs a definition: definition.json, or in `machine`".to_owned());
        }
        let of_this = |file: &&String| !["case.json", "definition.json", "history.txt"].contains(&file.as_str());
        match self.files.keys().find(of_this) {
            Some(file) => Err(format!("{file} is not used")),
            None if self.is_express() && self.files.contains_key("history.txt") => {
                Err("an Express execution has no history to ask for".to_owned())
            }
            None => Ok(()),
        }
    }

    fn check_steps(&self) -> Result<(), String> {
        if self.text.input.is_some() {
            return Err("`input` is an execution's; calls have theirs in `with`".to_owned());
        }
        let wrong = |at: usize, why: &str| Err(format!("step {}: {why}", at + 1));
        for (at, step) in self.text.steps.iter().enumerate() {
            if step.call.is_some() == step.called.is_some() {
                return wrong(at, "either `call` or `called` is needed");
            }
            if step.body.is_some() && step.with.is_some() {
                return wrong(at, "`body` and `with` are two ways to say the same");
            }
            let asks = step.expect.is_some() || step.until.is_some() || step.history.is_some();
            if step.error.is_some() && asks {
                return wrong(at, "a call that is refused has no answer");
            }
            if let Some(file) = step.history.as_ref().filter(|file| !self.histories.contains_key(*file)) {
                return wrong(at, &format!("there is no {file}"));
            }
            if let Some(function) = step.called.as_ref().filter(|name| !self.text.functions.contains_key(*name)) {
                return wrong(at, &format!("there is no function {function}"));
            }
        }
        Ok(())
    }
}

/// All cases in these files, in the order of their names. A file that belongs to none is an error.
pub fn read(files: &Files, purpose: Purpose) -> Result<Vec<Case>, Trouble> {
    let mut directories: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for (path, text) in &files.0 {
        match path.rsplit_once('/') {
            Some((directory, file)) if directory.contains('/') => {
                directories.entry(directory).or_default().insert(file.to_owned(), text.clone());
            }
            Some(_) => return Err(Trouble::wrong_case(path, "a case is a directory in that of a feature")),
            None if path == crate::gaps::FILE => {}
            None => return Err(Trouble::wrong_case(path, "it belongs to no case")),
        }
    }
    let one = |(name, files)| Case::read(name, files, purpose).map_err(|why| Trouble::wrong_case(name, &why));
    directories.into_iter().map(one).collect()
}
