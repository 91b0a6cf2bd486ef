//! What has more parts than two sides: calls, functions, constructors, blocks and the like.

use super::super::raw::{Argument, Pair, Raw, RawKind};
use super::super::tree::Operator;
use super::Parser;
use crate::jsonata::error::Error;
use crate::jsonata::signature::Signature;
use crate::value::Text;

impl Parser<'_> {
    /// `(a; b)`, behind the parenthesis.
    pub(super) fn block(&mut self) -> Result<RawKind, Error> {
        let mut parts = Vec::new();
        while !self.at(")") {
            parts.push(self.expression(0)?);
            if !self.at(";") {
                break;
            }
            self.expect(";", false)?;
        }
        self.expect(")", true)?;
        Ok(RawKind::Block(parts))
    }

    /// `[a, b..c]`, behind the bracket.
    pub(super) fn array(&mut self) -> Result<RawKind, Error> {
        let mut items = Vec::new();
        if !self.at("]") {
            loop {
                let mut item = self.expression(0)?;
                if self.at("..") {
                    let position = self.token.position;
                    self.expect("..", false)?;
                    let both = Box::new((item, self.expression(0)?));
                    item = Raw::new(RawKind::Binary(Operator::Range, both), position)?;
                }
                items.push(item);
                if !self.another()? {
                    break;
                }
            }
        }
        self.expect("]", true)?;
        Ok(RawKind::Array(items))
    }

    /// `{"a": b}`, behind the brace.
    pub(super) fn pairs(&mut self) -> Result<Vec<Pair>, Error> {
        let mut pairs = Vec::new();
        if !self.at("}") {
            loop {
                let key = self.expression(0)?;
                self.expect(":", false)?;
                pairs.push((key, self.expression(0)?));
                if !self.another()? {
                    break;
                }
            }
        }
        self.expect("}", true)?;
        Ok(pairs)
    }

    /// `| pattern | update, delete |`, behind the first bar.
    pub(super) fn transform(&mut self) -> Result<RawKind, Error> {
        let pattern = self.expression(0)?;
        self.expect("|", false)?;
        let update = self.expression(0)?;
        let delete = if self.another()? { Some(self.boxed(0)?) } else { None };
        self.expect("|", false)?;
        Ok(RawKind::Transform(Box::new((pattern, update)), delete))
    }

    /// `a ? b : c`, behind the question mark.
    pub(super) fn condition(&mut self, test: Raw) -> Result<RawKind, Error> {
        let both = self.pair(test, 0)?;
        let otherwise = if self.at(":") {
            self.expect(":", false)?;
            Some(self.boxed(0)?)
        } else {
            None
        };
        Ok(RawKind::Condition(both, otherwise))
    }

    /// `a[b]` or `a[]`, behind the bracket.
    pub(super) fn filter(&mut self, mut left: Raw, position: usize) -> Result<Raw, Error> {
        if self.at("]") {
            // It is what is filtered that stays an array, however many filters stand between.
            let mut filtered = &mut left;
            while matches!(filtered.kind, RawKind::Filter(_)) {
                let RawKind::Filter(both) = &mut filtered.kind else { break };
                filtered = &mut both.0;
            }
            filtered.keep_array = true;
            self.expect("]", false)?;
            return Ok(left);
        }
        let both = self.pair(left, 0)?;
        self.expect("]", true)?;
        Raw::new(RawKind::Filter(both), position)
    }

    /// `^(<a, >b)`, behind the caret.
    pub(super) fn terms(&mut self) -> Result<Vec<(bool, Raw)>, Error> {
        self.expect("(", false)?;
        let mut terms = Vec::new();
        loop {
            let descending = self.at(">");
            if descending || self.at("<") {
                self.advance(false)?;
            }
            terms.push((descending, self.expression(0)?));
            if !self.another()? {
                break;
            }
        }
        self.expect(")", false)?;
        Ok(terms)
    }

    /// The variable behind `@` or `#`.
    pub(super) fn variable(&mut self, sign: &str) -> Result<Text, Error> {
        let right = self.expression(80)?;
        match right.kind {
            RawKind::Variable(name) => Ok(name),
            _ => Err(Error::new("S0214").token(sign).at(right.position)),
        }
    }

    /// `f(a, ?)` or `function($a) { b }`, behind the parenthesis.
    pub(super) fn call(&mut self, left: Raw, position: usize) -> Result<Raw, Error> {
        let mut arguments = Vec::new();
        if !self.at(")") {
            loop {
                arguments.push(if self.at("?") {
                    let open = self.token.position;
                    self.expect("?", false)?;
                    Argument::Open(open)
                } else {
                    Argument::Given(self.expression(0)?)
                });
                if !self.another()? {
                    break;
                }
            }
        }
        self.expect(")", true)?;
        let kind = match &left.kind {
            RawKind::Name(name) if matches!(&**name, "function" | "\u{3bb}") => self.lambda(arguments)?,
            _ => RawKind::Call(Box::new(left), arguments),
        };
        Raw::new(kind, position)
    }

    /// What is behind the parameters of a function: its signature and its body.
    fn lambda(&mut self, arguments: Vec<Argument>) -> Result<RawKind, Error> {
        let mut parameters = Vec::with_capacity(arguments.len());
        for (index, argument) in arguments.into_iter().enumerate() {
            let position = match argument {
                Argument::Given(Raw { kind: RawKind::Variable(name), .. }) => {
                    parameters.push(name);
                    continue;
                }
                Argument::Given(other) => other.position,
                Argument::Open(position) => position,
            };
            return Err(Error::new("S0208").value_text((index + 1).to_string()).at(position));
        }
        let signature = if self.at("<") { Some(self.signature()?) } else { None };
        self.expect("{", false)?;
        let body = self.boxed(0)?;
        self.expect("}", false)?;
        Ok(RawKind::Lambda { parameters, signature, body })
    }

    /// A signature is written in tokens of the language, up to the angle bracket that closes it.
    fn signature(&mut self) -> Result<Signature, Error> {
        let start = self.token.position;
        let mut text = String::from("<");
        let mut depth = 1;
        while depth > 0 && !self.at("{") && !self.at_end() {
            self.advance(false)?;
            match self.token.id() {
                ">" => depth -= 1,
                "<" => depth += 1,
                _ => {}
            }
            match self.token.value() {
                Ok(part) => text.push_str(part),
                Err(json) => text.push_str(&json),
            }
        }
        self.expect(">", false)?;
        Signature::parse(&text).map_err(|error| {
            let offset = error.position().unwrap_or(0);
            error.at(start + offset)
        })
    }

    /// Takes a comma, where there is one.
    fn another(&mut self) -> Result<bool, Error> {
        let comma = self.at(",");
        if comma {
            self.expect(",", false)?;
        }
        Ok(comma)
    }
}
