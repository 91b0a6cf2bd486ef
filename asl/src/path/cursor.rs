//! A place in a path's text, with Jayway's ways of looking ahead and back.
//!
//! All characters that mean something are ASCII, so places are byte offsets; messages count UTF-16 units as Jayway does.
//! Reading past the end is a fault of its own kind, because Jayway's parsers tell the two kinds apart.

/// Why text was refused.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// In Jayway's words.
    pub message: String,
    /// Whether the text was understood well enough to be called invalid. A filter falls back to an existence check on
    /// such a fault, but not on the other kind, which stands for a failed conversion or a place past the end.
    pub invalid: bool,
}

impl Fault {
    /// The text is not a path.
    pub fn invalid(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), invalid: true }
    }

    /// A number was expected.
    pub fn number(text: &str) -> Fault {
        Fault { message: format!("java.lang.NumberFormatException: For input string: \"{text}\""), invalid: false }
    }
}

/// A place in a text, and the last place that counts.
pub(super) struct Cursor<'t> {
    text: &'t str,
    position: usize,
    /// One past the last place that counts: blanks at the end, and the brackets around a filter, do not.
    end: usize,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str) -> Cursor<'t> {
        Cursor { text, position: 0, end: text.len() }
    }

    pub fn text(&self) -> &'t str {
        self.text
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn end(&self) -> usize {
        self.end
    }

    pub fn move_to(&mut self, position: usize) {
        self.position = position;
    }

    pub fn advance(&mut self, count: usize) {
        self.position += count;
    }

    /// Drops the last place.
    pub fn shorten(&mut self) {
        self.end = self.end.saturating_sub(1);
    }

    pub fn in_bounds(&self) -> bool {
        self.position < self.end
    }

    pub fn has_more(&self) -> bool {
        self.position + 1 < self.end
    }

    /// At the last place or past it. Jayway stops here, so one last character may go unread.
    pub fn at_tail(&self) -> bool {
        self.position + 1 >= self.end
    }

    /// The byte at a place of the whole text.
    pub fn at(&self, position: usize) -> Result<u8, Fault> {
        self.text.as_bytes().get(position).copied().ok_or_else(|| {
            let message = format!(
                "java.lang.StringIndexOutOfBoundsException: String index out of range: {}",
                self.units(position.min(self.text.len()))
            );
            Fault { message, invalid: false }
        })
    }

    pub fn current(&self) -> Result<u8, Fault> {
        self.at(self.position)
    }

    pub fn current_is(&self, byte: u8) -> Result<bool, Fault> {
        Ok(self.current()? == byte)
    }

    pub fn last_is(&self, byte: u8) -> bool {
        self.end > 0 && self.text.as_bytes().get(self.end - 1) == Some(&byte)
    }

    pub fn next_is(&self, byte: u8) -> bool {
        self.has_more() && self.text.as_bytes()[self.position + 1] == byte
    }

    /// The character at the current place, for messages.
    pub fn current_char(&self) -> Option<char> {
        self.text.get(self.position..)?.chars().next()
    }

    /// The text between two places; empty where they are not in order or split a character.
    pub fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or("")
    }

    /// A byte offset as messages count it.
    pub fn units(&self, position: usize) -> usize {
        let position = position.min(self.text.len());
        self.text.as_bytes()[..position].iter().filter(|byte| (*byte & 0xc0) != 0x80).count()
    }

    pub fn skip_blanks(&mut self) {
        while self.position + 1 < self.end && self.text.as_bytes()[self.position] == b' ' {
            self.position += 1;
        }
    }

    /// Leaves out blanks at both ends.
    pub fn trim(&mut self) {
        self.skip_blanks();
        while self.position + 1 < self.end && self.last_is(b' ') {
            self.end -= 1;
        }
    }

    /// The first place after `position` that is not a blank.
    fn significant_after(&self, position: usize) -> usize {
        let mut place = position + 1;
        while place < self.end && self.text.as_bytes()[place] == b' ' {
            place += 1;
        }
        place
    }

    /// What follows `position` after blanks; a blank where nothing does.
    pub fn next_significant(&self, position: usize) -> u8 {
        let place = self.significant_after(position);
        if place < self.end { self.text.as_bytes()[place] } else { b' ' }
    }

    /// The place of `byte`, where it is what follows `position` after blanks.
    pub fn find_significant(&self, position: usize, byte: u8) -> Result<Option<usize>, Fault> {
        let place = self.significant_after(position);
        Ok((self.at(place)? == byte).then_some(place))
    }

    /// The last place before the current one that is not a blank.
    pub fn significant_before(&self) -> Option<usize> {
        let before = self.text.as_bytes().get(..self.position)?;
        before.iter().rposition(|byte| *byte != b' ')
    }

    /// The first `byte` from `position` on.
    pub fn find(&self, position: usize, byte: u8) -> Option<usize> {
        let bytes = self.text.as_bytes().get(position..self.end)?;
        bytes.iter().position(|other| *other == byte).map(|offset| position + offset)
    }

    /// The first `byte` after `position` that no backslash precedes.
    pub fn find_unescaped(&self, position: usize, byte: u8) -> Option<usize> {
        let mut escaped = false;
        for place in position + 1..self.end {
            match self.text.as_bytes()[place] {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                other if other == byte => return Some(place),
                _ => {}
            }
        }
        None
    }

    /// The bracket that closes the one at `position`.
    pub fn find_closing(&self, position: usize, brackets: (u8, u8), patterns: bool) -> Result<Option<usize>, Fault> {
        let mut open = 1;
        let mut place = position + 1;
        while place < self.end {
            let quote = self.at(place)?;
            if quote == b'\'' || quote == b'"' {
                place = self.find_unescaped(place, quote).map(|end| end + 1).ok_or_else(|| {
                    let (quote, text) = (char::from(quote), self.text);
                    Fault::invalid(format!("Could not find matching close quote for {quote} when parsing : {text}"))
                })?;
            }
            if patterns && self.at(place)? == b'/' {
                place = self.find_unescaped(place, b'/').map(|end| end + 1).ok_or_else(|| {
                    let text = self.text;
                    Fault::invalid(format!("Could not find matching close for / when parsing regex in : {text}"))
                })?;
            }
            let byte = self.at(place)?;
            if byte == brackets.0 {
                open += 1;
            } else if byte == brackets.1 {
                open -= 1;
                if open == 0 {
                    return Ok(Some(place));
                }
            }
            place += 1;
        }
        Ok(None)
    }

    /// Goes past `byte`, which must be what follows after blanks.
    pub fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        self.skip_blanks();
        if !self.current_is(byte)? {
            return Err(Fault::invalid(format!("Expected character: {}", char::from(byte))));
        }
        self.position += 1;
        Ok(())
    }

    /// Goes past `word` where it follows after blanks.
    pub fn accept(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let stop = self.position + word.len();
        let found = stop <= self.end && &self.text.as_bytes()[self.position..stop] == word.as_bytes();
        if found {
            self.position = stop;
        }
        found
    }
}
