//! Functions of time and of integers in words, roman numerals and the like.

use super::prelude::*;
use super::{date, picture};

pub fn now(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let millis = evaluator.now.0 as f64;
    formatted(evaluator, millis, text_at(arguments, 0), text_at(arguments, 1))
}

pub fn millis(evaluator: &mut Evaluator<'_>, _: &[Item]) -> Result<Item, Error> {
    Ok((evaluator.now.0 as f64).into())
}

pub fn from_millis(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    match number_at(arguments, 0) {
        Some(millis) => formatted(evaluator, millis, text_at(arguments, 1), text_at(arguments, 2)),
        None => Ok(Item::Undefined),
    }
}

fn formatted(
    evaluator: &Evaluator<'_>,
    millis: f64,
    picture: Option<&Str>,
    timezone: Option<&Str>,
) -> Result<Item, Error> {
    let meter = &evaluator.meter;
    let text = date::from_millis(millis, picture.map(|text| &**text), timezone.map(|text| &**text), meter)?;
    Item::text(text, meter)
}

pub fn to_millis(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    let picture = text_at(arguments, 1).map(|text| &**text);
    let millis = date::to_millis(text, picture, evaluator.now, &evaluator.meter)?;
    Ok(millis.map_or(Item::Undefined, Item::from))
}

pub fn format_integer(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(number) = number_at(arguments, 0) else { return Ok(Item::Undefined) };
    let picture = text_at(arguments, 1).map_or("", |picture| picture);
    Item::text(picture::format_integer(number, picture, &evaluator.meter)?, &evaluator.meter)
}

pub fn parse_integer(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    let picture = text_at(arguments, 1).map_or("", |picture| picture);
    Ok(picture::parse_integer(text, picture, &evaluator.meter)?.map_or(Item::Undefined, Item::from))
}
