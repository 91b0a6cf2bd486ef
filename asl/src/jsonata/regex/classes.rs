//! Sets of characters, and which characters are the same where case does not count.

use std::fmt::Write;
use std::sync::OnceLock;

const LAST: u32 = 0x10_ffff;

/// A set of characters, as ranges with both ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class(Vec<(u32, u32)>);

/// `\d`
pub const DIGITS: &[(u32, u32)] = &[(0x30, 0x39)];
/// `\w`
pub const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
/// `\s`
pub const SPACE: &[(u32, u32)] = &[
    (0x09, 0x0d),
    (0x20, 0x20),
    (0xa0, 0xa0),
    (0x1680, 0x1680),
    (0x2000, 0x200a),
    (0x2028, 0x2029),
    (0x202f, 0x202f),
    (0x205f, 0x205f),
    (0x3000, 0x3000),
    (0xfeff, 0xfeff),
];
/// What ends a line.
pub const LINE_ENDS: &[(u32, u32)] = &[(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)];

impl Class {
    /// The set of these ranges.
    pub fn of(ranges: &[(u32, u32)]) -> Class {
        Class(ranges.to_vec())
    }

    /// Adds a range.
    pub fn add(&mut self, from: u32, to: u32) {
        self.0.push((from, to));
    }

    /// Adds another set.
    pub fn add_all(&mut self, other: &Class) {
        self.0.extend_from_slice(&other.0);
    }

    /// Every character that is not in it.
    pub fn negated(mut self) -> Class {
        self.0.sort_unstable();
        let mut rest = Vec::new();
        let mut next = 0;
        for (from, to) in self.0 {
            if from > next {
                rest.push((next, from - 1));
            }
            next = next.max(to.saturating_add(1));
        }
        if next <= LAST {
            rest.push((next, LAST));
        }
        Class(rest)
    }

    fn contains(&self, c: u32) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&c))
    }

    /// With every character that differs from one of its own only in case.
    pub fn folded(mut self) -> Class {
        let mut more = Vec::new();
        for group in case_groups() {
            if group.iter().any(|c| self.contains(*c)) {
                more.extend(group.iter().filter(|c| !self.contains(**c)).map(|c| (*c, *c)));
            }
        }
        self.0.extend(more);
        self
    }

    /// As the engines read it.
    pub fn write(&self, out: &mut String) {
        let scalar: Vec<_> = self.0.iter().flat_map(|range| without_surrogates(*range)).collect();
        if scalar.is_empty() {
            // Nothing is in it.
            out.push_str("[^\\x{0}-\\x{10FFFF}]");
            return;
        }
        out.push('[');
        for (from, to) in scalar {
            // Writing to a string does not fail.
            let _ =
                if from == to { write!(out, "\\x{{{from:X}}}") } else { write!(out, "\\x{{{from:X}}}-\\x{{{to:X}}}") };
        }
        out.push(']');
    }
}

/// Halves of surrogate pairs are in no text here.
fn without_surrogates((from, to): (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
    let below = (from, to.min(0xd7ff));
    let above = (from.max(0xe000), to.min(LAST));
    [below, above].into_iter().filter(|(from, to)| from <= to)
}

/// The characters that JavaScript holds for the same where case does not count: those with one upper case, which is one
/// UTF-16 unit, except that what is not ASCII never equals what is.
fn case_groups() -> &'static [Vec<u32>] {
    static GROUPS: OnceLock<Vec<Vec<u32>>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let mut all: std::collections::BTreeMap<u32, Vec<u32>> = std::collections::BTreeMap::new();
        for c in ('\0'..='\u{ffff}').filter(|c| *c != '\0') {
            all.entry(canonical(c)).or_default().push(c as u32);
        }
        all.into_values().filter(|group| group.len() > 1).collect()
    })
}

fn canonical(c: char) -> u32 {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) if only as u32 <= 0xffff && (c.is_ascii() || !only.is_ascii()) => only as u32,
        _ => c as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_folded_as_javascript_does() {
        let folded = |c: char| {
            let mut class = Class::default();
            class.add(c as u32, c as u32);
            let Class(ranges) = class.folded();
            ranges.into_iter().filter_map(|(c, _)| char::from_u32(c)).collect::<String>()
        };
        assert_eq!(folded('k'), "kK");
        assert_eq!(folded('ſ'), "ſ");
        assert_eq!(folded('ß'), "ß");
        assert_eq!(folded('σ'), "σΣς");
        assert_eq!(folded('1'), "1");
    }

    #[test]
    fn negation_covers_the_rest() {
        assert_eq!(Class::of(&[(5, 9), (0, 3)]).negated(), Class::of(&[(4, 4), (10, LAST)]));
        assert_eq!(Class::default().negated(), Class::of(&[(0, LAST)]));
        assert_eq!(Class::of(&[(0, LAST)]).negated(), Class::default());
    }
}
