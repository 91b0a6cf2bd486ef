//! `Succeed`: passes on what its paths select, and ends its branch.

use stepwell_asl::State;

use crate::core::branch::BranchId;
use crate::core::fault::Fault;
use crate::core::step::Turning;

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    let left = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        flow.pass_on(state, input)
    })?;
    turn.leave_with(id, left);
    Ok(())
}
