//! `Pass`: its result is what is written, else its effective input. In JSONata its output is all that it makes.

use stepwell_asl::State;
use stepwell_asl::dataflow::{Left, Stage, place};
use stepwell_asl::program::{Pass, QueryLanguage};

use crate::core::branch::BranchId;
use crate::core::fault::Fault;
use crate::core::step::Turning;

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, pass: &Pass) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    let left = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        if state.language == QueryLanguage::Jsonata {
            return flow.pass_on(state, input);
        }
        let input = flow.arguments(pass.parameters.as_ref(), input)?;
        let result = match &pass.result {
            Some(result) => {
                flow.observer.saw(Stage::Result, result);
                result.clone()
            }
            None => input,
        };
        flow.observer.saw(Stage::AfterResultSelector, &result);
        let assigned = flow.assigned(state.assign.as_ref(), &result)?;
        let placed = place(&pass.result_path, &raw, result)?;
        flow.observer.saw(Stage::AfterResultPath, &placed);
        let output = flow.path(&state.output_path, &placed)?;
        flow.observer.saw(Stage::Output, &output);
        Ok(Left { output, assigned })
    })?;
    turn.leave_with(id, left);
    Ok(())
}
