//! Operators between two values.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Evaluator, Frame};
use crate::jsonata::compare::{equal, finite, is_true, order, same};
use crate::jsonata::error::Error;
use crate::jsonata::item::{Array, Item, Marks};
use crate::jsonata::json;
use crate::jsonata::syntax::tree::{Node, Operator};

/// The most items that `..` makes.
const LONGEST_RANGE: f64 = 1e7;

impl Evaluator<'_> {
    pub(super) fn binary(
        &mut self,
        node: &Node,
        operator: Operator,
        left: &Node,
        right: &Node,
        input: &Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        let located = |error: Error| error.at(node.position).token(operator.symbol());
        let left = self.evaluate(left, input, frame)?;
        if matches!(operator, Operator::And | Operator::Or) {
            let decided = is_true(&left).map_err(located)?;
            if decided == (operator == Operator::Or) {
                return Ok(decided.into());
            }
            // Whatever goes wrong on the right is told as the operator's, as in the reference.
            let right = self.evaluate(right, input, frame).map_err(located)?;
            return is_true(&right).map(Item::Bool).map_err(located);
        }
        let right = self.evaluate(right, input, frame)?;
        self.operate(operator, &left, &right).map_err(located)
    }

    fn operate(&self, operator: Operator, left: &Item, right: &Item) -> Result<Item, Error> {
        match operator {
            Operator::Add => arithmetic(left, right, |left, right| left + right),
            Operator::Subtract => arithmetic(left, right, |left, right| left - right),
            Operator::Multiply => arithmetic(left, right, |left, right| left * right),
            Operator::Divide => arithmetic(left, right, |left, right| left / right),
            Operator::Remainder => arithmetic(left, right, |left, right| left % right),
            Operator::Equal => Ok((!is_either_undefined(left, right) && self.equal(left, right)?).into()),
            Operator::NotEqual => Ok((!is_either_undefined(left, right) && !self.equal(left, right)?).into()),
            Operator::Less => ordered(left, right, Ordering::is_lt),
            Operator::LessOrEqual => ordered(left, right, Ordering::is_le),
            Operator::Greater => ordered(left, right, Ordering::is_gt),
            Operator::GreaterOrEqual => ordered(left, right, Ordering::is_ge),
            Operator::Concatenate => {
                let mut text = json::cast(left, false, &self.meter)?;
                text.push_str(&json::cast(right, false, &self.meter)?);
                Item::text(text, &self.meter)
            }
            Operator::Range => Self::range(left, right),
            Operator::In => self.is_in(left, right),
            Operator::And | Operator::Or => Ok(Item::Undefined),
        }
    }

    fn equal(&self, left: &Item, right: &Item) -> Result<bool, Error> {
        if let (Item::Array(left), Item::Array(right)) = (left, right) {
            self.meter.work(left.len().min(right.len()))?;
        }
        Ok(equal(left, right))
    }

    fn is_in(&self, left: &Item, right: &Item) -> Result<Item, Error> {
        if is_either_undefined(left, right) {
            return Ok(false.into());
        }
        let found = match right {
            Item::Array(array) => {
                self.meter.work(array.len())?;
                array.iter().any(|item| same(&item, left))
            }
            right => same(right, left),
        };
        Ok(found.into())
    }

    fn range(left: &Item, right: &Item) -> Result<Item, Error> {
        let first = whole(left).map_err(|()| Error::new("T2003").value(left))?;
        let last = whole(right).map_err(|()| Error::new("T2004").value(right))?;
        let (Some(first), Some(last)) = (first, last) else { return Ok(Item::Undefined) };
        if first > last {
            return Ok(Item::Undefined);
        }
        let size = last - first + 1.0;
        if size > LONGEST_RANGE {
            return Err(Error::new("D2014").value(&size.into()));
        }
        let marks = Marks { sequence: true, ..Marks::default() };
        Ok(Item::Array(Array::range(first, size as usize, marks)))
    }
}

fn is_either_undefined(left: &Item, right: &Item) -> bool {
    left.is_undefined() || right.is_undefined()
}

fn arithmetic(left: &Item, right: &Item, operate: impl Fn(f64, f64) -> f64) -> Result<Item, Error> {
    let number = |item: &Item, code| match finite(item)? {
        None if !item.is_undefined() => Err(Error::new(code).value(item)),
        number => Ok(number),
    };
    let (left, right) = (number(left, "T2001")?, number(right, "T2002")?);
    Ok(left.zip(right).map_or(Item::Undefined, |(left, right)| operate(left, right).into()))
}

fn ordered(left: &Item, right: &Item, holds: impl Fn(Ordering) -> bool) -> Result<Item, Error> {
    for item in [left, right] {
        if !matches!(item, Item::Undefined | Item::String(_) | Item::Number(_)) {
            let value = if matches!(left, Item::String(_) | Item::Number(_)) { right } else { left };
            return Err(Error::new("T2010").value(value));
        }
    }
    let order = match (left, right) {
        (Item::Undefined, _) | (_, Item::Undefined) => return Ok(Item::Undefined),
        (Item::String(left), Item::String(right)) => Some(order(left, right)),
        (Item::Number(left), Item::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        _ => return Err(Error::new("T2009").value(left).value2(right)),
    };
    Ok(order.is_some_and(holds).into())
}

/// An integer; `None` for nothing.
fn whole(item: &Item) -> Result<Option<f64>, ()> {
    match item {
        Item::Undefined => Ok(None),
        item => item.as_f64().filter(|number| number.fract() == 0.0).map(Some).ok_or(()),
    }
}
