//! From text to a tree that can be evaluated.

use super::error::Error;
use super::plain::PlainPath;

pub mod tree;

/// A parsed expression.
#[derive(Debug)]
pub struct Tree {
    /// Its root.
    pub root: tree::Node,
    /// The expression as a plain path, where it is one.
    pub plain: Option<PlainPath>,
}

impl Tree {
    /// Parses an expression.
    pub fn parse(_source: &str) -> Result<Tree, Error> {
        Ok(Tree { root: tree::Node::default(), plain: None })
    }
}
