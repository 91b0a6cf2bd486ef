//! What is wrong with a template, and where.

use std::sync::Arc;

use stepwell_asl::Place;

use crate::excerpt::{Finding, render};
use crate::output;
use crate::refusal::Refusal;

/// Something wrong at a place of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub place: Place,
    pub message: String,
    /// What to do about it, or what was meant.
    pub help: Option<String>,
}

pub type Checked<T> = Result<T, Fault>;

impl Fault {
    /// Something wrong.
    pub fn new(place: Place, message: impl Into<String>) -> Fault {
        Fault { place, message: message.into(), help: None }
    }

    /// The same, with what to do.
    pub fn help(self, help: impl Into<String>) -> Fault {
        Fault { help: Some(help.into()), ..self }
    }

    /// The same, with what was meant, if that can be guessed.
    pub fn maybe(self, help: Option<String>) -> Fault {
        Fault { help: help.or(self.help), ..self }
    }
}

/// A template's text as it was read, in which faults are shown.
#[derive(Clone, Debug)]
pub struct Written {
    /// How the file is called in messages.
    pub file: String,
    pub text: Arc<str>,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
}

impl Written {
    /// The text of a file.
    pub fn new(file: String, text: &str) -> Written {
        let ends = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Written { file, text: text.into(), lines: std::iter::once(0).chain(ends).collect() }
    }

    /// The text from a line on; the first is 1.
    pub fn starting_at(&self, line: usize) -> Option<&str> {
        self.text.get(*self.lines.get(line.checked_sub(1)?)?..)
    }

    /// Shows what is wrong, with an excerpt, on stderr.
    pub fn tell(&self, fault: &Fault) {
        self.show(Finding { note: fault.help.as_deref(), ..Finding::error(&fault.message, Some(fault.place)) });
    }

    /// Shows what is hardly meant like this.
    pub fn warn(&self, fault: &Fault) {
        self.show(Finding { note: fault.help.as_deref(), ..Finding::warning(&fault.message, Some(fault.place)) });
    }

    fn show(&self, finding: Finding<'_>) {
        output::tell(&(render(&self.file, &self.text, &finding) + "\n"));
    }

    /// Shows what is wrong and gives what stops the command.
    pub fn refuse(&self, fault: &Fault) -> Refusal {
        self.tell(fault);
        Refusal::new(format!("{} cannot be used", self.file))
    }

    /// Where and what, on one line.
    pub fn line(&self, fault: &Fault) -> String {
        let Place { line, column, .. } = fault.place;
        let help = fault.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}:{line}:{column}: {}{help}", self.file, fault.message)
    }

    /// The place of this text, where it is written at or after a place on which it is known to be; else that place.
    pub fn find(&self, from: Place, text: &str) -> Place {
        let Some(rest) = self.starting_at(from.line) else { return from };
        let start = rest.char_indices().nth(from.column.saturating_sub(1)).map_or(rest.len(), |(offset, _)| offset);
        let Some(found) = rest[start..].find(text) else { return from };
        let before = &rest[..start + found];
        let line = from.line + before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Place { line, column, len: text.chars().count().max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_after_a_place() {
        let written = Written::new("t".to_owned(), "a ${X}\n  b: ü ${X}\n");
        let check = |from: (usize, usize), expected: (usize, usize)| {
            let found = written.find(Place { line: from.0, column: from.1, len: 1 }, "${X}");
            assert_eq!((found.line, found.column), expected, "from {from:?}");
        };
        check((1, 1), (1, 3));
        check((1, 4), (2, 8));
        check((2, 1), (2, 8));
        check((2, 9), (2, 9));
        check((9, 9), (9, 9));
    }
}
