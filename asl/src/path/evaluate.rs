//! Runs a path over a document, step by step, with Jayway's answers to what is missing.
//!
//! A missing name or a wrong kind is an error only where all steps before are definite; after the first indefinite step
//! it is passed over. Recursion goes no deeper than `DEPTH_MAX`, and a run visits no more than `VISITS_MAX` places,
//! so that nothing hostile overflows the stack or hangs.

use std::cell::Cell;

use super::filter::{Expression, Question};
use super::java;
use super::program::{Program, Token, item};
use crate::value::{Map, Text, Value};

/// The places one run may visit, over all steps and filters together.
const VISITS_MAX: usize = 10_000_000;

/// How deep a run may recurse, in levels of a document that a descent goes down: 2 MB of stack bear it without
/// optimisation.
const DEPTH_MAX: usize = 1_500;

/// What a step that is no name or index, with the filter it may hold, takes of that depth.
const STEP_DEPTH: usize = 5;

const PROVIDER: &str = "com.jayway.jsonpath.spi.json.JsonSmartJsonProvider";

/// Why a run gives no value.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The document has nothing there.
    NotFound(String),
    /// The path cannot be applied; a filter inside which this happens does not match.
    Invalid(String),
    /// An index past the end, inside a function; a step over array items passes over it.
    OutOfBounds(String),
    /// Anything else that Jayway throws; nothing passes over it.
    Other(String),
    /// A limit was reached; nothing passes over it.
    Limit(String),
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Its messages are read.
    Read,
    /// An operand of a filter: nobody reads its messages, so none are written.
    Operand,
    /// An existence check: as an operand, but every name must be there.
    Exists,
}

/// What is left of the limits of one run.
#[derive(Debug)]
pub(super) struct Limits {
    visits: Cell<usize>,
    depth: Cell<usize>,
}

impl Limits {
    pub fn new() -> Limits {
        Limits { visits: Cell::new(VISITS_MAX), depth: Cell::new(0) }
    }

    /// Counts work of this size.
    pub fn visit(&self, count: usize) -> Result<(), Failure> {
        match self.visits.get().checked_sub(count) {
            Some(left) => {
                self.visits.set(left);
                Ok(())
            }
            None => Err(Failure::Limit(format!("The path visits more than {VISITS_MAX} places"))),
        }
    }

    fn enter(&self, depth: usize) -> Result<(), Failure> {
        if self.depth.get() + depth > DEPTH_MAX {
            return Err(Failure::Limit("The path recurses too deep".into()));
        }
        self.depth.set(self.depth.get() + depth);
        Ok(())
    }

    fn leave(&self, depth: usize) {
        self.depth.set(self.depth.get() - depth);
    }
}

/// Runs a path from `document`, where `$` inside filters and arguments is `root`.
pub(super) fn run(
    program: &Program,
    document: &Value,
    root: &Value,
    mode: Mode,
    limits: &Limits,
) -> Result<Value, Failure> {
    if root.is_null() {
        return Err(Failure::NotFound("root can not be null".into()));
    }
    let mut run = Run { program, root, mode, limits, array_indices: Vec::new(), results: Vec::new() };
    if program.tokens.is_empty() {
        return Ok(document.clone());
    }
    run.evaluate(0, document)?;
    if !program.definite {
        return Ok(run.results.into());
    }
    match run.results.pop() {
        Some(value) => Ok(value),
        None => Err(run.missing(|| format!("No results for path: {}", program.text()))),
    }
}

struct Run<'r> {
    program: &'r Program,
    root: &'r Value,
    mode: Mode,
    limits: &'r Limits,
    /// For each step, the index of the array item that a descent last came from, or -1. Empty before any descent.
    array_indices: Vec<i32>,
    results: Vec<Value>,
}

