//! JavaScript's syntax of regular expressions, written anew for the engines.
//!
//! Whatever the engines would read otherwise than JavaScript is spelled out: characters as escapes, classes as ranges,
//! lines with JavaScript's line ends, case as the characters that are the same without it.

use super::classes::{Class, LINE_ENDS};

mod characters;

use characters::Escaped;

/// A pattern for the engines.
#[derive(Debug)]
pub struct Translation {
    /// The pattern.
    pub text: String,
    /// It looks around or refers back, which only a backtracking engine does.
    pub backtracks: bool,
}

/// Translates a pattern, or says what is wrong with it.
pub fn translate(source: &str, ignore_case: bool, multi_line: bool) -> Result<Translation, String> {
    let chars: Vec<char> = source.chars().collect();
    let names = group_names(&chars);
    let translation = Translation { text: String::new(), backtracks: false };
    let mut translator = Translator {
        chars,
        at: 0,
        names,
        ignore_case,
        multi_line,
        out: translation,
        open: Vec::new(),
        lookahead: usize::MAX,
        lookbehind: false,
        pair: false,
    };
    translator.pattern()?;
    Ok(translator.out)
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    /// The groups that remember, in order, with the names of those that have one.
    names: Vec<Option<String>>,
    ignore_case: bool,
    multi_line: bool,
    out: Translation,
    /// For each open group, whether it may be repeated, and where it starts.
    open: Vec<(Closed, usize)>,
    /// Where the lookahead starts that was closed last.
    lookahead: usize,
    /// A lookbehind was closed just before.
    lookbehind: bool,
    /// A character of two UTF-16 units was written just before: only the second one is repeated.
    pair: bool,
}

/// What may follow a group.
#[derive(Clone, Copy, PartialEq)]
enum Closed {
    Repeatable,
    /// JavaScript repeats it, though that means nothing.
    Lookahead,
    Fixed,
}

