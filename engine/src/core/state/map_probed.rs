//! A `Map` under test: its data flow, every iteration's input and its numbers, and no iteration. Whoever tests it gives
//! the result.

use stepwell_asl::dataflow::{Flow, Stage};
use stepwell_asl::program::{Map, Quantity};
use stepwell_asl::template::Template;
use stepwell_asl::value::Array;
use stepwell_asl::{EvalError, State, Value};

use super::batch::batches;
use super::map::{concurrency, items};
use crate::core::branch::BranchId;
use crate::core::fault::Fault;
use crate::core::step::Turning;
use crate::core::trigger::{Join, JoinKind, Trigger};

/// Iterations whose input is computed at most.
const SELECTED_MAX: usize = 10_000;

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, map: &Map) -> Result<(), Fault> {
    let raw = turn.position(id).input.clone();
    let given = turn.probe.as_ref().and_then(|probe| probe.items.clone());
    let (input, items) = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        let items = match given {
            Some(items) => items,
            None => items(flow, state, map, &input)?,
        };
        Ok((input, items))
    })?;
    let selected = match &map.item_selector {
        Some(template) => select(turn, id, template, &input, &items)?,
        None => Some(Value::Array(items.clone())),
    };
    if let Some(selected) = selected {
        turn.flow(id, |flow| {
            if map.item_selector.is_some() {
                flow.observer.saw(Stage::AfterItemSelector, &selected);
            }
            if let Some(batcher) = &map.batcher {
                let batches = batches(flow, batcher, &input, selected.as_array().map_or(&[], |items| items))?;
                flow.observer.saw(Stage::AfterItemBatcher, &batches);
            }
            Ok(())
        })?;
    }
    let wanted = turn.flow(id, |flow| {
        let wanted = concurrency(flow, map.max_concurrency.as_ref(), &input)?;
        flow.observer.saw(Stage::MaxConcurrency, &u64::from(wanted).into());
        tolerated(flow, map.tolerated_failure_count.as_ref(), &input, &COUNT)?;
        tolerated(flow, map.tolerated_failure_percentage.as_ref(), &input, &PERCENTAGE)?;
        Ok(wanted)
    })?;
    let width = items.len() as u32;
    let kind = JoinKind::Map { items, input, concurrency: wanted };
    turn.arm(id, Trigger::Join(Join { kind, width, filled: 0, next: 0 }));
    Ok(())
}

/// What each iteration would get. `None` where that is more than can be shown: a test must come to its end.
fn select(
    turn: &mut Turning<'_>,
    id: BranchId,
    template: &Template,
    input: &Value,
    items: &Array,
) -> Result<Option<Value>, Fault> {
    let mut selected = Vec::new();
    let mut bytes = 0;
    for (index, item) in (0..).zip(items.iter()) {
        let select = |flow: &mut Flow<'_>| flow.with(input, |scope| template.evaluate(scope));
        let value = turn.flow_with_item(id, Some((index, item)), select)?;
        if !turn.fits(&value) {
            return Err(Fault::terminal(Fault::too_large(&turn.state(id).name)));
        }
        bytes += value.json_bytes();
        selected.push(value);
        if selected.len() > SELECTED_MAX || turn.env.limits.payload_bytes.is_some_and(|limit| bytes > limit) {
            return Ok(None);
        }
    }
    Ok(Some(selected.into()))
}

struct Tolerance {
    field: &'static str,
    stage: Stage,
    holds: fn(&Value) -> bool,
}

const COUNT: Tolerance = Tolerance {
    field: "ToleratedFailureCount",
    stage: Stage::ToleratedFailureCount,
    holds: |value| value.as_number().is_some_and(|number| number.as_u64().is_some()),
};

const PERCENTAGE: Tolerance = Tolerance {
    field: "ToleratedFailurePercentage",
    stage: Stage::ToleratedFailurePercentage,
    holds: |value| {
        let number = value.as_number().and_then(serde_json::Number::as_f64);
        number.is_some_and(|number| (0.0..=100.0).contains(&number))
    },
};

/// How many failures a Map bears, where it says so.
fn tolerated(
    flow: &mut Flow<'_>,
    quantity: Option<&Quantity>,
    input: &Value,
    tolerance: &Tolerance,
) -> Result<(), EvalError> {
    let Some(quantity) = quantity else { return Ok(()) };
    let (value, path) = match quantity {
        Quantity::Fixed(value) => (value.clone(), None),
        Quantity::Path(path) => (flow.select(path, input)?, Some(path.text())),
        Quantity::Query(query) => (Value::Number(flow.with(input, |scope| query.number(scope))?), None),
    };
    if (tolerance.holds)(&value) {
        flow.observer.saw(tolerance.stage, &value);
        return Ok(());
    }
    let (field, shown) = (tolerance.field, value.as_str().map_or_else(|| value.to_string(), str::to_string));
    Err(quantity.failure(match path {
        Some(path) => format!("The {field}Path field refers to value \"{shown}\" which is not valid: {path}"),
        None => format!("The {field} field has the value \"{shown}\" which is not valid"),
    }))
}
