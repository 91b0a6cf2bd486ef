//! Mocks in the format of Step Functions Local: a file that says what the Task states of a state machine are answered in
//! each test case.
//!
//! ```json
//! {
//!   "StateMachines": { "orders": { "TestCases": { "HappyPath": { "Charge": "Charged" } } } },
//!   "MockedResponses": { "Charged": { "0-1": { "Throw": { "Error": "E", "Cause": "why" } }, "2": { "Return": {} } } }
//! }
//! ```
//!
//! As Step Functions Local does, a response that is not there is told by the state that wants it and by nothing before.
//! What is there must have the right form: the whole file is refused otherwise, with the place.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use stepwell_asl::Value;

use crate::core::{TestCase, calls_of};

/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Names that are listed where another one was asked for.
const LISTED_MAX: usize = 10;

/// A file with mocks.
#[derive(Clone, Debug)]
pub struct MockConfig {
    path: PathBuf,
    machines: Map<String, Json>,
    responses: Map<String, Json>,
}

/// A test case that is not there: what is wrong, and what is there.
pub type NoTestCase = String;

impl MockConfig {
    /// Reads a file. The error names it, and what is wrong with it.
    pub fn load(path: &Path) -> Result<MockConfig, String> {
        let of_file = |why: String| format!("{}: {why}", path.display());
        let length = path.metadata().map_err(|error| of_file(error.to_string()))?.len();
        if length > FILE_BYTES_MAX {
            return Err(of_file(format!("it has {length} bytes, and at most {FILE_BYTES_MAX} are read")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| of_file(error.to_string()))?;
        MockConfig::parse(&text, path).map_err(of_file)
    }

    /// The mocks of a text, which is that of `path`.
    pub fn parse(text: &str, path: &Path) -> Result<MockConfig, String> {
        let value: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut members = match value {
            Json::Object(members) => members,
            _ => return Err("it must be an object with StateMachines and MockedResponses".to_owned()),
        };
        let machines = object(members.remove("StateMachines"), "StateMachines")?;
        let responses = object(members.remove("MockedResponses"), "MockedResponses")?;
        if let Some(unknown) = members.keys().next() {
            return Err(format!("it has {unknown}, and only StateMachines and MockedResponses are known"));
        }
        for (machine, of) in &machines {
            check_machine(machine, of)?;
        }
        for (name, answers) in &responses {
            check_response(name, answers)?;
        }
        Ok(MockConfig { path: path.to_owned(), machines, responses })
    }

    /// A test case of a state machine.
    pub fn test_case(&self, machine: &str, name: &str) -> Result<TestCase, NoTestCase> {
        let Some(of) = self.machines.get(machine) else {
            let there = list(self.machines.keys());
            return Err(format!("{} has no state machine '{machine}': {there}", self.path.display()));
        };
        let cases = of.get("TestCases").and_then(Json::as_object);
        let Some(states) = cases.and_then(|cases| cases.get(name)).and_then(Json::as_object) else {
            let there = list(cases.into_iter().flat_map(Map::keys));
            return Err(format!("{} has no test case '{name}' of '{machine}': {there}", self.path.display()));
        };
        let answered = states.iter().map(|(state, response)| {
            let answers = response.as_str().and_then(|response| self.responses.get(response));
            (state.clone(), json!({ "name": response, "answers": answers }))
        });
        Ok(TestCase { name: name.into(), states: Value::from(Json::Object(answered.collect())) })
    }

    /// The state machines that have a test case of this name.
    pub fn machines_with(&self, test_case: &str) -> Vec<&str> {
        let has = |of: &Json| of.get("TestCases").is_some_and(|cases| cases.get(test_case).is_some());
        self.machines.iter().filter(|(_, of)| has(of)).map(|(name, _)| name.as_str()).collect()
    }
}

fn object(value: Option<Json>, place: &str) -> Result<Map<String, Json>, String> {
    match value {
        None => Ok(Map::new()),
        Some(Json::Object(members)) => Ok(members),
        Some(_) => Err(format!("{place} must be an object")),
    }
}

fn check_machine(machine: &str, of: &Json) -> Result<(), String> {
    let place = format!("StateMachines.{machine}");
    let members = of.as_object().ok_or_else(|| format!("{place} must be an object"))?;
    if let Some(unknown) = members.keys().find(|name| *name != "TestCases") {
        return Err(format!("{place} has {unknown}, and only TestCases is known"));
    }
    let place = format!("{place}.TestCases");
    let Some(cases) = of.get("TestCases") else { return Ok(()) };
    for (case, states) in cases.as_object().ok_or_else(|| format!("{place} must be an object"))? {
        let place = format!("{place}.{case}");
        for (state, response) in states.as_object().ok_or_else(|| format!("{place} must be an object"))? {
            if !response.is_string() {
                return Err(format!("{place}.{state} must be the name of a mocked response"));
            }
        }
    }
    Ok(())
}

fn check_response(name: &str, answers: &Json) -> Result<(), String> {
    let place = format!("MockedResponses.{name}");
    let mut taken: Vec<(u32, u32)> = Vec::new();
    for (calls, answer) in answers.as_object().ok_or_else(|| format!("{place} must be an object"))? {
        let place = format!("{place}.{calls}");
        let Some((first, last)) = calls_of(calls) else {
            return Err(format!("{place}: \"{calls}\" stands for no calls; \"0\" and \"1-2\" do"));
        };
        if taken.iter().any(|(one, other)| first <= *other && *one <= last) {
            return Err(format!("{place}: another answer is for some of these calls, too"));
        }
        taken.push((first, last));
        check_answer(&place, answer)?;
    }
    Ok(())
}

fn check_answer(place: &str, answer: &Json) -> Result<(), String> {
    let members = answer.as_object().ok_or_else(|| format!("{place} must be an object"))?;
    let mut names = members.keys().map(String::as_str);
    let throw = match (names.next(), names.next()) {
        (Some("Return"), None) => return Ok(()),
        (Some("Throw"), None) => &answer["Throw"],
        _ => return Err(format!("{place} must have either Return or Throw, and nothing else")),
    };
    let members = throw.as_object().ok_or_else(|| format!("{place}.Throw must be an object"))?;
    if !throw["Error"].is_string() {
        return Err(format!("{place}.Throw needs an Error, a text"));
    }
    match members.iter().find(|(name, value)| !matches!(name.as_str(), "Error" | "Cause") || !value.is_string()) {
        None => Ok(()),
        Some((name, _)) if name == "Cause" => Err(format!("{place}.Throw.Cause must be a text")),
        Some((name, _)) => Err(format!("{place}.Throw has {name}, and only Error and Cause are known")),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    match names.len() {
        0 => "there is none".to_owned(),
        count if count > LISTED_MAX => {
            format!("there are {} and {} more", names[..LISTED_MAX].join(", "), count - LISTED_MAX)
        }
        _ => format!("there is {}", names.join(", ")),
    }
}