impl Translator {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, c)| self.chars.get(self.at + offset) == Some(&c))
    }

    fn take(&mut self, text: &str) -> bool {
        let taken = self.looking_at(text);
        if taken {
            self.at += text.chars().count();
        }
        taken
    }

    fn pattern(&mut self) -> Result<(), String> {
        let mut repeatable = false;
        while let Some(c) = self.peek() {
            if let Some((least, most)) = self.quantifier()? {
                if !repeatable {
                    let why = if self.lookbehind { "Invalid quantifier" } else { "Nothing to repeat" };
                    return Err(why.into());
                }
                self.write_quantifier(least, most);
                repeatable = false;
                (self.lookahead, self.lookbehind) = (usize::MAX, false);
                continue;
            }
            (self.lookahead, self.lookbehind) = (usize::MAX, false);
            self.pair = c as u32 > 0xffff;
            self.at += 1;
            repeatable = match c {
                '|' => self.raw("|", false),
                '(' => {
                    self.open_group()?;
                    false
                }
                ')' => {
                    let (closed, start) = self.open.pop().ok_or("Unmatched ')'")?;
                    self.lookbehind = closed == Closed::Fixed;
                    if closed == Closed::Lookahead {
                        self.lookahead = start;
                    }
                    self.raw(")", closed != Closed::Fixed)
                }
                '^' if self.multi_line => self.line_edge("\\A", "(?<="),
                '$' if self.multi_line => self.line_edge("\\z", "(?="),
                '^' => self.raw("\\A", false),
                '$' => self.raw("\\z", false),
                '.' => self.class(&Class::of(LINE_ENDS).negated()),
                '[' => {
                    let class = self.bracketed()?;
                    self.class(&class)
                }
                '\\' => self.escape()?,
                c => self.literal(c as u32),
            };
        }
        if self.open.is_empty() { Ok(()) } else { Err("Unterminated group".into()) }
    }

    fn raw(&mut self, text: &str, repeatable: bool) -> bool {
        self.out.text.push_str(text);
        repeatable
    }

    fn class(&mut self, class: &Class) -> bool {
        class.write(&mut self.out.text);
        true
    }

    fn literal(&mut self, c: u32) -> bool {
        let mut class = Class::default();
        class.add(c, c);
        match char::from_u32(c) {
            Some(c) if self.ignore_case && c.is_ascii_alphabetic() => {
                let other = (c as u8 ^ 0x20) as u32;
                class.add(other, other);
            }
            Some(c) if c.is_ascii_alphanumeric() || (!c.is_ascii() && !self.ignore_case) => {
                self.out.text.push(c);
                return true;
            }
            Some(c) if !c.is_ascii() => class = class.folded(),
            // ASCII that may mean something to the engines, or half of a surrogate pair, which no text here has.
            _ => {}
        }
        self.class(&class)
    }

    /// The start or the end of a line.
    fn line_edge(&mut self, edge: &str, look: &str) -> bool {
        self.out.backtracks = true;
        self.out.text.push_str("(?:");
        self.out.text.push_str(edge);
        self.out.text.push('|');
        self.out.text.push_str(look);
        Class::of(LINE_ENDS).write(&mut self.out.text);
        self.raw("))", false)
    }

    fn word_edge(&mut self, negated: bool) -> bool {
        if !negated && !self.out.backtracks {
            // Written anew below where the pattern turns out to need the other engine.
            return self.raw(LINEAR_WORD_EDGE, false);
        }
        self.out.backtracks = true;
        self.raw(if negated { NO_WORD_EDGE } else { WORD_EDGE }, false)
    }

    fn open_group(&mut self) -> Result<(), String> {
        let start = self.out.text.len();
        if !self.take("?") {
            self.open.push((Closed::Repeatable, start));
            self.raw("(", true);
            return Ok(());
        }
        for (written, closed) in [
            ("<=", Closed::Fixed),
            ("<!", Closed::Fixed),
            ("=", Closed::Lookahead),
            ("!", Closed::Lookahead),
            (":", Closed::Repeatable),
        ] {
            if self.take(written) {
                self.out.backtracks |= written != ":";
                self.open.push((closed, start));
                self.out.text.push_str("(?");
                self.out.text.push_str(written);
                return Ok(());
            }
        }
        if self.take("<") {
            if self.group_name().is_none() {
                return Err("Invalid capture group name".into());
            }
            self.open.push((Closed::Repeatable, start));
            self.raw("(", true);
            return Ok(());
        }
        Err("Invalid group".into())
    }

    /// The rest of `name>`.
    fn group_name(&mut self) -> Option<String> {
        let (name, end) = name_at(&self.chars, self.at)?;
        self.at = end;
        Some(name)
    }

    /// A quantifier that stands here, without its `?`. Braces that are none are characters.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        let found = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let start = self.at;
                self.at += 1;
                let Some(found) = self.counts() else {
                    self.at = start;
                    return Ok(None);
                };
                if found.1.is_some_and(|most| most < found.0) {
                    return Err("numbers out of order in {} quantifier".into());
                }
                return Ok(Some(found));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(found))
    }

    /// The rest of `{2}`, `{2,}` or `{2,3}`.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let least = self.count()?;
        let most = if self.take(",") { self.count() } else { Some(least) };
        self.take("}").then_some((least, most))
    }

    fn count(&mut self) -> Option<u32> {
        let mut count = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.at += 1;
            count = Some(count.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
        }
        count
    }

    fn write_quantifier(&mut self, least: u32, most: Option<u32>) {
        if self.lookahead < self.out.text.len() {
            // Looking twice is looking once, and not having to look is not looking.
            if least == 0 {
                self.out.text.insert_str(self.lookahead, "(?:");
                self.out.text.push_str("|)");
            }
            self.take("?");
            return;
        }
        if std::mem::take(&mut self.pair) {
            // No text here has one unit without the other, so that there is exactly one of either.
            if least > 1 || most == Some(0) {
                Class::default().write(&mut self.out.text);
            }
            self.take("?");
            return;
        }
        match (least, most) {
            (0, None) => self.out.text.push('*'),
            (1, None) => self.out.text.push('+'),
            (0, Some(1)) => self.out.text.push('?'),
            (least, None) => self.out.text.push_str(&format!("{{{least},}}")),
            (least, Some(most)) => self.out.text.push_str(&format!("{{{least},{most}}}")),
        }
        if self.take("?") {
            self.out.text.push('?');
        }
    }

    /// What follows a backslash outside of brackets.
    fn escape(&mut self) -> Result<bool, String> {
        let c = self.peek().ok_or("\\ at end of pattern")?;
        match c {
            'b' | 'B' => {
                self.at += 1;
                return Ok(self.word_edge(c == 'B'));
            }
            '1'..='9' => {
                let start = self.at;
                let group = self.count().unwrap_or(0) as usize;
                if group <= self.names.len() {
                    return Ok(self.back_reference(group));
                }
                self.at = start;
            }
            'k' if self.names.iter().any(Option::is_some) => {
                self.at += 1;
                let name = if self.take("<") { self.group_name() } else { None };
                let name = name.ok_or("Invalid named reference")?;
                let group = self.names.iter().position(|known| known.as_deref() == Some(&name));
                let group = group.ok_or("Invalid named capture referenced")?;
                return Ok(self.back_reference(group + 1));
            }
            _ => {}
        }
        Ok(match self.escaped()? {
            Escaped::Class(class) => self.class(&class),
            Escaped::Char(c) => self.literal(c),
        })
    }

    /// A group that took no part matches nothing, where the engine would not match at all.
    fn back_reference(&mut self, group: usize) -> bool {
        self.out.backtracks = true;
        let case = if self.ignore_case { "i" } else { "" };
        self.raw(&format!("(?({group})(?{case}:\\{group})|)"), true)
    }
}

/// A word edge for the linear engine, and what stands for it in the backtracking one.
const LINEAR_WORD_EDGE: &str = "(?-u:\\b)";
const WORD_EDGE: &str = "(?:(?<=[0-9A-Z_a-z])(?![0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?=[0-9A-Z_a-z]))";
const NO_WORD_EDGE: &str = "(?:(?<=[0-9A-Z_a-z])(?=[0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?![0-9A-Z_a-z]))";

impl Translation {
    /// The pattern in the form that its engine reads.
    pub fn for_engine(self) -> Translation {
        if self.backtracks {
            return Translation { text: self.text.replace(LINEAR_WORD_EDGE, WORD_EDGE), ..self };
        }
        self
    }
}

/// The name that ends with `>`, and where it ends.
fn name_at(chars: &[char], start: usize) -> Option<(String, usize)> {
    let rest = chars.get(start..)?;
    let length = rest.iter().position(|c| *c == '>')?;
    let name: String = rest[..length].iter().collect();
    let mut letters = name.chars();
    let is_start = |c: char| c == '$' || c == '_' || unicode_ident::is_xid_start(c);
    let is_name =
        letters.next().is_some_and(is_start) && letters.all(|c| is_start(c) || unicode_ident::is_xid_continue(c));
    is_name.then_some((name, start + length + 1))
}

/// The groups that remember.
fn group_names(chars: &[char]) -> Vec<Option<String>> {
    let mut names = Vec::new();
    let mut in_class = false;
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        at += 1;
        match c {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && chars.get(at) != Some(&'?') => names.push(None),
            '(' if !in_class && chars.get(at + 1) == Some(&'<') => {
                if let Some((name, _)) = name_at(chars, at + 2) {
                    names.push(Some(name));
                }
            }
            _ => {}
        }
    }
    names
}
