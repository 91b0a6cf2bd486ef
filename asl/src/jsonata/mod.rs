//! JSONata as AWS Step Functions has it: JSONata 2.0.6 without `$eval`, and AWS's own `$partition`, `$range`, `$hash`,
//! `$random(seed)`, `$uuid` and `$parse`.
//!
//! An evaluation has no clock, no chance of its own and no end it does not come to: time and chance are given by the
//! [`Turn`], memory, work and depth are counted by the [`Limits`].

mod compare;
mod convert;
mod error;
mod evaluate;
mod functions;
mod item;
mod json;
mod meter;
mod plain;
mod regex;
mod signature;
mod syntax;

use std::fmt;
use std::sync::Arc;

pub use error::Error;
pub use meter::Limits;

use crate::chance::Chance;
use crate::time::Timestamp;
use crate::value::{Text, Value};

/// A compiled expression. Copies share it, threads too.
#[derive(Clone)]
pub struct Expression {
    source: Text,
    tree: Arc<syntax::Tree>,
}

/// The variables that an expression sees: `$states` and what `Assign` set.
pub trait Names {
    /// The value of `$name`.
    fn variable(&self, name: &str) -> Option<Value>;

    /// The value of `$name.member`, for whoever can give it without building all of `$name`.
    fn member(&self, name: &str, member: &str) -> Option<Value> {
        self.variable(name)?.get(member).cloned()
    }
}

/// No variables.
impl Names for () {
    fn variable(&self, _: &str) -> Option<Value> {
        None
    }
}

/// What an evaluation takes from the turn it happens in.
#[derive(Debug)]
pub struct Turn<'a> {
    /// What `$now()` and `$millis()` say.
    pub now: Timestamp,
    /// Where `$random()`, `$shuffle()` and `$uuid()` get their chance from.
    pub chance: &'a mut Chance,
    /// What the evaluation may use.
    pub limits: Limits,
}

/// Whether the library has a function of this name.
pub fn is_function(name: &str) -> bool {
    functions::find(name).is_some()
}

impl Expression {
    /// Compiles an expression, without the `{%` and `%}` around it.
    pub fn compile(source: &str) -> Result<Expression, Error> {
        Ok(Expression { source: source.into(), tree: Arc::new(syntax::Tree::parse(source)?) })
    }

    /// As it was written.
    pub fn source(&self) -> &Text {
        &self.source
    }

    /// The variables it takes from outside, with their places in UTF-16 units: not those it sets itself, and not `$states`.
    /// Names of functions are among them: such a name is a variable where something assigns it.
    pub fn variables(&self) -> Vec<(Text, usize)> {
        let mut variables = self.tree.variables();
        variables.retain(|(name, _)| &**name != "states");
        variables
    }

    /// The fields of a document that it looks for outside of any path, and `$$`: each once, with its position.
    pub fn top_level(&self) -> Vec<(Text, usize)> {
        self.tree.top_level()
    }

    /// Where it reads this member of this variable, if it does.
    pub fn reads(&self, variable: &str, member: &str) -> Option<usize> {
        self.tree.reads(variable, member)
    }

    /// Evaluates it over a document (`$`, where there is one) and variables. `None` is JSONata's undefined.
    pub fn evaluate(
        &self,
        input: Option<&Value>,
        names: &dyn Names,
        turn: &mut Turn<'_>,
    ) -> Result<Option<Value>, Error> {
        if let Some(found) = self.tree.plain.as_ref().and_then(|path| path.find(input, names)) {
            return Ok(found);
        }
        evaluate::run(&self.tree, input, names, turn)
    }
}

/// The source.
impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}
