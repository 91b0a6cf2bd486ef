//! `${Name}` replaced by what it stands for, and the way back: from places in the new text to the text as written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::location::Place;

/// What was replaced, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Substitutions(Vec<Substitution>);

#[derive(Debug)]
struct Substitution {
    /// The placeholder, in the text as written.
    placeholder: Range<Position>,
    /// What stands for it in the new text.
    value: Range<Position>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    line: usize,
    column: usize,
}

/// Replaces every `${Name}` that has a define, and leaves the others as they are.
pub(crate) fn substitute<'a>(
    text: &'a str,
    defines: Option<&BTreeMap<String, String>>,
) -> (Cow<'a, str>, Substitutions) {
    let mut substitutions = Substitutions::default();
    let Some(defines) = defines.filter(|defines| !defines.is_empty()) else {
        return (Cow::Borrowed(text), substitutions);
    };
    let (mut result, mut rest) = (String::with_capacity(text.len()), text);
    let (mut read, mut wrote) = (Position::START, Position::START);
    while let Some(start) = rest.find("${") {
        let (before, from_placeholder) = rest.split_at(start);
        result.push_str(before);
        (read, wrote) = (read.after(before), wrote.after(before));
        let name = from_placeholder[2..].split_once('}').map(|(name, _)| name);
        let defined = name.and_then(|name| Some((name, defines.get(name.trim())?)));
        let (placeholder, value) = match defined {
            Some((name, value)) => (&from_placeholder[..name.len() + 3], value.as_str()),
            None => ("${", "${"),
        };
        result.push_str(value);
        let (read_end, wrote_end) = (read.after(placeholder), wrote.after(value));
        if defined.is_some() {
            substitutions.0.push(Substitution { placeholder: read..read_end, value: wrote..wrote_end });
        }
        (read, wrote) = (read_end, wrote_end);
        rest = &from_placeholder[placeholder.len()..];
    }
    result.push_str(rest);
    (Cow::Owned(result), substitutions)
}

impl Substitutions {
    /// Whether the text is as it was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a place of the new text is in the text as written. What is inside a value is at its placeholder.
    pub fn place_as_written(&self, place: Place) -> Place {
        if self.is_empty() {
            return place;
        }
        let first = Position { line: place.line, column: place.column };
        let last = Position { line: place.line, column: place.column + place.len.saturating_sub(1) };
        let (start, end) = (self.as_written(first).start, self.as_written(last).end);
        let len = if start.line == end.line { end.column.saturating_sub(start.column).max(1) } else { 1 };
        Place { line: start.line, column: start.column, len }
    }

    /// What stands in the text as written for one character of the new text.
    fn as_written(&self, at: Position) -> Range<Position> {
        let count = self.0.partition_point(|one| one.value.start <= at);
        let at = match self.0[..count].last() {
            Some(one) if at < one.value.end => return one.placeholder.clone(),
            Some(one) => at.moved(one.value.end, one.placeholder.end),
            None => at,
        };
        at..Position { column: at.column + 1, ..at }
    }
}

impl Position {
    const START: Position = Position { line: 1, column: 1 };

    /// Where this text ends if it starts here.
    fn after(self, text: &str) -> Position {
        match text.rsplit_once('\n') {
            Some((before, last)) => {
                Position { line: self.line + before.matches('\n').count() + 1, column: last.chars().count() + 1 }
            }
            None => Position { column: self.column + text.chars().count(), ..self },
        }
    }

    /// Where this is once what was at `from`, which is not after it, is at `to`. Only the same line moves sideways.
    fn moved(self, from: Position, to: Position) -> Position {
        let column = if self.line == from.line { to.column + (self.column - from.column) } else { self.column };
        Position { line: to.line + (self.line - from.line), column }
    }
}
