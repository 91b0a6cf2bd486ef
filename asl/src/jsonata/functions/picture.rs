//! Integers as text.

use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;

/// An integer as text.
pub fn format_integer(_: f64, _: &str, _: &Rc<Meter>) -> Result<String, Error> {
    Ok(String::new())
}

/// The integer that a text tells.
pub fn parse_integer(_: &str, _: &str, _: &Rc<Meter>) -> Result<Option<f64>, Error> {
    Ok(None)
}
