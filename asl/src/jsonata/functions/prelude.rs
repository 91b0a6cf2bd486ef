//! What every family of functions uses.

pub use std::rc::Rc;

pub(in crate::jsonata) use crate::jsonata::compare;
pub use crate::jsonata::error::Error;
pub use crate::jsonata::evaluate::{Evaluator, Function, arity};
pub use crate::jsonata::item::{Array, Item, Members, Object, Str};
pub(in crate::jsonata) use crate::jsonata::json;
pub use crate::jsonata::meter::Meter;

/// The text in this place, where there is one.
pub fn text_at(arguments: &[Item], index: usize) -> Option<&Str> {
    match arguments.get(index) {
        Some(Item::String(text)) => Some(text),
        _ => None,
    }
}

/// The number in this place, where there is one.
pub fn number_at(arguments: &[Item], index: usize) -> Option<f64> {
    arguments.get(index).and_then(Item::as_f64)
}
