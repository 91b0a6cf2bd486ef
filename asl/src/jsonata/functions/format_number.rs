//! `$formatNumber`: numbers in the way of a picture such as `#,##0.00`.
//!
//! Pictures are read as XPath's `fn:format-number` reads them, with the peculiarities that JSONata 2.0.6 has.

use super::number::rounded;
use super::prelude::*;

mod picture;

use picture::{Analysis, Properties, char_slice, find, text_of};

/// JavaScript writes no more digits behind the point.
const FRACTION_MAX: usize = 100;

pub fn format_number(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(value) = number_at(arguments, 0) else { return Ok(Item::Undefined) };
    let picture = text_at(arguments, 1).map_or("", |picture| picture);
    let meter = &evaluator.meter;
    meter.work(picture.len())?;
    // Zeros are filled in for every digit of the picture.
    meter.room_for(picture.len().saturating_mul(64).saturating_add(1024))?;
    let mut properties = Properties::default();
    if let Some(options) = arguments[2].as_object() {
        meter.work(options.len())?;
        for (name, item) in options.iter() {
            properties.set(&name, &json::cast(&item, false, meter)?);
        }
    }
    Item::text(formatted(value, picture, &properties, meter)?, meter)
}

fn formatted(value: f64, picture: &str, properties: &Properties, meter: &Rc<Meter>) -> Result<String, Error> {
    if !value.is_finite() {
        return Err(Error::new("D1001").value(&value.into()));
    }
    let mut analyses = picture::analyses(picture, properties)?.into_iter();
    let positive = analyses.next().ok_or_else(|| Error::new("D3085"))?;
    let chosen = match (value >= 0.0, analyses.next()) {
        (true, _) => positive,
        (false, Some(negative)) => negative,
        (false, None) => {
            let mut negative = positive;
            negative.prefix.splice(0..0, properties.minus_sign.iter().copied());
            negative
        }
    };
    write(value, &chosen, properties, meter)
}

fn write(value: f64, picture: &Analysis, properties: &Properties, meter: &Rc<Meter>) -> Result<String, Error> {
    let holds = |what: &[char]| find(&picture.picture, what, 0).is_some();
    let adjusted = if holds(&properties.percent) {
        value * 100.0
    } else if holds(&properties.per_mille) {
        value * 1000.0
    } else {
        value
    };
    let (mantissa, exponent) = match picture.exponent_size {
        0 => (adjusted, None),
        _ => {
            let (mantissa, exponent) = scaled(adjusted, picture.scaling_factor);
            (mantissa, Some(exponent))
        }
    };
    if picture.fraction_max > FRACTION_MAX || !mantissa.is_finite() {
        return Err(Error::new("D1001").value(&mantissa.into()));
    }
    let mut digits = Vec::new();
    let fixed = fixed(rounded(mantissa, picture.fraction_max as f64), picture.fraction_max);
    digits.extend(fixed.chars().map(|c| properties.digit_of(c)));
    let zero = &properties.zero_digit;
    let separator = &properties.decimal_separator;
    match digits.iter().position(|c| *c == '.') {
        Some(point) => drop(digits.splice(point..=point, separator.iter().copied())),
        None => digits.extend(separator),
    }
    let is_zero = |c: Option<&char>| c.is_some_and(|c| zero.len() == 1 && zero.first() == Some(c));
    let leading = digits.iter().take_while(|c| is_zero(Some(c))).count();
    digits.drain(..leading);
    while is_zero(digits.last()) {
        digits.pop();
    }
    // Places are signed from here on: a separator of no length is nowhere.
    let point = |digits: &[char]| find(digits, separator, 0).map_or(-1, |point| point as i64);
    let missing = picture.integer_min as i64 - point(&digits);
    digits.splice(0..0, repeated(zero, missing));
    let missing = picture.fraction_min as i64 - (digits.len() as i64 - point(&digits).max(0) - 1);
    digits.extend(repeated(zero, missing));
    let place = point(&digits);
    group(&mut digits, place, picture, properties, meter)?;
    let place = point(&digits);
    for position in &picture.fraction_groups {
        insert(&mut digits, *position as i64 + place + 1, &properties.grouping_separator, meter)?;
    }
    if !holds(separator) || point(&digits) == digits.len() as i64 - 1 {
        digits.pop();
    }
    let mut text = text_of(&picture.prefix);
    text.push_str(&text_of(&digits));
    if let Some(exponent) = exponent {
        text.push_str(&text_of(&properties.exponent_separator));
        if exponent < 0 {
            text.push_str(&text_of(&properties.minus_sign));
        }
        let digits: Vec<char> = exponent.unsigned_abs().to_string().chars().map(|c| properties.digit_of(c)).collect();
        let missing = picture.exponent_size as i64 - digits.len() as i64;
        text.push_str(&text_of(&repeated(zero, missing).collect::<Vec<_>>()));
        text.push_str(&text_of(&digits));
    }
    text.push_str(&text_of(&picture.suffix));
    Ok(text)
}

