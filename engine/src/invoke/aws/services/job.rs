//! Jobs that a task waits for (`.sync`): asked for again and again until they have ended, and stopped when nobody waits
//! for them any more.

use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::resource::Pattern;
use stepwell_asl::{Number, Value};

use super::super::super::Answer;
use super::super::super::services::integration::{self, Integration, shortened};
use super::super::super::services::model::Service;
use super::super::super::services::optimised::{Job, at};
use super::super::super::services::protocol::Naming;
use super::call::{Caller, Failure};
use super::{Scope, answer_of, filled};

/// The pause before a job is asked for: short at first, for what ends at once.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// So many questions in a row may go unanswered.
const FAILURES_MAX: u32 = 10;

/// Waits until the job has ended. `submitted`: what the call that started it answered.
pub(super) async fn watch(
    caller: &Arc<Caller>,
    scope: &Scope,
    integration: &Integration,
    job: &Job,
    input: &Value,
    submitted: Value,
) -> Answer {
    debug_assert_eq!(integration.pattern, Pattern::Sync);
    let service = &integration.service;
    let Ok((service_of_job, place)) = integration::of_sdk(&service.entry.name, job.describe) else {
        return Answer::failed("States.Runtime", format!("'{}' is no operation of {}", job.describe, service.entry.id));
    };
    let parameters = filled(job.parameters, input, &submitted);
    let mut guard = Stopping { stop: stopping(caller, scope, service, job, input, &submitted) };
    let (mut pause, mut failures, mut last) = (PAUSE_FIRST, 0, submitted);
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(PAUSE_MAX);
        let operation = &service_of_job.operations()[place];
        let asked = caller.call(scope, &service_of_job, operation, &parameters, Naming::Plain).await;
        let described = match asked {
            Ok((described, _)) => at(&described, job.at).unwrap_or_default(),
            Err(Failure::Fault(fault)) if job.until_gone && is_gone(&fault) => {
                guard.stop = None;
                return Answer::Succeeded(job.wrapped(last));
            }
            Err(failure) if failures < FAILURES_MAX && is_passing(&failure) => {
                failures += 1;
                continue;
            }
            Err(failure) => return answer_of(&integration.form, service, failure),
        };
        failures = 0;
        let status = at(&described, job.status);
        let status = status.as_ref().and_then(Value::as_str).unwrap_or_default();
        if job.succeeded.contains(&status) {
            guard.stop = None;
            return match is_failed_task(integration, &described) {
                true => failed(&described),
                false => Answer::Succeeded(job.wrapped(described)),
            };
        }
        if job.failed.contains(&status) {
            guard.stop = None;
            return failed(&described);
        }
        if !described.is_null() {
            last = described;
        }
    }
}

fn failed(described: &Value) -> Answer {
    Answer::failed("States.TaskFailed", shortened(&described.to_string()))
}

/// A task of ECS has stopped either way; how, its containers tell.
fn is_failed_task(integration: &Integration, task: &Value) -> bool {
    if integration.service.entry.id != "ECS" {
        return false;
    }
    let containers = task.get("Containers").and_then(Value::as_array);
    let code = |container: &Value| container.get("ExitCode").and_then(Value::as_number).and_then(Number::as_i64);
    let start_failed = task.get("StopCode").and_then(Value::as_str) == Some("TaskFailedToStart");
    start_failed || containers.is_some_and(|containers| containers.iter().any(|container| code(container) != Some(0)))
}

/// Whether the same question may be answered later.
fn is_passing(failure: &Failure) -> bool {
    match failure {
        Failure::NoConnection(_) => true,
        Failure::Fault(fault) => {
            let throttled = fault.code.as_deref().is_some_and(|code| code.contains("Throttl"));
            fault.status == 429 || fault.status >= 500 || throttled
        }
        Failure::Refused(_) | Failure::Denied(_) | Failure::TooLarge => false,
    }
}

fn is_gone(fault: &super::super::super::services::protocol::Fault) -> bool {
    fault.status == 404 || fault.code.as_deref().is_some_and(|code| code.contains("NotFound"))
}

/// What stops the job.
struct Stop {
    caller: Arc<Caller>,
    scope: Scope,
    service: Arc<Service>,
    place: usize,
    parameters: Value,
}

/// Stops the job when it is dropped with something to stop: the task was given up.
struct Stopping {
    stop: Option<Stop>,
}

fn stopping(
    caller: &Arc<Caller>,
    scope: &Scope,
    service: &Arc<Service>,
    job: &Job,
    input: &Value,
    submitted: &Value,
) -> Option<Stop> {
    let (operation, parameters) = job.stop;
    let (service, place) = integration::of_sdk(&service.entry.name, operation).ok()?;
    let parameters = filled(parameters, input, submitted);
    Some(Stop { caller: caller.clone(), scope: scope.clone(), service, place, parameters })
}

impl Drop for Stopping {
    fn drop(&mut self) {
        // Where the runtime itself ends, nobody is left to stop anything.
        let (Some(stop), Ok(runtime)) = (self.stop.take(), tokio::runtime::Handle::try_current()) else { return };
        runtime.spawn(async move {
            let operation = &stop.service.operations()[stop.place];
            let called = stop.caller.call(&stop.scope, &stop.service, operation, &stop.parameters, Naming::Plain).await;
            if let Err(failure) = called {
                tracing::warn!(operation = &*operation.name, ?failure, "a job could not be stopped");
            }
        });
    }
}
