//! From text to tokens. Whether a `/` begins a regular expression is for the parser to say.

use std::sync::Arc;

use super::literal;
use crate::jsonata::error::Error;
use crate::jsonata::item::Item;
use crate::jsonata::json;
use crate::jsonata::regex::Pattern;
use crate::value::{Number, Text};

/// One token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it ends, in UTF-16 units.
    pub position: usize,
}

/// What a token is.
#[derive(Clone, Debug)]
pub enum TokenKind {
    /// A name, in backquotes or without.
    Name(Text),
    /// A variable, without its `$`.
    Variable(Text),
    /// An operator, or another sign, or `and`, `or`, `in`.
    Operator(&'static str),
    /// A string, its escapes resolved.
    String(Text),
    /// A number.
    Number(Number),
    /// `true`, `false`
    Bool(bool),
    /// `null`
    Null,
    /// A regular expression.
    Regex(Arc<Pattern>),
    /// There is nothing more.
    End,
}

impl Token {
    /// The name under which grammar rules ask for it.
    pub fn id(&self) -> &str {
        match &self.kind {
            TokenKind::Name(_) | TokenKind::Variable(_) => "(name)",
            TokenKind::Operator(sign) => sign,
            TokenKind::String(_) | TokenKind::Number(_) | TokenKind::Bool(_) | TokenKind::Null => "(literal)",
            TokenKind::Regex(_) => "(regex)",
            TokenKind::End => "(end)",
        }
    }

    /// The text it stands for, or JSON where it stands for something else.
    pub fn value(&self) -> Result<&str, String> {
        match &self.kind {
            TokenKind::Name(text) | TokenKind::Variable(text) | TokenKind::String(text) => Ok(text),
            TokenKind::Operator(sign) => Ok(sign),
            TokenKind::End => Ok("(end)"),
            TokenKind::Number(number) => Err(json::shown(&Item::Number(number.into()))),
            TokenKind::Bool(value) => Err(value.to_string()),
            TokenKind::Null => Err("null".into()),
            TokenKind::Regex(_) => Err("{}".into()),
        }
    }
}

/// Signs of two characters, tried before those of one.
const PAIRS: [&str; 7] = ["..", ":=", "!=", ">=", "<=", "**", "~>"];
const SINGLES: [&str; 24] = [
    ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":", "?", "+", "-", "*", "/", "%", "|", "=", "<", ">", "^",
    "&",
];
/// Signs that end a name, but are no operators by themselves.
const LONE: [&str; 2] = ["!", "~"];

/// Takes tokens off a text, one by one.
#[derive(Debug)]
pub struct Lexer<'a> {
    source: &'a str,
    /// How far it is, in bytes.
    at: usize,
    /// How far it is, in UTF-16 units.
    units: usize,
}

