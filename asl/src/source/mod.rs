//! From text to values: JSON and YAML, each with the places of what they hold. What the values mean is not known here.

mod json;
mod outline;
mod substitution;
mod within;
mod yaml;

pub(crate) use json::{duplicates, outline, parse as parse_json, refusal_message};
pub(crate) use outline::Outline;
pub(crate) use substitution::{Substitutions, substitute};
pub(crate) use within::within;
pub(crate) use yaml::parse as parse_yaml;

use crate::location::{Place, Pointer};

/// How many containers may enclose a value.
pub(crate) const DEPTH_MAX: usize = 128;

/// Why a text is not a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub kind: Wrong,
    pub message: String,
    pub place: Place,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A word that is none of the format. AWS's parser complains after its end.
    Word,
    Syntax,
    Depth,
}

/// A member that its object already has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub pointer: Pointer,
    pub place: Place,
}

/// The place of a byte offset.
pub(crate) fn place_of(text: &str, offset: usize) -> Place {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[line_start..].chars().count() + 1;
    Place { line: before.matches('\n').count() + 1, column, len: 1 }
}
