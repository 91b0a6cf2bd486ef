//! Numbers: doubles, as the language has them, and the integers of the input, exact as long as they are only passed on.

use crate::value::Number;

/// A number.
#[derive(Clone, Copy, Debug)]
pub enum Numeric {
    /// An integer from outside.
    Integer(i64),
    /// An integer from outside that only 64 bits without a sign hold.
    Unsigned(u64),
    /// A double. Infinities and NaN may come up, and are refused where they are used.
    Double(f64),
}

impl Numeric {
    /// The number for arithmetic.
    pub fn as_f64(self) -> f64 {
        match self {
            Numeric::Integer(number) => number as f64,
            Numeric::Unsigned(number) => number as f64,
            Numeric::Double(number) => number,
        }
    }

    /// The number as JSON has it: a double that is whole and below 2^53 is an integer there. `None` for infinities and NaN.
    pub fn to_json(self) -> Option<Number> {
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        match self {
            Numeric::Integer(number) => Some(number.into()),
            Numeric::Unsigned(number) => Some(number.into()),
            // -0 is written 0, as JavaScript does.
            Numeric::Double(number) if number.fract() == 0.0 && number.abs() < WHOLE => Some((number as i64).into()),
            Numeric::Double(number) => Number::from_f64(number),
        }
    }
}

impl From<&Number> for Numeric {
    fn from(number: &Number) -> Numeric {
        if let Some(integer) = number.as_i64() {
            Numeric::Integer(integer)
        } else if let Some(integer) = number.as_u64() {
            Numeric::Unsigned(integer)
        } else {
            Numeric::Double(number.as_f64().unwrap_or(f64::NAN))
        }
    }
}

impl PartialEq for Numeric {
    fn eq(&self, other: &Numeric) -> bool {
        self.as_f64() == other.as_f64()
    }
}
