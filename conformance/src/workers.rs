//! What works beside a case: workers of its activities, and whoever answers task tokens that its functions were given.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::endpoint::{Answer, Endpoint};
use crate::functions::Called;
use crate::script::Act;

/// The name under which the runner's workers ask for tasks.
pub(crate) const WORKER: &str = "conformance";

/// What went wrong beside the case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Complaints(Arc<Mutex<Vec<String>>>);

impl Complaints {
    pub fn add(&self, complaint: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(complaint);
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes so many tasks of an activity as there are acts, and does with each what its act says.
pub(crate) async fn work(endpoint: Endpoint, activity: String, acts: Vec<Act>, complaints: Complaints) {
    let ask = json!({ "activityArn": activity, "workerName": WORKER });
    for act in acts {
        let token = loop {
            match endpoint.call("GetActivityTask", &ask).await {
                Ok(answer) if answer.is_good() => {
                    // No task has come within the time of a long poll: an answer without a token.
                    if let Some(token) = answer.body.get("taskToken").and_then(Value::as_str) {
                        break token.to_owned();
                    }
                }
                Ok(answer) => return complaints.add(refused("GetActivityTask", &answer)),
                Err(error) => return complaints.add(error.to_string()),
            }
        };
        perform(&endpoint, &token, &act, &complaints).await;
    }
}

/// Hands on what a function was called with, and answers the task tokens that it was given.
pub(crate) async fn listen(
    endpoint: Endpoint,
    mut calls: UnboundedReceiver<Called>,
    payloads: UnboundedSender<Value>,
    complaints: Complaints,
) {
    while let Some(called) = calls.recv().await {
        if let Some(unexpected) = called.unexpected {
            complaints.add(unexpected);
        }
        if let Some(act) = &called.then {
            match called.payload.get("token").and_then(Value::as_str) {
                Some(token) => perform(&endpoint, token, act, &complaints).await,
                None => complaints.add(format!("the payload has no token: {}", called.payload)),
            }
        }
        // Nobody waits for it where the case has no step `called`.
        let _ = payloads.send(called.payload);
    }
}

/// A channel for the payloads of one function.
pub(crate) fn payloads() -> (UnboundedSender<Value>, UnboundedReceiver<Value>) {
    unbounded_channel()
}

async fn perform(endpoint: &Endpoint, token: &str, act: &Act, complaints: &Complaints) {
    let mut calls = vec![("SendTaskHeartbeat", json!({ "taskToken": token })); act.heartbeats as usize];
    if let Some(output) = &act.success {
        calls.push(("SendTaskSuccess", json!({ "taskToken": token, "output": output.to_string() })));
    }
    if let Some(failure) = &act.failure {
        let mut parameters = json!({ "taskToken": token });
        for (name, value) in [("error", &failure.error), ("cause", &failure.cause)] {
            if let Some(value) = value {
                parameters[name] = value.as_str().into();
            }
        }
        calls.push(("SendTaskFailure", parameters));
    }
    for (operation, parameters) in calls {
        match endpoint.call(operation, &parameters).await {
            Ok(answer) if answer.is_good() => {}
            Ok(answer) => return complaints.add(refused(operation, &answer)),
            Err(error) => return complaints.add(error.to_string()),
        }
    }
}

/// A call that should have been done, in words.
pub(crate) fn refused(operation: &str, answer: &Answer) -> String {
    format!("{operation} was refused with status {}: {}", answer.status, answer.text)
}
