//! `Parallel`: a branch for each machine, all with the same input, joined into an array.

use stepwell_asl::State;
use stepwell_asl::program::Parallel;

use crate::core::branch::{BranchId, Parent};
use crate::core::fault::Fault;
use crate::core::history::HistoryKind;
use crate::core::step::Turning;
use crate::core::trigger::{Join, JoinKind, Trigger, Work};

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, parallel: &Parallel) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    let input = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        flow.arguments(parallel.parameters.as_ref(), input)
    })?;
    if !turn.fits(&input) {
        return Err(Fault::terminal(Fault::too_large(&state.name)));
    }
    turn.emit(id, HistoryKind::ParallelStateStarted);
    let width = parallel.branches.len() as u32;
    let kind = JoinKind::Parallel(input.clone());
    turn.arm(id, Trigger::Join(Join { kind, width, filled: 0, next: width }));
    if turn.probe.is_some() {
        return Ok(()); // a test answers for all branches
    }
    for (slot, start) in parallel.branches.iter().enumerate() {
        let child = turn.begin_child(Parent { branch: id, slot: slot as u32 }, *start, input.clone(), None);
        turn.push(Work::Enter(child));
    }
    Ok(())
}
