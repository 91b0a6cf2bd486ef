//! Choice rules: what they test, and how values compare. A value of another type than the operator's never matches.

use std::cmp::Ordering;

use chrono::DateTime;

use crate::error::EvalError;
use crate::path::{PathError, Selector};
use crate::program::StateId;
use crate::query::Query;
use crate::scope::Scope;
use crate::template::Template;
use crate::value::{Number, Text, Value};

/// One entry of `Choices`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// When it applies.
    pub test: Test,
    /// Where it leads.
    pub next: StateId,
    /// `Assign`
    pub assign: Option<Template>,
    /// `Output`, in JSONata.
    pub output: Option<Template>,
}

/// A condition.
#[derive(Clone, Debug)]
pub enum Test {
    /// Every one holds.
    And(Box<[Test]>),
    /// At least one holds.
    Or(Box<[Test]>),
    /// It does not hold.
    Not(Box<Test>),
    /// A comparison of the value at a path.
    Compare(Selector, Operator),
    /// `Condition`, in JSONata.
    Query(Query),
    /// `Condition` without an expression.
    Always(bool),
}

/// What the value at the path is asked.
#[derive(Clone, Debug)]
pub enum Operator {
    /// `IsPresent`
    Present(bool),
    /// `IsNull`, `IsString`, `IsNumeric`, `IsBoolean`, `IsTimestamp`
    Type(Type, bool),
    /// `StringMatches`
    Matches(Pattern),
    /// `StringEquals`, `NumericLessThanPath` and so on.
    Order(Type, Relation, Operand),
}

/// The types that operators know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Type {
    Null,
    String,
    Numeric,
    Boolean,
    Timestamp,
}

/// How the value relates to the operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Relation {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

/// What the value is compared with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// As written.
    Literal(Value),
    /// The `...Path` form of the operator.
    Path(Selector),
}

/// A `StringMatches` pattern: `*` stands for any characters, `\*` for a star, `\\` for a backslash.
#[derive(Clone, Debug)]
pub struct Pattern(Box<[Text]>);

impl Operator {
    /// Reads an operator from its field's name and value; `None` where there is no such operator.
    pub fn parse(name: &str, value: &Value) -> Option<Result<Operator, PathError>> {
        let asked = |make: fn(bool) -> Operator| value.as_bool().map(|yes| Ok(make(yes)));
        match name {
            "IsPresent" => return asked(Operator::Present),
            "IsNull" => return asked(|yes| Operator::Type(Type::Null, yes)),
            "IsString" => return asked(|yes| Operator::Type(Type::String, yes)),
            "IsNumeric" => return asked(|yes| Operator::Type(Type::Numeric, yes)),
            "IsBoolean" => return asked(|yes| Operator::Type(Type::Boolean, yes)),
            "IsTimestamp" => return asked(|yes| Operator::Type(Type::Timestamp, yes)),
            "StringMatches" => return value.as_str().map(|pattern| Ok(Operator::Matches(Pattern::parse(pattern)))),
            _ => {}
        }
        let (kind, relation) = [
            ("String", Type::String),
            ("Numeric", Type::Numeric),
            ("Boolean", Type::Boolean),
            ("Timestamp", Type::Timestamp),
        ]
        .into_iter()
        .find_map(|(prefix, kind)| name.strip_prefix(prefix).map(|rest| (kind, rest)))?;
        let (relation, is_path) = relation.strip_suffix("Path").map_or((relation, false), |rest| (rest, true));
        let relation = match relation {
            "Equals" => Relation::Equals,
            "LessThan" => Relation::LessThan,
            "GreaterThan" => Relation::GreaterThan,
            "LessThanEquals" => Relation::LessThanEquals,
            "GreaterThanEquals" => Relation::GreaterThanEquals,
            _ => return None,
        };
        if kind == Type::Boolean && relation != Relation::Equals {
            return None;
        }
        if !is_path {
            return Some(Ok(Operator::Order(kind, relation, Operand::Literal(value.clone()))));
        }
        Some(Selector::parse(value.as_str()?).map(|path| Operator::Order(kind, relation, Operand::Path(path))))
    }
}

