//! The intrinsic functions: `States.Format('{}', $.name)` and the seventeen others.
//!
//! A call is compiled once: literals are values, paths are selectors, names and numbers of arguments are checked. What
//! a call may cost is bounded by [`NESTING_MAX`], [`TEXT_BYTES_MAX`] and [`WORK_BYTES_MAX`].

mod array;
mod encoding;
mod evaluate;
mod json;
mod math;
mod parse;
mod string;

use std::fmt;

use crate::chance::Chance;
use crate::error::EvalError;
use crate::path::Selector;
use crate::scope::Scope;
use crate::value::{Array, Object, Text, Value};

use self::evaluate::{Cost, Evaluation};
use self::string::Template;

/// How deep calls may be nested; the outermost is the first level. AWS documents "up to 10".
pub const NESTING_MAX: usize = 10;

/// The longest text of a call, in bytes. AWS documents no limit of its own, but no definition is longer than 1 MiB.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// How many bytes one evaluation may allocate or compare, by an estimate that is made before each call.
pub const WORK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The error name of every failed evaluation: the one the Amazon States Language reserves for intrinsic functions.
pub const ERROR_NAME: &str = "States.IntrinsicFailure";

/// A parsed call of an intrinsic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Intrinsic {
    text: Text,
    call: Call,
}

/// Why a text is no call of an intrinsic function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes from the start of the text.
    pub position: usize,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at position {}", self.message, self.position)
    }
}

impl std::error::Error for SyntaxError {}

impl Intrinsic {
    /// Parses a call.
    pub fn parse(text: &str) -> Result<Intrinsic, SyntaxError> {
        Ok(Intrinsic { text: text.into(), call: parse::parse(text)? })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Calls back with every path among the arguments, those of nested calls included.
    pub fn each_path(&self, found: &mut dyn FnMut(&Selector)) {
        self.call.each_path(found);
    }

    /// The call's value. The reason of a failure starts with the whole text of the outermost call, as AWS has it.
    pub fn evaluate(&self, scope: &mut Scope<'_>) -> Result<Value, EvalError> {
        Evaluation::new(scope).call(&self.call).map_err(|error| {
            EvalError::new(ERROR_NAME, format!("The function '{}' had the following error: {error}", self.text))
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Call {
    function: &'static Function,
    /// The first argument of `States.Format`, where it is a literal. It is not among `arguments` then.
    template: Option<Template>,
    arguments: Vec<Argument>,
}

impl Call {
    fn each_path(&self, found: &mut dyn FnMut(&Selector)) {
        for argument in &self.arguments {
            match argument {
                Argument::Path(selector) => found(selector),
                Argument::Call(call) => call.each_path(found),
                Argument::Literal(_) => {}
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Literal(Value),
    Path(Selector),
    Call(Call),
}

struct Function {
    name: &'static str,
    arguments_min: usize,
    arguments_max: usize,
    cost: Cost,
    body: Body,
}

enum Body {
    Pure(fn(Arguments<'_>) -> Result<Value, Fault>),
    Random(fn(Arguments<'_>, &mut Chance) -> Result<Value, Fault>),
}

const ANY: usize = usize::MAX;

static FUNCTIONS: [Function; 18] = [
    Function::pure("States.Array", 0, ANY, Cost::Items, array::array),
    Function::pure("States.ArrayContains", 2, 2, Cost::Text, array::contains),
    Function::pure("States.ArrayGetItem", 2, 2, Cost::Nothing, array::get_item),
    Function::pure("States.ArrayLength", 1, 1, Cost::Nothing, array::length),
    Function::pure("States.ArrayPartition", 2, 2, Cost::Items, array::partition),
    Function::pure("States.ArrayRange", 3, 3, Cost::Range, array::range),
    Function::pure("States.ArrayUnique", 1, 1, Cost::Values, array::unique),
    Function::pure("States.Base64Decode", 1, 1, Cost::Text, encoding::base64_decode),
    Function::pure("States.Base64Encode", 1, 1, Cost::Text, encoding::base64_encode),
    Function::pure(FORMAT, 1, ANY, Cost::Text, string::format),
    Function::pure("States.Hash", 2, 2, Cost::Text, encoding::hash),
    Function::pure("States.JsonMerge", 3, 3, Cost::Items, json::merge),
    Function::pure("States.JsonToString", 1, 1, Cost::Text, json::to_string),
    Function::pure("States.MathAdd", 2, 2, Cost::Nothing, math::add),
    Function::random("States.MathRandom", 2, 3, Cost::Nothing, math::random),
    Function::pure("States.StringSplit", 2, 2, Cost::Values, string::split),
    Function::pure("States.StringToJson", 1, 1, Cost::Values, json::from_string),
    // AWS was seen to accept and ignore arguments here, and only here.
    Function::random("States.UUID", 0, ANY, Cost::Nothing, string::uuid),
];

const FORMAT: &str = "States.Format";

impl Function {
    const fn pure(
        name: &'static str,
        arguments_min: usize,
        arguments_max: usize,
        cost: Cost,
        body: fn(Arguments<'_>) -> Result<Value, Fault>,
    ) -> Function {
        Function { name, arguments_min, arguments_max, cost, body: Body::Pure(body) }
    }

    const fn random(
        name: &'static str,
        arguments_min: usize,
        arguments_max: usize,
        cost: Cost,
        body: fn(Arguments<'_>, &mut Chance) -> Result<Value, Fault>,
    ) -> Function {
        Function { name, arguments_min, arguments_max, cost, body: Body::Random(body) }
    }

    fn named(name: &str) -> Option<&'static Function> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name
    }
}

/// What is wrong with one call, before the function's name is put to it.
enum Fault {
    Arguments(String),
    Template(&'static str),
}

impl Fault {
    fn arguments(detail: impl Into<String>) -> Fault {
        Fault::Arguments(detail.into())
    }

    fn of(self, function: &Function) -> String {
        match self {
            Fault::Arguments(detail) => format!("Invalid arguments in {}: {detail}", function.name),
            Fault::Template(detail) => format!("Invalid template in {}: {detail}", function.name),
        }
    }
}

/// The values of a call's arguments. Those beyond the last are `null`.
#[derive(Clone, Copy)]
struct Arguments<'v>(&'v [Value]);

static NULL: Value = Value::Null;

impl<'v> Arguments<'v> {
    fn value(self, index: usize) -> &'v Value {
        self.0.get(index).unwrap_or(&NULL)
    }

    fn array(self, index: usize) -> Result<&'v Array, Fault> {
        self.value(index).as_array().ok_or_else(|| self.mistyped(index, "an array"))
    }

    fn object(self, index: usize) -> Result<&'v Object, Fault> {
        self.value(index).as_object().ok_or_else(|| self.mistyped(index, "an object"))
    }

    fn string(self, index: usize) -> Result<&'v str, Fault> {
        self.value(index).as_str().ok_or_else(|| self.mistyped(index, "a string"))
    }

    /// The integer at this place; what is behind the decimal point is cut off.
    ///
    /// AWS documents rounding to the nearest, but was seen to cut off everywhere but in `States.MathAdd`.
    fn integer(self, index: usize) -> Result<i64, Fault> {
        let number = self.value(index).as_number().ok_or_else(|| self.mistyped(index, "a number"))?;
        math::integer(number, f64::trunc)
            .ok_or_else(|| Fault::arguments(format!("argument {} is out of range", index + 1)))
    }

    fn mistyped(self, index: usize, wanted: &str) -> Fault {
        let found = self.value(index).type_name();
        Fault::arguments(format!("argument {} must be {wanted}, but is of type {found}", index + 1))
    }
}
