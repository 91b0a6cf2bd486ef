//! Decimal digit patterns: `#,##0`, in any family of digits and with any separators.

use std::rc::Rc;

use super::numbers::{leading_integer, number_text};
use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;

/// The zeros of the digit families.
const ZEROS: [u32; 37] = [
    0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

/// A decimal digit pattern.
#[derive(Debug)]
pub struct Digits {
    /// The zero of the family.
    zero: u32,
    /// How many digits there are at least. NaN where a width says something that is no number.
    pub mandatory: f64,
    /// How many there may be more.
    pub optional: f64,
    /// Where the separators are.
    pub grouping: Grouping,
}

/// Separators, by how many digits are to their right.
#[derive(Debug)]
pub enum Grouping {
    /// The same one after every so many digits.
    Regular { every: usize, separator: char },
    /// Others, from right to left.
    Listed(Vec<(usize, char)>),
}

impl Grouping {
    fn of(separators: Vec<(usize, char)>) -> Grouping {
        match separators.first() {
            Some(&(every, separator))
                if every > 0
                    && separators.iter().zip(1..).all(|(found, place)| *found == (every * place, separator)) =>
            {
                Grouping::Regular { every, separator }
            }
            _ => Grouping::Listed(separators),
        }
    }
}

impl Digits {
    /// A pattern, `None` where there is not a single digit in it.
    pub fn parse(pattern: &str, meter: &Rc<Meter>) -> Result<Option<Digits>, Error> {
        meter.work(pattern.len())?;
        meter.room_for(pattern.len().saturating_mul(size_of::<(usize, char)>()))?;
        let mut family = None;
        let mut mandatory = 0usize;
        let mut optional = 0usize;
        let mut separators = Vec::new();
        for symbol in pattern.chars().rev() {
            let code = u32::from(symbol);
            if let Some(zero) = ZEROS.iter().copied().find(|zero| (*zero..*zero + 10).contains(&code)) {
                if *family.get_or_insert(zero) != zero {
                    return Err(Error::new("D3131"));
                }
                mandatory += 1;
            } else if symbol == '#' {
                optional += 1;
            } else {
                separators.push((mandatory + optional, symbol));
            }
        }
        Ok(family.map(|zero| Digits {
            zero,
            mandatory: mandatory as f64,
            optional: optional as f64,
            grouping: Grouping::of(separators),
        }))
    }

    /// A number that is not negative.
    pub fn format(&self, value: f64, ordinal: bool, meter: &Rc<Meter>) -> Result<String, Error> {
        let plain = number_text(value);
        // As an integer, this is 0 for NaN and the largest there is for what is larger.
        let padding = (self.mandatory - plain.len() as f64) as usize;
        meter.room_for(padding.saturating_mul(5))?;
        meter.work(padding / 64)?;
        let digits = std::iter::repeat_n('0', padding).chain(plain.chars());
        // All families are in the first plane, so that every digit is one unit. Letters and signs move along with them.
        let mut units: Vec<u16> = digits.map(|digit| (u32::from(digit) + self.zero - 0x30) as u16).collect();
        match &self.grouping {
            Grouping::Regular { every, separator } => units = grouped(&units, *every, *separator, meter)?,
            Grouping::Listed(separators) => {
                meter.room_for(separators.len().saturating_mul(5))?;
                for (place, separator) in separators.iter().rev() {
                    meter.work(1 + units.len() / 64)?;
                    insert(&mut units, *place, *separator);
                }
            }
        }
        let mut text = String::from_utf16_lossy(&units);
        if ordinal {
            text.push_str(suffix(&units));
        }
        Ok(text)
    }

    /// The number in a text from which the separators are taken out; what comes behind its digits is not looked at.
    pub fn read(&self, text: &str, ordinal: bool, meter: &Rc<Meter>) -> Result<f64, Error> {
        let mut units: Vec<u16> = text.encode_utf16().collect();
        if ordinal {
            units.truncate(units.len().saturating_sub(2));
        }
        let mut text = String::from_utf16_lossy(&units);
        match &self.grouping {
            // Whatever the separator is.
            Grouping::Regular { .. } => text.retain(|symbol| symbol != ','),
            Grouping::Listed(separators) => {
                for (_, separator) in separators {
                    meter.work(1 + text.len() / 16)?;
                    text.retain(|symbol| symbol != *separator);
                }
            }
        }
        meter.work(text.len() / 16)?;
        if self.zero != 0x30 {
            let mut moved = String::with_capacity(text.len());
            for unit in text.encode_utf16() {
                let code = i64::from(unit) - i64::from(self.zero) + 0x30;
                // This is not an error that the language has, but one that the reference comes to.
                let code = u32::try_from(code)
                    .map_err(|_| Error::new("D3150").message(format!("Invalid code point {code}")))?;
                moved.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            text = moved;
        }
        Ok(leading_integer(&text))
    }
}

/// Digits with a separator after every so many.
fn grouped(units: &[u16], every: usize, separator: char, meter: &Rc<Meter>) -> Result<Vec<u16>, Error> {
    let mut buffer = [0; 2];
    let separator = &*separator.encode_utf16(&mut buffer);
    let count = units.len().saturating_sub(1) / every;
    meter.room_for(count.saturating_mul(5).saturating_add(units.len().saturating_mul(3)))?;
    meter.work(count)?;
    let mut result = Vec::with_capacity(units.len() + count * separator.len());
    let (head, tail) = units.split_at(units.len() - count * every);
    result.extend_from_slice(head);
    for group in tail.chunks(every) {
        result.extend_from_slice(separator);
        result.extend_from_slice(group);
    }
    Ok(result)
}

/// Puts a separator before so many units. Where there are fewer it comes first, and what is missing at the left counts
/// from the right once more: the reference loses what is before that.
fn insert(units: &mut Vec<u16>, place: usize, separator: char) {
    let mut buffer = [0; 2];
    let separator = &*separator.encode_utf16(&mut buffer);
    match units.len().checked_sub(place) {
        Some(at) => {
            units.splice(at..at, separator.iter().copied());
        }
        None => {
            let lost = units.len().saturating_sub(place - units.len());
            units.splice(..lost, separator.iter().copied());
        }
    }
}

/// `st`, `nd`, `rd` or `th`, for the digits of the first family.
fn suffix(units: &[u16]) -> &'static str {
    let digit = |back: usize| units.len().checked_sub(back).and_then(|at| units.get(at)).copied().map(u32::from);
    if digit(2) == Some(0x31) {
        return "th";
    }
    match digit(1) {
        Some(0x31) => "st",
        Some(0x32) => "nd",
        Some(0x33) => "rd",
        _ => "th",
    }
}
