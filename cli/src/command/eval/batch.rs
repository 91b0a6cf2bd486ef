//! `stepwell eval --batch`: a question a line, an answer a line.

use std::io::{BufRead, BufReader, BufWriter, Write};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use stepwell_asl::Value;

use super::{Evaluator, Given, Problem};
use crate::files::{NoValue, why_no_value};
use crate::output;
use crate::refusal::Refusal;

/// What a line of a batch must be.
const LINE: &str = r#"a line must be an object with "expr" and, if it needs one, "input""#;

/// Some editors and shells begin UTF-8 text with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line of a batch. Values are read on their own, so that they may be as deep as any other.
#[derive(Deserialize)]
struct Line<'a> {
    expr: String,
    #[serde(borrow, default, deserialize_with = "given")]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    bindings: Option<&'a RawValue>,
    /// In milliseconds.
    timelimit: Option<u64>,
    depth: Option<u32>,
}

/// An input of `null` is an input.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Value(Value),
    Undefined(bool),
    Error(Problem),
}

impl From<Result<Option<Value>, Problem>> for Answer {
    fn from(evaluated: Result<Option<Value>, Problem>) -> Answer {
        match evaluated {
            Ok(Some(value)) => Answer::Value(value),
            Ok(None) => Answer::Undefined(true),
            Err(problem) => Answer::Error(problem),
        }
    }
}

/// Answers stdin. Whoever asks line by line has each answer at once; whoever asks in bulk gets them in bulk.
pub fn answer_stdin(evaluator: &mut Evaluator) -> Result<(), Refusal> {
    let mut questions = BufReader::new(std::io::stdin().lock());
    let mut answers = BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    let mut first = true;
    loop {
        line.clear();
        match questions.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(output::forgive(answers.flush())?),
            Ok(_) => {}
            Err(error) => return Err(Refusal::new(format!("stdin cannot be read: {error}"))),
        }
        let text = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| first).unwrap_or(&line);
        first = false;
        if text.trim_ascii().is_empty() {
            continue;
        }
        let answer = Answer::from(answer(evaluator, text));
        let more = questions.buffer().contains(&b'\n');
        if let Err(error) = write_line(&mut answers, &answer, more) {
            return Ok(output::forgive(Err(error))?);
        }
    }
}

fn answer(evaluator: &mut Evaluator, line: &[u8]) -> Result<Option<Value>, Problem> {
    let text = std::str::from_utf8(line).map_err(|_| wrong("a line must be UTF-8 text"))?;
    // An array would do for the parser.
    let line: Option<Line<'_>> = text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
    let line = line.ok_or_else(|| wrong(LINE))?;
    let bindings = match line.bindings.map(|bindings| parsed("bindings", bindings)).transpose()? {
        None | Some(Value::Null) => None,
        Some(Value::Object(bindings)) => Some(bindings),
        Some(_) => return Err(wrong("the bindings must be an object")),
    };
    let given = Given {
        input: line.input.map(|input| parsed("input", input)).transpose()?,
        bindings,
        time_ms: line.timelimit,
        depth: line.depth,
    };
    evaluator.evaluate(&line.expr, &given)
}

fn parsed(what: &str, text: &RawValue) -> Result<Value, Problem> {
    Value::parse(text.get()).map_err(|error| match why_no_value(&error) {
        NoValue::TooDeep => wrong(&format!("the {what} is nested too deeply: 127 levels are allowed")),
        NoValue::Wrong(reason) => wrong(&format!("the {what} is not JSON: {reason}")),
    })
}

fn wrong(message: &str) -> Problem {
    Problem::new("InvalidLine", message)
}

fn write_line(out: &mut impl Write, answer: &Answer, more: bool) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")?;
    if more { Ok(()) } else { out.flush() }
}
