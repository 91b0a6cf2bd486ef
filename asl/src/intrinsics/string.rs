//! Text: templates, tokens and identifiers.

use std::borrow::Cow;

use crate::chance::Chance;
use crate::value::Value;

use super::{Arguments, Fault};

/// A template of `States.Format`: the texts around its `{}`, one more than there are of those.
///
/// A broken one is kept: AWS accepts it in a definition and fails the execution.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template(Result<Vec<String>, &'static str>);

impl Template {
    /// Compiles a template in which escapes are still escapes.
    pub(super) fn parse(text: &str) -> Template {
        let (mut pieces, mut piece) = (Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => piece.push(chars.next_if(|c| is_reserved(*c)).unwrap_or('\\')),
                '{' if chars.next_if_eq(&'}').is_some() => pieces.push(std::mem::take(&mut piece)),
                '{' => return Template(Err("matching '}' not found for '{'.")),
                '}' => return Template(Err("matching '{' not found for '}'.")),
                _ => piece.push(c),
            }
        }
        pieces.push(piece);
        Template(Ok(pieces))
    }

    /// The template with the values in place of its `{}`.
    pub(super) fn fill(&self, values: &[Value]) -> Result<Value, Fault> {
        let pieces = self.0.as_ref().map_err(|fault| Fault::Template(fault))?;
        if pieces.len() != values.len() + 1 {
            return Err(Fault::arguments("number of arguments do not match the occurrences of {}."));
        }
        let mut text = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            text.push_str(piece);
            if let Some(value) = values.get(index) {
                text.push_str(&text_of(value));
            }
        }
        Ok(text.into())
    }
}

/// `States.Format(template, ...)` where the template is only known now.
pub(super) fn format(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let template = Template::parse(arguments.string(0)?);
    template.fill(arguments.0.get(1..).unwrap_or_default())
}

/// `States.StringSplit(text, delimiters)`: what is between the delimiters, each of which is one character. There are no
/// empty tokens, as in Java's `StringTokenizer`.
pub(super) fn split(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let (text, delimiters) = (arguments.string(0)?, arguments.string(1)?);
    let delimiters: std::collections::HashSet<char> = delimiters.chars().collect();
    let tokens = text.split(|c| delimiters.contains(&c)).filter(|token| !token.is_empty());
    Ok(tokens.map(Value::from).collect())
}

/// `States.UUID()`: a random UUID, version 4.
pub(super) fn uuid(_: Arguments<'_>, chance: &mut Chance) -> Result<Value, Fault> {
    let high = chance.next_u64() & !0xf000 | 0x4000;
    let low = chance.next_u64() & !(0b11 << 62) | 0b10 << 62;
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    let (d, e) = (low >> 48, low & 0xffff_ffff_ffff);
    Ok(format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}").into())
}

/// A string as it is, anything else as JSON text.
pub(super) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Cow::Owned(value.to_string())
        }
    }
}

/// The text that a literal with escapes stands for.
pub(super) fn unescape(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut chars = literal.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next_if(|c| is_reserved(*c)).unwrap_or('\\')),
            _ => text.push(c),
        }
    }
    text
}

fn is_reserved(c: char) -> bool {
    matches!(c, '\'' | '{' | '}' | '\\')
}
