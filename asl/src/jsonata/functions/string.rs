//! Functions of strings that need no pattern.

use super::prelude::*;

pub fn string(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let item = &arguments[0];
    if matches!(item, Item::Undefined | Item::String(_)) {
        return Ok(item.clone());
    }
    let pretty = matches!(arguments[1], Item::Bool(true));
    Item::text(json::cast(item, pretty, &evaluator.meter)?, &evaluator.meter)
}

pub fn substring(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    let start = number_at(arguments, 1).unwrap_or(f64::NAN);
    evaluator.meter.work(text.len() / 16)?;
    Item::text(substring_of(text, start, number_at(arguments, 2)), &evaluator.meter)
}

/// The part of a text from this character on; from the end where it is negative.
fn substring_of(text: &str, mut start: f64, length: Option<f64>) -> &str {
    let count = if text.is_ascii() { text.len() } else { text.chars().count() };
    if count as f64 + start < 0.0 {
        start = 0.0;
    }
    let end = match length {
        Some(length) if length <= 0.0 => return "",
        Some(length) if start >= 0.0 => start + length,
        Some(length) => count as f64 + start + length,
        None => count as f64,
    };
    let (start, end) = (place(start, count), place(end, count));
    let Some(length) = end.checked_sub(start) else { return "" };
    let from = byte_of(text, start);
    let tail = text.get(from..).unwrap_or_default();
    tail.get(..byte_of(tail, length)).unwrap_or_default()
}

/// A place as JavaScript's `slice` reads it: cut off towards zero, and counted from the end where it is negative.
fn place(place: f64, count: usize) -> usize {
    let place = place.trunc();
    let place = if place < 0.0 { place + count as f64 } else { place };
    // A cast holds what is too small or too large at the limits, and takes NaN for 0.
    (place as usize).min(count)
}

/// Where the character of this index begins.
fn byte_of(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices().nth(index).map_or(text.len(), |(byte, _)| byte)
}

pub fn substring_before(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    evaluator.meter.work(text.len() / 16)?;
    // The text `undefined` stands for what is nothing, as wherever JavaScript needs a string.
    match text.split_once(text_at(arguments, 1).map_or("undefined", |separator| separator)) {
        Some((before, _)) => Item::text(before, &evaluator.meter),
        None => Ok(arguments[0].clone()),
    }
}

pub fn substring_after(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let (Some(text), separator) = (text_at(arguments, 0), text_at(arguments, 1)) else { return Ok(Item::Undefined) };
    evaluator.meter.work(text.len() / 16)?;
    match separator.and_then(|separator| text.split_once(&**separator)) {
        Some((_, after)) => Item::text(after, &evaluator.meter),
        None => Ok(arguments[0].clone()),
    }
}

pub fn lowercase(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    mapped(evaluator, arguments, |text| text.to_lowercase())
}

pub fn uppercase(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    mapped(evaluator, arguments, |text| text.to_uppercase())
}

pub fn trim(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    mapped(evaluator, arguments, trimmed)
}

fn mapped(evaluator: &Evaluator<'_>, arguments: &[Item], map: fn(&str) -> String) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    // One character may become three.
    evaluator.meter.room_for(text.len().saturating_mul(3))?;
    evaluator.meter.work(text.len() / 16)?;
    Item::text(map(text), &evaluator.meter)
}

/// Runs of white space as one blank each, and none at the ends.
fn trimmed(text: &str) -> String {
    let words = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
    let mut trimmed = String::with_capacity(text.len());
    for word in words {
        if !trimmed.is_empty() {
            trimmed.push(' ');
        }
        trimmed.push_str(word);
    }
    trimmed
}

pub fn length(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    evaluator.meter.work(text.len() / 64)?;
    Ok(Item::count(text.chars().count()))
}

