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
fn jsonata_is_refused_clearly() {
    check(
        &["--lang", "jsonata", "1 + 1"],
        &expect![[r#"
            status 1
            --- stdout
            --- stderr
            error: Unsupported: JSONata is not evaluated by this version
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
