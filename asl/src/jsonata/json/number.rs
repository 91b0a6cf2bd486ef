//! Numbers as JavaScript writes them.

/// The shortest text that reads back as this number. Infinities and NaN by name.
pub fn number_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    if number == 0.0 {
        return "0".into();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let (digits, exponent) = shortest(number.abs());
    // Where the decimal point stands, counted from the first digit.
    let point = exponent + 1;
    let count = digits.len() as i32;
    if count <= point && point <= 21 {
        format!("{sign}{digits}{}", "0".repeat((point - count) as usize))
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(point as usize);
        format!("{sign}{whole}.{fraction}")
    } else if -6 < point && point <= 0 {
        format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let plus = if exponent < 0 { "" } else { "+" };
        format!("{sign}{first}{dot}{rest}e{plus}{exponent}")
    }
}

/// The decimal digits of a positive number, and the power of ten of the first one.
fn shortest(number: f64) -> (String, i32) {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// The number with 15 significant digits, halves away from zero.
pub fn rounded(number: f64) -> f64 {
    if !number.is_finite() || number == 0.0 {
        return number;
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return number;
    }
    let magnitude = number.abs();
    let exact = format!("{magnitude:.40e}");
    // Sixteen digits of which the last is a five are a tie, which is broken upwards.
    let mantissa = exact.split('e').next().unwrap_or_default();
    let tie = mantissa.get(16..).is_some_and(|tail| tail.starts_with('5') && tail[1..].bytes().all(|b| b == b'0'));
    let magnitude = if tie { magnitude.next_up() } else { magnitude };
    let rounded: f64 = format!("{magnitude:.14e}").parse().unwrap_or(magnitude);
    rounded.copysign(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e22, "1.25e+22"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (1e-7, "1e-7"),
            (123456.789, "123456.789"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn fifteen_digits_are_kept_and_ties_go_up() {
        for (number, expected) in [
            (0.1 + 0.2, 0.3),
            (100000000000000.5, 100000000000001.0),
            (-100000000000000.5, -100000000000001.0),
            (1.0 / 3.0, 0.333333333333333),
            (9007199254740993.0, 9007199254740990.0),
        ] {
            assert_eq!(rounded(number), expected);
        }
    }
}
