//! A compiled path: its steps, what makes it definite, and how it is written in messages.

use std::fmt::Write;

use super::filter::Expression;
use super::function::Function;
use crate::value::{Text, Value};

/// One step of a path.
#[derive(Clone, Debug)]
pub(super) enum Token {
    /// `.a`, `['a']`, `["a"]`
    Name { name: Text, quote: char },
    /// `['a','b']`: an object of these members, or each of them where more steps follow.
    Names { names: Box<[Text]>, quote: char },
    /// `[0]`, `[-1]`
    Index(i32),
    /// `[0,2]`
    Indices(Box<[i32]>),
    /// `[1:]`, `[:2]`, `[1:2]`; at least one bound is there, and a step width was read over.
    Slice { from: Option<i32>, to: Option<i32> },
    /// `[*]`, `.*`
    Wildcard,
    /// `..`
    Descend,
    /// `[?(...)]`
    Filter(Box<Expression>),
    /// `.length()`
    Call(Box<Call>),
}

/// A function and its arguments.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub name: String,
    /// `None` where there is no such function, which is an error only when it is reached.
    pub function: Option<Function>,
    pub parameters: Vec<Parameter>,
    /// The first argument with a wildcard after it: `length` counts what that finds.
    pub length_of: Option<Program>,
}

/// An argument of a function.
#[derive(Clone, Debug)]
pub(super) enum Parameter {
    Json(Value),
    Path(Program),
}

/// A path that can be run.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// `$` or `@`
    pub root: char,
    /// Whether it starts at the document even inside a filter.
    pub from_document: bool,
    pub tokens: Box<[Token]>,
    pub definite: bool,
    /// Names and indices only.
    pub plain: bool,
    /// How many steps come before the first indefinite one.
    definite_steps: usize,
    /// The index before the last step, where that is what stands there.
    pub tail_index: Option<i32>,
    /// Whether a last character of the text went unread.
    pub unread: bool,
}

impl Program {
    /// Puts the steps together. `$..a.sum()` becomes `$.sum($..a)`, as Jayway has it.
    pub fn new(root: char, mut tokens: Vec<Token>) -> Program {
        let from_document = root == '$';
        let calls_at_end = matches!(tokens.last(), Some(Token::Call(_)));
        let call = tokens.iter().position(|token| matches!(token, Token::Call(_)));
        if let (true, Some(Token::Descend), Some(at)) = (calls_at_end, tokens.first(), call) {
            let mut rest = tokens.split_off(at);
            let mut argument = Program::plainly(root, tokens);
            argument.from_document = true;
            if let Some(Token::Call(call)) = rest.first_mut() {
                **call = Call::new(std::mem::take(&mut call.name), vec![Parameter::Path(argument)]);
            }
            let mut program = Program::plainly('$', rest);
            program.from_document = from_document;
            program.definite_steps = 0;
            return program;
        }
        Program::plainly(root, tokens)
    }

    fn plainly(root: char, tokens: Vec<Token>) -> Program {
        let count = tokens.len();
        let is_definite = |at: usize, token: &Token| match token {
            Token::Name { .. } | Token::Index(_) | Token::Call(_) => true,
            Token::Names { .. } => at + 1 == count,
            Token::Indices(_) | Token::Slice { .. } | Token::Wildcard | Token::Descend | Token::Filter(_) => false,
        };
        let first = tokens.iter().enumerate().position(|(at, token)| !is_definite(at, token));
        let tail_index = match count.checked_sub(2).and_then(|at| tokens.get(at)) {
            Some(Token::Index(index)) => Some(*index),
            _ => None,
        };
        Program {
            root,
            from_document: root == '$',
            definite: first.is_none(),
            plain: tokens.iter().all(|token| matches!(token, Token::Name { .. } | Token::Index(_))),
            definite_steps: first.unwrap_or(count),
            tail_index,
            unread: false,
            tokens: tokens.into(),
        }
    }

    /// Whether all steps before this one are definite: only then is something missing an error.
    pub fn definite_before(&self, at: usize) -> bool {
        at <= self.definite_steps
    }

    /// Whether the last step is a function.
    pub fn is_call(&self) -> bool {
        matches!(self.tokens.last(), Some(Token::Call(_)))
    }

    /// What a plain path selects: one look-up a step, and nothing is allocated.
    pub fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        let mut value = document;
        for token in &self.tokens {
            value = match (token, value) {
                (Token::Name { name, .. }, Value::Object(object)) => object.get(&**name)?,
                (Token::Index(index), Value::Array(array)) => item(array, *index)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// The whole path in bracket notation.
    pub fn text(&self) -> String {
        format!("{}{}", self.root, self.text_from(0))
    }

    /// The steps from this one on.
    pub fn text_from(&self, at: usize) -> String {
        self.tokens[at..].iter().fold(String::new(), |mut text, token| {
            token.write(&mut text);
            text
        })
    }

    /// The place before this step, as a definite path names it.
    pub fn place_before(&self, at: usize) -> String {
        let mut text = String::from(self.root);
        for token in &self.tokens[..at] {
            match token {
                Token::Name { name, .. } => text.extend(["['", name, "']"]),
                Token::Call(_) => {} // a function's result has no place of its own
                other => other.write(&mut text),
            }
        }
        text
    }
}

impl Call {
    pub fn new(name: String, parameters: Vec<Parameter>) -> Call {
        let length_of = match parameters.first() {
            Some(Parameter::Path(path)) if !path.is_call() && !path.tokens.is_empty() => {
                let mut tokens = path.tokens.to_vec();
                tokens.push(Token::Wildcard);
                let all = Program { plain: false, tokens: tokens.into(), ..path.clone() };
                Some(all)
            }
            Some(Parameter::Path(path)) => Some(path.clone()),
            Some(Parameter::Json(_)) | None => None,
        };
        Call { function: Function::named(&name), name, parameters, length_of }
    }
}

impl Token {
    fn write(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Token::Name { name, quote } => write!(text, "[{quote}{name}{quote}]"),
            Token::Names { names, quote } => {
                let names: Vec<String> = names.iter().map(|name| format!("{quote}{name}{quote}")).collect();
                write!(text, "[{}]", names.join(","))
            }
            Token::Index(index) => write!(text, "[{index}]"),
            Token::Indices(indices) => {
                let indices: Vec<String> = indices.iter().map(i32::to_string).collect();
                write!(text, "[{}]", indices.join(","))
            }
            Token::Slice { from, to } => {
                let bound = |bound: &Option<i32>| bound.map_or_else(String::new, |bound| bound.to_string());
                write!(text, "[{}:{}]", bound(from), bound(to))
            }
            Token::Wildcard => write!(text, "[*]"),
            Token::Descend => write!(text, ".."),
            Token::Filter(_) => write!(text, "[?]"),
            Token::Call(call) => {
                write!(text, ".{}({})", call.name, if call.parameters.is_empty() { "" } else { "..." })
            }
        };
    }
}

/// The item at an index, which counts from the end where it is negative.
pub(super) fn item(items: &[Value], index: i32) -> Option<&Value> {
    let index = if index < 0 { items.len() as i64 + i64::from(index) } else { i64::from(index) };
    usize::try_from(index).ok().and_then(|index| items.get(index))
}
