//! From the tree as it is parsed to the tree as it is evaluated: steps become paths, marks go where they work, `%` finds
//! its parent and calls in tail position are marked.

use std::sync::Arc;

use super::ancestry::{Ancestry, List};
use super::grow;
use super::raw::{Argument, Pair, Raw, RawKind};
use super::tree::{Group, Kind, Lambda, Node, Stage, Term, Transform};
use crate::jsonata::error::Error;
use crate::value::Number;

mod paths;

/// Refines a whole tree.
pub fn refine(raw: Raw) -> Result<Node, Error> {
    let mut refiner = Refiner::default();
    let mut part = refiner.part(raw)?;
    if part.seeking.is_some() || matches!(part.node.kind, Kind::Parent(_)) {
        let error = Error::new("S0217");
        return Err(match part.node.kind {
            // The reference knows no position for these.
            Kind::Path { .. } | Kind::Parent(_) => error,
            _ => error.at(part.node.position),
        });
    }
    refiner.ancestry.rename(&mut part.node);
    Ok(part.node)
}

/// What is known while a tree is refined.
#[derive(Default)]
struct Refiner {
    ancestry: Ancestry,
}

/// A refined node, and which of its `%` have not found their parent.
struct Part {
    node: Node,
    seeking: Option<List>,
    /// The same of a path's last step.
    last: Option<List>,
}

impl Part {
    fn new(kind: Kind, position: usize) -> Part {
        Part { node: Node { kind, position, ..Node::default() }, seeking: None, last: None }
    }
}

impl Refiner {
    fn part(&mut self, raw: Raw) -> Result<Part, Error> {
        grow(|| {
            let keep = raw.keep_array;
            let mut part = self.kind(raw)?;
            part.node.keep_array |= keep;
            Ok(part)
        })
    }

    fn kind(&mut self, raw: Raw) -> Result<Part, Error> {
        let position = raw.position;
        match raw.kind {
            RawKind::End => Err(Error::new("S0207").at(position).token("(end)")),
            RawKind::Name(name) => {
                let mut step = Part::new(Kind::Name(name), position);
                step.node.keep_array = raw.keep_array;
                let mut path = paths::from_step(step);
                if let Kind::Path { keep_singleton, .. } = &mut path.node.kind {
                    *keep_singleton = raw.keep_array;
                }
                Ok(path)
            }
            RawKind::Variable(name) => Ok(Part::new(Kind::Variable(name), position)),
            RawKind::String(text) => Ok(Part::new(Kind::String(text), position)),
            RawKind::Number(number) => Ok(Part::new(Kind::Number(number), position)),
            RawKind::Bool(value) => Ok(Part::new(Kind::Bool(value), position)),
            RawKind::Null => Ok(Part::new(Kind::Null, position)),
            RawKind::Regex(pattern) => Ok(Part::new(Kind::Regex(pattern), position)),
            RawKind::Wildcard => Ok(Part::new(Kind::Wildcard, position)),
            RawKind::Descendant => Ok(Part::new(Kind::Descendant, position)),
            RawKind::Parent => Ok(Part::new(self.ancestry.parent(), position)),
            RawKind::Dot(both) => self.dot(*both),
            RawKind::Filter(both) => self.filter(*both, position),
            RawKind::Sort(left, terms) => self.sort(*left, terms, position),
            RawKind::Focus(left, name) => self.focus(*left, name, raw.keep_array, position),
            RawKind::Index(left, name) => self.index(*left, name),
            RawKind::Group(left, pairs) => self.group(*left, pairs, position),
            RawKind::Bind(name, value) => {
                let mut seeking = None;
                let value = self.boxed(*value, &mut seeking)?;
                Ok(Part { seeking, ..Part::new(Kind::Bind { name, value }, position) })
            }
            RawKind::Apply(both) => {
                let (left, right) = (Box::new(self.part(both.0)?.node), Box::new(self.part(both.1)?.node));
                let keep_array = left.keep_array || right.keep_array;
                let mut part = Part::new(Kind::Apply { left, right }, position);
                part.node.keep_array = keep_array;
                Ok(part)
            }
            RawKind::Binary(operator, both) => {
                let (left, right) = (self.part(both.0)?, self.part(both.1)?);
                let mut seeking = None;
                self.ancestry.hand_up(&mut seeking, &left.node, left.seeking)?;
                self.ancestry.hand_up(&mut seeking, &right.node, right.seeking)?;
                let (left, right) = (Box::new(left.node), Box::new(right.node));
                Ok(Part { seeking, ..Part::new(Kind::Binary { operator, left, right }, position) })
            }
            RawKind::Negate(inner) => {
                let mut part = self.part(*inner)?;
                if let Kind::Number(number) = &mut part.node.kind {
                    *number = negated(number);
                    return Ok(part);
                }
                let mut seeking = None;
                self.ancestry.hand_up(&mut seeking, &part.node, part.seeking)?;
                Ok(Part { seeking, ..Part::new(Kind::Negate(Box::new(part.node)), position) })
            }
            RawKind::Array(items) => {
                let mut seeking = None;
                let items = self.all(items, &mut seeking)?;
                Ok(Part { seeking, ..Part::new(Kind::Array(items), position) })
            }
            RawKind::Object(pairs) => {
                let mut seeking = None;
                let pairs = self.pairs(pairs, &mut seeking)?;
                Ok(Part { seeking, ..Part::new(Kind::Object(Group { pairs, position }), position) })
            }
            RawKind::Block(parts) => {
                let mut seeking = None;
                let parts = self.all(parts, &mut seeking)?;
                let constructs = parts.iter().any(|part| match &part.kind {
                    Kind::Path { steps, .. } => steps.first().is_some_and(|step| step.constructs_array),
                    _ => part.constructs_array,
                });
                let mut part = Part { seeking, ..Part::new(Kind::Block(parts), position) };
                part.node.constructs_array = constructs;
                Ok(part)
            }
            RawKind::Call(procedure, arguments) => self.call(*procedure, arguments, position),
            RawKind::Lambda { parameters, signature, body } => {
                let body = tail(self.part(*body)?.node);
                Ok(Part::new(Kind::Lambda(Arc::new(Lambda { parameters, signature, body })), position))
            }
            RawKind::Condition(both, otherwise) => {
                let mut seeking = None;
                let test = self.boxed(both.0, &mut seeking)?;
                let then = self.boxed(both.1, &mut seeking)?;
                let otherwise = otherwise.map(|node| self.boxed(*node, &mut seeking)).transpose()?;
                Ok(Part { seeking, ..Part::new(Kind::Condition { test, then, otherwise }, position) })
            }
            RawKind::Transform(both, delete) => {
                let (pattern, update) = (self.part(both.0)?.node, self.part(both.1)?.node);
                let delete = delete.map(|node| self.part(*node)).transpose()?.map(|part| part.node);
                Ok(Part::new(Kind::Transform(Arc::new(Transform { pattern, update, delete })), position))
            }
        }
    }

