//! What the world has to do, derived from what an execution waits for. A step asks for what is new, recovery asks for
//! everything: the two cannot disagree.

use stepwell_asl::program::StateKind;
use stepwell_asl::resource::{Pattern, ResourceKind};
use stepwell_asl::{Program, Text, Timestamp, Value};

use super::branch::{BranchId, Ticket};
use super::execution::{Execution, Status};
use super::map_run::{ChildRef, MapRunStatus};
use super::nested::NestedRef;
use super::test_case::Mocked;
use super::trigger::{Dispatch, Join, JoinKind, Trigger};
use crate::token::TokenKey;

/// All that an execution waits for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outstanding {
    /// Requests to the world, in the order they were made.
    pub effects: Vec<Effect>,
    /// When to come back with [`super::Event::TimerFired`].
    pub wake_at: Option<Timestamp>,
    /// A turn was full: come back with [`super::Event::Continue`] at once.
    pub more: bool,
}

/// A request to the world, made after the turn is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Have a function or a service do this.
    Invoke(Invoke),
    /// Let an activity's workers have this.
    Offer(Invoke),
    /// Start an execution of a map run, unless it is there, and tell when it has ended.
    StartChild(StartChild),
    /// Stop an execution of a map run, and tell when it has ended. One that is not there was never started.
    StopChild(ChildRef),
    /// Start the execution that this task names, unless it is there, and tell when it has begun and when it has ended.
    StartNested(Invoke),
    /// Stop an execution that a task has started, and tell when it has ended. One that is not there was never started.
    StopNested(NestedRef),
}

/// An execution of a map run that is to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct StartChild {
    /// Which.
    pub child: ChildRef,
    /// Its input.
    pub input: Value,
}

/// A task for somebody outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoke {
    /// The branch that waits.
    pub branch: BranchId,
    /// The arming to answer.
    pub ticket: Ticket,
    /// The state's name.
    pub state: Text,
    /// The resource as written.
    pub resource: Text,
    /// The effective input.
    pub input: Value,
    /// From 1; a retry is another attempt.
    pub attempt: u32,
    /// When the answer is too late.
    pub deadline: Option<Timestamp>,
    /// The task token, where somebody else answers: callbacks and activities.
    pub token: Option<Text>,
    /// A callback: the service's own answer only means that it has the token.
    pub callback: bool,
    /// The role from `Credentials`.
    pub role: Option<Text>,
    /// The test case's answer: nobody is called.
    pub mocked: Option<Mocked>,
}

/// What the execution waits for under tickets after `since`. `Ticket::default()` asks for everything.
pub fn outstanding(program: &Program, execution: &Execution, since: Ticket, tokens: &TokenKey) -> Outstanding {
    let mut children = children(execution, since);
    children.extend(stopped(execution, since));
    if execution.status != Status::Running {
        return Outstanding { effects: children, ..Outstanding::default() };
    }
    let newer = Ticket(since.0.saturating_add(1));
    let effects = execution.armed.range(newer..).filter_map(|(_, branch)| effect(program, execution, *branch, tokens));
    Outstanding {
        effects: effects.chain(children).collect(),
        wake_at: execution.next_deadline(),
        more: !execution.ready.is_empty(),
    }
}

/// What is to be done about the executions of map runs. Those of a run that has failed or was aborted are stopped, also
/// after the execution itself has ended.
fn children(execution: &Execution, since: Ticket) -> Vec<Effect> {
    // A ticket is drawn for each that is to be started, and one for all of a run that are to be stopped.
    let from = if execution.newest_stop > since { Ticket::default() } else { Ticket(since.0.saturating_add(1)) };
    let effects = execution.children.range(from..).filter_map(|(ticket, child)| {
        let run = execution.map_runs.get(&child.map_run)?;
        let of = ChildRef::new(*ticket, child.map_run, run);
        match run.status {
            MapRunStatus::Running if *ticket > since => {
                let input = match &child.input {
                    Some(input) => input.clone(),
                    None => item(execution, child.map_run, child.slot)?,
                };
                Some(Effect::StartChild(StartChild { child: of, input }))
            }
            MapRunStatus::Failed | MapRunStatus::Aborted if run.stop > Some(since) => Some(Effect::StopChild(of)),
            MapRunStatus::Running | MapRunStatus::Succeeded | MapRunStatus::Failed | MapRunStatus::Aborted => None,
        }
    });
    effects.collect()
}

/// Executions that states have waited for and wait for no longer.
fn stopped(execution: &Execution, since: Ticket) -> impl Iterator<Item = Effect> {
    let any = (execution.newest_stop > since).then(|| execution.nested.iter());
    let newer = any.into_iter().flatten().filter(move |(_, nested)| nested.stop > Some(since));
    newer.map(|(ticket, nested)| Effect::StopNested(nested.to_ref(*ticket)))
}

/// An item of a map run that still runs.
pub(super) fn item(execution: &Execution, map_run: Ticket, slot: u32) -> Option<Value> {
    let branch = execution.branch(execution.waiting(map_run)?)?;
    match &branch.position.trigger {
        Trigger::Join(Join { kind: JoinKind::Distributed { items, .. }, .. }) => items.get(slot as usize).cloned(),
        _ => None,
    }
}

fn effect(program: &Program, execution: &Execution, id: BranchId, tokens: &TokenKey) -> Option<Effect> {
    let position = &execution.branch(id)?.position;
    let Trigger::Task { arguments, role, deadline, dispatch, mocked_call, .. } = &position.trigger else { return None };
    let state = program.state(position.state);
    let StateKind::Task(task) = &state.kind else { return None };
    let nested = execution.nested.contains_key(&position.ticket);
    let offered = match dispatch {
        Dispatch::Call => false,
        Dispatch::Offer => true,
        Dispatch::Taken if nested => false, // it has begun, and its end is waited for
        Dispatch::Taken => return None,
    };
    let callback = matches!(task.resource.kind, ResourceKind::Service { pattern: Pattern::TaskToken, .. });
    let invoke = Invoke {
        branch: id,
        ticket: position.ticket,
        state: state.name.clone(),
        resource: task.resource.arn.clone(),
        input: arguments.clone(),
        attempt: position.retry_count().saturating_add(1),
        deadline: *deadline,
        token: (offered || callback).then(|| tokens.mint(&execution.identity.arn, id, position.ticket)),
        callback,
        role: role.clone(),
        mocked: mocked_call.and_then(|call| {
            let test_case = execution.identity.test_case.as_ref()?;
            Some(test_case.answer(&state.name, call))
        }),
    };
    Some(match (nested, offered) {
        (true, _) => Effect::StartNested(invoke),
        (false, true) => Effect::Offer(invoke),
        (false, false) => Effect::Invoke(invoke),
    })
}
