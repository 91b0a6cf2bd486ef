//! The matches of a regular expression, or of any function that says what it matches as a regular expression does.

use std::sync::Arc;

use super::prelude::*;
use crate::jsonata::regex::{self, Found, Pattern};

/// The matches in a text, one after the other.
pub struct Matches<'t> {
    text: &'t Str,
    searcher: Searcher,
}

enum Searcher {
    /// A regular expression, searched without a detour.
    Pattern { pattern: Arc<Pattern>, started: bool, bytes: usize, units: usize },
    /// Any other function: what to call for the next match, and whether with the text.
    Function { function: Item, started: bool },
}

/// A match. Places are bytes of the text.
pub struct Match {
    /// What was matched.
    pub matched: Str,
    /// Where it starts.
    pub start: usize,
    /// Where it ends by its own account.
    pub end: usize,
    /// Where it ends by its length.
    pub after: usize,
    /// Where it starts, as JavaScript counts.
    pub index: Item,
    /// What the groups matched.
    pub groups: Item,
    origin: Origin,
}

enum Origin {
    Found(Arc<Pattern>, Found, usize),
    Described(Item),
}

impl<'t> Matches<'t> {
    /// The matches of this function.
    pub fn of(matcher: &Item, text: &'t Str) -> Matches<'t> {
        let searcher = match matcher {
            Item::Function(function) => match &**function {
                Function::Matcher(pattern) => {
                    Searcher::Pattern { pattern: pattern.clone(), started: false, bytes: 0, units: 0 }
                }
                _ => Searcher::Function { function: matcher.clone(), started: false },
            },
            other => Searcher::Function { function: other.clone(), started: false },
        };
        Matches { text, searcher }
    }

    /// Whether there is any match.
    pub fn any(mut self, evaluator: &mut Evaluator<'_>) -> Result<bool, Error> {
        match &mut self.searcher {
            Searcher::Pattern { pattern, .. } => Ok(pattern.find(self.text, 0, &evaluator.meter)?.is_some()),
            Searcher::Function { function, .. } => {
                let result = call(evaluator, function, Item::String(self.text.clone()))?;
                check(&result)?;
                Ok(!result.is_undefined())
            }
        }
    }

    /// The next match.
    pub fn next(&mut self, evaluator: &mut Evaluator<'_>) -> Result<Option<Match>, Error> {
        let text = self.text;
        match &mut self.searcher {
            Searcher::Pattern { pattern, started, bytes, units } => {
                let meter = &evaluator.meter;
                let found = if *started {
                    pattern.find_next(text, *bytes, meter)?
                } else {
                    pattern.find(text, *bytes, meter)?
                };
                *started = true;
                let Some(found) = found else { return Ok(None) };
                let between = text.get(*bytes..found.range.start).unwrap_or_default();
                let matched = text.get(found.range.clone()).unwrap_or_default();
                let first = *units + regex::units(between);
                (*bytes, *units) = (found.range.end, first + regex::units(matched));
                let Item::String(matched) = Item::text(matched, meter)? else { return Ok(None) };
                Ok(Some(Match {
                    matched,
                    start: found.range.start,
                    end: found.range.end,
                    after: found.range.end,
                    index: Item::count(first),
                    groups: found.group_items(text, meter)?,
                    origin: Origin::Found(pattern.clone(), found, first),
                }))
            }
            Searcher::Function { function, started } => {
                let argument = if *started { Item::Undefined } else { Item::String(text.clone()) };
                *started = true;
                let result = call(evaluator, function, argument)?;
                check(&result)?;
                if result.is_undefined() {
                    return Ok(None);
                }
                let object = result.as_object().ok_or_else(structure)?;
                *function = object.get("next");
                evaluator.meter.work(1 + text.len() / 16)?;
                let Item::String(matched) = object.get("match") else { return Err(structure()) };
                let start = object.get("start").as_f64().unwrap_or(f64::NAN);
                let end = object.get("end").as_f64().unwrap_or(f64::NAN);
                Ok(Some(Match {
                    start: byte_of(text, start),
                    end: byte_of(text, end),
                    after: byte_of(text, start + regex::units(&matched) as f64),
                    matched,
                    index: object.get("start"),
                    groups: object.get("groups"),
                    origin: Origin::Described(result.clone()),
                }))
            }
        }
    }

    /// A match as the object that a function is given.
    pub fn described(&self, found: &Match, meter: &Rc<Meter>) -> Result<Item, Error> {
        match &found.origin {
            Origin::Found(pattern, found, first) => regex::describe(pattern, self.text, found, *first, meter),
            Origin::Described(item) => Ok(item.clone()),
        }
    }
}

fn call(evaluator: &mut Evaluator<'_>, function: &Item, argument: Item) -> Result<Item, Error> {
    let function = function.as_function().ok_or_else(structure)?;
    evaluator.apply(function, vec![argument], &Item::Null)
}

fn structure() -> Error {
    Error::new("T1010")
}

/// Whether a function said what a matcher says.
fn check(result: &Item) -> Result<(), Error> {
    let fine = match result {
        Item::Undefined | Item::Null => true,
        Item::Object(object) => {
            object.get("start").as_f64().is_some()
                || object.get("groups").as_array().is_some()
                || object.get("next").as_function().is_some()
        }
        Item::Bool(value) => !value,
        Item::Number(number) => number.as_f64() == 0.0 || number.as_f64().is_nan(),
        Item::String(text) => text.is_empty(),
        Item::Array(_) | Item::Function(_) => false,
    };
    if fine { Ok(()) } else { Err(structure()) }
}

/// The byte where this UTF-16 unit is.
fn byte_of(text: &str, unit: f64) -> usize {
    // A cast takes what is negative or NaN for 0, as JavaScript does.
    let unit = unit as usize;
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units >= unit {
            return byte;
        }
        units += c.len_utf16();
    }
    text.len()
}