pub fn pad(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let (Some(text), Some(width)) = (text_at(arguments, 0), number_at(arguments, 1)) else {
        return Ok(arguments[0].clone());
    };
    let filling = text_at(arguments, 2).map_or(" ", |filling| filling);
    match padded(text, width, filling, &evaluator.meter)? {
        Some(padded) => Item::text(padded, &evaluator.meter),
        None => Ok(arguments[0].clone()),
    }
}

/// The text and what it lacks of a width, in front where the width is negative.
fn padded(text: &str, width: f64, filling: &str, meter: &Rc<Meter>) -> Result<Option<String>, Error> {
    let filling = if filling.is_empty() { " " } else { filling };
    meter.work(text.len() / 64)?;
    let missing = width.abs() - text.chars().count() as f64;
    if missing.is_nan() || missing <= 0.0 {
        return Ok(None);
    }
    if missing.fract() != 0.0 || missing >= f64::from(u32::MAX) {
        // The reference fails to build an array of that length.
        return Err(Error::new("D1001").value(&width.into()));
    }
    let missing = missing as usize;
    let bytes = missing.saturating_mul(filling.chars().map(char::len_utf8).max().unwrap_or(1));
    meter.room_for(bytes.saturating_add(text.len()))?;
    meter.work(missing / 16)?;
    let padding: String = filling.chars().cycle().take(missing).collect();
    Ok(Some(if width > 0.0 { format!("{text}{padding}") } else { format!("{padding}{text}") }))
}

pub fn join(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(texts) = arguments[0].as_array() else { return Ok(Item::Undefined) };
    let separator = text_at(arguments, 1).map_or("", |separator| separator);
    Item::text(joined(texts, separator, &evaluator.meter)?, &evaluator.meter)
}

fn joined(texts: &Array, separator: &str, meter: &Rc<Meter>) -> Result<String, Error> {
    meter.work(texts.len())?;
    let own: usize = texts.iter().map(|item| item.as_str().map_or(0, str::len)).fold(0, usize::saturating_add);
    meter.room_for(own.saturating_add(separator.len().saturating_mul(texts.len())))?;
    let mut joined = String::new();
    for (index, item) in texts.iter().enumerate() {
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item.as_str().unwrap_or_default());
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::Limits;

    #[test]
    fn parts_are_counted_in_characters() {
        for (text, start, length, expected) in [
            ("hello", 3.0, None, "lo"),
            ("hello", 1.0, Some(2.0), "el"),
            ("hello", -2.0, None, "lo"),
            ("hello", -3.0, Some(2.0), "ll"),
            ("hello", -9.0, Some(2.0), "he"),
            ("hello", 1.0, Some(-1.0), ""),
            ("hello", 9.0, Some(1.0), ""),
            ("hello", 1.5, Some(2.0), "el"),
            ("h😀llo", 1.0, Some(1.0), "😀"),
            ("h😀llo", -3.0, None, "llo"),
            ("hello", 0.0, Some(1e300), "hello"),
        ] {
            assert_eq!(substring_of(text, start, length), expected, "{text} {start} {length:?}");
        }
    }

    #[test]
    fn white_space_is_normalized() {
        assert_eq!(trimmed("  a \t\n b\r\n"), "a b");
        assert_eq!(trimmed(" \n"), "");
        assert_eq!(trimmed("\u{a0}a"), "\u{a0}a");
    }

    #[test]
    fn texts_are_filled_to_a_width() {
        let meter = Meter::new(Limits::default());
        for (text, width, filling, expected) in [
            ("foo", 5.0, "", Some("foo  ")),
            ("foo", -5.0, "#", Some("##foo")),
            ("foo", 8.0, "-+", Some("foo-+-+-")),
            ("foo", 2.0, "", None),
            ("😀", 3.0, "😀é", Some("😀😀é")),
        ] {
            assert_eq!(padded(text, width, filling, &meter).unwrap().as_deref(), expected);
        }
        assert_eq!(padded("a", 1e9, "", &meter).unwrap_err().code(), "U1001");
        assert!(padded("a", 2.5, "", &meter).is_err());
        assert!(padded("a", f64::INFINITY, "", &meter).is_err());
    }
}
