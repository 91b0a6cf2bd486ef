//! Percent-encoding: query parameters and bodies in the form `application/x-www-form-urlencoded`, with AWS's formats of
//! arrays.

use std::fmt::Write;

use stepwell_asl::Value;

/// How an array is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArrayFormat {
    /// `a[0]=x&a[1]=y`
    Indices,
    /// `a=x&a=y`
    Repeat,
    /// `a=x,y`
    Commas,
    /// `a[]=x&a[]=y`
    Brackets,
}

impl ArrayFormat {
    pub fn parse(name: &str) -> Result<ArrayFormat, String> {
        match name {
            "INDICES" => Ok(ArrayFormat::Indices),
            "REPEAT" => Ok(ArrayFormat::Repeat),
            "COMMAS" => Ok(ArrayFormat::Commas),
            "BRACKETS" => Ok(ArrayFormat::Brackets),
            other => Err(format!(
                "The value '{other}' for the field 'Transform.RequestEncodingOptions.ArrayFormat' must be one of \
                 [INDICES, REPEAT, COMMAS, BRACKETS]"
            )),
        }
    }
}

/// The members of an object as `key=value&...`. Members of members are `key[inner]`.
pub(super) fn form(value: &Value, arrays: ArrayFormat) -> String {
    let mut pairs = String::new();
    for (key, value) in value.as_object().into_iter().flat_map(|members| members.iter()) {
        write(&mut pairs, key, value, arrays);
    }
    pairs
}

/// Values are at most as deep as JSON texts that are read may be.
fn write(pairs: &mut String, key: &str, value: &Value, arrays: ArrayFormat) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter() {
                write(pairs, &format!("{key}[{name}]"), value, arrays);
            }
        }
        Value::Array(items) if arrays == ArrayFormat::Commas => {
            let items: Vec<String> = items.iter().map(plain).collect();
            pair(pairs, key, &items.join(","));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let key = match arrays {
                    ArrayFormat::Indices => format!("{key}[{index}]"),
                    ArrayFormat::Brackets => format!("{key}[]"),
                    ArrayFormat::Repeat | ArrayFormat::Commas => key.to_owned(),
                };
                write(pairs, &key, item, arrays);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => pair(pairs, key, &plain(value)),
    }
}

fn pair(pairs: &mut String, key: &str, value: &str) {
    if !pairs.is_empty() {
        pairs.push('&');
    }
    percent(pairs, key);
    pairs.push('=');
    percent(pairs, value);
}

/// A value as text: a null is nothing.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn percent(to: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => to.push(char::from(byte)),
            _ => drop(write!(to, "%{byte:02X}")), // writing to a string does not fail
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, arrays: ArrayFormat, expected: &str) {
        assert_eq!(form(&Value::parse(json).expect("JSON"), arrays), expected, "{json}");
    }

    #[test]
    fn objects_are_keys_in_brackets() {
        check(
            r#"{"description":"Monthly subscription","metadata":{"order_details":"a&b"},"n":1.5,"t":true,"z":null}"#,
            ArrayFormat::Indices,
            "description=Monthly%20subscription&metadata%5Border_details%5D=a%26b&n=1.5&t=true&z=",
        );
        check("{}", ArrayFormat::Indices, "");
        check(r#"{"ü":"€~*-_."}"#, ArrayFormat::Indices, "%C3%BC=%E2%82%AC%7E*-_.");
    }

    #[test]
    fn arrays_have_four_formats() {
        let json = r#"{"array":["a","b"],"in":[{"x":[1,2]}],"none":[]}"#;
        check(
            json,
            ArrayFormat::Indices,
            "array%5B0%5D=a&array%5B1%5D=b&in%5B0%5D%5Bx%5D%5B0%5D=1&in%5B0%5D%5Bx%5D%5B1%5D=2",
        );
        check(json, ArrayFormat::Repeat, "array=a&array=b&in%5Bx%5D=1&in%5Bx%5D=2");
        check(
            json,
            ArrayFormat::Brackets,
            "array%5B%5D=a&array%5B%5D=b&in%5B%5D%5Bx%5D%5B%5D=1&in%5B%5D%5Bx%5D%5B%5D=2",
        );
        check(json, ArrayFormat::Commas, "array=a%2Cb&in=%7B%22x%22%3A%5B1%2C2%5D%7D&none=");
    }
}
