//! From the text of a signature to its parameters.

use super::letters::Letters;
use super::{Count, Parameter};
use crate::jsonata::error::Error;

const ONE: Count = Count { optional: false, many: false, lazy: false };

/// The parameters of a signature. What it says of the result is not looked at.
pub fn parameters(text: &str) -> Result<Vec<Parameter>, Error> {
    let mut reader = Reader { parameters: Vec::new(), last: None, offset: 0 };
    let mut characters = text.char_indices();
    reader.pass(characters.next());
    while let Some((at, character)) = characters.next() {
        match character {
            ':' => break,
            's' | 'n' | 'b' | 'l' | 'o' => reader.push(character, Letters::new(&format!("{character}m"))),
            'f' => reader.push(character, Letters::new("f")),
            'a' | 'x' => reader.push(character, Letters::new("asnblfom")),
            'j' => reader.push(character, Letters::new("asnblom")),
            '-' => reader.context()?,
            '?' | '+' => reader.repeat(character == '+')?,
            '(' => {
                let inner = between(&text[at + 1..], '(', ')');
                if inner.contains('<') {
                    return Err(Error::new("S0402").at(reader.offset));
                }
                reader.push('(', Letters::choice(inner));
                reader.skip(inner, &mut characters);
            }
            '<' => {
                let inner = between(&text[at + 1..], '<', '>');
                match reader.last {
                    Some('a' | 'f') => reader.items(inner),
                    _ => return Err(Error::new("S0401").at(reader.offset)),
                }
                reader.skip(inner, &mut characters);
            }
            _ => {}
        }
        reader.pass(Some((at, character)));
    }
    Ok(reader.parameters)
}

/// What stands before the bracket that closes the one before; all of it where none does.
fn between(text: &str, open: char, close: char) -> &str {
    let mut depth = 1;
    for (at, character) in text.char_indices() {
        if character == close {
            depth -= 1;
            if depth == 0 {
                return &text[..at];
            }
        } else if character == open {
            depth += 1;
        }
    }
    text
}

struct Reader {
    parameters: Vec<Parameter>,
    /// The letter of the last parameter.
    last: Option<char>,
    /// How many UTF-16 units have been read.
    offset: usize,
}

impl Reader {
    fn pass(&mut self, character: Option<(usize, char)>) {
        self.offset += character.map_or(0, |(_, character)| character.len_utf16());
    }

    /// Passes what stands between brackets, and the bracket behind it.
    fn skip(&mut self, inner: &str, characters: &mut std::str::CharIndices<'_>) {
        for _ in inner.chars() {
            self.pass(characters.next());
        }
        self.pass(characters.next());
    }

    fn push(&mut self, letter: char, letters: Letters) {
        self.last = Some(letter);
        self.parameters.push(Parameter { letters, count: ONE, array: letter == 'a', items: None, context: None });
    }

    fn items(&mut self, items: &str) {
        if let Some(parameter) = self.parameters.last_mut() {
            parameter.items = Some(items.into());
        }
    }

    /// `-`: the context stands for the argument where it is left out.
    fn context(&mut self) -> Result<(), Error> {
        if let Some(parameter) = self.parameters.last_mut() {
            // A parameter that may be left out anyway takes any context.
            parameter.context = Some(if parameter.count.optional { Letters::all() } else { parameter.letters });
        }
        self.repeat(false)
    }

    /// `?` or `+`. A second one only says that as few as can be are to be taken: it has to be `?`.
    fn repeat(&mut self, many: bool) -> Result<(), Error> {
        let offset = self.offset;
        let Some(parameter) = self.parameters.last_mut() else { return Ok(()) };
        let count = &mut parameter.count;
        match *count {
            ONE => *count = Count { optional: !many, many, lazy: false },
            Count { lazy: false, .. } if !many => count.lazy = true,
            _ => return Err(Error::new("S0401").message("Invalid function signature").at(offset)),
        }
        Ok(())
    }
}
