//! From text to a tree that can be evaluated.

use super::error::Error;
use super::plain::PlainPath;
use crate::value::Text;
use tree::{Kind, Node};

mod ancestry;
mod literal;
#[cfg(test)]
mod outline;
mod parse;
mod raw;
mod references;
mod refine;
mod refuse;
mod token;
pub mod tree;
mod variables;
mod walk;

/// How long an expression may be, in bytes.
const LENGTH: usize = 256 << 10;

/// A parsed expression.
#[derive(Debug)]
pub struct Tree {
    /// Its root.
    pub root: Node,
    /// The expression as a plain path, where it is one.
    pub plain: Option<PlainPath>,
}

impl Tree {
    /// Parses an expression.
    pub fn parse(source: &str) -> Result<Tree, Error> {
        if source.len() > LENGTH {
            return Err(Error::new("S0904").message("The expression is too long"));
        }
        let root = refine::refine(parse::parse(source)?)?;
        refuse::refuse(&root)?;
        let plain = plain(&root);
        Ok(Tree { root, plain })
    }

    /// The variables that the expression refers to and does not bind itself, with the positions of all their uses.
    pub fn variables(&self) -> Vec<(Text, usize)> {
        variables::free(&self.root)
    }

    /// The fields of a document that the expression looks for, and `$$`, with their positions.
    pub fn top_level(&self) -> Vec<(Text, usize)> {
        references::at_top_level(&self.root)
    }

    /// Where it reads this member of this variable.
    pub fn reads(&self, variable: &str, member: &str) -> Option<usize> {
        references::of_member(&self.root, variable, member)
    }
}

/// Recursion as deep as trees are: on a new piece of stack where the current one ends.
fn grow<R>(call: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(128 << 10, 2 << 20, call)
}

fn plain(root: &Node) -> Option<PlainPath> {
    let steps = match &root.kind {
        Kind::Path { steps, keep_singleton: false } if unmarked(root) => steps.as_slice(),
        Kind::Variable(_) => std::slice::from_ref(root),
        _ => return None,
    };
    if !steps.iter().all(unmarked) {
        return None;
    }
    let (variable, names) = match steps.split_first()? {
        (Node { kind: Kind::Variable(name), .. }, names) => {
            (Some(name).filter(|name| !matches!(&***name, "" | "$")).cloned(), names)
        }
        _ => (None, steps),
    };
    let member = |step: &Node| match &step.kind {
        Kind::Name(name) => Some(name.clone()),
        _ => None,
    };
    Some(PlainPath { variable, members: names.iter().map(member).collect::<Option<_>>()? })
}

fn unmarked(node: &Node) -> bool {
    !node.keep_array
        && !node.tuple
        && node.predicates.is_empty()
        && node.stages.is_empty()
        && node.group.is_none()
        && node.focus.is_none()
        && node.index.is_none()
        && node.ancestor.is_none()
}

#[cfg(test)]
mod tests;
