//! The functions that make arrays or take them.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};

use crate::value::Value;

use super::{Arguments, Fault};

/// The longest range.
pub(super) const RANGE_ITEMS_MAX: usize = 1000;

/// `States.Array(...)`: the arguments as an array.
pub(super) fn array(arguments: Arguments<'_>) -> Result<Value, Fault> {
    Ok(arguments.0.to_vec().into())
}

/// `States.ArrayContains(array, value)`: whether an item equals the value as JSON; the order of members is none.
pub(super) fn contains(arguments: Arguments<'_>) -> Result<Value, Fault> {
    Ok(arguments.array(0)?.contains(arguments.value(1)).into())
}

/// `States.ArrayGetItem(array, index)`: the item at this index, counted from 0.
pub(super) fn get_item(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let (items, index) = (arguments.array(0)?, arguments.integer(1)?);
    let item = usize::try_from(index).ok().and_then(|index| items.get(index));
    item.cloned().ok_or_else(|| {
        Fault::arguments(format!("index {index} is out of bounds for an array of {} items", items.len()))
    })
}

/// `States.ArrayLength(array)`: the number of items.
pub(super) fn length(arguments: Arguments<'_>) -> Result<Value, Fault> {
    Ok((arguments.array(0)?.len() as u64).into())
}

/// `States.ArrayPartition(array, size)`: the array in pieces of this size; the last may be shorter.
pub(super) fn partition(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let (items, size) = (arguments.array(0)?, arguments.integer(1)?);
    if size <= 0 {
        return Err(Fault::arguments(format!("the chunk size must be a positive integer, not {size}")));
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    Ok(items.chunks(size).map(|chunk| Value::from(chunk.to_vec())).collect())
}

/// `States.ArrayRange(first, last, step)`: the numbers from the first to the last, both included, at most 1000.
pub(super) fn range(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let (first, last, step) = (arguments.integer(0)?, arguments.integer(1)?, arguments.integer(2)?);
    if step == 0 {
        return Err(Fault::arguments("the step must not be 0"));
    }
    let steps = (i128::from(last) - i128::from(first)) / i128::from(step);
    let is_empty = if step > 0 { first > last } else { first < last };
    let count = if is_empty { 0 } else { steps + 1 };
    if count > RANGE_ITEMS_MAX as i128 {
        return Err(Fault::arguments(format!("the range must not have more than {RANGE_ITEMS_MAX} items")));
    }
    // The next number may be beyond 64 bits where the last one is not, but then it is not taken.
    let numbers = std::iter::successors(Some(first), |number| number.checked_add(step));
    Ok(numbers.take(usize::try_from(count).unwrap_or(0)).map(Value::from).collect())
}

/// `States.ArrayUnique(array)`: the array without the items that equal an earlier one. Linear in the array's length.
pub(super) fn unique(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let items = arguments.array(0)?;
    let hashing = foldhash::fast::RandomState::default();
    let mut seen = HashSet::with_capacity_and_hasher(items.len(), hashing);
    Ok(items.iter().filter(|item| seen.insert(Item(item))).cloned().collect())
}

/// A value that is hashed as it is compared: the members of an object in no order.
#[derive(PartialEq)]
struct Item<'v>(&'v Value);

// A number that is read from JSON is never NaN.
impl Eq for Item<'_> {}

impl Hash for Item<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self.0).hash(state);
        match self.0 {
            Value::Null => {}
            Value::Bool(value) => value.hash(state),
            Value::Number(number) => number.hash(state),
            Value::String(text) => text.hash(state),
            Value::Array(items) => items.iter().for_each(|item| Item(item).hash(state)),
            Value::Object(members) => {
                let hashing = foldhash::fast::FixedState::default();
                let hashes = members.iter().map(|(name, value)| hashing.hash_one((name, Item(value))));
                hashes.fold(0_u64, u64::wrapping_add).hash(state);
            }
        }
    }
}
