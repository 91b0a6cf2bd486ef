//! `Choice`: takes the first rule that holds, else `Default`.

use stepwell_asl::State;
use stepwell_asl::dataflow::Left;
use stepwell_asl::program::Choice;

use crate::core::branch::BranchId;
use crate::core::fault::{Fault, StateError};
use crate::core::step::Turning;

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, choice: &Choice) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    let (left, next) = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        for rule in &choice.rules {
            if flow.with(&input, |scope| rule.test.holds(scope))? {
                let assigned = flow.assigned(rule.assign.as_ref(), &input)?;
                let output = flow.path(&state.output_path, &input)?;
                return Ok((Left { output, assigned }, Some(rule.next)));
            }
        }
        Ok((flow.pass_on(state, input)?, choice.default))
    })?;
    let Some(next) = next else {
        let position = turn.position(id);
        let cause = format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). \
             Failed to transition out of the state. The state does not point to a next state.",
            state.name, position.entered_event
        );
        return Err(Fault::terminal(StateError::new("States.Runtime", cause)));
    };
    turn.leave_to(id, left, Some(next));
    Ok(())
}
