//! From what an execution asks of the world to the events that answer it: the way is the same for one execution in
//! memory and for all of an engine's.

use std::time::Duration;

use stepwell_asl::resource::Resource;

use crate::core::{Event, EventKind, Fault, Identity, Invoke, Mocked, StateError};
use crate::invoke::{Answer, Invoker, Task};

/// How much longer than its deadline a call may take: the execution's own timer tells that a task has timed out.
const GRACE: Duration = Duration::from_secs(1);

/// The call that a task asks for. `left`: how long until its deadline, where it has one.
pub fn task(invoke: &Invoke, identity: &Identity, left: Option<Duration>) -> Task {
    Task {
        resource: invoke.resource.clone(),
        input: invoke.input.clone(),
        timeout: left.map(|left| left + GRACE),
        execution_arn: identity.arn.clone(),
        execution_name: identity.name.clone(),
        state_machine_arn: identity.machine_arn.clone(),
        state: invoke.state.clone(),
        attempt: invoke.attempt.saturating_sub(1),
        token: invoke.token.clone(),
        role_arn: invoke.role.clone(),
        trace: None,
    }
}

/// Calls, and makes the events of the answer. `offered`: the task is an activity's, and no worker will take it.
pub async fn call(invoker: &dyn Invoker, task: Task, invoke: &Invoke, offered: bool) -> Vec<Event> {
    if let Some(mocked) = &invoke.mocked {
        return answered_by_test_case(mocked, invoke);
    }
    let answer = invoker.invoke(&task).await;
    // Nobody took it if nothing takes it.
    let taken = !matches!(&answer, Answer::Failed { error, .. } if error == "States.Runtime");
    let is_final = invoke.callback && invoker.answers_for_callback(&task);
    let mut events = answered(answer, invoke, is_final);
    if offered && taken {
        let kind = EventKind::TaskStarted { worker: None };
        events.insert(0, Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind });
    }
    events
}

/// The events of an answer. `is_final`: nobody else will bring the token back.
pub fn answered(answer: Answer, invoke: &Invoke, is_final: bool) -> Vec<Event> {
    let kinds = match answer {
        Answer::Succeeded(output) if invoke.callback && is_final => {
            vec![EventKind::TaskSubmitted(output.clone()), EventKind::TaskSucceeded(output)]
        }
        Answer::Succeeded(output) if invoke.callback => vec![EventKind::TaskSubmitted(output)],
        Answer::Succeeded(output) => vec![EventKind::TaskSucceeded(output)],
        Answer::Failed { error, cause } => {
            vec![EventKind::TaskFailed(StateError { name: Some(error.into()), cause: cause.map(Into::into) })]
        }
        Answer::TooLarge => {
            let of = Resource::parse(&invoke.resource);
            vec![EventKind::TaskFailed(Fault::too_large(of.short_name()))]
        }
    };
    let event = |kind| Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind };
    kinds.into_iter().map(event).collect()
}

/// The events of a test case's answer. It also stands for a callback: nobody else would bring the token back.
fn answered_by_test_case(mocked: &Mocked, invoke: &Invoke) -> Vec<Event> {
    let event = |kind| Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind };
    match mocked {
        Mocked::Return(output) if invoke.callback => {
            vec![event(EventKind::TaskSubmitted(output.clone())), event(EventKind::TaskSucceeded(output.clone()))]
        }
        Mocked::Return(output) => vec![event(EventKind::TaskSucceeded(output.clone()))],
        Mocked::Throw(error) => vec![event(EventKind::TaskFailed(error.clone()))],
    }
}