    /// A part of a whole, which looks for what its parts look for.
    fn inner(&mut self, raw: Raw, seeking: &mut Option<List>) -> Result<Node, Error> {
        let part = self.part(raw)?;
        self.ancestry.hand_up(seeking, &part.node, part.seeking)?;
        Ok(part.node)
    }

    fn boxed(&mut self, raw: Raw, seeking: &mut Option<List>) -> Result<Box<Node>, Error> {
        self.inner(raw, seeking).map(Box::new)
    }

    fn all(&mut self, nodes: Vec<Raw>, seeking: &mut Option<List>) -> Result<Vec<Node>, Error> {
        nodes.into_iter().map(|node| self.inner(node, seeking)).collect()
    }

    fn pairs(&mut self, pairs: Vec<Pair>, seeking: &mut Option<List>) -> Result<Vec<(Node, Node)>, Error> {
        pairs.into_iter().map(|(key, value)| Ok((self.inner(key, seeking)?, self.inner(value, seeking)?))).collect()
    }

    fn call(&mut self, procedure: Raw, arguments: Vec<Argument>, position: usize) -> Result<Part, Error> {
        let mut seeking = None;
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push(match argument {
                Argument::Given(raw) => Some(self.inner(raw, &mut seeking)?),
                Argument::Open(_) => None,
            });
        }
        let procedure = Box::new(self.part(procedure)?.node);
        let kind = if given.iter().all(Option::is_some) {
            Kind::Call { procedure, arguments: given.into_iter().flatten().collect() }
        } else {
            Kind::Partial { procedure, arguments: given }
        };
        Ok(Part { seeking, ..Part::new(kind, position) })
    }
}

fn negated(number: &Number) -> Number {
    if let Some(negative) = number.as_i64().and_then(i64::checked_neg) {
        return negative.into();
    }
    number.as_f64().and_then(|number| Number::from_f64(-number)).unwrap_or_else(|| number.clone())
}

/// Marks the calls that a function's body ends in.
fn tail(mut node: Node) -> Node {
    match &mut node.kind {
        Kind::Call { .. } if node.predicates.is_empty() => {
            let position = node.position;
            return Node { kind: Kind::TailCall(Arc::new(node)), position, ..Node::default() };
        }
        Kind::Condition { then, otherwise, .. } => {
            for branch in [Some(then), otherwise.as_mut()].into_iter().flatten() {
                **branch = grow(|| tail(std::mem::take(branch)));
            }
        }
        Kind::Block(parts) => {
            if let Some(last) = parts.last_mut() {
                *last = grow(|| tail(std::mem::take(last)));
            }
        }
        _ => {}
    }
    node
}
