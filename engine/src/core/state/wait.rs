//! `Wait`: until an instant that is written down or selected. An instant that has passed waits for nothing.

use stepwell_asl::program::Wait;
use stepwell_asl::{EvalError, State, Timestamp, Value};

use crate::core::branch::BranchId;
use crate::core::fault::Fault;
use crate::core::step::Turning;
use crate::core::trigger::Trigger;

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, wait: &Wait) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    let now = turn.env.now;
    let until = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        match wait {
            Wait::Seconds(seconds) => Ok(after(now, *seconds)),
            Wait::Timestamp(at) => Ok(*at),
            Wait::SecondsPath(path) => {
                let value = flow.with(&input, |scope| scope.select(path)).map_err(|_| {
                    EvalError::runtime(format!(
                        "The SecondsPath parameter does not reference an input value: {}",
                        path.text()
                    ))
                })?;
                let seconds = value.as_number().and_then(serde_json::Number::as_u64).ok_or_else(|| {
                    EvalError::runtime(format!(
                        "The SecondsPath parameter cannot be parsed as a long value: {} == {}",
                        path.text(),
                        plain(&value)
                    ))
                })?;
                Ok(after(now, seconds))
            }
            Wait::TimestampPath(path) => {
                let value = flow.with(&input, |scope| scope.select(path)).map_err(|_| {
                    EvalError::runtime(format!(
                        "The TimestampPath parameter does not reference an input value: {}",
                        path.text()
                    ))
                })?;
                value.as_str().and_then(Timestamp::parse).ok_or_else(|| {
                    EvalError::runtime(format!(
                        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time \
                         format string: {} == {}",
                        path.text(),
                        plain(&value)
                    ))
                })
            }
            Wait::SecondsQuery(query) => {
                let seconds = flow.with(&input, |scope| query.number(scope))?;
                let whole = seconds.as_u64().ok_or_else(|| {
                    query.failure(format!("The Seconds field cannot be parsed as a long value: {seconds}"))
                })?;
                Ok(after(now, whole))
            }
            Wait::TimestampQuery(query) => {
                let text = flow.with(&input, |scope| query.string(scope))?;
                Timestamp::parse(&text).ok_or_else(|| {
                    query.failure(format!(
                        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: \
                         {text}"
                    ))
                })
            }
        }
    })?;
    let until = turn.env.pace.until(now, until);
    turn.arm(id, Trigger::Timer { at: until });
    if until <= now {
        wake(turn, id);
    }
    Ok(())
}

/// The time has come.
pub(in crate::core) fn wake(turn: &mut Turning<'_>, id: BranchId) {
    let state = turn.state(id);
    let raw = turn.position(id).input.clone();
    turn.disarm(id);
    let left = turn.flow(id, |flow| {
        let input = flow.path(&state.input_path, &raw)?;
        flow.pass_on(state, input)
    });
    match left {
        Ok(left) => turn.leave_with(id, left),
        Err(fault) => turn.push(crate::core::trigger::Work::Fail(id, fault)),
    }
}

fn after(now: Timestamp, seconds: u64) -> Timestamp {
    now.plus_ms(seconds.saturating_mul(1000))
}

/// A value as AWS shows it in sentences: a string without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
