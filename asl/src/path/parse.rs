//! Text to steps, with Jayway's character rules rather than RFC 9535's. Filters and arguments are read next door.
//!
//! A name runs to the next `.`, `[` or `(`, whatever it holds but a blank. One last character may go unread: `$.a[` is
//! `$.a` to Jayway, and so it is here.

use super::cursor::{Cursor, Fault};
use super::filter_parse;
use super::function_parse;
use super::literal::unescape;
use super::program::{Call, Program, Token};

/// How deep filters and arguments may nest.
pub(super) const NESTING_MAX: usize = 64;

/// Compiles a whole path. A text that starts with neither `$` nor `@` gets `$.` in front.
pub(super) fn path(text: &str, depth: usize) -> Result<Program, Fault> {
    read_path(text, depth).map_err(|fault| Fault { invalid: true, ..fault })
}

fn read_path(text: &str, depth: usize) -> Result<Program, Fault> {
    let prefixed;
    let mut cursor = Cursor::new(text);
    cursor.trim();
    if !matches!(cursor.at(0)?, b'$' | b'@') {
        prefixed = format!("$.{text}");
        cursor = Cursor::new(&prefixed);
        cursor.trim();
    }
    if cursor.last_is(b'.') {
        return Err(Fault::invalid("Path must not end with a '.' or '..'"));
    }
    steps(cursor, depth)
}

/// Compiles from the root's sign on, without a look at the ends.
pub(super) fn steps(mut cursor: Cursor<'_>, depth: usize) -> Result<Program, Fault> {
    if depth > NESTING_MAX {
        return Err(Fault::invalid(format!("Filters and arguments nest more than {NESTING_MAX} deep")));
    }
    while cursor.in_bounds() && matches!(cursor.current()?, b' ' | b'\t' | b'\n' | b'\r') {
        cursor.advance(1);
    }
    let root = char::from(cursor.current()?);
    if !matches!(root, '$' | '@') {
        return Err(Fault::invalid("Path must start with '$' or '@'"));
    }
    let mut parser = Parser { cursor, depth, tokens: Vec::new() };
    if parser.cursor.at_tail() {
        return Ok(Program::new(root, Vec::new()));
    }
    parser.cursor.advance(1);
    if !matches!(parser.cursor.current()?, b'.' | b'[') {
        let place = parser.place();
        return Err(Fault::invalid(format!("Illegal character at position {place} expected '.' or '['")));
    }
    loop {
        parser.token()?;
        if parser.cursor.at_tail() {
            let mut program = Program::new(root, parser.tokens);
            program.unread = parser.cursor.in_bounds();
            return Ok(program);
        }
    }
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    depth: usize,
    tokens: Vec<Token>,
}