impl Test {
    /// Whether the condition holds. A path that finds nothing is an error, except for `IsPresent`.
    pub fn holds(&self, scope: &mut Scope<'_>) -> Result<bool, EvalError> {
        match self {
            Test::And(tests) => {
                for test in tests {
                    if !test.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::Or(tests) => {
                for test in tests {
                    if test.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Test::Not(test) => Ok(!test.holds(scope)?),
            Test::Compare(selector, Operator::Present(expected)) => Ok(scope.select(selector).is_ok() == *expected),
            Test::Compare(selector, operator) => {
                let value = select(scope, selector)?;
                match operator {
                    Operator::Present(_) => Ok(true),
                    Operator::Type(kind, expected) => Ok(is(*kind, &value) == *expected),
                    Operator::Matches(pattern) => Ok(value.as_str().is_some_and(|text| pattern.matches(text))),
                    Operator::Order(kind, relation, Operand::Literal(operand)) => {
                        Ok(relates(*kind, *relation, &value, operand))
                    }
                    Operator::Order(kind, relation, Operand::Path(path)) => {
                        let operand = select(scope, path)?;
                        Ok(relates(*kind, *relation, &value, &operand))
                    }
                }
            }
            Test::Query(query) => query.typed(scope, "boolean", Value::as_bool),
            Test::Always(holds) => Ok(*holds),
        }
    }
}

fn select(scope: &Scope<'_>, selector: &Selector) -> Result<Value, EvalError> {
    scope.select(selector).map_err(|_| {
        EvalError::runtime(format!(
            "Invalid path '{}': The choice state's condition path references an invalid value.",
            selector.text()
        ))
    })
}

fn is(kind: Type, value: &Value) -> bool {
    match kind {
        Type::Null => value.is_null(),
        Type::String => value.as_str().is_some(),
        Type::Numeric => value.as_number().is_some(),
        Type::Boolean => value.as_bool().is_some(),
        Type::Timestamp => value.as_str().and_then(instant).is_some(),
    }
}

fn relates(kind: Type, relation: Relation, value: &Value, operand: &Value) -> bool {
    let order = match kind {
        Type::String => match (value.as_str(), operand.as_str()) {
            (Some(value), Some(operand)) => Some(value.cmp(operand)),
            _ => None,
        },
        Type::Numeric => match (value.as_number(), operand.as_number()) {
            (Some(value), Some(operand)) => compare_numbers(value, operand),
            _ => None,
        },
        Type::Boolean => match (value.as_bool(), operand.as_bool()) {
            (Some(value), Some(operand)) => Some(value.cmp(&operand)),
            _ => None,
        },
        Type::Timestamp => match (value.as_str().and_then(instant), operand.as_str().and_then(instant)) {
            (Some(value), Some(operand)) => Some(value.cmp(&operand)),
            _ => None,
        },
        Type::Null => None,
    };
    order.is_some_and(|order| match relation {
        Relation::Equals => order == Ordering::Equal,
        Relation::LessThan => order == Ordering::Less,
        Relation::GreaterThan => order == Ordering::Greater,
        Relation::LessThanEquals => order != Ordering::Greater,
        Relation::GreaterThanEquals => order != Ordering::Less,
    })
}

fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    let integer = |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// An RFC 3339 instant with all its digits.
fn instant(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    crate::time::Timestamp::parse(text)?;
    DateTime::parse_from_rfc3339(text).ok()
}

impl Pattern {
    /// Reads a pattern. Every text is one.
    pub fn parse(text: &str) -> Pattern {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => parts.push(std::mem::take(&mut part).into()),
                '\\' if matches!(chars.peek(), Some('*' | '\\')) => part.extend(chars.next()),
                c => part.push(c),
            }
        }
        parts.push(part.into());
        Pattern(parts.into())
    }

    /// Whether the whole text fits. Takes time in proportion to the text and the pattern's parts.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = &*self.0 else {
            return self.0.first().is_some_and(|only| &**only == text);
        };
        let Some(mut rest) = text.strip_prefix(&**first) else { return false };
        for part in middle {
            match rest.find(&**part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.len() >= last.len() && rest.ends_with(&**last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns() {
        let check = |pattern: &str, text: &str| Pattern::parse(pattern).matches(text);
        assert!(check("log-*.txt", "log-2020.txt"));
        assert!(!check("log-*.txt", "log-2020.txt.gz"));
        assert!(check("*", ""));
        assert!(check("a*a", "aa"));
        assert!(!check("a*a", "a"));
        assert!(check("*b*b*", "abcbd"));
        assert!(check(r"a\*b", "a*b"));
        assert!(!check(r"a\*b", "axb"));
        assert!(check(r"a\\*", r"a\x"));
        assert!(check("", ""));
        assert!(!check("", "x"));
    }

    #[test]
    fn values_compare_by_type() {
        let check = |kind, relation, a, b| relates(kind, relation, &Value::from(a), &Value::from(b));
        assert!(check(Type::Numeric, Relation::Equals, json!(1), json!(1.0)));
        assert!(check(Type::Numeric, Relation::LessThan, json!(u64::MAX - 1), json!(u64::MAX)));
        assert!(!check(Type::Numeric, Relation::Equals, json!("1"), json!(1)));
        assert!(check(Type::String, Relation::GreaterThanEquals, json!("b"), json!("a")));
        let timestamps = (json!("2020-01-01T01:00:00+01:00"), json!("2020-01-01T00:00:00.000Z"));
        assert!(check(Type::Timestamp, Relation::Equals, timestamps.0, timestamps.1));
        assert!(!check(Type::Timestamp, Relation::Equals, json!("2020"), json!("2020")));
    }
}
