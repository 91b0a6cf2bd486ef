//! Places inside a string of the document, as it was written: between its quotes and past its escapes.

use crate::location::Place;

/// The place of one character of a string's value, `units` being how many UTF-16 units of the value come before it;
/// `place` is where the string is. `None` where the way there cannot be told, as in a block of YAML.
pub(crate) fn within(text: &str, place: Place, units: usize) -> Option<Place> {
    let line = text.split('\n').nth(place.line.checked_sub(1)?)?;
    let mut letters = line.chars().skip(place.column.saturating_sub(1)).take(place.len).peekable();
    let quote = letters.next_if(|letter| matches!(letter, '"' | '\''));
    if matches!(letters.peek(), Some('|' | '>')) && quote.is_none() {
        return None;
    }
    let (mut column, mut seen) = (place.column + usize::from(quote.is_some()), 0);
    while let Some(letter) = letters.next() {
        let (written, value) = match (quote, letter) {
            (Some('"'), '\\') => escape(letters.next()?, &mut letters)?,
            (Some('\''), '\'') => (letters.next().map(|_| 2)?, 1),
            (_, letter) => (1, letter.len_utf16()),
        };
        seen += value;
        if seen > units {
            return Some(Place { column, len: written, ..place });
        }
        column += written;
    }
    None
}

/// How many characters an escape has, and how many UTF-16 units it stands for.
fn escape(kind: char, rest: &mut impl Iterator<Item = char>) -> Option<(usize, usize)> {
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return Some((2, 1)),
    };
    let code: String = rest.take(digits).collect();
    let units = if u32::from_str_radix(&code, 16).ok()? > 0xffff { 2 } else { 1 };
    Some((2 + digits, units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_a_value_are_found_in_the_text() {
        let check = |text: &str, units, expected: Option<(usize, usize)>| {
            let place = Place { line: 2, column: 3, len: text.chars().count() - 2 };
            let found = within(&format!("{{\n{text}"), place, units).map(|place| (place.column, place.len));
            assert_eq!(found, expected, "{text} {units}");
        };
        check(r#"  "{% a %}""#, 3, Some((7, 1)));
        check(r#"  "a\"b""#, 1, Some((5, 2)));
        check(r#"  "a\"b""#, 2, Some((7, 1)));
        check(r#"  "\u00e9x""#, 1, Some((10, 1)));
        check("  \"\u{1f600}x\"", 2, Some((5, 1)));
        check("  'it''s'", 3, Some((8, 1)));
        check("  plain", 4, Some((7, 1)));
        check("  |", 0, None);
        check(r#"  "a""#, 9, None);
    }
}
