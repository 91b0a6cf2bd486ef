//! Executions that states wait for: started once, however often they are asked for, and awaited until they have ended.

use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::MachineType;
use tokio::sync::Notify;

use super::answer::{self, Refused, event};
use super::{closing, express, of_start, started};
use crate::arn;
use crate::children::follow;
use crate::core::{Event, EventKind, Identity, Invoke, NestedRef, StartedBy, Status};
use crate::dispatch;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::ids::{ExecutionId, Key};
use crate::shared::Shared;
use crate::worker::NestedWork;

/// Sees an execution that a state waits for through to its end, and gives the events that tell of it. `stop` has it
/// stopped. `None`: the engine has ended, and the next one asks again.
pub(crate) async fn see_through(
    shared: &Arc<Shared>,
    id: ExecutionId,
    parent: &Arc<Identity>,
    work: &NestedWork,
    stop: &Notify,
) -> Option<Vec<Event>> {
    let engine = Engine::of(shared)?;
    let seen = match work {
        NestedWork::Start(invoke) => match routed(shared, parent, invoke, stop).await {
            Some(events) => return Some(if events.is_empty() { vec![closing(work)] } else { events }),
            None => start(&engine, shared, (id, parent), (work, invoke), stop).await,
        },
        NestedWork::Stop(nested) => end(&engine, shared, parent, nested, stop).await.map(|()| closing(work)),
    };
    match seen {
        Ok(event) => Some(vec![event]),
        Err(_) if shared.stopped().is_some() => None,
        // It cannot be read or stored; its parent must not wait for ever.
        Err(error) => Some(vec![answer::broken(work, error.to_string())]),
    }
}

/// What a route or a mock of somebody's makes of the task, where one leads to it. No events: it was stopped.
async fn routed(shared: &Arc<Shared>, parent: &Arc<Identity>, invoke: &Invoke, stop: &Notify) -> Option<Vec<Event>> {
    let left: Option<Duration> = invoke.deadline.map(|at| shared.clock.until(at));
    let task = dispatch::task(invoke, parent, left);
    if !shared.invoker.takes(&task) {
        return None;
    }
    tokio::select! {
        events = dispatch::call(shared.invoker.as_ref(), task, invoke, false) => Some(events),
        () = stop.notified() => Some(Vec::new()),
    }
}

async fn start(
    engine: &Engine,
    shared: &Arc<Shared>,
    (id, parent): (ExecutionId, &Arc<Identity>),
    (work, invoke): (&NestedWork, &Invoke),
    stop: &Notify,
) -> Result<Event, EngineError> {
    let by = StartedBy::new(parent, invoke.ticket);
    let refused = |why: &Refused| Ok(event(work, EventKind::TaskSubmitFailed(why.error())));
    let start = match of_start(&invoke.input, Some(&by)) {
        Ok(start) => start,
        Err(why) => return refused(&why),
    };
    if is_express(engine, &start.machine_arn).await? {
        return refused(&express());
    }
    let begun = match engine.start_for(start, Some(&by)).await {
        Ok(begun) => begun,
        Err(error @ EngineError::Call { .. }) => return refused(&error.into()),
        Err(error) => return Err(error),
    };
    // Where it has been told before, or nobody waits any more, it finds nothing to move.
    shared.deliver(id, event(work, EventKind::TaskSubmitted(started(&begun)))).await?;
    loop {
        let child = engine.find(&begun.arn).await?;
        follow(shared, child, stop).await?;
        let there = engine.describe_id(child, &begun.arn).await?;
        let redrive = engine.not_redrivable(&there).await?;
        // One that runs again was redriven meanwhile.
        if there.status != Status::Running {
            return Ok(event(work, answer::outcome(&invoke.resource, &there, redrive)));
        }
    }
}

/// Whether this is the ARN of an Express state machine.
async fn is_express(engine: &Engine, machine_arn: &str) -> Result<bool, EngineError> {
    let Ok(asked) = arn::of_machine(machine_arn) else { return Ok(false) };
    let machine = engine.settle(asked.machine).await?;
    Ok(machine.is_some_and(|machine| machine.kind == MachineType::Express))
}

/// Stops an execution that a state has started, if it has, and waits for its end.
async fn end(
    engine: &Engine,
    shared: &Arc<Shared>,
    parent: &Arc<Identity>,
    nested: &NestedRef,
    stop: &Notify,
) -> Result<(), EngineError> {
    let by = StartedBy::new(parent, nested.ticket);
    let Some(child) = shared.store.find(Key::of(&[&nested.machine_arn, &nested.name])).await? else { return Ok(()) };
    if !engine.was_started_by(child, Some(&by)).await? {
        return Ok(()); // somebody else's has the name: the start was refused
    }
    stop.notify_one();
    follow(shared, child, stop).await.map(drop)
}
