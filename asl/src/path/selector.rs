//! Paths with a root: the input, the context object, or a variable.

use unicode_ident::{is_xid_continue, is_xid_start};

use super::{Path, PathError};
use crate::value::Text;

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

impl Selector {
    /// Compiles a path with its root. What does not start with `$` is invalid, whatever Jayway makes of it.
    pub fn parse(text: &str) -> Result<Selector, PathError> {
        let Some(after) = text.strip_prefix('$') else {
            return Err(PathError::Invalid("Path must start with '$'".into()));
        };
        let (root, rest) = match after.strip_prefix('$') {
            Some(rest) => (Root::Context, rest),
            None => variable(after),
        };
        let path = if root == Root::Input { Path::parse(text)? } else { Path::parse(&format!("${rest}"))? };
        Ok(Selector { root, path, text: text.into() })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As some of AWS's messages show it: a path into the context object begins with one `$` there.
    pub fn text_from_root(&self) -> &str {
        if self.root == Root::Context { &self.text[1..] } else { &self.text }
    }
}

/// Splits the name of a variable, a Unicode identifier, from the steps after it.
fn variable(text: &str) -> (Root, &str) {
    if !text.starts_with(|first| is_xid_start(first) || first == '_') {
        return (Root::Input, text);
    }
    let end = text.find(|char| !is_xid_continue(char)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (Root::Variable(name.into()), rest)
}