impl Run<'_> {
    fn missing(&self, message: impl FnOnce() -> String) -> Failure {
        Failure::NotFound(if self.mode == Mode::Read { message() } else { String::new() })
    }

    fn is_leaf(&self, at: usize) -> bool {
        at + 1 == self.program.tokens.len()
    }

    /// Takes a value that step `at` selects: a result where the step is the last.
    fn hit(&mut self, at: usize, value: &Value) -> Result<(), Failure> {
        if !self.is_leaf(at) {
            return self.evaluate(at + 1, value);
        }
        self.limits.visit(1)?;
        self.results.push(value.clone());
        Ok(())
    }

    /// Names and indices are followed in a loop; every other step recurses.
    fn evaluate(&mut self, mut at: usize, mut value: &Value) -> Result<(), Failure> {
        let program = self.program;
        loop {
            self.limits.visit(1)?;
            let next = match program.tokens.get(at) {
                Some(Token::Name { name, .. }) => self.member(at, name, value)?,
                Some(Token::Index(index)) => self.items(at, value)?.and_then(|items| item(items, *index)),
                Some(token) => {
                    self.limits.enter(STEP_DEPTH)?;
                    let done = self.spread(at, token, value);
                    self.limits.leave(STEP_DEPTH);
                    return done;
                }
                None => return Err(Failure::Other("Current path token is a leaf".into())),
            };
            let Some(next) = next else { return Ok(()) };
            if self.is_leaf(at) {
                if matches!(program.tokens[at], Token::Index(_)) || self.admits(at) {
                    self.results.push(next.clone());
                }
                return Ok(());
            }
            (at, value) = (at + 1, next);
        }
    }

    fn spread(&mut self, at: usize, token: &Token, value: &Value) -> Result<(), Failure> {
        match token {
            Token::Name { .. } | Token::Index(_) => self.evaluate(at, value),
            Token::Names { names, .. } => self.names(at, names, value),
            Token::Indices(indices) => {
                if let Some(items) = self.items(at, value)? {
                    for found in indices.iter().filter_map(|index| item(items, *index)) {
                        self.hit(at, found)?;
                    }
                }
                Ok(())
            }
            Token::Slice { from, to } => match self.items(at, value)? {
                Some(items) => self.slice(at, *from, *to, items),
                None => Ok(()),
            },
            Token::Wildcard => self.wildcard(at, value),
            Token::Descend => self.descend(at + 1, value),
            Token::Filter(expression) => self.filter(at, expression, value),
            Token::Call(call) => {
                let result = match call.invoke(value, self.root, self.mode, self.limits) {
                    Err(Failure::OutOfBounds(_)) if self.is_below_items(at) => return Ok(()),
                    result => result?,
                };
                self.results.push(result.clone());
                if self.is_leaf(at) { Ok(()) } else { self.evaluate(at + 1, &result) }
            }
        }
    }

    fn is_below_items(&self, at: usize) -> bool {
        let over_items = |token: &Token| {
            let members_only = matches!(token, Token::Name { .. } | Token::Names { .. } | Token::Call(_));
            !members_only && !matches!(token, Token::Descend)
        };
        self.program.tokens[..at].iter().any(over_items)
    }

    /// A member, `None` where it may be missing.
    fn member<'v>(&self, at: usize, name: &str, value: &'v Value) -> Result<Option<&'v Value>, Failure> {
        let Some(object) = self.object(at, value)? else { return Ok(None) };
        match object.get(name) {
            None if self.mode == Mode::Exists || (!self.is_leaf(at) && self.program.definite_before(at)) => {
                Err(self.missing(|| format!("Missing property in path {}['{name}']", self.program.place_before(at))))
            }
            found => Ok(found),
        }
    }

    /// The object that step `at` needs, `None` where the value may be something else.
    fn object<'v>(&self, at: usize, value: &'v Value) -> Result<Option<&'v Map>, Failure> {
        match value {
            Value::Object(object) => Ok(Some(object)),
            other if self.program.definite_before(at) => Err(self.missing(|| {
                let text = self.program.text_from(at);
                let rest = if self.is_leaf(at) { 0 } else { self.program.text_from(at + 1).len() };
                let (fragment, place) = (&text[..text.len() - rest], self.program.place_before(at));
                let class = java::class_name(other);
                format!(
                    "Expected to find an object with property {fragment} in path {place} but found '{class}'. \
                     This is not a json object according to the JsonProvider: '{PROVIDER}'."
                )
            })),
            _ => Ok(None),
        }
    }

    /// The array that step `at` needs, `None` where the value may be something else.
    fn items<'v>(&self, at: usize, value: &'v Value) -> Result<Option<&'v [Value]>, Failure> {
        match value {
            Value::Array(items) => Ok(Some(items)),
            _ if !self.program.definite_before(at) => Ok(None),
            Value::Null => Err(self.missing(|| format!("The path {} is null", self.program.place_before(at)))),
            other => Err(self.missing(|| {
                let (text, context) = (self.program.text_from(at), java::text(other));
                format!("Filter: {text} can only be applied to arrays. Current context is: {context}")
            })),
        }
    }

    /// Several names: an object of those that are there, or each of them where more steps follow.
    fn names(&mut self, at: usize, names: &[Text], value: &Value) -> Result<(), Failure> {
        let Some(object) = self.object(at, value)? else { return Ok(()) };
        self.limits.visit(names.len())?;
        let missing = |run: &Self| run.missing(|| format!("Missing property in path {}", run.program.place_before(at)));
        let mut merged = Map::default();
        for name in names {
            match object.get(name) {
                Some(member) if self.is_leaf(at) => {
                    merged.insert(name.clone(), member.clone());
                }
                Some(member) => self.evaluate(at + 1, member)?,
                None if self.mode == Mode::Exists => return Err(missing(self)),
                None => {}
            }
        }
        if self.is_leaf(at) {
            self.results.push(merged.into());
        }
        Ok(())
    }

    /// A start before the first item is taken from the end where there is an end bound too, and else is the first item.
    fn slice(&mut self, at: usize, from: Option<i32>, to: Option<i32>, items: &[Value]) -> Result<(), Failure> {
        let length = items.len() as i64;
        let (from, to) = (from.map(i64::from), to.map(i64::from));
        let (start, stop) = match (from, to) {
            (Some(from), Some(to)) => (from.max(-length), to.min(length)),
            (Some(from), None) => (if from < 0 { (length + from).max(0) } else { from }, length),
            (None, Some(to)) => (0, if to < 0 { length + to } else { to.min(length) }),
            (None, None) => (0, length),
        };
        for index in start..stop {
            if let Some(found) = i32::try_from(index).ok().and_then(|index| item(items, index)) {
                self.hit(at, found)?;
            }
        }
        Ok(())
    }

    fn wildcard(&mut self, at: usize, value: &Value) -> Result<(), Failure> {
        match value {
            Value::Object(object) => {
                for member in object.values() {
                    if !self.is_leaf(at) || self.admits(at) {
                        self.hit(at, member)?;
                    }
                }
            }
            Value::Array(items) => {
                for found in items.iter() {
                    match self.hit(at, found) {
                        Err(Failure::NotFound(_)) if self.mode != Mode::Exists => {}
                        result => result?,
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        Ok(())
    }

    /// Of an array the items that match; an object is tested itself.
    fn filter(&mut self, at: usize, expression: &Expression, value: &Value) -> Result<(), Failure> {
        match value {
            Value::Object(_) if self.accepts(expression, value)? => self.hit(at, value),
            Value::Object(_) => Ok(()),
            Value::Array(items) => {
                for found in items.iter() {
                    if self.accepts(expression, found)? {
                        self.hit(at, found)?;
                    }
                }
                Ok(())
            }
            other if self.program.definite_before(at) => Err(Failure::Invalid(format!(
                "Filter: {} can not be applied to primitives. Current context is: {}",
                self.program.text_from(at),
                java::text(other)
            ))),
            _ => Ok(()),
        }
    }

    fn accepts(&self, expression: &Expression, value: &Value) -> Result<bool, Failure> {
        expression.accepts(Question { item: value, root: self.root, limits: self.limits })
    }

    /// Applies step `at` to the value and to all below it, each before what it holds.
    ///
    /// Of an array that the step fits, Jayway skips the step and hands the items to the one after it, and then drops
    /// some of the results again: see `admits`. `$..[0].a` comes out right that way, `$..*.a` finds less than it should.
    fn descend(&mut self, at: usize, value: &Value) -> Result<(), Failure> {
        match value {
            Value::Object(object) => {
                if self.fits(at, value)? {
                    self.evaluate(at, value)?;
                }
                self.descend_each(at, object.values())
            }
            Value::Array(items) => {
                if self.fits(at, value)? {
                    self.pass_items(at, value, items)?;
                }
                self.descend_each(at, items.iter())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn descend_each<'v>(&mut self, at: usize, values: impl Iterator<Item = &'v Value>) -> Result<(), Failure> {
        self.limits.enter(1)?;
        let mut done = Ok(());
        for value in values {
            done = match value {
                Value::Object(_) | Value::Array(_) => self.descend(at, value),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.limits.visit(1),
            };
            if done.is_err() {
                break;
            }
        }
        self.limits.leave(1);
        done
    }

    fn pass_items(&mut self, at: usize, value: &Value, items: &[Value]) -> Result<(), Failure> {
        if self.is_leaf(at) {
            return self.evaluate(at, value);
        }
        self.array_indices.resize(self.program.tokens.len(), -1);
        for (index, found) in items.iter().enumerate() {
            self.array_indices[at + 1] = i32::try_from(index).unwrap_or(i32::MAX);
            self.evaluate(at + 1, found)?;
        }
        Ok(())
    }

    /// Whether a descent applies the step here.
    fn fits(&self, at: usize, value: &Value) -> Result<bool, Failure> {
        let is_array = matches!(value, Value::Array(_));
        match self.program.tokens.get(at) {
            Some(Token::Name { name, .. }) => Ok(value.get(name).is_some()),
            Some(Token::Names { names, .. }) => {
                Ok(!is_array && (!self.is_leaf(at) || names.iter().all(|name| value.get(name).is_some())))
            }
            Some(Token::Index(_) | Token::Indices(_) | Token::Slice { .. }) => Ok(is_array),
            Some(Token::Wildcard) => Ok(true),
            Some(Token::Filter(expression)) => self.accepts(expression, value),
            Some(Token::Descend | Token::Call(_)) => Ok(false),
            None => Err(Failure::Other("Current path token is a leaf".into())),
        }
    }

    /// Whether a last step by name may add its result: after a descent that came from an array item, only where the
    /// step before is that item's index. Jayway never forgets the item, so this drops results of later objects too.
    fn admits(&self, at: usize) -> bool {
        match self.array_indices.get(at) {
            None | Some(-1) => true,
            index => index == self.program.tail_index.as_ref(),
        }
    }
}
