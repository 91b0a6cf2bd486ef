//! `$fromMillis` and `$toMillis`: moments as text, in ISO 8601 or as XPath's date and time pictures have them.

use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;
use crate::time::Timestamp;

mod calendar;
mod component;
mod format;
mod iso;
mod lenient;
mod marker;
mod matcher;
mod names;
mod parse;

/// The picture of moments that are written without one.
const ISO: &str = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";

/// `$fromMillis(millis, picture, timezone)`
pub fn from_millis(
    millis: f64,
    picture: Option<&str>,
    timezone: Option<&str>,
    meter: &Rc<Meter>,
) -> Result<String, Error> {
    format::format(millis, picture.unwrap_or(ISO), timezone, meter)
}

/// `$toMillis(text, picture)`. `None` where the text is not as the picture says. NaN where it names no moment.
pub fn to_millis(text: &str, picture: Option<&str>, now: Timestamp, meter: &Rc<Meter>) -> Result<Option<f64>, Error> {
    match picture {
        Some(picture) => parse::parse(text, picture, now, meter),
        None => iso::parse(text, meter).map(Some),
    }
}

#[cfg(test)]
mod tests;
