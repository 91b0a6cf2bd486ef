//! Regular expressions as JavaScript has them: translated for an engine that is linear in the text, or for one that
//! backtracks where the pattern looks around or refers back.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::error::Error;
use super::evaluate::Function;
use super::item::{Item, Members, Str};
use super::meter::Meter;

mod classes;
mod translate;

/// The longest pattern, in bytes.
const SOURCE_MAX: usize = 32 << 10;

/// The most that a compiled pattern may take, in bytes.
const COMPILED_MAX: usize = 4 << 20;

/// How often one search may turn back.
const TURNS_MAX: usize = 1_000_000;

/// What a search by turning back costs besides what it reads.
const BACKTRACKING_WORK: usize = 500;

/// A compiled regular expression.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(fancy_regex::Regex),
}

/// A match, in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The whole match.
    pub range: Range<usize>,
    /// The groups, those that took no part as `None`.
    pub groups: Vec<Option<Range<usize>>>,
}

impl Pattern {
    /// Compiles what stands between the slashes, with the flags behind them.
    pub fn compile(source: &str, flags: &str) -> Result<Pattern, Error> {
        let invalid = |why: &str| Error::new("S0303").message(format!("Invalid regular expression: /{source}/: {why}"));
        if source.len() > SOURCE_MAX {
            return Err(invalid("Regular expression too large"));
        }
        let translation = translate::translate(source, flags.contains('i'), flags.contains('m'))
            .map_err(|why| invalid(&why))?
            .for_engine();
        let engine = if translation.backtracks {
            fancy_regex::RegexBuilder::new(&translation.text)
                .backtrack_limit(TURNS_MAX)
                .delegate_size_limit(COMPILED_MAX)
                .max_prog_size(COMPILED_MAX / 64)
                .build()
                .map(Engine::Backtracking)
                .map_err(|error| invalid(&error.to_string()))?
        } else {
            regex::RegexBuilder::new(&translation.text)
                .size_limit(COMPILED_MAX)
                .build()
                .map(Engine::Linear)
                .map_err(|_| invalid("Regular expression too large"))?
        };
        Ok(Pattern { source: source.into(), engine })
    }

    /// What stands between the slashes.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The first match that starts at this byte or later.
    pub fn find(&self, text: &str, from: usize, meter: &Rc<Meter>) -> Result<Option<Found>, Error> {
        if !text.is_char_boundary(from) {
            return Ok(None);
        }
        let found = match &self.engine {
            Engine::Linear(regex) => regex
                .captures_at(text, from)
                .map(|captures| Found::of(captures.len(), |index| captures.get(index).map(|found| found.range()))),
            Engine::Backtracking(regex) => {
                meter.work(BACKTRACKING_WORK)?;
                let timeout = |_| Error::new("U1001").message("Expression evaluation timeout: Check for infinite loop");
                regex
                    .captures_from_pos(text, from)
                    .map_err(timeout)?
                    .map(|captures| Found::of(captures.len(), |index| captures.get(index).map(|found| found.range())))
            }
        };
        let read = found.as_ref().map_or(text.len(), |found| found.range.end).saturating_sub(from);
        meter.work(1 + read / 16)?;
        Ok(found)
    }

    /// The next match behind one that ended here. A match of nothing is an error: it would be found for ever.
    pub fn find_next(&self, text: &str, from: usize, meter: &Rc<Meter>) -> Result<Option<Found>, Error> {
        if from >= text.len() {
            return Ok(None);
        }
        match self.find(text, from, meter)? {
            Some(found) if found.range.is_empty() => {
                Err(Error::new("D1004").value_text(super::json::quoted(&self.source)))
            }
            found => Ok(found),
        }
    }
}

impl Found {
    fn of(groups: usize, range: impl Fn(usize) -> Option<Range<usize>>) -> Found {
        Found { range: range(0).unwrap_or_default(), groups: (1..groups).map(range).collect() }
    }

    /// What the groups matched.
    pub fn group_items(&self, text: &str, meter: &Rc<Meter>) -> Result<Item, Error> {
        let mut groups = Vec::with_capacity(self.groups.len());
        for range in &self.groups {
            groups.push(match range.clone().and_then(|range| text.get(range)) {
                Some(group) => Item::text(group, meter)?,
                None => Item::Undefined,
            });
        }
        Item::array(groups, meter)
    }
}

/// How many UTF-16 units a text has: what JavaScript counts positions in.
pub fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// What a regular expression that is called as a function says: the first match as an object with `next`, or nothing.
pub fn matched(pattern: &Arc<Pattern>, text: &Str, from: usize, meter: &Rc<Meter>) -> Result<Item, Error> {
    let found = pattern.find(text, from, meter)?;
    counted(pattern, text, found, meter)
}

/// The same for the match behind one that ended here.
pub fn next_match(pattern: &Arc<Pattern>, text: &Str, from: usize, meter: &Rc<Meter>) -> Result<Item, Error> {
    let found = pattern.find_next(text, from, meter)?;
    counted(pattern, text, found, meter)
}

fn counted(pattern: &Arc<Pattern>, text: &Str, found: Option<Found>, meter: &Rc<Meter>) -> Result<Item, Error> {
    let Some(found) = found else { return Ok(Item::Undefined) };
    meter.work(found.range.start / 64)?;
    let first = units(text.get(..found.range.start).unwrap_or_default());
    describe(pattern, text, &found, first, meter)
}

/// A match that starts at this UTF-16 unit as an object.
pub fn describe(
    pattern: &Arc<Pattern>,
    text: &Str,
    found: &Found,
    first: usize,
    meter: &Rc<Meter>,
) -> Result<Item, Error> {
    let matched = text.get(found.range.clone()).unwrap_or_default();
    let next = Function::NextMatch { pattern: pattern.clone(), text: text.clone(), from: found.range.end };
    let mut members = Members::default();
    members.insert("match".into(), Item::text(matched, meter)?);
    members.insert("start".into(), Item::count(first));
    members.insert("end".into(), Item::count(first + units(matched)));
    members.insert("groups".into(), found.group_items(text, meter)?);
    members.insert("next".into(), Item::Function(Rc::new(next)));
    Item::object(members, meter)
}

#[cfg(test)]
mod tests;
