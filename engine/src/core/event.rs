//! The facts that come in. Each names the arming it answers; one that answers no armed trigger is ignored.

use stepwell_asl::{Text, Value};

use super::branch::{BranchId, Ticket};
use super::fault::StateError;

/// A fact, addressed to an execution or to one arming of a trigger in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The execution begins.
    Started,
    /// A turn was full: go on.
    Continue,
    /// Time has passed; everything that is due at the turn's time fires.
    TimerFired,
    /// Somebody stops the execution.
    Stopped(StateError),
    /// It cannot go on: the engine says why.
    Failed(StateError),
    /// Somebody has it go on after it has failed, timed out or been stopped.
    Redriven,
    /// Something about a task.
    Task {
        /// The branch that waits for it.
        branch: BranchId,
        /// The arming that is answered.
        ticket: Ticket,
        /// What.
        kind: EventKind,
    },
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// An activity worker took it.
    TaskStarted {
        /// The worker's name, where it gave one.
        worker: Option<Text>,
    },
    /// The service accepted it; the result comes later.
    TaskSubmitted(Value),
    /// It is still being worked on.
    TaskHeartbeat,
    /// It is done.
    TaskSucceeded(Value),
    /// It failed.
    TaskFailed(StateError),
}
