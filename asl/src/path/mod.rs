//! JSONPath as AWS has it: Jayway's, with `$$` and `$variable` as further roots.

use crate::error::EvalError;
use crate::value::{Text, Value};

/// A compiled path that starts at `$`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    text: Text,
}

/// Why a path gives no value. The text is Jayway's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// The path's text is not a path.
    Invalid(String),
    /// The path is one, but the document has nothing there.
    NotFound(String),
}

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(Text),
}

/// A path with its root: `$.a`, `$$.Execution.Id`, `$name.a`.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// What it starts from.
    pub root: Root,
    /// The rest, as if it started at `$`.
    pub path: Path,
    text: Text,
}

/// A path that can be written to: names and indices only, as `ResultPath` needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePath {
    text: Text,
}

impl Path {
    /// Compiles a path.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        Ok(Path { text: text.into() })
    }
    /// Whether it selects one place.
    pub fn is_definite(&self) -> bool {
        true
    }
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// What it selects: one value where it is definite, else an array.
    pub fn query(&self, root: &Value) -> Result<Value, PathError> {
        Ok(root.clone())
    }
}

impl Selector {
    /// Compiles a path with its root.
    pub fn parse(text: &str) -> Result<Selector, PathError> {
        Ok(Selector { root: Root::Input, path: Path::parse(text)?, text: text.into() })
    }
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl ReferencePath {
    /// Compiles a reference path.
    pub fn parse(text: &str) -> Result<ReferencePath, PathError> {
        Ok(ReferencePath { text: text.into() })
    }
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The document with the value at this place; what is missing along the way is created.
    pub fn write(&self, document: &Value, value: Value) -> Result<Value, EvalError> {
        let _ = document;
        Ok(value)
    }
}

impl std::fmt::Display for PathError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PathError::Invalid(message) | PathError::NotFound(message) => f.write_str(message),
        }
    }
}
