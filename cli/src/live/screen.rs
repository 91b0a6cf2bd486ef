//! Stderr while an execution runs: lines, and on a terminal a board below them that shows what is going on.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::Style;
use console::Term;
use indicatif::{MultiProgress, ProgressBar};

use crate::output::{self, FAINT, GOOD, HELP, STRONG, Styled, WARNING, printable};

/// The terminal's size where it does not tell.
const ROWS_AND_COLUMNS: (u16, u16) = (24, 80);

/// The terminal's width.
pub fn columns() -> usize {
    Term::stderr().size_checked().unwrap_or(ROWS_AND_COLUMNS).1.into()
}

/// The terminal's height.
pub fn rows() -> usize {
    Term::stderr().size_checked().unwrap_or(ROWS_AND_COLUMNS).0.into()
}

/// A line that is no wider than this many columns. Styles take no room.
pub fn cut(line: &str, columns: usize) -> Cow<'_, str> {
    console::truncate_str(line, columns, if columns > 0 { "…" } else { "" })
}

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A state was left.
    Exited,
    /// A task failed or timed out.
    Failed,
    /// A state will be tried again.
    Retry,
    /// Somebody outside must answer.
    Waits,
    /// The execution as a whole.
    Execution,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Mark::Exited => "exited",
            Mark::Failed => "failed",
            Mark::Retry => "retry",
            Mark::Waits => "waits",
            Mark::Execution => "run",
        }
    }

    fn sign(self) -> Styled<&'static str> {
        match self {
            Mark::Exited => Styled(GOOD, "✓"),
            Mark::Failed => Styled(output::ERROR, "✗"),
            Mark::Retry => Styled(WARNING, "↻"),
            Mark::Waits => Styled(HELP, "?"),
            Mark::Execution => Styled(STRONG, "•"),
        }
    }
}

/// Stderr. Cheap to share: functions print to it while states come and go.
#[derive(Clone)]
pub struct Screen(Arc<Kind>);

enum Kind {
    Quiet,
    Plain,
    Live { board: MultiProgress, lines: Mutex<String> },
}

impl Screen {
    /// Nothing is shown.
    pub fn quiet() -> Screen {
        Screen(Arc::new(Kind::Quiet))
    }

    /// Plain lines, for files and pipes.
    pub fn plain() -> Screen {
        Screen(Arc::new(Kind::Plain))
    }

    /// Lines above a board that moves.
    pub fn live() -> Screen {
        Screen(Arc::new(Kind::Live { board: MultiProgress::new(), lines: Mutex::default() }))
    }

    /// Whether nothing is shown.
    pub fn is_quiet(&self) -> bool {
        matches!(*self.0, Kind::Quiet)
    }

    /// Whether there is a board.
    pub fn is_live(&self) -> bool {
        matches!(*self.0, Kind::Live { .. })
    }

    /// A line about the run. On a terminal it appears with the next [`Screen::flush`].
    pub fn tell(&self, mark: Mark, place: &str, what: &str) {
        match &*self.0 {
            Kind::Quiet => {}
            Kind::Plain => output::tell(&format!("{:<7} {place}  {what}\n", mark.word())),
            Kind::Live { lines, .. } => {
                let line = format!("{} {place}  {}", mark.sign(), Styled(FAINT, what));
                let line = match mark {
                    Mark::Exited | Mark::Failed | Mark::Retry => cut(&line, columns()).into_owned() + "\n",
                    Mark::Waits | Mark::Execution => line + "\n", // tokens and addresses are there to be copied
                };
                lines.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
            }
        }
    }

    /// A line that a function has printed.
    pub fn printed(&self, function: &str, line: &str) {
        let style = if self.is_live() { FAINT } else { Style::new() };
        let line = format!("{} {}\n", Styled(style, format!("[{}]", printable(function))), printable(line));
        match &*self.0 {
            Kind::Quiet => {}
            Kind::Plain => output::tell(&line),
            Kind::Live { lines, .. } => {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
                self.flush();
            }
        }
    }

    /// Shows the lines that have gathered, above the board.
    pub fn flush(&self) {
        let Kind::Live { board, lines } = &*self.0 else { return };
        let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
        if !lines.is_empty() {
            board.suspend(|| output::tell(&lines));
        }
    }

    /// Adds a line to the board.
    pub fn add(&self, bar: ProgressBar) -> Option<ProgressBar> {
        match &*self.0 {
            Kind::Quiet | Kind::Plain => None,
            Kind::Live { board, .. } => Some(board.add(bar)),
        }
    }

    /// Takes the board away; lines stay.
    pub fn close(&self) {
        self.flush();
        if let Kind::Live { board, .. } = &*self.0 {
            let _ = board.clear(); // a terminal that has gone away needs no clearing
        }
    }
}
