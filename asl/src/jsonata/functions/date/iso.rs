//! `$toMillis` without a picture: ISO 8601, and what else JavaScript's dates let pass of what looks like it.

use std::rc::Rc;
use std::sync::LazyLock;

use regex::Regex;

use super::calendar::exact;
use super::lenient;
use crate::jsonata::error::Error;
use crate::jsonata::json;
use crate::jsonata::meter::Meter;

/// What the language takes to be ISO 8601. This is not all of it, and more than it.
static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        "^[0-9]{4}(-[01][0-9])*(-[0-3][0-9])*(T[0-2][0-9]:[0-5][0-9]:[0-5][0-9])*",
        r"(\.[0-9]+)?([+-][0-2][0-9]:?[0-5][0-9]|Z)?$",
    ))
    .ok()
});

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// Digits.
    Number(&'a str),
    /// Anything else.
    Symbol(char),
}

/// A number, the largest there is where it is larger.
pub fn value(digits: &str) -> u32 {
    digits.parse().unwrap_or(u32::MAX)
}

/// The moment of a text, NaN where it has the shape of one and is none.
pub fn parse(text: &str, meter: &Rc<Meter>) -> Result<f64, Error> {
    meter.work(1 + text.len() / 8)?;
    if !SHAPE.as_ref().is_some_and(|shape| shape.is_match(text)) {
        return Err(Error::new("D3110").value_text(json::quoted(text)));
    }
    meter.room_for(text.len().saturating_mul(size_of::<Token>()))?;
    let tokens = tokens(text);
    let (date, rest) = read_date(&tokens);
    let part = |place: usize| date.get(place).copied().unwrap_or(1.0);
    let after = |time: f64| exact([part(0), part(1) - 1.0, part(2), 0.0, 0.0, 0.0, time]);
    Ok(match rest {
        [] => after(0.0),
        [Token::Symbol('T'), rest @ ..] => read_time(rest).map_or(f64::NAN, after),
        rest => lenient::moment(&date, rest).unwrap_or(f64::NAN),
    })
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(symbol) = rest.chars().next() {
        let digits = rest.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(rest.len());
        if digits > 0 {
            tokens.push(Token::Number(&rest[..digits]));
            rest = &rest[digits..];
        } else {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len_utf8()..];
        }
    }
    tokens
}

/// The year, and where they are right the month and the day, with what is left. A hyphen before what is no month or day
/// is taken too.
fn read_date<'a, 't>(tokens: &'a [Token<'t>]) -> (Vec<f64>, &'a [Token<'t>]) {
    let [Token::Number(year), rest @ ..] = tokens else { return (vec![f64::NAN], tokens) };
    let mut date = vec![f64::from(value(year))];
    let mut rest = rest;
    for largest in [12, 31] {
        let [Token::Symbol('-'), behind @ ..] = rest else { break };
        rest = behind;
        match rest {
            [Token::Number(digits), behind @ ..] if digits.len() == 2 && (1..=largest).contains(&value(digits)) => {
                date.push(f64::from(value(digits)));
                rest = behind;
            }
            _ => break,
        }
    }
    (date, rest)
}

/// The milliseconds since midnight in UTC, of a time and its offset.
fn read_time(tokens: &[Token<'_>]) -> Option<f64> {
    use Token::{Number, Symbol};
    let [Number(hour), Symbol(':'), Number(minute), Symbol(':'), Number(second), rest @ ..] = tokens else {
        return None;
    };
    let (fraction, rest) = match rest {
        [Symbol('.'), Number(fraction), rest @ ..] => (*fraction, rest),
        rest => ("", rest),
    };
    let (hour, minute, second) = (value(hour), value(minute), value(second));
    // Midnight may be the end of a day.
    let past_midnight = minute > 0 || second > 0 || !fraction.trim_end_matches('0').is_empty();
    if hour > 24 || (hour == 24 && past_midnight) {
        return None;
    }
    let offset = match rest {
        [] | [Symbol('Z')] => 0.0,
        [Symbol(sign), zone @ ..] => {
            let (hours, minutes) = match zone {
                [Number(both)] => (value(both) / 100, value(both) % 100),
                [Number(hours), Symbol(':'), Number(minutes)] => (value(hours), value(minutes)),
                _ => return None,
            };
            if hours > 23 {
                return None;
            }
            let offset = f64::from(hours * 60 + minutes);
            if *sign == '-' { -offset } else { offset }
        }
        _ => return None,
    };
    let millisecond = f64::from(value(&format!("{fraction:0<3}")[..3]));
    Some((f64::from(hour * 3600 + minute * 60 + second) - offset * 60.0) * 1000.0 + millisecond)
}
