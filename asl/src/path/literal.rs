//! Literals inside paths: escapes in strings, and JSON as a forgiving reader takes it.

use std::borrow::Cow;

use super::cursor::Fault;
use crate::value::{Map, Number, Value};

const DEPTH_MAX: usize = 64;

/// Resolves backslashes. An unknown escape stands for its character; an unfinished `\u` is dropped.
pub(super) fn unescape(text: &str) -> Result<Cow<'_, str>, Fault> {
    if !text.contains('\\') {
        return Ok(Cow::Borrowed(text));
    }
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text.encode_utf16();
    while let Some(unit) = rest.next() {
        if unit != u16::from(b'\\') {
            units.push(unit);
            continue;
        }
        let Some(escape) = rest.next() else {
            units.push(unit);
            break;
        };
        units.push(match u8::try_from(escape) {
            Ok(b'r') => 0x0d,
            Ok(b'f') => 0x0c,
            Ok(b't') => 0x09,
            Ok(b'n') => 0x0a,
            Ok(b'b') => 0x08,
            Ok(b'u') => {
                let digits: Vec<u16> = rest.by_ref().take(4).collect();
                if digits.len() < 4 {
                    break;
                }
                let digits = String::from_utf16_lossy(&digits);
                u16::from_str_radix(&digits, 16).map_err(|_| Fault {
                    message: format!("com.jayway.jsonpath.JsonPathException: Unable to parse unicode value: {digits}"),
                    invalid: false,
                })?
            }
            _ => escape,
        });
    }
    Ok(Cow::Owned(String::from_utf16_lossy(&units)))
}

/// A string literal with its quotes, or a string from a list literal, which may come without.
pub(super) fn string(text: &str) -> Result<Cow<'_, str>, Fault> {
    let inner = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    unescape(inner('\'').or_else(|| inner('"')).unwrap_or(text))
}

/// A function's JSON argument. What no reader understands is a string.
pub(super) fn argument(text: &str) -> Result<Value, Fault> {
    Ok(json(text).unwrap_or_else(|_| text.trim().into()))
}

/// JSON where strings may have single quotes or none, and commas may be too many.
pub(super) fn json(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, position: 0 };
    reader.value(0, &[])
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.position).is_some_and(u8::is_ascii_whitespace) {
            self.position += 1;
        }
        bytes.get(self.position).copied()
    }

    fn unexpected(&self) -> String {
        format!("Unexpected character or end at position {} of {}", self.position, self.text)
    }

    /// Reads a value, where a bare word ends at one of `ends`.
    fn value(&mut self, depth: usize, ends: &[u8]) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err(format!("JSON literals nest more than {DEPTH_MAX} deep"));
        }
        match self.peek() {
            Some(b'[') => self.array(depth),
            Some(b'{') => self.object(depth),
            Some(quote @ (b'\'' | b'"')) => Ok(self.quoted(quote)?.into()),
            Some(_) => Ok(bare(self.word(ends))),
            None => Err(self.unexpected()),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.position += 1;
        let mut items = Vec::new();
        loop {
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b']') => {
                    self.position += 1;
                    return Ok(items.into());
                }
                Some(_) => items.push(self.value(depth + 1, b",]")?),
                None => return Err(self.unexpected()),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.position += 1;
        let mut members = Map::default();
        loop {
            let name = match self.peek() {
                Some(b',') => {
                    self.position += 1;
                    continue;
                }
                Some(b'}') => {
                    self.position += 1;
                    return Ok(members.into());
                }
                Some(quote @ (b'\'' | b'"')) => self.quoted(quote)?,
                Some(_) => self.word(b":").to_string(),
                None => return Err(self.unexpected()),
            };
            if self.peek() != Some(b':') {
                return Err(self.unexpected());
            }
            self.position += 1;
            let value = self.value(depth + 1, b",}")?;
            members.insert(name.into(), value);
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<String, String> {
        let start = self.position + 1;
        let mut escaped = false;
        for (place, byte) in self.text.bytes().enumerate().skip(start) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                byte if byte == quote => {
                    self.position = place + 1;
                    let inner = self.text.get(start..place).unwrap_or("");
                    return unescape(inner).map(Cow::into_owned).map_err(|fault| fault.message);
                }
                _ => {}
            }
        }
        self.position = self.text.len();
        Err(self.unexpected())
    }

    fn word(&mut self, ends: &[u8]) -> &str {
        let start = self.position;
        let rest = &self.text.as_bytes()[start..];
        let length = rest.iter().position(|byte| ends.contains(byte)).unwrap_or(rest.len());
        self.position = start + length;
        self.text.get(start..start + length).unwrap_or("").trim_end()
    }
}

fn bare(word: &str) -> Value {
    match word {
        "null" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => word.parse::<Number>().map_or_else(|_| word.into(), Value::Number),
    }
}
