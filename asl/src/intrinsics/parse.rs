//! From the text of a call to the call. Recursion is bounded by [`NESTING_MAX`], so no text overflows the stack.

use crate::path::{PathError, Selector};
use crate::value::{Number, Value};

use super::string::{Template, unescape};
use super::{ANY, Argument, Call, FORMAT, Function, NESTING_MAX, SyntaxError, TEXT_BYTES_MAX};

/// Parses the whole text as one call.
pub(super) fn parse(text: &str) -> Result<Call, SyntaxError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(error(0, format!("a call longer than {TEXT_BYTES_MAX} bytes")));
    }
    let mut parser = Parser { text, at: 0 };
    parser.skip_blanks();
    let call = parser.call(1)?;
    parser.skip_blanks();
    match parser.rest() {
        "" => Ok(call),
        _ => Err(error(parser.at, "text after the call")),
    }
}

fn error(position: usize, message: impl Into<String>) -> SyntaxError {
    SyntaxError { message: message.into(), position }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.take(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn skip(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn call(&mut self, level: usize) -> Result<Call, SyntaxError> {
        let start = self.at;
        if level > NESTING_MAX {
            return Err(error(start, format!("calls nested more than {NESTING_MAX} deep")));
        }
        let name = self.take(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
        let function = Function::named(name).ok_or_else(|| match name {
            "" => error(start, "an intrinsic function is expected"),
            _ => error(start, format!("there is no intrinsic function '{name}'")),
        })?;
        self.skip_blanks();
        if !self.skip('(') {
            return Err(error(self.at, format!("'(' is expected after {name}")));
        }
        let mut call = Call { function, template: None, arguments: Vec::new() };
        self.arguments(&mut call, level)?;
        let count = call.arguments.len() + usize::from(call.template.is_some());
        if count < function.arguments_min || count > function.arguments_max {
            return Err(error(start, wrong_count(function, count)));
        }
        Ok(call)
    }

    fn arguments(&mut self, call: &mut Call, level: usize) -> Result<(), SyntaxError> {
        self.skip_blanks();
        if self.skip(')') {
            return Ok(());
        }
        loop {
            self.skip_blanks();
            let is_template = call.function.name == FORMAT && call.template.is_none() && call.arguments.is_empty();
            if is_template && self.rest().starts_with('\'') {
                call.template = Some(Template::parse(self.string()?));
            } else {
                call.arguments.push(self.argument(level)?);
            }
            self.skip_blanks();
            if self.skip(')') {
                return Ok(());
            }
            if !self.skip(',') {
                return Err(error(self.at, "',' or ')' is expected after an argument"));
            }
        }
    }

    fn argument(&mut self, level: usize) -> Result<Argument, SyntaxError> {
        match self.rest().chars().next() {
            Some('\'') => Ok(Argument::Literal(unescape(self.string()?).into())),
            Some('$') => self.path().map(Argument::Path),
            Some('-' | '0'..='9') => self.number().map(Argument::Literal),
            _ if self.rest().starts_with("States.") => self.call(level + 1).map(Argument::Call),
            _ => self.keyword().map(Argument::Literal),
        }
    }

    fn keyword(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        match self.take(|c| c.is_ascii_alphanumeric()) {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ => Err(error(start, "an argument is a path, a 'string', a number, true, false, null or a nested call")),
        }
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        let text = self.take(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
        if text == "-0" {
            return Ok(0_u64.into()); // an integer, as AWS reads it
        }
        let number: Result<Number, _> = text.parse();
        number.map(Value::Number).map_err(|_| error(start, format!("'{text}' is no number")))
    }

    /// What is between the quotes, with its escapes, of which only `\'`, `\{`, `\}` and `\\` are allowed.
    fn string(&mut self) -> Result<&'t str, SyntaxError> {
        let start = self.at;
        self.skip('\'');
        let content = self.rest();
        let mut chars = content.char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += offset + 1;
                    return Ok(&content[..offset]);
                }
                '\\' if !matches!(chars.next(), Some((_, '\'' | '{' | '}' | '\\'))) => {
                    return Err(error(self.at + offset, r"only \', \{, \} and \\ may follow a backslash in a string"));
                }
                _ => {}
            }
        }
        Err(error(start, "the string is not closed"))
    }

    fn path(&mut self) -> Result<Selector, SyntaxError> {
        let start = self.at;
        let rest = self.rest();
        let text = rest[..path_length(rest)].trim_end();
        self.at += text.len();
        Selector::parse(text).map_err(|fault| match fault {
            PathError::Invalid(message) | PathError::NotFound(message) => error(start, message),
        })
    }
}

/// How many bytes of the text belong to the path at its start: those before the `,` or `)` that is outside of brackets.
/// Inside brackets and parentheses, quotes and the regular expressions of `=~ /../` hide whatever they contain.
fn path_length(text: &str) -> usize {
    let (mut open, mut hidden_until, mut escaped, mut last) = (0_usize, None, false, ' ');
    for (offset, c) in text.char_indices() {
        match (c, hidden_until) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            (_, Some(end)) if c == end => hidden_until = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) if open > 0 => hidden_until = Some(c),
            ('/', None) if last == '~' => hidden_until = Some('/'),
            ('[' | '(', None) => open += 1,
            (',' | ')', None) if open == 0 => return offset,
            (']' | ')', None) => open = open.saturating_sub(1),
            (_, None) => {}
        }
        if c != ' ' {
            last = c;
        }
    }
    text.len()
}

fn wrong_count(function: &Function, count: usize) -> String {
    let (min, max, name) = (function.arguments_min, function.arguments_max, function.name);
    let wanted = match (min, max) {
        (1, 1) => "1 argument".to_owned(),
        (1, ANY) => "at least 1 argument".to_owned(),
        _ if min == max => format!("{min} arguments"),
        _ => format!("{min} to {max} arguments"),
    };
    format!("{name} takes {wanted}, not {count}")
}

#[cfg(test)]
mod tests {
    use super::path_length;

    #[test]
    fn a_path_ends_at_its_own_comma_or_parenthesis() {
        for path in [
            "$",
            "$$",
            "$$.Execution.Id",
            "$variable.a[0]",
            "$.it's",
            "$.a['x,y']",
            r"$.a['it\'s)']",
            r#"$.a["b)'"]"#,
            "$.a[0, 1]",
            "$.a[?(@.b == 'c')]",
            "$.a[?(@.b == ')' && @.c > (1 / 2))].d",
            r"$.a[?(@.b =~ /[)'\/].*?/i)].c",
            "$.a[*].length()",
            "$.sum($.a, $.b)",
        ] {
            for rest in [")", ",1)", ", ')')", ",$.a[0])"] {
                assert_eq!(path_length(&format!("{path}{rest}")), path.len(), "{path}{rest}");
            }
        }
        assert_eq!(path_length("$.a['x"), 6);
        assert_eq!(path_length("$.a]],"), 5);
    }
}
