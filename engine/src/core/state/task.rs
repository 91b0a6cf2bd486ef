//! `Task`: scheduled, dispatched by the world, answered under its ticket.

use stepwell_asl::dataflow::Flow;
use stepwell_asl::program::{Quantity, Task};
use stepwell_asl::{EvalError, State, StateKind, Text, Value};

use crate::core::branch::BranchId;
use crate::core::event::EventKind;
use crate::core::fault::{Fault, StateError};
use crate::core::history::{HistoryKind, Scheduled, TaskLabel};
use crate::core::nested::{self, Nested};
use crate::core::step::Turning;
use crate::core::trigger::{Dispatch, Heartbeat, Trigger, Work};

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, task: &Task) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    // The ticket is drawn first: the token that the parameters may show names it.
    let ticket = turn.draw_ticket();
    turn.position_mut(id).ticket = ticket;
    let (arguments, timeout_s, heartbeat_s, role) = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        let timeout_s = seconds(flow, task.timeout.as_ref(), "TimeoutSeconds", &input)?;
        let heartbeat_s = seconds(flow, task.heartbeat.as_ref(), "HeartbeatSeconds", &input)?;
        let role = match &task.credentials {
            Some(template) => flow.with(&input, |scope| template.evaluate(scope))?.get("RoleArn").cloned(),
            None => None,
        };
        let arguments = flow.arguments(task.parameters.as_ref(), input)?;
        Ok((arguments, timeout_s, heartbeat_s, role))
    })?;
    if !turn.fits(&arguments) {
        return Err(Fault::terminal(Fault::too_large(&state.name)));
    }
    let mocked_call = turn.count_mocked_call(&state.name);
    let is_mocked = mocked_call.is_some();
    if let Some(why) = nested::refused(&task.resource, &arguments).filter(|_| !is_mocked) {
        let reason = format!("The Parameters '{arguments}' could not be used to start the Task: [{why}]");
        return Err(turn.fault(id, EvalError::runtime(reason)));
    }
    let nested = Nested::open(&task.resource, &arguments, (id, ticket), &turn.execution.identity);
    let role: Option<Text> = role.and_then(|role| role.as_str().map(Text::from));
    let label = TaskLabel::from(&task.resource);
    let region = turn.execution.identity.region.clone();
    turn.emit(
        id,
        HistoryKind::TaskScheduled(Box::new(Scheduled {
            label: label.clone(),
            resource: task.resource.arn.clone(),
            input: arguments.clone(),
            region,
            timeout_s,
            heartbeat_s,
            role: role.clone(),
        })),
    );
    // What the test case answers for is neither taken by an activity's worker nor started.
    let is_offered = label == TaskLabel::Activity && !is_mocked;
    let now = turn.env.now;
    let after = |s: u64| now.plus_ms(s.saturating_mul(1000));
    let trigger = Trigger::Task {
        arguments,
        role,
        deadline: timeout_s.map(after),
        heartbeat: heartbeat_s.map(|s| Heartbeat { every_ms: s.saturating_mul(1000), due: after(s) }),
        dispatch: if is_offered { Dispatch::Offer } else { Dispatch::Call },
        mocked_call,
    };
    turn.arm_with(id, ticket, trigger);
    if let Some(nested) = nested.filter(|_| !is_mocked) {
        turn.open_nested(ticket, nested);
    }
    if !is_offered {
        turn.scheduled(id, ticket, label);
    }
    Ok(())
}

/// `TimeoutSeconds` or `HeartbeatSeconds`.
fn seconds(
    flow: &mut Flow<'_>,
    quantity: Option<&Quantity>,
    field: &str,
    input: &Value,
) -> Result<Option<u64>, EvalError> {
    let Some(quantity) = quantity else { return Ok(None) };
    let (value, of) = match quantity {
        Quantity::Fixed(value) => (value.clone(), format!("The {field} field cannot be parsed as a long value: ")),
        Quantity::Query(query) => (
            Value::Number(flow.with(input, |scope| query.number(scope))?),
            format!("The {field} field cannot be parsed as a long value: "),
        ),
        Quantity::Path(path) => {
            let value = flow.with(input, |scope| scope.select(path)).map_err(|_| {
                let path = path.text();
                EvalError::runtime(format!("The {field}Path parameter does not reference an input value: {path}"))
            })?;
            (value, format!("The {field}Path parameter cannot be parsed as a long value: {} == ", path.text()))
        }
    };
    match value.as_number().and_then(serde_json::Number::as_u64).filter(|seconds| *seconds > 0) {
        Some(seconds) => Ok(Some(seconds)),
        None => {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
            Err(quantity.failure(format!("{of}{value}")))
        }
    }
}

