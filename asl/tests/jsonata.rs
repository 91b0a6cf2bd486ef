//! JSONata: what expressions come to, as JSON text or as the error's code and text.

use stepwell_asl::jsonata::{Expression, Limits, Names, Turn};
use stepwell_asl::{Chance, Timestamp, Value};

/// The variables `$states`, and `$list` for short.
struct Variables(Value);

impl Names for Variables {
    fn variable(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

fn variables() -> Variables {
    let text = r#"{
        "states": {
            "input": {
                "customer": {"name": "Ada", "address": {"city": "London", "zip": "N1"}},
                "orders": [
                    {"id": 1, "sku": "cap", "price": 10, "quantity": 2, "tags": ["red", "wool"]},
                    {"id": 2, "sku": "hat", "price": 25.5, "quantity": 1, "tags": ["blue"]},
                    {"id": 3, "sku": "cap", "price": 8, "quantity": 5, "tags": []}
                ],
                "big": 12345678901234567890,
                "empty": [], "null": null, "text": "a,b;c"
            },
            "context": {"Execution": {"Id": "e-1"}}
        },
        "list": [3, 1, 2]
    }"#;
    Variables(Value::parse(text).expect("the text above is JSON"))
}

/// Each expression comes to the value, the error, or `undefined`.
fn check(table: &[(&str, &str)]) {
    let variables = variables();
    for (source, expected) in table {
        let mut chance = Chance::from_seed([7; 4]);
        let mut turn = Turn { now: Timestamp(1_582_971_630_123), chance: &mut chance, limits: Limits::default() };
        let found = Expression::compile(source).and_then(|expression| expression.evaluate(None, &variables, &mut turn));
        let found = match found {
            Ok(Some(value)) => value.to_string(),
            Ok(None) => "undefined".to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, *expected, "{source}");
    }
}

#[test]
fn paths_map_and_flatten() {
    check(&[
        ("$states.input.customer.address.city", "\"London\""),
        ("$states.input.orders.sku", r#"["cap","hat","cap"]"#),
        ("$states.input.orders.tags", r#"["red","wool","blue"]"#),
        ("$states.input.orders[price > 9].id", "[1,2]"),
        ("$states.input.orders[-1].id", "3"),
        ("$states.input.orders[[0, 2]].id", "[1,3]"),
        ("$states.input.orders[sku = 'hat'].id", "2"),
        ("$states.input.orders[sku = 'hat'].id[]", "[2]"),
        ("$states.input.orders[0].tags[1]", "\"wool\""),
        ("$states.input.nothing.at.all", "undefined"),
        ("$states.input.empty", "[]"),
        ("$states.input.`null`", "null"),
        ("$states.input.customer.*", r#"["Ada",{"city":"London","zip":"N1"}]"#),
        ("$states.input.customer.**.zip", "\"N1\""),
        ("$states.input.orders.(price * quantity)", "[20,25.5,40]"),
        ("$states.input.orders^(>price).sku", r#"["hat","cap","cap"]"#),
        ("$states.input.orders^(sku, <price).id", "[3,1,2]"),
        ("$states.input.orders{sku: $sum(quantity)}", r#"{"cap":7,"hat":1}"#),
        ("$states.input.orders#$i.{'at': $i, 'id': id}", r#"[{"at":0,"id":1},{"at":1,"id":2},{"at":2,"id":3}]"#),
        ("$states.input.orders@$o.tags.{'id': $o.id, 'tag': $}", "undefined"),
        (
            "$states.input.orders.tags.{'sku': %.sku, 'tag': $}",
            r#"[{"sku":"cap","tag":"red"},{"sku":"cap","tag":"wool"},{"sku":"hat","tag":"blue"}]"#,
        ),
        ("$", "undefined"),
        ("$$", "undefined"),
        ("$list[0]", "3"),
        ("$unknown", "undefined"),
    ]);
}

#[test]
fn integers_stay_exact_where_they_are_passed_on() {
    check(&[
        ("$states.input.big", "12345678901234567890"),
        (
            "{'id': $states.input.big, 'in': [$states.input.big]}",
            r#"{"id":12345678901234567890,"in":[12345678901234567890]}"#,
        ),
        ("$states.input.big - 1 > 0", "true"),
        ("1e3", "1000"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("-0", "0"),
        ("1 / 3", "0.3333333333333333"),
    ]);
}

#[test]
fn errors_have_the_codes_and_texts_of_the_reference() {
    check(&[
        ("1 + 'a'", r#"T2002: The right side of the "+" operator must evaluate to a number"#),
        ("1 < 'a'", r#"T2009: The values 1 and "a" either side of operator "<" must be of the same data type"#),
        ("true > 1", r#"T2010: The expressions either side of operator ">" must evaluate to numeric or string values"#),
        ("$length(1)", r#"T0410: Argument 1 of function "length" does not match function signature"#),
        ("$sum(['a'])", r#"T0412: Argument 1 of function "sum" must be an array of "numbers""#),
        ("$nothing()", "T1006: Attempted to invoke a non-function"),
        ("sum([1])", "T1005: Attempted to invoke a non-function. Did you mean $sum?"),
        ("$number('ten')", r#"D3030: Unable to cast value to a number: "ten""#),
        ("$error('stop')", "D3137: stop"),
        ("$assert(1 = 2, 'one is two')", "D3141: one is two"),
        ("-'a'", r#"D1002: Cannot negate a non-numeric value: "a""#),
        ("{1: 2}", "T1003: Key in object structure must evaluate to a string; got: 1"),
        ("{'a': 1, 'a': 2}", r#"D1009: Multiple key definitions evaluate to same key: "a""#),
        ("[1..1.5]", "T2004: The right side of the range operator (..) must evaluate to an integer"),
        ("1 ~> 2", "T2006: The right side of the function application operator ~> must be a function"),
        ("1/0", "D1001: Number out of range: null"),
        ("1 +", "S0207: Unexpected end of expression"),
        ("[1, 2", r#"S0203: Expected "]" before end of expression"#),
        ("a ?? b", r#"S0211: The symbol "?" cannot be used as a unary operator"#),
        ("a ?: b", r#"S0211: The symbol ":" cannot be used as a unary operator"#),
        ("a..b", r#"S0201: Syntax error: "..""#),
        ("$states := 1", "S0902: The reserved variable $states cannot be assigned"),
        ("$eval('1')", "S0901: The function $eval is not supported"),
    ]);
}

#[test]
fn functions_are_values_inside_an_expression_and_none_outside() {
    check(&[
        ("($f := function($x) { $x * 2 }; $f(4))", "8"),
        ("($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(10))", "3628800"),
        (
            "($even := function($n) { $n = 0 ? true : $odd($n - 1) }; $odd := function($n) { $n = 0 ? false : $even($n - 1) }; $even(10001))",
            "false",
        ),
        ("$map($list, function($x, $i) { $x * $i })", "[0,1,4]"),
        ("$list ~> $sort ~> $reverse", "[3,2,1]"),
        ("($twice := $string ~> $length; $twice(12345))", "5"),
        ("($half := $substring(?, 0, 2); $half('house'))", "\"ho\""),
        ("$filter($list, function($x) { $x > 1 })", "[3,2]"),
        ("$reduce($list, function($a, $b) { $a + $b })", "6"),
        ("$match('ab12', /[0-9]+/).match", "\"12\""),
        ("$replace('ab12', /([a-z])([0-9])/, '$2$1')", "\"a1b2\""),
        ("function($x) { $x }", "U2001: The result is a function, which is not JSON"),
        ("[$sum]", "U2001: The result is a function, which is not JSON"),
    ]);
}

#[test]
fn a_transform_changes_a_copy() {
    check(&[
        (
            "$states.input.customer ~> |address|{'city': $uppercase(city)}, 'zip'|",
            r#"{"name":"Ada","address":{"city":"LONDON"}}"#,
        ),
        ("($states.input.customer ~> |$|{'name': 'Eve'}|).name & $states.input.customer.name", "\"EveAda\""),
        (
            "{'a': {'b': {'c': 1}}} ~> |**|{'seen': $keys($)}|",
            r#"{"a":{"b":{"c":1,"seen":"c"},"seen":"b"},"seen":"a"}"#,
        ),
        ("{'a': 1} ~> |$|{'self': $}|", r#"{"a":1,"self":{"a":1}}"#),
        (
            "{'a': 1} ~> |$|5|",
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 5",
        ),
    ]);
}

#[test]
fn functions_of_aws() {
    check(&[
        ("$partition([1..5], 2)", "[[1,2],[3,4],[5]]"),
        ("$range(1, 9, 2)", "[1,3,5,7,9]"),
        ("$hash('input', 'SHA-1')", "\"140f86aae51ab9e1cda9b4254fe98a74eb54c1a1\""),
        ("$parse('{\"a\": [1]}').a", "[1]"),
        ("$length($uuid())", "36"),
        ("$random(5) = $random(5)", "true"),
        ("$random() = $random()", "false"),
        ("$now()", "\"2020-02-29T10:20:30.123Z\""),
        ("$millis()", "1582971630123"),
    ]);
}
