//! JSONata by itself: an expression with or without `{% %}`, a document, variables.

use stepwell_asl::jsonata::{Error, Expression, Limits, Names, Turn};
use stepwell_asl::value::Object;
use stepwell_asl::{Chance, Place, Timestamp, Value, query};

use super::{Given, Problem};

/// How much work is a millisecond.
const WORK_PER_MS: u64 = 20_000;

struct Bindings<'a>(Option<&'a Object>);

impl Names for Bindings<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.0?.get(name).cloned()
    }
}

/// The expression's value; `None` for nothing.
pub fn evaluate(
    expression: &str,
    given: &Given,
    now: Timestamp,
    chance: &mut Chance,
) -> Result<Option<Value>, Problem> {
    let usual = Limits::default();
    let limits = Limits {
        work: given.time_ms.map_or(usual.work, |ms| ms.saturating_mul(WORK_PER_MS)),
        depth: given.depth.unwrap_or(usual.depth),
        ..usual
    };
    let mut turn = Turn { now, chance, limits };
    Expression::compile(source(expression))
        .and_then(|compiled| compiled.evaluate(given.input.as_ref(), &Bindings(given.bindings.as_ref()), &mut turn))
        .map_err(|error| problem(&error))
}

/// Where a position of an error is in the text as it was given: the last character of what was not understood.
pub fn place(expression: &str, position: usize) -> Place {
    let start = source(expression).as_ptr().addr() - expression.as_ptr().addr();
    let units = expression[..start].encode_utf16().count() + position.saturating_sub(1);
    let (mut line, mut column, mut seen) = (1, 1, 0);
    for letter in expression.chars() {
        seen += letter.len_utf16();
        if seen > units {
            break;
        }
        (line, column) = if letter == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    Place { line, column, len: 1 }
}

fn source(expression: &str) -> &str {
    query::source(expression.trim()).unwrap_or(expression)
}

fn problem(error: &Error) -> Problem {
    Problem { position: error.position(), ..Problem::new(error.code(), error.text()) }
}