/// A number as a mantissa with so many digits before the point, and an exponent.
fn scaled(number: f64, digits: usize) -> (f64, i32) {
    let most = 10_f64.powi(i32::try_from(digits).unwrap_or(i32::MAX));
    let least = 10_f64.powi(i32::try_from(digits).unwrap_or(i32::MAX) - 1);
    let (mut mantissa, mut exponent) = (number, 0);
    // Zero has no such mantissa; and a magnitude is scaled, whatever its sign.
    while mantissa != 0.0 && mantissa.abs() < least && exponent > -1_000 {
        mantissa *= 10.0;
        exponent -= 1;
    }
    while mantissa.abs() > most && exponent < 1_000 {
        mantissa /= 10.0;
        exponent += 1;
    }
    (mantissa, exponent)
}

/// JavaScript's `toFixed` of a magnitude.
fn fixed(number: f64, places: usize) -> String {
    let number = number.abs();
    if number >= 1e21 { json::number_text(number) } else { format!("{number:.places$}") }
}

fn repeated(what: &[char], times: i64) -> impl Iterator<Item = char> {
    let times = usize::try_from(times).unwrap_or(0);
    let what = what.to_vec();
    std::iter::repeat_n(what, times).flatten()
}

/// Puts the separators into the integer part.
fn group(
    digits: &mut Vec<char>,
    mut point: i64,
    picture: &Analysis,
    properties: &Properties,
    meter: &Rc<Meter>,
) -> Result<(), Error> {
    let separator = &properties.grouping_separator;
    if picture.regular_group > 0 {
        let size = picture.regular_group as i64;
        let groups = (point - 1).div_euclid(size);
        for number in 1..=groups {
            insert(digits, point - number * size, separator, meter)?;
        }
    } else {
        for position in &picture.integer_groups {
            insert(digits, point - *position as i64, separator, meter)?;
            point += 1;
        }
    }
    Ok(())
}

/// Puts text in this place, counted from the end where it is negative.
fn insert(digits: &mut Vec<char>, place: i64, what: &[char], meter: &Rc<Meter>) -> Result<(), Error> {
    meter.work(1 + digits.len() / 64)?;
    let place = char_slice(digits, place);
    digits.splice(place..place, what.iter().copied());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::Limits;

    #[test]
    fn numbers_take_the_form_of_the_picture() {
        let meter = Meter::new(Limits::default());
        for (value, picture, expected) in [
            (12345.6, "#,###.00", "12,345.60"),
            (12345678.9, "9,999.99", "12,345,678.90"),
            (123.9, "9999", "0124"),
            (0.14, "01%", "14%"),
            (0.14, "001‰", "140‰"),
            (-6.0, "000", "-006"),
            (-5.5, "0.0;(0.0)", "(5.5)"),
            (1234.5678, "00.000e0", "12.346e2"),
            (0.234, "0.0e00", "2.3e-01"),
            (0.0, "#", "0"),
            (0.0, "0.00", "0.00"),
            (1e21, "#,##0", "1e,+21"),
            (0.0, "0.0e0", "0.0e0"),
            (-12.0, "0.0e0", "-1.2e1"),
            (1234567.0, "#,##,##0", "12,34,567"),
        ] {
            let result = formatted(value, picture, &Properties::default(), &meter);
            assert_eq!(result.as_deref(), Ok(expected), "{value} {picture}");
        }
    }

    #[test]
    fn digits_and_separators_can_be_others() {
        let meter = Meter::new(Limits::default());
        let mut properties = Properties::default();
        for (name, value) in [("decimal-separator", ","), ("grouping-separator", "."), ("zero-digit", "٠")] {
            properties.set(name, value);
        }
        assert_eq!(formatted(1234.5, "#.##٠,٠٠", &properties, &meter).as_deref(), Ok("١.٢٣٤,٥٠"));
    }

    #[test]
    fn what_is_no_picture_is_told() {
        let meter = Meter::new(Limits::default());
        for (picture, code) in [
            ("0;0;0", "D3080"),
            ("0.0.0", "D3081"),
            ("0%%", "D3082"),
            ("0‰‰", "D3083"),
            ("0%‰", "D3084"),
            (".", "D3085"),
            ("", "D3085"),
            ("0a0", "D3086"),
            ("0,.0", "D3087"),
            ("0,", "D3088"),
            ("0,,0", "D3089"),
            ("0#", "D3090"),
            ("0.#0", "D3091"),
            ("0e0%", "D3092"),
            ("0e#", "D3093"),
        ] {
            let error = formatted(1.0, picture, &Properties::default(), &meter).unwrap_err();
            assert_eq!(error.code(), code, "{picture}");
        }
    }
}
