//! From a call to its value, within a budget.

use crate::path::{PathError, Root, Selector};
use crate::scope::Scope;
use crate::value::Value;

use super::array::RANGE_ITEMS_MAX;
use super::{Argument, Arguments, Body, Call, Fault, Function, WORK_BYTES_MAX};

/// What a function does with its arguments, for an estimate of its work.
#[derive(Clone, Copy)]
pub(super) enum Cost {
    /// It looks at a few places.
    Nothing,
    /// It shares their items or members in a new container, which counts the text of each.
    Items,
    /// It makes the longest range.
    Range,
    /// It writes or compares text as long as theirs.
    Text,
    /// It makes values of their text.
    Values,
}

impl Cost {
    fn bytes(self, arguments: Arguments<'_>) -> usize {
        const ITEM_BYTES: usize = 128;
        const VALUE_BYTES_PER_TEXT_BYTE: usize = 32;
        let text_bytes = || arguments.0.iter().map(text_bytes).fold(0, usize::saturating_add);
        match self {
            Cost::Nothing => 0,
            Cost::Items => {
                let items = arguments.0.iter().map(|value| 1 + items(value)).sum();
                ITEM_BYTES.saturating_mul(items).saturating_add(text_bytes())
            }
            Cost::Range => ITEM_BYTES * RANGE_ITEMS_MAX,
            Cost::Text => text_bytes().saturating_mul(2),
            Cost::Values => text_bytes().saturating_mul(VALUE_BYTES_PER_TEXT_BYTE),
        }
    }
}

/// About the length of the value's JSON text, without reading it: escapes in a string are not counted.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.json_bytes(),
    }
}

fn items(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// One evaluation of a call and all that is nested in it. Recursion is as deep as the calls, which parsing bounds.
pub(super) struct Evaluation<'e, 's> {
    scope: &'e mut Scope<'s>,
    bytes_left: usize,
}

impl<'e, 's> Evaluation<'e, 's> {
    pub(super) fn new(scope: &'e mut Scope<'s>) -> Evaluation<'e, 's> {
        Evaluation { scope, bytes_left: WORK_BYTES_MAX }
    }

    /// The call's value, or what is wrong with the innermost call that failed.
    pub(super) fn call(&mut self, call: &Call) -> Result<Value, String> {
        let values: Result<Vec<Value>, String> =
            call.arguments.iter().map(|argument| self.argument(argument)).collect();
        let values = values?;
        let arguments = Arguments(&values);
        self.spend(call.function, arguments)
            .and_then(|()| match (&call.template, &call.function.body) {
                (Some(template), _) => template.fill(arguments.0),
                (None, Body::Pure(body)) => body(arguments),
                (None, Body::Random(body)) => body(arguments, self.scope.chance),
            })
            .map_err(|fault| fault.of(call.function))
    }

    fn argument(&mut self, argument: &Argument) -> Result<Value, String> {
        match argument {
            Argument::Literal(value) => Ok(value.clone()),
            Argument::Call(call) => self.call(call),
            Argument::Path(selector) => {
                self.scope.select(selector).map_err(|error| not_selected(selector, error, self.scope.roots.input()))
            }
        }
    }

    fn spend(&mut self, function: &Function, arguments: Arguments<'_>) -> Result<(), Fault> {
        let left = self.bytes_left.checked_sub(function.cost.bytes(arguments));
        self.bytes_left = left.ok_or_else(|| Fault::arguments("they are too large for one evaluation"))?;
        Ok(())
    }
}

/// Why a path gave no value, in AWS's words. A path into the context object is shown as if it started at `$`, and the
/// input shown is always that of the state: so AWS was seen to do.
fn not_selected(selector: &Selector, error: PathError, input: &Value) -> String {
    let path = match selector.root {
        Root::Context => selector.text().strip_prefix('$').unwrap_or(selector.text()),
        Root::Input | Root::Variable(_) => selector.text(),
    };
    match error {
        PathError::Invalid(message) => message,
        // An index into what is no array: AWS shows what its JSONPath library says.
        PathError::NotFound(message) if message.starts_with("Filter: ") => message,
        PathError::NotFound(_) => {
            format!("The JsonPath argument for the field '{path}' could not be found in the input '{input}'")
        }
    }
}
