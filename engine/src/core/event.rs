//! The facts that come in. Each names the arming it answers; one that answers no armed trigger is ignored.

use stepwell_asl::{Text, Value};

use super::branch::{BranchId, Ticket};
use super::fault::StateError;
use super::map_run::ChildEnd;

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
    /// An execution of a map run has ended.
    ChildEnded {
        /// The arming that is answered.
        child: Ticket,
        /// How it has ended.
        end: Box<ChildEnd>,
    },
    /// Somebody changes the settings of a map run.
    MapRunUpdated {
        /// Which.
        map_run: Ticket,
        /// To what.
        update: MapRunUpdate,
    },
}

/// New settings of a map run; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MapRunUpdate {
    /// `maxConcurrency`; 0: as many as the limits allow.
    pub max_concurrency: Option<u32>,
    /// `toleratedFailureCount`
    pub tolerated_count: Option<u64>,
    /// `toleratedFailurePercentage`, from 0 to 100.
    pub tolerated_percentage: Option<f64>,
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
    /// The service did not accept it.
    TaskSubmitFailed(StateError),
}

impl EventKind {
    /// Whether it is the last that is heard of the task.
    pub fn is_final(&self) -> bool {
        match self {
            EventKind::TaskSucceeded(_) | EventKind::TaskFailed(_) | EventKind::TaskSubmitFailed(_) => true,
            EventKind::TaskStarted { .. } | EventKind::TaskSubmitted(_) | EventKind::TaskHeartbeat => false,
        }
    }
}
