//! JSONata expressions in the fields of states: the field that holds one, what it sees, and AWS's words for what goes
//! wrong.

use crate::error::EvalError;
use crate::jsonata::{self, Expression, Limits, Names, Turn};
use crate::scope::{Roots, Scope};
use crate::value::{Map, Number, Text, Value};

/// A compiled expression, and the field of the state that holds it.
#[derive(Clone, Debug)]
pub struct Query(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    expression: Expression,
    field: Text,
}

/// Below this every double is exact as an integer.
const SAFE_MAX: f64 = 9_007_199_254_740_992.0;

/// The expression between `{%` and `%}`, where a text is one: only a text that begins and ends like this.
pub fn source(text: &str) -> Option<&str> {
    text.strip_prefix("{%")?.strip_suffix("%}").map(str::trim)
}

impl Query {
    /// Compiles a field's text, where it is an expression. `field` is its way from the state: `Output/items[0]`.
    pub fn compile(text: &str, field: &str) -> Option<Result<Query, jsonata::Error>> {
        let compiled = Expression::compile(source(text)?);
        Some(compiled.map(|expression| Query(Box::new(Parts { expression, field: field.into() }))))
    }

    /// The expression's value. Nothing, a function and an error are failures.
    pub fn evaluate(&self, scope: &mut Scope<'_>) -> Result<Value, EvalError> {
        let names = Visible(scope.roots);
        let mut turn = Turn { now: scope.now, chance: scope.chance, limits: Limits::default() };
        match self.0.expression.evaluate(None, &names, &mut turn) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.returned("nothing (undefined).")),
            Err(error) if error.is_unsupported_result() => Err(self.returned("an unsupported result type.")),
            // The limits are no errors of JSONata, and AWS shows them without a code.
            Err(error) if error.code().starts_with('U') => {
                Err(self.complains(format_args!("threw an error during evaluation: {}", error.text())))
            }
            Err(error) => Err(self.complains(format_args!("threw an error during evaluation. {error}"))),
        }
    }

    /// The value as what its field needs; `read` takes it as that, `expected` is the JSON type's name.
    pub fn typed<T>(
        &self,
        scope: &mut Scope<'_>,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, EvalError> {
        let value = self.evaluate(scope)?;
        read(&value).ok_or_else(|| {
            let found = value.type_name();
            self.returned(&format!(
                "an unexpected result type. Expected '{expected}', but was '{found}' for value: {value}"
            ))
        })
    }

    /// A number, for a field that needs one. JSONata has one kind of them: `5.0` is an integer.
    pub fn number(&self, scope: &mut Scope<'_>) -> Result<Number, EvalError> {
        let number = self.typed(scope, "number", |value| value.as_number().cloned())?;
        let whole = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < SAFE_MAX);
        Ok(whole.map_or(number, |float| (float as i64).into()))
    }

    /// A string, for a field that needs one.
    pub fn string(&self, scope: &mut Scope<'_>) -> Result<Text, EvalError> {
        self.typed(scope, "string", |value| match value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// What is wrong with a value that has the right type.
    pub fn failure(&self, reason: impl Into<String>) -> EvalError {
        EvalError::query(Some(self.0.field.clone()), reason)
    }

    fn returned(&self, what: &str) -> EvalError {
        self.complains(format_args!("returned {what}"))
    }

    fn complains(&self, what: std::fmt::Arguments<'_>) -> EvalError {
        let Parts { expression, field } = &*self.0;
        self.failure(format!(
            "The JSONata expression '{}' specified for the field '{field}' {what}",
            expression.source()
        ))
    }
}

/// What an expression sees: `$states`, and the variables.
struct Visible<'a>(&'a dyn Roots);

impl Names for Visible<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        if name != "states" {
            return self.0.variable(name).cloned();
        }
        let mut states = Map::default();
        states.insert("input".into(), self.0.input().clone());
        states.insert("context".into(), self.0.context().clone());
        if let Some((name, value)) = self.0.outcome() {
            states.insert(name.into(), value.clone());
        }
        Some(states.into())
    }

    fn member(&self, name: &str, member: &str) -> Option<Value> {
        if name != "states" {
            return self.0.variable(name)?.get(member).cloned();
        }
        match member {
            "input" => Some(self.0.input().clone()),
            "context" => Some(self.0.context().clone()),
            member => self.0.outcome().filter(|(name, _)| *name == member).map(|(_, value)| value.clone()),
        }
    }
}
