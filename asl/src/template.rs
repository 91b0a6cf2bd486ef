//! Payload templates: JSON in which a field `name.$` is a path or an intrinsic function, or a string `{% ... %}` a JSONata
//! expression, evaluated in place.

use crate::error::EvalError;
use crate::intrinsics::Intrinsic;
use crate::jsonata;
use crate::path::Selector;
use crate::query::Query;
use crate::scope::Scope;
use crate::value::{Map, Text, Value};

/// A compiled template. Parts without expressions are kept as finished values and shared by every evaluation.
#[derive(Clone, Debug)]
pub enum Template {
    /// Nothing to evaluate.
    Literal(Value),
    /// A path, with the name of the field that holds it.
    Path(Text, Selector),
    /// A call of an intrinsic function.
    Intrinsic(Intrinsic),
    /// An object with something to evaluate in it.
    Object(Box<[(Text, Template)]>),
    /// An array with something to evaluate in it.
    Array(Box<[Template]>),
    /// A JSONata expression.
    Query(Query),
}

impl Template {
    /// Compiles a JSONPath template: fields whose names end in `.$` are expressions, at any depth.
    /// The error is the name of the field that is none, and AWS's message.
    pub fn compile(value: &Value) -> Result<Template, String> {
        match value {
            Value::Array(items) => {
                let items: Vec<Template> = items.iter().map(Template::compile).collect::<Result<_, _>>()?;
                if items.iter().all(Template::is_literal) {
                    return Ok(Template::Literal(value.clone()));
                }
                Ok(Template::Array(items.into()))
            }
            Value::Object(members) => {
                let mut fields = Vec::with_capacity(members.len());
                let mut literal = true;
                for (name, value) in members.iter() {
                    let (name, template) = match name.strip_suffix(".$") {
                        Some(stem) => (stem.into(), Template::expression(name, value)?),
                        None => (name.clone(), Template::compile(value)?),
                    };
                    literal &= template.is_literal();
                    fields.push((name, template));
                }
                Ok(if literal { Template::Literal(value.clone()) } else { Template::Object(fields.into()) })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Template::Literal(value.clone())),
        }
    }

    /// Compiles what a field holds that must be a path or an intrinsic function.
    pub fn expression(field: &str, value: &Value) -> Result<Template, String> {
        let refusal =
            || format!("The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call");
        let text = value.as_str().ok_or_else(refusal)?;
        if text.starts_with('$') {
            return Selector::parse(text).map(|path| Template::Path(field.into(), path)).map_err(|_| refusal());
        }
        Intrinsic::parse(text).map(Template::Intrinsic).map_err(|_| refusal())
    }

    /// Compiles JSON in which strings `{% ... %}` are JSONata expressions. `field` is the way from the state to it.
    pub fn jsonata(value: &Value, field: &str) -> Result<Template, jsonata::Error> {
        match value {
            Value::String(text) => match Query::compile(text, field) {
                Some(query) => query.map(Template::Query),
                None => Ok(Template::Literal(value.clone())),
            },
            Value::Array(items) => {
                let item = |(at, item)| Template::jsonata(item, &format!("{field}[{at}]"));
                let items: Vec<Template> = items.iter().enumerate().map(item).collect::<Result<_, _>>()?;
                if items.iter().all(Template::is_literal) {
                    return Ok(Template::Literal(value.clone()));
                }
                Ok(Template::Array(items.into()))
            }
            Value::Object(members) => {
                let mut fields = Vec::with_capacity(members.len());
                for (name, value) in members.iter() {
                    fields.push((name.clone(), Template::jsonata(value, &format!("{field}/{name}"))?));
                }
                if fields.iter().all(|(_, template)| template.is_literal()) {
                    return Ok(Template::Literal(value.clone()));
                }
                Ok(Template::Object(fields.into()))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Template::Literal(value.clone())),
        }
    }

    fn is_literal(&self) -> bool {
        matches!(self, Template::Literal(_))
    }

    /// The template's value. Errors are AWS's: a path that finds nothing names its field and shows the input.
    pub fn evaluate(&self, scope: &mut Scope<'_>) -> Result<Value, EvalError> {
        match self {
            Template::Literal(value) => Ok(value.clone()),
            Template::Path(field, selector) => scope.select(selector).map_err(|_| {
                EvalError::runtime(format!(
                    "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
                    selector.text(),
                    scope.root_text(selector)
                ))
            }),
            Template::Intrinsic(intrinsic) => intrinsic.evaluate(scope),
            Template::Object(fields) => {
                let mut members = Map::with_capacity_and_hasher(fields.len(), Default::default());
                for (name, template) in fields {
                    members.insert(name.clone(), template.evaluate(scope)?);
                }
                Ok(members.into())
            }
            Template::Array(items) => items.iter().map(|item| item.evaluate(scope)).collect(),
            Template::Query(query) => query.evaluate(scope),
        }
    }
}
