//! An execution as a value, and the pure function that moves it.
//!
//! An event arrives; the trigger that is armed for it fires; [`step`] moves the execution until every branch waits for
//! something again. That is one [`Turn`]. What the execution then waits for, [`outstanding`] tells: it is all that the
//! world has to do. There is no clock here, no chance but [`Env`]'s, no IO and nothing asynchronous.

mod branch;
mod context;
mod delta;
mod effect;
mod event;
mod execution;
mod fault;
mod history;
mod join;
mod limits;
mod map_run;
mod nested;
mod pace;
mod probe;
mod redrive;
mod state;
mod step;
mod test_case;
mod trigger;

pub use branch::{Branch, BranchId, Item, Parent, Position, Ticket};
pub use delta::{Change, apply};
pub use effect::{Effect, Invoke, Outstanding, StartChild, outstanding};
pub use event::{Event, EventKind, MapRunUpdate};
pub use execution::{Branches, ChildOf, Execution, Identity, Parts, Revision, Status};
pub use fault::{Fault, StateError};
pub use history::{HistoryEvent, HistoryKind, Scheduled, TaskLabel};
pub use limits::{DEPTH_MAX, Limits};
pub use map_run::{Child, ChildEnd, ChildRef, MapRun, MapRunStatus, map_run_arn};
pub use nested::{Nested, NestedRef, StartedBy};
pub use pace::Pace;
pub use probe::{Probe, Retried};
pub use step::{Env, Turn, step, step_probed};
pub(crate) use test_case::calls_of;
pub use test_case::{Mocked, TestCase};
pub use trigger::{Dispatch, Heartbeat, Join, JoinKind, Leave, Resume, Trigger, Work};
