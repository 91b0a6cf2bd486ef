//! What a branch waits for, and what it does once it need not wait.

use stepwell_asl::value::Array;
use stepwell_asl::{Text, Timestamp, Value};

use super::branch::BranchId;
use super::fault::Fault;

/// What a branch is armed for, under a ticket that is never drawn again in this execution.
/// An event that carries another ticket, or matches no armed trigger, is ignored.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Nothing: the branch is about to move, in this turn or, where the turn is full, in the next.
    Ready,
    /// The answer of a function, service, activity worker or token holder.
    Task {
        /// The effective input: what is dispatched, and dispatched again after a crash.
        arguments: Value,
        /// The role from `Credentials`.
        role: Option<Text>,
        /// When the task times out.
        deadline: Option<Timestamp>,
        /// The heartbeat it owes.
        heartbeat: Option<Heartbeat>,
        /// How it comes to whoever does it.
        dispatch: Dispatch,
        /// Which call of its state this is, from 0, where the execution's test case answers for the state.
        mocked_call: Option<u32>,
    },
    /// A Wait's end.
    Timer {
        /// When.
        at: Timestamp,
    },
    /// The next attempt of the state.
    Retry {
        /// When.
        at: Timestamp,
    },
    /// Every branch of a Parallel or iteration of a Map must end.
    Join(Join),
    /// Nothing any more: the branch has failed, or something around it did. A redrive goes on here.
    Halted(Resume),
}

/// How a task comes to whoever does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// It is handed out, and handed out again after a crash.
    Call,
    /// An activity's worker may take it.
    Offer,
    /// Somebody has it: an activity's worker took it, or the service accepted it.
    Taken,
}

/// How a halted branch goes on when its execution is redriven.
#[derive(Clone, Debug, PartialEq)]
pub enum Resume {
    /// Its state is attempted again.
    Attempt,
    /// Its join goes on: the branches that have ended keep their slots.
    Join(Join),
    /// It makes the move that it was about to make: a task that is done is not done again.
    Move(Box<Work>),
}

/// A task's heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// How long between two beats, in milliseconds.
    pub every_ms: u64,
    /// When the next is due.
    pub due: Timestamp,
}

/// A join in progress. Which children have ended is told by the branch's slots, never by a count alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// What is joined.
    pub kind: JoinKind,
    /// How many results there will be.
    pub width: u32,
    /// How many slots are filled.
    pub filled: u32,
    /// The first child that has not been started.
    pub next: u32,
}

/// What is joined.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinKind {
    /// The branches of a Parallel, with their common input.
    Parallel(Value),
    /// The iterations of a Map.
    Map {
        /// The items.
        items: Array,
        /// The state's effective input, which `ItemSelector` sees as `$`.
        input: Value,
        /// How many may run at once.
        concurrency: u32,
    },
    /// The executions of a Distributed Map. The rest is in the map run, which is found under the same ticket.
    Distributed {
        /// The items.
        items: Array,
        /// The state's effective input, which `ItemSelector` sees as `$`.
        input: Value,
    },
}

/// A move that a branch makes without waiting for anything.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Enter the branch's state.
    Enter(BranchId),
    /// Begin an attempt of the state: the first, or a retry.
    Attempt(BranchId),
    /// A task or a join has its result.
    Resolve(BranchId, Value),
    /// The state has failed.
    Fail(BranchId, Fault),
    /// Leave the state with this output.
    Leave(BranchId, Box<Leave>),
    /// Look at what became of a Distributed Map's executions, and start more.
    Advance(BranchId),
}

/// How a state is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Leave {
    /// The state's output.
    pub output: Value,
    /// The variables it sets, as an object.
    pub assigned: Option<Value>,
    /// Where to, where it is not the state's own `Next`.
    pub next: Option<stepwell_asl::StateId>,
}

impl Trigger {
    /// The earliest instant at which something happens to this branch by itself.
    pub fn deadline(&self) -> Option<Timestamp> {
        match self {
            Trigger::Ready | Trigger::Join(_) | Trigger::Halted(_) => None,
            Trigger::Task { deadline, heartbeat, dispatch, .. } => {
                // An activity's heartbeat is owed from when a worker has taken the task.
                let owed = heartbeat.filter(|_| *dispatch != Dispatch::Offer);
                let beat = owed.map(|heartbeat| heartbeat.due);
                [*deadline, beat].into_iter().flatten().min()
            }
            Trigger::Timer { at } | Trigger::Retry { at } => Some(*at),
        }
    }

    /// The join that the branch waits for, or would go on with after a redrive.
    pub fn join(&self) -> Option<&Join> {
        match self {
            Trigger::Join(join) | Trigger::Halted(Resume::Join(join)) => Some(join),
            Trigger::Ready
            | Trigger::Task { .. }
            | Trigger::Timer { .. }
            | Trigger::Retry { .. }
            | Trigger::Halted(Resume::Attempt | Resume::Move(_)) => None,
        }
    }

    /// Whether nobody has confirmed that the branch's task reached whoever does it: after a crash it is called again.
    pub fn is_call(&self) -> bool {
        matches!(self, Trigger::Task { dispatch: Dispatch::Call, .. })
    }

    /// Whether the branch waits for something: it has a ticket by which it is found.
    pub fn is_armed(&self) -> bool {
        !matches!(self, Trigger::Ready | Trigger::Halted(_))
    }
}
