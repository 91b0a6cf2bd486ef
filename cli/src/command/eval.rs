//! `stepwell eval`: one expression, or a batch of them, line by line.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use stepwell_asl::intrinsics::Intrinsic;
use stepwell_asl::path::{Path, PathError};
use stepwell_asl::scope::{Roots, Scope};
use stepwell_asl::{Chance, Value};

use crate::args::{Eval, Language};
use crate::files::{self, NoValue, why_no_value};
use crate::output;
use crate::refusal::Refusal;

/// Evaluates what was asked for.
pub fn execute(args: &Eval) -> Result<ExitCode, Refusal> {
    let mut evaluator = Evaluator::new(args.lang)?;
    let Some(expression) = args.expression.as_deref() else {
        evaluator.batch()?;
        return Ok(ExitCode::SUCCESS);
    };
    let input = files::input(&args.input, None)?;
    match evaluator.evaluate(expression, &input) {
        Ok(value) => {
            output::print_json(&value)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            output::tell_error(&format!("{}: {}", problem.code, problem.message), problem.help);
            Ok(ExitCode::FAILURE)
        }
    }
}

struct Evaluator {
    language: Option<Language>,
    chance: Chance,
}

/// Why there is no value.
#[derive(Debug, Serialize)]
struct Problem {
    code: &'static str,
    message: String,
    #[serde(skip)]
    help: Option<&'static str>,
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { code, message: message.into(), help: None }
    }
}

/// What a line of a batch must be.
const LINE: &str = r#"a line must be an object with "expr" and, if it needs one, "input""#;

/// Some editors and shells begin UTF-8 text with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line of a batch. The input is read on its own, so that it may be as deep as any other.
#[derive(Deserialize)]
struct Line<'a> {
    expr: String,
    #[serde(borrow, default, deserialize_with = "given")]
    input: Option<&'a RawValue>,
}

/// An input of `null` is an input.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Value(Value),
    Error(Problem),
}

impl Evaluator {
    fn new(language: Option<Language>) -> Result<Evaluator, Refusal> {
        Ok(Evaluator {
            language,
            chance: Chance::from_seed(stepwell_engine::chance::seed().map_err(Refusal::of_machine)?),
        })
    }

    /// Answers stdin. Whoever asks line by line has each answer at once; whoever asks in bulk gets them in bulk.
    fn batch(&mut self) -> Result<(), Refusal> {
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
            let answer = self.answer(text).map_or_else(Answer::Error, Answer::Value);
            let more = questions.buffer().contains(&b'\n');
            if let Err(error) = write_line(&mut answers, &answer, more) {
                return Ok(output::forgive(Err(error))?);
            }
        }
    }

    fn answer(&mut self, line: &[u8]) -> Result<Value, Problem> {
        let wrong = |message: &str| Problem::new("InvalidLine", message);
        let text = std::str::from_utf8(line).map_err(|_| wrong("a line must be UTF-8 text"))?;
        // An array would do for the parser.
        let line: Option<Line<'_>> =
            text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
        let line = line.ok_or_else(|| wrong(LINE))?;
        let input = match line.input {
            Some(input) => Value::parse(input.get()).map_err(|error| match why_no_value(&error) {
                NoValue::TooDeep => wrong("the input is nested too deeply: 127 levels are allowed"),
                NoValue::Wrong(reason) => wrong(&format!("the input is not JSON: {reason}")),
            })?,
            None => Value::empty_object(),
        };
        self.evaluate(&line.expr, &input)
    }

    fn evaluate(&mut self, expression: &str, input: &Value) -> Result<Value, Problem> {
        match self.language.unwrap_or_else(|| guess(expression)) {
            Language::Jsonpath => path(expression, input),
            Language::Intrinsic => self.intrinsic(expression, input),
            Language::Jsonata => Err(Problem::new("Unsupported", "JSONata is not evaluated by this version")),
        }
    }

    fn intrinsic(&mut self, expression: &str, input: &Value) -> Result<Value, Problem> {
        let call = Intrinsic::parse(expression.trim()).map_err(|error| {
            let message = format!("{} (at character {})", error.message, characters(expression, error.position) + 1);
            Problem::new("InvalidIntrinsic", message)
        })?;
        let roots = Input { input, context: Value::empty_object() };
        let mut scope = Scope { roots: &roots, chance: &mut self.chance };
        call.evaluate(&mut scope).map_err(|error| Problem::new(error.name, error.reason))
    }
}

fn write_line(out: &mut impl Write, answer: &Answer, more: bool) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")?;
    if more { Ok(()) } else { out.flush() }
}

/// An expression alone: an input, an empty context object, no variables.
struct Input<'a> {
    input: &'a Value,
    context: Value,
}

impl Roots for Input<'_> {
    fn input(&self) -> &Value {
        self.input
    }

    fn context(&self) -> &Value {
        &self.context
    }

    fn variable(&self, _: &str) -> Option<&Value> {
        None
    }
}

fn path(expression: &str, input: &Value) -> Result<Value, Problem> {
    Path::parse(expression).and_then(|path| path.query(input)).map_err(|error| match error {
        PathError::Invalid(message) => Problem {
            help: (!expression.trim_start().starts_with('$')).then_some("a path starts with $"),
            ..Problem::new("InvalidPath", message)
        },
        PathError::NotFound(message) => Problem::new("PathNotFound", message),
    })
}

fn guess(expression: &str) -> Language {
    let text = expression.trim_start();
    if text.starts_with("States.") {
        Language::Intrinsic
    } else if text.starts_with("{%") {
        Language::Jsonata
    } else {
        Language::Jsonpath
    }
}

fn characters(text: &str, bytes: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < bytes).count()
}
