//! A test case: what some Task states of an execution are answered instead of being called, call by call.
//!
//! It belongs to the execution, as its input does: neither a restart nor a file that has changed meanwhile gives it other
//! answers. The format of its answers is that of Step Functions Local, as it was written.

use stepwell_asl::{Map, Text, Value};

use super::fault::StateError;

/// A test case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestCase {
    /// Its name.
    pub name: Text,
    /// By the names of states: an object with the `name` of the mocked response, and its `answers` by `"0"` or `"1-2"`.
    pub states: Value,
}

/// The answer to one call.
#[derive(Clone, Debug, PartialEq)]
pub enum Mocked {
    /// The task's result.
    Return(Value),
    /// The task's error.
    Throw(StateError),
}

impl TestCase {
    /// Whether it answers for a state.
    pub fn answers_for(&self, state: &str) -> bool {
        self.states.get(state).is_some()
    }

    /// The answer to a state's call, counted from 0. Where there is none, the error that ends the execution.
    pub fn answer(&self, state: &str, call: u32) -> Mocked {
        let response = self.states.get(state);
        let member = |name| response.and_then(|response| response.get(name));
        let name = member("name").and_then(Value::as_str).unwrap_or_default();
        let Some(answers) = member("answers").and_then(Value::as_object) else {
            return self.nothing(format!("the mocked response '{name}' of the state '{state}' is not there"));
        };
        match find(answers, call) {
            Some(answer) => mocked(answer),
            None => self.nothing(format!(
                "the mocked response '{name}' of the state '{state}' has no answer for call {call} (calls are counted \
                 from 0)"
            )),
        }
    }

    fn nothing(&self, why: String) -> Mocked {
        Mocked::Throw(StateError::new("States.Runtime", format!("Test case '{}': {why}", self.name)))
    }
}

/// A `Return` of `null` is an answer, so what is there is told apart from what it holds.
fn mocked(answer: &Value) -> Mocked {
    let Some(throw) = answer.get("Throw") else {
        return Mocked::Return(answer.get("Return").cloned().unwrap_or_default());
    };
    let text = |name| throw.get(name).and_then(Value::as_str).map(Text::from);
    Mocked::Throw(StateError { name: text("Error"), cause: text("Cause") })
}

fn find(answers: &Map, call: u32) -> Option<&Value> {
    answers.iter().find(|(calls, _)| covers(calls, call)).map(|(_, answer)| answer)
}

fn covers(calls: &str, call: u32) -> bool {
    calls_of(calls).is_some_and(|(first, last)| (first..=last).contains(&call))
}

/// The calls that `"3"` or `"1-2"` stands for, first and last.
pub(crate) fn calls_of(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match text.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last),
        None => number(text).map(|call| (call, call)),
    }
}
