//! The evaluator: a walk over the syntax tree.
//!
//! The rules that make JSONata what it is are few: every step of a path maps over its input and flattens what comes out; a
//! sequence of one item is that item and one of none is nothing; a frame holds the variables of a block or a call.

mod binary;
mod call;
mod construct;
mod filter;
mod frame;
mod function;
mod group;
mod path;
mod sort;
mod transform;
mod tuple;

use std::rc::Rc;

pub use frame::Frame;
pub use function::{Closure, Function, Native, arity};

use super::error::Error;
use super::item::{Item, Marks};
use super::meter::{Charge, Meter};
use super::syntax::Tree;
use super::syntax::tree::{Kind, Node};
use super::{Names, Turn, compare, convert, functions};
use crate::chance::Chance;
use crate::time::Timestamp;
use crate::value::{Text, Value};

/// One evaluation.
pub struct Evaluator<'a> {
    /// What it uses.
    pub meter: Rc<Meter>,
    /// What `$now()` and `$millis()` say.
    pub now: Timestamp,
    /// Where chance comes from.
    pub chance: &'a mut Chance,
    names: &'a dyn Names,
    /// The frames that functions were made in. They are held to the end, when they are cleared: a function in a variable
    /// of its own frame would hold both for ever, and a long chain of them would be dropped in one deep recursion.
    captured: Vec<(Rc<Frame>, Charge)>,
}

/// Evaluates an expression.
pub fn run(tree: &Tree, input: Option<&Value>, names: &dyn Names, turn: &mut Turn<'_>) -> Result<Option<Value>, Error> {
    let meter = Meter::new(turn.limits);
    let mut evaluator =
        Evaluator { meter: meter.clone(), now: turn.now, chance: turn.chance, names, captured: Vec::new() };
    let frame = Rc::new(Frame::default());
    let input = input.map_or(Item::Undefined, Item::from);
    frame.bind(&Text::from("$"), input.clone());
    let result = evaluator.root(tree, input, &frame).and_then(|item| convert::to_value(item, &meter));
    for (frame, _) in &evaluator.captured {
        frame.clear();
    }
    frame.clear();
    result
}

