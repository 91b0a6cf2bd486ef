//! Functions of arrays.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use super::prelude::*;
use crate::jsonata::item::Marks;

pub fn append(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    appended(&arguments[0], &arguments[1], &evaluator.meter)
}

/// Both as one array. Where one is nothing it is the other, as it is.
pub fn appended(first: &Item, second: &Item, meter: &Rc<Meter>) -> Result<Item, Error> {
    if first.is_undefined() {
        return Ok(second.clone());
    }
    if second.is_undefined() {
        return Ok(first.clone());
    }
    let size = |item: &Item| item.as_array().map_or(1, Array::len);
    let size = size(first) + size(second);
    meter.work(size / 4)?;
    meter.room_for(size * size_of::<Item>())?;
    let mut items = Vec::with_capacity(size);
    for item in [first, second] {
        match item {
            Item::Array(array) => items.extend(array.iter()),
            other => items.push(other.clone()),
        }
    }
    Item::array(items, meter)
}

pub fn reverse(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    match several(evaluator, &arguments[0])? {
        Some(array) => Item::array(array.iter().rev().collect(), &evaluator.meter),
        None => Ok(arguments[0].clone()),
    }
}

pub fn shuffle(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = several(evaluator, &arguments[0])? else { return Ok(arguments[0].clone()) };
    let mut items: Vec<Item> = Vec::with_capacity(array.len());
    for (index, item) in array.iter().enumerate() {
        let place = (evaluator.chance.next_f64() * (index + 1) as f64) as usize;
        items.push(item);
        items.swap(place.min(index), index);
    }
    Item::array(items, &evaluator.meter)
}

/// The array, where it has more than one item, and is to be copied.
fn several<'i>(evaluator: &Evaluator<'_>, item: &'i Item) -> Result<Option<&'i Array>, Error> {
    let Some(array) = item.as_array().filter(|array| array.len() > 1) else { return Ok(None) };
    evaluator.meter.work(array.len())?;
    evaluator.meter.room_for(array.len() * size_of::<Item>())?;
    Ok(Some(array))
}

pub fn zip(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let length = arguments.iter().map(|item| item.as_array().map_or(0, Array::len)).min().unwrap_or(0);
    evaluator.meter.room_for(length.saturating_mul(arguments.len()).saturating_mul(size_of::<Item>()))?;
    let mut tuples = Vec::with_capacity(length);
    for index in 0..length {
        evaluator.meter.work(arguments.len())?;
        let tuple = arguments.iter().map(|item| item.as_array().map_or(Item::Undefined, |array| array.get(index)));
        tuples.push(Item::array(tuple.collect(), &evaluator.meter)?);
    }
    Item::array(tuples, &evaluator.meter)
}

pub fn sort(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = several(evaluator, &arguments[0])? else { return Ok(arguments[0].clone()) };
    let items = array.to_vec(&evaluator.meter)?;
    let sorted = match &arguments[1] {
        Item::Function(function) => sort_with(evaluator, items, &mut |evaluator, left, right| {
            let after = evaluator.apply(function, vec![left.clone(), right.clone()], &Item::Null)?;
            Ok(is_truthy(&after))
        })?,
        _ => {
            let mut numbers = true;
            for item in &items {
                numbers &= compare::finite(item)?.is_some();
            }
            if !numbers && !items.iter().all(|item| item.as_str().is_some()) {
                return Err(Error::new("D3070").index(1));
            }
            sort_with(evaluator, items, &mut |_, left, right| {
                Ok(match (left, right) {
                    (Item::String(left), Item::String(right)) => compare::order(left, right).is_gt(),
                    _ => left.as_f64() > right.as_f64(),
                })
            })?
        }
    };
    Item::array(sorted, &evaluator.meter)
}

/// What JavaScript takes for true: also empty arrays and objects, and functions.
fn is_truthy(item: &Item) -> bool {
    match item {
        Item::Undefined | Item::Null => false,
        Item::Bool(value) => *value,
        Item::Number(number) => number.as_f64() != 0.0 && !number.as_f64().is_nan(),
        Item::String(text) => !text.is_empty(),
        Item::Array(_) | Item::Object(_) | Item::Function(_) => true,
    }
}