/// The world has something to say about the task. Tells whether it was news: a task is taken only once.
pub(in crate::core) fn answer(turn: &mut Turning<'_>, id: BranchId, kind: &EventKind) -> bool {
    let Some((task, label)) = task_of(turn, id) else { return false };
    let Trigger::Task { dispatch, .. } = turn.position(id).trigger else { return false };
    if kind.is_final() {
        let ticket = turn.position(id).ticket;
        turn.close_nested(ticket);
    }
    match kind {
        EventKind::TaskStarted { .. } if dispatch != Dispatch::Offer => return false,
        EventKind::TaskSubmitted(_) if dispatch != Dispatch::Call => return false,
        EventKind::TaskStarted { worker } => {
            turn.emit(id, HistoryKind::TaskStarted { label, worker: worker.clone() });
            take(turn, id);
        }
        EventKind::TaskSubmitted(output) => {
            turn.emit(id, HistoryKind::TaskSubmitted { label, output: output.clone() });
            take(turn, id);
        }
        EventKind::TaskHeartbeat => beat(turn, id),
        EventKind::TaskSucceeded(output) if !turn.fits(output) => {
            let error = Fault::too_large(task.resource.short_name());
            turn.emit(id, HistoryKind::TaskFailed { label, error: error.clone() });
            settle(turn, id, Err(error));
        }
        EventKind::TaskSucceeded(output) => {
            turn.emit(id, HistoryKind::TaskSucceeded { label, output: output.clone() });
            settle(turn, id, Ok(output.clone()));
        }
        EventKind::TaskFailed(error) => {
            turn.emit(id, HistoryKind::TaskFailed { label, error: error.clone() });
            settle(turn, id, Err(error.clone()));
        }
        EventKind::TaskSubmitFailed(error) => {
            turn.emit(id, HistoryKind::TaskSubmitFailed { label, error: error.clone() });
            settle(turn, id, Err(error.clone()));
        }
    }
    true
}

/// The task's time is up, or its heartbeat is missing.
pub(in crate::core) fn time_out(turn: &mut Turning<'_>, id: BranchId) {
    let Some((_, label)) = task_of(turn, id) else { return };
    let Trigger::Task { deadline, .. } = &turn.position(id).trigger else { return };
    let overdue = deadline.is_some_and(|at| at <= turn.env.now);
    let error = StateError::named(if overdue { "States.Timeout" } else { "States.HeartbeatTimeout" });
    turn.emit(id, HistoryKind::TaskTimedOut { label, error: error.clone() });
    settle(turn, id, Err(error));
}

fn task_of<'a>(turn: &Turning<'a>, id: BranchId) -> Option<(&'a Task, TaskLabel)> {
    match &turn.state(id).kind {
        StateKind::Task(task) => Some((task, TaskLabel::from(&task.resource))),
        _ => None,
    }
}

/// The outcome is recorded at once; its consequences come after every outcome of this turn.
fn settle(turn: &mut Turning<'_>, id: BranchId, outcome: Result<Value, StateError>) {
    turn.disarm(id);
    turn.push(match outcome {
        Ok(result) => Work::Resolve(id, result),
        Err(error) => Work::Fail(id, Fault::recoverable(error)),
    });
}

/// Somebody has the task: it is not dispatched again, and its heartbeat is owed from now on.
fn take(turn: &mut Turning<'_>, id: BranchId) {
    turn.execution.unindex(id);
    if let Trigger::Task { dispatch, .. } = &mut turn.position_mut(id).trigger {
        *dispatch = Dispatch::Taken;
    }
    turn.execution.index(id);
    beat(turn, id);
}

fn beat(turn: &mut Turning<'_>, id: BranchId) {
    let now = turn.env.now;
    turn.execution.unindex(id);
    if let Trigger::Task { heartbeat: Some(heartbeat), .. } = &mut turn.position_mut(id).trigger {
        heartbeat.due = now.plus_ms(heartbeat.every_ms);
    }
    turn.execution.index(id);
}
