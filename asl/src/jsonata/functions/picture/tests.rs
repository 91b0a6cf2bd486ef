//! Integers in pictures, and back.

use super::*;
use crate::jsonata::Limits;

fn formatted(value: f64, picture: &str) -> String {
    match format_integer(value, picture, &Meter::new(Limits::default())) {
        Ok(text) => text,
        Err(error) => error.code().into(),
    }
}

fn read(text: &str, picture: &str) -> f64 {
    parse_integer(text, picture, &Meter::new(Limits::default())).ok().flatten().unwrap_or(f64::INFINITY)
}

#[test]
fn numbers_take_the_form_of_their_picture() {
    for (value, picture, text) in [
        (7.9, "000", "007"),
        (-7.1, "0", "-8"),
        (-0.5, "I", "-I"),
        (1_234_567.0, "#,##0", "1,234,567"),
        (1_234_567.0, "0,00", "1,23,45,67"),
        (1_234_567.0, "#.###,00", "12.345,67"),
        (1_234_567.0, "0\u{1f600}000", "1\u{1f600}234\u{1f600}567"),
        (42.0, "\u{660}\u{660}\u{660}", "\u{660}\u{664}\u{662}"),
        (1e21, "0", "1e+21"),
        (1.0, "0;o", "1st"),
        (22.0, "0;o", "22nd"),
        (13.0, "00;o", "13th"),
        (1994.0, "I", "MCMXCIV"),
        (0.0, "i", ""),
        (28.0, "a", "ab"),
        (703.0, "A", "AAA"),
        (0.0, "w", "zero"),
        (1121.0, "Ww", "One Thousand, One Hundred and Twenty-One"),
        (1_000_030.0, "w;o", "one million and thirtieth"),
        (2e15, "W", "TWO THOUSAND TRILLION"),
        (1e24, "w", "one trillion trillion"),
    ] {
        assert_eq!(formatted(value, picture), text, "{value} {picture}");
    }
}

#[test]
fn a_separator_left_of_all_digits_comes_first_and_may_lose_some() {
    assert_eq!(formatted(1.0, "#-#,###0"), ",-1");
    assert_eq!(formatted(123.0, "#-#,###0"), ",3");
}

#[test]
fn pictures_without_a_meaning_are_errors() {
    assert_eq!(formatted(1.0, "x"), "D3130");
    assert_eq!(formatted(1.0, ""), "D3130");
    assert_eq!(formatted(1.0, "0\u{660}"), "D3131");
}

#[test]
fn what_would_have_no_end_is_an_error() {
    for picture in ["i", "A", "w"] {
        assert_eq!(formatted(f64::INFINITY, picture), "U1001", "{picture}");
    }
    assert_eq!(formatted(1e300, "i"), "U1001");
    assert!(formatted(1e300, "w").ends_with(" trillion"));
    assert_eq!(formatted(f64::NAN, "0"), "NaN");
}

#[test]
fn numbers_are_read_back() {
    for (text, picture, value) in [
        ("1,234", "#,##0", 1234.0),
        ("1-23", "0-0,0", 123.0),
        ("12th", "0;o", 12.0),
        ("\u{664}\u{662}", "\u{660}", 42.0),
        (" 12 apples", "0", 12.0),
        ("0x1F", "0", 31.0),
        ("mcmxciv", "i", 1994.0),
        ("ab", "a", 28.0),
        ("twelve thousand, four hundred and seventy-sixth", "w;o", 12_476.0),
        ("Two Million, One", "Ww", 2_000_001.0),
    ] {
        assert_eq!(read(text, picture), value, "{text} {picture}");
    }
}

#[test]
fn what_is_no_number_is_nan() {
    for (text, picture) in [("", "0"), ("x", "0"), ("mz", "i"), ("umpteen", "w"), ("one  two", "w")] {
        assert!(read(text, picture).is_nan(), "{text} {picture}");
    }
}
