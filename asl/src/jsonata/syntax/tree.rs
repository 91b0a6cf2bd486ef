//! The syntax tree of an expression, as the evaluator walks it: paths are lists of steps, filters hang on what they
//! filter, and calls in tail position are marked.

use std::sync::Arc;

use crate::jsonata::regex::Pattern;
use crate::jsonata::signature::Signature;
use crate::value::{Number, Text};

/// One node.
#[derive(Debug, Default)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where the token that made it ends, in UTF-16 units from the start, as the reference counts positions.
    pub position: usize,
    /// `[]` was written behind it.
    pub keep_array: bool,
    /// Filters of something that is not a step of a path.
    pub predicates: Vec<Node>,
    /// Filters and index variables of a step.
    pub stages: Vec<Stage>,
    /// `{ ... }` behind it: grouping.
    pub group: Option<Box<Group>>,
    /// `@$name`: the variable that holds each item, while the context stays.
    pub focus: Option<Text>,
    /// `#$name`: the variable that holds each item's place.
    pub index: Option<Text>,
    /// The name under which a later `%` finds this step's context.
    pub ancestor: Option<Text>,
    /// It hands on tuples rather than items.
    pub tuple: bool,
    /// An array constructor as a path's first step, or a block that ends in one: what it builds is not flattened.
    pub constructs_array: bool,
}

/// What a node is.
#[derive(Debug, Default)]
pub enum Kind {
    /// `a.b.c`. With `keep_singleton`, `[]` was written behind one of its steps.
    Path { steps: Vec<Node>, keep_singleton: bool },
    /// An operator between two expressions.
    Binary { operator: Operator, left: Box<Node>, right: Box<Node> },
    /// `-a`
    Negate(Box<Node>),
    /// `[a, b]`
    Array(Vec<Node>),
    /// `{"a": b}`
    Object(Group),
    /// A member's name.
    Name(Text),
    /// A string.
    String(Text),
    /// A number.
    Number(Number),
    /// `true`, `false`
    Bool(bool),
    /// `null`
    #[default]
    Null,
    /// `*`
    Wildcard,
    /// `**`
    Descendant,
    /// `%`, with the name that its ancestor has.
    Parent(Text),
    /// `a ? b : c`
    Condition { test: Box<Node>, then: Box<Node>, otherwise: Option<Box<Node>> },
    /// `(a; b)`
    Block(Vec<Node>),
    /// `$name := a`
    Bind { name: Text, value: Box<Node> },
    /// `/a/i`
    Regex(Arc<Pattern>),
    /// `f(a, b)`
    Call { procedure: Box<Node>, arguments: Vec<Node> },
    /// `f(a, ?)`: `None` stands for `?`.
    Partial { procedure: Box<Node>, arguments: Vec<Option<Node>> },
    /// `$name`; `$` has an empty name, `$$` the name `$`.
    Variable(Text),
    /// `function($a) { b }`
    Lambda(Arc<Lambda>),
    /// A call in tail position of a lambda's body, which is a [`Kind::Call`].
    TailCall(Arc<Node>),
    /// `a ~> b`
    Apply { left: Box<Node>, right: Box<Node> },
    /// `| pattern | update, delete |`
    Transform(Arc<Transform>),
    /// `^(>a, b)`, a step.
    Sort(Vec<Term>),
}

/// A filter or an index variable behind a step.
#[derive(Debug)]
pub enum Stage {
    /// `[a]`
    Filter(Node),
    /// `#$name`
    Index(Text),
}

/// The pairs of `{ ... }`.
#[derive(Debug)]
pub struct Group {
    /// Keys and values.
    pub pairs: Vec<(Node, Node)>,
    /// Where the brace is.
    pub position: usize,
}

/// A function that is written in the expression.
#[derive(Debug)]
pub struct Lambda {
    /// The parameters' names.
    pub parameters: Vec<Text>,
    /// `<s-n?:s>`
    pub signature: Option<Signature>,
    /// What it evaluates to.
    pub body: Node,
}

/// `| pattern | update, delete |`
#[derive(Debug)]
pub struct Transform {
    /// What is changed.
    pub pattern: Node,
    /// What is merged into it.
    pub update: Node,
    /// The names that are taken out of it.
    pub delete: Option<Node>,
}

/// What is sorted by.
#[derive(Debug)]
pub struct Term {
    /// `>`
    pub descending: bool,
    /// The key.
    pub key: Node,
}

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concatenate,
    Range,
    In,
    And,
    Or,
}

impl Operator {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Concatenate => "&",
            Operator::Range => "..",
            Operator::In => "in",
            Operator::And => "and",
            Operator::Or => "or",
        }
    }
}
