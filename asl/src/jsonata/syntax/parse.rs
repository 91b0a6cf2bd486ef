//! From tokens to a tree, by the binding powers of the operators.

use super::grow;
use super::raw::{DEPTH, Raw, RawKind, too_deep};
use super::token::{Lexer, Token, TokenKind};
use super::tree::Operator;
use crate::jsonata::error::Error;

mod compound;

/// Parses a whole expression.
pub fn parse(source: &str) -> Result<Raw, Error> {
    let mut parser = Parser { lexer: Lexer::new(source), token: Token { kind: TokenKind::End, position: 0 }, depth: 0 };
    parser.advance(false)?;
    let root = parser.expression(0)?;
    match parser.token.kind {
        TokenKind::End => Ok(root),
        _ => Err(parser.unexpected()),
    }
}

/// What comes next, and how deep it is.
struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    depth: usize,
}

/// How tightly an operator binds what is on its left; 0 for what is none.
fn power(id: &str) -> u8 {
    match id {
        "[" | "(" | "@" | "#" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "<" | ">" | "^" | "!=" | "<=" | ">=" | "~>" | "in" => 40,
        "and" => 30,
        "or" => 25,
        "?" => 20,
        ":=" => 10,
        _ => 0,
    }
}

fn operator(sign: &str) -> Option<Operator> {
    Some(match sign {
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Remainder,
        "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "&" => Operator::Concatenate,
        "in" => Operator::In,
        "and" => Operator::And,
        "or" => Operator::Or,
        _ => return None,
    })
}

impl Parser<'_> {
    /// Takes the token that is next. Behind it, a `/` divides where `infix` is true and begins a pattern elsewhere.
    fn advance(&mut self, infix: bool) -> Result<Token, Error> {
        let next = self.lexer.next(infix)?;
        if let TokenKind::Operator(sign @ ("!" | "~")) = next.kind {
            return Err(Error::new("S0204").token(sign).at(next.position));
        }
        Ok(std::mem::replace(&mut self.token, next))
    }

    /// Takes a token that has to be there.
    fn expect(&mut self, id: &'static str, infix: bool) -> Result<(), Error> {
        if self.token.id() == id {
            return self.advance(infix).map(drop);
        }
        let wanted = format!("\"{id}\"");
        let position = self.token.position;
        Err(match self.token.value() {
            _ if self.at_end() => Error::new("S0203").value_text(wanted).token("(end)"),
            Ok(token) => Error::new("S0202").value_text(wanted).token(token),
            Err(json) => Error::new("S0202").message(format!("Expected {wanted}, got {json}")),
        }
        .at(position))
    }

    /// The error about a token that nothing asks for.
    fn unexpected(&self) -> Error {
        let error = Error::new("S0201").at(self.token.position);
        match self.token.value() {
            Ok(token) => error.token(token),
            Err(json) => error.message(format!("Syntax error: {json}")),
        }
    }

    fn at(&self, id: &str) -> bool {
        self.token.id() == id
    }

    fn at_end(&self) -> bool {
        matches!(self.token.kind, TokenKind::End)
    }

    /// An expression of operators that bind tighter than this.
    fn expression(&mut self, floor: u8) -> Result<Raw, Error> {
        if self.depth >= DEPTH {
            return Err(too_deep(self.token.position));
        }
        self.depth += 1;
        let found = grow(|| {
            let token = self.advance(true)?;
            let mut left = self.prefix(token)?;
            while floor < power(self.token.id()) {
                let token = self.advance(false)?;
                left = self.infix(left, token)?;
            }
            Ok(left)
        });
        self.depth -= 1;
        found
    }

    fn boxed(&mut self, floor: u8) -> Result<Box<Raw>, Error> {
        self.expression(floor).map(Box::new)
    }

    /// What a token begins.
    fn prefix(&mut self, token: Token) -> Result<Raw, Error> {
        let position = token.position;
        let kind = match token.kind {
            TokenKind::Name(name) => RawKind::Name(name),
            TokenKind::Variable(name) => RawKind::Variable(name),
            TokenKind::String(text) => RawKind::String(text),
            TokenKind::Number(number) => RawKind::Number(number),
            TokenKind::Bool(value) => RawKind::Bool(value),
            TokenKind::Null => RawKind::Null,
            TokenKind::Regex(pattern) => RawKind::Regex(pattern),
            TokenKind::End => RawKind::End,
            TokenKind::Operator(sign) => match sign {
                // Words that are operators are names where an operand is looked for.
                "and" | "or" | "in" => RawKind::Name(sign.into()),
                "-" => RawKind::Negate(self.boxed(70)?),
                "*" => RawKind::Wildcard,
                "**" => RawKind::Descendant,
                "%" => RawKind::Parent,
                "(" => self.block()?,
                "[" => self.array()?,
                "{" => RawKind::Object(self.pairs()?),
                "|" => self.transform()?,
                _ => return Err(Error::new("S0211").token(sign).at(position)),
            },
        };
        Raw::new(kind, position)
    }

    /// What an operator makes of what is on its left.
    fn infix(&mut self, left: Raw, token: Token) -> Result<Raw, Error> {
        let position = token.position;
        let TokenKind::Operator(sign) = token.kind else { return Err(self.unexpected()) };
        let kind = match sign {
            "." => RawKind::Dot(self.pair(left, 75)?),
            "~>" => RawKind::Apply(self.pair(left, 40)?),
            "[" => return self.filter(left, position),
            "(" => return self.call(left, position),
            "{" => RawKind::Group(Box::new(left), self.pairs()?),
            "^" => RawKind::Sort(Box::new(left), self.terms()?),
            "@" => RawKind::Focus(Box::new(left), self.variable(sign)?),
            "#" => RawKind::Index(Box::new(left), self.variable(sign)?),
            "?" => self.condition(left)?,
            ":=" => match left.kind {
                // It binds to the right: what follows may be a binding again.
                RawKind::Variable(name) => RawKind::Bind(name, self.boxed(9)?),
                _ => return Err(Error::new("S0212").at(left.position)),
            },
            _ => match operator(sign) {
                Some(operator) => RawKind::Binary(operator, self.pair(left, power(sign))?),
                None => return Err(self.unexpected()),
            },
        };
        Raw::new(kind, position)
    }

    fn pair(&mut self, left: Raw, floor: u8) -> Result<Box<(Raw, Raw)>, Error> {
        Ok(Box::new((left, self.expression(floor)?)))
    }
}
