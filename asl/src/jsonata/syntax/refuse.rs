//! What AWS does not let an expression do, though JSONata would.

use super::tree::{Kind, Node, Stage};
use super::walk;
use crate::jsonata::error::Error;

/// An error where `$eval` is used or `$states` is assigned to.
pub fn refuse(root: &Node) -> Result<(), Error> {
    let mut found: Option<Error> = None;
    walk::each(root, &mut |node| {
        if found.is_none() {
            found = refused(node);
        }
    });
    found.map_or(Ok(()), Err)
}

fn refused(node: &Node) -> Option<Error> {
    if matches!(&node.kind, Kind::Variable(name) if &**name == "eval") {
        return Some(Error::new("S0901").message("The function $eval is not supported").at(node.position));
    }
    let reserved = |name: &str| name == "states";
    let assigns = match &node.kind {
        Kind::Bind { name, .. } => reserved(name),
        Kind::Lambda(lambda) => lambda.parameters.iter().any(|name| reserved(name)),
        _ => false,
    };
    let staged = |stage: &Stage| matches!(stage, Stage::Index(name) if reserved(name));
    let marks = node.focus.iter().chain(&node.index).any(|name| reserved(name));
    (assigns || marks || node.stages.iter().any(staged))
        .then(|| Error::new("S0902").message("The reserved variable $states cannot be assigned").at(node.position))
}
