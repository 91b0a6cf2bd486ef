//! `stepwell eval`

use expect_test::{Expect, expect};

use crate::harness::Room;

fn check(arguments: &[&str], expected: &Expect) {
    expected.assert_eq(&Room::with(&[]).stepwell(&[&["eval"], arguments].concat()).text());
}

fn check_batch(arguments: &[&str], stdin: &[u8], expected: &Expect) {
    let done = Room::with(&[]).stepwell_reading(&[&["eval", "--batch"], arguments].concat(), stdin);
    assert_eq!(done.status, Some(0), "{done:?}");
    expected.assert_eq(&done.stdout);
}

#[test]
fn a_path_selects() {
    check(
        &["$.a[1:]", "--input", r#"{"a": [1, 2, 3]}"#],
        &expect![[r#"
            status 0
            --- stdout
            [2,3]
            --- stderr
        "#]],
    );
}

#[test]
fn a_path_that_leads_nowhere_is_an_error() {
    check(
        &["$.b"],
        &expect![[r#"
            status 1
            --- stdout
            --- stderr
            error: PathNotFound: No results for path: $['b']
        "#]],
    );
}

#[test]
fn an_intrinsic_function_is_told_by_its_name() {
    check(
        &["States.Format('{} of {}', $.a, 3)", "--input", r#"{"a": 2}"#],
        &expect![[r#"
            status 0
            --- stdout
            "2 of 3"
            --- stderr
        "#]],
    );
}

#[test]
fn an_intrinsic_function_that_does_not_exist() {
    check(
        &["States.Frobnicate()"],
        &expect![[r#"
            status 1
            --- stdout
            --- stderr
            error: InvalidIntrinsic: there is no intrinsic function 'States.Frobnicate' (at character 1)
        "#]],
    );
}

#[test]
fn jsonata_is_told_by_its_delimiters_and_sees_the_input_as_a_state_does() {
    check(
        &["{% $sum($states.input.prices) * $rate %}", "--input", r#"{"prices": [3, 4]}"#, "--variable", "rate=2"],
        &expect![[r#"
            status 0
            --- stdout
            14
            --- stderr
        "#]],
    );
    check(
        &["--lang", "jsonata", "prices[0] & '!'", "--input", r#"{"prices": [3, 4]}"#],
        &expect![[r#"
        status 0
        --- stdout
        "3!"
        --- stderr
    "#]],
    );
}

#[test]
fn jsonata_that_comes_to_nothing_is_no_success() {
    check(
        &["{% $states.input.nothing %}"],
        &expect![[r#"
        status 1
        --- stdout
        --- stderr
        error: the expression returned nothing (undefined)
        help: a state whose field does so fails with States.QueryEvaluationError
    "#]],
    );
}

#[test]
fn jsonata_that_does_not_parse_is_shown_with_the_place() {
    check(
        &["{% $states.input.a + ) %}"],
        &expect![[r#"
        status 1
        --- stdout
        --- stderr
        error[S0211]: The symbol ")" cannot be used as a unary operator
         --> <expression>:1:22
          |
        1 | {% $states.input.a + ) %}
          |                      ^
    "#]],
    );
    check(
        &["--lang", "jsonata", "(\n  $x := 1;\n  $x ..\n)"],
        &expect![[r#"
        status 1
        --- stdout
        --- stderr
        error[S0202]: Expected ")", got ".."
         --> <expression>:3:7
          |
        3 |   $x ..
          |       ^
    "#]],
    );
}

#[test]
fn jsonata_that_fails_tells_its_code() {
    check(
        &["--lang", "jsonata", "$number('x')"],
        &expect![[r#"
        status 1
        --- stdout
        --- stderr
        error[D3030]: Unable to cast value to a number: "x"
         --> <expression>:1:8
          |
        1 | $number('x')
          |        ^
    "#]],
    );
}

#[test]
fn variables_have_names_and_json() {
    check(
        &["{% $x %}", "--variable", "x"],
        &expect![[r#"
        status 2
        --- stdout
        --- stderr
        error: --variable x has no value
        help: NAME=JSON is a variable
    "#]],
    );
    check(
        &["{% $x %}", "--variable", "x={"],
        &expect![[r#"
        status 2
        --- stdout
        --- stderr
        error: --variable x is not JSON: it ends too early
        help: an input is JSON, @FILE or -
    "#]],
    );
}

#[test]
fn a_batch_of_jsonata_has_bindings_and_limits() {
    let lines = [
        r#"{"expr": "a + $x", "input": {"a": 1}, "bindings": {"x": 2}}"#,
        r#"{"expr": "{% $x %}", "bindings": {"x": null}}"#,
        r#"{"expr": "a"}"#,
        r#"{"expr": "$", "input": null}"#,
        r#"{"expr": "1 +"}"#,
        r#"{"expr": "$f() "}"#,
        r#"{"expr": "($f := function() { 1 + $f() }; $f())", "depth": 50}"#,
        r#"{"expr": "($f := function() { $f() }; $f())", "timelimit": 10}"#,
        r#"{"expr": "1", "bindings": [1]}"#,
    ];
    check_batch(
        &["--lang", "jsonata"],
        lines.join("\n").as_bytes(),
        &expect![[r#"
        {"value":3}
        {"value":null}
        {"undefined":true}
        {"value":null}
        {"error":{"code":"S0207","message":"Unexpected end of expression","position":3}}
        {"error":{"code":"T1006","message":"Attempted to invoke a non-function","position":3}}
        {"error":{"code":"U1001","message":"Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as tail-recursive.","position":27}}
        {"error":{"code":"U1001","message":"Expression evaluation timeout: Check for infinite loop","position":31}}
        {"error":{"code":"InvalidLine","message":"the bindings must be an object"}}
    "#]],
    );
}

#[test]
fn a_batch_answers_every_line() {
    let lines = concat!(
        r#"{"expr": "$.a", "input": {"a": 1}}"#,
        "\n\n",
        r#"{"expr": "$", "input": null}"#,
        "\n",
        r#"{"expr": "$.["}"#,
        "\nnonsense\n[\"$\", 1]\n{\"expr\": 1}\n{\"expr\": \"$\", \"input\": 1e999}\n",
        r#"{"input": 1}"#,
        "\r\n",
        r#"{"expr": "States.MathAdd($.a, 1)", "input": {"a": 1}}"#,
    );
    check_batch(
        &[],
        lines.as_bytes(),
        &expect![[r#"
            {"value":1}
            {"error":{"code":"PathNotFound","message":"root can not be null"}}
            {"error":{"code":"InvalidPath","message":"java.lang.StringIndexOutOfBoundsException: String index out of range: 3"}}
            {"error":{"code":"InvalidLine","message":"a line must be an object with \"expr\" and, if it needs one, \"input\""}}
            {"error":{"code":"InvalidLine","message":"a line must be an object with \"expr\" and, if it needs one, \"input\""}}
            {"error":{"code":"InvalidLine","message":"a line must be an object with \"expr\" and, if it needs one, \"input\""}}
            {"error":{"code":"InvalidLine","message":"the input is not JSON: the number at line 1, column 5 is too large"}}
            {"error":{"code":"InvalidLine","message":"a line must be an object with \"expr\" and, if it needs one, \"input\""}}
            {"value":2}
        "#]],
    );
}

#[test]
fn a_batch_survives_lines_that_are_no_text() {
    check_batch(
        &["--lang", "jsonpath"],
        b"\xff\xfe\n{\"expr\": \"$\", \"input\": 1}\n",
        &expect![[r#"
            {"error":{"code":"InvalidLine","message":"a line must be UTF-8 text"}}
            {"value":1}
        "#]],
    );
}

#[test]
fn a_batch_may_begin_with_a_byte_order_mark() {
    check_batch(
        &[],
        "\u{feff}{\"expr\": \"$\", \"input\": 1}\n".as_bytes(),
        &expect![[r#"
            {"value":1}
        "#]],
    );
}

#[test]
fn an_input_that_is_no_json() {
    for (input, reason) in [
        ("[1", "it ends too early"),
        ("[1] 2", "there is more after its end, at line 1, column 5"),
        ("[1e999]", "the number at line 1, column 6 is too large"),
        ("[one]", "what is at line 1, column 2 does not belong there"),
    ] {
        let done = Room::with(&[]).stepwell(&["eval", "$", "--input", input]);
        let expected = format!("error: --input is not JSON: {reason}\nhelp: an input is JSON, @FILE or -\n");
        assert_eq!((done.status, done.stderr), (Some(2), expected));
    }
}

#[test]
fn a_batch_reads_large_and_deep_lines() {
    let large = "x".repeat(5 << 20);
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let lines = format!(
        "{{\"expr\": \"$[1]\", \"input\": [\"{large}\", 2]}}\n{{\"expr\": \"$[0]\", \"input\": {}}}\n\
         {{\"expr\": \"$[0]\", \"input\": {}}}\n",
        deep(127),
        deep(100_000)
    );
    let done = Room::with(&[]).stepwell_reading(&["eval", "--batch"], lines.as_bytes());
    let answers: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(answers[0], r#"{"value":2}"#);
    assert_eq!(answers[1], format!("{{\"value\":{}}}", deep(126)));
    assert!(answers[2].contains("the input is nested too deeply"), "{}", answers[2]);
}