impl Parser<'_> {
    /// The current place, as messages count it.
    fn place(&self) -> usize {
        self.cursor.units(self.cursor.position())
    }

    fn unparsed(&self, expected: &str) -> Fault {
        Fault::invalid(format!("Could not parse token starting at position {}{expected}", self.place()))
    }

    /// Reads dots and the step after them.
    fn token(&mut self) -> Result<(), Fault> {
        while self.cursor.current_is(b'.')? {
            self.dots()?;
        }
        let token = match self.cursor.current()? {
            b'[' => self.bracket()?,
            b'*' => {
                self.cursor.advance(1);
                Some(Token::Wildcard)
            }
            _ => self.name()?,
        };
        match token {
            Some(token) => self.tokens.push(token),
            None => return Err(self.unparsed("")),
        }
        Ok(())
    }

    fn dots(&mut self) -> Result<(), Fault> {
        if self.cursor.next_is(b'.') {
            self.tokens.push(Token::Descend);
            self.cursor.advance(2);
        } else if !self.cursor.has_more() {
            return Err(Fault::invalid("Path must not end with a '."));
        } else {
            self.cursor.advance(1);
        }
        if self.cursor.current_is(b'.')? {
            return Err(Fault::invalid(format!("Character '.' on position {} is not valid.", self.place())));
        }
        Ok(())
    }

    /// `a` or `a(...)`
    fn name(&mut self) -> Result<Option<Token>, Fault> {
        if self.cursor.current_is(b' ')? {
            return Ok(None);
        }
        let start = self.cursor.position();
        let mut stop = start;
        while stop < self.cursor.end() && !matches!(self.cursor.at(stop)?, b'.' | b'[' | b'(') {
            if self.cursor.at(stop)? == b' ' {
                let place = self.place();
                let message = "Use bracket notion ['my prop'] if your property contains blank characters. position: ";
                return Err(Fault::invalid(format!("{message}{place}")));
            }
            stop += 1;
        }
        let name = self.cursor.slice(start, stop);
        self.cursor.move_to(stop);
        if stop < self.cursor.end() && self.cursor.at(stop)? == b'(' {
            let parameters = function_parse::arguments(&mut self.cursor, name, self.depth)?;
            return Ok(Some(Token::Call(Box::new(Call::new(name.to_string(), parameters)))));
        }
        Ok(Some(Token::Name { name: name.into(), quote: '\'' }))
    }

    fn bracket(&mut self) -> Result<Option<Token>, Fault> {
        let token = match self.cursor.next_significant(self.cursor.position()) {
            quote @ (b'\'' | b'"') => Some(self.quoted(quote)?),
            b'0'..=b'9' | b'-' | b':' => self.array()?,
            b'*' => Some(self.wildcard()?),
            _ => self.filter()?,
        };
        match token {
            Some(token) => Ok(Some(token)),
            None => Err(self.unparsed(". Expected ?, ', 0-9, * ")),
        }
    }

    /// `['a']`, `['a','b']`
    fn quoted(&mut self, quote: u8) -> Result<Token, Fault> {
        let cursor = &self.cursor;
        let (mut start, mut stop, mut place) = (cursor.position() + 1, 0, cursor.position() + 1);
        let (mut inside, mut escaped, mut comma) = (false, false, false);
        let mut names = Vec::new();
        while place < cursor.end() {
            let byte = cursor.at(place)?;
            if escaped {
                escaped = false;
            } else if byte == b'\\' {
                escaped = true;
            } else if byte == b']' && !inside {
                if comma {
                    return Err(Fault::invalid(format!("Found empty property at index {}", cursor.units(place))));
                }
                break;
            } else if byte == quote && inside {
                if !matches!(cursor.next_significant(place), b']' | b',') {
                    let place = cursor.units(place);
                    let message = "Property must be separated by comma or Property must be terminated close square \
                                   bracket at index ";
                    return Err(Fault::invalid(format!("{message}{place}")));
                }
                stop = place;
                names.push(unescape(cursor.slice(start, stop))?.as_ref().into());
                inside = false;
            } else if byte == quote {
                start = place + 1;
                inside = true;
                comma = false;
            } else if byte == b',' && !inside {
                if comma {
                    return Err(Fault::invalid(format!("Found empty property at index {}", cursor.units(place))));
                }
                comma = true;
            }
            place += 1;
        }
        let quote = char::from(quote);
        if inside {
            return Err(Fault::invalid(format!("Property has not been closed - missing closing {quote}")));
        }
        let Some(bracket) = cursor.find_significant(stop, b']')? else {
            return Err(Fault::invalid("Property has not been closed - missing closing ]"));
        };
        self.cursor.move_to(bracket + 1);
        match <[_; 1]>::try_from(names) {
            Ok([name]) => Ok(Token::Name { name, quote }),
            Err(names) if names.is_empty() => Err(Fault::invalid("Empty properties")),
            Err(names) => Ok(Token::Names { names: names.into(), quote }),
        }
    }

    /// `[0]`, `[0,1]`, `[1:]`, `[:2]`, `[1:2]`
    fn array(&mut self) -> Result<Option<Token>, Fault> {
        let start = self.cursor.position() + 1;
        let Some(stop) = self.cursor.find(start, b']') else { return Ok(None) };
        let text = self.cursor.slice(start, stop).trim_matches(|c: char| c <= ' ');
        if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b'-' | b':' | b' ')) {
            return Ok(None);
        }
        let token = if text.contains(':') { slice(text)? } else { indices(text)? };
        self.cursor.move_to(stop + 1);
        Ok(Some(token))
    }

    fn wildcard(&mut self) -> Result<Token, Fault> {
        let Some(star) = self.cursor.find_significant(self.cursor.position(), b'*')? else {
            return Err(self.unparsed(""));
        };
        if self.cursor.next_significant(star) != b']' {
            let place = self.cursor.units(star + 1);
            return Err(Fault::invalid(format!("Expected wildcard token to end with ']' on position {place}")));
        }
        let Some(bracket) = self.cursor.find_significant(star, b']')? else { return Err(self.unparsed("")) };
        self.cursor.move_to(bracket + 1);
        Ok(Token::Wildcard)
    }

    /// `[?(...)]`
    fn filter(&mut self) -> Result<Option<Token>, Fault> {
        let open = self.cursor.position();
        let Some(question) = self.cursor.find_significant(open, b'?')? else { return Ok(None) };
        let Some(bracket) = self.cursor.find_significant(question, b'(')? else { return self.placeholder(question) };
        let closing = self.cursor.find_closing(bracket, (b'(', b')'), true)?;
        let Some(closing) = closing.filter(|closing| self.cursor.next_significant(*closing) == b']') else {
            return Ok(None);
        };
        let Some(end) = self.cursor.find_significant(closing, b']')? else { return Ok(None) };
        let expression = filter_parse::filter(self.cursor.slice(open, end + 1), self.depth)?;
        self.cursor.move_to(end + 1);
        Ok(Some(Token::Filter(Box::new(expression))))
    }

    /// `[?]` stands for a predicate from a program, of which there is none here.
    fn placeholder(&self, question: usize) -> Result<Option<Token>, Fault> {
        if !matches!(self.cursor.next_significant(question), b']' | b',') {
            return Ok(None);
        }
        let start = self.cursor.position() + 1;
        let Some(stop) = self.cursor.find(start, b']') else { return Ok(None) };
        let (text, place) = (self.cursor.slice(start, stop), self.place());
        Err(Fault::invalid(format!("Not enough predicates supplied for filter [{text}] at position {place}")))
    }
}

fn indices(text: &str) -> Result<Token, Fault> {
    let mut found = Vec::new();
    for part in text.split(',') {
        let part = part.trim_matches(' ');
        found.push(
            part.parse::<i32>()
                .map_err(|_| Fault::invalid(format!("Failed to parse token in ArrayIndexOperation: {part}")))?,
        );
    }
    Ok(match found[..] {
        [index] => Token::Index(index),
        _ => Token::Indices(found.into()),
    })
}

/// A third part, the step width, is read over: Jayway does not know it.
fn slice(text: &str) -> Result<Token, Fault> {
    let refused = || Fault::invalid(format!("Failed to parse SliceOperation: {text}"));
    if text.contains([',', ' ']) {
        return Err(refused());
    }
    let mut parts = text.split(':').map(|part| match part {
        "" => Ok(None),
        number => number.parse::<i32>().map(Some).map_err(|_| Fault::number(number)),
    });
    let (from, to) = (parts.next().unwrap_or(Ok(None))?, parts.next().unwrap_or(Ok(None))?);
    if from.is_none() && to.is_none() {
        return Err(refused());
    }
    Ok(Token::Slice { from, to })
}
