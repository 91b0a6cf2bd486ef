//! Numbers in letters, as the columns of a spreadsheet are counted: `a`, `b` ... `z`, `aa`.

use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;

/// A number in letters, `first` being 1. There are none for zero.
pub fn format(value: f64, first: u8, meter: &Rc<Meter>) -> Result<String, Error> {
    if value.is_infinite() {
        // There is no last letter to come to.
        meter.work(usize::MAX)?;
    }
    let mut letters = Vec::new();
    let mut rest = value;
    while rest > 0.0 {
        letters.push(char::from(((rest - 1.0) % 26.0 + f64::from(first)) as u8));
        rest = ((rest - 1.0) / 26.0).floor();
    }
    meter.work(letters.len())?;
    Ok(letters.iter().rev().collect())
}

/// The number of letters, `first` being 1. Whatever else is in the text counts by how far it is from `first`.
pub fn read(text: &str, first: u8) -> f64 {
    let units: Vec<u16> = text.encode_utf16().collect();
    let digit = |unit: u16| f64::from(unit) - f64::from(first) + 1.0;
    units.iter().rev().enumerate().map(|(place, unit)| digit(*unit) * 26f64.powf(place as f64)).sum()
}
