//! Types as letters, as signatures have them.

use crate::jsonata::item::Item;

/// A set of ASCII letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letters(u128);

impl Letters {
    /// These characters; those that are not ASCII are no type's letter.
    pub fn new(text: &str) -> Letters {
        Letters(text.bytes().filter(u8::is_ascii).fold(0, |set, byte| set | 1 << byte))
    }

    /// All of them.
    pub fn all() -> Letters {
        Letters(u128::MAX)
    }

    /// What is written between parentheses. As in the reference, it is read as a class of a regular expression is: with
    /// ranges, and with `^` in front for all others.
    pub fn choice(text: &str) -> Letters {
        let (negated, text) = match text.strip_prefix('^') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let bytes: Vec<u8> = text.bytes().filter(u8::is_ascii).chain([b'm']).collect();
        let mut set = 0_u128;
        let mut rest = bytes.as_slice();
        while let [first, tail @ ..] = rest {
            if let [b'-', last, tail @ ..] = tail {
                set |= (*first..=*last).fold(0, |set, byte| set | 1 << byte);
                rest = tail;
            } else {
                set |= 1 << *first;
                rest = tail;
            }
        }
        Letters(if negated { !set } else { set })
    }

    /// Whether a letter is in it.
    pub fn contains(self, letter: u8) -> bool {
        letter.is_ascii() && self.0 >> letter & 1 == 1
    }
}

/// The letter of a value's type; `m` is for what is missing.
pub fn letter(item: &Item) -> u8 {
    match item {
        Item::Undefined => b'm',
        Item::Null => b'l',
        Item::Bool(_) => b'b',
        Item::Number(_) => b'n',
        Item::String(_) => b's',
        Item::Array(_) => b'a',
        Item::Object(_) => b'o',
        Item::Function(_) => b'f',
    }
}

/// How errors call many of a type.
pub fn plural(letter: &str) -> Option<&'static str> {
    Some(match letter {
        "a" => "arrays",
        "b" => "booleans",
        "f" => "functions",
        "n" => "numbers",
        "o" => "objects",
        "s" => "strings",
        _ => return None,
    })
}
