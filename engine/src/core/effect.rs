//! What the world has to do, derived from what an execution waits for. A step asks for what is new, recovery asks for
//! everything: the two cannot disagree.

use stepwell_asl::program::StateKind;
use stepwell_asl::resource::{Pattern, ResourceKind};
use stepwell_asl::{Program, Text, Timestamp, Value};

use super::branch::{BranchId, Ticket};
use super::execution::{Execution, Status};
use super::trigger::{Dispatch, Trigger};
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
}

/// What the execution waits for under tickets after `since`. `Ticket::default()` asks for everything.
pub fn outstanding(program: &Program, execution: &Execution, since: Ticket, tokens: &TokenKey) -> Outstanding {
    if execution.status != Status::Running {
        return Outstanding::default();
    }
    let newer = Ticket(since.0.saturating_add(1));
    let effects = execution.armed.range(newer..).filter_map(|(_, branch)| effect(program, execution, *branch, tokens));
    Outstanding { effects: effects.collect(), wake_at: execution.next_deadline(), more: !execution.ready.is_empty() }
}

fn effect(program: &Program, execution: &Execution, id: BranchId, tokens: &TokenKey) -> Option<Effect> {
    let position = &execution.branch(id)?.position;
    let Trigger::Task { arguments, role, deadline, dispatch, .. } = &position.trigger else { return None };
    let state = program.state(position.state);
    let StateKind::Task(task) = &state.kind else { return None };
    let offered = match dispatch {
        Dispatch::Call => false,
        Dispatch::Offer => true,
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
    };
    Some(if offered { Effect::Offer(invoke) } else { Effect::Invoke(invoke) })
}
