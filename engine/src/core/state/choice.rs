//! `Choice`: takes the first rule that holds, else `Default`.

use stepwell_asl::dataflow::Left;
use stepwell_asl::program::{Choice, QueryLanguage};
use stepwell_asl::{EvalError, State};

use crate::core::branch::BranchId;
use crate::core::fault::Fault;
use crate::core::step::Turning;

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, choice: &Choice) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    let (left, next) = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        for rule in &choice.rules {
            if flow.with(&input, |scope| rule.test.holds(scope))? {
                if state.language == QueryLanguage::Jsonata {
                    let left = flow.transform(rule.assign.as_ref(), rule.output.as_ref(), &input, None)?;
                    return Ok((left, Some(rule.next)));
                }
                let assigned = flow.assigned(rule.assign.as_ref(), &input)?;
                let output = flow.path(&state.output_path, &input)?;
                return Ok((Left { output, assigned }, Some(rule.next)));
            }
        }
        Ok((flow.pass_on(state, input)?, choice.default))
    })?;
    let Some(next) = next else {
        let reason = "Failed to transition out of the state. The state does not point to a next state.";
        return Err(turn.fault(id, EvalError::runtime(reason)));
    };
    turn.leave_to(id, left, Some(next));
    Ok(())
}
