//! One attempt of a state, by type. A new type is one file here, one variant, and what the compiler then asks for.

use stepwell_asl::StateKind;

use super::branch::BranchId;
use super::fault::Fault;
use super::step::Turning;

mod batch;
mod choice;
pub mod distributed;
mod fail;
pub mod map;
mod map_probed;
mod parallel;
mod pass;
mod succeed;
pub mod task;
pub mod wait;

/// Begins an attempt: the first after entering, or a retry.
pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId) -> Result<(), Fault> {
    let state = turn.state(id);
    match &state.kind {
        StateKind::Choice(choice) => choice::attempt(turn, id, state, choice),
        StateKind::Fail(fail) => fail::attempt(turn, id, fail),
        StateKind::Map(map) => map::attempt(turn, id, state, map),
        StateKind::Parallel(parallel) => parallel::attempt(turn, id, state, parallel),
        StateKind::Pass(pass) => pass::attempt(turn, id, state, pass),
        StateKind::Succeed => succeed::attempt(turn, id, state),
        StateKind::Task(task) => task::attempt(turn, id, state, task),
        StateKind::Wait(wait) => wait::attempt(turn, id, state, wait),
    }
}
