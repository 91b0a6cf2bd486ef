//! `^(...)`: the order of items by keys.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Evaluator, Frame};
use crate::jsonata::compare::order;
use crate::jsonata::error::Error;
use crate::jsonata::functions;
use crate::jsonata::item::Item;
use crate::jsonata::syntax::tree::Term;

impl Evaluator<'_> {
    pub(super) fn sort_by(
        &mut self,
        terms: &[Term],
        position: usize,
        input: Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        let Item::Array(array) = &input else { return Ok(input) };
        if array.len() <= 1 {
            return Ok(input);
        }
        let tuples = array.marks().tuples;
        let sorted = functions::sort_with(self, array.to_vec(&self.meter)?, &mut |evaluator, left, right| {
            for term in terms {
                let left = evaluator.key(term, left, tuples, frame)?;
                let right = evaluator.key(term, right, tuples, frame)?;
                match compare(&left, &right, term.descending).map_err(|error| error.at(position))? {
                    Ordering::Equal => {}
                    order => return Ok(order.is_gt()),
                }
            }
            Ok(false)
        })?;
        Item::array(sorted, &self.meter)
    }

    fn key(&mut self, term: &Term, item: &Item, tuple: bool, frame: &Rc<Frame>) -> Result<Item, Error> {
        if tuple {
            let (context, frame) = self.tuple_frame(item, frame);
            return self.evaluate(&term.key, &context, &frame);
        }
        self.evaluate(&term.key, item, frame)
    }
}

/// The order of two keys. What has no key comes last, in either direction.
fn compare(left: &Item, right: &Item, descending: bool) -> Result<Ordering, Error> {
    let found = match (left, right) {
        (Item::Undefined, Item::Undefined) => return Ok(Ordering::Equal),
        (Item::Undefined, _) => return Ok(Ordering::Greater),
        (_, Item::Undefined) => return Ok(Ordering::Less),
        (Item::String(left), Item::String(right)) => order(left, right),
        // NaN is neither equal nor less.
        (Item::Number(left), Item::Number(right)) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Greater)
        }
        (Item::String(_) | Item::Number(_), Item::String(_) | Item::Number(_)) => {
            return Err(Error::new("T2007").value(left).value2(right));
        }
        (Item::String(_) | Item::Number(_), other) | (other, _) => return Err(Error::new("T2008").value(other)),
    };
    Ok(if descending { found.reverse() } else { found })
}
