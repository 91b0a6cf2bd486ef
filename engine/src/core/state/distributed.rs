//! Distributed `Map`: an execution of its own for every item, so many at a time, joined into an array. Which of them are
//! open, and what became of the others, is in the map run.

use stepwell_asl::dataflow::Flow;
use stepwell_asl::path::Selector;
use stepwell_asl::program::{Map, Quantity};
use stepwell_asl::value::Array;
use stepwell_asl::{EvalError, State, StateKind, Value};

use crate::core::branch::{BranchId, Ticket};
use crate::core::effect;
use crate::core::event::MapRunUpdate;
use crate::core::execution::Status;
use crate::core::fault::{Fault, StateError};
use crate::core::history::HistoryKind;
use crate::core::map_run::{Child, ChildEnd, ChildRef, MapRun, MapRunStatus, map_run_arn};
use crate::core::step::Turning;
use crate::core::trigger::{Join, JoinKind, Trigger, Work};

/// Executions that are opened in one move.
const OPENED_MAX: u32 = 1_000;

/// A Distributed Map has its items.
pub(super) fn begin(
    turn: &mut Turning<'_>,
    id: BranchId,
    (state, map): (&State, &Map),
    items: Array,
    input: Value,
    max_concurrency: u32,
) -> Result<(), Fault> {
    let (tolerated_count, tolerated_percentage) = turn.flow(id, |flow| {
        let count = tolerated_count(flow, map.tolerated_failure_count.as_ref(), &input)?;
        Ok((count, tolerated_percentage(flow, map.tolerated_failure_percentage.as_ref(), &input)?))
    })?;
    let ticket = turn.draw_ticket();
    if u32::try_from(ticket.0).is_err() {
        let cause = format!("The execution has waited {} times, and no Map Run can begin after that", ticket.0);
        return Err(Fault::terminal(StateError::new("States.Runtime", cause)));
    }
    let width = items.len() as u32;
    turn.add_map_run(
        ticket,
        MapRun {
            state: state.name.clone(),
            label: map.label.clone(),
            express: map.express,
            branch: id,
            status: MapRunStatus::Running,
            started_at: turn.env.now,
            max_concurrency,
            total: width,
            running: 0,
            succeeded: 0,
            failed: 0,
            timed_out: 0,
            aborted: 0,
            tolerated_count,
            tolerated_percentage,
            stopped_at: None,
            stop: None,
        },
    );
    let arn = map_run_arn(&turn.execution.identity, ticket, &map.label, &turn.env.tokens);
    turn.emit(id, HistoryKind::MapRunStarted { map_run_arn: arn });
    let kind = JoinKind::Distributed { items, input };
    turn.arm_with(id, ticket, Trigger::Join(Join { kind, width, filled: 0, next: 0 }));
    turn.push(Work::Advance(id));
    Ok(())
}

/// Looks at what became of the executions: the run fails, it succeeds, or as many as may run are opened.
pub(in crate::core) fn advance(turn: &mut Turning<'_>, id: BranchId) {
    let Some(map_run) = turn.map_run_of(id) else { return };
    let Some(run) = turn.execution.map_runs.get(&map_run) else { return };
    if run.is_exceeded() {
        let cause = "The specified tolerated failure threshold was exceeded";
        let error = StateError::new("States.ExceedToleratedFailureThreshold", cause);
        return fail(turn, id, Fault::recoverable(error));
    }
    let limit = turn.env.limits.distributed_concurrency.unwrap_or(u32::MAX);
    let concurrency = if run.max_concurrency == 0 { limit } else { run.max_concurrency.min(limit) };
    let Trigger::Join(join) = &turn.position(id).trigger else { return };
    if join.filled == join.width {
        return succeed(turn, id);
    }
    let free = concurrency.saturating_sub(run.running).min(join.width - join.next);
    for _ in 0..free.min(OPENED_MAX) {
        if let Err(fault) = open(turn, id, map_run) {
            return fail(turn, id, fault);
        }
        if turn.is_laden() {
            break;
        }
    }
    let Trigger::Join(join) = &turn.position(id).trigger else { return };
    let running = turn.execution.map_runs.get(&map_run).map_or(0, |run| run.running);
    if join.next < join.width && running < concurrency {
        turn.push(Work::Advance(id));
    }
}

/// Opens the next execution.
fn open(turn: &mut Turning<'_>, id: BranchId, map_run: Ticket) -> Result<(), Fault> {
    let state = turn.state(id);
    let StateKind::Map(map) = &state.kind else { return Ok(()) };
    let Trigger::Join(Join { kind: JoinKind::Distributed { items, input }, next, .. }) = &turn.position(id).trigger
    else {
        return Ok(());
    };
    let (slot, item, input) = (*next, items[*next as usize].clone(), input.clone());
    let selected = match &map.item_selector {
        Some(template) => Some(
            turn.flow_with_item(id, Some((slot, &item)), |flow| flow.with(&input, |scope| template.evaluate(scope)))?,
        ),
        None => None,
    };
    if !turn.fits(selected.as_ref().unwrap_or(&item)) {
        return Err(Fault::terminal(Fault::too_large(&state.name)));
    }
    if let Trigger::Join(join) = &mut turn.position_mut(id).trigger {
        join.next += 1;
    }
    turn.open_child(Child { map_run, slot, input: selected });
    Ok(())
}

