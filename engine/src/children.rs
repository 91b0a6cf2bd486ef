//! The executions that map runs start: begun once, however often they are asked for, and awaited until they have ended.
//! There is a task for each that is open; it waits for others and holds up nobody.

use std::sync::Arc;

use stepwell_asl::Value;
use tokio::sync::Notify;

use crate::core::{ChildEnd, ChildRef, Event, HistoryKind, StateError, Status};
use crate::drive::Command;
use crate::error::EngineError;
use crate::ids::{ExecutionId, Key};
use crate::load;
use crate::record::Birth;
use crate::shared::Shared;
use crate::worker::{Outcome, Parent, Start};

/// Sees an execution through to its end. Without an `input` it is stopped, and not started if it is not there.
/// `stop` has it stopped later. `None`: the engine has ended, and the next one asks again.
pub(crate) async fn see_through(
    shared: &Arc<Shared>,
    parent: &Parent,
    child: &ChildRef,
    input: Option<Value>,
    stop: &Notify,
) -> Option<ChildEnd> {
    match attempt(shared, parent, child, input, stop).await {
        Ok(end) => Some(end),
        Err(_) if shared.stopped().is_some() => None,
        // It cannot be read or stored; its parent must not wait for ever.
        Err(error) => Some(broken(shared, error.to_string())),
    }
}

/// The end of an execution that is none of its own making.
pub(crate) fn broken(shared: &Shared, why: String) -> ChildEnd {
    never_ran(shared, Status::Failed(StateError::new("States.Runtime", why)))
}

async fn attempt(
    shared: &Arc<Shared>,
    parent: &Parent,
    child: &ChildRef,
    input: Option<Value>,
    stop: &Notify,
) -> Result<ChildEnd, EngineError> {
    let identity = &parent.birth.identity;
    let name = Key::of(&[&child.machine_arn(identity), &child.name(identity)]);
    match input {
        Some(input) => {
            if let Some(end) = begin(shared, parent, child, input, name, stop).await? {
                return Ok(end);
            }
        }
        None => stop.notify_one(),
    }
    match shared.store.find(name).await? {
        Some(id) => follow(shared, id, stop).await,
        None => Ok(never_ran(shared, Status::Aborted(StateError::default()))),
    }
}

/// Begins the execution and waits for its end. `None`: it has begun before.
async fn begin(
    shared: &Arc<Shared>,
    parent: &Parent,
    child: &ChildRef,
    input: Value,
    name: Key,
    stop: &Notify,
) -> Result<Option<ChildEnd>, EngineError> {
    let id = shared.new_id(name.shard()).await?;
    let started_at = shared.clock.now();
    let identity = child.identity(&parent.birth.identity, input, started_at, Some(id.0), &shared.tokens);
    let list = identity.child_of.as_ref().map(|of| of.map_run_arn.clone()).unwrap_or_default();
    let birth = Birth { identity: Arc::new(identity), definition: parent.birth.definition, deadline: None, list };
    let program = parent.program.clone();
    let mut ended = shared.end_of(id);
    let start =
        |reply| Command::Start(Box::new(Start { id, name, birth, program, volatile: false, reply: Some(reply) }));
    if shared.ask(id, start).await? == Outcome::Taken {
        shared.forget_end(id);
        return Ok(None);
    }
    let ended = tokio::select! {
        ended = &mut ended => ended,
        () = stop.notified() => {
            shared.deliver(id, Event::Stopped(StateError::default())).await?;
            ended.await
        }
    };
    let (status, stopped_at) = ended.map_err(|_| shared.stop_error())?;
    Ok(Some(ChildEnd { status, started_at, stopped_at }))
}

/// Waits for the end of an execution that is there.
pub(crate) async fn follow(shared: &Arc<Shared>, id: ExecutionId, stop: &Notify) -> Result<ChildEnd, EngineError> {
    let gone = || StateError::new("States.Runtime", "The execution was removed before its end was heard of");
    let store = shared.store.as_ref();
    let Some(birth) = load::birth(store, id).await? else { return Ok(never_ran(shared, Status::Failed(gone()))) };
    let identity = &birth.identity;
    let waits = shared.wait_for(&identity.arn);
    loop {
        let ended = waits.ended.notified();
        tokio::pin!(ended);
        ended.as_mut().enable();
        let Some(last) = load::last_event(store, id).await? else {
            return Ok(never_ran(shared, Status::Failed(gone())));
        };
        if let Some(status) = end(last.kind) {
            return Ok(ChildEnd { status, started_at: identity.started_at, stopped_at: last.at });
        }
        tokio::select! {
            () = ended => {}
            () = stop.notified() => drop(shared.deliver(id, Event::Stopped(StateError::default())).await?),
            () = shared.stopping() => return Err(shared.stop_error()),
        }
    }
}

fn never_ran(shared: &Shared, status: Status) -> ChildEnd {
    let now = shared.clock.now();
    ChildEnd { status, started_at: now, stopped_at: now }
}

/// How an execution has ended whose newest event this is.
pub(crate) fn end(newest: HistoryKind) -> Option<Status> {
    match newest {
        HistoryKind::ExecutionSucceeded { output } => Some(Status::Succeeded(output)),
        HistoryKind::ExecutionFailed(error) => Some(Status::Failed(error)),
        HistoryKind::ExecutionTimedOut(error) => Some(Status::TimedOut(error)),
        HistoryKind::ExecutionAborted(error) => Some(Status::Aborted(error)),
        _ => None, // it goes on
    }
}
