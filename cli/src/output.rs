//! Where text goes: results to stdout, everything else to stderr. A reader that has gone away is no error.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::refusal::Refusal;

/// Things that went wrong.
pub const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
/// Things that want to be seen.
pub const WARNING: Style = AnsiColor::Yellow.on_default();
/// Things that went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What to do.
pub const HELP: Style = AnsiColor::BrightCyan.on_default();
/// What is less important.
pub const FAINT: Style = Style::new().dimmed();
/// Names.
pub const STRONG: Style = Style::new().bold();

/// Text in a style.
pub struct Styled<T>(pub Style, pub T);

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Styled(style, content) = self;
        write!(f, "{style}{content}{style:#}")
    }
}

/// Prints to stdout. Styles are left out where it is no terminal.
pub fn print(text: &str) -> io::Result<()> {
    forgive(anstream::stdout().lock().write_all(text.as_bytes()))
}

/// Prints a JSON value to stdout: indented on a terminal, on one line elsewhere.
pub fn print_json(value: &impl serde::Serialize) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = match stdout.is_terminal() {
        true => serde_json::to_writer_pretty(&mut stdout, value),
        false => serde_json::to_writer(io::BufWriter::new(&mut stdout), value),
    };
    forgive(written.map_err(io::Error::from).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush()))
}

/// Prints to stderr. Nothing can be done where that fails.
pub fn tell(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Prints an error to stderr.
pub fn tell_error(message: &str, help: Option<&str>) {
    let mut text = format!("{}: {}\n", Styled(ERROR, "error"), printable(message));
    if let Some(help) = help {
        text.push_str(&format!("{}: {}\n", Styled(HELP, "help"), printable(help)));
    }
    tell(&text);
}

/// Prints a warning to stderr.
pub fn tell_warning(message: &str) {
    tell(&format!("{}: {}\n", Styled(WARNING, "warning"), printable(message)));
}

/// Shows why a command was refused.
pub fn tell_refusal(refusal: &Refusal) {
    tell_error(&refusal.message, refusal.help.as_deref());
}

/// The text without what a terminal would obey: control characters other than line ends and tabs.
pub fn printable(text: &str) -> String {
    let harmless = |letter: char| !letter.is_control() || letter == '\n' || letter == '\t';
    text.chars().map(|letter| if harmless(letter) { letter } else { '\u{fffd}' }).collect()
}

/// Whoever reads may stop reading: `stepwell ... | head` ends quietly.
pub fn forgive(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
