//! The text of a request that a signature is made over, by the rules of Signature Version 4.

use std::fmt::Write;

use axum::http::HeaderMap;

/// The query with what is left out of it taken out: sorted, and escaped anew.
pub fn query(parameters: &[(String, String)], without: &str) -> String {
    let mut escaped: Vec<(String, String)> = parameters
        .iter()
        .filter(|(name, _)| name != without)
        .map(|(name, value)| (escape(name), escape(value)))
        .collect();
    escaped.sort();
    let pairs: Vec<String> = escaped.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// The parameters of a query, unescaped. A plus sign is one: signers write blanks as `%20`. `None`: it cannot be read.
pub fn parameters(query: &str) -> Option<Vec<(String, String)>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((unescape(name)?, unescape(value)?))
        })
        .collect()
}

/// The signed headers, one a line: names in small letters, values trimmed, blanks in a row as one.
pub fn headers<'a>(headers: &HeaderMap, signed: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in signed {
        let values: Vec<String> = headers
            .get_all(name)
            .iter()
            .map(|value| {
                let value = String::from_utf8_lossy(value.as_bytes());
                value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect();
        text.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    text
}

/// Everything but letters, digits and `-._~` is escaped.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(byte.into()),
            byte => {
                let _ = write!(escaped, "%{byte:02X}"); // writing to a string does not fail
            }
        }
    }
    escaped
}

/// The path, segment by segment escaped once more, as all services but S3 have it.
pub fn path(path: &str) -> String {
    path.split('/').map(escape).collect::<Vec<_>>().join("/")
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
                bytes.push(u8::try_from(high? * 16 + low?).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_sorted_and_escaped_once() {
        for (given, expected) in [
            ("", Some("")),
            ("b=2&a=1", Some("a=1&b=2")),
            ("a=2&a=1&A=3", Some("A=3&a=1&a=2")),
            ("a", Some("a=")),
            ("a=x%2fy%20z&b=%C3%BC", Some("a=x%2Fy%20z&b=%C3%BC")),
            ("a=1+2", Some("a=1%2B2")),
            ("a=1&S=x", Some("a=1")),
            ("a=%", None),
            ("a=%zz", None),
            ("a=%ff", None),
        ] {
            let found = parameters(given).map(|parameters| query(&parameters, "S"));
            assert_eq!(found.as_deref(), expected, "{given}");
        }
    }
}
