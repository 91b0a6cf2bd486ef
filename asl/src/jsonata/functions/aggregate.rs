//! `$sum`, `$count`, `$max`, `$min` and `$average`.

use super::prelude::*;

pub fn sum(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    Ok(numbers(evaluator, arguments)?.map_or(Item::Undefined, |numbers| total(&numbers).into()))
}

pub fn count(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    Ok(Item::count(arguments[0].as_array().map_or(0, Array::len)))
}

pub fn max(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let numbers = numbers(evaluator, arguments)?.unwrap_or_default();
    Ok(extreme(&numbers, |a, b| a > b))
}

pub fn min(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let numbers = numbers(evaluator, arguments)?.unwrap_or_default();
    Ok(extreme(&numbers, |a, b| a < b))
}

pub fn average(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let numbers = numbers(evaluator, arguments)?.unwrap_or_default();
    if numbers.is_empty() {
        return Ok(Item::Undefined);
    }
    Ok((total(&numbers) / numbers.len() as f64).into())
}

fn numbers(evaluator: &Evaluator<'_>, arguments: &[Item]) -> Result<Option<Vec<f64>>, Error> {
    let Some(array) = arguments[0].as_array() else { return Ok(None) };
    evaluator.meter.work(array.len())?;
    Ok(Some(array.iter().map(|item| item.as_f64().unwrap_or(f64::NAN)).collect()))
}

fn total(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |total, number| total + number)
}

/// The number that no other beats; NaN where one is NaN.
fn extreme(numbers: &[f64], beats: fn(f64, f64) -> bool) -> Item {
    let best = numbers.iter().copied().reduce(|best, number| {
        if best.is_nan() || number.is_nan() {
            f64::NAN
        } else if beats(number, best) {
            number
        } else {
            best
        }
    });
    best.map_or(Item::Undefined, Item::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_are_found() {
        assert_eq!(extreme(&[1.0, 3.0, 2.0], |a, b| a > b).as_f64(), Some(3.0));
        assert_eq!(extreme(&[1.0, 3.0, -2.0], |a, b| a < b).as_f64(), Some(-2.0));
        assert!(extreme(&[], |a, b| a < b).is_undefined());
        assert!(extreme(&[1.0, f64::NAN, 0.0], |a, b| a < b).as_f64().is_some_and(f64::is_nan));
    }
}
