//! Functions in local processes, each of which asks us for its work through the Lambda Runtime API.
//!
//! A process serves one call at a time and is kept for the next one. Whatever goes wrong with it (it exits, hangs, cannot
//! be started) becomes the error that Lambda reports for the same; the process is then killed with its whole group and
//! replaced by the next call. Dropping a call, or the invoker, kills too. If Stepwell itself is killed, a watcher beside
//! each process kills its group; where there is no shell to watch, our own bootstraps still end, and so does every
//! runtime client that asks for work.

mod launch;
mod output;
mod runtime_api;
#[cfg(unix)]
mod watcher;
mod worker;

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;

use super::config::{Aws, ProcessTarget};
use super::function::{self, CallError, Function, FunctionCall, FunctionResponse};
use super::function_name::FunctionName;
use super::{Sink, lock};
use runtime_api::Outcome;
use worker::{Run, Worker};

/// The processes of one route.
pub(super) struct Processes {
    target: ProcessTarget,
    aws: Aws,
    /// More idle processes than this are never kept: a route for all names must not fill the machine.
    idle_max: usize,
    /// The longest idle first.
    idle: Mutex<VecDeque<Worker>>,
    output: Option<Sink>,
}

impl Processes {
    pub(super) fn new(target: ProcessTarget, aws: Aws, idle_max: usize, output: Option<Sink>) -> Processes {
        Processes { target, aws, idle_max, idle: Mutex::default(), output }
    }

    /// The process that was used last for this function, if one is idle and alive.
    fn take_idle(&self, function: &str) -> Option<Worker> {
        loop {
            let mut worker = {
                let mut idle = lock(&self.idle);
                let index = idle.iter().rposition(|worker| worker.function() == function)?;
                idle.remove(index)?
            };
            if worker.is_alive() {
                return Some(worker);
            }
        }
    }

    fn keep(&self, worker: Worker) {
        let mut idle = lock(&self.idle);
        idle.push_back(worker);
        let surplus = if idle.len() > self.idle_max { idle.pop_front() } else { None };
        drop(idle);
        drop(surplus);
    }

    async fn run(&self, call: &FunctionCall, name: &FunctionName) -> FunctionResponse {
        let request_id = function::request_id();
        loop {
            let (mut worker, warm) = match self.take_idle(&name.name) {
                Some(worker) => (worker, true),
                None => match Worker::start(&self.target, &self.aws, name, self.output.clone()).await {
                    Ok(worker) => (worker, false),
                    Err(reason) => {
                        let message = format!("RequestId: {request_id} Error: {reason}");
                        return FunctionResponse::platform_error(request_id, "Runtime.InvalidEntrypoint", &message);
                    }
                },
            };
            match worker.run(call, name, &request_id, self.target.timeout).await {
                Run::Answered(outcome) => {
                    self.keep(worker);
                    return response(outcome, request_id);
                }
                Run::InitFailed(payload) => return FunctionResponse::local_error(request_id, payload),
                Run::Broken { error_type, message } => {
                    let message = format!("RequestId: {request_id} {message}");
                    return FunctionResponse::platform_error(request_id, error_type, &message);
                }
                // It ended between two calls, and this one never reached it: the next process takes the call.
                Run::EndedBefore { .. } if warm => continue,
                Run::EndedBefore { message } => {
                    let message = format!("RequestId: {request_id} {message}");
                    return FunctionResponse::platform_error(request_id, "Runtime.ExitError", &message);
                }
            }
        }
    }
}

fn response(outcome: Outcome, request_id: String) -> FunctionResponse {
    match outcome {
        Outcome::Response(payload) => FunctionResponse::local(200, request_id, payload),
        Outcome::Error(payload) => FunctionResponse::local_error(request_id, payload),
        Outcome::TooLarge => FunctionResponse::too_large(request_id),
    }
}

#[async_trait]
impl Function for Processes {
    async fn call(&self, call: &FunctionCall) -> Result<FunctionResponse, CallError> {
        let name = FunctionName::of(call);
        if launch::needs_plain_name(&self.target) {
            name.check_plain()?;
        }
        Ok(self.run(call, &name).await)
    }
}
