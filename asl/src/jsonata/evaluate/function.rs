//! Functions as values.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::OnceLock;

use super::Evaluator;
use super::frame::Frame;
use crate::jsonata::error::Error;
use crate::jsonata::item::{Item, Str};
use crate::jsonata::meter::Charge;
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
    Partial { native: &'static Native, given: Vec<Option<Item>>, depth: u32 },
    /// A function that was handed to another as an argument: it no longer takes the context for what is left out.
    Handed(Rc<Function>),
    /// A regular expression.
    Matcher(Arc<Pattern>),
    /// The `next` of a match: searches on.
    NextMatch { pattern: Arc<Pattern>, text: Str, from: usize },
    /// `| ... |`
    Transform { transform: Arc<tree::Transform>, position: usize, frame: Rc<Frame> },
    /// `$f ~> $g`
    Chain { first: Rc<Function>, then: Rc<Function>, depth: u32 },
}

/// A lambda where it was evaluated.
#[derive(Debug)]
pub struct Closure {
    /// The names of the parameters that are to be given.
    pub parameters: Vec<Text>,
    /// Whether the lambda's signature is held against the arguments.
    pub checked: bool,
    /// The function.
    pub lambda: Arc<tree::Lambda>,
    /// The context.
    pub input: Item,
    /// The variables.
    pub frame: Rc<Frame>,
    /// How deep the context is.
    pub depth: u32,
    /// What it takes.
    pub charge: Charge,
}

impl Function {
    /// How many values enclose the innermost one.
    pub fn depth(&self) -> u32 {
        match self {
            Function::Lambda(closure) => closure.depth,
            Function::Partial { depth, .. } | Function::Chain { depth, .. } => *depth,
            Function::Handed(function) => function.depth() + 1,
            // Their frames are held by the evaluation itself.
            Function::Tail { .. }
            | Function::Native(_)
            | Function::Matcher(_)
            | Function::NextMatch { .. }
            | Function::Transform { .. } => 0,
        }
    }
}

/// How many arguments a higher-order function gives a function.
pub fn arity(function: &Function) -> usize {
    match function {
        Function::Lambda(closure) => closure.parameters.len(),
        Function::Native(native) => native.arity,
        Function::Partial { given, .. } => given.iter().filter(|given| given.is_none()).count(),
        Function::Handed(function) => arity(function),
        Function::Matcher(_) => 2,
        Function::Tail { .. } | Function::NextMatch { .. } => 0,
        Function::Transform { .. } | Function::Chain { .. } => 1,
    }
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
    /// The signature, read when it is first needed.
    pub parsed: OnceLock<Option<Signature>>,
}

impl Native {
    /// What its arguments must be.
    pub fn signature(&self) -> Option<&Signature> {
        self.parsed.get_or_init(|| Signature::parse(self.signature).ok()).as_ref()
    }
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${}", self.name)
    }
}
