//! Steps over tuples: items with the variables that `@`, `#` and `%` gave them.

use std::rc::Rc;

use super::path::{Stream, context_of, stream_array};
use super::{Evaluator, Frame};
use crate::jsonata::error::Error;
use crate::jsonata::item::{Array, Item, Marks, Members};
use crate::jsonata::syntax::tree::{Kind, Node, Stage};
use crate::value::Text;

impl Evaluator<'_> {
    /// The context of a tuple, and a frame with its variables.
    pub(super) fn tuple_frame(&self, tuple: &Item, frame: &Rc<Frame>) -> (Item, Rc<Frame>) {
        let variables = tuple.as_object().map(|tuple| tuple.iter().collect()).unwrap_or_default();
        (context_of(tuple), Frame::with(frame, variables))
    }

    /// One step over every tuple, or over every item where it is the first step with variables.
    pub(super) fn tuple_step(
        &mut self,
        step: &Node,
        stream: &Stream,
        tuples: Option<Array>,
        frame: &Rc<Frame>,
    ) -> Result<Array, Error> {
        let mut result = match &step.kind {
            Kind::Sort(terms) => self.sort_tuples(step, terms, stream, tuples, frame)?,
            _ => self.spread_tuples(step, stream, tuples, frame)?,
        };
        for stage in &step.stages {
            result = match stage {
                Stage::Filter(predicate) => self.filter(predicate, result, frame)?,
                Stage::Index(name) => self.number(result, name)?,
            };
        }
        match result {
            Item::Array(array) => Ok(array),
            item => self.tuples(vec![item]),
        }
    }

    fn sort_tuples(
        &mut self,
        step: &Node,
        terms: &[crate::jsonata::syntax::tree::Term],
        stream: &Stream,
        tuples: Option<Array>,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        if let Some(tuples) = tuples {
            return self.sort_by(terms, step.position, Item::Array(tuples), frame);
        }
        let sorted = self.sort_by(terms, step.position, stream_array(stream, &self.meter)?, frame)?;
        let items = match sorted {
            Item::Array(array) => array.into_vec(&self.meter)?,
            item => vec![item],
        };
        let mut tuples = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let mut tuple = Members::default();
            tuple.insert("@".into(), item);
            if let Some(name) = &step.index {
                tuple.insert(name.clone(), Item::count(index));
            }
            self.push(&mut tuples, Item::object(tuple, &self.meter)?)?;
        }
        self.tuples(tuples).map(Item::Array)
    }

    fn spread_tuples(
        &mut self,
        step: &Node,
        stream: &Stream,
        tuples: Option<Array>,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        let mut result = Vec::new();
        let count = tuples.as_ref().map_or(stream.len(), Array::len);
        for index in 0..count {
            let before = match &tuples {
                Some(tuples) => tuples.get(index),
                None => {
                    let tuple = [(Text::from("@"), stream.get(index))].into_iter().collect();
                    Item::object(tuple, &self.meter)?
                }
            };
            let (context, inner) = self.tuple_frame(&before, frame);
            let (found, are_tuples) = match self.evaluate(step, &context, &inner)? {
                Item::Undefined => continue,
                Item::Array(array) => {
                    let tuples = array.marks().tuples;
                    (array.into_vec(&self.meter)?, tuples)
                }
                item => (vec![item], false),
            };
            for (place, item) in found.into_iter().enumerate() {
                let mut tuple = before.as_object().map(|tuple| tuple.to_members()).unwrap_or_default();
                if are_tuples {
                    tuple.extend(item.as_object().into_iter().flat_map(|more| more.to_members()));
                } else {
                    let holder = step.focus.clone().unwrap_or_else(|| "@".into());
                    tuple.insert(holder, item);
                    if let Some(name) = &step.index {
                        tuple.insert(name.clone(), Item::count(place));
                    }
                    if let Some(name) = &step.ancestor {
                        tuple.insert(name.clone(), context.clone());
                    }
                }
                self.push(&mut result, Item::object(tuple, &self.meter)?)?;
            }
        }
        self.tuples(result).map(Item::Array)
    }

    /// `#$name` behind a filter: the places after filtering.
    fn number(&self, tuples: Item, name: &Text) -> Result<Item, Error> {
        let Item::Array(array) = tuples else { return Ok(tuples) };
        let marks = array.marks();
        let mut numbered = Vec::with_capacity(array.len());
        for (place, tuple) in array.iter().enumerate() {
            let mut tuple = tuple.as_object().map(|tuple| tuple.to_members()).unwrap_or_default();
            tuple.insert(name.clone(), Item::count(place));
            numbered.push(Item::object(tuple, &self.meter)?);
        }
        Item::marked(numbered, marks, &self.meter)
    }

    fn tuples(&self, tuples: Vec<Item>) -> Result<Array, Error> {
        let marks = Marks { sequence: true, tuples: true, ..Marks::default() };
        Array::made(tuples, marks, &self.meter)
    }
}
