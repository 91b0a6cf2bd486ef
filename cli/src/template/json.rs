//! Templates in JSON: `serde_json` says whether the text is JSON, then a scan takes it apart with its places.

use std::iter::Peekable;
use std::str::CharIndices;

use stepwell_asl::{Place, Value};

use super::fault::{Checked, Fault};
use super::node::{Builder, Kind, Node, Parsed, too_deep};
use crate::files::{NoValue, why_no_value};

/// Reads JSON text.
pub fn parse(text: &str) -> Checked<Parsed> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| {
        let place = Place { line: error.line().max(1), column: error.column().max(1), len: 1 };
        match why_no_value(&error) {
            NoValue::TooDeep => too_deep(place),
            NoValue::Wrong(reason) => Fault::new(place, format!("the template is not JSON: {reason}")),
        }
    })?;
    let mut scan = Scan { rest: text.char_indices().peekable(), text, line: 1, column: 1 };
    let mut builder = Builder::default();
    while let Some(token) = scan.token() {
        match token {
            Token::Object(place) => builder.open_map(place)?,
            Token::Array(place) => builder.open_list(place)?,
            Token::Close => {
                if let Some(node) = builder.close() {
                    builder.put(node)?;
                }
            }
            Token::Text(text, place) if builder.expects_name() => builder.name(text, place)?,
            Token::Text(text, place) => builder.put(Node::text(place, text))?,
            Token::Plain(written, place) => {
                let value = Value::parse(&written)
                    .map_err(|_| Fault::new(place, format!("the number {written} is too large")))?;
                builder.put(Node { place, kind: Kind::Plain { value, written } })?;
            }
        }
    }
    builder.finish()
}

enum Token {
    Object(Place),
    Array(Place),
    Close,
    Text(String, Place),
    Plain(String, Place),
}

struct Scan<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    line: usize,
    column: usize,
}

impl Scan<'_> {
    fn bump(&mut self) -> Option<(usize, char)> {
        let next = self.rest.next()?;
        match next.1 {
            '\n' => (self.line, self.column) = (self.line + 1, 1),
            _ => self.column += 1,
        }
        Some(next)
    }

    fn offset(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(offset, _)| *offset)
    }

    fn token(&mut self) -> Option<Token> {
        while self.rest.peek().is_some_and(|(_, letter)| " \t\r\n,:".contains(*letter)) {
            self.bump();
        }
        let (line, column) = (self.line, self.column);
        let (start, letter) = self.bump()?;
        Some(match letter {
            '{' => Token::Object(Place { line, column, len: 1 }),
            '[' => Token::Array(Place { line, column, len: 1 }),
            '}' | ']' => Token::Close,
            '"' => {
                self.string();
                let end = self.offset();
                let quoted = self.text.get(start..end).unwrap_or_default();
                let place = Place { line, column, len: self.column.saturating_sub(column).max(1) };
                Token::Text(serde_json::from_str(quoted).unwrap_or_default(), place)
            }
            _ => {
                while self.rest.peek().is_some_and(|(_, letter)| letter.is_alphanumeric() || "+-.".contains(*letter)) {
                    self.bump();
                }
                let end = self.offset();
                let place = Place { line, column, len: self.column.saturating_sub(column).max(1) };
                Token::Plain(self.text.get(start..end).unwrap_or_default().to_owned(), place)
            }
        })
    }

    /// Goes on to the end of a string whose opening quote is behind.
    fn string(&mut self) {
        while let Some((_, letter)) = self.bump() {
            match letter {
                '"' => return,
                '\\' => drop(self.bump()),
                _ => {}
            }
        }
    }
}
