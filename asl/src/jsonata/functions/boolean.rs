//! `$boolean`, `$not` and `$exists`.

use super::prelude::*;

pub fn boolean(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    charge(evaluator, &arguments[0])?;
    Ok(compare::truth(&arguments[0])?.map_or(Item::Undefined, Item::from))
}

pub fn not(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    charge(evaluator, &arguments[0])?;
    Ok(compare::truth(&arguments[0])?.map_or(Item::Undefined, |truth| (!truth).into()))
}

pub fn exists(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    Ok((!arguments[0].is_undefined()).into())
}

fn charge(evaluator: &Evaluator<'_>, item: &Item) -> Result<(), Error> {
    evaluator.meter.work(item.as_array().map_or(0, Array::len))
}
