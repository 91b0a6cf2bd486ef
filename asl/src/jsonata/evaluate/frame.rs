//! Variables in their scopes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::jsonata::item::Item;
use crate::value::Text;

/// Variables, and those around them.
#[derive(Debug, Default)]
pub struct Frame {
    outer: Option<Rc<Frame>>,
    variables: RefCell<Vec<(Text, Item)>>,
    /// A function was made in it or in a frame inside it.
    captured: Cell<bool>,
}

impl Frame {
    /// A frame inside another.
    pub fn inside(outer: &Rc<Frame>) -> Rc<Frame> {
        Frame::with(outer, Vec::new())
    }

    /// A frame inside another, with these variables.
    pub fn with(outer: &Rc<Frame>, variables: Vec<(Text, Item)>) -> Rc<Frame> {
        Rc::new(Frame { outer: Some(outer.clone()), variables: RefCell::new(variables), captured: Cell::new(false) })
    }

    /// Sets a variable of this frame.
    pub fn bind(&self, name: &Text, item: Item) {
        let mut variables = self.variables.borrow_mut();
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = item,
            None => variables.push((name.clone(), item)),
        }
    }

    /// The variable of this name, from this frame outwards. A variable may be set to nothing.
    pub fn find(&self, name: &str) -> Option<Item> {
        let mut frame = self;
        loop {
            if let Some((_, item)) = frame.variables.borrow().iter().find(|(known, _)| &**known == name) {
                return Some(item.clone());
            }
            frame = frame.outer.as_deref()?;
        }
    }

    /// Marks this frame and those around it as held by a function, and gives those that were not marked yet.
    pub fn capture(self: &Rc<Frame>) -> Vec<Rc<Frame>> {
        let mut fresh = Vec::new();
        let mut frame = Some(self);
        while let Some(at) = frame.filter(|frame| !frame.captured.replace(true)) {
            fresh.push(at.clone());
            frame = at.outer.as_ref();
        }
        fresh
    }

    /// Forgets its variables. Functions and the frames they were made in hold each other; this parts them.
    pub fn clear(&self) {
        let variables = self.variables.take();
        drop(variables);
    }
}
