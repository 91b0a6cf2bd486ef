//! Reference paths: names and indices only, so that a value can be put at the one place they name.

use super::program::Token;
use super::{Path, PathError};
use crate::error::EvalError;
use crate::value::{Map, Text, Value};

/// A path that can be written to: names and indices only, as `ResultPath` needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePath {
    text: Text,
    segments: Box<[Segment]>,
}

/// One step of a reference path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A member's name.
    Name(Text),
    /// An item's index, from 0.
    Index(usize),
}

impl ReferencePath {
    /// Compiles a reference path. One that could select more than one place, counts from the end, starts anywhere but
    /// at `$`, or has an unread end is invalid.
    pub fn parse(text: &str) -> Result<ReferencePath, PathError> {
        let refused = || PathError::Invalid(format!("Not a reference path, which has only names and indices: {text}"));
        if !text.starts_with('$') {
            return Err(refused());
        }
        let path = Path::parse(text)?;
        if path.program().unread {
            return Err(refused());
        }
        let segments = path.program().tokens.iter().map(|token| match token {
            Token::Name { name, .. } => Ok(Segment::Name(name.clone())),
            Token::Index(index) => usize::try_from(*index).map(Segment::Index).map_err(|_| refused()),
            _ => Err(refused()),
        });
        Ok(ReferencePath { text: text.into(), segments: segments.collect::<Result<_, _>>()? })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether it is `$`, which stands for the whole document.
    pub fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// The document with the value at this place; missing objects along the way are created.
    ///
    /// An index must exist, and what is there along the way must be an object for a name and an array for an index;
    /// else the error is `States.ResultPathMatchFailure`. Only the containers along the way are built anew.
    pub fn write(&self, document: &Value, value: Value) -> Result<Value, EvalError> {
        let failed = || {
            let reason = format!("Unable to apply ReferencePath {} to input {document}", self.text);
            EvalError::new("States.ResultPathMatchFailure", reason)
        };
        let mut along = Vec::with_capacity(self.segments.len());
        let mut place = Some(document);
        for segment in &self.segments {
            along.push(place);
            place = match (segment, place) {
                (Segment::Name(name), Some(Value::Object(object))) => object.get(name),
                (Segment::Name(_), None) => None,
                (Segment::Index(index), Some(Value::Array(items))) => Some(items.get(*index).ok_or_else(failed)?),
                _ => return Err(failed()),
            };
        }
        let steps = self.segments.iter().zip(along).rev();
        Ok(steps.fold(value, |value, (segment, place)| rebuild(segment, place, value)))
    }
}

/// The container at a place with one part replaced, or a new object where there is none.
fn rebuild(segment: &Segment, place: Option<&Value>, value: Value) -> Value {
    match (segment, place) {
        (Segment::Index(index), Some(Value::Array(items))) => {
            let mut items = items.to_vec();
            if let Some(found) = items.get_mut(*index) {
                *found = value;
            }
            items.into()
        }
        (Segment::Name(name), place) => {
            let mut members = place.and_then(Value::as_object).map_or_else(Map::default, |object| (**object).clone());
            members.insert(name.clone(), value);
            members.into()
        }
        (Segment::Index(_), _) => value, // not reached: `write` refuses an index into anything else
    }
}
