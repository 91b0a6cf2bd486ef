//! `| pattern | update, delete |`: a copy of a value in which some objects are changed.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use super::{Evaluator, Frame, Function};
use crate::jsonata::error::Error;
use crate::jsonata::item::{Item, Members};
use crate::jsonata::signature::Signature;
use crate::jsonata::syntax::tree::Transform;

/// What a transform takes.
static SIGNATURE: LazyLock<Option<Signature>> = LazyLock::new(|| Signature::parse("<(oa):o>").ok());

/// The changed objects, by where the objects they stand for lie.
type Changed = HashMap<usize, Item>;

impl Evaluator<'_> {
    pub(super) fn transformed_argument(&self, arguments: Vec<Item>, context: &Item) -> Result<Item, Error> {
        let arguments = match &*SIGNATURE {
            Some(signature) => signature.validate(arguments, context, &self.meter)?,
            None => arguments,
        };
        Ok(arguments.into_iter().next().unwrap_or_default())
    }

    pub(super) fn transform(
        &mut self,
        transform: &Transform,
        position: usize,
        argument: Item,
        frame: &Rc<Frame>,
    ) -> Result<Item, Error> {
        if argument.is_undefined() {
            return Ok(argument);
        }
        let clone = self.variable("clone", &Item::Undefined, frame);
        let copy = match &clone {
            Item::Function(function) if matches!(&**function, Function::Native(_)) => argument,
            Item::Function(function) => self.apply(function, vec![argument], &Item::Null)?,
            _ => return Err(Error::new("T2013").at(position)),
        };
        // Every object of the copy lies at a place of its own, which tells what a pattern has found.
        let copy = self.apart(&copy)?;
        let matches = match self.evaluate(&transform.pattern, &copy, frame)? {
            Item::Undefined => return Ok(copy),
            Item::Array(array) => array.to_vec(&self.meter)?,
            item => vec![item],
        };
        let mut changed = Changed::new();
        for found in matches {
            let context = current(&found, &changed, self)?;
            let update = self.update_of(transform, &context, frame)?;
            let Item::Object(object) = &found else {
                // A change of what is no object leaves no trace, but its expressions may fail.
                self.deletions_of(transform, &context, frame)?;
                continue;
            };
            let mut members = changed.get(&object.address()).and_then(Item::as_object).unwrap_or(object).to_members();
            self.meter.work(members.len())?;
            members.extend(update);
            if transform.delete.is_some() {
                let context = current(&Item::object(members.clone(), &self.meter)?, &changed, self)?;
                for name in self.deletions_of(transform, &context, frame)? {
                    name.as_str().map(|name| members.shift_remove(name));
                }
            }
            changed.insert(object.address(), Item::object(members, &self.meter)?);
        }
        current(&copy, &changed, self)
    }

    fn update_of(&mut self, transform: &Transform, found: &Item, frame: &Rc<Frame>) -> Result<Members, Error> {
        match self.evaluate(&transform.update, found, frame)? {
            Item::Undefined => Ok(Members::default()),
            Item::Object(object) => Ok(object.to_members()),
            other => Err(Error::new("T2011").at(transform.update.position).value(&other)),
        }
    }

    fn deletions_of(&mut self, transform: &Transform, found: &Item, frame: &Rc<Frame>) -> Result<Vec<Item>, Error> {
        let Some(delete) = &transform.delete else { return Ok(Vec::new()) };
        let value = self.evaluate(delete, found, frame)?;
        let names = match &value {
            Item::Undefined => return Ok(Vec::new()),
            Item::Array(array) => array.to_vec(&self.meter)?,
            item => vec![item.clone()],
        };
        if names.iter().any(|name| name.as_str().is_none()) {
            return Err(Error::new("T2012").at(delete.position).value(&value));
        }
        Ok(names)
    }

    /// A copy in which no two objects lie at the same place. Functions in it become empty strings, as in JSON text.
    fn apart(&self, item: &Item) -> Result<Item, Error> {
        match item {
            Item::Object(object) => {
                self.meter.work(object.len())?;
                let members = object.iter().map(|(name, item)| Ok((name, self.apart(&item)?)));
                Item::object(members.collect::<Result<_, Error>>()?, &self.meter)
            }
            Item::Array(array) => {
                self.meter.work(array.len())?;
                let items = array.iter().map(|item| self.apart(&item)).collect::<Result<_, _>>()?;
                Item::array(items, &self.meter)
            }
            Item::Function(_) => Ok(Item::from(crate::value::Text::from(""))),
            item => Ok(item.clone()),
        }
    }
}

/// A value with the changed objects in it. An object that was merged into itself is inside as it was before.
fn current(item: &Item, changed: &Changed, evaluator: &Evaluator<'_>) -> Result<Item, Error> {
    if changed.is_empty() {
        return Ok(item.clone());
    }
    let new = Current { changed, evaluator, within: Vec::new() }.of(item)?;
    Ok(new.unwrap_or_else(|| item.clone()))
}

struct Current<'a, 'b> {
    changed: &'a Changed,
    evaluator: &'a Evaluator<'b>,
    /// The changed objects that enclose the item.
    within: Vec<usize>,
}

impl Current<'_, '_> {
    /// The item with the changed objects in it; `None` where none is in it. It stays where it lies then, so that a later
    /// change of it is seen wherever it was put.
    fn of(&mut self, item: &Item) -> Result<Option<Item>, Error> {
        match item {
            Item::Object(object) => {
                let address = object.address();
                let new =
                    self.changed.get(&address).and_then(Item::as_object).filter(|_| !self.within.contains(&address));
                self.within.push(address);
                let mut members: Option<Members> = new.map(|new| new.to_members());
                for (index, (_, member)) in new.unwrap_or(object).iter().enumerate() {
                    self.evaluator.meter.work(1)?;
                    if let Some(member) = self.of(&member)? {
                        let members = members.get_or_insert_with(|| object.to_members());
                        if let Some((_, place)) = members.get_index_mut(index) {
                            *place = member;
                        }
                    }
                }
                self.within.pop();
                members.map(|members| Item::object(members, &self.evaluator.meter)).transpose()
            }
            Item::Array(array) => {
                let mut items: Option<Vec<Item>> = None;
                for (index, item) in array.iter().enumerate() {
                    self.evaluator.meter.work(1)?;
                    if let Some(item) = self.of(&item)? {
                        match &mut items {
                            Some(items) => items[index] = item,
                            None => {
                                let mut copy = array.to_vec(&self.evaluator.meter)?;
                                copy[index] = item;
                                items = Some(copy);
                            }
                        }
                    }
                }
                items.map(|items| Item::marked(items, array.marks(), &self.evaluator.meter)).transpose()
            }
            _ => Ok(None),
        }
    }
}
