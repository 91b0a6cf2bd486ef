//! JSON text: values by `serde_json`, places by a scan that runs only when somebody asks for them.

use std::iter::Peekable;
use std::str::CharIndices;

use super::outline::{NodeId, Outline};
use super::{Duplicate, SyntaxError, Wrong, place_of};
use crate::location::Place;
use crate::value::Value;

/// How much of the text AWS shows in a syntax error, in characters.
const EXCERPT_CHARS: usize = 500;

/// Reads JSON text.
pub(crate) fn parse(text: &str) -> Result<Value, SyntaxError> {
    Value::parse(text).map_err(|error| syntax_error(text, &error))
}

fn syntax_error(text: &str, error: &serde_json::Error) -> SyntaxError {
    let offset = offset_of(text, error.line(), error.column());
    let full = error.to_string();
    let reason = full.rsplit_once(" at line ").map_or(full.as_str(), |(reason, _)| reason);
    if reason.starts_with("recursion limit") {
        let message = format!("Definition is nested deeper than {} levels", super::DEPTH_MAX);
        return SyntaxError { kind: Wrong::Depth, message, place: place_of(text, offset) };
    }
    match word_around(text, offset) {
        Some((word, start)) => {
            let expected = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
            let message = format!("Unrecognized token '{word}': {expected}");
            let place = Place { len: word.chars().count(), ..place_of(text, start) };
            SyntaxError { kind: Wrong::Word, message, place }
        }
        None => SyntaxError { kind: Wrong::Syntax, message: sentence(reason), place: place_of(text, offset) },
    }
}

/// The message and the location as AWS's parser writes them, with an excerpt of the text.
pub(crate) fn refusal_message(text: &str, error: &SyntaxError) -> (String, String) {
    let mut excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
    let cut = text.chars().count() - excerpt.chars().count();
    excerpt = format!("\"{excerpt}\"");
    if cut > 0 {
        excerpt = format!("{excerpt}[truncated {cut} chars]");
    }
    let Place { line, column, len } = error.place;
    let column = if error.kind == Wrong::Word { column + len } else { column };
    let location = format!("[Source: (String){excerpt}; line: {line}, column: {column}]");
    (format!("{}\n at {location}", error.message), location)
}

fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The byte offset of a line and a column in bytes, both as `serde_json` counts them; on a character's boundary.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        line => text.match_indices('\n').nth(line - 2).map_or(text.len(), |(newline, _)| newline + 1),
    };
    let mut offset = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The bare word around an offset and where it starts, unless the offset is inside or right after a string or number.
fn word_around(text: &str, offset: usize) -> Option<(&str, usize)> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let start = text[..offset]
        .rfind(|letter| !is_word(letter))
        .map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
    let end = text[offset..].find(|letter| !is_word(letter)).map_or(text.len(), |length| offset + length);
    let word = text.get(start..end)?;
    let before = text[..start].trim_end();
    let starts_value = before.is_empty() || before.ends_with([':', ',', '[', '{']);
    let proper = matches!(word, "null" | "true" | "false");
    (starts_value && !proper && word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_'))
        .then_some((word, start))
}

/// The members that their objects already have, and whether that is all of them. The text is known to be JSON, and
/// `value` is what it says.
pub(crate) fn duplicates(text: &str, value: &Value) -> (Vec<Duplicate>, bool) {
    // Each member has one colon outside strings: the count tells whether any was lost, at the cost of one pass.
    if colons(text) == members(value) { (Vec::new(), true) } else { outline(text).duplicates() }
}

fn colons(text: &str) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b':' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

fn members(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
    }
}

/// The places of everything in a text that is known to be JSON.
pub(crate) fn outline(text: &str) -> Outline {
    let mut scan = Scan { rest: text.char_indices().peekable(), text, line: 1, column: 1 };
    let (mut outline, mut open) = (Outline::default(), Vec::<NodeId>::new());
    let mut name: Option<(String, Place)> = None;
    while let Some(token) = scan.token() {
        let key = |name: &Option<(String, Place)>| name.as_ref().map(|(_, place)| *place);
        let node = match token {
            Token::Close => {
                open.pop();
                continue;
            }
            Token::Key(text, place) => {
                name = Some((text, place));
                continue;
            }
            Token::Scalar(place) => outline.leaf(key(&name), place),
            Token::Object(place) => outline.object(key(&name), place),
            Token::Array(place) => outline.array(key(&name), place),
        };
        if let Some(container) = open.last() {
            outline.attach(*container, name.take().map(|(text, _)| text), node);
        }
        if matches!(token, Token::Object(_) | Token::Array(_)) {
            open.push(node);
        }
    }
    outline
}

enum Token {
    Object(Place),
    Array(Place),
    Close,
    Key(String, Place),
    Scalar(Place),
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
        if next.1 == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(next)
    }

    fn skip_blanks(&mut self) {
        while self.rest.next_if(|(_, letter)| matches!(letter, ' ' | '\t' | '\r' | '\n' | ',')).is_some_and(|next| {
            if next.1 == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
            true
        }) {}
    }

    fn token(&mut self) -> Option<Token> {
        self.skip_blanks();
        let (line, column) = (self.line, self.column);
        let (start, letter) = self.bump()?;
        let place = |len: usize| Place { line, column, len: len.max(1) };
        Some(match letter {
            '{' => Token::Object(place(1)),
            '[' => Token::Array(place(1)),
            '}' | ']' => Token::Close,
            '"' => {
                let end = self.string();
                let written = place(self.column - column);
                self.skip_blanks();
                if self.rest.peek().is_some_and(|(_, letter)| *letter == ':') {
                    self.bump();
                    let quoted = self.text.get(start..end).unwrap_or_default();
                    Token::Key(serde_json::from_str(quoted).unwrap_or_default(), written)
                } else {
                    Token::Scalar(written)
                }
            }
            _ => {
                while self.rest.peek().is_some_and(|(_, letter)| letter.is_alphanumeric() || "+-.".contains(*letter)) {
                    self.bump();
                }
                Token::Scalar(place(self.column - column))
            }
        })
    }

    /// Skips to the end of a string whose opening quote is behind, and gives the offset after its closing quote.
    fn string(&mut self) -> usize {
        while let Some((offset, letter)) = self.bump() {
            match letter {
                '"' => return offset + 1,
                '\\' => {
                    self.bump();
                }
                _ => {}
            }
        }
        self.text.len()
    }
}
