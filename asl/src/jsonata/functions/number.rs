//! Functions of numbers.

use super::prelude::*;

pub fn number(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    match &arguments[0] {
        Item::Undefined => Ok(Item::Undefined),
        Item::Number(_) => Ok(arguments[0].clone()),
        Item::Bool(value) => Ok(f64::from(u8::from(*value)).into()),
        Item::String(text) => read(text).map(Item::from).ok_or_else(|| no_number(&arguments[0])),
        other => Err(no_number(other)),
    }
}

fn no_number(item: &Item) -> Error {
    Error::new("D3030").value(item).index(1)
}

/// The number that a text is: decimal as JSON has it, with leading zeros too, or with a prefix for another radix.
fn read(text: &str) -> Option<f64> {
    if is_decimal(text) {
        let number: f64 = text.parse().ok()?;
        // An exponent that leads beyond all doubles is no number.
        return number.is_finite().then_some(number);
    }
    read_prefixed(text)
}

fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

/// `0x1F`, `0o17` and `0b11`. The reference looks for the latter two only somewhere in the text, and what is no number as
/// a whole becomes NaN.
fn read_prefixed(text: &str) -> Option<f64> {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let radix_of = |text: &str| match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => Some(16),
        [b'0', b'o' | b'O', ..] => Some(8),
        [b'0', b'b' | b'B', ..] => Some(2),
        _ => None,
    };
    let looks_like_one = begins_hexadecimal(text) || holds_octal(text) || ends_binary(text);
    if !looks_like_one {
        return None;
    }
    let whole = radix_of(trimmed).and_then(|radix| {
        let digits = trimmed.get(2..).filter(|digits| !digits.is_empty())?;
        digits.chars().try_fold(0.0, |value: f64, c| Some(value * f64::from(radix) + f64::from(c.to_digit(radix)?)))
    });
    Some(whole.unwrap_or(f64::NAN))
}

fn begins_hexadecimal(text: &str) -> bool {
    let digit = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digit.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()))
}

fn holds_octal(text: &str) -> bool {
    text.as_bytes().windows(3).any(|part| matches!(part, [b'0', b'o' | b'O', b'0'..=b'7']))
}

fn ends_binary(text: &str) -> bool {
    let rest = text.trim_end_matches(['0', '1']);
    let any = rest.len() < text.len();
    // The zero of the prefix is never one of the digits, which a letter follows.
    any && (rest.ends_with("0b") || rest.ends_with("0B"))
}

pub fn abs(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    Ok(mapped(arguments, f64::abs))
}

pub fn floor(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    Ok(mapped(arguments, f64::floor))
}

pub fn ceil(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    Ok(mapped(arguments, f64::ceil))
}

pub fn round(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let precision = number_at(arguments, 1).unwrap_or(0.0);
    Ok(mapped(arguments, |number| rounded(number, precision)))
}

fn mapped(arguments: &[Item], map: impl Fn(f64) -> f64) -> Item {
    number_at(arguments, 0).map_or(Item::Undefined, |number| map(number).into())
}

/// The number with so many places behind the point, halves to the even neighbour.
pub fn rounded(number: f64, precision: f64) -> f64 {
    let shifted = shift(number, precision);
    // Halves go up first, and down again where that is odd.
    let mut result = (shifted + 0.5).floor();
    if shifted.fract() == 0.0 || shifted.abs() >= 4_503_599_627_370_496.0 {
        result = shifted;
    } else if result - shifted > 0.5 {
        // The sum was rounded up to the next integer, as just below a half.
        result -= 1.0;
    }
    if (result - shifted).abs() == 0.5 && (result % 2.0).abs() == 1.0 {
        result -= 1.0;
    }
    // JSON has no -0.
    shift(result, -precision) + 0.0
}

/// The number with its point so many places further right, exact as decimal text is.
fn shift(number: f64, places: f64) -> f64 {
    if places == 0.0 || places.is_nan() || !number.is_finite() {
        return number;
    }
    let text = json::number_text(number);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse::<f64>().unwrap_or(0.0) + places;
    if exponent.fract() != 0.0 {
        // No decimal number has an exponent that is not whole.
        return f64::NAN;
    }
    // Beyond this every number is zero or infinite.
    let exponent = exponent.clamp(-100_000.0, 100_000.0) as i32;
    format!("{mantissa}e{exponent}").parse().unwrap_or(f64::NAN)
}

