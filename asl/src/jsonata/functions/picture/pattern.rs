//! The picture of an integer, understood: how it counts, and whether as an ordinal.

use std::rc::Rc;

use super::decimal::Digits;
use super::{letters, roman, words};
use crate::jsonata::error::Error;
use crate::jsonata::json;
use crate::jsonata::meter::Meter;

/// The case of letters and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Upper,
    Lower,
    Title,
}

/// How it counts.
#[derive(Debug)]
pub enum Numbering {
    /// `a`, `b`, `c`
    Letters(Case),
    /// `i`, `ii`, `iii`
    Roman(Case),
    /// `one`, `two`, `three`
    Words(Case),
    /// `1`, `2`, `3`
    Decimal(Digits),
    /// A numbering that XPath would allow and the language does not have: an error once it is used.
    Other(String),
}

/// The picture of an integer.
#[derive(Debug)]
pub struct Pattern {
    /// How it counts.
    pub numbering: Numbering,
    /// First, second and third instead of one, two and three.
    pub ordinal: bool,
}

impl Pattern {
    /// Understands a picture.
    pub fn parse(picture: &str, meter: &Rc<Meter>) -> Result<Pattern, Error> {
        let (primary, modifier) = picture.rsplit_once(';').unwrap_or((picture, ""));
        let numbering = match primary {
            "A" => Numbering::Letters(Case::Upper),
            "a" => Numbering::Letters(Case::Lower),
            "I" => Numbering::Roman(Case::Upper),
            "i" => Numbering::Roman(Case::Lower),
            "W" => Numbering::Words(Case::Upper),
            "w" => Numbering::Words(Case::Lower),
            "Ww" => Numbering::Words(Case::Title),
            _ => match Digits::parse(primary, meter)? {
                Some(digits) => Numbering::Decimal(digits),
                None => {
                    meter.room_for(primary.len())?;
                    Numbering::Other(primary.into())
                }
            },
        };
        Ok(Pattern { numbering, ordinal: modifier.starts_with('o') })
    }

    /// Its digits, where it is a decimal digit pattern.
    pub fn digits(&self) -> Option<&Digits> {
        match &self.numbering {
            Numbering::Decimal(digits) => Some(digits),
            _ => None,
        }
    }

    /// Its digits, to be changed.
    pub fn digits_mut(&mut self) -> Option<&mut Digits> {
        match &mut self.numbering {
            Numbering::Decimal(digits) => Some(digits),
            _ => None,
        }
    }

    /// An integer as this picture has it.
    pub fn format(&self, value: f64, meter: &Rc<Meter>) -> Result<String, Error> {
        let size = value.abs();
        let mut text = match &self.numbering {
            Numbering::Letters(Case::Upper) => letters::format(size, b'A', meter)?,
            Numbering::Letters(_) => letters::format(size, b'a', meter)?,
            Numbering::Roman(case) => {
                let mut text = roman::format(size, meter)?;
                if *case == Case::Upper {
                    text.make_ascii_uppercase();
                }
                text
            }
            Numbering::Words(case) => {
                let mut text = words::format(size, self.ordinal, meter)?;
                match case {
                    Case::Upper => text.make_ascii_uppercase(),
                    Case::Lower => text.make_ascii_lowercase(),
                    Case::Title => {}
                }
                text
            }
            Numbering::Decimal(digits) => digits.format(size, self.ordinal, meter)?,
            Numbering::Other(token) => return Err(unsupported(token)),
        };
        if value < 0.0 {
            text.insert(0, '-');
        }
        Ok(text)
    }

    /// The integer in a text. The text is not checked against the picture.
    pub fn read(&self, text: &str, meter: &Rc<Meter>) -> Result<f64, Error> {
        meter.room_for(text.len().saturating_mul(4))?;
        meter.work(text.len() / 8)?;
        Ok(match &self.numbering {
            Numbering::Letters(Case::Upper) => letters::read(text, b'A'),
            Numbering::Letters(_) => letters::read(text, b'a'),
            Numbering::Roman(Case::Upper) => roman::read(text),
            Numbering::Roman(_) => roman::read(&text.to_uppercase()),
            Numbering::Words(_) => words::read(&text.to_lowercase(), meter)?,
            Numbering::Decimal(digits) => digits.read(text, self.ordinal, meter)?,
            Numbering::Other(token) => return Err(unsupported(token)),
        })
    }
}

/// The error for a numbering that there is not.
pub fn unsupported(token: &str) -> Error {
    Error::new("D3130").value_text(json::quoted(token))
}
