//! What arguments fit a signature.

use super::*;
use crate::jsonata::Limits;
use crate::value::Value;

/// Arguments as JSON, with `"?"` for what is missing.
fn item(value: &Value) -> Item {
    if value.as_str() == Some("?") { Item::Undefined } else { value.into() }
}

fn shown(item: &Item) -> String {
    match item {
        Item::Undefined => "?".into(),
        Item::Null => "null".into(),
        Item::Bool(value) => value.to_string(),
        Item::Number(number) => number.as_f64().to_string(),
        Item::String(text) => text.to_string(),
        Item::Array(array) => {
            format!("[{}]", array.iter().map(|item| shown(&item)).collect::<Vec<_>>().join(","))
        }
        Item::Object(_) => "{}".into(),
        Item::Function(_) => "f".into(),
    }
}

fn checked(signature: &str, arguments: &str, context: &str) -> String {
    let meter = Meter::new(Limits::default());
    let (Ok(Value::Array(arguments)), Ok(context)) = (Value::parse(arguments), Value::parse(context)) else {
        return "not JSON".into();
    };
    let valid = Signature::parse(signature)
        .and_then(|signature| signature.validate(arguments.iter().map(item).collect(), &item(&context), &meter));
    match valid {
        Ok(valid) => valid.iter().map(shown).collect::<Vec<_>>().join(" "),
        Err(error) => error.or_token(Some("f")).to_string(),
    }
}

#[test]
fn arguments_that_fit_are_handed_on() {
    let cases = [
        ("<s-nn?:s>", r#"["a", 1, 2]"#, r#""c""#, "a 1 2"),
        ("<s-nn?:s>", "[1]", r#""c""#, "c 1 ?"),
        ("<s-:s>", "[]", r#""c""#, "c"),
        ("<a<n>:n>", "[1]", "null", "[1]"),
        ("<a<n>:n>", "[[1, 2]]", "null", "[1,2]"),
        ("<a<s>s?:s>", r#"["a"]"#, "null", "[a] ?"),
        ("<a<n>:n>", r#"["?"]"#, "null", "?"),
        ("<(sn)o?:s>", "[1, {}]", "null", "1 {}"),
        ("<x-b?:s>", "[null]", "1", "null ?"),
        ("<:n>", "[]", "1", ""),
        ("<a+>", "[1, [2]]", "null", "[1] [2]"),
        // As the reference has it: more of what is no array are all the first, and what is left out is skipped.
        ("<n+:n>", "[1, 2, 3]", "null", "1 1 1"),
        ("<s?n:n>", "[1]", "null", "1 ?"),
    ];
    for (signature, arguments, context, expected) in cases {
        assert_eq!(checked(signature, arguments, context), expected, "{signature} {arguments}");
    }
}

#[test]
fn arguments_that_do_not_fit_are_told() {
    let cases = [
        ("<s-n:s>", "[1, 2]", "1", "T0410: Argument 2 of function \"f\" does not match function signature"),
        ("<ss:s>", r#"["a", 2]"#, "1", "T0410: Argument 2 of function \"f\" does not match function signature"),
        ("<n:n>", "[1, 2]", "1", "T0410: Argument 2 of function \"f\" does not match function signature"),
        ("<:n>", "[1]", "1", "T0410: Argument 1 of function \"f\" does not match function signature"),
        ("<s-:s>", "[]", "1", "T0411: Context value is not a compatible type with argument 1 of function \"f\""),
        ("<a<n>:n>", r#"[[1, "a"]]"#, "1", "T0412: Argument 1 of function \"f\" must be an array of \"numbers\""),
        ("<na<s>:n>", "[1, 2]", "1", "T0412: Argument 2 of function \"f\" must be an array of \"strings\""),
    ];
    for (signature, arguments, context, expected) in cases {
        assert_eq!(checked(signature, arguments, context), expected, "{signature} {arguments}");
    }
}

#[test]
fn signatures_that_mean_nothing_are_refused() {
    let cases = [("<s<n>>", "S0401", 2), ("<n<n>>", "S0401", 2), ("<(sa<n>)>", "S0402", 1), ("<s++>", "S0401", 3)];
    for (signature, code, position) in cases {
        let found = Signature::parse(signature).err().map(|error| (error.code(), error.position()));
        assert_eq!(found, Some((code, Some(position))), "{signature}");
    }
}
