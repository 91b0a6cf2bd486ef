//! What JavaScript's engines make of a text that begins like a date of ISO 8601 and goes on as something else: numbers go
//! where there is still room for them.

use super::calendar::exact;
use super::iso::{Token, value};

/// The moment of a date that was read so far, and what is left of the text. Without a zone it is UTC.
pub fn moment(date: &[f64], rest: &[Token<'_>]) -> Option<f64> {
    let mut date = date.to_vec();
    let mut time: Vec<u32> = Vec::new();
    let mut time_ended = false;
    let mut rest = rest;
    while let [token, behind @ ..] = rest {
        rest = behind;
        match token {
            Token::Number(digits) => {
                let number = value(digits);
                if let [Token::Symbol(':'), behind @ ..] = rest {
                    time.push(number);
                    rest = behind;
                } else if !time_ended && !time.is_empty() && time.len() < 3 && number < 60 {
                    time.push(number);
                    time_ended = true;
                    if !matches!(rest, [] | [Token::Symbol('Z' | '+' | '-'), ..]) {
                        return None;
                    }
                } else if date.len() < 3 {
                    date.push(f64::from(number));
                    // The point that makes a fraction of what is no second, and the hyphen behind a part of the date.
                    if let [Token::Symbol('.'), behind @ ..] = rest {
                        rest = behind;
                    }
                    if let [Token::Symbol('-'), behind @ ..] = rest {
                        rest = behind;
                    }
                } else {
                    return None;
                }
            }
            // There is no offset without a time, and no time twice.
            Token::Symbol('+' | '-' | 'T') => return None,
            Token::Symbol(_) => {}
        }
    }
    date.resize(3, 1.0);
    // A first number that may be a day is taken for the month of an American date.
    let [year, month, day] = match date[..] {
        [month, day, year] if (1.0..=31.0).contains(&month) => [year, month, day],
        [year, month, day] => [year, month, day],
        _ => return None,
    };
    let year = match year {
        0.0..=49.0 => year + 2000.0,
        50.0..=99.0 => year + 1900.0,
        _ => year,
    };
    time.resize(3, 0);
    let (hour, minute, second) = (time[0], time[1], time[2]);
    let real = (1.0..=12.0).contains(&month)
        && (1.0..=31.0).contains(&day)
        && (hour < 24 || (hour == 24 && minute == 0 && second == 0))
        && minute < 60
        && second < 60;
    real.then(|| exact([year, month - 1.0, day, f64::from(hour), f64::from(minute), f64::from(second), 0.0]))
}