impl Evaluator<'_> {
    fn root(&mut self, tree: &Tree, input: Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        let input = match input {
            // An array as the document is one thing, not many.
            Item::Array(_) => {
                let marks = Marks { sequence: true, outer_wrapper: true, ..Marks::default() };
                Item::marked(vec![input], marks, &self.meter)?
            }
            input => input,
        };
        self.evaluate(&tree.root, &input, frame)
    }

    /// Evaluates a node in a context.
    fn evaluate(&mut self, node: &Node, input: &Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        self.nested(|evaluator| evaluator.evaluate_here(node, input, frame))
    }

    /// A level deeper: counted, and with room for its frames, from the heap where the stack ends.
    fn nested(&mut self, evaluate: impl FnOnce(&mut Self) -> Result<Item, Error>) -> Result<Item, Error> {
        self.meter.enter()?;
        let result = stacker::maybe_grow(256 << 10, 4 << 20, || evaluate(self));
        self.meter.leave();
        result
    }

    fn evaluate_here(&mut self, node: &Node, input: &Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        let mut result = self.kind(node, input, frame)?;
        for predicate in &node.predicates {
            result = self.filter(predicate, result, frame)?;
        }
        if let Some(group) = node.group.as_deref().filter(|_| !matches!(node.kind, Kind::Path { .. })) {
            result = self.group(group, result, frame)?;
        }
        self.reduce(node, result)
    }

    /// A sequence of one item is that item, one of none is nothing.
    fn reduce(&self, node: &Node, result: Item) -> Result<Item, Error> {
        let Item::Array(array) = result else { return Ok(result) };
        let mut marks = array.marks();
        if !marks.sequence || marks.tuples {
            return Ok(Item::Array(array));
        }
        marks.keep_singleton |= node.keep_array;
        match array.len() {
            0 => Ok(Item::Undefined),
            1 if !marks.keep_singleton => Ok(array.get(0)),
            _ if marks == array.marks() => Ok(Item::Array(array)),
            _ => array.with_marks(marks, &self.meter),
        }
    }

    fn kind(&mut self, node: &Node, input: &Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        match &node.kind {
            Kind::Path { steps, keep_singleton } => self.path(node, steps, *keep_singleton, input, frame),
            Kind::Binary { operator, left, right } => self.binary(node, *operator, left, right, input, frame),
            Kind::Negate(operand) => {
                let operand = self.evaluate(operand, input, frame)?;
                match (compare::finite(&operand)?, &operand) {
                    (Some(number), _) => Ok((-number).into()),
                    (None, Item::Undefined) => Ok(Item::Undefined),
                    (None, _) => Err(Error::new("D1002").at(node.position).token("-").value(&operand)),
                }
            }
            Kind::Array(items) => self.array(node, items, input, frame),
            Kind::Object(group) => self.group(group, input.clone(), frame),
            Kind::Name(name) => self.lookup(input, name),
            Kind::String(text) => Ok(text.clone().into()),
            Kind::Number(number) => Ok(Item::Number(number.into())),
            Kind::Bool(value) => Ok((*value).into()),
            Kind::Null => Ok(Item::Null),
            Kind::Wildcard => self.wildcard(input),
            Kind::Descendant => self.descendants(input),
            Kind::Parent(name) => Ok(frame.find(name).unwrap_or_default()),
            Kind::Condition { test, then, otherwise } => {
                let test = self.evaluate(test, input, frame)?;
                match (compare::is_true(&test)?, otherwise) {
                    (true, _) => self.evaluate(then, input, frame),
                    (false, Some(otherwise)) => self.evaluate(otherwise, input, frame),
                    (false, None) => Ok(Item::Undefined),
                }
            }
            Kind::Block(expressions) => {
                let frame = Frame::inside(frame);
                let mut result = Item::Undefined;
                for expression in expressions {
                    result = self.evaluate(expression, input, &frame)?;
                }
                Ok(result)
            }
            Kind::Bind { name, value } => {
                let value = self.evaluate(value, input, frame)?;
                frame.bind(name, value.clone());
                Ok(value)
            }
            Kind::Regex(pattern) => Ok(Item::Function(Rc::new(Function::Matcher(pattern.clone())))),
            Kind::Call { procedure, arguments } => self.call(node, procedure, arguments, None, input, frame),
            Kind::Partial { procedure, arguments } => self.partial(node, procedure, arguments, input, frame),
            Kind::Variable(name) => Ok(self.variable(name, input, frame)),
            Kind::Lambda(lambda) => self.lambda(lambda, input, frame),
            Kind::TailCall(call) => {
                let (call, input, frame) = (call.clone(), input.clone(), frame.clone());
                Ok(Item::Function(Rc::new(Function::Tail { call, input, frame })))
            }
            Kind::Apply { left, right } => self.chain(node, left, right, input, frame),
            Kind::Transform(transform) => {
                self.hold(frame)?;
                let (transform, frame) = (transform.clone(), frame.clone());
                Ok(Item::Function(Rc::new(Function::Transform { transform, position: node.position, frame })))
            }
            // Only ever a step, which the path evaluates itself.
            Kind::Sort(_) => Ok(Item::Undefined),
        }
    }

    /// `$name`: a variable of the expression, else one from outside, else a function of the library.
    fn variable(&self, name: &str, input: &Item, frame: &Rc<Frame>) -> Item {
        if name.is_empty() {
            return match input {
                Item::Array(array) if array.marks().outer_wrapper => array.get(0),
                input => input.clone(),
            };
        }
        if let Some(item) = frame.find(name) {
            return item;
        }
        if let Some(value) = self.names.variable(name) {
            return value.into();
        }
        functions::find(name).map_or(Item::Undefined, |native| Item::Function(Rc::new(Function::Native(native))))
    }

    /// Keeps the frames that a function holds until the end.
    fn hold(&mut self, frame: &Rc<Frame>) -> Result<(), Error> {
        for frame in frame.capture() {
            let charge = self.meter.charge(size_of::<Frame>() + 4 * size_of::<Item>())?;
            self.captured.push((frame, charge));
        }
        Ok(())
    }
}
