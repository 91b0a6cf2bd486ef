//! Moments as text, and back.

use super::*;
use crate::jsonata::Limits;

/// 2005-01-01T13:05:09.042Z, a Saturday.
const SATURDAY: f64 = 1_104_584_709_042.0;

/// 2018-08-17T10:00:00.123Z
const NOW: Timestamp = Timestamp(1_534_500_000_123);

fn formatted(millis: f64, picture: Option<&str>, timezone: Option<&str>) -> String {
    match from_millis(millis, picture, timezone, &Meter::new(Limits::default())) {
        Ok(text) => text,
        Err(error) => error.code().into(),
    }
}

/// What is read, as text: a number, `undefined` or a code.
fn read(text: &str, picture: Option<&str>) -> String {
    match to_millis(text, picture, NOW, &Meter::new(Limits::default())) {
        Ok(Some(millis)) => millis.to_string(),
        Ok(None) => "undefined".into(),
        Err(error) => error.code().into(),
    }
}

#[test]
fn without_a_picture_it_is_iso_8601() {
    for (millis, timezone, text) in [
        (0.0, None, "1970-01-01T00:00:00.000Z"),
        (-1.5, None, "1969-12-31T23:59:59.999Z"),
        (SATURDAY, Some("+0530"), "2005-01-01T18:35:09.042+05:30"),
        (SATURDAY, Some("-0800"), "2005-01-01T05:05:09.042-08:00"),
        (-62_198_755_200_000.0, None, "-0001-01-01T00:00:00.000Z"),
        (1e20, None, "0NaN-NaN-NaNTNaN:NaN:NaN.NaNZ"),
    ] {
        assert_eq!(formatted(millis, None, timezone), text, "{millis}");
    }
}

#[test]
fn every_component_has_its_forms() {
    for (picture, text) in [
        ("[Y] [Y,2-2] [YI] [Yw]", "2005 05 MMV two thousand and five"),
        ("[M] [M01] [MN] [Mn] [MNn,3-3] [Ma]", "1 01 JANUARY january Jan a"),
        ("[D1o] [Dwo] [DWw]", "1st first One"),
        ("[d] [d001]", "1 001"),
        ("[F] [F0] [FNn,*-3]", "saturday 6 Sat"),
        ("[X] [W] [xNn] [w]", "2004 53 December 5"),
        ("[H] [h] [H01] [h#1] [P] [PN]", "13 1 13 1 pm PM"),
        ("[m] [s] [f] [f001] [m1]", "05 09 42 042 5"),
        ("[Z] [z] [Z0] [Z0101] [Z01:01t]", "+00:00 GMT+00:00 +0 +0000 Z"),
        ("[C] [E] [q1]", "ISO ISO undefined"),
        ("[[[Y]]] ]] [ Y 0 0 0 0 1 ]", "[2005] ] 02005"),
    ] {
        assert_eq!(formatted(SATURDAY, Some(picture), None), text, "{picture}");
    }
}

#[test]
fn pictures_without_a_meaning_are_errors() {
    for (picture, code) in [
        ("[Y", "D3135"),
        ("[]", "D3132"),
        ("[q]", "D3132"),
        ("[YN]", "D3133"),
        ("[Yx]", "D3130"),
        ("[Y0\u{660}]", "D3131"),
        ("[Z00000]", "D3134"),
        ("[Y,999999999]", "U1001"),
    ] {
        assert_eq!(formatted(SATURDAY, Some(picture), None), code, "{picture}");
    }
}

#[test]
fn offsets_are_rounded_as_the_reference_does() {
    assert_eq!(formatted(0.0, Some("[H01]:[m01] [Z]"), Some("-0530")), "17:30 -06:30");
    assert_eq!(formatted(0.0, Some("[H01]:[m01] [Z0]"), Some("+0530")), "05:30 +5:30");
    assert_eq!(formatted(0.0, Some("[Y]"), Some("nonsense")), "NaN");
}

#[test]
fn iso_8601_is_read_as_javascript_does() {
    for (text, millis) in [
        ("2018", "1514764800000"),
        ("2018-02", "1517443200000"),
        ("2018-02-30", "1519948800000"),
        ("2018-02-01T10:00:00", "1517479200000"),
        ("2018-02-01T10:00:00.1239Z", "1517479200123"),
        ("2018-02-01T10:00:00+0530", "1517459400000"),
        ("2018-02-01T24:00:00-01:00", "1517533200000"),
        ("2018-02-01T24:00:01Z", "NaN"),
        ("2018-13-01", "NaN"),
        ("2018-02-01+05:30", "NaN"),
        ("0050", "-60589296000000"),
        // What is not quite ISO 8601 goes another way.
        ("0050Z", "-631152000000"),
        ("2018.5", "1525132800000"),
        ("2018-02-00:30", "1517445000000"),
        ("", "D3110"),
        ("2018-2-1", "D3110"),
        ("2018-02-01 10:00:00", "D3110"),
    ] {
        assert_eq!(read(text, None), millis, "{text}");
    }
}

#[test]
fn texts_are_read_as_their_picture_says() {
    for (text, picture, millis) in [
        ("2018-02-01", "[Y0001]-[M01]-[D01]", "1517443200000"),
        // Names have the case that they are written in.
        ("1st FEBRUARY 2018", "[D1o] [MNn] [Y]", "D3136"),
        ("1st February 2018", "[D1o] [MNn] [Y]", "1517443200000"),
        ("20180201", "[Y0001][M01][D01]", "1517443200000"),
        ("first of ii, two thousand and eighteen", "[Dwo] of [Mi], [Yw]", "1517443200000"),
        ("2018-033", "[Y0001]-[d001]", "1517529600000"),
        ("1 Feb 2018 12:05 am", "[D] [MNn,3-3] [Y] [h]:[m01] [P]", "1517443500000"),
        ("2018-02-01T10:00+05:30", "[Y]-[M]-[D]T[H]:[m][Z]", "1517459400000"),
        ("2018-02-01 gmt-02", "[Y]-[M]-[D] [z0]", "1517450400000"),
        // The rest is today's.
        ("12:30", "[H]:[m]", "1534509000000"),
        ("2018-02", "[Y0001]-[M01]-[D01]", "undefined"),
        ("", "", "undefined"),
        ("x", "x", "undefined"),
        ("2018 10", "[Y] [D]", "D3136"),
        ("2018-W05-3", "[X]-W[W]-[F1]", "D3136"),
        ("2018", "[YN]", "D3133"),
        ("2018", "[C]", "D3133"),
        ("2018", "[Y\u{660}]", "D3150"),
    ] {
        assert_eq!(read(text, Some(picture)), millis, "{text} {picture}");
    }
}

#[test]
fn long_texts_and_pictures_end() {
    let words = "one and ".repeat(20_000);
    let digits = "1".repeat(100_000);
    for (text, picture) in [
        (words.as_str(), "[Yw][Mw][Dw]x".to_owned()),
        (digits.as_str(), "[Y]".repeat(10) + "x"),
        (digits.as_str(), "[Y]".repeat(10_000)),
        (digits.as_str(), "[Y1,1-99999999999999999999]".to_owned()),
    ] {
        assert!(matches!(read(text, Some(&picture)).as_str(), "undefined" | "U1001"));
    }
}
