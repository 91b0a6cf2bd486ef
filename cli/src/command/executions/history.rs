//! `stepwell executions history`

use stepwell_asl::{Text, Timestamp, Value};
use stepwell_engine::core::{HistoryEvent, HistoryKind, StateError};
use stepwell_engine::engine::{HistoryCursor, HistoryPage, HistoryQuery};
use stepwell_engine::{Engine, history_json};

use super::find;
use crate::args::HistoryArgs;
use crate::live::error as shown_error;
use crate::output::{self, ERROR, FAINT, Styled, printable};
use crate::refusal::Refusal;
use crate::table::Table;

/// Events that are read at once.
const EVENTS_MAX: usize = 1_000;

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 80;

/// Shows what happened in one execution.
pub async fn execute(engine: &Engine, args: &HistoryArgs) -> Result<(), Refusal> {
    let there = find(engine, &args.which).await?;
    let events = read(engine, &there.arn, args).await?;
    if args.json {
        let all: Value = events.iter().map(history_json::to_json).collect();
        return Ok(output::print_json(&all)?);
    }
    let mut table = Table::new(&[":ID", ":TIME", "TYPE", "DETAIL"]);
    for event in &events {
        let kind = history_json::type_name(&event.kind);
        let kind = if is_failure(&event.kind) { Styled(ERROR, kind).to_string() } else { kind };
        let after = Styled(FAINT, offset(there.started_at, event.at));
        table.add([event.id.to_string(), after.to_string(), kind, detail(&event.kind)]);
    }
    Ok(output::print(&table.lines())?)
}

async fn read(engine: &Engine, arn: &str, args: &HistoryArgs) -> Result<Vec<HistoryEvent>, Refusal> {
    let wanted = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let (mut events, mut after) = (Vec::new(), None::<HistoryCursor>);
    loop {
        let limit = EVENTS_MAX.min(wanted - events.len());
        let query = HistoryQuery { reverse: args.reverse, after, limit };
        let HistoryPage { events: page, next } = engine.history(arn, query).await?;
        events.extend(page);
        after = next;
        if after.is_none() || events.len() >= wanted {
            return Ok(events);
        }
    }
}

/// Seconds since the start: `+1.250`.
fn offset(from: Timestamp, to: Timestamp) -> String {
    let ms = to.0.saturating_sub(from.0).max(0);
    format!("+{}.{:03} s", ms / 1000, ms % 1000)
}

fn is_failure(kind: &HistoryKind) -> bool {
    matches!(
        kind,
        HistoryKind::ExecutionFailed(_)
            | HistoryKind::ExecutionTimedOut(_)
            | HistoryKind::ExecutionAborted(_)
            | HistoryKind::EvaluationFailed { .. }
            | HistoryKind::TaskFailed { .. }
            | HistoryKind::TaskTimedOut { .. }
            | HistoryKind::MapIterationFailed { .. }
            | HistoryKind::MapRunFailed(_)
            | HistoryKind::MapStateFailed
            | HistoryKind::ParallelStateFailed
    )
}

fn detail(kind: &HistoryKind) -> String {
    let item = |name: &Text, index: &u32| format!("{}[{index}]", printable(name));
    let failed = |error: &StateError| shown_error(error);
    match kind {
        HistoryKind::ExecutionStarted { input, .. } => short(input),
        HistoryKind::ExecutionSucceeded { output } => short(output),
        HistoryKind::ExecutionFailed(error)
        | HistoryKind::ExecutionTimedOut(error)
        | HistoryKind::ExecutionAborted(error)
        | HistoryKind::MapRunFailed(error)
        | HistoryKind::TaskFailed { error, .. }
        | HistoryKind::TaskTimedOut { error, .. } => failed(error),
        HistoryKind::EvaluationFailed { state, location, error } => {
            let place = location.as_ref().map(|field| format!(" {}", printable(field))).unwrap_or_default();
            format!("{}{place}  {}", printable(state), failed(error))
        }
        HistoryKind::ExecutionRedriven { count } => format!("redrive {count}"),
        HistoryKind::StateEntered { name, input, .. } => format!("{}  {}", printable(name), short(input)),
        HistoryKind::StateExited { name, output, .. } => format!("{}  {}", printable(name), short(output)),
        HistoryKind::TaskScheduled(task) => format!("{}  {}", printable(&task.resource), short(&task.input)),
        HistoryKind::TaskStarted { worker, .. } => {
            worker.as_ref().map(|worker| format!("by {}", printable(worker))).unwrap_or_default()
        }
        HistoryKind::TaskSubmitted { output, .. } | HistoryKind::TaskSucceeded { output, .. } => short(output),
        HistoryKind::MapStateStarted { length } => format!("{length} items"),
        HistoryKind::MapRunStarted { map_run_arn } => printable(map_run_arn),
        HistoryKind::MapIterationStarted { name, index }
        | HistoryKind::MapIterationSucceeded { name, index }
        | HistoryKind::MapIterationFailed { name, index }
        | HistoryKind::MapIterationAborted { name, index } => item(name, index),
        HistoryKind::StateAborted { .. }
        | HistoryKind::ParallelStateStarted
        | HistoryKind::ParallelStateSucceeded
        | HistoryKind::ParallelStateFailed
        | HistoryKind::MapStateSucceeded
        | HistoryKind::MapStateFailed
        | HistoryKind::MapRunSucceeded
        | HistoryKind::MapRunAborted => String::new(),
    }
}

/// The beginning of a value.
fn short(value: &Value) -> String {
    let text = printable(&value.to_string());
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