pub fn sqrt(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    if number_at(arguments, 0).is_some_and(|number| number < 0.0) {
        return Err(Error::new("D3060").value(&arguments[0]).index(1));
    }
    Ok(mapped(arguments, f64::sqrt))
}

pub fn power(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(base) = number_at(arguments, 0) else { return Ok(Item::Undefined) };
    let result = raised(base, number_at(arguments, 1).unwrap_or(f64::NAN));
    if !result.is_finite() {
        return Err(Error::new("D3061").value(&arguments[0]).exponent(&arguments[1]).index(1));
    }
    Ok(result.into())
}

/// Where JavaScript and IEEE 754 differ, as JavaScript has it.
fn raised(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    base.powf(exponent)
}

pub fn format_base(_: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(number) = number_at(arguments, 0) else { return Ok(Item::Undefined) };
    let radix = number_at(arguments, 1).map_or(10.0, |radix| rounded(radix, 0.0));
    if !(2.0..=36.0).contains(&radix) {
        return Err(Error::new("D3100").value(&radix.into()));
    }
    Ok(Item::from(crate::value::Text::from(based(rounded(number, 0.0), radix as u32))))
}

/// An integer in another base.
fn based(number: f64, radix: u32) -> String {
    if radix == 10 || !number.is_finite() {
        return json::number_text(number);
    }
    let base = f64::from(radix);
    let mut rest = number.abs();
    let mut digits = Vec::new();
    // Beyond 53 bits the lower digits are not known, and zeros are written.
    let mut unknown = 0;
    while rest >= 9_007_199_254_740_992.0 * base {
        rest /= base;
        unknown += 1;
    }
    // With the rounding that the reference has. It ends: each turn takes a digit off at most 1024 bits.
    while rest > 0.0 {
        let digit = rest % base;
        digits.push(char::from_digit(digit as u32, radix).unwrap_or('0'));
        rest = (rest - digit) / base;
    }
    if digits.is_empty() {
        digits.push('0');
    }
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{}{}", digits.iter().rev().collect::<String>(), "0".repeat(unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_text() {
        for (text, expected) in [
            ("12", Some(12.0)),
            ("-0.5e1", Some(-5.0)),
            ("007", Some(7.0)),
            ("1e400", None),
            ("", None),
            (" 1", None),
            ("+1", None),
            (".5", None),
            ("1.", None),
            ("Infinity", None),
            ("0x1F", Some(31.0)),
            ("0o17", Some(15.0)),
            ("0b101", Some(5.0)),
            ("0b2", None),
            ("x0x1", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for nothing in ["0x1g", "a0o7", "-0b1"] {
            assert!(read(nothing).is_some_and(f64::is_nan), "{nothing}");
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (number, precision, expected) in [
            (0.5, 0.0, 0.0),
            (1.5, 0.0, 2.0),
            (2.5, 0.0, 2.0),
            (-0.5, 0.0, 0.0),
            (-1.5, 0.0, -2.0),
            (-2.5, 0.0, -2.0),
            (11.5, -1.0, 10.0),
            (125.0, -1.0, 120.0),
            (4.525, 2.0, 4.52),
            (4.515, 2.0, 4.52),
            (1.005, 2.0, 1.0),
            (0.49999999999999994, 0.0, 0.0),
            (1e300, 5.0, 1e300),
            (12345.678, 1e9, 12345.678),
        ] {
            let result = rounded(number, precision);
            let both_nan = precision == 1e9 && !result.is_finite();
            assert!(both_nan || result == expected, "{number} {precision}: {result}");
        }
        assert!(rounded(-0.2, 0.0).is_sign_positive());
    }

    #[test]
    fn integers_are_written_in_other_bases() {
        for (number, radix, expected) in
            [(100.0, 2, "1100100"), (2555.0, 16, "9fb"), (-255.0, 16, "-ff"), (0.0, 2, "0"), (1e21, 10, "1e+21")]
        {
            assert_eq!(based(number, radix), expected);
        }
        assert_eq!(based(2_f64.powi(60), 2), format!("1{}", "0".repeat(60)));
        assert_eq!(based(f64::MAX, 36).len(), 199);
    }

    #[test]
    fn powers_are_javascripts() {
        assert_eq!(raised(2.0, 10.0), 1024.0);
        assert_eq!(raised(2.0, -1.0), 0.5);
        assert!(raised(1.0, f64::INFINITY).is_nan());
    }
}
