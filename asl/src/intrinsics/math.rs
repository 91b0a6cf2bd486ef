//! Sums and random numbers, of 32-bit integers as Java has them.

use crate::chance::Chance;
use crate::value::{Number, Value};

use super::{Arguments, Fault};

/// The number as an integer of 64 bits, after rounding where it is none; `None` where it is beyond.
pub(super) fn integer(number: &Number, round: fn(f64) -> f64) -> Option<i64> {
    const LIMIT: f64 = (1_u64 << 63) as f64;
    if number.is_f64() {
        let rounded = round(number.as_f64()?);
        (-LIMIT..LIMIT).contains(&rounded).then_some(rounded as i64)
    } else {
        number.as_i64()
    }
}

/// `States.MathAdd(a, b)`: the sum. Both are rounded to the nearest integer first, ties upwards as Java does.
pub(super) fn add(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let addend = |index| {
        let number = arguments.value(index).as_number().ok_or_else(|| arguments.mistyped(index, "a number"))?;
        let rounded = integer(number, |value| (value + 0.5).floor());
        rounded.and_then(|value| i32::try_from(value).ok()).ok_or_else(|| beyond_32_bits(index))
    };
    let (a, b): (i32, i32) = (addend(0)?, addend(1)?);
    let sum = a.checked_add(b).ok_or_else(|| Fault::arguments("the sum is beyond 32 bits"))?;
    Ok(i64::from(sum).into())
}

/// `States.MathRandom(start, end)` or `(start, end, seed)`: an integer from the start up to but without the end.
///
/// With a seed it is the number that `java.util.Random` gives, as AWS was seen to.
pub(super) fn random(arguments: Arguments<'_>, chance: &mut Chance) -> Result<Value, Fault> {
    let bound = |index| i32::try_from(arguments.integer(index)?).map_err(|_| beyond_32_bits(index));
    let (start, end) = (bound(0)?, bound(1)?);
    if start >= end {
        return Err(Fault::arguments(format!("the start {start} must be less than the end {end}")));
    }
    let number = match arguments.0.get(2) {
        Some(_) => i64::from(JavaRandom::new(arguments.integer(2)?).between(start, end)),
        None => {
            let width = u128::from(end.abs_diff(start));
            let offset = (u128::from(chance.next_u64()) * width) >> 64;
            i64::from(start) + offset as i64
        }
    };
    Ok(number.into())
}

fn beyond_32_bits(index: usize) -> Fault {
    Fault::arguments(format!("argument {} is beyond 32 bits", index + 1))
}

/// The generator that the Java platform specifies for `java.util.Random`.
struct JavaRandom(u64);

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> JavaRandom {
        JavaRandom((seed.cast_unsigned() ^ JavaRandom::MULTIPLIER) & JavaRandom::MASK)
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(JavaRandom::MULTIPLIER).wrapping_add(0xB) & JavaRandom::MASK;
        (self.0 >> (48 - bits)) as i32
    }

    /// A number in `start..end`, which must not be empty.
    fn between(&mut self, start: i32, end: i32) -> i32 {
        match end.checked_sub(start) {
            Some(width) => start + self.below(width),
            None => loop {
                let number = self.next(32);
                if (start..end).contains(&number) {
                    return number;
                }
            },
        }
    }

    fn below(&mut self, width: i32) -> i32 {
        if width.count_ones() == 1 {
            return ((i64::from(width) * i64::from(self.next(31))) >> 31) as i32;
        }
        loop {
            let bits = self.next(31);
            let number = bits % width;
            if (bits - number).checked_add(width - 1).is_some() {
                return number;
            }
        }
    }
}
