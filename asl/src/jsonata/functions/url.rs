//! Base64 and the escapes of URLs.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::prelude::*;

/// What `encodeURIComponent` leaves as it is, besides letters and digits.
const UNRESERVED: &str = "-_.!~*'()";
/// What `encodeURI` leaves too, and `decodeURI` leaves escaped.
const RESERVED: &str = ";/?:@&=+$,#";

pub fn base64_encode(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    evaluator.meter.room_for(text.len().saturating_mul(3))?;
    evaluator.meter.work(text.len() / 16)?;
    // The text is taken for bytes: of each UTF-16 unit only the lower eight bits count.
    let bytes: Vec<u8> = text.encode_utf16().map(|unit| unit as u8).collect();
    Item::text(STANDARD.encode(bytes), &evaluator.meter)
}

pub fn base64_decode(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    evaluator.meter.room_for(text.len().saturating_mul(3))?;
    evaluator.meter.work(text.len() / 16)?;
    Item::text(decoded_bytes(text), &evaluator.meter)
}

/// What was encoded, one character for each byte. What is no digit of either alphabet is passed over, and the first `=`
/// ends the text.
fn decoded_bytes(text: &str) -> String {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => Some(byte),
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        _ => None,
    };
    let mut digits: Vec<u8> = text.bytes().take_while(|byte| *byte != b'=').filter_map(digit).collect();
    if digits.len() % 4 == 1 {
        // Six bits are no byte.
        digits.pop();
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, config).decode(&digits).unwrap_or_default();
    bytes.into_iter().map(char::from).collect()
}

pub fn encode_component(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    encode(evaluator, arguments, |c| UNRESERVED.contains(c))
}

pub fn encode_url(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    encode(evaluator, arguments, |c| UNRESERVED.contains(c) || RESERVED.contains(c))
}

fn encode(evaluator: &Evaluator<'_>, arguments: &[Item], keep: fn(char) -> bool) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    evaluator.meter.room_for(text.len().saturating_mul(3))?;
    evaluator.meter.work(text.len() / 16)?;
    Item::text(escaped(text, keep), &evaluator.meter)
}

fn escaped(text: &str, keep: fn(char) -> bool) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || (c.is_ascii() && keep(c)) {
            escaped.push(c);
        } else {
            escaped.extend(['%', char::from(HEX[usize::from(byte >> 4)]), char::from(HEX[usize::from(byte & 15)])]);
        }
    }
    escaped
}

pub fn decode_component(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    decode(evaluator, arguments, "", "decodeUrlComponent")
}

pub fn decode_url(evaluator: &mut Evaluator<'_>, arguments: &[Item]) -> Result<Item, Error> {
    decode(evaluator, arguments, RESERVED, "decodeUrl")
}

fn decode(evaluator: &Evaluator<'_>, arguments: &[Item], leave: &str, function: &str) -> Result<Item, Error> {
    let Some(text) = text_at(arguments, 0) else { return Ok(Item::Undefined) };
    evaluator.meter.room_for(text.len())?;
    evaluator.meter.work(text.len() / 16)?;
    let malformed = || Error::new("D3140").value(&arguments[0]).function(function);
    Item::text(unescaped(text, leave).ok_or_else(malformed)?, &evaluator.meter)
}

/// The text without its escapes, except those of these characters. `None` where an escape is broken.
fn unescaped(text: &str, leave: &str) -> Option<String> {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        unescaped.push_str(&rest[..at]);
        rest = &rest[at..];
        let first = escaped_byte(rest)?;
        let length = match first {
            0..=0x7f => 1,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return None,
        };
        let bytes: Option<Vec<u8>> = (0..length).map(|index| escaped_byte(rest.get(3 * index..)?)).collect();
        let bytes = bytes?;
        let decoded = std::str::from_utf8(&bytes).ok()?;
        let (escapes, tail) = rest.split_at_checked(3 * length)?;
        unescaped.push_str(if leave.contains(decoded) { escapes } else { decoded });
        rest = tail;
    }
    unescaped.push_str(rest);
    Some(unescaped)
}

/// The byte of the escape that the text begins with.
fn escaped_byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_escaped_and_unescaped() {
        let component = |c| UNRESERVED.contains(c);
        assert_eq!(escaped("a b/é?(1)", component), "a%20b%2F%C3%A9%3F(1)");
        assert_eq!(escaped("😀", component), "%F0%9F%98%80");
        for (text, leave, expected) in [
            ("a%20b%2F%C3%A9", "", Some("a b/é")),
            ("a%20b%2F%C3%A9", RESERVED, Some("a b%2Fé")),
            ("%f0%9f%98%80+", "", Some("😀+")),
            ("%", "", None),
            ("%4", "", None),
            ("%4é", "", None),
            ("%+1", "", None),
            ("%C3", "", None),
            ("%C3%41", "", None),
            ("%ED%A0%80", "", None),
            ("%80", "", None),
        ] {
            assert_eq!(unescaped(text, leave).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn base64_is_read_leniently() {
        for (text, expected) in
            [("aGVsbG8=", "hello"), ("aGVs bG8", "hello"), ("-_8", "ûÿ"), ("a", ""), ("", ""), ("YQ==YQ==", "a")]
        {
            assert_eq!(decoded_bytes(text), expected, "{text}");
        }
    }
}
