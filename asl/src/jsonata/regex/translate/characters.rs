//! Escapes, and classes in brackets.

use super::Translator;
use crate::jsonata::regex::classes::{Class, DIGITS, SPACE, WORD};

/// A class escape, or the character that an escape stands for.
pub(super) enum Escaped {
    Char(u32),
    Class(Class),
}

impl Translator {
    /// What a backslash and what follows it mean, in brackets and outside.
    pub(super) fn escaped(&mut self) -> Result<Escaped, String> {
        let c = self.peek().ok_or("\\ at end of pattern")?;
        self.at += 1;
        let class = |ranges| Ok(Escaped::Class(Class::of(ranges)));
        let negated = |ranges| Ok(Escaped::Class(Class::of(ranges).negated()));
        let code = match c {
            'd' => return class(DIGITS),
            'D' => return negated(DIGITS),
            'w' => return class(WORD),
            'W' => return negated(WORD),
            's' => return class(SPACE),
            'S' => return negated(SPACE),
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            'c' => match self.peek() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    letter as u32 % 32
                }
                _ => {
                    self.at -= 1;
                    '\\' as u32
                }
            },
            'x' => self.hex(2).unwrap_or('x' as u32),
            'u' => self.unicode().unwrap_or('u' as u32),
            '0'..='7' => self.octal(c as u32 - '0' as u32),
            c => c as u32,
        };
        Ok(Escaped::Char(code))
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.chars.get(self.at..self.at + digits)?;
        let value = text.iter().try_fold(0, |value, c| Some(value * 16 + c.to_digit(16)?))?;
        self.at += digits;
        Some(value)
    }

    /// `\uXXXX`, two of which may make up one character.
    fn unicode(&mut self) -> Option<u32> {
        let high = self.hex(4)?;
        if (0xd800..0xdc00).contains(&high) && self.looking_at("\\u") {
            let start = self.at;
            self.at += 2;
            if let Some(low) = self.hex(4)
                && (0xdc00..0xe000).contains(&low)
            {
                return Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            self.at = start;
        }
        Some(high)
    }

    /// Up to three octal digits, not beyond 255.
    fn octal(&mut self, first: u32) -> u32 {
        let mut value = first;
        for _ in 0..2 {
            match self.peek().and_then(|c| c.to_digit(8)) {
                Some(digit) if value * 8 + digit <= 255 => {
                    self.at += 1;
                    value = value * 8 + digit;
                }
                _ => break,
            }
        }
        value
    }

    /// The rest of a class in brackets.
    pub(super) fn bracketed(&mut self) -> Result<Class, String> {
        let negated = self.take("^");
        let mut class = Class::default();
        loop {
            let from = match self.member()? {
                None => break,
                Some(from) => from,
            };
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            if !is_range {
                add(&mut class, from);
                continue;
            }
            self.at += 1;
            let to = self.member()?.unwrap_or(Escaped::Char('-' as u32));
            match (from, to) {
                (Escaped::Char(from), Escaped::Char(to)) if from > to => {
                    return Err("Range out of order in character class".into());
                }
                (Escaped::Char(from), Escaped::Char(to)) => class.add(from, to),
                (from, to) => {
                    add(&mut class, from);
                    add(&mut class, Escaped::Char('-' as u32));
                    add(&mut class, to);
                }
            }
        }
        if self.ignore_case {
            class = class.folded();
        }
        Ok(if negated { class.negated() } else { class })
    }

    /// The next member of a class, or its end.
    fn member(&mut self) -> Result<Option<Escaped>, String> {
        let c = self.peek().ok_or("Unterminated character class")?;
        self.at += 1;
        match c {
            ']' => Ok(None),
            '\\' if self.peek() == Some('b') => {
                self.at += 1;
                Ok(Some(Escaped::Char(0x08)))
            }
            '\\' => self.escaped().map(Some),
            c => Ok(Some(Escaped::Char(c as u32))),
        }
    }
}

fn add(class: &mut Class, escaped: Escaped) {
    match escaped {
        Escaped::Char(c) => class.add(c, c),
        Escaped::Class(other) => class.add_all(&other),
    }
}
