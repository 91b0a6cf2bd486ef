//! Base64 and hashes.

use std::fmt::Write;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha384, Sha512};

use crate::value::Value;

use super::string::text_of;
use super::{Arguments, Fault};

/// The longest text these functions take, in UTF-16 code units as Java counts them.
const CHARACTERS_MAX: usize = 10_000;

/// `States.Base64Encode(text)`: MIME Base64 of the text's UTF-8, in one line.
pub(super) fn base64_encode(arguments: Arguments<'_>) -> Result<Value, Fault> {
    Ok(STANDARD.encode(bounded(arguments.string(0)?)?).into())
}

/// `States.Base64Decode(text)`: the text that was encoded.
///
/// AWS refuses nothing: characters outside the alphabet are skipped, the first `=` ends the text, and what is no UTF-8
/// becomes U+FFFD.
pub(super) fn base64_decode(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let text = bounded(arguments.string(0)?)?.bytes().take_while(|byte| *byte != b'=');
    let mut digits: Vec<u8> = text.filter_map(base64_digit).collect();
    if digits.len() % 4 == 1 {
        digits.pop(); // six bits are no byte
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(&digits)
        .map_err(|error| Fault::arguments(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => Some(byte),
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        _ => None,
    }
}

/// `States.Hash(data, algorithm)`: the hash in hexadecimal. Data that is no string is hashed as its JSON text.
pub(super) fn hash(arguments: Arguments<'_>) -> Result<Value, Fault> {
    let data = text_of(arguments.value(0));
    let data = bounded(&data)?;
    match arguments.string(1)? {
        "MD5" => Ok(digest::<Md5>(data)),
        "SHA-1" => Ok(digest::<Sha1>(data)),
        "SHA-256" => Ok(digest::<Sha256>(data)),
        "SHA-384" => Ok(digest::<Sha384>(data)),
        "SHA-512" => Ok(digest::<Sha512>(data)),
        other => Err(Fault::arguments(format!("'{other}' is none of MD5, SHA-1, SHA-256, SHA-384 and SHA-512"))),
    }
}

fn digest<D: Digest>(data: &str) -> Value {
    let mut text = String::new();
    for byte in D::digest(data.as_bytes()) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

fn bounded(text: &str) -> Result<&str, Fault> {
    if text.len() > CHARACTERS_MAX && text.encode_utf16().count() > CHARACTERS_MAX {
        return Err(Fault::arguments(format!("the text must not be longer than {CHARACTERS_MAX} characters")));
    }
    Ok(text)
}
