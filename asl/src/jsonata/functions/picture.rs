//! `$formatInteger` and `$parseInteger`: integers as XPath's picture strings have them.

use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;

mod decimal;
mod letters;
mod numbers;
mod pattern;
mod roman;
mod words;

pub use decimal::{Digits, Grouping};
pub use numbers::{cut, is_space, leading_integer};
pub use pattern::{Case, Numbering, Pattern, unsupported};
pub use words::{ALL as WORDS, SEPARATORS};

/// `$formatInteger(value, picture)`
pub fn format_integer(value: f64, picture: &str, meter: &Rc<Meter>) -> Result<String, Error> {
    Pattern::parse(picture, meter)?.format(value.floor(), meter)
}

/// `$parseInteger(text, picture)`. Text that is no such integer gives NaN, or what can be read of it.
pub fn parse_integer(text: &str, picture: &str, meter: &Rc<Meter>) -> Result<Option<f64>, Error> {
    Pattern::parse(picture, meter)?.read(text, meter).map(Some)
}

#[cfg(test)]
mod tests;
