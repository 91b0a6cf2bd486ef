//! Functions as values.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::Evaluator;
use crate::jsonata::error::Error;
use crate::jsonata::item::{Item, Str};
use crate::jsonata::regex::Pattern;
use crate::jsonata::signature::Signature;
use crate::jsonata::syntax::tree::{self, Node};
use crate::value::Text;

/// A function.
#[derive(Debug)]
pub enum Function {
    /// Written in the expression, with the context and the variables around it.
    Lambda(Closure),
    /// A call in tail position: evaluated by whoever called the function it is in.
    Tail { call: Arc<Node>, input: Item, frame: Rc<Frame> },
    /// Of the library.
    Native(&'static Native),
    /// Of the library, with some arguments given; `None` is to be given.
    Partial { native: &'static Native, given: Vec<Option<Item>> },
    /// A regular expression.
    Matcher(Arc<Pattern>),
    /// The `next` of a match: searches on.
    NextMatch { pattern: Arc<Pattern>, text: Str, from: usize },
    /// `| ... |`
    Transform { transform: Arc<tree::Transform>, frame: Rc<Frame> },
    /// `$f ~> $g`
    Chain(Rc<Function>, Rc<Function>),
}

/// A lambda where it was evaluated.
#[derive(Debug)]
pub struct Closure {
    /// The names of the parameters that are to be given.
    pub parameters: Vec<Text>,
    /// What they must be.
    pub signature: Option<Signature>,
    /// The function.
    pub lambda: Arc<tree::Lambda>,
    /// The context.
    pub input: Item,
    /// The variables.
    pub frame: Rc<Frame>,
}

/// A function of the library.
pub struct Native {
    /// Its name, without `$`.
    pub name: &'static str,
    /// What its arguments must be, in JSONata's notation, such as `<s-nn?:s>`.
    pub signature: &'static str,
    /// How many parameters it has: it is called with at least so many arguments, the missing ones undefined.
    pub parameters: usize,
    /// How many arguments a higher-order function gives it.
    pub arity: usize,
    /// What it does. The arguments are as the signature asks for.
    pub call: fn(&mut Evaluator<'_>, &[Item]) -> Result<Item, Error>,
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${}", self.name)
    }
}

/// Variables, and those around them.
#[derive(Debug, Default)]
pub struct Frame {
    /// The frame around this one.
    pub outer: Option<Rc<Frame>>,
    /// The variables of this frame.
    pub variables: RefCell<Vec<(Text, Item)>>,
}
