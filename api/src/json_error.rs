//! What AWS says of a text that is no JSON: the words of the parser it uses (Jackson), without the place.
//!
//! The parser here only looks for the first mistake. Values are read by `stepwell_asl::Value`.

use std::iter::Peekable;
use std::str::Chars;

/// What AWS says is wrong with a text that could not be read.
pub fn message(text: &str) -> String {
    let mut scanner = Scanner { rest: text.chars().peekable() };
    let scanned = scanner.document();
    scanned.err().unwrap_or_else(|| "Invalid execution input.".to_owned())
}

/// How deep texts are scanned. What is deeper was refused for that.
const DEPTH_MAX: usize = 1_000;

struct Scanner<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), String> {
        self.space();
        self.value(0)?;
        self.space();
        match self.rest.peek() {
            None => Ok(()),
            Some(_) => self.token().map(drop),
        }
    }

    fn space(&mut self) {
        while self.rest.next_if(|letter| matches!(letter, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn value(&mut self, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Err(format!("Document nesting depth ({depth}) exceeds the maximum allowed ({DEPTH_MAX})"));
        }
        match self.rest.peek().copied() {
            None => Err("Unexpected end-of-input".to_owned()),
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string(),
            Some('-' | '0'..='9') => self.number(),
            Some(letter) if letter.is_alphabetic() || letter == '_' || letter == '$' => self.token(),
            Some(letter) => Err(unexpected(
                letter,
                "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            )),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), String> {
        self.rest.next();
        self.space();
        if self.rest.next_if_eq(&'}').is_some() {
            return Ok(());
        }
        loop {
            self.space();
            match self.rest.peek().copied() {
                Some('"') => self.string()?,
                Some(letter) => {
                    return Err(unexpected(letter, "was expecting double-quote to start field name"));
                }
                None => return Err("Unexpected end-of-input within/between Object entries".to_owned()),
            }
            self.space();
            match self.rest.next() {
                Some(':') => {}
                Some(letter) => {
                    return Err(unexpected(letter, "was expecting a colon to separate field name and value"));
                }
                None => return Err("Unexpected end-of-input within/between Object entries".to_owned()),
            }
            self.space();
            self.value(depth + 1)?;
            self.space();
            match self.rest.next() {
                Some(',') => {}
                Some('}') => return Ok(()),
                Some(letter) => return Err(unexpected(letter, "was expecting comma to separate Object entries")),
                None => return Err("Unexpected end-of-input: expected close marker for Object".to_owned()),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), String> {
        self.rest.next();
        self.space();
        if self.rest.next_if_eq(&']').is_some() {
            return Ok(());
        }
        loop {
            self.space();
            self.value(depth + 1)?;
            self.space();
            match self.rest.next() {
                Some(',') => {}
                Some(']') => return Ok(()),
                Some(letter) => return Err(unexpected(letter, "was expecting comma to separate Array entries")),
                None => return Err("Unexpected end-of-input: expected close marker for Array".to_owned()),
            }
        }
    }

    fn string(&mut self) -> Result<(), String> {
        self.rest.next();
        loop {
            match self.rest.next() {
                None => {
                    return Err("Unexpected end-of-input: was expecting closing quote for a string value".to_owned());
                }
                Some('"') => return Ok(()),
                Some('\\') => self.escape()?,
                Some(letter) if u32::from(letter) < 0x20 => {
                    let code = u32::from(letter);
                    return Err(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {code})): has to be escaped using backslash to be \
                         included in string value"
                    ));
                }
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.rest.next() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => Ok(()),
            Some('u') => (0..4).try_for_each(|_| match self.rest.next() {
                Some(digit) if digit.is_ascii_hexdigit() => Ok(()),
                Some(letter) => Err(unexpected(letter, "expected a hex-digit for character escape sequence")),
                None => Err("Unexpected end-of-input in character escape sequence".to_owned()),
            }),
            Some(letter) => Err(format!("Unrecognized character escape '{letter}' (code {})", u32::from(letter))),
            None => Err("Unexpected end-of-input in character escape sequence".to_owned()),
        }
    }

    fn number(&mut self) -> Result<(), String> {
        let negative = self.rest.next_if_eq(&'-').is_some();
        let first = self.rest.next();
        match first {
            Some('0') => {
                if self.rest.peek().is_some_and(char::is_ascii_digit) {
                    return Err("Invalid numeric value: Leading zeroes not allowed".to_owned());
                }
            }
            Some('1'..='9') => while self.rest.next_if(char::is_ascii_digit).is_some() {},
            Some(letter) if negative => {
                let what = "expected digit (0-9) to follow minus sign, for valid numeric value";
                return Err(format!("Unexpected character ({}) in numeric value: {what}", shown(letter)));
            }
            Some(_) | None => return Err("Unexpected end-of-input".to_owned()),
        }
        if self.rest.next_if_eq(&'.').is_some() {
            self.digits("Decimal point not followed by a digit")?;
        }
        if self.rest.next_if(|letter| matches!(letter, 'e' | 'E')).is_some() {
            self.rest.next_if(|letter| matches!(letter, '+' | '-'));
            self.digits("Exponent indicator not followed by a digit")?;
        }
        match self.rest.peek().copied() {
            Some(letter) if letter.is_alphanumeric() => {
                Err(unexpected(letter, "Expected space separating root-level values"))
            }
            _ => Ok(()),
        }
    }

    fn digits(&mut self, otherwise: &str) -> Result<(), String> {
        match self.rest.next_if(char::is_ascii_digit) {
            Some(_) => {
                while self.rest.next_if(char::is_ascii_digit).is_some() {}
                Ok(())
            }
            None => match self.rest.peek().copied() {
                Some(letter) => Err(format!("Unexpected character ({}) in numeric value: {otherwise}", shown(letter))),
                None => Err("Unexpected end-of-input".to_owned()),
            },
        }
    }

    fn token(&mut self) -> Result<(), String> {
        let mut token = String::new();
        while let Some(letter) = self.rest.next_if(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$')) {
            token.push(letter);
        }
        match token.as_str() {
            "null" | "true" | "false" => Ok(()),
            "" => match self.rest.peek().copied() {
                Some(letter) => Err(unexpected(
                    letter,
                    "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
                )),
                None => Ok(()),
            },
            token => Err(format!(
                "Unrecognized token '{token}': was expecting (JSON String, Number, Array, Object or token 'null', \
                 'true' or 'false')"
            )),
        }
    }
}

fn unexpected(letter: char, wanted: &str) -> String {
    format!("Unexpected character ({}): {wanted}", shown(letter))
}

fn shown(letter: char) -> String {
    match u32::from(letter) {
        code if code < 0x20 => format!("(CTRL-CHAR, code {code})"),
        code => format!("'{letter}' (code {code})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mistake_is_told() {
        let check = |text: &str, expected: &str| assert_eq!(message(text), expected, "{text}");
        check(
            "nope",
            "Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        );
        check("{a: 1}", "Unexpected character ('a' (code 97)): was expecting double-quote to start field name");
        check(
            "{\"a\" 1}",
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
        );
        check("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries");
        check("{\"a\": 1", "Unexpected end-of-input: expected close marker for Object");
        check("\"a", "Unexpected end-of-input: was expecting closing quote for a string value");
        check("[01]", "Invalid numeric value: Leading zeroes not allowed");
        check("\"\\x\"", "Unrecognized character escape 'x' (code 120)");
        check("", "Unexpected end-of-input");
    }
}
