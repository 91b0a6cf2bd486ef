//! Predicates: `[0]`, `[a = 1]`.

use std::rc::Rc;

use super::{Evaluator, Frame};
use crate::jsonata::compare::{finite, is_true};
use crate::jsonata::error::Error;
use crate::jsonata::item::{Array, Item, Marks};
use crate::jsonata::syntax::tree::{Kind, Node};

impl Evaluator<'_> {
    /// Those items of the input for which the predicate holds, or whose place it names.
    pub(super) fn filter(&mut self, predicate: &Node, input: Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        let array = match input {
            Item::Array(array) => array,
            single => Array::made(vec![single], Marks { sequence: true, ..Marks::default() }, &self.meter)?,
        };
        let marks = Marks { sequence: true, tuples: array.marks().tuples, ..Marks::default() };
        if let (Kind::Number(index), true) = (&predicate.kind, predicate.predicates.is_empty()) {
            let found = place(index.as_f64().unwrap_or(f64::NAN), array.len()).map(|index| array.get(index));
            return match found {
                None | Some(Item::Undefined) => Item::marked(Vec::new(), marks, &self.meter),
                Some(item @ Item::Array(_)) => Ok(item),
                Some(item) => Item::marked(vec![item], marks, &self.meter),
            };
        }
        let mut result = Vec::new();
        for index in 0..array.len() {
            let item = array.get(index);
            let holds = if marks.tuples {
                let (context, frame) = self.tuple_frame(&item, frame);
                self.evaluate(predicate, &context, &frame)?
            } else {
                self.evaluate(predicate, &item, frame)?
            };
            for _ in 0..self.times(&holds, index, &array)? {
                self.push(&mut result, item.clone())?;
            }
        }
        Item::marked(result, marks, &self.meter)
    }

    /// How often an item is taken: once where the predicate is true, and once for every number that is its place.
    fn times(&self, holds: &Item, index: usize, array: &Array) -> Result<usize, Error> {
        if let Some(number) = finite(holds)? {
            return Ok(usize::from(place(number, array.len()) == Some(index)));
        }
        if let Item::Array(places) = holds {
            self.meter.work(places.len())?;
            let mut times = Some(0);
            for item in places.iter() {
                // Every item is looked at, for its error.
                let number = finite(&item)?;
                times = times
                    .zip(number)
                    .map(|(times, number)| times + usize::from(place(number, array.len()) == Some(index)));
            }
            if let Some(times) = times {
                return Ok(times);
            }
        }
        is_true(holds).map(usize::from)
    }
}

/// The place a number names: rounded down, and from the end where it is negative.
fn place(number: f64, len: usize) -> Option<usize> {
    let floor = number.floor();
    let index = if floor < 0.0 { floor + len as f64 } else { floor };
    (index >= 0.0 && index < len as f64).then_some(index as usize)
}
