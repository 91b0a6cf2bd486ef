//! The intrinsic functions: what they give, what they refuse, and that nothing makes them panic.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use stepwell_asl::chance::Chance;
use stepwell_asl::intrinsics::{ERROR_NAME, Intrinsic, NESTING_MAX, TEXT_BYTES_MAX};
use stepwell_asl::scope::{Roots, Scope};
use stepwell_asl::time::Timestamp;
use stepwell_asl::value::Value;

struct Fake {
    input: Value,
    context: Value,
    variable: Value,
}

impl Roots for Fake {
    fn input(&self) -> &Value {
        &self.input
    }
    fn context(&self) -> &Value {
        &self.context
    }
    fn variable(&self, name: &str) -> Option<&Value> {
        (name == "variable").then_some(&self.variable)
    }
}

/// The JSON text of the call's value with this input, or the sentence of its error.
fn evaluate(call: &str, input: &str) -> String {
    evaluate_seeded(call, input, 1)
}

fn evaluate_seeded(call: &str, input: &str, seed: u64) -> String {
    let roots = Fake {
        input: Value::parse(input).unwrap(),
        context: Value::parse(r#"{"Execution": {"Name": "run"}}"#).unwrap(),
        variable: Value::parse(r#"{"a": [1, 2]}"#).unwrap(),
    };
    let chance = &mut Chance::from_seed([seed, 2, 3, 4]);
    let mut scope = Scope { roots: &roots, now: Timestamp::default(), chance };
    let intrinsic = match Intrinsic::parse(call) {
        Ok(intrinsic) => intrinsic,
        Err(error) => return format!("syntax: {error}"),
    };
    assert_eq!(intrinsic.text(), call);
    match intrinsic.evaluate(&mut scope) {
        Ok(value) => {
            let text = value.to_string();
            assert_eq!(text.len(), value.json_bytes());
            text
        }
        Err(error) => {
            assert_eq!(error.name, ERROR_NAME);
            let opening = format!("The function '{call}' had the following error: ");
            error.reason.strip_prefix(&opening).expect("the reason shows the whole call").to_owned()
        }
    }
}

/// Every line is a call, with what it gives behind an arrow.
fn check_input(input: &str, calls: &[&str], expected: Expect) {
    let lines: Vec<String> = calls.iter().map(|call| format!("{call} -> {}\n", evaluate(call, input))).collect();
    expected.assert_eq(&lines.concat());
}

fn check(calls: &[&str], expected: Expect) {
    check_input("0", calls, expected);
}

#[test]
fn arguments_of_every_kind() {
    check(
        &[
            r"States.Array()",
            r"States.Array( )",
            r"States.Array(1, -2, 0, -0, 1.5, -1.5e3, 18446744073709551615, true, false, null, 'text', '')",
            " States.Array ( 1 ,2,\n\t3 ) ",
            r"States.Array($)",
            r"States.Array(States.Array(), States.Array(States.Array(1)))",
            r#"States.Array('"', ', )', '{}', '{', 'é✓🚀')"#,
            r"States.Array('\'', '\{\}', '\\', '\\\'', 'a\\nb')",
        ],
        expect![[r#"
            States.Array() -> []
            States.Array( ) -> []
            States.Array(1, -2, 0, -0, 1.5, -1.5e3, 18446744073709551615, true, false, null, 'text', '') -> [1,-2,0,0,1.5,-1500.0,18446744073709551615,true,false,null,"text",""]
             States.Array ( 1 ,2,
            	3 )  -> [1,2,3]
            States.Array($) -> [0]
            States.Array(States.Array(), States.Array(States.Array(1))) -> [[],[[1]]]
            States.Array('"', ', )', '{}', '{', 'é✓🚀') -> ["\"",", )","{}","{","é✓🚀"]
            States.Array('\'', '\{\}', '\\', '\\\'', 'a\\nb') -> ["'","{}","\\","\\'","a\\nb"]
        "#]],
    );
}

#[test]
fn what_is_no_call() {
    check(
        &[
            "",
            "States",
            "States.Xyz()",
            "states.Array()",
            "$.a",
            "'text'",
            "States.Array",
            "States.Array(",
            "States.Array)",
            "States.Array(1",
            "States.Array(1,",
            "States.Array(1,)",
            "States.Array(,)",
            "States.Array(,1)",
            "States.Array(1 2)",
            "States.Array(1) 2",
            "States.Array('text)",
            r"States.Array('text\')",
            r"States.Array('a\nb')",
            r#"States.StringToJson('{"text":"An \"escaped double quote\" here"}')"#,
            r#"States.Format('He said, \"Hello, {}!\"', 'Test')"#,
            r"States.Array('\",
            r#"States.Array("text")"#,
            "States.Array(TRUE)",
            "States.Array(nul)",
            "States.Array(truefalse)",
            "States.Array(+1)",
            "States.Array(01)",
            "States.Array(1.)",
            "States.Array(.5)",
            "States.Array(-)",
            "States.Array(1e999)",
            "States.Array([1])",
            "States.Array({})",
            "States.Array(é)",
            "States.Array(States.Xyz())",
            "États.Array()",
        ],
        expect![[r#"
             -> syntax: an intrinsic function is expected at position 0
            States -> syntax: there is no intrinsic function 'States' at position 0
            States.Xyz() -> syntax: there is no intrinsic function 'States.Xyz' at position 0
            states.Array() -> syntax: there is no intrinsic function 'states.Array' at position 0
            $.a -> syntax: an intrinsic function is expected at position 0
            'text' -> syntax: an intrinsic function is expected at position 0
            States.Array -> syntax: '(' is expected after States.Array at position 12
            States.Array( -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array) -> syntax: '(' is expected after States.Array at position 12
            States.Array(1 -> syntax: ',' or ')' is expected after an argument at position 14
            States.Array(1, -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 15
            States.Array(1,) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 15
            States.Array(,) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(,1) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(1 2) -> syntax: ',' or ')' is expected after an argument at position 15
            States.Array(1) 2 -> syntax: text after the call at position 16
            States.Array('text) -> syntax: the string is not closed at position 13
            States.Array('text\') -> syntax: the string is not closed at position 13
            States.Array('a\nb') -> syntax: only \', \{, \} and \\ may follow a backslash in a string at position 15
            States.StringToJson('{"text":"An \"escaped double quote\" here"}') -> syntax: only \', \{, \} and \\ may follow a backslash in a string at position 33
            States.Format('He said, \"Hello, {}!\"', 'Test') -> syntax: only \', \{, \} and \\ may follow a backslash in a string at position 24
            States.Array('\ -> syntax: only \', \{, \} and \\ may follow a backslash in a string at position 14
            States.Array("text") -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(TRUE) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(nul) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(truefalse) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(+1) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(01) -> syntax: '01' is no number at position 13
            States.Array(1.) -> syntax: '1.' is no number at position 13
            States.Array(.5) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(-) -> syntax: '-' is no number at position 13
            States.Array(1e999) -> syntax: '1e999' is no number at position 13
            States.Array([1]) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array({}) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(é) -> syntax: an argument is a path, a 'string', a number, true, false, null or a nested call at position 13
            States.Array(States.Xyz()) -> syntax: there is no intrinsic function 'States.Xyz' at position 13
            États.Array() -> syntax: an intrinsic function is expected at position 0
        "#]],
    );
}

#[test]
fn how_many_arguments() {
    check(
        &[
            "States.ArrayContains(1)",
            "States.ArrayGetItem(1, 2, 3)",
            "States.ArrayLength()",
            "States.ArrayPartition(1)",
            "States.ArrayRange(1, 2)",
            "States.ArrayUnique()",
            "States.Base64Decode('', '')",
            "States.Base64Encode()",
            "States.Format()",
            "States.Hash('')",
            "States.JsonMerge(1, 2)",
            "States.JsonToString()",
            "States.MathAdd(1)",
            "States.MathRandom(1)",
            "States.MathRandom(1, 2, 3, 4)",
            "States.StringSplit('')",
            "States.StringToJson('', '')",
            "States.Array(States.MathAdd(1))",
        ],
        expect![[r#"
            States.ArrayContains(1) -> syntax: States.ArrayContains takes 2 arguments, not 1 at position 0
            States.ArrayGetItem(1, 2, 3) -> syntax: States.ArrayGetItem takes 2 arguments, not 3 at position 0
            States.ArrayLength() -> syntax: States.ArrayLength takes 1 argument, not 0 at position 0
            States.ArrayPartition(1) -> syntax: States.ArrayPartition takes 2 arguments, not 1 at position 0
            States.ArrayRange(1, 2) -> syntax: States.ArrayRange takes 3 arguments, not 2 at position 0
            States.ArrayUnique() -> syntax: States.ArrayUnique takes 1 argument, not 0 at position 0
            States.Base64Decode('', '') -> syntax: States.Base64Decode takes 1 argument, not 2 at position 0
            States.Base64Encode() -> syntax: States.Base64Encode takes 1 argument, not 0 at position 0
            States.Format() -> syntax: States.Format takes at least 1 argument, not 0 at position 0
            States.Hash('') -> syntax: States.Hash takes 2 arguments, not 1 at position 0
            States.JsonMerge(1, 2) -> syntax: States.JsonMerge takes 3 arguments, not 2 at position 0
            States.JsonToString() -> syntax: States.JsonToString takes 1 argument, not 0 at position 0
            States.MathAdd(1) -> syntax: States.MathAdd takes 2 arguments, not 1 at position 0
            States.MathRandom(1) -> syntax: States.MathRandom takes 2 to 3 arguments, not 1 at position 0
            States.MathRandom(1, 2, 3, 4) -> syntax: States.MathRandom takes 2 to 3 arguments, not 4 at position 0
            States.StringSplit('') -> syntax: States.StringSplit takes 2 arguments, not 1 at position 0
            States.StringToJson('', '') -> syntax: States.StringToJson takes 1 argument, not 2 at position 0
            States.Array(States.MathAdd(1)) -> syntax: States.MathAdd takes 2 arguments, not 1 at position 13
        "#]],
    );
}

#[test]
fn array_contains() {
    check_input(
        r#"[1, "1", null, [1, {"a": 1, "b": 2}], {"a": 1, "b": 2}, 1.5]"#,
        &[
            "States.ArrayContains($, 1)",
            "States.ArrayContains($, 2)",
            "States.ArrayContains($, '1')",
            "States.ArrayContains($, null)",
            "States.ArrayContains($, false)",
            "States.ArrayContains($, 1.5)",
            r#"States.ArrayContains($, States.StringToJson('{"b":2,"a":1}'))"#,
            r#"States.ArrayContains($, States.StringToJson('[1,{"b":2,"a":1}]'))"#,
            r#"States.ArrayContains($, States.StringToJson('{"a":1}'))"#,
            "States.ArrayContains(States.Array(), 1)",
            "States.ArrayContains('text', 't')",
        ],
        expect![[r#"
            States.ArrayContains($, 1) -> true
            States.ArrayContains($, 2) -> false
            States.ArrayContains($, '1') -> true
            States.ArrayContains($, null) -> true
            States.ArrayContains($, false) -> false
            States.ArrayContains($, 1.5) -> true
            States.ArrayContains($, States.StringToJson('{"b":2,"a":1}')) -> true
            States.ArrayContains($, States.StringToJson('[1,{"b":2,"a":1}]')) -> true
            States.ArrayContains($, States.StringToJson('{"a":1}')) -> false
            States.ArrayContains(States.Array(), 1) -> false
            States.ArrayContains('text', 't') -> Invalid arguments in States.ArrayContains: argument 1 must be an array, but is of type string
        "#]],
    );
}

#[test]
fn array_get_item() {
    check_input(
        r#"["a", null, {"b": 1}]"#,
        &[
            "States.ArrayGetItem($, 0)",
            "States.ArrayGetItem($, 1)",
            "States.ArrayGetItem($, 2)",
            "States.ArrayGetItem($, 2.9)",
            "States.ArrayGetItem($, 3)",
            "States.ArrayGetItem($, -1)",
            "States.ArrayGetItem($, 1e300)",
            "States.ArrayGetItem($, 9223372036854775808)",
            "States.ArrayGetItem($, '1')",
            "States.ArrayGetItem('text', 0)",
            "States.ArrayGetItem(States.Array(), 0)",
        ],
        expect![[r#"
            States.ArrayGetItem($, 0) -> "a"
            States.ArrayGetItem($, 1) -> null
            States.ArrayGetItem($, 2) -> {"b":1}
            States.ArrayGetItem($, 2.9) -> {"b":1}
            States.ArrayGetItem($, 3) -> Invalid arguments in States.ArrayGetItem: index 3 is out of bounds for an array of 3 items
            States.ArrayGetItem($, -1) -> Invalid arguments in States.ArrayGetItem: index -1 is out of bounds for an array of 3 items
            States.ArrayGetItem($, 1e300) -> Invalid arguments in States.ArrayGetItem: argument 2 is out of range
            States.ArrayGetItem($, 9223372036854775808) -> Invalid arguments in States.ArrayGetItem: argument 2 is out of range
            States.ArrayGetItem($, '1') -> Invalid arguments in States.ArrayGetItem: argument 2 must be a number, but is of type string
            States.ArrayGetItem('text', 0) -> Invalid arguments in States.ArrayGetItem: argument 1 must be an array, but is of type string
            States.ArrayGetItem(States.Array(), 0) -> Invalid arguments in States.ArrayGetItem: index 0 is out of bounds for an array of 0 items
        "#]],
    );
}

#[test]
fn array_length() {
    check_input(
        r#"[[1, 2], {}, null]"#,
        &[
            "States.ArrayLength($)",
            "States.ArrayLength(States.Array())",
            "States.ArrayLength('text')",
            "States.ArrayLength(null)",
        ],
        expect![[r#"
            States.ArrayLength($) -> 3
            States.ArrayLength(States.Array()) -> 0
            States.ArrayLength('text') -> Invalid arguments in States.ArrayLength: argument 1 must be an array, but is of type string
            States.ArrayLength(null) -> Invalid arguments in States.ArrayLength: argument 1 must be an array, but is of type null
        "#]],
    );
}

#[test]
fn array_partition() {
    check_input(
        "[1, 2, 3, 4, 5]",
        &[
            "States.ArrayPartition($, 2)",
            "States.ArrayPartition($, 1)",
            "States.ArrayPartition($, 5)",
            "States.ArrayPartition($, 2147483647)",
            "States.ArrayPartition($, 2.6)",
            "States.ArrayPartition(States.Array(), 1)",
            "States.ArrayPartition($, 0)",
            "States.ArrayPartition($, 0.6)",
            "States.ArrayPartition($, -1)",
            "States.ArrayPartition($, '2')",
            "States.ArrayPartition($, null)",
            "States.ArrayPartition(1, 2)",
        ],
        expect![[r#"
            States.ArrayPartition($, 2) -> [[1,2],[3,4],[5]]
            States.ArrayPartition($, 1) -> [[1],[2],[3],[4],[5]]
            States.ArrayPartition($, 5) -> [[1,2,3,4,5]]
            States.ArrayPartition($, 2147483647) -> [[1,2,3,4,5]]
            States.ArrayPartition($, 2.6) -> [[1,2],[3,4],[5]]
            States.ArrayPartition(States.Array(), 1) -> []
            States.ArrayPartition($, 0) -> Invalid arguments in States.ArrayPartition: the chunk size must be a positive integer, not 0
            States.ArrayPartition($, 0.6) -> Invalid arguments in States.ArrayPartition: the chunk size must be a positive integer, not 0
            States.ArrayPartition($, -1) -> Invalid arguments in States.ArrayPartition: the chunk size must be a positive integer, not -1
            States.ArrayPartition($, '2') -> Invalid arguments in States.ArrayPartition: argument 2 must be a number, but is of type string
            States.ArrayPartition($, null) -> Invalid arguments in States.ArrayPartition: argument 2 must be a number, but is of type null
            States.ArrayPartition(1, 2) -> Invalid arguments in States.ArrayPartition: argument 1 must be an array, but is of type number
        "#]],
    );
}

#[test]
fn array_range() {
    check(
        &[
            "States.ArrayRange(1, 9, 2)",
            "States.ArrayRange(1, 10, 2)",
            "States.ArrayRange(-2, 2, 2)",
            "States.ArrayRange(3, 3, 1)",
            "States.ArrayRange(3, 3, -1)",
            "States.ArrayRange(5, 1, -2)",
            "States.ArrayRange(5, 1, 1)",
            "States.ArrayRange(1, 5, -1)",
            "States.ArrayRange(1.4, 5.6, 2.2)",
            "States.ArrayRange(1.6, 1.4, 1)",
            "States.ArrayRange(5.4, -0.6, -2.4)",
            "States.ArrayRange(9223372036854775806, 9223372036854775807, 1)",
            "States.ArrayRange(-9223372036854775808, 9223372036854775807, 9223372036854775807)",
            "States.ArrayLength(States.ArrayRange(1, 1000, 1))",
            "States.ArrayLength(States.ArrayRange(1000, 1, -1))",
            "States.ArrayRange(1, 1001, 1)",
            "States.ArrayRange(1001, 1, -1)",
            "States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)",
            "States.ArrayRange(1, 10, 0)",
            "States.ArrayRange(1, 10, 0.49)",
            "States.ArrayRange('a', 5, 1)",
            "States.ArrayRange(1, 'b', 1)",
            "States.ArrayRange(1, 5, 'c')",
        ],
        expect![[r#"
            States.ArrayRange(1, 9, 2) -> [1,3,5,7,9]
            States.ArrayRange(1, 10, 2) -> [1,3,5,7,9]
            States.ArrayRange(-2, 2, 2) -> [-2,0,2]
            States.ArrayRange(3, 3, 1) -> [3]
            States.ArrayRange(3, 3, -1) -> [3]
            States.ArrayRange(5, 1, -2) -> [5,3,1]
            States.ArrayRange(5, 1, 1) -> []
            States.ArrayRange(1, 5, -1) -> []
            States.ArrayRange(1.4, 5.6, 2.2) -> [1,3,5]
            States.ArrayRange(1.6, 1.4, 1) -> [1]
            States.ArrayRange(5.4, -0.6, -2.4) -> [5,3,1]
            States.ArrayRange(9223372036854775806, 9223372036854775807, 1) -> [9223372036854775806,9223372036854775807]
            States.ArrayRange(-9223372036854775808, 9223372036854775807, 9223372036854775807) -> [-9223372036854775808,-1,9223372036854775806]
            States.ArrayLength(States.ArrayRange(1, 1000, 1)) -> 1000
            States.ArrayLength(States.ArrayRange(1000, 1, -1)) -> 1000
            States.ArrayRange(1, 1001, 1) -> Invalid arguments in States.ArrayRange: the range must not have more than 1000 items
            States.ArrayRange(1001, 1, -1) -> Invalid arguments in States.ArrayRange: the range must not have more than 1000 items
            States.ArrayRange(-9223372036854775808, 9223372036854775807, 1) -> Invalid arguments in States.ArrayRange: the range must not have more than 1000 items
            States.ArrayRange(1, 10, 0) -> Invalid arguments in States.ArrayRange: the step must not be 0
            States.ArrayRange(1, 10, 0.49) -> Invalid arguments in States.ArrayRange: the step must not be 0
            States.ArrayRange('a', 5, 1) -> Invalid arguments in States.ArrayRange: argument 1 must be a number, but is of type string
            States.ArrayRange(1, 'b', 1) -> Invalid arguments in States.ArrayRange: argument 2 must be a number, but is of type string
            States.ArrayRange(1, 5, 'c') -> Invalid arguments in States.ArrayRange: argument 3 must be a number, but is of type string
        "#]],
    );
}

#[test]
fn array_unique() {
    check_input(
        r#"[3, 1, "1", 3, null, {"a": 1, "b": [2]}, {"b": [2], "a": 1}, [1, 2], [2, 1], [1, 2], null, true, false, true]"#,
        &[
            "States.ArrayUnique($)",
            "States.ArrayUnique(States.Array())",
            "States.ArrayUnique('text')",
            "States.ArrayUnique(States.Array(1, 1.0, 1))",
        ],
        expect![[r#"
            States.ArrayUnique($) -> [3,1,"1",null,{"a":1,"b":[2]},[1,2],[2,1],true,false]
            States.ArrayUnique(States.Array()) -> []
            States.ArrayUnique('text') -> Invalid arguments in States.ArrayUnique: argument 1 must be an array, but is of type string
            States.ArrayUnique(States.Array(1, 1.0, 1)) -> [1,1.0]
        "#]],
    );
}

#[test]
fn array_unique_of_many_items_is_quick() {
    let items: Vec<String> = (0..20_000).map(|item| format!("[{item}]")).collect();
    let input = format!("[{}]", items.join(","));
    assert_eq!(evaluate("States.ArrayLength(States.ArrayUnique($))", &input), "20000");
}

#[test]
fn base64() {
    check(
        &[
            "States.Base64Encode('')",
            "States.Base64Encode('Data to encode')",
            "States.Base64Encode('✓ 🚀')",
            "States.Base64Encode(123)",
            "States.Base64Decode('')",
            "States.Base64Decode('RGF0YSB0byBlbmNvZGU=')",
            "States.Base64Decode('4pyTIPCfmoA=')",
            "States.Base64Decode(' YWJj ZA== ')",
            "States.Base64Decode('YWJjZA')",
            "States.Base64Decode('YWJjZ')",
            "States.Base64Decode('YW==Jj')",
            "States.Base64Decode('!!!YWJj!!!')",
            "States.Base64Decode('_-8')",
            "States.Base64Decode('YWJjAGRlZg==')",
            "States.Base64Decode(123)",
            "States.Base64Decode(States.Base64Encode('round trip'))",
        ],
        expect![[r#"
            States.Base64Encode('') -> ""
            States.Base64Encode('Data to encode') -> "RGF0YSB0byBlbmNvZGU="
            States.Base64Encode('✓ 🚀') -> "4pyTIPCfmoA="
            States.Base64Encode(123) -> Invalid arguments in States.Base64Encode: argument 1 must be a string, but is of type number
            States.Base64Decode('') -> ""
            States.Base64Decode('RGF0YSB0byBlbmNvZGU=') -> "Data to encode"
            States.Base64Decode('4pyTIPCfmoA=') -> "✓ 🚀"
            States.Base64Decode(' YWJj ZA== ') -> "abcd"
            States.Base64Decode('YWJjZA') -> "abcd"
            States.Base64Decode('YWJjZ') -> "abc"
            States.Base64Decode('YW==Jj') -> "a"
            States.Base64Decode('!!!YWJj!!!') -> "abc"
            States.Base64Decode('_-8') -> "��"
            States.Base64Decode('YWJjAGRlZg==') -> "abc\u0000def"
            States.Base64Decode(123) -> Invalid arguments in States.Base64Decode: argument 1 must be a string, but is of type number
            States.Base64Decode(States.Base64Encode('round trip')) -> "round trip"
        "#]],
    );
}

#[test]
fn hashes() {
    check(
        &[
            "States.Hash('hello', 'MD5')",
            "States.Hash('hello', 'SHA-1')",
            "States.Hash('hello', 'SHA-256')",
            "States.Hash('hello', 'SHA-384')",
            "States.Hash('hello', 'SHA-512')",
            "States.Hash('', 'SHA-256')",
            "States.Hash('✓', 'SHA-256')",
            "States.Hash('123', 'MD5')",
            "States.Hash(123, 'MD5')",
            "States.Hash('{}', 'MD5')",
            "States.Hash(States.StringToJson('{}'), 'MD5')",
            "States.Hash('data', 'sha-256')",
            "States.Hash('data', 'SHA256')",
            "States.Hash('data', 123)",
        ],
        expect![[r#"
            States.Hash('hello', 'MD5') -> "5d41402abc4b2a76b9719d911017c592"
            States.Hash('hello', 'SHA-1') -> "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
            States.Hash('hello', 'SHA-256') -> "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
            States.Hash('hello', 'SHA-384') -> "59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90125a3c79f90397bdf5f6a13de828684f"
            States.Hash('hello', 'SHA-512') -> "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"
            States.Hash('', 'SHA-256') -> "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            States.Hash('✓', 'SHA-256') -> "1dabba21cdad44541f6b15796f8d22978fc7ea10c46aeceeeeb66c23b3ac7604"
            States.Hash('123', 'MD5') -> "202cb962ac59075b964b07152d234b70"
            States.Hash(123, 'MD5') -> "202cb962ac59075b964b07152d234b70"
            States.Hash('{}', 'MD5') -> "99914b932bd37a50b983c5e7c90ae93b"
            States.Hash(States.StringToJson('{}'), 'MD5') -> "99914b932bd37a50b983c5e7c90ae93b"
            States.Hash('data', 'sha-256') -> Invalid arguments in States.Hash: 'sha-256' is none of MD5, SHA-1, SHA-256, SHA-384 and SHA-512
            States.Hash('data', 'SHA256') -> Invalid arguments in States.Hash: 'SHA256' is none of MD5, SHA-1, SHA-256, SHA-384 and SHA-512
            States.Hash('data', 123) -> Invalid arguments in States.Hash: argument 2 must be a string, but is of type number
        "#]],
    );
}

#[test]
fn encoding_takes_10_000_characters() {
    let check = |character: &str, count: usize, fits: bool| {
        let input = format!("\"{}\"", character.repeat(count));
        for call in ["States.Base64Encode($)", "States.Base64Decode($)", "States.Hash($, 'MD5')"] {
            let result = evaluate(call, &input);
            assert_eq!(
                !result.contains("longer than 10000 characters"),
                fits,
                "{call} of {count} {character}: {result}"
            );
        }
    };
    check("a", 10_000, true);
    check("a", 10_001, false);
    check("é", 10_000, true);
    check("é", 10_001, false);
    check("🚀", 5_000, true);
    check("🚀", 5_001, false);
}

#[test]
fn format() {
    check_input(
        r#""{} and {}""#,
        &[
            "States.Format('no placeholder')",
            "States.Format('')",
            "States.Format('..{}.', null)",
            "States.Format('..{}.', 1.1)",
            "States.Format('..{}.', '')",
            "States.Format('{}{} {}', 'text', true, -1)",
            "States.Format('{}', States.Array(1, 'a', null))",
            r#"States.Format('{}', States.StringToJson('{"a": [1.0, "b"]}'))"#,
            "States.Format('{}', '{}')",
            r"States.Format('\{{}\} \\ \'{}\'', 1, 2)",
            r"States.Format('\{\}')",
            r#"States.StringToJson(States.Format('\{"{}":"{}"\}', 'a', 'b'))"#,
            "States.Format($, 1, 2)",
            "States.Format($)",
            "States.Format(States.Format('\\{{}', '}'), 1)",
            "States.Format('{} {}', 1)",
            "States.Format('{}', 1, 2)",
            "States.Format('{', 1)",
            "States.Format('{{}}', 1)",
            "States.Format('}')",
            "States.Format('{ }', 1)",
            "States.Format(123, 1)",
            "States.Format(null)",
        ],
        expect![[r#"
            States.Format('no placeholder') -> "no placeholder"
            States.Format('') -> ""
            States.Format('..{}.', null) -> "..null."
            States.Format('..{}.', 1.1) -> "..1.1."
            States.Format('..{}.', '') -> "..."
            States.Format('{}{} {}', 'text', true, -1) -> "texttrue -1"
            States.Format('{}', States.Array(1, 'a', null)) -> "[1,\"a\",null]"
            States.Format('{}', States.StringToJson('{"a": [1.0, "b"]}')) -> "{\"a\":[1.0,\"b\"]}"
            States.Format('{}', '{}') -> "{}"
            States.Format('\{{}\} \\ \'{}\'', 1, 2) -> "{1} \\ '2'"
            States.Format('\{\}') -> "{}"
            States.StringToJson(States.Format('\{"{}":"{}"\}', 'a', 'b')) -> {"a":"b"}
            States.Format($, 1, 2) -> "1 and 2"
            States.Format($) -> Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.
            States.Format(States.Format('\{{}', '}'), 1) -> "1"
            States.Format('{} {}', 1) -> Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.
            States.Format('{}', 1, 2) -> Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.
            States.Format('{', 1) -> Invalid template in States.Format: matching '}' not found for '{'.
            States.Format('{{}}', 1) -> Invalid template in States.Format: matching '}' not found for '{'.
            States.Format('}') -> Invalid template in States.Format: matching '{' not found for '}'.
            States.Format('{ }', 1) -> Invalid template in States.Format: matching '}' not found for '{'.
            States.Format(123, 1) -> Invalid arguments in States.Format: argument 1 must be a string, but is of type number
            States.Format(null) -> Invalid arguments in States.Format: argument 1 must be a string, but is of type null
        "#]],
    );
}

#[test]
fn json_merge() {
    check_input(
        r#"{"a": {"a1": 1, "a2": 2}, "b": 2, "d": 3}"#,
        &[
            r#"States.JsonMerge($, States.StringToJson('{"a":{"a3":1,"a4":2},"c":3,"d":4}'), false)"#,
            "States.JsonMerge($, States.StringToJson('{}'), false)",
            "States.JsonMerge(States.StringToJson('{}'), $, 'false')",
            "States.JsonMerge($, $, true)",
            "States.JsonMerge(null, $, false)",
            "States.JsonMerge($, States.Array(), false)",
            "States.JsonMerge($, 'text', false)",
        ],
        expect![[r#"
            States.JsonMerge($, States.StringToJson('{"a":{"a3":1,"a4":2},"c":3,"d":4}'), false) -> {"a":{"a3":1,"a4":2},"b":2,"d":4,"c":3}
            States.JsonMerge($, States.StringToJson('{}'), false) -> {"a":{"a1":1,"a2":2},"b":2,"d":3}
            States.JsonMerge(States.StringToJson('{}'), $, 'false') -> {"a":{"a1":1,"a2":2},"b":2,"d":3}
            States.JsonMerge($, $, true) -> Invalid arguments in States.JsonMerge: deep merge is not supported, argument 3 must be false
            States.JsonMerge(null, $, false) -> Invalid arguments in States.JsonMerge: argument 1 must be an object, but is of type null
            States.JsonMerge($, States.Array(), false) -> Invalid arguments in States.JsonMerge: argument 2 must be an object, but is of type array
            States.JsonMerge($, 'text', false) -> Invalid arguments in States.JsonMerge: argument 2 must be an object, but is of type string
        "#]],
    );
}

#[test]
fn json_text() {
    check_input(
        r#"{"nested": {"a": 1}, "list": [true, null, -1, 3.5, "x\"y"]}"#,
        &[
            "States.JsonToString($)",
            "States.JsonToString('x')",
            "States.JsonToString(null)",
            "States.JsonToString(1)",
            "States.StringToJson(States.JsonToString($))",
            "States.StringToJson('')",
            "States.StringToJson(' ')",
            "States.StringToJson('null')",
            "States.StringToJson('-0')",
            "States.StringToJson('1.1')",
            r#"States.StringToJson('"HelloWorld"')"#,
            r#"States.StringToJson(' [1, 2, "HelloWorld"] ')"#,
            r#"States.StringToJson('\{"a":"it\'s \\"quoted\\""\}')"#,
            "States.StringToJson('{bad}')",
            "States.StringToJson('undefined')",
            "States.StringToJson('1 2')",
            "States.StringToJson('1e999')",
            "States.StringToJson(1)",
            "States.StringToJson(null)",
            "States.StringToJson($)",
        ],
        expect![[r#"
            States.JsonToString($) -> "{\"nested\":{\"a\":1},\"list\":[true,null,-1,3.5,\"x\\\"y\"]}"
            States.JsonToString('x') -> "\"x\""
            States.JsonToString(null) -> "null"
            States.JsonToString(1) -> "1"
            States.StringToJson(States.JsonToString($)) -> {"nested":{"a":1},"list":[true,null,-1,3.5,"x\"y"]}
            States.StringToJson('') -> null
            States.StringToJson(' ') -> null
            States.StringToJson('null') -> null
            States.StringToJson('-0') -> 0
            States.StringToJson('1.1') -> 1.1
            States.StringToJson('"HelloWorld"') -> "HelloWorld"
            States.StringToJson(' [1, 2, "HelloWorld"] ') -> [1,2,"HelloWorld"]
            States.StringToJson('\{"a":"it\'s \\"quoted\\""\}') -> {"a":"it's \"quoted\""}
            States.StringToJson('{bad}') -> Invalid arguments in States.StringToJson: the text is not JSON: key must be a string at line 1 column 2
            States.StringToJson('undefined') -> Invalid arguments in States.StringToJson: the text is not JSON: expected value at line 1 column 1
            States.StringToJson('1 2') -> Invalid arguments in States.StringToJson: the text is not JSON: trailing characters at line 1 column 3
            States.StringToJson('1e999') -> Invalid arguments in States.StringToJson: the text is not JSON: number out of range at line 1 column 5
            States.StringToJson(1) -> Invalid arguments in States.StringToJson: argument 1 must be a string, but is of type number
            States.StringToJson(null) -> Invalid arguments in States.StringToJson: argument 1 must be a string, but is of type null
            States.StringToJson($) -> Invalid arguments in States.StringToJson: argument 1 must be a string, but is of type object
        "#]],
    );
    let deep = format!("States.StringToJson('{}')", "[".repeat(1000));
    expect![
        "Invalid arguments in States.StringToJson: the text is not JSON: recursion limit exceeded at line 1 column 128"
    ]
    .assert_eq(&evaluate(&deep, "null"));
}

#[test]
fn math_add() {
    check(
        &[
            "States.MathAdd(5, 3)",
            "States.MathAdd(111, -1)",
            "States.MathAdd(1.6, 2.7)",
            "States.MathAdd(0.1, 0.2)",
            "States.MathAdd(1.4, 2.5)",
            "States.MathAdd(-1.5, 0)",
            "States.MathAdd(-1.6, 0)",
            "States.MathAdd(2147483646, 1)",
            "States.MathAdd(-2147483647, -1)",
            "States.MathAdd(2147483647, 1)",
            "States.MathAdd(-2147483648, -1)",
            "States.MathAdd(3000000000, 1)",
            "States.MathAdd(1, -3000000000)",
            "States.MathAdd(2147483647.5, 0)",
            "States.MathAdd('1', 2)",
            "States.MathAdd(1, true)",
            "States.MathAdd(null, 1)",
        ],
        expect![[r#"
            States.MathAdd(5, 3) -> 8
            States.MathAdd(111, -1) -> 110
            States.MathAdd(1.6, 2.7) -> 5
            States.MathAdd(0.1, 0.2) -> 0
            States.MathAdd(1.4, 2.5) -> 4
            States.MathAdd(-1.5, 0) -> -1
            States.MathAdd(-1.6, 0) -> -2
            States.MathAdd(2147483646, 1) -> 2147483647
            States.MathAdd(-2147483647, -1) -> -2147483648
            States.MathAdd(2147483647, 1) -> Invalid arguments in States.MathAdd: the sum is beyond 32 bits
            States.MathAdd(-2147483648, -1) -> Invalid arguments in States.MathAdd: the sum is beyond 32 bits
            States.MathAdd(3000000000, 1) -> Invalid arguments in States.MathAdd: argument 1 is beyond 32 bits
            States.MathAdd(1, -3000000000) -> Invalid arguments in States.MathAdd: argument 2 is beyond 32 bits
            States.MathAdd(2147483647.5, 0) -> Invalid arguments in States.MathAdd: argument 1 is beyond 32 bits
            States.MathAdd('1', 2) -> Invalid arguments in States.MathAdd: argument 1 must be a number, but is of type string
            States.MathAdd(1, true) -> Invalid arguments in States.MathAdd: argument 2 must be a number, but is of type boolean
            States.MathAdd(null, 1) -> Invalid arguments in States.MathAdd: argument 1 must be a number, but is of type null
        "#]],
    );
}

#[test]
fn math_random_with_a_seed() {
    check(
        &[
            // The first is what AWS was seen to give; the fourth shows the first integer of java.util.Random(42).
            "States.MathRandom(-5, 5, 42)",
            "States.MathRandom(0, 100, 42)",
            "States.MathRandom(0, 16, 42)",
            "States.MathRandom(-2147483648, 2147483647, 42)",
            "States.MathRandom(2147483640, 2147483647, 1)",
            "States.MathRandom(1, 10, -10)",
            "States.MathRandom(1, 10, 0)",
            "States.MathRandom(1.9, 2.9, 2.6)",
            "States.MathRandom(1, 1)",
            "States.MathRandom(1.4, 1.6)",
            "States.MathRandom(10, 5)",
            "States.MathRandom(0, 3000000000)",
            "States.MathRandom('a', 10)",
            "States.MathRandom(1, null)",
            "States.MathRandom(1, 10, 'seed')",
            "States.MathRandom(1, 10, null)",
        ],
        expect![[r#"
            States.MathRandom(-5, 5, 42) -> -5
            States.MathRandom(0, 100, 42) -> 30
            States.MathRandom(0, 16, 42) -> 11
            States.MathRandom(-2147483648, 2147483647, 42) -> -1170105035
            States.MathRandom(2147483640, 2147483647, 1) -> 2147483644
            States.MathRandom(1, 10, -10) -> 1
            States.MathRandom(1, 10, 0) -> 7
            States.MathRandom(1.9, 2.9, 2.6) -> 1
            States.MathRandom(1, 1) -> Invalid arguments in States.MathRandom: the start 1 must be less than the end 1
            States.MathRandom(1.4, 1.6) -> Invalid arguments in States.MathRandom: the start 1 must be less than the end 1
            States.MathRandom(10, 5) -> Invalid arguments in States.MathRandom: the start 10 must be less than the end 5
            States.MathRandom(0, 3000000000) -> Invalid arguments in States.MathRandom: argument 2 is beyond 32 bits
            States.MathRandom('a', 10) -> Invalid arguments in States.MathRandom: argument 1 must be a number, but is of type string
            States.MathRandom(1, null) -> Invalid arguments in States.MathRandom: argument 2 must be a number, but is of type null
            States.MathRandom(1, 10, 'seed') -> Invalid arguments in States.MathRandom: argument 3 must be a number, but is of type string
            States.MathRandom(1, 10, null) -> Invalid arguments in States.MathRandom: argument 3 must be a number, but is of type null
        "#]],
    );
}

#[test]
fn math_random_without_a_seed_reaches_the_start_but_not_the_end() {
    let mut seen: Vec<String> = (0..200)
        .map(|seed| evaluate_seeded("States.MathRandom(-1, 2)", "null", u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15)))
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["-1", "0", "1"]);
}

#[test]
fn string_split() {
    check(
        &[
            "States.StringSplit('1,2,3', ',')",
            "States.StringSplit('1+2,3.4', '.+,')",
            "States.StringSplit('1a2b3ab4', 'ab')",
            "States.StringSplit(',,a,, ,b,', ',')",
            "States.StringSplit(',', ',')",
            "States.StringSplit('', ',')",
            "States.StringSplit('', '')",
            "States.StringSplit('abc', '')",
            "States.StringSplit('a🚀b✓c', '✓🚀')",
            "States.StringSplit(123, ',')",
            "States.StringSplit('a,b', null)",
        ],
        expect![[r#"
            States.StringSplit('1,2,3', ',') -> ["1","2","3"]
            States.StringSplit('1+2,3.4', '.+,') -> ["1","2","3","4"]
            States.StringSplit('1a2b3ab4', 'ab') -> ["1","2","3","4"]
            States.StringSplit(',,a,, ,b,', ',') -> ["a"," ","b"]
            States.StringSplit(',', ',') -> []
            States.StringSplit('', ',') -> []
            States.StringSplit('', '') -> []
            States.StringSplit('abc', '') -> ["abc"]
            States.StringSplit('a🚀b✓c', '✓🚀') -> ["a","b","c"]
            States.StringSplit(123, ',') -> Invalid arguments in States.StringSplit: argument 1 must be a string, but is of type number
            States.StringSplit('a,b', null) -> Invalid arguments in States.StringSplit: argument 2 must be a string, but is of type null
        "#]],
    );
}

#[test]
fn uuid() {
    check(
        &["States.UUID()", "States.UUID( )", "States.UUID('ignored', 1)", "States.Array(States.UUID(), States.UUID())"],
        expect![[r#"
            States.UUID() -> "00000000-0280-4001-8000-000003800067"
            States.UUID( ) -> "00000000-0280-4001-8000-000003800067"
            States.UUID('ignored', 1) -> "00000000-0280-4001-8000-000003800067"
            States.Array(States.UUID(), States.UUID()) -> ["00000000-0280-4001-8000-000003800067","000cc000-0380-4067-800c-c201994400b2"]
        "#]],
    );
}

#[test]
fn paths_of_every_root() {
    check_input(
        r#"{"a": {"x,y": [10, 20]}, "list": [{"b": "c", "d": 1}, {"b": ")", "d": 2}]}"#,
        &[
            "States.ArrayGetItem($.a['x,y'], 1)",
            "States.ArrayGetItem($.list[?(@.b == ')')].d, 0)",
            "States.Format('{}/{}', $$.Execution.Name, $variable.a[1])",
            "States.ArrayLength($.list[*].none)",
        ],
        expect![[r#"
            States.ArrayGetItem($.a['x,y'], 1) -> 20
            States.ArrayGetItem($.list[?(@.b == ')')].d, 0) -> 2
            States.Format('{}/{}', $$.Execution.Name, $variable.a[1]) -> "run/2"
            States.ArrayLength($.list[*].none) -> 0
        "#]],
    );
}

#[test]
fn a_path_that_finds_nothing_names_itself_and_the_input() {
    check_input(
        r#"{"other": 1}"#,
        &[
            "States.Format('{}', $.nope)",
            "States.Format('{} {}', $.other, $.a.b)",
            "States.Format($.nope, 1)",
            "States.Format('{}', States.Format('{}',$.nope))",
            "States.Format('{}', $$.Nope.Deep)",
            "States.Format('{}', $.other[0])",
        ],
        expect![[r#"
            States.Format('{}', $.nope) -> The JsonPath argument for the field '$.nope' could not be found in the input '{"other":1}'
            States.Format('{} {}', $.other, $.a.b) -> The JsonPath argument for the field '$.a.b' could not be found in the input '{"other":1}'
            States.Format($.nope, 1) -> The JsonPath argument for the field '$.nope' could not be found in the input '{"other":1}'
            States.Format('{}', States.Format('{}',$.nope)) -> The JsonPath argument for the field '$.nope' could not be found in the input '{"other":1}'
            States.Format('{}', $$.Nope.Deep) -> The JsonPath argument for the field '$.Nope.Deep' could not be found in the input '{"other":1}'
            States.Format('{}', $.other[0]) -> Filter: [0] can only be applied to arrays. Current context is: 1
        "#]],
    );
}

#[test]
fn calls_are_nested_ten_deep() {
    let nested = |levels: usize| format!("{}1{}", "States.Array(".repeat(levels), ")".repeat(levels));
    assert_eq!(evaluate(&nested(NESTING_MAX), "null"), "[[[[[[[[[[1]]]]]]]]]]");
    for levels in [NESTING_MAX + 1, 1000, 50_000] {
        assert_eq!(evaluate(&nested(levels), "null"), "syntax: calls nested more than 10 deep at position 130");
    }
}

#[test]
fn a_text_has_a_longest_length() {
    let fits = format!("States.ArrayLength(States.Array('{}'))", "x".repeat(TEXT_BYTES_MAX - 36));
    assert_eq!((fits.len(), evaluate(&fits, "null")), (TEXT_BYTES_MAX, "1".to_owned()));
    assert!(evaluate(&(fits + " "), "null").starts_with("syntax: a call longer than"));
}

#[test]
fn an_evaluation_has_a_budget() {
    let input = format!("[\"{}\"]", "x".repeat(256 * 1024 - 4));
    let calls = |count, call: &str| vec![call; count].join(",");
    for (function, call) in [
        ("Array", format!("States.Array({})", calls(30_000, "States.ArrayGetItem($, 0)"))),
        ("ArrayContains", format!("States.ArrayContains(States.Array({}), 1)", calls(100, "$"))),
        ("ArrayRange", format!("States.Array({})", calls(1000, "States.ArrayRange(1, 1000, 1)"))),
        ("Format", format!("States.Format('{}', {})", "{}".repeat(1000), calls(1000, "$"))),
        ("JsonToString", format!("States.JsonToString(States.Array({}))", calls(100, "$"))),
    ] {
        let expected = format!("Invalid arguments in States.{function}: they are too large for one evaluation");
        assert_eq!(evaluate(&call, &input), expected);
    }
    let all = format!("States.ArrayLength(States.Array({}))", calls(100, "States.ArrayGetItem($, 0)"));
    assert_eq!(evaluate(&all, &input), "100");
}

/// Arguments of all kinds, nested calls among them.
fn argument() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "$",
        "$$",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1",
        "2.5",
        "1e300",
        "9223372036854775807",
        "''",
        "'a,b'",
        "'{}'",
        "'[1,{\"a\":null}]'",
        "'MD5'",
        "'\\{\\''",
        "States.StringToJson('[1,[2],{}]')",
        "States.StringToJson('{\"a\":1}')",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| (function(), prop::collection::vec(inner, 0..4)).prop_map(call))
}

fn function() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Array",
        "ArrayContains",
        "ArrayGetItem",
        "ArrayLength",
        "ArrayPartition",
        "ArrayRange",
        "ArrayUnique",
        "Base64Decode",
        "Base64Encode",
        "Format",
        "Hash",
        "JsonMerge",
        "JsonToString",
        "MathAdd",
        "MathRandom",
        "StringSplit",
        "StringToJson",
        "UUID",
    ])
}

fn call((function, arguments): (&'static str, Vec<String>)) -> String {
    format!("States.{function}({})", arguments.join(", "))
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(text in any::<String>()) {
        let _ = Intrinsic::parse(&text);
    }

    #[test]
    fn nothing_that_looks_like_a_call_makes_parsing_panic(text in r#"(States\.(Array|Format|UUID)|[$@.,()'"/~?\[\]\\{} é1-]){0,40}"#) {
        let _ = Intrinsic::parse(&text);
        let _ = Intrinsic::parse(&format!("States.Array({text})"));
    }

    #[test]
    fn no_call_makes_evaluation_panic(function in function(), arguments in prop::collection::vec(argument(), 0..4)) {
        evaluate(&call((function, arguments)), "[1, \"a\", {\"b\": [null]}]");
    }

    #[test]
    fn any_string_survives_quoting(text in any::<String>()) {
        let quoted = text.replace('\\', r"\\").replace('\'', r"\'").replace('{', r"\{").replace('}', r"\}");
        let expected = Value::from(text).to_string();
        prop_assert_eq!(evaluate(&format!("States.ArrayGetItem(States.Array('{quoted}'), 0)"), "null"), &*expected);
        prop_assert_eq!(evaluate(&format!("States.Format('{quoted}')"), "null"), &*expected);
    }
}
