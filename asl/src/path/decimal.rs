//! Decimal numbers of any size, as far as filters need them: reading, comparing, and Java's way of writing them.
//!
//! Numbers that a 64-bit integer or a double holds never come here to be compared.

use std::cmp::Ordering;
use std::fmt::Write;

use crate::value::Number;

/// `0.digits * 10^exponent` is the magnitude; `scale` is what Java calls so, and only matters to the written form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decimal {
    negative: bool,
    /// Without leading zeros; empty for zero.
    digits: Vec<u8>,
    scale: i64,
}

impl Decimal {
    /// Reads what Java's `BigDecimal` reads: a sign, digits, a point, an exponent.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == b'0').collect();
        Some(Decimal { negative: negative && !digits.is_empty(), digits, scale: fraction.len() as i64 - exponent })
    }

    pub fn of(number: &Number) -> Option<Decimal> {
        Decimal::parse(&java_number(number))
    }

    pub fn compare(&self, other: &Decimal) -> Ordering {
        let sign = |decimal: &Decimal| match (decimal.digits.is_empty(), decimal.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let magnitude = || {
            let point = |decimal: &Decimal| decimal.digits.len() as i64 - decimal.scale;
            point(self).cmp(&point(other)).then_with(|| {
                let length = self.digits.len().max(other.digits.len());
                let digit = |decimal: &Decimal, at| decimal.digits.get(at).copied().unwrap_or(b'0');
                (0..length)
                    .map(|at| digit(self, at).cmp(&digit(other, at)))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
        };
        match (sign(self), sign(other)) {
            (left, right) if left != right => left.cmp(&right),
            (0, _) => Ordering::Equal,
            (-1, _) => magnitude().reverse(),
            _ => magnitude(),
        }
    }

    /// As `BigDecimal.toString` writes it.
    pub fn text(&self) -> String {
        let digits = if self.digits.is_empty() { "0".into() } else { String::from_utf8_lossy(&self.digits) };
        let mut text = String::from(if self.negative { "-" } else { "" });
        let adjusted = digits.len() as i64 - 1 - self.scale;
        if self.scale == 0 {
            text.push_str(&digits);
        } else if self.scale > 0 && adjusted >= -6 {
            let scale = usize::try_from(self.scale).unwrap_or(0);
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            text.extend([whole, ".", fraction]);
        } else {
            text.push_str(&digits[..1]);
            if digits.len() > 1 {
                text.extend([".", &digits[1..]]);
            }
            if adjusted != 0 {
                let _ = write!(text, "E{adjusted:+}"); // writing to a string cannot fail
            }
        }
        text
    }
}

/// A number of a document as Java's `toString` writes it: doubles have a point, and an exponent from 10^7 and below 10^-3.
pub(super) fn java_number(number: &Number) -> String {
    match number.as_f64() {
        Some(double) if number.is_f64() => java_double(double),
        _ => number.to_string(),
    }
}

fn java_double(double: f64) -> String {
    if double == 0.0 || (1e-3..1e7).contains(&double.abs()) {
        return format!("{double:?}");
    }
    let text = format!("{double:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

/// Compares two numbers of documents exactly: a double is what its shortest decimal form says.
pub(super) fn compare(left: &Number, right: &Number) -> Ordering {
    let integer = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => return left.cmp(&right),
        (Some(whole), None) | (None, Some(whole)) if whole.unsigned_abs() > 1 << 53 => {}
        _ => {
            if let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) {
                return left.partial_cmp(&right).unwrap_or(Ordering::Equal);
            }
        }
    }
    match (Decimal::of(left), Decimal::of(right)) {
        (Some(left), Some(right)) => left.compare(&right),
        _ => Ordering::Equal,
    }
}
