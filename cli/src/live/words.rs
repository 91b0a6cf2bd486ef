//! How durations, errors and places are put into words.

use std::borrow::Cow;

use stepwell_asl::{Program, StateId, Timestamp, Value};
use stepwell_engine::core::StateError;

use super::trail::Visit;
use crate::output::printable;

/// The longest error that is shown in one line, in characters.
const ERROR_CHARS_MAX: usize = 300;

/// `12 ms`, `1.25 s`, `3 min 05 s`, `2 h 07 min`.
pub fn duration(from: Timestamp, to: Timestamp) -> String {
    let ms = to.0.saturating_sub(from.0).max(0);
    let s = ms / 1000;
    match s {
        0 => format!("{ms} ms"),
        1..60 => format!("{s}.{:02} s", ms % 1000 / 10),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
    }
}

/// A state with the items and branches around it: `Orders[3] › Charge`.
pub fn place(program: &Program, visit: &Visit) -> String {
    let name = |state: StateId| printable(&program.state(state).name);
    let mut words = String::new();
    for (holder, index) in visit.around() {
        words.push_str(&format!("{}[{index}] › ", name(holder)));
    }
    words.push_str(&name(visit.state));
    words
}

/// An error on one line, cut where it is long.
pub fn error(error: &StateError) -> String {
    let name = error.name.as_deref().unwrap_or("an error without a name");
    let text = match error.cause.as_deref().filter(|cause| !cause.is_empty()) {
        Some(cause) => format!("{name}: {}", self::cause(cause)),
        None => name.to_owned(),
    };
    let line: String = printable(&text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(ERROR_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// A cause for people: the message of the error object that a function answered with, or else the text as it is.
pub fn cause(text: &str) -> Cow<'_, str> {
    let object = text.starts_with('{').then(|| Value::parse(text).ok()).flatten();
    let message = object.as_ref().and_then(|object| object.get("errorMessage")?.as_str());
    message.map_or(Cow::Borrowed(text), |message| Cow::Owned(message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_s_error_is_shown_by_its_message() {
        assert_eq!(cause(r#"{"errorMessage": "no good", "errorType": "ValueError"}"#), "no good");
        for text in [r#"{"errorMessage": 1}"#, "{", "later"] {
            assert_eq!(cause(text), text);
        }
    }

    #[test]
    fn durations_are_short() {
        let words = |ms| duration(Timestamp(0), Timestamp(ms));
        let shown = [-1, 0, 999, 1_000, 59_999, 60_000, 3_599_000, 3_600_000, 90_000_000].map(words);
        let expected =
            ["0 ms", "0 ms", "999 ms", "1.00 s", "59.99 s", "1 min 00 s", "59 min 59 s", "1 h 00 min", "25 h 00 min"];
        assert_eq!(shown, expected);
    }
}
