//! Array constructors, wildcards and descendants.

use std::rc::Rc;

use super::{Evaluator, Frame};
use crate::jsonata::error::Error;
use crate::jsonata::item::{Item, Marks};
use crate::jsonata::syntax::tree::{Kind, Node};

impl Evaluator<'_> {
    /// `[a, b]`: what an array constructor inside gives stays an array, every other array is flattened into this one.
    pub(super) fn array(
        &mut self,
        node: &Node,
        items: &[Node],
        input: &Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        let marks = Marks { constructed: node.constructs_array, ..Marks::default() };
        let mut result = Vec::with_capacity(items.len());
        for item in items {
            match self.evaluate(item, input, frame)? {
                Item::Undefined => {}
                Item::Array(array) if !matches!(item.kind, Kind::Array(_)) => {
                    if items.len() == 1 {
                        return array.with_marks(marks, &self.meter);
                    }
                    if result.is_empty() {
                        result = array.into_vec(&self.meter)?;
                    } else {
                        self.extend(&mut result, array.iter())?;
                    }
                }
                value => result.push(value),
            }
        }
        Item::marked(result, marks, &self.meter)
    }

    /// `*`: the values of all members. Once one of them was an array, the result is an array rather than a sequence.
    pub(super) fn wildcard(&mut self, input: &Item) -> Result<Item, Error> {
        let unwrapped = match input {
            Item::Array(array) if array.marks().outer_wrapper => array.get(0),
            input => input.clone(),
        };
        let values: Vec<Item> = match &unwrapped {
            Item::Array(array) => array.to_vec(&self.meter)?,
            Item::Object(object) => object.iter().map(|(_, item)| item).collect(),
            _ => Vec::new(),
        };
        self.meter.work(values.len())?;
        let (mut result, mut sequence) = (Vec::with_capacity(values.len()), true);
        for value in values {
            if matches!(value, Item::Array(_)) {
                sequence = false;
            }
            self.flatten(value, &mut result)?;
        }
        Item::marked(result, Marks { sequence, ..Marks::default() }, &self.meter)
    }

    fn flatten(&self, item: Item, into: &mut Vec<Item>) -> Result<(), Error> {
        match item {
            Item::Array(array) => {
                self.meter.work(array.len())?;
                array.iter().try_for_each(|item| self.flatten(item, into))
            }
            item => self.push(into, item),
        }
    }

    /// `**`: the input and everything in it.
    pub(super) fn descendants(&mut self, input: &Item) -> Result<Item, Error> {
        let mut result = Vec::new();
        if !input.is_undefined() {
            self.descend(input.clone(), &mut result)?;
        }
        match result.len() {
            1 => Ok(result.remove(0)),
            _ => Item::sequence(result, &self.meter),
        }
    }

    fn descend(&self, item: Item, into: &mut Vec<Item>) -> Result<(), Error> {
        self.meter.work(1)?;
        match &item {
            Item::Array(array) => array.iter().try_for_each(|item| self.descend(item, into)),
            Item::Object(object) => {
                self.push(into, item.clone())?;
                object.iter().try_for_each(|(_, item)| self.descend(item, into))
            }
            _ => self.push(into, item),
        }
    }

    /// Adds to a list that is not counted yet.
    pub(super) fn push(&self, list: &mut Vec<Item>, item: Item) -> Result<(), Error> {
        if list.len() == list.capacity() {
            self.meter.room_for((2 * list.len() + 4) * size_of::<Item>())?;
        }
        list.push(item);
        Ok(())
    }

    /// Adds many.
    pub(super) fn extend(&self, list: &mut Vec<Item>, items: impl ExactSizeIterator<Item = Item>) -> Result<(), Error> {
        self.meter.work(items.len())?;
        if list.len() + items.len() > list.capacity() {
            self.meter.room_for((list.len() + items.len()) * 2 * size_of::<Item>())?;
        }
        list.extend(items);
        Ok(())
    }
}
