//! The evaluator.

use std::rc::Rc;

use super::error::Error;
use super::item::Item;
use super::meter::Meter;
use super::syntax::Tree;
use super::{Names, Turn};
use crate::chance::Chance;
use crate::time::Timestamp;
use crate::value::Value;

mod function;

pub use function::{Closure, Frame, Function, Native};

/// One evaluation.
pub struct Evaluator<'a> {
    /// What it uses.
    pub meter: Rc<Meter>,
    /// What `$now()` and `$millis()` say.
    pub now: Timestamp,
    /// Where chance comes from.
    pub chance: &'a mut Chance,
    names: &'a dyn Names,
}

/// Evaluates an expression.
pub fn run(
    _tree: &Tree,
    _input: Option<&Value>,
    _names: &dyn Names,
    _turn: &mut Turn<'_>,
) -> Result<Option<Value>, Error> {
    Ok(None)
}

impl Evaluator<'_> {
    /// Calls a function. The context stands for arguments that are left out, where the function allows that; for calls
    /// from higher-order functions it is `null`.
    pub fn apply(&mut self, _function: &Rc<Function>, _arguments: Vec<Item>, _context: &Item) -> Result<Item, Error> {
        let _ = self.names;
        Ok(Item::Undefined)
    }
}

/// How many arguments a function takes.
pub fn arity(function: &Function) -> usize {
    match function {
        Function::Native(native) => native.arity,
        _ => 1,
    }
}
