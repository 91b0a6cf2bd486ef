//! The variables that a JSONata expression takes from outside: found by its words, without parsing the expression.
//!
//! What the expression binds itself is left out: with `:=`, as a function's parameter, with `@` and `#`. So are
//! `$states`, which is no variable, and the functions of JSONata.

use std::collections::{BTreeSet, HashSet};

/// The functions that JSONata and Step Functions define. A variable may have such a name, too.
const FUNCTIONS: [&str; 72] = [
    "abs",
    "append",
    "assert",
    "average",
    "base64decode",
    "base64encode",
    "boolean",
    "ceil",
    "clone",
    "contains",
    "count",
    "decodeUrl",
    "decodeUrlComponent",
    "distinct",
    "each",
    "encodeUrl",
    "encodeUrlComponent",
    "error",
    "eval",
    "exists",
    "filter",
    "floor",
    "formatBase",
    "formatInteger",
    "formatNumber",
    "fromMillis",
    "hash",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "millis",
    "min",
    "not",
    "now",
    "number",
    "pad",
    "parse",
    "parseInteger",
    "partition",
    "power",
    "random",
    "randomSeed",
    "range",
    "reduce",
    "replace",
    "reverse",
    "round",
    "shuffle",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "typeOf",
    "uppercase",
    "uuid",
    "zip",
];

/// The names, without `$`, that the expression refers to and does not bind. `assigned` are the variables that anything
/// assigns: a function's name counts as a variable only if it is one of these and is not called.
pub(crate) fn free<'t>(source: &'t str, assigned: &HashSet<&str>) -> BTreeSet<&'t str> {
    let words = words(source);
    let mut scan = Scan { words: &words, frames: vec![Frame::root()], free: BTreeSet::new(), assigned };
    for at in 0..words.len() {
        scan.take(at);
    }
    scan.free
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Word<'t> {
    /// `$name`, without the `$`. The context `$` and the root `$$` are no words.
    Variable(&'t str),
    /// A field's name, `and`, `function`.
    Name(&'t str),
    /// A text, a number, a name in back quotes, a regular expression.
    Literal,
    /// `:=`
    Bind,
    /// One character of anything else.
    Sign(char),
}

/// What is between two brackets, as far as names go.
struct Frame<'t> {
    closes_with: char,
    /// Bound from here to the closing bracket.
    bound: Vec<&'t str>,
    /// Bound when the value after `:=` has ended, which itself still sees the old one.
    pending: Vec<&'t str>,
    /// Whether names bound inside stay inside: blocks and functions, but not arrays and objects.
    is_scope: bool,
}

impl<'t> Frame<'t> {
    fn root() -> Frame<'t> {
        Frame { closes_with: '\0', bound: Vec::new(), pending: Vec::new(), is_scope: true }
    }
}

struct Scan<'w, 't, 'a> {
    words: &'w [Word<'t>],
    frames: Vec<Frame<'t>>,
    free: BTreeSet<&'t str>,
    assigned: &'a HashSet<&'a str>,
}

impl<'t> Scan<'_, 't, '_> {
    fn word(&self, at: usize) -> Option<Word<'t>> {
        self.words.get(at).copied()
    }

    fn take(&mut self, at: usize) {
        let before = at.checked_sub(1).and_then(|at| self.word(at));
        match self.words[at] {
            Word::Variable(name) => match (before, self.word(at + 1)) {
                (_, Some(Word::Bind)) => self.innermost().pending.push(name),
                (Some(Word::Sign('@' | '#')), _) => self.scope().bound.push(name),
                (_, after) => self.refer(name, after == Some(Word::Sign('('))),
            },
            Word::Sign(';' | ',') => self.settle(),
            Word::Sign('(') => match self.parameters(at, before) {
                Some(parameters) => self.open(')', parameters, true),
                None => self.open(')', Vec::new(), true),
            },
            Word::Sign('[') => self.open(']', Vec::new(), false),
            Word::Sign('{') => match self.body_of(at) {
                Some(parameters) => self.open('}', parameters, true),
                None => self.open('}', Vec::new(), false),
            },
            Word::Sign(sign @ (')' | ']' | '}')) => self.close(sign),
            Word::Name(_) | Word::Literal | Word::Bind | Word::Sign(_) => {}
        }
    }

    fn refer(&mut self, name: &'t str, is_call: bool) {
        let is_function = FUNCTIONS.contains(&name) && (is_call || !self.assigned.contains(name));
        let is_bound = self.frames.iter().any(|frame| frame.bound.contains(&name));
        if name != "states" && !is_function && !is_bound {
            self.free.insert(name);
        }
    }

    /// The frame that names are bound in.
    fn scope(&mut self) -> &mut Frame<'t> {
        let inner = self.frames.iter().rposition(|frame| frame.is_scope).unwrap_or_default();
        &mut self.frames[inner]
    }

    fn innermost(&mut self) -> &mut Frame<'t> {
        self.frames.last_mut().expect("the root's frame is never closed")
    }

    /// The value after `:=` has ended.
    fn settle(&mut self) {
        let pending = std::mem::take(&mut self.innermost().pending);
        self.scope().bound.extend(pending);
    }

    fn open(&mut self, closes_with: char, bound: Vec<&'t str>, is_scope: bool) {
        self.frames.push(Frame { closes_with, bound, pending: Vec::new(), is_scope });
    }

    /// A bracket that closes nothing is passed over: whether the expression is right is not asked here.
    fn close(&mut self, sign: char) {
        if self.innermost().closes_with == sign {
            self.settle();
            self.frames.pop();
        }
    }

    /// The parameters of a function, where this bracket opens their list.
    fn parameters(&self, open: usize, before: Option<Word<'t>>) -> Option<Vec<&'t str>> {
        if !matches!(before, Some(Word::Name("function" | "λ"))) {
            return None;
        }
        let list = self.words[open + 1..].iter().take_while(|word| **word != Word::Sign(')'));
        Some(list.filter_map(|word| if let Word::Variable(name) = word { Some(*name) } else { None }).collect())
    }

    /// The names that are bound in a function's body, where this bracket opens one: its parameters, and the name that
    /// the function itself is being bound to.
    fn body_of(&self, open: usize) -> Option<Vec<&'t str>> {
        let mut at = open.checked_sub(1)?;
        if self.words[at] == Word::Sign('>') {
            // A signature: function($a)<n:n>{ ... }
            at = self.words[..at].iter().rposition(|word| *word == Word::Sign(')'))?;
        }
        if self.words[at] != Word::Sign(')') {
            return None;
        }
        let list = self.words[..at].iter().rposition(|word| *word == Word::Sign('('))?;
        let before = list.checked_sub(1).and_then(|at| self.word(at));
        let mut bound = self.parameters(list, before)?;
        bound.extend(self.frames.iter().flat_map(|frame| frame.pending.iter().copied()));
        Some(bound)
    }
}

