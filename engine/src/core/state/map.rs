//! `Map`: its items and how many are worked on at once. Inline, an iteration for every item, joined into an array; an
//! iteration costs nothing before it is started. `distributed` has the other mode.

use stepwell_asl::dataflow::{Flow, Stage};
use stepwell_asl::path::Selector;
use stepwell_asl::program::{Map, Quantity, QueryLanguage};
use stepwell_asl::template::Template;
use stepwell_asl::value::Array;
use stepwell_asl::{EvalError, State, StateKind, Value};

use super::{distributed, map_probed};
use crate::core::branch::{BranchId, Item, Parent};
use crate::core::fault::Fault;
use crate::core::history::HistoryKind;
use crate::core::step::Turning;
use crate::core::trigger::{Join, JoinKind, Trigger, Work};

pub(super) fn attempt(turn: &mut Turning<'_>, id: BranchId, state: &State, map: &Map) -> Result<(), Fault> {
    if turn.probe.is_some() {
        return map_probed::attempt(turn, id, state, map);
    }
    let raw = turn.position(id).input.clone();
    let (input, items, wanted) = turn.flow(id, |flow| {
        let input = flow.input(state, &raw)?;
        let items = items(flow, state, map, &input)?;
        let wanted = concurrency(flow, map.max_concurrency.as_ref(), &input)?;
        Ok((input, items, wanted))
    })?;
    let width = items.len() as u32;
    turn.emit(id, HistoryKind::MapStateStarted { length: width });
    if map.distributed {
        return distributed::begin(turn, id, (state, map), items, input, wanted);
    }
    let concurrency = match wanted {
        0 => turn.env.limits.inline_concurrency.unwrap_or(u32::MAX),
        wanted => wanted,
    };
    if width == 0 {
        turn.emit(id, HistoryKind::MapStateSucceeded);
        turn.push(Work::Resolve(id, Vec::new().into()));
        return Ok(());
    }
    let kind = JoinKind::Map { items, input, concurrency };
    turn.arm(id, Trigger::Join(Join { kind, width, filled: 0, next: 0 }));
    iterate(turn, id);
    Ok(())
}

/// The items that iterations are for.
pub(super) fn items(flow: &mut Flow<'_>, state: &State, map: &Map, input: &Value) -> Result<Array, EvalError> {
    let items = match (&map.items_path, &map.items) {
        (Some(path), _) => match flow.select(path, input)? {
            Value::Array(items) => Ok(items),
            _ => Err(no_array(path.text_from_root())),
        },
        (None, Some(Template::Query(query))) => flow.with(input, |scope| query.typed(scope, "array", as_array)),
        (None, Some(template)) => match flow.with(input, |scope| template.evaluate(scope))? {
            Value::Array(items) => Ok(items),
            other => Err(EvalError::query(Some("Items".into()), format!("Items must be an array but was: {other}"))),
        },
        (None, None) => match (input, state.language) {
            (Value::Array(items), _) => Ok(items.clone()),
            (_, QueryLanguage::JsonPath) => Err(no_array("$")),
            (other, QueryLanguage::Jsonata) => {
                Err(EvalError::query(None, format!("Map state input must be an array but was: {other}")))
            }
        },
    }?;
    flow.observer.saw(Stage::AfterItemsPath, &Value::Array(items.clone()));
    Ok(items)
}

fn as_array(value: &Value) -> Option<Array> {
    value.as_array().cloned()
}

fn no_array(path: &str) -> EvalError {
    EvalError::runtime(format!("Reference path \"{path}\" must point to array."))
}

/// `MaxConcurrency`, 0 where it is not written.
pub(super) fn concurrency(flow: &mut Flow<'_>, quantity: Option<&Quantity>, input: &Value) -> Result<u32, EvalError> {
    let Some(quantity) = quantity else { return Ok(0) };
    let (value, path): (Value, Option<&Selector>) = match quantity {
        Quantity::Fixed(value) => (value.clone(), None),
        Quantity::Path(path) => (flow.select(path, input)?, Some(path)),
        Quantity::Query(query) => (Value::Number(flow.with(input, |scope| query.number(scope))?), None),
    };
    value.as_number().and_then(serde_json::Number::as_u64).map(|n| u32::try_from(n).unwrap_or(u32::MAX)).ok_or_else(
        || {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_string);
            quantity.failure(match path {
                Some(path) => format!(
                    "The MaxConcurrencyPath field refers to value \"{shown}\" which is not a valid integer: {}",
                    path.text()
                ),
                None => format!("The MaxConcurrency field has the value \"{shown}\" which is not a valid integer"),
            })
        },
    )
}

/// Starts as many iterations as may run. Iterations of one burst are all begun before the first of them moves.
pub(in crate::core) fn iterate(turn: &mut Turning<'_>, id: BranchId) {
    let state = turn.state(id);
    let StateKind::Map(map) = &state.kind else { return };
    loop {
        let Trigger::Join(Join { kind: JoinKind::Map { items, input, concurrency }, width, filled, next }) =
            &turn.position(id).trigger
        else {
            return;
        };
        if next >= width || next - filled >= *concurrency {
            return;
        }
        let (index, item, input) = (*next, items[*next as usize].clone(), input.clone());
        let selected = turn.flow_with_item(id, Some((index, &item)), |flow| match &map.item_selector {
            Some(template) => flow.with(&input, |scope| template.evaluate(scope)),
            None => Ok(item.clone()),
        });
        let selected = match selected {
            Ok(selected) => selected,
            Err(fault) => return turn.fail_join(id, fault),
        };
        if !turn.fits(&selected) {
            return turn.fail_join(id, Fault::terminal(Fault::too_large(&state.name)));
        }
        if let Trigger::Join(join) = &mut turn.position_mut(id).trigger {
            join.next += 1;
        }
        let parent = Parent { branch: id, slot: index };
        let child = turn.begin_child(parent, map.processor, selected, Some(Item { index, value: item }));
        turn.emit(child, HistoryKind::MapIterationStarted { name: state.name.clone(), index });
        turn.push(Work::Enter(child));
    }
}
