//! Strings and numbers as they are written.

use crate::jsonata::error::Error;
use crate::value::{Number, Text};

/// What is wrong with a literal, and where.
#[derive(Debug)]
pub struct Fault {
    /// What is wrong.
    pub error: Error,
    /// Bytes of the literal before it.
    pub at: usize,
    /// UTF-16 units that are to be counted behind the end of the text, as the reference does.
    pub beyond: usize,
}

fn fault(error: Error, at: usize) -> Fault {
    Fault { error, at, beyond: 0 }
}

/// The string at the start of a text, and how many bytes it takes there.
pub fn string(source: &str) -> Result<(Text, usize), Fault> {
    let mut characters = source.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    let mut text = Builder::default();
    while let Some((at, character)) = characters.next() {
        if Some(character) == quote {
            return Ok((text.finish(), at + 1));
        }
        if character != '\\' {
            text.push(character);
            continue;
        }
        let Some((at, escape)) = characters.next() else {
            return Err(fault(Error::new("S0103").token(""), source.len()));
        };
        match escape {
            '"' | '\\' | '/' => text.push(escape),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => {
                let digits: String = source[at + 1..].chars().take(4).collect();
                let code = u16::from_str_radix(&digits, 16).ok().filter(|_| !digits.starts_with('+'));
                let Some(code) = code else { return Err(fault(Error::new("S0104"), at)) };
                text.push_unit(code);
                for _ in 0..digits.len() {
                    characters.next();
                }
                // Fewer than four digits come only before the end of the text.
                if digits.len() < 4 {
                    return Err(Fault { error: Error::new("S0101"), at: source.len(), beyond: 4 - digits.len() });
                }
            }
            _ => return Err(fault(unsupported(escape), at)),
        }
    }
    Err(fault(Error::new("S0101"), source.len()))
}

/// The reference sees UTF-16 units, and shows one that is no character as an escape.
fn unsupported(escape: char) -> Error {
    let mut units = [0; 2];
    match escape.encode_utf16(&mut units) {
        [first, _] => Error::new("S0103").message(format!("Unsupported escape sequence: \\\"\\u{first:04x}\"")),
        _ => Error::new("S0103").token(escape.encode_utf8(&mut [0; 4])),
    }
}

/// Text from characters and UTF-16 units. A unit without its other half becomes U+FFFD.
#[derive(Default)]
struct Builder {
    text: String,
    high: Option<u16>,
}

impl Builder {
    fn push(&mut self, character: char) {
        self.flush();
        self.text.push(character);
    }

    fn push_unit(&mut self, unit: u16) {
        let pair = self.high.filter(|_| (0xdc00..0xe000).contains(&unit));
        if let Some(Ok(character)) = pair.and_then(|high| char::decode_utf16([high, unit]).next()) {
            self.high = None;
            self.text.push(character);
        } else if (0xd800..0xdc00).contains(&unit) {
            self.flush();
            self.high = Some(unit);
        } else {
            self.push(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    fn flush(&mut self) {
        if self.high.take().is_some() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
    }

    fn finish(mut self) -> Text {
        self.flush();
        self.text.as_str().into()
    }
}

/// The number at the start of a text, which is a digit, and how many bytes it takes there.
pub fn number(source: &str) -> Result<(Number, usize), Error> {
    let bytes = source.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = if bytes.first() == Some(&b'0') { 1 } else { digits(0) };
    let mut whole = true;
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
        whole = false;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
            whole = false;
        }
    }
    let text = source.get(..end).unwrap_or_default();
    if whole && let Ok(integer) = text.parse::<i64>() {
        return Ok((integer.into(), end));
    }
    match text.parse::<f64>().ok().filter(|number| number.is_finite()).and_then(Number::from_f64) {
        Some(number) => Ok((number, end)),
        None => Err(Error::new("S0102").token(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_and_pairs_combined() {
        let cases = [
            (r#""a\n\u0041""#, "a\nA"),
            (r#"'\uD83D\uDE00'"#, "\u{1f600}"),
            (r#"'\uD83Dx'"#, "\u{fffd}x"),
            (r#"'\uDE00\uD83D'"#, "\u{fffd}\u{fffd}"),
            (r#"'"' "#, "\""),
        ];
        for (source, expected) in cases {
            assert_eq!(string(source).map(|(text, _)| text.to_string()).ok().as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn numbers_are_as_long_as_they_can_be() {
        let cases = [
            ("0", "0", 1),
            ("12.5e1x", "125.0", 6),
            ("1.x", "1", 1),
            ("1e", "1", 1),
            ("9007199254740993", "9007199254740993", 16),
        ];
        for (source, expected, length) in cases {
            let found = number(source).map(|(number, length)| (number.to_string(), length));
            assert_eq!(found, Ok((expected.to_owned(), length)), "{source}");
        }
    }
}
