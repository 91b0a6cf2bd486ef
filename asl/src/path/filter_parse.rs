//! Text to filter expressions: `||`, `&&`, `!`, parentheses, and comparisons of paths and literals.
//!
//! What does not read as a comparison is an existence check, which only a path can be.

use regex::{Regex, RegexBuilder};

use super::cursor::{Cursor, Fault};
use super::filter::{Expression, Operand, Operator};
use super::literal;
use super::operand::Numeric;
use super::parse::{self, NESTING_MAX};

/// Compiled patterns of more bytes than this are refused.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Compiles `[?(...)]`.
pub(super) fn filter(text: &str, depth: usize) -> Result<Expression, Fault> {
    let mut cursor = Cursor::new(text);
    cursor.trim();
    if !cursor.current_is(b'[')? || !cursor.last_is(b']') {
        return Err(Fault::invalid(format!("Filter must start with '[' and end with ']'. {text}")));
    }
    cursor.advance(1);
    cursor.shorten();
    cursor.trim();
    if !cursor.current_is(b'?')? {
        return Err(Fault::invalid(format!("Filter must start with '[?' and end with ']'. {text}")));
    }
    cursor.advance(1);
    cursor.trim();
    if !cursor.current_is(b'(')? || !cursor.last_is(b')') {
        return Err(Fault::invalid(format!("Filter must start with '[?(' and end with ')]'. {text}")));
    }
    let mut parser = Parser { cursor, depth };
    parser.whole().map_err(|fault| match (fault.invalid, parser.cursor.current_char()) {
        (false, Some(char)) => {
            let place = parser.cursor.units(parser.cursor.position());
            Fault::invalid(format!("Failed to parse filter: {text}, error on position: {place}, char: {char}"))
        }
        _ => fault,
    })
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    /// How many filters, arguments, parentheses and negations are around this place.
    depth: usize,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<Expression, Fault> {
        let expression = self.disjunction()?;
        self.cursor.skip_blanks();
        if self.cursor.in_bounds() {
            let rest = self.cursor.slice(self.cursor.position(), self.cursor.end());
            return Err(Fault::invalid(format!("Expected end of filter expression instead of: {rest}")));
        }
        Ok(expression)
    }

    fn disjunction(&mut self) -> Result<Expression, Fault> {
        self.chain("||", Parser::conjunction, Expression::Or)
    }

    fn conjunction(&mut self) -> Result<Expression, Fault> {
        self.chain("&&", Parser::term, Expression::And)
    }

    fn chain(
        &mut self,
        sign: &str,
        part: fn(&mut Self) -> Result<Expression, Fault>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, Fault> {
        let first = part(self)?;
        let mut parts = vec![first];
        loop {
            let before = self.cursor.position();
            if !self.cursor.accept(sign) {
                self.cursor.move_to(before);
                break;
            }
            parts.push(part(self)?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                join(parts)
            }
        })
    }

    /// `!term`, `(disjunction)`, or a comparison.
    fn term(&mut self) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(Fault::invalid(format!("Filters nest more than {NESTING_MAX} deep")));
        }
        let term = self.term_at_depth();
        self.depth -= 1;
        term
    }

    fn term_at_depth(&mut self) -> Result<Expression, Fault> {
        self.cursor.skip_blanks();
        let before = self.cursor.position();
        if self.cursor.current_is(b'!')? {
            self.cursor.expect(b'!')?;
            self.cursor.skip_blanks();
            if !matches!(self.cursor.current()?, b'$' | b'@') {
                return Ok(Expression::Not(Box::new(self.term()?)));
            }
            self.cursor.move_to(before);
        }
        self.cursor.skip_blanks();
        if self.cursor.current_is(b'(')? {
            self.cursor.expect(b'(')?;
            let inner = self.disjunction()?;
            self.cursor.expect(b')')?;
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, Fault> {
        let (left, negated) = self.operand()?;
        let before = self.cursor.position();
        match self.operator().and_then(|operator| Ok((operator, self.operand()?.0))) {
            Ok((operator, right)) => return Ok(Expression::Compare { left, operator, right }),
            Err(fault) if !fault.invalid => return Err(fault),
            Err(_) => self.cursor.move_to(before),
        }
        match left {
            Operand::Path(path) => Ok(Expression::Exists { path, wanted: !negated }),
            _ => Err(Fault::invalid("Expected path node")),
        }
    }

    /// An operand, and whether a `!` stands before it.
    fn operand(&mut self) -> Result<(Operand, bool), Fault> {
        self.cursor.skip_blanks();
        match self.cursor.current()? {
            b'$' | b'@' => self.path(),
            b'!' => {
                self.cursor.advance(1);
                self.cursor.skip_blanks();
                match self.cursor.current()? {
                    b'$' | b'@' => self.path(),
                    _ => Err(Fault::invalid("Unexpected character: !")),
                }
            }
            _ => Ok((self.literal()?, false)),
        }
    }

    fn operator(&mut self) -> Result<Operator, Fault> {
        self.cursor.skip_blanks();
        let start = self.cursor.position();
        let symbolic = is_operator(self.cursor.current()?);
        while self.cursor.in_bounds() {
            let byte = self.cursor.current()?;
            if if symbolic { !is_operator(byte) } else { byte == b' ' } {
                break;
            }
            self.cursor.advance(1);
        }
        let text = self.cursor.slice(start, self.cursor.position());
        Operator::named(text).ok_or_else(|| Fault::invalid(format!("Filter operator {text} is not supported!")))
    }

    fn literal(&mut self) -> Result<Operand, Fault> {
        let start = self.cursor.position();
        match self.cursor.current()? {
            quote @ (b'\'' | b'"') => {
                let Some(end) = self.cursor.find_unescaped(start, quote) else {
                    let (quote, text) = (char::from(quote), self.cursor.text());
                    let message = "String literal does not have matching quotes. Expected";
                    return Err(Fault::invalid(format!("{message} {quote} in {text}")));
                };
                self.cursor.move_to(end + 1);
                Ok(Operand::Text(literal::string(self.cursor.slice(start, end + 1))?.as_ref().into()))
            }
            b't' => self.word("true", Operand::Bool(true), "Expected boolean literal"),
            b'f' => self.word("false", Operand::Bool(false), "Expected boolean literal"),
            b'n' => self.word("null", Operand::Null, "Expected <null> value"),
            b'[' => self.json((b'[', b']')),
            b'{' => self.json((b'{', b'}')),
            b'/' => self.pattern(),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, operand: Operand, message: &str) -> Result<Operand, Fault> {
        if self.cursor.accept(word) { Ok(operand) } else { Err(Fault::invalid(message)) }
    }

    fn number(&mut self) -> Result<Operand, Fault> {
        let start = self.cursor.position();
        while self.cursor.in_bounds() && matches!(self.cursor.current()?, b'0'..=b'9' | b'-' | b'.' | b'e' | b'E') {
            self.cursor.advance(1);
        }
        let text = self.cursor.slice(start, self.cursor.position());
        Numeric::literal(text).map(Operand::Number).ok_or_else(|| Fault::number(text))
    }

    fn json(&mut self, brackets: (u8, u8)) -> Result<Operand, Fault> {
        let start = self.cursor.position();
        let Some(end) = self.cursor.find_closing(start, brackets, false)? else {
            return Err(Fault::invalid(format!("String not closed. Expected ' in {}", self.cursor.text())));
        };
        self.cursor.move_to(end + 1);
        Ok(Operand::Json(literal::json(self.cursor.slice(start, end + 1))))
    }

    /// `/pattern/flags`
    fn pattern(&mut self) -> Result<Operand, Fault> {
        let start = self.cursor.position();
        let Some(close) = self.cursor.find_unescaped(start, b'/') else {
            return Err(Fault::invalid(format!("Pattern not closed. Expected / in {}", self.cursor.text())));
        };
        self.cursor.move_to(close + 1);
        while self.cursor.in_bounds() && b"dixmsuU".contains(&self.cursor.current()?) {
            self.cursor.advance(1);
        }
        let flags = self.cursor.slice(close + 1, self.cursor.position());
        pattern(self.cursor.slice(start + 1, close), flags).map(Operand::Pattern)
    }

    /// A path ends at a blank, an operator, or a parenthesis that closes no function.
    fn path(&mut self) -> Result<(Operand, bool), Fault> {
        let negated = self.cursor.significant_before().map(|place| self.cursor.at(place)).transpose()? == Some(b'!');
        let start = self.cursor.position();
        self.cursor.advance(1);
        while self.cursor.in_bounds() {
            if self.cursor.current_is(b'[')? {
                let closing = self.cursor.find_closing(self.cursor.position(), (b'[', b']'), false)?;
                let Some(closing) = closing else {
                    let text = self.cursor.text();
                    return Err(Fault::invalid(format!("Square brackets does not match in filter {text}")));
                };
                self.cursor.move_to(closing + 1);
            }
            let byte = self.cursor.current()?;
            let ends = byte == b' ' || is_operator(byte) || (byte == b')' && !self.closes_call(start)?);
            if !self.cursor.in_bounds() || ends {
                break;
            }
            self.cursor.advance(1);
        }
        let text = self.cursor.slice(start, self.cursor.position());
        let path = parse::path(text, self.depth + 1)?;
        Ok((Operand::Path(path), negated))
    }

    /// Whether the parenthesis here closes an empty one after a dot.
    fn closes_call(&self, start: usize) -> Result<bool, Fault> {
        let Some(open) = self.cursor.significant_before() else { return Ok(false) };
        if self.cursor.at(open)? != b'(' {
            return Ok(false);
        }
        Ok(self.cursor.slice(start + 1, open).bytes().rev().any(|byte| byte == b'.'))
    }
}

fn is_operator(byte: u8) -> bool {
    matches!(byte, b'<' | b'>' | b'=' | b'~' | b'!')
}

/// A pattern that must match a whole text. Look-around and back references, which Java knows, are refused: matching
/// here takes time in proportion to the text, whatever the pattern.
fn pattern(text: &str, flags: &str) -> Result<Regex, Fault> {
    let line_end = if flags.contains('x') { "\n" } else { "" };
    RegexBuilder::new(&format!("\\A(?:{text}{line_end})\\z"))
        .case_insensitive(flags.contains('i'))
        .ignore_whitespace(flags.contains('x'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| Fault { message: error.to_string(), invalid: false })
}
