//! The text of numbers and the numbers in texts, as JavaScript has them.

/// A number as JavaScript writes it: all digits below 10^21, an exponent from there on and below 10^-6.
pub fn number_text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else if size == 0.0 {
        "0".into()
    } else if (1e-6..1e21).contains(&size) {
        value.to_string()
    } else {
        let text = format!("{value:e}");
        match text.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => text,
        }
    }
}

/// The integer that a text starts with, after spaces: decimal, or hexadecimal behind `0x`. NaN where there is none.
pub fn leading_integer(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let size = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(rest) => {
            let digits = rest.chars().map_while(|digit| digit.to_digit(16));
            digits.fold(f64::NAN, |sum, digit| if sum.is_nan() { 0.0 } else { sum } * 16.0 + f64::from(digit))
        }
        None => {
            let end = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().unwrap_or(f64::NAN)
        }
    };
    if negative { -size } else { size }
}

/// Whether JavaScript takes it for white space.
pub fn is_space(symbol: char) -> bool {
    symbol == '\u{feff}' || (symbol.is_whitespace() && symbol != '\u{85}')
}

/// The first UTF-16 units of a text. A character that would be cut in half is left out.
pub fn cut(text: &str, units: f64) -> &str {
    let mut seen = 0.0;
    for (at, symbol) in text.char_indices() {
        seen += symbol.len_utf16() as f64;
        if seen > units {
            return &text[..at];
        }
    }
    text
}
