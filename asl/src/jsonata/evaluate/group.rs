//! Object constructors and grouping: `{"key": value}` over one item or many.

use std::rc::Rc;

use indexmap::IndexMap;

use super::path::context_of;
use super::{Evaluator, Frame};
use crate::jsonata::error::Error;
use crate::jsonata::functions;
use crate::jsonata::item::{Item, Members};
use crate::jsonata::syntax::tree;
use crate::value::Text;

/// The items that gave the same key.
struct Entry {
    data: Item,
    pair: usize,
    /// More items of the same key, collected before they become one array.
    more: Vec<Item>,
}

impl Evaluator<'_> {
    pub(super) fn group(&mut self, group: &tree::Group, input: Item, frame: &Rc<Frame>) -> Result<Item, Error> {
        let (items, tuples) = match input {
            Item::Array(array) => {
                let tuples = array.marks().tuples;
                (array.into_vec(&self.meter)?, tuples)
            }
            item => (vec![item], false),
        };
        // Without any item there is still an object to make.
        let items = if items.is_empty() { vec![Item::Undefined] } else { items };
        let mut groups: IndexMap<Text, Entry> = IndexMap::new();
        for item in items {
            let (context, inner) = if tuples { self.tuple_frame(&item, frame) } else { (item.clone(), frame.clone()) };
            for (place, (key, _)) in group.pairs.iter().enumerate() {
                let key = match self.evaluate(key, &context, &inner)? {
                    Item::Undefined => continue,
                    Item::String(key) => key.to_text(),
                    other => return Err(Error::new("T1003").at(group.position).value(&other)),
                };
                match groups.get_mut(&key) {
                    None => {
                        groups.insert(key, Entry { data: item.clone(), pair: place, more: Vec::new() });
                    }
                    Some(entry) if entry.pair == place => self.push(&mut entry.more, item.clone())?,
                    Some(_) => return Err(Error::new("D1009").at(group.position).value(&key.into())),
                }
            }
        }
        let mut members = Members::with_capacity_and_hasher(groups.len(), Default::default());
        for (key, entry) in groups {
            let (_, value) = &group.pairs[entry.pair];
            let data = self.collected(entry.data, entry.more)?;
            let value = if tuples {
                let (context, frame) = self.merged(data, frame)?;
                self.evaluate(value, &context, &frame)?
            } else {
                self.evaluate(value, &data, frame)?
            };
            if !value.is_undefined() {
                members.insert(key, value);
            }
        }
        Item::object(members, &self.meter)
    }

    /// The items of one key as one value: the item itself where there is one.
    fn collected(&self, first: Item, more: Vec<Item>) -> Result<Item, Error> {
        if more.is_empty() {
            return Ok(first);
        }
        let mut all = Vec::new();
        for item in std::iter::once(first).chain(more) {
            match item {
                Item::Undefined => {}
                Item::Array(array) => self.extend(&mut all, array.iter())?,
                item => self.push(&mut all, item)?,
            }
        }
        Item::array(all, &self.meter)
    }

    /// The tuples of one key as one: their contexts and variables appended to each other.
    fn merged(&self, tuples: Item, frame: &Rc<Frame>) -> Result<(Item, Rc<Frame>), Error> {
        let Item::Array(array) = tuples else {
            let variables = tuples.as_object().map(|tuple| tuple.iter().collect()).unwrap_or_default();
            return Ok((context_of(&tuples), Frame::with(frame, variables)));
        };
        let mut merged = Members::default();
        for tuple in array.iter() {
            for (name, item) in tuple.as_object().into_iter().flat_map(|tuple| tuple.to_members()) {
                let before = merged.get(&name).cloned().unwrap_or_default();
                merged.insert(name, functions::append(&before, &item, &self.meter)?);
            }
        }
        let context = merged.get("@").cloned().unwrap_or_default();
        Ok((context, Frame::with(frame, merged.into_iter().collect())))
    }
}
