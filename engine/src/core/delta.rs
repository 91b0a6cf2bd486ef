//! What a turn changed, as plain assignments: applying them needs no language and runs nothing again.

use std::collections::VecDeque;

use stepwell_asl::{Text, Timestamp, Value};

use super::branch::{Branch, BranchId, Position, Ticket};
use super::execution::{Execution, Status};
use super::map_run::{Child, MapRun};
use super::nested::Nested;
use super::trigger::Work;

/// One assignment to an execution. None carries a whole scope or a whole join: a Map of any width costs a constant per
/// item.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A branch is there, with this position.
    Position(BranchId, Box<Position>),
    /// A branch has ended.
    Ended(BranchId),
    /// A slot of a branch's join is filled.
    Slot(BranchId, u32, Value),
    /// A variable of a branch's scope has this value.
    Variable(BranchId, Text, Value),
    /// How far the execution's numbers have come.
    Counters {
        /// Id of the newest history event.
        last_event: u64,
        /// The next branch's id.
        next_branch: u32,
        /// The newest ticket.
        last_ticket: Ticket,
    },
    /// What a full turn left to do.
    Ready(VecDeque<Work>),
    /// How far the execution has come.
    Status(Status),
    /// When the execution itself times out from now on.
    Deadline(Option<Timestamp>),
    /// It was redriven.
    Redriven {
        /// How often, with this time.
        count: u32,
        /// When.
        at: Timestamp,
    },
    /// How far a map run has come: its counts and settings, none of its executions.
    MapRun(Ticket, Box<MapRun>),
    /// An execution of a map run is to be started.
    ChildOpened(Ticket, Child),
    /// An execution of a map run has ended.
    ChildEnded(Ticket),
    /// An execution that a state waits for is to be started, or is to be stopped from now on.
    NestedOpened(Ticket, Nested),
    /// Such an execution has ended.
    NestedEnded(Ticket),
    /// A state that the test case answers for was called so often.
    MockedCalls(Text, u32),
}

/// Applies a turn's changes to the execution as it was before that turn.
pub fn apply(execution: &mut Execution, changes: impl IntoIterator<Item = Change>) {
    for change in changes {
        match change {
            Change::Position(id, position) => set_position(execution, id, *position),
            Change::Ended(id) => drop(execution.remove(id)),
            Change::Slot(id, slot, value) => {
                if let Some(place) = execution.branches.get_mut(&id).and_then(|b| b.slots.get_mut(slot as usize)) {
                    *place = Some(value);
                }
            }
            Change::Variable(id, name, value) => execution.set_variable(id, name, value),
            Change::Counters { last_event, next_branch, last_ticket } => {
                execution.last_event = last_event;
                execution.next_branch = next_branch;
                execution.last_ticket = last_ticket;
            }
            Change::Ready(work) => execution.ready = work,
            Change::Status(status) => execution.status = status,
            Change::Deadline(at) => execution.deadline = at,
            Change::Redriven { count, at } => {
                execution.redrive_count = count;
                execution.redriven_at = Some(at);
            }
            Change::MapRun(ticket, run) => execution.set_map_run(ticket, *run),
            Change::ChildOpened(ticket, child) => drop(execution.children.insert(ticket, child)),
            Change::ChildEnded(ticket) => drop(execution.children.remove(&ticket)),
            Change::NestedOpened(ticket, nested) => execution.set_nested(ticket, nested),
            Change::NestedEnded(ticket) => drop(execution.close_nested(ticket)),
            Change::MockedCalls(state, calls) => drop(execution.mocked_calls.insert(state, calls)),
        }
    }
}

/// A branch has as many slots as its join is wide; an arming under another ticket begins with nothing filled.
fn set_position(execution: &mut Execution, id: BranchId, position: Position) {
    let width = position.trigger.join().map_or(0, |join| join.width as usize);
    match execution.branches.get_mut(&id) {
        Some(branch) if branch.position.ticket == position.ticket && branch.slots.len() == width => {}
        Some(branch) => branch.slots = vec![None; width],
        None => {
            let branch = Branch { position: position.clone(), slots: vec![None; width], variables: Default::default() };
            execution.branches.insert(id, branch);
        }
    }
    execution.set_position(id, position);
}