impl<'a> Lexer<'a> {
    /// At the start of a text.
    pub fn new(source: &'a str) -> Lexer<'a> {
        Lexer { source, at: 0, units: 0 }
    }

    /// The next token. A `/` is a sign where an infix operator may follow, else a regular expression.
    pub fn next(&mut self, infix: bool) -> Result<Token, Error> {
        self.skip_blank()?;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(self.token(TokenKind::End)) };
        if first == '/' && !infix {
            return self.regex();
        }
        if let Some(sign) = PAIRS.into_iter().find(|pair| rest.starts_with(pair)) {
            return Ok(self.take(2, TokenKind::Operator(sign)));
        }
        if let Some(sign) = SINGLES.into_iter().chain(LONE).find(|sign| rest.starts_with(sign)) {
            return Ok(self.take(1, TokenKind::Operator(sign)));
        }
        match first {
            '"' | '\'' => {
                let (text, length) = literal::string(rest).map_err(|fault| self.placed(fault))?;
                Ok(self.take(length, TokenKind::String(text)))
            }
            '0'..='9' => {
                let (number, length) = literal::number(rest).map_err(|error| error.at(self.units))?;
                Ok(self.take(length, TokenKind::Number(number)))
            }
            '`' => match rest[1..].find('`') {
                Some(length) => {
                    let name = rest[1..=length].into();
                    Ok(self.take(length + 2, TokenKind::Name(name)))
                }
                None => Err(Error::new("S0105").at(self.units + units(rest))),
            },
            _ => Ok(self.word()),
        }
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn token(&self, kind: TokenKind) -> Token {
        Token { kind, position: self.units }
    }

    fn take(&mut self, length: usize, kind: TokenKind) -> Token {
        self.skip(length);
        self.token(kind)
    }

    fn skip(&mut self, length: usize) {
        let rest = self.rest();
        let passed = rest.get(..length).unwrap_or(rest);
        self.units += units(passed);
        self.at += passed.len();
    }

    fn placed(&self, fault: literal::Fault) -> Error {
        let before = self.rest().get(..fault.at).map_or(0, units);
        fault.error.at(self.units + before + fault.beyond)
    }

    fn skip_blank(&mut self) -> Result<(), Error> {
        loop {
            let rest = self.rest();
            self.skip(rest.len() - rest.trim_start_matches(is_blank).len());
            let Some(comment) = self.rest().strip_prefix("/*") else { return Ok(()) };
            let Some(length) = comment.find("*/") else { return Err(Error::new("S0106").at(self.units)) };
            self.skip(length + 4);
        }
    }

    /// A `/` ends it unless it is escaped or within brackets.
    fn regex(&mut self) -> Result<Token, Error> {
        self.skip(1);
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut depth = 0_i64;
        // Whether an odd number of backslashes stands before.
        let mut escaped = false;
        // Brackets only look at the one character before them.
        let mut before = b'/';
        for (length, &byte) in bytes.iter().enumerate() {
            match byte {
                b'/' if depth == 0 && !escaped => return self.regex_to(length),
                b'(' | b'[' | b'{' if before != b'\\' => depth += 1,
                b')' | b']' | b'}' if before != b'\\' => depth -= 1,
                _ => {}
            }
            escaped = byte == b'\\' && !escaped;
            before = byte;
        }
        Err(Error::new("S0302").at(self.units + units(rest)))
    }

    fn regex_to(&mut self, length: usize) -> Result<Token, Error> {
        let rest = self.rest();
        let Some((pattern, tail)) = rest.split_at_checked(length) else {
            return Err(Error::new("S0302").at(self.units));
        };
        if pattern.is_empty() {
            return Err(Error::new("S0301").at(self.units));
        }
        let tail = &tail[1..];
        let flags = &tail[..tail.len() - tail.trim_start_matches(['i', 'm']).len()];
        let compiled = Pattern::compile(pattern, flags).map_err(|error| error.or_position(self.units))?;
        Ok(self.take(length + 1 + flags.len(), TokenKind::Regex(Arc::new(compiled))))
    }

    /// A name, a variable or a word with a meaning. Whatever is no sign and no blank may be part of it.
    fn word(&mut self) -> Token {
        let rest = self.rest();
        let length = rest.find(ends_word).unwrap_or(rest.len());
        let word = &rest[..length];
        let kind = match word {
            "or" => TokenKind::Operator("or"),
            "in" => TokenKind::Operator("in"),
            "and" => TokenKind::Operator("and"),
            "true" => TokenKind::Bool(true),
            "false" => TokenKind::Bool(false),
            "null" => TokenKind::Null,
            _ => match word.strip_prefix('$') {
                Some(name) => TokenKind::Variable(name.into()),
                None => TokenKind::Name(word.into()),
            },
        };
        self.take(length, kind)
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}')
}

fn ends_word(character: char) -> bool {
    is_blank(character) || ".[]{}(),@#;:?+-*/%|=<>^&!~".contains(character)
}

/// How many UTF-16 units a text has.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str, infix: bool) -> String {
        let mut lexer = Lexer::new(source);
        let mut shown = Vec::new();
        loop {
            match lexer.next(infix) {
                Ok(token) if token.id() == "(end)" => break,
                Ok(token) => shown.push(format!("{}:{}", token.value().unwrap_or("?"), token.position)),
                Err(error) => {
                    shown.push(format!("{}:{}", error.code(), error.position().unwrap_or(0)));
                    break;
                }
            }
        }
        shown.join(" ")
    }

    #[test]
    fn tokens_end_where_they_are_said_to_end() {
        let cases = [
            ("a.b", "a:1 .:2 b:3"),
            ("$x := $$ ~> $f", "x:2 :=:5 $:8 ~>:11 f:14"),
            (" /* note */ `a b`/2", "a b:17 /:18 ?:19"),
            ("a or\u{b}b", "a:1 or:4 b:6"),
            ("'\u{1f600}' b", "\u{1f600}:4 b:6"),
            ("a\"b c", "a\"b:3 c:5"),
            ("1..2", "?:1 ..:3 ?:4"),
            ("01", "?:1 ?:2"),
        ];
        for (source, expected) in cases {
            assert_eq!(tokens(source, true), expected, "{source}");
        }
    }

    #[test]
    fn a_regular_expression_ends_at_a_slash_outside_of_brackets() {
        let cases = [
            ("/a[/]b/ix", "?:8 x:9"),
            (r"/a\/b/", "?:6"),
            (r"/a\\/b", "?:5 b:6"),
            ("//", "S0301:1"),
            ("/a", "S0302:2"),
            ("/* a", "S0106:0"),
        ];
        for (source, expected) in cases {
            assert_eq!(tokens(source, false), expected, "{source}");
        }
    }

    #[test]
    fn literals_that_do_not_end_are_told() {
        let cases = [
            ("'abc", "S0101:4"),
            ("`abc", "S0105:4"),
            ("'\\q'", "S0103:2"),
            ("'\\u12'", "S0104:2"),
            ("1e999", "S0102:0"),
        ];
        for (source, expected) in cases {
            assert_eq!(tokens(source, true), expected, "{source}");
        }
    }
}
