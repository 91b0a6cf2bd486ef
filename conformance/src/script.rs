//! What a case's functions and workers do: answers in order, written down in `case.json`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What one function answers: always the same, or one after the other.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Script {
    /// An answer for each call, in order. A call more fails the case. First, because a list could be read as the fields
    /// of one answer, too.
    InOrder(Vec<Reply>),
    /// One answer for every call.
    Always(Box<Reply>),
}

/// One answer of a function. It has just one of `return`, `return_text`, `echo`, `error`, `refuse` and `hang`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Reply {
    /// Only for a payload that matches; such an answer serves any number of calls.
    #[serde(deserialize_with = "present")]
    pub when: Option<Value>,
    /// The function's result.
    #[serde(rename = "return", deserialize_with = "present")]
    pub result: Option<Value>,
    /// The function's result, as the text it is.
    pub return_text: Option<String>,
    /// The payload is the result.
    pub echo: bool,
    /// The function raises an error: an object with `errorType`, `errorMessage` and what else there is.
    pub error: Option<Value>,
    /// Lambda itself refuses the call.
    pub refuse: Option<Refuse>,
    /// No answer comes.
    pub hang: bool,
    /// What becomes of the task token in the payload's member `token`, after this answer.
    pub then: Option<Act>,
}

/// An error of the Lambda API.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The HTTP status.
    pub status: u16,
    /// `TooManyRequestsException`, for one.
    pub code: String,
    /// The message.
    pub message: String,
}

/// What the runner does with a task token: heartbeats first, then just one of `success`, `failure` and `silent`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Act {
    /// So many calls of `SendTaskHeartbeat`.
    pub heartbeats: u32,
    /// `SendTaskSuccess` with this output.
    #[serde(deserialize_with = "present")]
    pub success: Option<Value>,
    /// `SendTaskFailure`.
    pub failure: Option<Failure>,
    /// Nothing more.
    pub silent: bool,
}

/// What `SendTaskFailure` is called with.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Failure {
    /// The error's name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

impl Reply {
    /// Whether it says one thing and no more.
    pub fn check(&self) -> Result<(), String> {
        let said = [
            self.result.is_some(),
            self.return_text.is_some(),
            self.echo,
            self.error.is_some(),
            self.refuse.is_some(),
            self.hang,
        ];
        if said.iter().filter(|said| **said).count() != 1 {
            return Err("an answer has just one of return, return_text, echo, error, refuse and hang".to_owned());
        }
        self.then.as_ref().map_or(Ok(()), Act::check)
    }
}

impl Script {
    /// Its answers.
    pub fn replies(&self) -> &[Reply] {
        match self {
            Script::Always(reply) => std::slice::from_ref(reply),
            Script::InOrder(replies) => replies,
        }
    }
}

impl Act {
    /// Whether it ends in one way and no more.
    pub fn check(&self) -> Result<(), String> {
        let said = [self.success.is_some(), self.failure.is_some(), self.silent];
        match said.iter().filter(|said| **said).count() {
            1 => Ok(()),
            _ => Err("a task ends with just one of success, failure and silent".to_owned()),
        }
    }
}

/// Tells `null` from nothing.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
