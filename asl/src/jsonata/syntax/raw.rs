//! The tree as it is parsed, before paths are put together.

use std::sync::Arc;

use super::tree::Operator;
use crate::jsonata::error::Error;
use crate::jsonata::regex::Pattern;
use crate::jsonata::signature::Signature;
use crate::value::{Number, Text};

/// How deep trees may be. Chains of operators are as deep as they are long.
pub const DEPTH: usize = 5_000;

/// A node.
#[derive(Debug)]
pub struct Raw {
    /// What it is.
    pub kind: RawKind,
    /// Where its token ends.
    pub position: usize,
    /// `[]` was written behind it.
    pub keep_array: bool,
    height: usize,
}

/// A key and a value.
pub type Pair = (Raw, Raw);

/// What a node is.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum RawKind {
    /// There was nothing where an expression was looked for.
    End,
    Name(Text),
    Variable(Text),
    String(Text),
    Number(Number),
    Bool(bool),
    Null,
    Regex(Arc<Pattern>),
    Wildcard,
    Descendant,
    Parent,
    /// `a.b`
    Dot(Box<Pair>),
    /// `a[b]`
    Filter(Box<Pair>),
    /// `a{b: c}`
    Group(Box<Raw>, Vec<Pair>),
    /// `a^(>b)`: true for `>`.
    Sort(Box<Raw>, Vec<(bool, Raw)>),
    /// `$a := b`
    Bind(Text, Box<Raw>),
    /// `a@$b`
    Focus(Box<Raw>, Text),
    /// `a#$b`
    Index(Box<Raw>, Text),
    /// `a ~> b`
    Apply(Box<Pair>),
    Binary(Operator, Box<Pair>),
    Negate(Box<Raw>),
    Array(Vec<Raw>),
    Object(Vec<Pair>),
    Block(Vec<Raw>),
    /// With `?` among its arguments, which is `None`, it is a partial application.
    Call(Box<Raw>, Vec<Argument>),
    Lambda {
        parameters: Vec<Text>,
        signature: Option<Signature>,
        body: Box<Raw>,
    },
    Condition(Box<Pair>, Option<Box<Raw>>),
    /// Pattern, update, delete.
    Transform(Box<Pair>, Option<Box<Raw>>),
}

/// An argument, with its position.
#[derive(Debug)]
pub enum Argument {
    /// An expression.
    Given(Raw),
    /// `?`
    Open(usize),
}

impl Raw {
    /// A node, unless that would make the tree too deep.
    pub fn new(kind: RawKind, position: usize) -> Result<Raw, Error> {
        let height = 1 + kind.height();
        if height > DEPTH {
            return Err(too_deep(position));
        }
        Ok(Raw { kind, position, keep_array: false, height })
    }
}

/// The error about trees that are too deep.
pub fn too_deep(position: usize) -> Error {
    Error::new("S0903").message("The expression is nested too deeply").at(position)
}

impl RawKind {
    /// How high the highest of what it is made of is.
    fn height(&self) -> usize {
        let pair = |pair: &Pair| pair.0.height.max(pair.1.height);
        let pairs = |pairs: &[Pair]| pairs.iter().map(pair).max().unwrap_or(0);
        let all = |nodes: &[Raw]| nodes.iter().map(|node| node.height).max().unwrap_or(0);
        let maybe = |node: &Option<Box<Raw>>| node.as_ref().map_or(0, |node| node.height);
        match self {
            RawKind::Dot(both) | RawKind::Filter(both) | RawKind::Apply(both) | RawKind::Binary(_, both) => pair(both),
            RawKind::Group(left, rest) => left.height.max(pairs(rest)),
            RawKind::Sort(left, terms) => left.height.max(terms.iter().map(|(_, term)| term.height).max().unwrap_or(0)),
            RawKind::Bind(_, node)
            | RawKind::Focus(node, _)
            | RawKind::Index(node, _)
            | RawKind::Negate(node)
            | RawKind::Lambda { body: node, .. } => node.height,
            RawKind::Array(nodes) | RawKind::Block(nodes) => all(nodes),
            RawKind::Object(rest) => pairs(rest),
            RawKind::Call(procedure, arguments) => arguments.iter().fold(procedure.height, |height, argument| {
                height.max(match argument {
                    Argument::Given(node) => node.height,
                    Argument::Open(_) => 0,
                })
            }),
            RawKind::Condition(both, other) | RawKind::Transform(both, other) => pair(both).max(maybe(other)),
            RawKind::End
            | RawKind::Name(_)
            | RawKind::Variable(_)
            | RawKind::String(_)
            | RawKind::Number(_)
            | RawKind::Bool(_)
            | RawKind::Null
            | RawKind::Regex(_)
            | RawKind::Wildcard
            | RawKind::Descendant
            | RawKind::Parent => 0,
        }
    }
}
