use super::*;
use crate::jsonata::Limits;

/// The matches and their groups, as `match[group,group]`.
fn all(source: &str, flags: &str, text: &str) -> String {
    let meter = Meter::new(Limits::default());
    let pattern = match Pattern::compile(source, flags) {
        Ok(pattern) => pattern,
        Err(error) => return error.text(),
    };
    let mut matches = Vec::new();
    let mut next = pattern.find(text, 0, &meter);
    loop {
        match next {
            Err(error) => matches.push(error.code().to_owned()),
            Ok(None) => break,
            Ok(Some(found)) => {
                let group = |range: &Option<Range<usize>>| range.clone().map_or("-", |range| &text[range]).to_owned();
                let groups: Vec<_> = found.groups.iter().map(group).collect();
                let groups = if groups.is_empty() { String::new() } else { format!("[{}]", groups.join(",")) };
                matches.push(format!("{}{groups}", &text[found.range.clone()]));
                next = pattern.find_next(text, found.range.end, &meter);
                continue;
            }
        }
        break;
    }
    matches.join(" ")
}

#[test]
fn patterns_match_as_in_javascript() {
    for (source, flags, text, expected) in [
        ("ab+", "", "abb xab", "abb ab"),
        ("(a)|(b)", "", "ab", "a[a,-] b[-,b]"),
        ("a(b)?c", "", "ac", "ac[-]"),
        (r"\d+", "", "12 ٣4", "12 4"),
        (r"\w+", "", "aé_1", "a _1"),
        (r"\w", "i", "ſk", "k"),
        (r"\s", "", "a\u{feff}b\u{85}c", "\u{feff}"),
        (r"\bé|\bb", "", "é b", "b"),
        (r"\Bb", "", "ab b", "b"),
        (r"\/", "", "a/b", "/"),
        ("[^]", "", "\n", "\n"),
        ("[]", "", "a", ""),
        ("[]a]", "", "]a]a]", ""),
        ("[[&&a]", "", "[&a-", "[ & a"),
        ("[a~~b]", "", "~-", "~"),
        (r"[\w-a]", "", "-", "-"),
        (r"[\b]", "", "\u{8}", "\u{8}"),
        (r"\u0041\x42\cJ\0", "", "AB\n\0", "AB\n\0"),
        (r"\ud83d\ude00", "", "😀", "😀"),
        ("a$", "", "a\n", ""),
        ("a$", "m", "a\nba\r", "a a"),
        ("^a", "m", "a\u{2028}a", "a a"),
        (".", "", "\r\u{2028}x", "x"),
        ("x{,2}", "", "x{,2}", "x{,2}"),
        ("a{2}b{1,}c{0,1}", "", "aabbc", "aabbc"),
        ("{a}", "", "{a}", "{a}"),
        ("a+?", "", "aa", "a a"),
        (r"(.)\1", "", "abba", "bb[b]"),
        (r"(.)\1", "i", "aA", "aA[a]"),
        (r"(a)|b\1", "", "b", "b[-]"),
        (r"(?<y>\d{4})-\k<y>", "", "2020-2020", "2020-2020[2020]"),
        (r"\k<y>", "", "k<y>", "k<y>"),
        ("a(?=b)", "", "ab ac", "a"),
        ("(?<!a)b", "", "ab b", "b"),
        (r"(?<=\$)\d+(?:\.\d+)?", "", "$10.5 7", "10.5"),
        ("😀?b", "", "b😀b", "😀b"),
        ("😀{2}", "", "😀😀", ""),
        ("É", "i", "é", "é"),
        ("[à-ö]", "i", "É", "É"),
        ("[^a]", "i", "Ab", "b"),
        (r"\1(a)", "", "a", "a[a]"),
        (r"\2(a)", "", "\u{2}a", "\u{2}a[a]"),
        (r"a|\b", "", "ba", " D1004"),
        ("x*", "", "", ""),
        ("(?=a)*b", "", "b", "b"),
        ("(?=a)+a", "", "ba", "a"),
        ("(?!(a)){2}.", "", "ab", "b[-]"),
    ] {
        assert_eq!(all(source, flags, text), expected, "/{source}/{flags} in {text:?}");
    }
}

#[test]
fn what_is_no_pattern_is_told() {
    for (source, why) in [
        ("(", "Unterminated group"),
        (")", "Unmatched ')'"),
        ("*a", "Nothing to repeat"),
        ("a**", "Nothing to repeat"),
        ("a++", "Nothing to repeat"),
        ("{1}", "Nothing to repeat"),
        ("^*", "Nothing to repeat"),
        ("(?<=a)*", "Invalid quantifier"),
        ("a{2,1}", "numbers out of order in {} quantifier"),
        ("[b-a]", "Range out of order in character class"),
        ("[a", "Unterminated character class"),
        ("(?i)a", "Invalid group"),
        ("(?<1>a)", "Invalid capture group name"),
        (r"(?<a>b)\k<c>", "Invalid named capture referenced"),
        ("a\\", "\\ at end of pattern"),
        ("(((a{1000}){1000}){1000})", "Regular expression too large"),
    ] {
        assert_eq!(all(source, "", ""), format!("Invalid regular expression: /{source}/: {why}"));
    }
}

#[test]
fn a_search_that_turns_back_for_ever_ends() {
    let text = "a".repeat(40);
    assert_eq!(all(r"(a+a+)+\1b", "", &format!("b{text}")), "U1001");
    // The linear engine has no such trouble.
    assert_eq!(all("(a+)+b", "", &text), "");
}

#[test]
fn deep_nesting_is_refused_or_read_without_falling() {
    for depth in [50, 100, 1_000, 10_000] {
        let source = format!("{}a{}", "(?:".repeat(depth), ")".repeat(depth));
        let _ = all(&source, "", "a");
        let _ = all(&format!("{source}(?=b)"), "", "ab");
    }
}