fn words(source: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '$' => variable(rest),
            '"' | '\'' | '`' => (Some(Word::Literal), quoted(rest, first)),
            '/' if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '/' if !ends_value(words.last()) => (Some(Word::Literal), quoted(rest, '/')),
            ':' if rest.starts_with(":=") => (Some(Word::Bind), 2),
            _ if first.is_numeric() => (Some(Word::Literal), run(rest, belongs_to_name)),
            _ if belongs_to_name(first) => {
                let length = run(rest, belongs_to_name);
                (Some(Word::Name(&rest[..length])), length)
            }
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ => (Some(Word::Sign(first)), first.len_utf8()),
        };
        words.extend(word);
        rest = &rest[length..];
    }
    words
}

fn variable(text: &str) -> (Option<Word<'_>>, usize) {
    let length = run(&text[1..], belongs_to_name);
    match &text[1..1 + length] {
        // Both stand for a value: a slash after them divides.
        "" => (Some(Word::Literal), if text.starts_with("$$") { 2 } else { 1 }),
        name => (Some(Word::Variable(name)), 1 + length),
    }
}

fn belongs_to_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !belongs(letter)).unwrap_or(text.len())
}

/// The length of what starts and ends with this quote, both included. A back quote has no escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = quote != '`',
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a slash after this word divides, and does not start a regular expression.
fn ends_value(word: Option<&Word<'_>>) -> bool {
    match word {
        Some(Word::Name(name)) => !matches!(*name, "and" | "or" | "in"),
        Some(Word::Variable(_) | Word::Literal | Word::Sign(')' | ']' | '}')) => true,
        Some(Word::Bind | Word::Sign(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        let assigned = HashSet::from(["count", "x"]);
        let found: Vec<&str> = free(source, &assigned).into_iter().collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn variables_are_found_wherever_they_are() {
        check("$x", &["x"]);
        check("$x.a[$index].b & $y", &["index", "x", "y"]);
        check("[$a, {'k': $b}, ($c)]", &["a", "b", "c"]);
        check("$größe + $_a1", &["_a1", "größe"]);
        check("$f($a)", &["a", "f"]);
    }

    #[test]
    fn the_context_the_root_and_states_are_no_variables() {
        check("$states.input.a + $.b / $$.c / $", &[]);
    }

    #[test]
    fn functions_are_no_variables_unless_one_is_assigned_under_the_name() {
        check("$sum($map($xs, $string)) + $length('a')", &["xs"]);
        check("$count + 1", &["count"]);
        check("$count($count)", &["count"]);
        check("$uuid() & $partition($x, 2)", &["x"]);
    }

    #[test]
    fn what_the_expression_binds_is_its_own() {
        check("($y := 1; $y + $z)", &["z"]);
        check("($x := $x + 1; $x)", &["x"]);
        check("($y := 1; $y) + $y", &["y"]);
        check("$map($xs, function($v, $i) { $v + $i + $k }) & $v", &["k", "v", "xs"]);
        check("($f := function($n)<n:n>{ $n > 1 ? $f($n - 1) : $base }; $f(3))", &["base"]);
        check("λ($a){ $a }(1)", &[]);
        check("$states.input.a@$o.b#$i.{ 'o': $o, 'i': $i, 'j': $j }", &["j"]);
        check("($y := [$a := 1, $a]; $a)", &[]);
    }

    #[test]
    fn texts_comments_and_regular_expressions_hide_what_they_contain() {
        check(r#"'$a' & "$b \" $c" & `$d` /* $e */ & $f"#, &["f"]);
        check(r"$replace($s, /\$g[)]/i, $h)", &["h", "s"]);
        check("$a / $b / $c", &["a", "b", "c"]);
        check("(1) / $d / 2", &["d"]);
    }

    #[test]
    fn a_broken_expression_does_no_harm() {
        for source in ["$", "(((", "]})", "function(", "'", "/", "$x :=", "function($a)<", ">{", "){", "/* $a", "{$a"] {
            free(source, &HashSet::new());
        }
    }
}
