//! `stepwell eval`: one expression, or a batch of them, line by line.

mod batch;
mod jsonata;

use std::process::ExitCode;

use serde::Serialize;
use stepwell_asl::intrinsics::Intrinsic;
use stepwell_asl::path::{Path, PathError};
use stepwell_asl::scope::{Roots, Scope};
use stepwell_asl::value::Object;
use stepwell_asl::{Chance, Value, query};
use stepwell_engine::clock::Clock;

use crate::args::{Eval, Language};
use crate::excerpt::{self, Finding};
use crate::files;
use crate::output;
use crate::refusal::Refusal;

/// Evaluates what was asked for.
pub fn execute(args: &Eval) -> Result<ExitCode, Refusal> {
    let mut evaluator = Evaluator::new(args.lang)?;
    let Some(expression) = args.expression.as_deref() else {
        batch::answer_stdin(&mut evaluator)?;
        return Ok(ExitCode::SUCCESS);
    };
    let input = files::input(&args.input, None)?;
    let given = Given { bindings: bindings(&args.variable, &input)?, input: Some(input), ..Given::default() };
    match evaluator.evaluate(expression, &given) {
        Ok(Some(value)) => {
            output::print_json(&value)?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(None) => output::tell_error(
            "the expression returned nothing (undefined)",
            Some("a state whose field does so fails with States.QueryEvaluationError"),
        ),
        Err(Problem { code, message, position: Some(position), .. }) => {
            let finding =
                Finding { code: Some(code), ..Finding::error(&message, Some(jsonata::place(expression, position))) };
            output::tell(&excerpt::render("<expression>", expression, &finding));
        }
        Err(problem) => output::tell_error(&format!("{}: {}", problem.code, problem.message), problem.help),
    }
    Ok(ExitCode::FAILURE)
}

/// The variables of `--variable`, and `$states` with the input in it, as a state would have it.
fn bindings(variables: &[String], input: &Value) -> Result<Option<Object>, Refusal> {
    let mut bound = stepwell_asl::Map::default();
    bound.insert("states".into(), [("input", input.clone())].into_iter().collect());
    for variable in variables {
        let (name, text) = variable.split_once('=').ok_or_else(|| {
            Refusal::with_help(format!("--variable {variable} has no value"), "NAME=JSON is a variable")
        })?;
        let name = name.strip_prefix('$').unwrap_or(name);
        bound.insert(name.into(), files::json(text, &format!("--variable {name}"))?);
    }
    Ok(Value::from(bound).as_object().cloned())
}

/// What an expression is evaluated with.
#[derive(Default)]
struct Given {
    /// What `$` stands for. Only JSONata can do without.
    input: Option<Value>,
    /// Variables, by their names without `$`.
    bindings: Option<Object>,
    /// How long JSONata may take, in milliseconds of an ordinary machine.
    time_ms: Option<u64>,
    /// How deep JSONata may nest.
    depth: Option<u32>,
}

struct Evaluator {
    language: Option<Language>,
    chance: Chance,
    clock: Clock,
}

/// Why there is no value.
#[derive(Debug, Serialize)]
struct Problem {
    code: &'static str,
    message: String,
    /// Where in the expression, in UTF-16 units, as JSONata counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    #[serde(skip)]
    help: Option<&'static str>,
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { code, message: message.into(), position: None, help: None }
    }
}

impl Evaluator {
    fn new(language: Option<Language>) -> Result<Evaluator, Refusal> {
        Ok(Evaluator {
            language,
            chance: Chance::from_seed(stepwell_engine::chance::seed().map_err(Refusal::of_machine)?),
            clock: Clock::real(),
        })
    }

    /// The value; JSONata may come to none.
    fn evaluate(&mut self, expression: &str, given: &Given) -> Result<Option<Value>, Problem> {
        let empty = Value::empty_object();
        match self.language.unwrap_or_else(|| guess(expression)) {
            Language::Jsonpath => path(expression, given.input.as_ref().unwrap_or(&empty)).map(Some),
            Language::Intrinsic => self.intrinsic(expression, given).map(Some),
            Language::Jsonata => jsonata::evaluate(expression, given, self.clock.now(), &mut self.chance),
        }
    }

    fn intrinsic(&mut self, expression: &str, given: &Given) -> Result<Value, Problem> {
        let call = Intrinsic::parse(expression.trim()).map_err(|error| {
            let message = format!("{} (at character {})", error.message, characters(expression, error.position) + 1);
            Problem::new("InvalidIntrinsic", message)
        })?;
        let input = given.input.clone().unwrap_or_else(Value::empty_object);
        let roots = Input { input: &input, context: Value::empty_object(), bindings: given.bindings.as_ref() };
        let mut scope = Scope { roots: &roots, now: self.clock.now(), chance: &mut self.chance };
        call.evaluate(&mut scope).map_err(|error| Problem::new(error.name, error.reason))
    }
}

/// An expression alone: an input, an empty context object, the variables that are given.
struct Input<'a> {
    input: &'a Value,
    context: Value,
    bindings: Option<&'a Object>,
}

impl Roots for Input<'_> {
    fn input(&self) -> &Value {
        self.input
    }

    fn context(&self) -> &Value {
        &self.context
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.bindings?.get(name)
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
    } else if query::source(text.trim_end()).is_some() {
        Language::Jsonata
    } else {
        Language::Jsonpath
    }
}

fn characters(text: &str, bytes: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < bytes).count()
}