/// The run has failed, and with it the state.
fn fail(turn: &mut Turning<'_>, id: BranchId, fault: Fault) {
    if let Some(map_run) = turn.map_run_of(id) {
        turn.end_map_run(map_run, MapRunStatus::Failed);
    }
    turn.emit(id, HistoryKind::MapRunFailed(fault.error.clone()));
    turn.halt(id);
    turn.push(Work::Fail(id, fault));
}

fn succeed(turn: &mut Turning<'_>, id: BranchId) {
    if let Some(map_run) = turn.map_run_of(id) {
        turn.end_map_run(map_run, MapRunStatus::Succeeded);
    }
    let results: Value = turn.take_slots(id).into_iter().flatten().collect();
    turn.disarm(id);
    turn.emit(id, HistoryKind::MapRunSucceeded);
    turn.emit(id, HistoryKind::MapStateSucceeded);
    turn.push(match turn.fits(&results) {
        true => Work::Resolve(id, results),
        false => Work::Fail(id, Fault::terminal(Fault::too_large(&turn.state(id).name))),
    });
}

/// An execution has ended. Tells whether that is news.
pub(in crate::core) fn ended(turn: &mut Turning<'_>, ticket: Ticket, end: &ChildEnd) -> bool {
    let Some(child) = turn.close_child(ticket) else { return false };
    let Some(run) = turn.map_run_mut(child.map_run) else { return true };
    run.count(&end.status);
    if run.status != MapRunStatus::Running {
        return true; // it was stopped: nobody waits for what it has to say
    }
    let (branch, of) = (run.branch, ChildRef::new(ticket, child.map_run, run));
    let result = match &end.status {
        Status::Succeeded(output) => output.clone(),
        Status::Running | Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => {
            let input = child.input.or_else(|| effect::item(turn.execution, child.map_run, child.slot));
            of.description(&turn.execution.identity, &input.unwrap_or_default(), end)
        }
    };
    turn.fill(branch, child.slot, result);
    if let Trigger::Join(join) = &mut turn.position_mut(branch).trigger {
        join.filled += 1;
    }
    look_again(turn, branch);
    true
}

/// Somebody changes a run's settings. Tells whether it still runs.
pub(in crate::core) fn update(turn: &mut Turning<'_>, map_run: Ticket, update: &MapRunUpdate) -> bool {
    let MapRunUpdate { max_concurrency, tolerated_count, tolerated_percentage } = *update;
    if !turn.execution.map_runs.get(&map_run).is_some_and(|run| run.status == MapRunStatus::Running) {
        return false;
    }
    let Some(run) = turn.map_run_mut(map_run) else { return false };
    run.max_concurrency = max_concurrency.unwrap_or(run.max_concurrency);
    run.tolerated_count = tolerated_count.or(run.tolerated_count);
    run.tolerated_percentage = tolerated_percentage.or(run.tolerated_percentage);
    let branch = run.branch;
    look_again(turn, branch);
    true
}

/// However many have ended, it is looked once.
fn look_again(turn: &mut Turning<'_>, id: BranchId) {
    if turn.execution.ready.back() != Some(&Work::Advance(id)) {
        turn.push(Work::Advance(id));
    }
}

fn tolerated_count(flow: &mut Flow<'_>, quantity: Option<&Quantity>, input: &Value) -> Result<Option<u64>, EvalError> {
    let Some(quantity) = quantity else { return Ok(None) };
    let (value, path) = evaluate(flow, quantity, input)?;
    let number = value.as_number();
    match (number.and_then(serde_json::Number::as_u64), number.and_then(serde_json::Number::as_i64)) {
        (Some(count), _) => Ok(Some(count)),
        (None, Some(_)) => Err(quantity.failure("ToleratedFailureCount cannot be negative.")),
        (None, None) => Err(quantity.failure(not_valid("ToleratedFailureCount", &value, path, "integer"))),
    }
}

fn tolerated_percentage(
    flow: &mut Flow<'_>,
    quantity: Option<&Quantity>,
    input: &Value,
) -> Result<Option<f64>, EvalError> {
    let Some(quantity) = quantity else { return Ok(None) };
    let (value, path) = evaluate(flow, quantity, input)?;
    match value.as_number().and_then(serde_json::Number::as_f64) {
        Some(percentage) if (0.0..=100.0).contains(&percentage) => Ok(Some(percentage)),
        Some(_) => Err(quantity.failure("ToleratedFailurePercentage must be between 0 and 100.")),
        None => Err(quantity.failure(not_valid("ToleratedFailurePercentage", &value, path, "float"))),
    }
}

fn evaluate<'a>(
    flow: &mut Flow<'_>,
    quantity: &'a Quantity,
    input: &Value,
) -> Result<(Value, Option<&'a Selector>), EvalError> {
    Ok(match quantity {
        Quantity::Fixed(value) => (value.clone(), None),
        Quantity::Path(path) => (flow.select(path, input)?, Some(path)),
        Quantity::Query(query) => (Value::Number(flow.with(input, |scope| query.number(scope))?), None),
    })
}

fn not_valid(field: &str, value: &Value, path: Option<&Selector>, what: &str) -> String {
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    match path {
        Some(path) => {
            format!("The {field}Path field refers to value \"{shown}\" which is not a valid {what}: {}", path.text())
        }
        None => format!("The {field} field has the value \"{shown}\" which is not a valid {what}"),
    }
}
