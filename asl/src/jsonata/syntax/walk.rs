//! Going through a tree, node by node, whoever is above first.

use std::sync::Arc;

use super::grow;
use super::tree::{Kind, Node, Stage};

/// Calls back with everything directly below a node, in the order of the text.
pub fn below<'a>(node: &'a Node, call: &mut dyn FnMut(&'a Node)) {
    match &node.kind {
        Kind::Path { steps, .. } => steps.iter().for_each(&mut *call),
        Kind::Binary { left, right, .. } | Kind::Apply { left, right } => {
            call(left);
            call(right);
        }
        Kind::Negate(inner) | Kind::Bind { value: inner, .. } => call(inner),
        Kind::Array(items) | Kind::Block(items) => items.iter().for_each(&mut *call),
        Kind::Object(group) => group.pairs.iter().for_each(|(key, value)| {
            call(key);
            call(value);
        }),
        Kind::Condition { test, then, otherwise } => {
            call(test);
            call(then);
            otherwise.iter().for_each(|node| call(node));
        }
        Kind::Call { procedure, arguments } => {
            call(procedure);
            arguments.iter().for_each(&mut *call);
        }
        Kind::Partial { procedure, arguments } => {
            call(procedure);
            arguments.iter().flatten().for_each(&mut *call);
        }
        Kind::Lambda(lambda) => call(&lambda.body),
        Kind::TailCall(inner) => call(inner),
        Kind::Transform(transform) => {
            call(&transform.pattern);
            call(&transform.update);
            transform.delete.iter().for_each(&mut *call);
        }
        Kind::Sort(terms) => terms.iter().for_each(|term| call(&term.key)),
        Kind::Name(_)
        | Kind::String(_)
        | Kind::Number(_)
        | Kind::Bool(_)
        | Kind::Null
        | Kind::Wildcard
        | Kind::Descendant
        | Kind::Parent(_)
        | Kind::Regex(_)
        | Kind::Variable(_) => {}
    }
    node.predicates.iter().for_each(&mut *call);
    for stage in &node.stages {
        if let Stage::Filter(filter) = stage {
            call(filter);
        }
    }
    for (key, value) in node.group.iter().flat_map(|group| &group.pairs) {
        call(key);
        call(value);
    }
}

/// Calls back with a node and all below it.
pub fn each<'a>(node: &'a Node, call: &mut dyn FnMut(&'a Node)) {
    call(node);
    below(node, &mut |node| grow(|| each(node, call)));
}

/// Calls back with a node and all below it, to change them. Only for a tree that nobody shares yet.
pub fn each_mut(node: &mut Node, call: &mut dyn FnMut(&mut Node)) {
    call(node);
    let mut all = |node: &mut Node| grow(|| each_mut(node, call));
    match &mut node.kind {
        Kind::Path { steps, .. } => steps.iter_mut().for_each(&mut all),
        Kind::Binary { left, right, .. } | Kind::Apply { left, right } => {
            all(left);
            all(right);
        }
        Kind::Negate(inner) | Kind::Bind { value: inner, .. } => all(inner),
        Kind::Array(items) | Kind::Block(items) => items.iter_mut().for_each(&mut all),
        Kind::Object(group) => group.pairs.iter_mut().for_each(|(key, value)| {
            all(key);
            all(value);
        }),
        Kind::Condition { test, then, otherwise } => {
            all(test);
            all(then);
            otherwise.iter_mut().for_each(|node| all(node));
        }
        Kind::Call { procedure, arguments } => {
            all(procedure);
            arguments.iter_mut().for_each(&mut all);
        }
        Kind::Partial { procedure, arguments } => {
            all(procedure);
            arguments.iter_mut().flatten().for_each(&mut all);
        }
        Kind::Lambda(lambda) => Arc::get_mut(lambda).into_iter().for_each(|lambda| all(&mut lambda.body)),
        Kind::TailCall(inner) => Arc::get_mut(inner).into_iter().for_each(&mut all),
        Kind::Transform(transform) => {
            if let Some(transform) = Arc::get_mut(transform) {
                all(&mut transform.pattern);
                all(&mut transform.update);
                transform.delete.iter_mut().for_each(&mut all);
            }
        }
        Kind::Sort(terms) => terms.iter_mut().for_each(|term| all(&mut term.key)),
        Kind::Name(_)
        | Kind::String(_)
        | Kind::Number(_)
        | Kind::Bool(_)
        | Kind::Null
        | Kind::Wildcard
        | Kind::Descendant
        | Kind::Parent(_)
        | Kind::Regex(_)
        | Kind::Variable(_) => {}
    }
    node.predicates.iter_mut().for_each(&mut all);
    for stage in &mut node.stages {
        if let Stage::Filter(filter) = stage {
            all(filter);
        }
    }
    for (key, value) in node.group.iter_mut().flat_map(|group| &mut group.pairs) {
        all(key);
        all(value);
    }
}
