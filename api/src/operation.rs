//! One operation of the API: its name, the shape of its request, and what it does.

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;
use crate::operations::OPERATIONS;
use crate::shape::{self, Member};
use crate::{Api, protocol};

/// The member of requests that is also a header.
const TRACE_HEADER: &str = "traceHeader";

/// What an operation answers with: the members of its output.
pub(crate) type Answer = Result<Value, ApiError>;

/// An operation.
pub(crate) struct Operation {
    /// As AWS names it.
    pub name: &'static str,
    /// The members of its request.
    pub input: &'static [Member],
    /// Does it. The body was checked against `input`.
    pub call: for<'a> fn(&'a Api, Value) -> BoxFuture<'a, Answer>,
}

/// The names of the operations that are served, by alphabet.
pub fn operation_names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.name)
}

impl Api {
    /// Does what a request asks for. `target` is the header `X-Amz-Target`, `body` the request's JSON text.
    pub async fn call(&self, target: Option<&str>, body: &[u8]) -> Answer {
        self.call_traced(target, None, body).await
    }

    /// The same, with the header `X-Amzn-Trace-Id`: for the operations that take a trace header it comes before the body's.
    pub async fn call_traced(&self, target: Option<&str>, trace_header: Option<&str>, body: &[u8]) -> Answer {
        let operation = protocol::operation(target)?;
        let mut body = protocol::body(body)?;
        if let (Some(trace_header), Value::Object(members)) = (trace_header, &mut body)
            && operation.input.iter().any(|member| member.name == TRACE_HEADER)
        {
            members.insert(TRACE_HEADER.to_owned(), trace_header.into());
        }
        self.perform(operation, body).await
    }

    /// Does what a request asks for that has been read.
    pub(crate) async fn perform(&self, operation: &Operation, mut body: Value) -> Answer {
        shape::check(operation.input, &mut body, self.options.limited)?;
        (operation.call)(self, body).await
    }
}

/// A checked body as the operation's own type.
pub(crate) fn read<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(|why| ApiError::serialization(why.to_string()))
}
