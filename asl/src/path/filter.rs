//! Filter expressions and what they say of an item.
//!
//! `&&` and `||` stop early. Where an operand has the wrong kind for its operator Jayway throws, and a filter that
//! throws so does not match, whatever negations are around the operator: that is `Failure::Invalid` here.

use std::cmp::Ordering;

use regex::Regex;

use super::evaluate::{Failure, Limits, Mode, run};
use super::operand::{Numeric, Side};
use super::program::Program;
use crate::value::{Text, Value};

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Or(Vec<Expression>),
    And(Vec<Expression>),
    Not(Box<Expression>),
    /// Whether the path leads somewhere is what is wanted.
    Exists {
        path: Program,
        wanted: bool,
    },
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
}

/// An operand as it is written.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Path(Program),
    Null,
    Bool(bool),
    Number(Numeric),
    Text(Text),
    /// Where the text is no JSON, that is an error when it is compared.
    Json(Result<Value, String>),
    Pattern(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    SameKindEqual,
    SameKindUnequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    Contains,
    All,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
    Exists,
    /// Takes a Java class or predicate, which no text can write.
    Unwritable,
}

impl Operator {
    pub fn named(text: &str) -> Option<Operator> {
        Some(match text.to_uppercase().as_str() {
            "==" => Operator::Equal,
            "!=" => Operator::Unequal,
            "===" => Operator::SameKindEqual,
            "!==" => Operator::SameKindUnequal,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "=~" => Operator::Matches,
            "IN" => Operator::In,
            "NIN" => Operator::NotIn,
            "CONTAINS" => Operator::Contains,
            "ALL" => Operator::All,
            "SIZE" => Operator::Size,
            "EMPTY" => Operator::Empty,
            "SUBSETOF" => Operator::SubsetOf,
            "ANYOF" => Operator::AnyOf,
            "NONEOF" => Operator::NoneOf,
            "EXISTS" => Operator::Exists,
            "TYPE" | "MATCHES" => Operator::Unwritable,
            _ => return None,
        })
    }
}

/// What an expression is asked about.
#[derive(Clone, Copy)]
pub(super) struct Question<'v> {
    /// `@`
    pub item: &'v Value,
    /// `$`
    pub root: &'v Value,
    pub limits: &'v Limits,
}

impl Expression {
    /// Whether the item matches.
    pub fn accepts(&self, question: Question<'_>) -> Result<bool, Failure> {
        match self.holds(question) {
            Err(Failure::Invalid(_) | Failure::NotFound(_)) => Ok(false),
            answer => answer,
        }
    }

