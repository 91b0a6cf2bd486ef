//! `Fail`: ends its branch with an error that is written down or computed.

use stepwell_asl::program::{Fail, Phrase};
use stepwell_asl::{EvalError, Text, Value};

use crate::core::branch::BranchId;
use crate::core::fault::{Fault, StateError};
use crate::core::step::Turning;

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, fail: &Fail) -> Result<(), Fault> {
    let name = phrase(turn, id, fail.error.as_ref(), "ErrorPath")?;
    let cause = phrase(turn, id, fail.cause.as_ref(), "CausePath")?;
    Err(Fault::recoverable(StateError { name, cause }))
}

fn phrase(turn: &mut Turning<'_>, id: BranchId, phrase: Option<&Phrase>, field: &str) -> Result<Option<Text>, Fault> {
    match phrase {
        None => Ok(None),
        Some(Phrase::Literal(text)) => Ok(Some(text.clone())),
        Some(Phrase::Query(query)) => {
            let raw = turn.position(id).input.clone();
            turn.flow(id, |flow| flow.with(&raw, |scope| query.string(scope)).map(Some))
        }
        Some(Phrase::Computed(template)) => {
            let raw = turn.position(id).input.clone();
            turn.flow(id, |flow| match flow.with(&raw, |scope| template.evaluate(scope))? {
                Value::String(text) => Ok(Some(text)),
                other => Err(EvalError::runtime(format!("The {field} parameter does not reference a string: {other}"))),
            })
        }
    }
}
