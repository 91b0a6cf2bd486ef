//! JSON text of items, as JavaScript writes it.

use std::rc::Rc;

use super::error::Error;
use super::item::Item;
use super::meter::Meter;

/// The text of a value as error messages show it: JavaScript's `JSON.stringify`.
pub fn shown(_item: &Item) -> String {
    String::new()
}

/// A string as JSON.
pub fn quoted(_text: &str) -> String {
    String::new()
}

/// `$string`: a string as it is, nothing for functions, numbers with at most 15 digits, indented by two where pretty.
pub fn cast(_item: &Item, _pretty: bool, _meter: &Rc<Meter>) -> Result<String, Error> {
    Ok(String::new())
}