    fn holds(&self, question: Question<'_>) -> Result<bool, Failure> {
        question.limits.visit(1)?;
        match self {
            Expression::Or(parts) => {
                for part in parts {
                    if part.holds(question)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::And(parts) => {
                for part in parts {
                    if !part.holds(question)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expression::Not(inner) => Ok(!inner.holds(question)?),
            Expression::Exists { path, wanted } => Ok(exists(path, question)? == *wanted),
            Expression::Compare { left, operator, right } => {
                compare(&left.resolve(question)?, *operator, &right.resolve(question)?, question.limits)
            }
        }
    }
}

/// An existence check starts at the item even where the path starts with `$`: Jayway's reading.
fn exists(path: &Program, question: Question<'_>) -> Result<bool, Failure> {
    if path.plain {
        return Ok(path.find(question.item).is_some());
    }
    match run(path, question.item, question.root, Mode::Exists, question.limits) {
        Ok(_) => Ok(true),
        Err(Failure::NotFound(_)) => Ok(false),
        Err(failure) => Err(failure),
    }
}

impl Operand {
    fn resolve<'v>(&'v self, question: Question<'v>) -> Result<Side<'v>, Failure> {
        Ok(match self {
            Operand::Path(path) => {
                let start = if path.from_document { question.root } else { question.item };
                if path.plain {
                    return Ok(path.find(start).map_or(Side::Undefined, Side::of));
                }
                match run(path, start, question.root, Mode::Operand, question.limits) {
                    Ok(value) => Side::owned(value),
                    Err(Failure::NotFound(_)) => Side::Undefined,
                    Err(failure) => return Err(failure),
                }
            }
            Operand::Null => Side::Null,
            Operand::Bool(value) => Side::Bool(*value),
            Operand::Number(number) => Side::Number(number.clone()),
            Operand::Text(text) => Side::Text((**text).into()),
            Operand::Json(json) => Side::JsonLiteral(json),
            Operand::Pattern(pattern) => Side::Pattern(pattern),
        })
    }
}

fn compare(left: &Side<'_>, operator: Operator, right: &Side<'_>, limits: &Limits) -> Result<bool, Failure> {
    let ordered = |wanted: fn(Ordering) -> bool| Ok(left.compare(right).is_some_and(wanted));
    match operator {
        Operator::Equal => left.equals(right, limits),
        Operator::Unequal => Ok(!left.equals(right, limits)?),
        Operator::SameKindEqual => Ok(left.same_kind(right) && left.equals(right, limits)?),
        Operator::SameKindUnequal => Ok(!(left.same_kind(right) && left.equals(right, limits)?)),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::Matches => matches(left, right, limits),
        Operator::In => is_in(left, right, limits),
        Operator::NotIn => Ok(!is_in(left, right, limits)?),
        Operator::Contains => contains(left, right, limits),
        Operator::Size => size(left, right),
        Operator::Empty => empty(left, right),
        Operator::SubsetOf => lists(left, right, limits, |left, right| all_in(left, right, limits)),
        Operator::AnyOf => lists(left, right, limits, |left, right| any_in(left, right, limits)),
        Operator::NoneOf => lists(left, right, limits, |left, right| Ok(!any_in(left, right, limits)?)),
        // Jayway has these operators, but no operand that can be written fits them.
        Operator::All | Operator::Exists | Operator::Unwritable => Err(Failure::Invalid("Expected other node".into())),
    }
}

fn matches(left: &Side<'_>, right: &Side<'_>, limits: &Limits) -> Result<bool, Failure> {
    let (pattern, other) = match (left, right) {
        (Side::Pattern(_), Side::Pattern(_)) => return Ok(false),
        (Side::Pattern(pattern), other) | (other, Side::Pattern(pattern)) => (pattern, other),
        _ => return Ok(false),
    };
    let is_match = |side: &Side<'_>| {
        let text = side.pattern_text();
        limits.visit(text.len() / 32)?;
        Ok(pattern.is_match(&text))
    };
    if !matches!(other.json()?, Some(Value::Array(_))) {
        return is_match(other);
    }
    for item in other.list(limits)?.iter().flatten() {
        if is_match(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_in(left: &Side<'_>, right: &Side<'_>, limits: &Limits) -> Result<bool, Failure> {
    right.list(limits)?.map_or(Ok(false), |items| has(&items, left, limits))
}

fn contains(left: &Side<'_>, right: &Side<'_>, limits: &Limits) -> Result<bool, Failure> {
    if let (Side::Text(left), Side::Text(right)) = (left, right) {
        limits.visit(left.len() / 32)?;
        return Ok(left.contains(&**right));
    }
    match left.json()? {
        Some(_) => left.list(limits)?.map_or(Ok(false), |items| has(&items, right, limits)),
        None => Ok(false),
    }
}

fn size(left: &Side<'_>, right: &Side<'_>) -> Result<bool, Failure> {
    let Side::Number(wanted) = right else { return Ok(false) };
    let length = match (left, left.json()?) {
        (Side::Text(text), _) => text.encode_utf16().count() as i64,
        (_, Some(Value::Array(items))) => items.len() as i64,
        (_, Some(_)) => -1,
        (_, None) => return Ok(false),
    };
    Ok(length == wanted.whole())
}

fn empty(left: &Side<'_>, right: &Side<'_>) -> Result<bool, Failure> {
    let is_empty = match (left, left.json()?) {
        (Side::Text(text), _) => text.is_empty(),
        (_, Some(Value::Array(items))) => items.is_empty(),
        (_, Some(_)) => {
            let message = "class java.util.LinkedHashMap cannot be cast to class java.util.Collection";
            return Err(Failure::Other(message.into()));
        }
        (_, None) => return Ok(false),
    };
    match right {
        Side::Bool(wanted) => Ok(is_empty == *wanted),
        _ => Err(Failure::Invalid("Expected boolean node".into())),
    }
}

fn lists(
    left: &Side<'_>,
    right: &Side<'_>,
    limits: &Limits,
    answer: impl FnOnce(&[Side<'_>], &[Side<'_>]) -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    let Some(right) = right.list(limits)? else { return Ok(false) };
    let Some(left) = left.list(limits)? else { return Ok(false) };
    answer(&left, &right)
}

fn has(items: &[Side<'_>], wanted: &Side<'_>, limits: &Limits) -> Result<bool, Failure> {
    limits.visit(items.len())?;
    for item in items {
        if wanted.equals(item, limits)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn all_in(left: &[Side<'_>], right: &[Side<'_>], limits: &Limits) -> Result<bool, Failure> {
    for item in left {
        if !has(right, item, limits)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any_in(left: &[Side<'_>], right: &[Side<'_>], limits: &Limits) -> Result<bool, Failure> {
    for item in left {
        if has(right, item, limits)? {
            return Ok(true);
        }
    }
    Ok(false)
}
