//! JSONPath as AWS has it: Jayway's (2.9.0, as Java's JSON readers are set up by default), with `$$` and `$variable` as
//! further roots, and reference paths that can be written to.
//!
//! Text becomes steps in `parse` (with `cursor`, `filter_parse`, `function_parse` and `literal`), steps become a
//! `program`, and `evaluate` runs it (with `filter`, `operand`, `decimal` and `function`). A path of names and indices,
//! as nearly all are, is followed over borrowed values without allocating. What AWS documents as unsupported (functions,
//! patterns, filters over other parts of the document) is not refused here: that is the validator's to say.
//!
//! # Why not jsonpath-rust
//!
//! `jsonpath-rust` implements RFC 9535, and two of three filters, slices and unions mean something else in Jayway: a
//! missing definite prefix is an error, `['a','b']` is an object, filters coerce and test objects themselves, a slice's
//! step is ignored, and `$.a-b` is a name. It also builds a text for every place it visits, and asks its values for
//! `&Vec`, which values that share structure do not give out. So it is not used at run time. It serves as a second
//! opinion: where both mean the same, a property test holds this module against it, and the benchmark stands beside it.
//!
//! # Where the answers differ from Jayway's
//!
//! * Texts over 32 KiB, nesting over 64 deep, and runs that visit ten million places, or recurse through
//!   more than 1,500 levels of a document or some 300 wildcards, filters and the like, are errors.
//! * Patterns (`=~`) have no look-around and no back references, and `\u`, `\U` and `\d` as flags change nothing.
//! * `append` does not change the document for later steps, and `keys` gives an array that counts as one for them.
//! * A descent's memory of array items (see `evaluate`) ends with the run; Jayway keeps it in the compiled path.
//! * Digits are ASCII, and places in messages count characters, where Java counts UTF-16 units.
//! * Java's own texts (class casts, failed conversions) are shortened, and arrays in messages are written as JSON.

use std::fmt;
use std::sync::Arc;

use crate::value::{Text, Value};

mod cursor;
mod decimal;
mod evaluate;
mod filter;
mod filter_parse;
mod function;
mod function_parse;
mod java;
mod literal;
mod operand;
mod parse;
mod program;
mod reference;
mod selector;

use evaluate::{Failure, Limits, Mode};
use program::Program;
pub use reference::{ReferencePath, Segment};
pub use selector::{Root, Selector};

/// The longest path, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 32 * 1024;

/// A compiled path that starts at `$`. Cloning one is a count.
#[derive(Clone)]
pub struct Path {
    text: Text,
    program: Arc<Program>,
}

/// Why a path gives no value. The text is Jayway's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// The path's text is not a path, or the path cannot be applied to this document at all, or a limit was reached.
    Invalid(String),
    /// The path is one, but the document has nothing there.
    NotFound(String),
}

impl Path {
    /// Compiles a path.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        if text.is_empty() {
            return Err(PathError::Invalid("json can not be null or empty".into()));
        }
        if text.len() > TEXT_BYTES_MAX {
            return Err(PathError::Invalid(format!("A path must not have more than {TEXT_BYTES_MAX} bytes")));
        }
        match parse::path(text, 0) {
            Ok(program) => Ok(Path { text: text.into(), program: Arc::new(program) }),
            Err(fault) => Err(PathError::Invalid(fault.message)),
        }
    }

    /// Whether it selects one place.
    pub fn is_definite(&self) -> bool {
        self.program.definite
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it selects: one value where it is definite, else an array.
    ///
    /// A definite path that leads nowhere is `NotFound`, as is an indefinite one whose definite beginning leads nowhere.
    /// A `null` root is `NotFound` too, even for `$`: that is Jayway's answer. `select` gives AWS's.
    pub fn query(&self, root: &Value) -> Result<Value, PathError> {
        if !root.is_null()
            && let Some(value) = self.find(root)
        {
            return Ok(value.clone());
        }
        let found = evaluate::run(&self.program, root, root, Mode::Read, &Limits::new());
        found.map_err(|failure| match failure {
            Failure::NotFound(message) => PathError::NotFound(message),
            Failure::Invalid(message)
            | Failure::OutOfBounds(message)
            | Failure::Other(message)
            | Failure::Limit(message) => PathError::Invalid(message),
        })
    }

    /// What it selects in AWS's reading: as `query`, but `$` of a `null` root is `null`.
    pub fn select(&self, root: &Value) -> Result<Value, PathError> {
        if root.is_null() && self.program.tokens.is_empty() {
            return Ok(Value::Null);
        }
        self.query(root)
    }

    /// The place a path of names and indices selects, borrowed. `None` where there is none, or the path has other steps.
    pub fn find<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        if self.program.plain { self.program.find(root) } else { None }
    }

    fn program(&self) -> &Program {
        &self.program
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.text == other.text
    }
}

impl Eq for Path {}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({:?})", self.text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathError::Invalid(message) | PathError::NotFound(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for PathError {}
