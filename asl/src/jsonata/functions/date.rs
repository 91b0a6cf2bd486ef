//! Instants as text.

use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;
use crate::time::Timestamp;

/// An instant as text.
pub fn from_millis(_: f64, _: Option<&str>, _: Option<&str>, _: &Rc<Meter>) -> Result<String, Error> {
    Ok(String::new())
}

/// The instant that a text tells.
pub fn to_millis(_: &str, _: Option<&str>, _: Timestamp, _: &Rc<Meter>) -> Result<Option<f64>, Error> {
    Ok(None)
}
