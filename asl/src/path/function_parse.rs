//! The arguments of a function: JSON texts and paths, between commas.
//!
//! Jayway tells an argument's kind by its first character that could start one, and drops those it cannot tell.

use super::cursor::{Cursor, Fault};
use super::literal;
use super::parse;
use super::program::Parameter;

/// Reads from the opening parenthesis. After `()` the cursor is left on the closing one, as Jayway leaves it: where that
/// is the last character the path ends there, else the parenthesis is read as the start of the next name.
pub(super) fn arguments(cursor: &mut Cursor<'_>, name: &str, depth: usize) -> Result<Vec<Parameter>, Fault> {
    let open = cursor.position();
    let unclosed = || Fault::invalid(format!("Arguments to function: '{name}' are not closed properly."));
    if !is_closed(cursor, open)? {
        return Err(unclosed());
    }
    cursor.advance(1);
    if cursor.current_is(b')')? {
        return Ok(Vec::new());
    }
    let mut reader = Reader::default();
    let mut parameters = Vec::new();
    while cursor.in_bounds() && !reader.done {
        let byte = cursor.current()?;
        cursor.advance(1);
        reader.read(byte, cursor, depth, &mut parameters)?;
    }
    if reader.braces != 0 || reader.parentheses != 0 || reader.brackets != 0 {
        return Err(unclosed());
    }
    Ok(parameters)
}

fn is_closed(cursor: &Cursor<'_>, open: usize) -> Result<bool, Fault> {
    let mut count = 1;
    for place in open + 1..cursor.end() {
        match cursor.at(place)? {
            b')' => count -= 1,
            b'(' => count += 1,
            _ => {}
        }
        if count == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Json,
    Path,
}

struct Reader {
    kind: Option<Kind>,
    text: Vec<u8>,
    parentheses: i32,
    brackets: i32,
    braces: i32,
    quotes: i32,
    prior: u8,
    done: bool,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader {
            kind: None,
            text: Vec::new(),
            parentheses: 1,
            brackets: 0,
            braces: 0,
            quotes: 0,
            prior: 0,
            done: false,
        }
    }
}

impl Reader {
    fn read(
        &mut self,
        byte: u8,
        cursor: &Cursor<'_>,
        depth: usize,
        parameters: &mut Vec<Parameter>,
    ) -> Result<(), Fault> {
        if self.kind.is_none() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => return Ok(()),
                b'{' | b'0'..=b'9' | b'"' | b'-' => self.kind = Some(Kind::Json),
                b'$' | b'@' => self.kind = Some(Kind::Path),
                _ => {}
            }
        }
        let unexpected = |sign: &str| {
            let place = cursor.units(cursor.position());
            Fault::invalid(format!("Unexpected close {sign} at character position: {place}"))
        };
        match byte {
            b'"' if self.prior != b'\\' && self.quotes > 0 => self.quotes -= 1,
            b'"' => self.quotes += 1,
            b'(' => self.parentheses += 1,
            b'{' => self.braces += 1,
            b'[' => self.brackets += 1,
            b'}' if self.braces == 0 => return Err(unexpected("brace '}'")),
            b'}' => self.braces -= 1,
            b']' if self.brackets == 0 => return Err(unexpected("bracket ']'")),
            b']' => self.brackets -= 1,
            b')' => {
                self.parentheses -= 1;
                if self.parentheses < 0 || self.prior == b'(' {
                    self.text.push(byte);
                }
                self.separate(byte, depth, parameters)?;
            }
            b',' => self.separate(byte, depth, parameters)?,
            _ => {}
        }
        let separates = byte == b',' && self.braces == 0 && self.brackets == 0 && self.parentheses == 1;
        if self.kind.is_some() && !separates {
            self.text.push(byte);
        }
        self.prior = byte;
        Ok(())
    }

    /// Ends the argument, where no quote, brace or bracket is open.
    fn separate(&mut self, byte: u8, depth: usize, parameters: &mut Vec<Parameter>) -> Result<(), Fault> {
        let outside = self.quotes == 0 && self.braces == 0 && self.brackets == 0;
        if !outside || !((self.parentheses == 0 && byte == b')') || self.parentheses == 1) {
            return Ok(());
        }
        self.done = self.parentheses == 0;
        let Some(kind) = self.kind.take() else { return Ok(()) };
        let text = std::mem::take(&mut self.text);
        let text = String::from_utf8_lossy(&text);
        parameters.push(match kind {
            Kind::Json => Parameter::Json(literal::argument(&text)?),
            Kind::Path => Parameter::Path(parse::steps(Cursor::new(&text), depth + 1)?),
        });
        Ok(())
    }
}
