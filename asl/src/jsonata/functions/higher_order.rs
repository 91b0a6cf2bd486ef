//! Functions that call a function for each item or member.

use super::prelude::*;
use crate::value::Text;

/// What a function is given: the value, and where it takes more, its place and the whole.
fn given(function: &Function, value: Item, place: impl FnOnce() -> Item, whole: &Item) -> Vec<Item> {
    match arity(function) {
        0 | 1 => vec![value],
        2 => vec![value, place()],
        _ => vec![value, place(), whole.clone()],
    }
}

fn function_at(arguments: &[Item], index: usize) -> Result<&Rc<Function>, Error> {
    arguments.get(index).and_then(Item::as_function).ok_or_else(|| Error::new("T1006"))
}

pub fn map(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = arguments[0].as_array() else { return Ok(Item::Undefined) };
    let function = function_at(arguments, 1)?;
    evaluator.meter.room_for(array.len() * size_of::<Item>())?;
    let mut mapped = Vec::new();
    for (index, item) in array.iter().enumerate() {
        let call = given(function, item, || Item::count(index), &arguments[0]);
        let result = evaluator.apply(function, call, &Item::Null)?;
        if !result.is_undefined() {
            mapped.push(result);
        }
    }
    Item::sequence(mapped, &evaluator.meter)
}

pub fn filter(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = arguments[0].as_array() else { return Ok(Item::Undefined) };
    let function = function_at(arguments, 1)?;
    evaluator.meter.room_for(array.len() * size_of::<Item>())?;
    let mut kept = Vec::new();
    for (index, item) in array.iter().enumerate() {
        let call = given(function, item.clone(), || Item::count(index), &arguments[0]);
        if holds(evaluator, function, call)? {
            kept.push(item);
        }
    }
    Item::sequence(kept, &evaluator.meter)
}

fn holds(evaluator: &mut Evaluator<'_>, function: &Rc<Function>, call: Vec<Item>) -> Result<bool, Error> {
    let result = evaluator.apply(function, call, &Item::Null)?;
    evaluator.meter.work(result.as_array().map_or(0, Array::len))?;
    compare::is_true(&result)
}

pub fn single(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = arguments[0].as_array() else { return Ok(Item::Undefined) };
    let mut found = None;
    for (index, item) in array.iter().enumerate() {
        evaluator.meter.work(1)?;
        let matches = match &arguments[1] {
            Item::Function(function) => {
                let call = given(function, item.clone(), || Item::count(index), &arguments[0]);
                holds(evaluator, function, call)?
            }
            _ => true,
        };
        if matches && found.replace(item).is_some() {
            return Err(Error::new("D3138").index(index));
        }
    }
    found.ok_or_else(|| Error::new("D3139"))
}

pub fn reduce(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = arguments[0].as_array() else { return Ok(Item::Undefined) };
    let function = function_at(arguments, 1)?;
    let arity = arity(function);
    if arity < 2 {
        return Err(Error::new("D3050").index(1));
    }
    let mut items = array.iter().enumerate();
    let mut result = match &arguments[2] {
        Item::Undefined => items.next().map_or(Item::Undefined, |(_, first)| first),
        initial => initial.clone(),
    };
    for (index, item) in items {
        let mut call = vec![result, item];
        if arity >= 3 {
            call.push(Item::count(index));
        }
        if arity >= 4 {
            call.push(arguments[0].clone());
        }
        result = evaluator.apply(function, call, &Item::Null)?;
    }
    Ok(result)
}

pub fn each(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let mut results = Vec::new();
    for (name, item) in members(&arguments[0]) {
        let function = function_at(arguments, 1)?;
        let call = given(function, item, || name.into(), &arguments[0]);
        let result = evaluator.apply(function, call, &Item::Null)?;
        if !result.is_undefined() {
            results.push(result);
        }
    }
    Item::sequence(results, &evaluator.meter)
}

pub fn sift(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let mut kept = Members::default();
    for (name, item) in members(&arguments[0]) {
        let function = function_at(arguments, 1)?;
        let call = given(function, item.clone(), || name.clone().into(), &arguments[0]);
        if holds(evaluator, function, call)? {
            kept.insert(name, item);
        }
    }
    if kept.is_empty() { Ok(Item::Undefined) } else { Item::object(kept, &evaluator.meter) }
}

fn members(item: &Item) -> impl Iterator<Item = (Text, Item)> + '_ {
    item.as_object().into_iter().flat_map(Object::iter)
}
