//! Numbers in English words: `One Hundred and Twenty-Third`.

use std::rc::Rc;
use std::sync::LazyLock;

use super::numbers::is_space;
use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;

const FEW: [&str; 20] = [
    "Zero",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
    "Thirteen",
    "Fourteen",
    "Fifteen",
    "Sixteen",
    "Seventeen",
    "Eighteen",
    "Nineteen",
];

const FEW_ORDINALS: [&str; 20] = [
    "Zeroth",
    "First",
    "Second",
    "Third",
    "Fourth",
    "Fifth",
    "Sixth",
    "Seventh",
    "Eighth",
    "Ninth",
    "Tenth",
    "Eleventh",
    "Twelfth",
    "Thirteenth",
    "Fourteenth",
    "Fifteenth",
    "Sixteenth",
    "Seventeenth",
    "Eighteenth",
    "Nineteenth",
];

const TENS: [&str; 8] = ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"];

/// The largest comes first. Whatever is larger still is so many trillions.
const MAGNITUDES: [(f64, &str); 4] = [(1e12, "Trillion"), (1e9, "Billion"), (1e6, "Million"), (1e3, "Thousand")];

/// What may stand between words.
pub const SEPARATORS: [char; 3] = ['-', ',', ' '];

/// A number in words, each with a capital letter.
pub fn format(value: f64, ordinal: bool, meter: &Rc<Meter>) -> Result<String, Error> {
    if !value.is_finite() {
        // There is no end of trillions.
        meter.work(usize::MAX)?;
    }
    let mut text = String::new();
    say(&mut text, value, false, ordinal, meter)?;
    Ok(text)
}

/// Appends a number's words. Behind others it is joined to them. Each step down is at least by a factor of ten, so this
/// nests for as long as a double has digits.
fn say(text: &mut String, value: f64, joined: bool, ordinal: bool, meter: &Rc<Meter>) -> Result<(), Error> {
    meter.work(1)?;
    meter.room_for(text.len() + 64)?;
    let rest;
    if value < 100.0 && joined {
        text.push_str(" and ");
    } else if joined {
        text.push_str(", ");
    }
    if value <= 19.0 {
        let words = if ordinal { &FEW_ORDINALS } else { &FEW };
        // A year that is cut to less than a digit has no word, and the reference says so.
        let whole = value.fract() == 0.0 && value >= 0.0;
        text.push_str(if whole { words[value as usize % 20] } else { "undefined" });
        return Ok(());
    } else if value < 100.0 {
        text.push_str(TENS[(value / 10.0) as usize % 10 - 2]);
        rest = value % 10.0;
        if rest > 0.0 {
            text.push('-');
            return say(text, rest, false, ordinal, meter);
        }
        if ordinal {
            text.pop();
            text.push_str("ieth");
        }
        return Ok(());
    } else if value < 1000.0 {
        text.push_str(FEW[(value / 100.0) as usize % 10]);
        text.push_str(" Hundred");
        rest = value % 100.0;
    } else {
        let (size, name) = MAGNITUDES.iter().copied().find(|(size, _)| value >= *size).unwrap_or((1e3, "Thousand"));
        let count = (value / size).floor();
        say(text, count, false, false, meter)?;
        text.push(' ');
        text.push_str(name);
        // Not the remainder proper: beyond 2^53 this is what the reference has left over, which may be less than nothing.
        rest = value - count * size;
    }
    if rest > 0.0 {
        say(text, rest, true, ordinal, meter)?;
    } else if ordinal {
        text.push_str("th");
    }
    Ok(())
}

/// All words with their values, in small letters and in the order in which the reference looks for them.
pub static ALL: LazyLock<Vec<(String, f64)>> = LazyLock::new(|| {
    let mut words = Vec::new();
    for list in [FEW, FEW_ORDINALS] {
        words.extend(list.iter().enumerate().map(|(value, word)| (word.to_lowercase(), value as f64)));
    }
    for (place, word) in TENS.iter().chain(&["Hundred"]).enumerate() {
        let word = word.to_lowercase();
        let value = (place as f64 + 2.0) * 10.0;
        let stem = &word[..word.len() - 1];
        let ordinal = format!("{stem}ieth");
        words.push((word, value));
        words.push((ordinal, value));
    }
    words.push(("hundredth".into(), 100.0));
    for (value, word) in MAGNITUDES.iter().rev() {
        let word = word.to_lowercase();
        let ordinal = format!("{word}th");
        words.push((word, *value));
        words.push((ordinal, *value));
    }
    words
});

/// The number of words in small letters. A word that is none makes it NaN.
pub fn read(text: &str, meter: &Rc<Meter>) -> Result<f64, Error> {
    meter.work(text.len())?;
    let mut sum = 0.0;
    let mut segment = 0.0;
    for word in split(text) {
        let value = ALL.iter().find(|(name, _)| name == word).map_or(f64::NAN, |(_, value)| *value);
        if value < 100.0 {
            // What a thousand or more was reached with is done; what is smaller goes on with it.
            if segment >= 1000.0 {
                sum += segment;
                segment = 0.0;
            }
            segment += value;
        } else {
            segment *= value;
        }
    }
    Ok(sum + segment)
}

/// The words of a text: a comma and a space, `and` between spaces, a space, a hyphen and a backslash separate them.
fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(symbol) = text[at..].chars().next() {
        let rest = &text[at + symbol.len_utf8()..];
        let space = |rest: &str| rest.chars().next().filter(|symbol| is_space(*symbol)).map(char::len_utf8);
        let extra = if symbol == ',' {
            space(rest)
        } else if is_space(symbol) {
            rest.strip_prefix("and").and_then(space).map(|space| 3 + space).or(Some(0))
        } else {
            matches!(symbol, '-' | '\\').then_some(0)
        };
        let next = at + symbol.len_utf8() + extra.unwrap_or(0);
        if extra.is_some() {
            words.push(&text[start..at]);
            start = next;
        }
        at = next;
    }
    words.push(&text[start..]);
    words
}