/// Whether one item comes after another.
pub type After<'a> = &'a mut dyn FnMut(&mut Evaluator<'_>, &Item, &Item) -> Result<bool, Error>;

/// The items in order: those that come after none of each other stay as they were. What is compared with what is as in
/// the reference, which shows where the order is none.
pub fn sort_with(evaluator: &mut Evaluator<'_>, mut items: Vec<Item>, after: After<'_>) -> Result<Vec<Item>, Error> {
    if items.len() <= 1 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let left = sort_with(evaluator, items, after)?;
    let right = sort_with(evaluator, right, after)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        evaluator.meter.work(1)?;
        let next = if after(evaluator, first, second)? { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

pub fn distinct(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(array) = several(evaluator, &arguments[0])? else { return Ok(arguments[0].clone()) };
    let sequence = array.marks().sequence;
    let items = without_repetitions(array, &evaluator.meter)?;
    Item::marked(items, Marks { sequence, ..Marks::default() }, &evaluator.meter)
}

/// The items that equal no earlier one.
fn without_repetitions(array: &Array, meter: &Rc<Meter>) -> Result<Vec<Item>, Error> {
    meter.room_for(array.len() * 4 * size_of::<Item>())?;
    let hashing = foldhash::fast::RandomState::default();
    let mut seen: HashMap<u64, Vec<usize>, foldhash::fast::RandomState> = HashMap::default();
    let mut kept: Vec<Item> = Vec::new();
    for item in array.iter() {
        let same = seen.entry(hash(&item, &hashing, meter)?).or_default();
        meter.work(same.len())?;
        if same.iter().any(|index| kept.get(*index).is_some_and(|other| compare::equal(&item, other))) {
            continue;
        }
        same.push(kept.len());
        kept.push(item);
    }
    Ok(kept)
}

/// A hash that is the same for equal values: the members of an object in no order.
fn hash(item: &Item, hashing: &foldhash::fast::RandomState, meter: &Rc<Meter>) -> Result<u64, Error> {
    meter.work(1)?;
    let mut hasher = hashing.build_hasher();
    match item {
        Item::Undefined => hasher.write_u8(0),
        Item::Null => hasher.write_u8(1),
        Item::Bool(value) => hasher.write_u8(2 + u8::from(*value)),
        Item::Number(number) => {
            hasher.write_u8(4);
            // 0 and -0 are equal.
            hasher.write_u64((number.as_f64() + 0.0).to_bits());
        }
        Item::String(text) => {
            meter.work(text.len() / 64)?;
            hasher.write_u8(5);
            hasher.write(text.as_bytes());
        }
        Item::Array(array) => {
            hasher.write_u8(6);
            for item in array.iter() {
                hasher.write_u64(nested_hash(&item, hashing, meter)?);
            }
        }
        Item::Object(object) => {
            hasher.write_u8(7);
            let mut members = 0_u64;
            for (name, item) in object.iter() {
                let mut member = hashing.build_hasher();
                member.write(name.as_bytes());
                member.write_u64(nested_hash(&item, hashing, meter)?);
                members = members.wrapping_add(member.finish());
            }
            hasher.write_u64(members);
        }
        Item::Function(function) => {
            hasher.write_u8(8);
            hasher.write_usize(Rc::as_ptr(function).addr());
        }
    }
    Ok(hasher.finish())
}

fn nested_hash(item: &Item, hashing: &foldhash::fast::RandomState, meter: &Rc<Meter>) -> Result<u64, Error> {
    match item {
        Item::Array(_) | Item::Object(_) => stacker::maybe_grow(64 << 10, 1 << 20, || hash(item, hashing, meter)),
        item => hash(item, hashing, meter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::Limits;
    use crate::value::Value;

    fn item(json: &str) -> Item {
        Value::parse(json).unwrap().into()
    }

    #[test]
    fn arrays_are_appended() {
        let meter = Meter::new(Limits::default());
        for (first, second, expected) in
            [("1", "2", "[1,2]"), ("[1]", "2", "[1,2]"), ("[]", "[]", "[]"), ("{}", "[[1]]", "[{},[1]]")]
        {
            assert_eq!(json::shown(&appended(&item(first), &item(second), &meter).unwrap()), expected);
        }
        assert_eq!(json::shown(&appended(&Item::Undefined, &item("1"), &meter).unwrap()), "1");
    }

    #[test]
    fn repetitions_are_found_whatever_the_order_of_members() {
        let meter = Meter::new(Limits::default());
        let given = item("[1,1.0,\"1\",[1],[1.0],{\"a\":1,\"b\":[2]},{\"b\":[2],\"a\":1},0,-0.0,null,false,{},[]]");
        let kept = without_repetitions(given.as_array().unwrap(), &meter).unwrap();
        let shown: Vec<_> = kept.iter().map(json::shown).collect();
        assert_eq!(shown.join(" "), "1 \"1\" [1] {\"a\":1,\"b\":[2]} 0 null false {} []");
    }

    #[test]
    fn many_items_are_made_distinct_quickly() {
        let meter = Meter::new(Limits::default());
        let many: Vec<Item> = (0..200_000).map(|number| f64::from(number % 100_000).into()).collect();
        let many = Item::array(many, &meter).unwrap();
        assert_eq!(without_repetitions(many.as_array().unwrap(), &meter).unwrap().len(), 100_000);
    }
}
